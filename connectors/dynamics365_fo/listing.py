"""Which documents of ours does this company hold? Page by page, told by their marks.

Journals bear no time of change, so every listing is one of all; a mark in *Integration key* lets Dynamics choose, one
in a description does not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from connectors.base import Stamped
from connectors.dynamics365_fo.client import Query
from connectors.dynamics365_fo.desk import Desk
from connectors.dynamics365_fo.invoices import INVOICE_ID
from connectors.dynamics365_fo.journals import GENERAL, INVOICE, PAYMENT, SHAPES, Shape
from connectors.dynamics365_fo.literals import day_of
from connectors.dynamics365_fo.lookup import Journal
from connectors.dynamics365_fo.readback import total
from connectors.dynamics365_fo.schema import VendorRow
from connectors.dynamics365_fo.schema_documents import JournalRow, PendingInvoiceRow, PostedInvoiceRow
from connectors.dynamics365_fo.stamps import is_stamp
from connectors.dynamics365_fo.taken import PENDING_LINES
from connectors.dynamics365_fo.vouchers import posting_days
from connectors.errors import ConfigurationError
from connectors.money import Money, minor_unit


def list_stamped(desk: Desk) -> Iterator[list[Stamped]]:
    """Every journal and created vendor with a mark of ours. Raises ConnectorErrors; safe to repeat."""
    for shape in (*SHAPES, PAYMENT):
        for page in _pages(desk, shape):
            some = [_stamped(shape, row) for row in page if is_stamp(_mark(row))]
            if some:
                yield some
    for rows in desk.client.pages(Query(PendingInvoiceRow, desk.company, "DocumentNumber ne ''", PENDING_LINES)):
        waiting = [_waiting(row) for row in rows if is_stamp(row.document_number.lower())]
        if waiting:
            yield waiting
    for posted in desk.client.pages(Query(PostedInvoiceRow, desk.company, "DocumentNum ne ''")):
        ours = [row for row in posted if is_stamp(row.document_num.lower())]
        days = posting_days(desk.books, [row.ledger_voucher for row in ours])
        booked = [_booked(row, days.get(row.ledger_voucher)) for row in ours]
        if booked:
            yield booked
    for vendors in desk.client.pages(Query(desk.books.vendor_set(), desk.company, "OurAccountNumber ne ''")):
        made = [_vendor(row) for row in vendors if is_stamp(row.our_account_number.lower())]
        if made:
            yield made


def _pages(desk: Desk, shape: Shape) -> Iterator[list[JournalRow]]:
    """Not every environment has vendor payment journals, nor has every user a right to them."""
    try:
        yield from desk.client.pages(_question(desk, shape))
    except ConfigurationError:
        if shape in SHAPES:
            raise


def _question(desk: Desk, shape: Shape) -> Query[JournalRow]:
    has_key = shape.has_key and desk.books.has_integration_key
    return Query(
        shape.header,
        desk.company,
        "IntegrationKey ne ''" if has_key and desk.books.keeps_integration_key else "",
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
