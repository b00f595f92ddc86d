"""What did we pull from both sides? Values to look at and to choose from; nobody edits them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Concat
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from connectors.tenancy import TenantScopedAdmin
from mappings.models import ReferenceValue
from mappings.offers import offered


@admin.register(ReferenceValue)
class ReferenceValueAdmin(TenantScopedAdmin, ModelAdmin):  # type: ignore[misc]
    """Facts: read-only for everybody. Serves the autocompletes of rules, roles and flows."""

    change_roles = frozenset[str]()
    list_display = ("code", "name", "kind", "group", "connection", "company", "is_active", "seen_at")
    list_filter = ("tenant", "kind", "is_active", "connection")
    list_select_related = ("connection",)
    search_fields = ("code", "name", "external_id")
    show_full_result_count = False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """For an autocomplete: active values of the kinds, tenant and ledger that the field says (mappings.offers)."""
        found, has_duplicates = super().get_search_results(request, queryset, search_term)
        if request.GET.get("field_name"):
            found = offered(found, request.GET).annotate(place=Concat(F("connection__name"), Value(" "), F("company")))
        return found, has_duplicates
