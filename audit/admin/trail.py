"""What happened, and has anybody rewritten it? Events, exchanges and the seals over them, to look at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin, TabularInline
from unfold.contrib.filters.admin import DropdownFilter, RangeDateTimeFilter

from audit.admin.base import FactAdmin, TrailAdmin, WhoseFilter, said, tenant_ids_of
from audit.admin.filters import SealedTableFilter, named_by_tenant
from audit.admin.payloads import json_indented
from audit.models import AuditEvent, Exchange, Seal, SealPart
from connectors.models import Connection

MESSAGE = said("message", "Message")
ERROR = said("error", "Error")


class ConnectionFilter(DropdownFilter):  # type: ignore[misc]
    """The user's connections, for rows that name theirs without a foreign key."""

    title = "connection"
    parameter_name = "connection"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        tenants = tenant_ids_of(request)
        rows = Connection.objects.all() if tenants is None else Connection.objects.filter(tenant_id__in=tenants)
        return named_by_tenant(request, rows.order_by("name", "pk").values_list("pk", "name", "tenant__name"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value() or ""
        return queryset.filter(connection_id=int(value)) if value.isdigit() and len(value) < 18 else queryset


@admin.register(AuditEvent)
class AuditEventAdmin(TrailAdmin):
    """Append-only. What happened, who did it, and what it was about."""

    list_display = ("at", "kind", "actor", MESSAGE, "about")
    list_filter = (WhoseFilter, ("at", RangeDateTimeFilter))
    list_filter_submit = True
    search_fields = ("=kind", "=actor", "message")
    search_help_text = "Kind or actor exactly, or words of the message"
    ordering = ("-id",)
    fields = ("at", "kind", "actor", MESSAGE, "about", "shown_facts")
    readonly_fields = fields

    @admin.display(description="About")
    def about(self, event: AuditEvent) -> str:
        if event.record_id:
            url = reverse("admin:audit_syncrecord_change", args=[event.record_id])
            return format_html('<a class="mlc-link" href="{}">record {}</a>', url, event.record_id)
        return f"{event.subject} {event.subject_id or ''}".strip() or "-"

    @admin.display(description="Facts")
    def shown_facts(self, event: AuditEvent) -> str:
        return format_html('<pre class="mlc-journal">{}</pre>', json_indented(event.facts))


@admin.register(Exchange)
class ExchangeAdmin(TrailAdmin):
    """HTTP calls, redacted when they were written; kept 30 days."""

    list_display = ("at", "method", "shown_url", "status", "seconds", "request_id", ERROR)
    list_filter = (WhoseFilter, "is_write", ConnectionFilter)
    search_fields = ("=request_id", "url")
    ordering = ("-id",)
    fields = (
        "at", "method", "url", "status", "seconds", "request_id", ERROR, "is_write", "sent", "answered",
    )  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        is_list = bool(request.resolver_match and str(request.resolver_match.url_name).endswith("_changelist"))
        return rows.defer("request_body", "response_body") if is_list else rows

    @admin.display(description="Url", ordering="url")
    def shown_url(self, exchange: Exchange) -> str:
        return format_html('<span class="mlc-address">{}</span>', exchange.url)

    @admin.display(description="Sent")
    def sent(self, exchange: Exchange) -> str:
        return format_html('<pre class="mlc-journal">{}</pre>', exchange.request_body)

    @admin.display(description="Answered")
    def answered(self, exchange: Exchange) -> str:
        return format_html('<pre class="mlc-journal">{}</pre>', exchange.response_body)


class SealPartInline(TabularInline):  # type: ignore[misc]
    """The parts of a seal that cover the user's own tenants."""

    model = SealPart
    extra = 0
    can_delete = False
    fields = ("table", "rows_sealed", "hash")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return _of_ones_own(super().get_queryset(request).defer("digests"), request)

    @admin.display(description="Rows")
    def rows_sealed(self, part: SealPart) -> int:
        return sum(last - first + 1 for first, last in part.ranges["ids"])

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # whoever may open the seal

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_delete_permission = has_change_permission


@admin.register(Seal)
class SealAdmin(FactAdmin):
    """The links of the chain that cover rows of the user's tenants. `manage.py verify_audit` checks them."""

    is_of_one_tenant = False
    list_display = ("number", "at", "hash")
    ordering = ("-number",)
    search_fields = ("=number", "=hash")
    fields = ("number", "at", "previous_hash", "hash")
    readonly_fields = fields
    inlines = (SealPartInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = ModelAdmin.get_queryset(self, request)
        if tenant_ids_of(request) is None:
            return rows
        return rows.filter(Exists(_of_ones_own(SealPart.objects.filter(seal=OuterRef("pk")), request)))

    def has_role(self, request: HttpRequest, roles: Any, obj: Any = None) -> bool:
        """A seal belongs to everybody whose rows it covers, which `get_queryset` says."""
        if obj is not None and not self.get_queryset(request).filter(pk=getattr(obj, "pk", obj)).exists():
            return False
        return super().has_role(request, roles, None)


@admin.register(SealPart)
class SealPartAdmin(TrailAdmin):
    """What one seal covers of one tenant's rows in one table."""

    list_display = ("seal", "table", "rows_sealed", "hash")
    list_filter = (WhoseFilter, SealedTableFilter)
    list_select_related = ("seal",)
    ordering = ("-id",)
    fields = ("seal", "table", "rows_sealed", "hash")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("digests")

    @admin.display(description="Rows")
    def rows_sealed(self, part: SealPart) -> int:
        return sum(last - first + 1 for first, last in part.ranges["ids"])


def _of_ones_own(parts: QuerySet[Any], request: HttpRequest) -> QuerySet[Any]:
    tenants = tenant_ids_of(request)
    return parts if tenants is None else parts.filter(tenant_id__in=tenants)
