"""What do all pages of the engine room share? Facts are read, never typed; lists stay fast however long they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import DropdownFilter

from audit.admin.paging import EstimatedPaginator
from audit.looks import admin_url
from connectors.emphasis import emphasised
from connectors.models import Role, Tenant
from connectors.tenancy import TenantScopedAdmin, tenants_of
from connectors.tenancy.admin import holds

WORKERS = frozenset({Role.FINANCE, Role.OPERATIONS})
"""Who decides about records: both desks; auditors only read."""


def tenant_ids_of(request: HttpRequest) -> list[int] | None:
    """The ids of the user's tenants, read once a request; None for a superuser, who sees all.

    Ids instead of a subquery: with them PostgreSQL walks the lists' indexes from the newest row."""
    if request.user.is_superuser and request.user.is_active:
        return None
    if not hasattr(request, "tenant_ids_seen"):
        request.tenant_ids_seen = list(tenants_of(request.user).values_list("pk", flat=True))  # type: ignore[attr-defined]
    found: list[int] = request.tenant_ids_seen  # type: ignore[attr-defined]
    return found


def sees_several_tenants(request: HttpRequest) -> bool:
    """Whether a list must say whose a row is."""
    tenants = tenant_ids_of(request)
    return tenants is None or len(tenants) > 1


class WhoseFilter(DropdownFilter):  # type: ignore[misc]
    """The user's tenants, for rows that name theirs without a foreign key."""

    title = "tenant"
    parameter_name = "tenant"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        tenants = tenant_ids_of(request)
        rows = Tenant.objects.all() if tenants is None else Tenant.objects.filter(pk__in=tenants)
        return [(str(pk), name) for pk, name in rows.order_by("name").values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value() or ""
        return queryset.filter(tenant_id=int(value)) if value.isdigit() and len(value) < 18 else queryset


class FactAdmin(TenantScopedAdmin, ModelAdmin):  # type: ignore[misc]
    """Nobody adds, changes or deletes; `work_roles` may use the page's actions."""

    change_roles = frozenset[str]()
    work_roles: ClassVar[frozenset[str]] = frozenset(WORKERS)
    is_of_one_tenant: ClassVar[bool] = True
    paginator = EstimatedPaginator
    show_full_result_count = False
    list_per_page = 40
    list_fullwidth = True
    list_filter_sheet = True

    class Media:
        css: ClassVar[dict[str, tuple[str, ...]]] = {"all": ("audit/desk.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = ModelAdmin.get_queryset(self, request)
        tenants = tenant_ids_of(request)
        return rows if tenants is None else rows.filter(**{f"{self.tenant_path}__in": tenants})

    def get_list_display(self, request: HttpRequest) -> Sequence[Any]:
        """Whose a row is stands in the second column, for those who see several tenants' rows."""
        first, *others = self.list_display
        return (first, "whose", *others) if self._says_whose(request) else (first, *others)

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """One by tenant is of no use to whoever sees one tenant's rows."""
        filters = super().get_list_filter(request)
        says_whose = self._says_whose(request)
        return [one for one in filters if says_whose or not _is_by_tenant(one)]

    def get_list_select_related(self, request: HttpRequest) -> Sequence[str]:
        related = tuple(self.list_select_related or ())
        return (*related, "tenant") if self.tenant_path == "tenant" and self._says_whose(request) else related

    @admin.display(description="Tenant", ordering="tenant_id")
    def whose(self, row: Any) -> str:
        return _small(row.tenant)

    def _says_whose(self, request: HttpRequest) -> bool:
        return self.is_of_one_tenant and sees_several_tenants(request)

    def has_work_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_role(request, self.work_roles, obj)

    def work_check(self, request: HttpRequest, row: Any, roles: Iterable[str] | None = None) -> None:
        """Raises PermissionDenied unless the user may act on this row."""
        if not self.has_role(request, self.work_roles if roles is None else roles, row):
            raise PermissionDenied

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A fact's trail is the trail of events, so there is no history of edits to offer."""
        context = {"show_history": False, "says_whose": self._says_whose(request), **(extra_context or {})}
        answer: HttpResponse = super().change_view(request, object_id, form_url, context)
        return answer

    def page_url(self, page: str, *args: Any) -> str:
        opts = self.model._meta
        return reverse(f"{self.admin_site.name}:{opts.app_label}_{opts.model_name}_{page}", args=args)


class TrailAdmin(FactAdmin):
    """Rows that outlive what they tell of: they name their tenant without a foreign key."""

    tenant_path = "tenant_id"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        names = Tenant.objects.filter(pk=OuterRef("tenant_id")).values("name")
        rows: QuerySet[Any] = super().get_queryset(request).annotate(tenant_named=Subquery(names[:1]))
        return rows

    @admin.display(description="Tenant", ordering="tenant_id")
    def whose(self, row: Any) -> str:
        return _small(row.tenant_named or "-")

    def has_role(self, request: HttpRequest, roles: Iterable[str], obj: Any = None) -> bool:
        if obj is None or not frozenset(roles):
            return super().has_role(request, roles, obj)
        row = obj if isinstance(obj, Model) else self.row_or_404(request, str(obj))
        tenant_id = getattr(row, "tenant_id", None)
        if tenant_id is None:
            return bool(request.user.is_superuser)
        return holds(request, tenant_id, roles)


def _is_by_tenant(one: Any) -> bool:
    return one is WhoseFilter or (isinstance(one, tuple) and one[0] == "tenant")


def _small(words: object) -> str:
    return format_html('<span class="mlc-whose">{}</span>', words)


def linked(row: Model | None, text: str = "") -> str:
    """A link to a row's page, or a dash."""
    return format_html('<a class="mlc-link" href="{}">{}</a>', admin_url(row), text or str(row)) if row else "-"


def said(name: str, words: str) -> Callable[[Any], str]:
    """A column of sentences that may name screens of a vendor."""

    @admin.display(description=words, ordering=name)
    def shown(row: Any) -> str:
        return emphasised(getattr(row, name) or "-")

    shown.__name__ = f"shown_{name}"
    return shown


def by_of(request: HttpRequest) -> str:
    """Who acts, as the trail names people."""
    return str(request.user.get_username())
