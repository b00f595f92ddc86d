"""Who belongs to which tenant, and who may change that?"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin, TabularInline

from connectors.models import Membership, Tenant
from connectors.tenancy import TenantScopedAdmin, TenantScopedInline


class MembershipInline(TenantScopedInline, TabularInline):  # type: ignore[misc]
    model = Membership
    extra = 0
    parent_tenant_path = "pk"


@admin.register(Tenant)
class TenantAdmin(TenantScopedAdmin, SimpleHistoryAdmin, ModelAdmin):  # type: ignore[misc]
    """Tenants are made by superusers and changed by their administrators; nobody deletes one."""

    tenant_path = "pk"
    list_display = ("name", "slug", "time_zone", "connection_count")
    search_fields = ("name", "slug")
    inlines = (MembershipInline,)
    delete_roles = frozenset[str]()

    @admin.display(description="Connections")
    def connection_count(self, tenant: Tenant) -> int:
        return tenant.connections.filter(archived_at=None).count()

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)


@admin.register(Membership)
class MembershipAdmin(TenantScopedAdmin, SimpleHistoryAdmin, ModelAdmin):  # type: ignore[misc]
    list_display = ("user", "tenant", "role")
    list_filter = ("tenant", "role")
    list_select_related = ("user", "tenant")
    search_fields = ("user__username", "tenant__name")
