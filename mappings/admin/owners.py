"""Where is it seen and decided who posts which family of money?"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import F
from django.http import HttpRequest
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin

from connectors.models import Role
from connectors.records import Family
from connectors.tenancy import TenantScopedAdmin
from mappings.forms import OwnerForm
from mappings.models import FamilyOwner
from mappings.services import owner_set


@admin.register(FamilyOwner)
class FamilyOwnerAdmin(TenantScopedAdmin, SimpleHistoryAdmin, ModelAdmin):  # type: ignore[misc]
    """A new owner is added from a posting day on; what was is never edited, or two could have posted one day."""

    form = OwnerForm
    change_roles = frozenset({Role.FINANCE})
    delete_roles = frozenset[str]()
    list_display = ("family", "owner", "valid_from", "source", "ledger", "company", "tenant")
    list_filter = ("tenant", "source", "ledger", "family")
    list_select_related = ("tenant", "source", "ledger", "flow")
    ordering = ("source", "ledger", "company", "family", F("valid_from").asc(nulls_first=True))
    fields = ("source", "ledger", "company", "family", "flow", "valid_from")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="Owner", ordering="flow")
    def owner(self, row: FamilyOwner) -> str:
        return str(row.flow or "the ledger itself")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        self.write_check(request, obj)
        person: Any = request.user
        stored = owner_set(
            source=obj.source,
            ledger=obj.ledger,
            company=obj.company,
            family=Family(obj.family),
            flow=obj.flow,
            valid_from=obj.valid_from,
            by=person,
            reason="in the admin",
        )
        obj.pk = stored.pk
