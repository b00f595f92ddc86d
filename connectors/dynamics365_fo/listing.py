"""Which documents of ours does this company hold? Page by page, told by their marks.

Journals bear no time of change, so every listing is one of all that bear a mark, as Dynamics chooses them
(https://learn.microsoft.com/en-us/dynamics365/fin-ops-core/dev-itpro/data-entities/odata#filter-details)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from operator import attrgetter
from typing import TypeVar

from connectors.base import Stamped
from connectors.dynamics365_fo.client import Query
from connectors.dynamics365_fo.desk import Desk
from connectors.dynamics365_fo.invoices import INVOICE_ID
from connectors.dynamics365_fo.journals import GENERAL, INVOICE, PAYMENT, Shape
from connectors.dynamics365_fo.literals import day_of
from connectors.dynamics365_fo.lookup import Journal
from connectors.dynamics365_fo.readback import total
from connectors.dynamics365_fo.rights import BILL_SETS
from connectors.dynamics365_fo.schema import Row, VendorRow
from connectors.dynamics365_fo.schema_documents import (
    JournalRow,
    PaymentJournalRow,
    PaymentLineRow,
    PendingInvoiceRow,
    PendingLineRow,
    PostedInvoiceRow,
)
from connectors.dynamics365_fo.stamps import WORDS, is_stamp
from connectors.dynamics365_fo.taken import PENDING_LINES
from connectors.dynamics365_fo.vouchers import posting_days
from connectors.money import Money, minor_unit

PAGE = 500
PATIENCE = 150.0  # seconds for a page: nothing tells how fast an environment searches by a mark
R = TypeVar("R", bound=Row)


def list_stamped(desk: Desk) -> Iterator[list[Stamped]]:
    """Every journal, invoice and created vendor with a mark of ours, in the sets that are shown (`unlisted` tells of
    which kinds that is not all). Raises ConnectorErrors; safe to repeat."""
    for shape in (GENERAL, *(one for one in (INVOICE, PAYMENT) if _is_shown(desk, one.header, one.line))):
        for journals in _ours(desk, _question(desk, shape), _mark):
            yield [_stamped(shape, row) for row in journals]
    if _is_shown(desk, PendingInvoiceRow, PendingLineRow):
        waiting = Query(PendingInvoiceRow, desk.company, marked("DocumentNumber"), PENDING_LINES)
        for invoices in _ours(desk, waiting, attrgetter("document_number")):
            yield [_waiting(row) for row in invoices]
    if _is_shown(desk, PostedInvoiceRow):
        booked = Query(PostedInvoiceRow, desk.company, marked("DocumentNum"))
        for rows in _ours(desk, booked, attrgetter("document_num")):
            days = posting_days(desk.books, [row.ledger_voucher for row in rows])
            yield [_booked(row, days.get(row.ledger_voucher)) for row in rows]
    if (kind := desk.books.vendors_shown()) is not None:
        vendors = Query(kind, desk.company, marked("OurAccountNumber"))
        for made in _ours(desk, vendors, attrgetter("our_account_number")):
            yield [_vendor(row) for row in made]


def unlisted(desk: Desk) -> frozenset[str]:
    """Types of documents of which a listing may not show all, as the mapped user does not see where they stand."""
    sets: dict[str, tuple[type[Row], ...]] = {
        "vendor_bill": BILL_SETS[desk.client.settings.invoice_pattern],
        "payment": (PaymentJournalRow, PaymentLineRow),
    }
    return frozenset(kind for kind, rows in sets.items() if not _is_shown(desk, *rows))


def _is_shown(desk: Desk, *rows: type[Row]) -> bool:
    return all(desk.books.why_hidden(row) is None for row in rows)


def marked(field: str) -> str:
    """Whatever bears a mark of ours in a field: the wildcard is ours, after a word of ours, and meant. Every hit is
    looked at again, as others may begin a text with the same word."""
    return "(" + " or ".join(f"{field} eq '{word}-*'" for word in WORDS) + ")"


def _ours(desk: Desk, query: Query[R], mark: Callable[[R], str]) -> Iterator[list[R]]:
    for page in _pages(desk, query):
        if some := [row for row in page if is_stamp(mark(row).lower())]:
            yield some


def _pages(desk: Desk, query: Query[R]) -> Iterator[list[R]]:
    """In pages of our own size: a journal comes with its lines, and the server's own page of 10,000 could be more than
    one answer may hold."""
    at = 0
    while True:
        page = desk.client.rows(replace(query, top=PAGE, skip=at), patience=PATIENCE)
        yield page
        if len(page) < PAGE:
            return
        at += PAGE


def _question(desk: Desk, shape: Shape) -> Query[JournalRow]:
    has_key = shape.has_key and desk.books.has_integration_key
    return Query(
        shape.header,
        desk.company,
        f"({marked('IntegrationKey')} or {marked('Description')})" if has_key else marked("Description"),
        f"{shape.header.line_set}($select={shape.line.selection()})",
        leaves_out=() if has_key else ("IntegrationKey",),
    )


def _mark(row: JournalRow) -> str:
    return (row.integration_key or row.description).lower()


def _stamped(shape: Shape, row: JournalRow) -> Stamped:
    journal = Journal(shape, row, row.lines)
    stamp, first = _mark(row), row.lines[0] if row.lines else None
    amount = total(row.lines, vendor_only=shape is INVOICE)
    return Stamped(
        stamp=stamp,
        ledger_id=journal.id,
        state="posted" if journal.is_posted else "draft",
        posting_date=day_of(first.trans_date) if first else None,
        total=Money(amount.quantize(minor_unit(first.currency_code)), first.currency_code) if first else None,
        number=row.journal_batch_number,
        type=_type(journal, stamp),
    )


def _type(journal: Journal, stamp: str) -> str:
    if journal.shape is not GENERAL:
        return "vendor_bill" if journal.shape is INVOICE else "payment"
    is_payment = any(row.payment_reference.lower() == stamp for row in journal.lines)
    return "payment" if is_payment else "journal_entry"


def _waiting(row: PendingInvoiceRow) -> Stamped:
    stamp = row.document_number.lower()
    amount = abs(sum((line.net_amount for line in row.lines), Decimal(0))).quantize(minor_unit(row.currency))
    money = Money(amount, row.currency)
    return Stamped(stamp, f"{INVOICE_ID}{stamp}", "draft", day_of(row.date), money, row.header_reference, "vendor_bill")


def _booked(row: PostedInvoiceRow, day: date | None) -> Stamped:
    stamp = row.document_num.lower()
    money = Money(abs(row.invoice_amount).quantize(minor_unit(row.currency_code)), row.currency_code)
    return Stamped(stamp, f"{INVOICE_ID}{stamp}", "posted", day, money, row.ledger_voucher, "vendor_bill")


def _vendor(row: VendorRow) -> Stamped:
    number = row.vendor_account_number
    return Stamped(row.our_account_number.lower(), number, "posted", None, None, number, "new_vendor")
