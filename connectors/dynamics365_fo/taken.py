"""Which numbers of suppliers stand in Dynamics already? In the books, in invoice journals, and on pending invoices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connectors.base import Finding
from connectors.contents import plain_number
from connectors.documents import VendorBill
from connectors.dynamics365_fo.client import Query, chunks
from connectors.dynamics365_fo.dimensions import Formats
from connectors.dynamics365_fo.journals import INVOICE, invoice_number
from connectors.dynamics365_fo.literals import spread
from connectors.dynamics365_fo.schema_documents import (
    InvoiceLineRow,
    PendingInvoiceRow,
    PendingLineRow,
    VendorTransactionRow,
)

NUMBERS_ASKED = 10
PENDING_LINES = f"VendorInvoiceLine($select={PendingLineRow.selection()})"
Taken = dict[tuple[str, bool, str], str]
"""What bears a number, by vendor, direction and plain number."""


def number_questions(company: str, numbers: Iterable[str]) -> list[Query[Any]]:
    """Posted vendor transactions, lines of invoice journals and pending invoices whose number may be one of these,
    which are plain (`plain_number`); the answers hold more and are to be compared again."""
    queries: list[Query[Any]] = []
    for some in chunks(sorted(numbers), NUMBERS_ASKED):
        every = "(" + " or ".join(spread("Invoice", plain) for plain in some) + ")"
        queries.append(Query(VendorTransactionRow, company, every))
        queries.append(Query(InvoiceLineRow, company, every))
        waiting = "(" + " or ".join(spread("InvoiceNumber", plain) for plain in some) + ")"
        queries.append(Query(PendingInvoiceRow, company, waiting, PENDING_LINES))
    return queries


def taken_by(formats: Formats, rows: Iterable[object]) -> Taken:
    """Numbers of bills that stand already, by vendor and direction."""
    taken: Taken = {}
    for row in rows:
        if isinstance(row, VendorTransactionRow) and row.invoice and row.amount_cur:
            slot = (row.account_num.lower(), row.amount_cur > 0, plain_number(row.invoice))
            # what was a pending invoice was booked through no journal
            taken[slot] = f"{INVOICE.word}:{row.journal_num}" if row.journal_num else f"voucher:{row.voucher}"
        elif isinstance(row, InvoiceLineRow) and row.account_type == "Vend" and row.invoice:
            vendor = ("".join(formats.segments(row.account_display_value))).lower()
            slot = (vendor, row.debit_amount > 0, plain_number(row.invoice))
            taken[slot] = f"{INVOICE.word}:{row.journal_batch_number}"
        elif isinstance(row, PendingInvoiceRow) and row.invoice_number:
            is_credit = sum(one.net_amount for one in row.lines) < 0
            slot = (row.invoice_account.lower(), is_credit, plain_number(row.invoice_number))
            taken[slot] = f"pending:{row.header_reference}"
    return taken


def duplicate(bill: VendorBill, taken: Taken, seen: set[tuple[str, bool, str]]) -> list[Finding]:
    """The same number of the same vendor again (rule G21)."""
    slot = (bill.partner.id.lower(), bill.is_credit, plain_number(invoice_number(bill)))
    if not slot[2]:
        return []
    if there := taken.get(slot):
        return [Finding("duplicate_reference", f"{there} already has the number {invoice_number(bill)}.", there)]
    if slot in seen:
        return [Finding("duplicate_reference", f"Two bills of this batch have the number {invoice_number(bill)}.", "")]
    seen.add(slot)
    return []
