"""By what is a long list of records narrowed down? Filters that never read the list itself to know their choices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter, TextFilter

from audit.admin.base import sees_several_tenants, tenant_ids_of
from audit.sync.seal import SEALED_TABLES
from connectors.records import RecordKind
from mappings.models import Flow

DOCUMENT_TYPES = ("journal_entry", "vendor_bill", "payment", "new_vendor")


def _flows(request: HttpRequest) -> QuerySet[Flow]:
    tenants = tenant_ids_of(request)
    return Flow.objects.all() if tenants is None else Flow.objects.filter(tenant_id__in=tenants)


def named_by_tenant(request: HttpRequest, rows: Iterable[tuple[int, str, str]]) -> list[tuple[str, str]]:
    """Choices of rows by id, name and tenant's name: two tenants' flows may be called alike."""
    if sees_several_tenants(request):
        return [(str(pk), f"{name} ({tenant})") for pk, name, tenant in rows]
    return [(str(pk), name) for pk, name, _ in rows]


class FlowFilter(DropdownFilter):  # type: ignore[misc]
    title = "flow"
    parameter_name = "flow"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = _flows(request).order_by("name", "pk").values_list("pk", "name", "tenant__name")
        return [("none", "no flow"), *named_by_tenant(request, rows)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value() or ""
        if value == "none":
            return queryset.filter(flow__isnull=True)
        return queryset.filter(flow_id=int(value)) if value.isdigit() and len(value) < 18 else queryset


class StreamFilter(DropdownFilter):  # type: ignore[misc]
    title = "stream"
    parameter_name = "stream"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        streams = _flows(request).order_by("stream").values_list("stream", flat=True).distinct()
        return [(stream, stream.replace("_", " ")) for stream in streams]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(stream=self.value()) if self.value() else queryset


class KindFilter(DropdownFilter):  # type: ignore[misc]
    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind.value, kind.value.replace("_", " ")) for kind in RecordKind]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class CurrencyFilter(TextFilter):  # type: ignore[misc]
    title = "currency"
    parameter_name = "currency"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(currency=str(self.value()).strip().upper()) if self.value() else queryset


class WordFilter(DropdownFilter):  # type: ignore[misc]
    """A column with a handful of words: Django's own filter would read the whole table to list them."""

    words: ClassVar[tuple[str, ...]] = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(word, word.replace("_", " ")) for word in self.words]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{str(self.parameter_name): self.value()}) if self.value() else queryset


class DocumentTypeFilter(WordFilter):
    title = "document"
    parameter_name = "document_type"
    words = DOCUMENT_TYPES


class SightedTypeFilter(WordFilter):
    title = "document"
    parameter_name = "type"
    words = DOCUMENT_TYPES


class SightedStateFilter(WordFilter):
    title = "state in the ledger"
    parameter_name = "state"
    words = ("draft", "posted", "cancelled", "reversed")


class SealedTableFilter(WordFilter):
    title = "table"
    parameter_name = "table"
    words = tuple(SEALED_TABLES)


class OpenFirst(admin.SimpleListFilter):
    """Open problems unless the solved ones, or all, are asked for."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("solved", "solved"), ("all", "all")]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        return [{**first, "display": "open"}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "all":
                return queryset
            case "solved":
                return queryset.filter(state="solved")
        return queryset.filter(state="open")
