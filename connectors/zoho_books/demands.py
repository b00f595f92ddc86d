"""What does an organisation demand of every document? A location, values of custom fields, options of tags."""

from __future__ import annotations

from connectors.errors import RejectedError
from connectors.zoho_books.auth import settings_of
from connectors.zoho_books.books import Books
from connectors.zoho_books.client import parsed
from connectors.zoho_books.kept import DEMANDS_FRESH
from connectors.zoho_books.schema_setup import FieldRow, LocationRow, TagRow


class Demands:
    """Those of one organisation. Methods may raise ConnectorErrors; all are safe to repeat."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.settings = settings_of(books.client.context)

    # --- locations

    def locations(self) -> dict[str, LocationRow]:
        """Locations by id; none where the organisation has not switched them on, whichever way Zoho says so."""

        def read() -> dict[str, LocationRow]:
            try:
                rows = parsed(LocationRow, self.books.client.get(self.books.company, "/locations"), "locations")
            except RejectedError:
                return {}
            return {row.location_id: row for row in rows}

        return self.books.kept.get("locations", DEMANDS_FRESH, read)

    def location_id(self) -> str:
        """Where documents belong: as set on the connection, else the primary location, else the only one that may
        stand on a document. Empty where there are none, or none of several is marked."""
        rows = self.locations()
        if not rows:
            return ""
        if chosen := self.settings.location_id:
            return chosen
        usable = [row for row in rows.values() if row.is_usable]
        primary = [row for row in usable if row.is_primary] or usable
        return primary[0].location_id if len(primary) == 1 else ""

    # --- custom fields

    def fields(self, entity: str) -> list[FieldRow]:
        """The custom fields of an entity; none for one that has no such list."""

        def read() -> list[FieldRow]:
            try:
                answer = self.books.client.get(self.books.company, "/settings/fields", entity=entity)
            except RejectedError:
                return []
            return parsed(FieldRow, answer, "fields")

        return self.books.kept.get(f"fields {entity}", DEMANDS_FRESH, read)

    def key_field(self, entity: str) -> str:
        """The id of the custom field that holds our stamp on a bill, contact or vendor payment; empty if none does."""
        name = self.settings.key_field
        return next((row.id for row in self.fields(entity) if row.api_name == name), "") if name else ""

    def required_fields(self, entity: str) -> list[FieldRow]:
        """Custom fields that must have a value, and that neither we nor Zoho fill."""
        return [
            row
            for row in self.fields(entity)
            if row.is_mandatory and row.is_active and not row.default_value and row.id != self.key_field(entity)
        ]

    # --- reporting tags

    def required_tags(self, module: str) -> list[TagRow]:
        """Tags that documents of a module must carry: as Zoho tells it, or as it said when it refused one."""
        learnt = self._learnt()
        return [row for row in self._mandatory() if row.is_for(module) or (row.tag_id, module) in learnt]

    def perhaps_required_tags(self, module: str) -> list[TagRow]:
        """Mandatory tags of which Zoho does not tell whether this module must carry them."""
        return [row for row in self._mandatory() if row.is_for(module) is None]

    def learn_required(self, tag_id: str, module: str) -> None:
        """Zoho refused a document of a module and named the tag."""
        self._learnt().add((tag_id, module))

    def _mandatory(self) -> list[TagRow]:
        return [row for row in self.books.tags().values() if row.is_mandatory and row.is_active and not row.is_draft]

    def _learnt(self) -> set[tuple[str, str]]:
        empty: set[tuple[str, str]] = set()
        return self.books.kept.get("required tags", DEMANDS_FRESH, lambda: empty)
