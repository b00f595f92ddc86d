"""Where are flows set up, switched on and off? Each button says what it touches and every reason against it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from connectors.models import Role
from connectors.records import Family
from connectors.tenancy import TenantScopedAdmin
from mappings.admin.confirmed import ConfirmedActions
from mappings.forms.flows import POLICY_FIELDS, FlowForm
from mappings.models import DocumentKind, Flow, FlowState
from mappings.offers import OfferedValues, offer_for
from mappings.owners import Proposal, owner_rows, owners_propose
from mappings.readiness import flow_readiness
from mappings.schedule import flow_schedule, flow_unschedule
from mappings.services import (
    flow_archive,
    flow_dry_run,
    flow_save,
    flow_switch_off,
    flow_switch_on,
    owner_set,
    role_defaults_apply,
    roles_offered,
)
from mappings.services.flows import switch_on_reasons

STATES = {"on": "success", "dry run": "info", "off": "warning", "archived": "danger"}
FACTS = ("shown_state", "owns", "missing", "schedule_link", "first_on_at")


@admin.register(Flow)
class FlowAdmin(TenantScopedAdmin, ConfirmedActions, SimpleHistoryAdmin, ModelAdmin):  # type: ignore[misc]
    """Administrators route; operations may pause and go on. Archived, never deleted."""

    form = FlowForm
    delete_roles = frozenset[str]()
    switch_roles = frozenset({Role.OPERATIONS})
    list_display = ("name", "tenant", "source", "stream", "ledger", "company", "document", "shown_state")
    list_filter = ("tenant", "state", "source", "ledger", "document")
    list_select_related = ("tenant", "source", "ledger")
    search_fields = ("name", "stream")
    autocomplete_fields = ("cost_centre",)
    actions_detail = ("switch_on", "dry_run", "switch_off", "propose_owners", "usual_accounts", "archive")
    readonly_fields = FACTS

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who may only look sees the stored columns: most fields of the form are not the model's."""
        if obj is not None and not self.has_change_permission(request, obj):
            names = ("tenant", "name", "source", "stream", "filter", "ledger", "company", "document", "post_from",
                     "cost_centre", "policies", "journals", *FACTS)  # fmt: skip
            return [(None, {"fields": names})]
        sets: list[Any] = [
            (None, {"fields": ("tenant", "name", "source", "stream", "ledger", "company", "document", "post_from")}),
            ("Takes", {"fields": ("kinds", "legal_entities", "accounts")}),
            ("Policies", {"fields": POLICY_FIELDS}),
            ("Books", {"fields": ("cost_centre", "entry_journal", "bill_journal", "payment_journals")}),
            ("Reading", {"fields": ("every_minutes",)}),
        ]
        return sets if obj is None else [("Now", {"fields": FACTS}), *sets]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*self.readonly_fields, "tenant") if obj else self.readonly_fields

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if isinstance(obj, Flow) and obj.state == FlowState.ARCHIVED:
            return False
        return super().has_change_permission(request, obj)

    def has_switch_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_role(request, self.switch_roles, obj)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        request.flow_shown = obj  # type: ignore[attr-defined]
        return super().get_form(request, obj, change=change, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "cost_centre":
            kwargs["widget"] = OfferedValues(db_field, self.admin_site)
            flow = getattr(request, "flow_shown", None)
            kwargs["widget"].offer = offer_for(kinds={"cost_centre"}, flow=flow)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        self.write_check(request, obj)
        person: Any = request.user
        flow_save(obj, by=person, reason="in the admin")
        minutes = form.cleaned_data.get("every_minutes")
        if minutes:
            flow_schedule(obj, every=timedelta(minutes=minutes))
        elif obj.schedule_id:
            flow_unschedule(obj)

    # --- what is shown

    @display(description="State", label=STATES, ordering="state")
    def shown_state(self, flow: Flow) -> str:
        return flow.get_state_display()

    @admin.display(description="Owns")
    def owns(self, flow: Flow) -> str:
        rows = [row for row in owner_rows(flow) if row.flow_id == flow.pk]
        return (
            format_html_join(
                "", "<div>{}</div>", ((f"{row.family} from {row.valid_from or 'the beginning'}",) for row in rows)
            )
            or "-"
        )

    @admin.display(description="Missing")
    def missing(self, flow: Flow) -> str:
        rows = [(one.reason, "" if one.is_blocking else " (only when it comes)") for one in flow_readiness(flow)]
        return format_html_join("", "<div>{}{}</div>", rows) or "nothing"

    @admin.display(description="Periodic task")
    def schedule_link(self, flow: Flow) -> str:
        if flow.schedule is None:
            return "as often as the stream asks for"
        url = reverse(f"{self.admin_site.name}:django_celery_beat_periodictask_change", args=[flow.schedule_id])
        return format_html('<a href="{}">{}</a>', url, flow.schedule)

    # --- what can be done

    @action(description="Switch on", url_path="switch-on", permissions=["switch"])
    def switch_on(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.confirmed(
            request,
            object_id,
            title="Switch on",
            text="From now on its records are posted into the ledger. Families that nobody owns become its own.",
            points=_would_own,
            against=switch_on_reasons,
            act=lambda flow, by, reason: flow_switch_on(flow, by=by, reason=reason),
            asks_reason=True,
        )

    @action(description="Dry run", url_path="dry-run", permissions=["switch"])
    def dry_run(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.confirmed(
            request,
            object_id,
            title="Dry run",
            text="Its records are read and translated for looking at; nothing is posted.",
            act=lambda flow, by, reason: flow_dry_run(flow, by=by, reason=reason),
        )

    @action(description="Switch off", url_path="switch-off", permissions=["switch"])
    def switch_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.confirmed(
            request,
            object_id,
            title="Switch off",
            text="Nothing more is posted by it. What it owns stays its own: nobody else posts that money meanwhile.",
            act=lambda flow, by, reason: flow_switch_off(flow, by=by, reason=reason),
            asks_reason=True,
        )

    @action(description="Archive", url_path="archive", permissions=["change"])
    def archive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.confirmed(
            request,
            object_id,
            title="Archive",
            text="The flow ends for good. Its records, postings and keys stay.",
            act=lambda flow, by, reason: flow_archive(flow, by=by, reason=reason),
            asks_reason=True,
        )

    @action(description="Propose owners", url_path="owners", permissions=["change"])
    def propose_owners(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.confirmed(
            request,
            object_id,
            title="Take the proposed owners",
            text="Families of this source and company that nobody owns yet get their default owner:",
            points=lambda flow: [f"{_of(one)}: {one.because}" for one in _unowned(flow)] or ["None: all have owners."],
            act=_take_proposals,
        )

    @action(description="Usual accounts", url_path="accounts", permissions=["change"])
    def usual_accounts(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.confirmed(
            request,
            object_id,
            title="Take the usual accounts",
            text="Roles that nobody plays in this company get the usual account of its chart, if it fits:",
            points=_offers,
            act=lambda flow, by, reason: role_defaults_apply(ledger=flow.ledger, company=flow.company, by=by),
        )


def _would_own(flow: Flow) -> list[str]:
    return [f"{row}" for row in owner_rows(flow)] + [f"new: {_of(one)}" for one in _unowned(flow)]


def _unowned(flow: Flow) -> list[Proposal]:
    if flow.document != DocumentKind.SPEND:
        return []
    taken = {row.family for row in owner_rows(flow)}
    return [one for one in owners_propose(flow.source, flow.ledger, flow.company) if one.family not in taken]


def _of(proposal: Proposal) -> str:
    words = Family(proposal.family).name.replace("_", " ").lower()
    return f"{proposal.family} {words}: {proposal.flow or 'the ledger itself'}"


def _take_proposals(flow: Flow, by: Any, reason: str) -> None:
    for one in _unowned(flow):
        owner_set(
            source=flow.source, ledger=flow.ledger, company=flow.company, family=one.family, flow=one.flow, by=by,
            reason=f"Proposed: {one.because}",
        )  # fmt: skip


def _offers(flow: Flow) -> list[str]:
    lines = []
    for offer in roles_offered(flow.ledger, flow.company):
        if offer.is_taken:
            continue
        usual = offer.usual
        role = f"{usual.role}{f' for {usual.what_for}' if usual.what_for else ''}"
        lines.append(
            f"{role}: {offer.account or 'create ' + (usual.remark or 'account ' + (usual.code or usual.name))}"
        )
    return lines or ["Nothing to offer: all roles are played, or this chart is not known."]
