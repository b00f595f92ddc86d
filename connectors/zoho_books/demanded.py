"""Does a document carry what its organisation demands: a location, values of custom fields, options of tags?

What is missing is told with the page of Zoho, or of ours, where a person mends it."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.base import Finding
from connectors.documents import Document, JournalEntry, Line, NewVendor, Payment, VendorBill
from connectors.records import Side
from connectors.zoho_books.books import Books
from connectors.zoho_books.demands import Demands
from connectors.zoho_books.expenses import could_be_expense
from connectors.zoho_books.schema_setup import TagRow

PURCHASES, JOURNAL = "Purchases", "Journal"
FIELDS_PAGE = "Settings > Preferences > {} > Field Customization"
TAGS_PAGE = "Settings > Reporting Tags"
PAGES = {
    "journal": "Manual Journals",
    "bill": "Bills",
    "vendor_credit": "Vendor Credits",
    "expense": "Expenses",
    "vendorpayment": "Payments Made",
    "contact": "Customers and Vendors",
}


class Demanded:
    """Checks of one organisation. May raise ConnectorErrors; safe to repeat."""

    def __init__(self, books: Books, demands: Demands) -> None:
        self.books = books
        self.demands = demands

    def findings(self, document: Document) -> Iterator[Finding]:
        entity = self._entity(document)
        if not isinstance(document, NewVendor):
            yield from self.location()
        yield from self.fields(entity)
        module = JOURNAL if entity == "journal" else PURCHASES
        for tag in self.demands.required_tags(module):
            yield from self._tag(tag, _lines(document, entity), PAGES[entity])

    def blamed(self, document: Document, refusal: str) -> Finding | None:
        """The mandatory tag that a refusal names and the document lacks, remembered for the module; None if it names
        none. Zoho's list of tags may not tell for which modules a tag is mandatory."""
        entity = self._entity(document)
        module = JOURNAL if entity == "journal" else PURCHASES
        for tag in self.demands.perhaps_required_tags(module):
            missing = next(self._tag(tag, _lines(document, entity), PAGES[entity]), None)
            if missing and tag.tag_name.casefold() in refusal.casefold():
                self.demands.learn_required(tag.tag_id, module)
                return missing
        return None

    def _entity(self, document: Document) -> str:
        if isinstance(document, NewVendor):
            return "contact"
        if isinstance(document, VendorBill):
            return "vendor_credit" if document.is_credit else "bill"
        if isinstance(document, Payment):
            return "vendorpayment"
        is_expense = self.demands.settings.card_purchases_as == "expense" and could_be_expense(document)
        return "expense" if is_expense else "journal"

    def location(self) -> Iterator[Finding]:
        rows, chosen = self.demands.locations(), self.demands.settings.location_id
        another = "Choose another as Location on the connection's page."
        if not rows:
            if chosen:
                said = "The organisation has no locations: empty the field Location on the connection's page."
                yield Finding("unknown_location", said, chosen)
            return
        row = rows.get(self.demands.location_id())
        if row is None and chosen:
            yield Finding("unknown_location", f"The organisation has no location {chosen}. {another}", chosen)
        elif row is None:
            usable = sum(one.is_usable for one in rows.values())
            mend = "choose one as Location on the connection's page" if usable else "add one under Settings > Locations"
            why = f"does not tell which of its {usable} is the primary one" if usable else "has none that takes any"
            said = f"Zoho wants a location on every document, and {why}: {mend}."
            yield Finding("missing_location", said, "")
        elif not row.is_usable:
            why = "is for lines alone" if row.type == "line_item_only" else "is inactive"
            yield Finding("inactive_location", f"The location {row.location_name} {why}. {another}", row.location_id)

    def fields(self, entity: str) -> Iterator[Finding]:
        for row in self.demands.required_fields(entity):
            name, page = row.label or row.api_name, FIELDS_PAGE.format(PAGES[entity])
            said = (
                f"Zoho requires the field {name} of {PAGES[entity]}, and no flow fills it: give it a default value or "
                f"make it optional in Zoho under {page}."
            )
            yield Finding("mandatory_field", said, row.api_name or row.id)

    def _tag(self, tag: TagRow, lines: list[Line], page: str) -> Iterator[Finding]:
        told = tag.multi_preference_entities
        if told and told.preference == "transaction":
            said = (
                f"Zoho requires the reporting tag {tag.tag_name} for whole documents of {page}; flows set tags on "
                f"lines. Have it set on line items, or make it optional, in Zoho under {TAGS_PAGE}."
            )
            yield Finding("missing_dimension", said, tag.tag_id)
            return
        bare = [one for one in lines if all(dimension.kind != tag.tag_id for dimension in one.dimensions)]
        if bare:
            accounts = ", ".join(dict.fromkeys(one.account.code or one.account.id for one in bare))
            said = (
                f"Zoho requires an option of the reporting tag {tag.tag_name} on every line of {page}; those on "
                f"{accounts} have none. Map it in the flow's rules, or make it optional in Zoho under {TAGS_PAGE}."
            )
            yield Finding("missing_dimension", said, tag.tag_id)


def _lines(document: Document, entity: str) -> list[Line]:
    """The lines that Zoho sees as such: an expense has none for the account it is paid through."""
    if isinstance(document, JournalEntry):
        return [one for one in document.lines if entity == "journal" or one.side is Side.DEBIT]
    return list(document.lines) if isinstance(document, VendorBill) else []
