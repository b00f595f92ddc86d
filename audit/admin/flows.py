"""How is a flow run at once, and what does it tie out to? The buttons of a flow that need its records."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.decorators import action
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from audit.admin.base import by_of
from audit.admin.confirmed import confirm_page, told
from audit.admin.forms import value_field
from audit.looks import admin_url
from audit.models import RecordState, SyncRecord
from audit.selectors import amount_text
from audit.services import Tally, flow_sync_request, flow_tally
from audit.sync.preview import preview_records
from connectors.errors import ConnectorError
from connectors.models import Role
from mappings.admin.flows import FlowAdmin
from mappings.models import Flow, FlowState, MappingRule
from mappings.models.rules import Target
from mappings.offers import kinds_of
from mappings.selectors import rule_row, rule_rows, rules_of
from mappings.services.rules import rule_placed, rule_problems

SAMPLE_SIZES = (25, 50, 100, 200)
TALLY_WORDS = (
    ("posted", "posted"),
    ("witness", "witness of another record"),
    ("held", "held for a person"),
    ("skipped", "skipped by rule"),
    ("failed", "failed"),
    ("in_work", "in work"),
    ("not_final", "not final at the source"),
)


class ChangeForm(forms.Form):
    """A change of the rules that is only thought of: another value for a rule, a rule gone, or a new rule."""

    rule = forms.ModelChoiceField(
        queryset=MappingRule.objects.none(),
        required=False,
        empty_label="a new rule",
        widget=UnfoldAdminSelectWidget(),
        help_text="Leave the value empty to see what happens without it.",
    )
    target = forms.ChoiceField(
        choices=[("", "---"), *Target.choices],
        required=False,
        label="New rule gives the",
        widget=UnfoldAdminSelectWidget(),
    )
    field = forms.CharField(required=False, max_length=200, label="when", widget=UnfoldAdminTextInputWidget())
    equals = forms.CharField(required=False, max_length=200, label="is", widget=UnfoldAdminTextInputWidget())
    valid_from = forms.DateField(required=False, label="From the posting day", widget=UnfoldAdminDateWidget())
    sample = forms.TypedChoiceField(
        choices=[(size, f"the newest {size}") for size in SAMPLE_SIZES],
        coerce=int,
        initial=SAMPLE_SIZES[0],
        label="Records",
        widget=UnfoldAdminSelectWidget(),
    )

    def __init__(self, *args: Any, flow: Flow, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.flow = flow
        rules: Any = self.fields["rule"]
        rules.queryset = rules_of(flow)
        self.fields["value"] = value_field(kinds_of(Target.values), flow, label="Leads to", required=False)
        self.order_fields(["rule", "target", "field", "equals", "value", "valid_from", "sample"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.errors:
            return data
        if data.get("rule") is None and not all(data.get(name) for name in ("target", "field", "equals", "value")):
            self.add_error(None, "Choose a rule, or say of a new one what it gives, when, and where it leads.")
            return data
        if data.get("value") is not None:
            for problem in rule_problems(self._rule(data)):
                self.add_error(None, problem)
        return data

    def rows(self) -> list[Any]:
        """The flow's rules with this change."""
        data = self.cleaned_data
        rows = rule_rows(self.flow)
        if data["rule"] is not None:
            rows = [row for row in rows if row.id != data["rule"].pk]
        if data["value"] is not None:
            rule = self._rule(data)
            rule.pk = rule.pk or max((row.id for row in rows), default=0) + 1
            rows.append(rule_row(rule))
        return rows

    def _rule(self, data: dict[str, Any]) -> MappingRule:
        """The changed or new rule, never saved."""
        old: MappingRule | None = data["rule"]
        if old is not None:
            rule = MappingRule(
                pk=old.pk, tenant_id=old.tenant_id, flow=old.flow, target=old.target, when=old.when, labels=old.labels,
                valid_from=data["valid_from"] or old.valid_from, priority=old.priority, value=data["value"],
            )  # fmt: skip
        else:
            rule = MappingRule(
                tenant_id=self.flow.tenant_id, flow=self.flow, target=data["target"],
                when={data["field"].strip(): data["equals"].strip()}, valid_from=data["valid_from"],
                value=data["value"],
            )  # fmt: skip
        rule_placed(rule)
        return rule


class FlowRunAdmin(FlowAdmin):
    """The flow's own admin, with its records: *Sync now* with the tie-out, *Preview mapping change*."""

    sync_roles = frozenset({Role.OPERATIONS, Role.FINANCE})
    actions_detail: Any = ("sync_now", "preview_change", *FlowAdmin.actions_detail)

    def has_sync_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_role(request, self.sync_roles, obj)

    @action(description="Sync now", url_path="sync-now", permissions=["view"], icon="sync")
    def sync_now(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The tie-out for every reader; the button for those who may."""
        flow = self.row_or_404(request, object_id)
        reasons: tuple[str, ...] = ()
        if flow.state not in (FlowState.ON, FlowState.DRY_RUN):
            reasons = (f"The flow is {flow.get_state_display()}: switch it on first.",)
        elif not self.has_sync_permission(request, flow):
            reasons = ("You may look at it; operations and finance run it.",)
        elif request.method == "POST":
            flow_sync_request(flow, by=by_of(request))
            told(self, request, f"{flow} is due now; the workers read and post what there is.")
            return HttpResponseRedirect(request.get_full_path())
        tally = flow_tally(flow)
        return confirm_page(
            self,
            request,
            title=f"Sync now: {flow}",
            text="Everything that concerns this flow becomes due at once. Safe to repeat.",
            button="Sync now",
            back_url=self._change_url(flow),
            reasons=reasons,
            template="admin/audit/sync_now.html",
            flow=flow,
            tally=tally,
            tally_rows=tally_rows(tally),
        )

    @action(description="Preview mapping change", url_path="preview", permissions=["view"], icon="compare_arrows")
    def preview_change(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Stored payloads translated twice; nothing is written."""
        flow = self.row_or_404(request, object_id)
        form = ChangeForm(request.POST if request.method == "POST" else None, flow=flow)
        warnings: list[str] = []
        previews = None
        if request.method == "POST" and form.is_valid():
            recent = SyncRecord.objects.filter(flow=flow).exclude(state=RecordState.SKIPPED)
            ids = list(recent.order_by("-id").values_list("pk", flat=True)[: form.cleaned_data["sample"]])
            try:
                previews = preview_records(flow, ids, form.rows())
            except ConnectorError as error:
                warnings = [f"The entries cannot be shown, as the ledger's facts cannot be read: {error.message}"]
        changed = [one for one in previews or () if one.is_changed]
        return confirm_page(
            self,
            request,
            title=f"Preview mapping change: {flow}",
            text="Stored payloads are translated under today's rules and under the changed ones. Nothing is written.",
            button="Preview",
            back_url=self._change_url(flow),
            form=form,
            warnings=warnings,
            template="admin/audit/preview.html",
            looked_at=None if previews is None else len(previews),
            previews=changed,
        )

    def _change_url(self, flow: Flow) -> str:
        return admin_url(flow)


def tally_rows(tally: Tally) -> list[tuple[str, int, str]]:
    """Each part of the tie-out: words, records, money."""
    rows = []
    for name, words in TALLY_WORDS:
        state = {"in_work": "posting", "not_final": "received"}.get(name, name)
        sums = [
            f"{amount_text(Decimal(by_state[state]), currency)} {currency}"
            for currency, by_state in sorted(tally.money.items())
            if state in by_state
        ]
        rows.append((words, getattr(tally, name), " · ".join(sums) or "-"))
    return rows


if admin.site.is_registered(Flow):
    admin.site.unregister(Flow)
admin.site.register(Flow, FlowRunAdmin)
