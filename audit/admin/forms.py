"""What is asked before something is done? Reasons, decisions, ledger ids, owners; all in the admin's own fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from audit.admin.decisions import DECISIONS, choices_offered
from audit.models import Problem, SyncRecord
from connectors.models import Membership
from connectors.records import RecordKind
from mappings.models import MappingRule, ReferenceValue, RoleAccount
from mappings.offers import OfferedValues, offer_for, offered
from mappings.services.rules import account_rule_problems


class ReasonForm(forms.Form):
    """Why; kept with the event for ever."""

    reason = forms.CharField(
        label="Reason", max_length=500, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}), help_text="Kept for ever."
    )


class OptionalReasonForm(ReasonForm):
    reason = forms.CharField(
        label="Reason", max_length=500, required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2})
    )


class ResolutionForm(ReasonForm):
    reason = forms.CharField(
        label="What was mended",
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text="Kept with the problem; the records that wait on it are decided anew.",
    )


class BindForm(ReasonForm):
    """Which document of the ledger it is."""

    entry_id = forms.CharField(label="Id in the ledger", max_length=80, widget=UnfoldAdminTextInputWidget())
    number = forms.CharField(
        label="Number in the ledger", max_length=120, required=False, widget=UnfoldAdminTextInputWidget()
    )
    field_order = ("entry_id", "number", "reason")


class AssignForm(forms.Form):
    """Who looks after a problem: a member of its tenant, or nobody."""

    owner = forms.ModelChoiceField(
        queryset=get_user_model().objects.none(),
        required=False,
        empty_label="nobody",
        widget=UnfoldAdminSelectWidget(),
    )

    def __init__(self, *args: Any, problem: Problem, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        members = Membership.objects.filter(tenant_id=problem.tenant_id).exclude(role="auditor").values("user_id")
        owner: Any = self.fields["owner"]
        owner.queryset = get_user_model().objects.filter(pk__in=members, is_active=True).order_by("username")
        owner.initial = problem.owner_id


def value_field(kinds: Iterable[str], flow: Any, *, label: str, required: bool = True) -> forms.ModelChoiceField[Any]:
    """One of the ledger's own values, found while typing; only those of the flow's tenant, ledger and company."""
    widget = OfferedValues(MappingRule._meta.get_field("value"), admin.site)
    widget.offer = offer_for(kinds=kinds, flow=flow)
    return forms.ModelChoiceField(
        queryset=offered(ReferenceValue.objects.all(), widget.offer), label=label, required=required, widget=widget
    )


class DecideForm(ReasonForm):
    """A person's decision for one record: only what its problems ask for."""

    def __init__(
        self, *args: Any, record: SyncRecord, codes: Sequence[tuple[str, str]], candidates: Sequence[SyncRecord],
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.record = record
        self.offered = choices_offered(record, codes)
        for name in self.offered:
            self.fields[name] = self._field(name, candidates)
            self.fields[name].initial = None if name == "account" else record.choices.get(name)
        self.order_fields([*self.offered, "reason"])

    def _field(self, name: str, candidates: Sequence[SyncRecord]) -> forms.Field:
        decision = DECISIONS[name]
        common: dict[str, Any] = {"label": decision.label, "required": False, "help_text": decision.help_text}
        if name == "account":
            field: forms.Field = value_field({"account"}, self.record.flow, label=decision.label, required=False)
            field.help_text = decision.help_text
            return field
        if name in ("day", "outcome_on"):
            return forms.DateField(widget=UnfoldAdminDateWidget(), **common)
        if name == "kind":
            kinds = [
                (kind.value, kind.value.replace("_", " ")) for kind in RecordKind if kind is not RecordKind.UNKNOWN
            ]
            return forms.ChoiceField(choices=[("", "---"), *kinds], widget=UnfoldAdminSelectWidget(), **common)
        if name == "partner_record":
            named = [(str(row.pk), _described(row)) for row in candidates]
            options = [("", "leave it open"), *named, ("none", "none: it stands alone")]
        else:
            options = [("", "leave it open"), *decision.options]
        return forms.ChoiceField(choices=options, widget=UnfoldAdminRadioSelectWidget(), **common)

    def clean_account(self) -> ReferenceValue | None:
        value: ReferenceValue | None = self.cleaned_data.get("account")
        if value is not None:
            roles = set(RoleAccount.objects.filter(account=value).values_list("role", flat=True))
            if problems := account_rule_problems("account", value, roles):
                raise forms.ValidationError(problems)
        return value

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("outcome") and not data.get("outcome_on"):
            self.add_error("outcome_on", "On which day?")
        if not self.errors and not self.chosen():
            self.add_error(None, "Nothing is decided yet.")
        return data

    def chosen(self) -> Mapping[str, str]:
        """The decision as the record keeps it."""
        found: dict[str, str] = {}
        for name in self.offered:
            value = self.cleaned_data.get(name)
            if isinstance(value, ReferenceValue):
                found[name] = value.external_id
            elif value:
                found[name] = str(value)
        return found


def _described(row: SyncRecord) -> str:
    amount = f"{row.amount:f} {row.currency}" if row.amount is not None else ""
    return f"{row.posting_on or ''} {amount} {row.label or row.external_id} ({row.stream}, {row.get_state_display()})"
