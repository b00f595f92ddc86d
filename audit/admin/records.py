"""Where does each record stand, and why? The list, and the page that follows it from its source into the ledger."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.decorators import display

from audit.admin.base import FactAdmin, tenant_ids_of
from audit.admin.filters import CurrencyFilter, FlowFilter, KindFilter, StreamFilter
from audit.admin.payloads import payload_text
from audit.admin.record_actions import RecordActions, actions_fitting
from audit.looks import RECORD_COLOURS, admin_url
from audit.models import Posting, PostingState, RecordState, RecordVersion, SyncRecord
from audit.selectors import amount_as_spent, days_of, decided_of, money_of, proposal_of, record_story
from connectors.emphasis import plain

FOUND_AT_MOST = 500
STATE_COLOURS = {state: RECORD_COLOURS[state.label] for state in RecordState}
IN_THE_LEDGER = (PostingState.POSTED, PostingState.CREATED, PostingState.REVERSED)


@admin.register(SyncRecord)
class SyncRecordAdmin(RecordActions, FactAdmin):
    """Facts. What can be done goes through confirmation pages (record_actions)."""

    list_display = (
        "shown_label", "shown_state", "shown_amount", "day", "shown_flow", "ledger_number", "short_reason",
    )  # fmt: skip
    list_filter = (
        "tenant", "state", FlowFilter, StreamFilter, KindFilter, CurrencyFilter, ("posting_on", RangeDateFilter),
    )  # fmt: skip
    list_filter_submit = True
    list_select_related = ("flow",)
    search_fields = ("external_id", "label")
    search_help_text = "External id, label, or the number or id in the ledger"
    ordering = ("-id",)
    change_form_outer_before_template = "audit/record.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        if _is_list(request):
            numbers = Posting.objects.filter(state__in=IN_THE_LEDGER, reverses__isnull=True)
            only = numbers.only("record_id", "number", "entry_id", "link", "state").order_by("id")
            return rows.prefetch_related(Prefetch("postings", queryset=only, to_attr="in_ledger"))
        return rows.select_related("connection", "flow", "flow__ledger", "tenant", "witness_of")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """The newest FOUND_AT_MOST, looked for once: the count and the page then only pick them up by id."""
        term = search_term.strip()
        if not term:
            return queryset, False
        mine = queryset.filter(Q(external_id__contains=term) | Q(label__icontains=term)).prefetch_related(None)
        found = set(mine.order_by("-id").values_list("pk", flat=True)[:FOUND_AT_MOST])
        documents = Posting.objects.filter(Q(number__contains=term) | Q(entry_id=term) | Q(key=term))
        if (tenants := tenant_ids_of(request)) is not None:
            documents = documents.filter(tenant_id__in=tenants)
        found.update(documents.order_by("-record_id").values_list("record_id", flat=True)[:FOUND_AT_MOST])
        return queryset.filter(pk__in=found), False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return []

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        record = self.row_or_404(request, object_id)
        wanted = request.GET.get("version", "")
        version = (
            RecordVersion.objects.filter(record=record, number=int(wanted)).first()
            if wanted.isdigit() and len(wanted) < 9
            else None
        )
        context = {
            "title": f"{record.label or record.external_id}",
            "story": record_story(record),
            "days": days_of(record),
            "as_spent": amount_as_spent(record),
            "state_colour": RECORD_COLOURS.get(record.get_state_display(), "default"),
            "version": version,
            "payload": payload_text(version.payload) if version else "",
            "open_holds": _open_holds(record),
            "decided": decided_of(record),
            "proposal": proposal_of(record),
            **(extra_context or {}),
        }
        return super().change_view(request, object_id, form_url, context)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only the buttons that can do something now."""
        record = self.row_or_404(request, str(object_id))
        fitting = actions_fitting(record)
        offered = super().get_actions_detail(request, object_id)
        return [one for one in offered if one.method.original_function_name in fitting]

    @display(description="Record", ordering="label", header=True)
    def shown_label(self, record: SyncRecord) -> tuple[str, str]:
        return (record.label or record.external_id, record.external_id if record.label else record.stream)

    @display(description="State", label=STATE_COLOURS, ordering="state")
    def shown_state(self, record: SyncRecord) -> str:
        """In one word, so that there is room for the reason; the filter and the record's page have the sentence."""
        return record.state

    @admin.display(description="Amount", ordering="amount")
    def shown_amount(self, record: SyncRecord) -> str:
        if record.amount is None:
            return "-"
        return format_html('<span class="mlc-amount">{}</span>', money_of(record.amount, record.currency))

    @admin.display(description="Posting day", ordering="posting_on")
    def day(self, record: SyncRecord) -> str:
        return format_html('<span class="mlc-nowrap">{}</span>', record.posting_on or "-")

    @display(description="Flow", ordering="flow", header=True)
    def shown_flow(self, record: SyncRecord) -> tuple[str, str]:
        return (str(record.flow or "-"), record.kind.replace("_", " "))

    @admin.display(description="In the ledger")
    def ledger_number(self, record: Any) -> str:
        numbers = [one.number or one.entry_id for one in record.in_ledger]
        return ", ".join(filter(None, numbers)) or "-"

    @admin.display(description="Why")
    def short_reason(self, record: SyncRecord) -> str:
        text = proposal_of(record) or ("" if record.state == RecordState.POSTED else plain(record.reason))
        return f"{text[:90]}…" if len(text) > 90 else text or "-"


@admin.register(RecordVersion)
class RecordVersionAdmin(FactAdmin):
    """One payload as it came. The list does not touch payloads."""

    list_display = ("__str__", "record", "number", "came_by", "stored_at")
    list_filter = ("tenant", "came_by")
    list_select_related = ("record",)
    search_fields = ("record__external_id",)
    ordering = ("-id",)
    fields = ("record_link", "number", "came_by", "stored_at", "content_hash", "pretty")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return rows.defer("payload") if _is_list(request) else rows.select_related("record")

    @admin.display(description="Record")
    def record_link(self, version: RecordVersion) -> str:
        return format_html('<a class="mlc-link" href="{}">{}</a>', admin_url(version.record), version.record)

    @admin.display(description="Payload")
    def pretty(self, version: RecordVersion) -> str:
        return format_html('<pre class="mlc-journal">{}</pre>', payload_text(version.payload))


def _open_holds(record: SyncRecord) -> list[Any]:
    rows = record.holds.filter(released_at__isnull=True).select_related("problem", "problem__owner")
    return list(rows.order_by("id"))


def _is_list(request: HttpRequest) -> bool:
    return bool(request.resolver_match and str(request.resolver_match.url_name).endswith("_changelist"))
