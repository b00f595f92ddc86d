"""How is an unmapped value mapped in one place? The ledger's values offered, the exact entry shown, a reason kept.

Saving the rule frees what waits: the change of rules is heard by the engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminRadioSelectWidget

from audit.admin.confirmed import confirm_page, told
from audit.admin.forms import ReasonForm, value_field
from audit.models import Problem
from audit.selectors import Waiting, waiting_on, waiting_records
from audit.sync.preview import Preview, preview_records
from connectors.errors import ConnectorError
from connectors.models import Role
from mappings.models import Flow, MappingRule, ReferenceValue
from mappings.models.rules import TARGET_KINDS, Target
from mappings.refusals import RefusedError
from mappings.selectors import rule_row, rule_rows
from mappings.services import rule_create
from mappings.services.rules import rule_placed, rule_problems

PREVIEWED = 3
MAPPERS = frozenset({Role.FINANCE})


@dataclass(frozen=True, slots=True)
class Gap:
    """What a rule would have to say for a problem to go away."""

    problem: Problem
    flow: Flow
    target: str
    field: str
    value: str
    label: str

    @classmethod
    def of(cls, problem: Problem) -> Gap | None:
        """The gap behind a problem; None where no rule could be keyed on anything."""
        facts = problem.facts
        target, field, value = (str(facts.get(name, "")) for name in ("target", "field", "value"))
        label = str(facts.get("label", ""))
        if problem.flow is None or target not in TARGET_KINDS or not field or not value:
            return None
        if target in (Target.VENDOR, Target.EMPLOYEE) and value == label:  # the source gave a name and no id
            if target == Target.EMPLOYEE:
                return None
            field = "merchant"
        return cls(problem, problem.flow, target, field, value, label)

    @property
    def words(self) -> str:
        return f"{self.field} {self.label or self.value}"

    def rule(self, value: ReferenceValue, *, is_for_all: bool, valid_from: Any, reason: str) -> MappingRule:
        """The rule as it would be stored."""
        rule = MappingRule(
            tenant_id=self.flow.tenant_id,
            flow=None if is_for_all else self.flow,
            target=self.target,
            when={self.field: self.value},
            labels={self.field: self.label} if self.label else {},
            valid_from=valid_from,
            value=value,
            reason=reason,
        )
        rule_placed(rule)
        return rule


class GapForm(ReasonForm):
    """Where the value leads, for whom and since when."""

    scope = forms.ChoiceField(
        label="For",
        choices=[("flow", "this flow"), ("tenant", "every flow of the tenant into this ledger company")],
        initial="flow",
        widget=UnfoldAdminRadioSelectWidget(),
    )
    valid_from = forms.DateField(
        label="From the posting day",
        required=False,
        widget=UnfoldAdminDateWidget(),
        help_text="Empty: always.",
    )

    def __init__(self, *args: Any, gap: Gap, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.gap = gap
        self.fields["value"] = value_field(TARGET_KINDS[gap.target], gap.flow, label="Leads to")
        self.fields["reason"].initial = f"{gap.words} was not mapped"
        self.order_fields(["value", "scope", "valid_from", "reason"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors:
            for problem in rule_problems(self.rule()):
                self.add_error(None, problem)
        return data

    def rule(self) -> MappingRule:
        """The rule that was typed in, not stored."""
        data = self.cleaned_data
        return self.gap.rule(
            data["value"],
            is_for_all=data["scope"] == "tenant",
            valid_from=data.get("valid_from"),
            reason=data["reason"],
        )


class MapsGaps:
    """For admins of problems: the page where a rule fills the gap."""

    def has_map_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.has_role(request, MAPPERS, obj))  # type: ignore[attr-defined]

    @action(description="Map it", url_path="map", permissions=["map"], icon="alt_route", variant=ActionVariant.PRIMARY)
    def map(self, request: HttpRequest, object_id: str) -> HttpResponse:
        problem = self.row_or_404(request, object_id)  # type: ignore[attr-defined]
        if not self.has_map_permission(request, problem):
            raise PermissionDenied
        back = self.page_url("change", problem.pk)  # type: ignore[attr-defined]
        gap = Gap.of(problem)
        if gap is None:
            return confirm_page(
                self, request, title="Map it", text=problem.message, button="", back_url=back,  # type: ignore[arg-type]
                reasons=("The record says nothing that a rule could be keyed on: decide record by record.",),
            )  # fmt: skip
        is_sent = request.method == "POST"
        form = GapForm(request.POST if is_sent else None, gap=gap)
        previews: list[Preview] = []
        warnings: list[str] = []
        is_previewed = False
        if is_sent and form.is_valid():
            if "confirmed" in request.POST:
                try:
                    rule = gap_fill(form, request.user)
                except RefusedError as error:
                    warnings = list(error.reasons)
                else:
                    told(self, request, f"Rule {rule.pk} leads {gap.words} to {rule.value}; what waited goes on.")  # type: ignore[arg-type]
                    return HttpResponseRedirect(back)
            else:
                is_previewed = True
                previews, warnings = gap_preview(gap, form.rule())
        return confirm_page(
            self,  # type: ignore[arg-type]
            request,
            title=f"Where does {gap.words} lead?",
            text=problem.message,
            button="Save the rule and free the records",
            back_url=back,
            form=form,
            template="admin/audit/gap.html",
            gap=gap,
            waiting=waiting_on([problem.pk]).get(problem.pk, Waiting()),
            previews=previews,
            warnings=warnings,
            asks_preview=True,
            is_previewed=is_previewed,
        )


def gap_preview(gap: Gap, rule: MappingRule) -> tuple[list[Preview], list[str]]:
    """What the longest waiting records would become with the rule, or why that cannot be shown."""
    stored = rule_rows(gap.flow)
    number = max((one.id for one in stored), default=0) + 1
    rule.pk = number
    rows = [*stored, rule_row(rule)]
    ids = list(waiting_records(gap.problem).values_list("pk", flat=True)[:PREVIEWED])
    try:
        return preview_records(gap.flow, ids, rows), []
    except ConnectorError as error:
        return [], [f"The entry cannot be shown, as the ledger's facts cannot be read: {error.message}"]


def gap_fill(form: GapForm, user: Any) -> MappingRule:
    """Store the rule. Raises RefusedError."""
    rule = form.rule()
    labels: Mapping[str, str] = rule.labels
    return rule_create(
        tenant=form.gap.flow.tenant,
        flow=rule.flow,
        target=rule.target,
        when=rule.when,
        labels=labels,
        value=rule.value,
        valid_from=rule.valid_from,
        by=user,
        reason=rule.reason,
    )
