"""What does Zoho tell us? Its vendors, changed since a moment, and the lists that sources keep of accounts and tags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from connectors.base import (
    Check,
    ConnectionContext,
    ExportResult,
    Item,
    ReceiptFile,
    ReferenceItem,
    StreamSpec,
    TellOutcome,
    Window,
)
from connectors.errors import PayloadError, UnsupportedError
from connectors.records import Family, Record, RecordKind, VendorRecord
from connectors.zoho_books.client import ZohoClient, one
from connectors.zoho_books.desk import Desk
from connectors.zoho_books.errors import MissingError
from connectors.zoho_books.reference import reference_items
from connectors.zoho_books.schema import ContactRow, moment_of
from connectors.zoho_books.verify import verify_source

VENDORS = StreamSpec(
    key="vendors",
    label="Vendors",
    families=(Family.REFERENCE,),
    kinds=(RecordKind.VENDOR,),
    reading="changed",
    overlap=timedelta(minutes=10),
    poll_every=timedelta(hours=1),  # a call each, out of the organisation's day; webhooks tell sooner
    volatile=("item.last_modified_time",),
    ids_are_global=False,
    key_word="vendor",
    is_reference=True,
)
LISTS = tuple(
    StreamSpec(
        key=key,
        label=label,
        families=(Family.REFERENCE,),
        kinds=(),
        reading="listed",
        overlap=timedelta(0),
        poll_every=timedelta(hours=1),
        ids_are_global=False,
        is_reference=True,
    )
    for key, label in (("accounts", "GL accounts"), ("cost_centres", "Cost centres (reporting tags)"))
)
STREAMS: Mapping[str, StreamSpec] = {spec.key: spec for spec in (VENDORS, *LISTS)}


class ZohoSource:
    """Vendors of one organisation. Reads may raise ConnectorErrors and are safe to repeat; nothing is written."""

    def __init__(self, context: ConnectionContext) -> None:
        self.client = ZohoClient(context)

    def read(self, stream: str, window: Window) -> Iterator[list[Item]]:
        """Vendors changed in the window, the latest first: contacts have no filter by change, only an order.

        Who is changed while pages are read comes to the front and pushes others back, so none is passed over."""
        _check(stream)
        self.client.spare()
        params: dict[str, Any] = {"contact_type": "vendor", "filter_by": "Status.All"}
        params |= {"sort_column": "last_modified_time", "sort_order": "D"}
        for page in self.client.pages(ContactRow, self.client.company, "/contacts", "contacts", **params):
            known = [(row, moment_of(row.last_modified_time)) for row in page]
            fresh = [row for row, at in known if at is None or window.since is None or at >= window.since]
            yield [_item(row) for row in fresh if row.is_vendor]
            if len(fresh) < len(page):
                return

    def fetch(self, stream: str, external_ids: Sequence[str]) -> list[Item]:
        """A call each: Zoho gives contacts by id one at a time."""
        _check(stream)
        found = []
        for contact_id in dict.fromkeys(external_ids):
            if not contact_id.isdigit():
                continue
            try:
                row = one(ContactRow, self.client.get(self.client.company, f"/contacts/{contact_id}"), "contact")
            except MissingError:
                continue
            if row.is_vendor:
                found.append(_item(row))
        return found

    def tell(self, stream: str, results: Sequence[ExportResult]) -> list[TellOutcome]:
        """Zoho is not told anything about its own vendors: all are told already."""
        return [TellOutcome(result.external_id, "already") for result in results]

    def receipts_many(self, stream: str, external_ids: Sequence[str]) -> Iterator[tuple[str, ReceiptFile]]:
        return iter(())

    def reference(self, kind: str) -> Iterator[ReferenceItem]:
        return reference_items(Desk(self.client, self.client.company), kind)

    def push(self, kind: str, values: Sequence[ReferenceItem]) -> Mapping[str, int]:
        raise UnsupportedError(f"Zoho's list of {kind} is kept in Zoho.")

    def verify(self) -> list[Check]:
        return verify_source(self.client)

    def identity(self) -> str:
        return self.client.organization().organization_id

    def unavailable_streams(self) -> Mapping[str, str]:
        return {}


def parse(stream: str, payload: Mapping[str, Any]) -> Record:
    """A vendor out of a stored payload. Raises PayloadError."""
    _check(stream)
    try:
        row = ContactRow.model_validate(payload["item"])
    except (ValueError, KeyError, TypeError) as error:
        raise PayloadError("This is not a contact of Zoho.", detail=str(error)) from error
    return VendorRecord(
        stream=stream,
        external_id=row.contact_id,
        name=row.contact_name,
        email=row.email,
        phone=row.phone,
        is_active=row.status != "inactive",
    )


def _item(row: ContactRow) -> Item:
    """The same fields from a list and from a contact read alone, or each reading would be a new version."""
    kept = {"contact_id", "contact_name", "contact_type", "status", "last_modified_time"}
    item = {**row.model_dump(mode="json", include=kept), "email": row.person.email, "phone": row.person.phone}
    return Item(row.contact_id, {"item": item, "lookups": {}})


def _check(stream: str) -> None:
    if stream != VENDORS.key:
        raise UnsupportedError(f"Zoho Books has no records of {stream}.")
