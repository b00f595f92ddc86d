"""How is a flow typed in? Its route, what it takes, its policies and journals, each with the words of the policy."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from pydantic import BaseModel, ValidationError
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from connectors.forms import schema_fields
from connectors.records import RecordKind
from connectors.registry import CONNECTORS, connector_get
from connectors.tenancy.admin import TenantScopedForm
from mappings.flow_settings import REFERENCE_STREAMS, FlowFilter, FlowJournals
from mappings.models import Flow
from mappings.models.flows import shape_errors
from mappings.schedule import flow_task
from mappings.services.flows import flow_refusals
from mappings.translate.context import Policies

POLICY = "policy_"


def stream_choices() -> list[Any]:
    """Streams of all vendors, by vendor; which of them a source has is checked when the form is saved."""
    of_vendors = [
        (connector_get(key).label, [(spec.key, spec.label) for spec in connector_get(key).streams.values()])
        for key in CONNECTORS
        if connector_get(key).streams
    ]
    values = [(key, f"{key.replace('_', ' ')}, to offer them".capitalize()) for key in REFERENCE_STREAMS]
    return [*of_vendors, ("Reference values", values)]


def _words(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


class _BaseFlowForm(TenantScopedForm):
    stream = forms.ChoiceField(choices=stream_choices, widget=UnfoldAdminSelectWidget())
    kinds = forms.MultipleChoiceField(
        choices=[(kind.value, kind.name.replace("_", " ").lower()) for kind in RecordKind],
        required=False,
        widget=UnfoldAdminSelect2MultipleWidget(),
        help_text="Only these kinds of records; none takes all.",
    )
    legal_entities = forms.CharField(
        required=False, widget=UnfoldAdminTextInputWidget(), help_text="Ids at the source, with commas; none takes all."
    )
    accounts = forms.CharField(
        required=False,
        widget=UnfoldAdminTextInputWidget(),
        help_text="Ids of card or cash accounts at the source, with commas; none takes all.",
    )
    entry_journal = forms.CharField(
        required=False, widget=UnfoldAdminTextInputWidget(), help_text="By its id in the ledger; empty: its first."
    )
    bill_journal = forms.CharField(required=False, widget=UnfoldAdminTextInputWidget())
    payment_journals = forms.CharField(
        required=False,
        widget=UnfoldAdminTextInputWidget(),
        help_text="account=journal by their ids, with commas; empty: as the journals say.",
    )
    every_minutes = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=7 * 24 * 60,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text="Read the source at this interval (a periodic task); empty: as often as the stream asks for.",
    )

    class Meta:
        model = Flow
        fields = ("tenant", "name", "source", "stream", "ledger", "company", "document", "post_from", "cost_centre")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        flow = self.instance
        if flow.pk:
            journals, takes = flow.uses_journals, flow.takes
            shown = {
                "kinds": list(takes.kinds),
                "legal_entities": ", ".join(takes.legal_entities),
                "accounts": ", ".join(takes.accounts),
                "entry_journal": journals.entry,
                "bill_journal": journals.bill,
                "payment_journals": ", ".join(f"{account}={one}" for account, one in journals.payments.items()),
                "every_minutes": flow.schedule.interval.every if flow.schedule and flow.schedule.interval else None,
                **{POLICY + name: value for name, value in flow.policy.model_dump(mode="json").items()},
            }
            self.initial.update(shown)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.errors:
            return data
        pairs = [part.partition("=") for part in _words(data["payment_journals"])]
        if not all(account.strip() and journal.strip() for account, _, journal in pairs):
            self.add_error("payment_journals", "Write account=journal, with commas between.")
            return data
        if data.get("every_minutes") and not flow_task():
            self.add_error("every_minutes", "No task reads sources in this process.")
        typed: dict[str, tuple[type[BaseModel], dict[str, Any]]] = {
            "filter": (
                FlowFilter,
                {
                    "kinds": data["kinds"],
                    "legal_entities": _words(data["legal_entities"]),
                    "accounts": _words(data["accounts"]),
                },
            ),
            "journals": (
                FlowJournals,
                {
                    "entry": data["entry_journal"].strip(),
                    "bill": data["bill_journal"].strip(),
                    "payments": {account.strip(): journal.strip() for account, _, journal in pairs},
                },
            ),
            "policies": (
                Policies,
                {
                    name: data[POLICY + name]
                    for name in Policies.model_fields
                    if data.get(POLICY + name) not in (None, "")
                },
            ),
        }
        for name, (shape, value) in typed.items():
            try:
                parsed = shape.model_validate(value)
            except ValidationError as error:
                for text in shape_errors(error):
                    self.add_error(None, text)
            else:
                setattr(self.instance, name, parsed.model_dump(mode="json", exclude_defaults=True))
        return data

    def _post_clean(self) -> None:
        super()._post_clean()
        if not self.errors:
            for problem in flow_refusals(self.instance):
                self.add_error(None, problem)


FlowForm = cast("type[_BaseFlowForm]", type("FlowForm", (_BaseFlowForm,), schema_fields(Policies, POLICY, {})))
"""The form with one field for each policy."""

POLICY_FIELDS = tuple(POLICY + name for name in Policies.model_fields)
