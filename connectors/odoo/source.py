"""What does Odoo tell us? Its vendors, changed since a moment, for the sources that keep a list of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
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
from connectors.odoo.client import OdooClient
from connectors.odoo.ledger import database_identity
from connectors.odoo.reference import reference_items
from connectors.odoo.schema import VendorRow
from connectors.odoo.verify import verify_connection
from connectors.records import Family, Record, RecordKind, VendorRecord

PAGE = 500
VENDORS = StreamSpec(
    key="vendors",
    label="Vendors",
    families=(Family.REFERENCE,),
    kinds=(RecordKind.VENDOR,),
    reading="changed",
    # `write_date` is the start of the writing transaction: a slow one commits later with an older date, and a mark
    # without overlap loses its rows (observed on Odoo 19.0).
    overlap=timedelta(minutes=10),
    # Posting a bill counts up its vendor's rank and so touches `write_date`: a change that says nothing.
    volatile=("item.write_date", "item.supplier_rank"),
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
    for key, label in (("accounts", "GL accounts"), ("cost_centres", "Cost centres (analytic accounts)"))
)
STREAMS: Mapping[str, StreamSpec] = {spec.key: spec for spec in (VENDORS, *LISTS)}


class OdooSource:
    """Vendors of one database. Reads may raise ConnectorErrors and are safe to repeat; nothing is written."""

    def __init__(self, context: ConnectionContext) -> None:
        self.client = OdooClient(context)

    def read(self, stream: str, window: Window) -> Iterator[list[Item]]:
        """Vendors written in the window, the archived ones too, by pages in order of ids.

        Only `>=` and `<` compare alike in all versions; a moment is sent without fraction or zone."""
        _check(stream)
        domain: list[list[Any]] = [["supplier_rank", ">", 0], ["write_date", "<", _text(_next_second(window.until))]]
        if window.since:
            domain.append(["write_date", ">=", _text(window.since)])
        for page in self.client.pages(VendorRow, domain, is_archived_too=True, size=PAGE):
            yield [_item(row) for row in page]

    def fetch(self, stream: str, external_ids: Sequence[str]) -> list[Item]:
        _check(stream)
        ids = sorted({int(one) for one in external_ids if one.isdigit()})
        if not ids:
            return []
        return [_item(row) for row in self.client.rows(VendorRow, [["id", "in", ids]], is_archived_too=True)]

    def tell(self, stream: str, results: Sequence[ExportResult]) -> list[TellOutcome]:
        """Odoo is not told anything about its own vendors: all are told already."""
        return [TellOutcome(one.external_id, "already") for one in results]

    def receipts_many(self, stream: str, external_ids: Sequence[str]) -> Iterator[tuple[str, ReceiptFile]]:
        return iter(())

    def reference(self, kind: str) -> Iterator[ReferenceItem]:
        return reference_items(self.client, kind)

    def push(self, kind: str, values: Sequence[ReferenceItem]) -> Mapping[str, int]:
        raise UnsupportedError(f"Odoo's list of {kind} is kept in Odoo.")

    def verify(self) -> list[Check]:
        return verify_connection(self.client)

    def identity(self) -> str:
        return database_identity(self.client)

    def unavailable_streams(self) -> Mapping[str, str]:
        return {}


def parse(stream: str, payload: Mapping[str, Any]) -> Record:
    """A vendor out of a stored payload. Raises PayloadError."""
    _check(stream)
    try:
        row = VendorRow.model_validate(payload["item"])
    except (ValueError, KeyError, TypeError) as error:
        raise PayloadError("This is not a partner of Odoo.", detail=str(error)) from error
    return VendorRecord(
        stream=stream,
        external_id=str(row.id),
        name=row.name,
        email=row.email,
        phone=row.phone,
        tax_id=row.vat,
        is_active=row.active,
    )


def _item(row: VendorRow) -> Item:
    return Item(str(row.id), {"item": row.model_dump(mode="json"), "lookups": {}})


def _check(stream: str) -> None:
    if stream != VENDORS.key:
        raise UnsupportedError(f"Odoo has no records of {stream}.")


def _next_second(moment: datetime) -> datetime:
    """Conditions compare whole seconds: what was written in the second of `until` belongs to the window too, and is
    read again by the next one."""
    return moment.replace(microsecond=0) + timedelta(seconds=1)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
