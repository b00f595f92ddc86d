"""Where do accounts get their roles?"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin

from connectors.models import Role
from connectors.tenancy import TenantScopedAdmin
from mappings.forms import RoleAccountForm
from mappings.models import RoleAccount
from mappings.offers import OfferedValues, offer_for
from mappings.services import role_account_remove
from mappings.services.roles import role_account_store


@admin.register(RoleAccount)
class RoleAccountAdmin(TenantScopedAdmin, SimpleHistoryAdmin, ModelAdmin):  # type: ignore[misc]
    """Finance decides; where an account is and what it is for is fixed, the account itself may change."""

    form = RoleAccountForm
    change_roles = frozenset({Role.FINANCE})
    list_display = ("role", "what_for", "account", "ledger", "company", "has_statements", "tenant")
    list_filter = ("tenant", "ledger", "role")
    list_select_related = ("tenant", "ledger", "account")
    search_fields = ("role", "what_for", "account__code", "account__name")
    autocomplete_fields = ("account",)
    fields = ("ledger", "company", "role", "what_for", "account", "has_statements")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("ledger", "company", "role", "what_for") if obj else ()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        request.role_shown = obj  # type: ignore[attr-defined]
        return super().get_form(request, obj, change=change, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "account":
            row = getattr(request, "role_shown", None)
            kwargs["widget"] = OfferedValues(db_field, self.admin_site)
            kwargs["widget"].offer = offer_for(
                kinds={"account"}, ledger_id=row.ledger_id if row else None, company=row.company if row else None
            )
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        self.write_check(request, obj)
        person: Any = request.user
        role_account_store(obj, by=person, reason="in the admin")

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        person: Any = request.user
        role_account_remove(obj, by=person, reason="in the admin")

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in self.rows_with_role(request, queryset, self.change_roles):
            self.delete_model(request, row)
