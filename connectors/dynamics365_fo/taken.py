"""Which numbers of suppliers stand in Dynamics already? In the books, in invoice journals, and on pending invoices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from connectors.base import Finding
from connectors.contents import plain_number
from connectors.documents import VendorBill
from connectors.dynamics365_fo.books import Books
from connectors.dynamics365_fo.client import Query, chunks
from connectors.dynamics365_fo.dimensions import Formats
from connectors.dynamics365_fo.journals import INVOICE, invoice_number
from connectors.dynamics365_fo.literals import equals, is_filterable, is_member, one_of, spread
from connectors.dynamics365_fo.schema_documents import (
    InvoiceLineRow,
    PendingInvoiceRow,
    PendingLineRow,
    VendorTransactionRow,
)

NUMBERS_ASKED = 10
SHORTEST = 4  # letters and digits: a shorter number between wildcards is in most of what a company ever booked
MOST = 500  # rows that one question may answer where no vendor narrows it
OF_VENDORS = is_member("AccountType", "LedgerJournalACType", "Vend")
PENDING_LINES = f"VendorInvoiceLine($select={PendingLineRow.selection()})"
Taken = dict[tuple[str, bool, str], str]
"""What bears a number, by vendor, direction and plain number."""


def number_questions(books: Books, numbers: Iterable[tuple[str, str]]) -> list[Query[Any]]:
    """What of a vendor bears a number: his posted transactions, lines of invoice journals and pending invoices, as far
    as they are shown. `numbers` are vendors with plain numbers (`plain_number`); the answers hold more and are to be
    compared again."""
    queries: list[Query[Any]] = []
    for some in chunks(sorted(one for one in numbers if is_filterable(one[0])), NUMBERS_ASKED):
        lines = _any(spread("Invoice", plain) for plain in dict.fromkeys(plain for _, plain in some))
        queries += _shown(
            books,
            _any(f"({equals('AccountNum', vendor)} and {spread('Invoice', plain)})" for vendor, plain in some),
            f"{OF_VENDORS} and {lines}",
            _any(
                f"({equals('InvoiceAccount', vendor)} and {spread('InvoiceNumber', plain)})" for vendor, plain in some
            ),
        )
    return queries


def unowned_questions(books: Books, numbers: Iterable[str]) -> list[Query[Any]]:
    """The same for numbers as people typed them, of whatever vendor. Each is looked for as it is, and, if it is long
    enough to mean something, however it is punctuated: the first answers of those."""
    queries: list[Query[Any]] = []
    for some in chunks(sorted(one for one in numbers if is_filterable(one)), NUMBERS_ASKED):
        exact, waiting = one_of("Invoice", some), one_of("InvoiceNumber", some)
        queries += _shown(books, exact, f"{OF_VENDORS} and {exact}", waiting)
    plain = {plain for one in numbers if len(plain := plain_number(one)) >= SHORTEST}
    for some in chunks(sorted(plain), NUMBERS_ASKED):
        like, waiting = (_any(spread(field, one) for one in some) for field in ("Invoice", "InvoiceNumber"))
        queries += [replace(one, top=MOST) for one in _shown(books, like, f"{OF_VENDORS} and {like}", waiting)]
    return queries


def _any(conditions: Iterable[str]) -> str:
    return "(" + " or ".join(conditions) + ")"


def _shown(books: Books, transactions: str, lines: str, waiting: str) -> list[Query[Any]]:
    """The questions to those sets that are shown; preflight says which are not, and holds what needs them."""
    every: list[Query[Any]] = [
        Query(VendorTransactionRow, books.company, transactions),
        Query(InvoiceLineRow, books.company, lines),
        Query(PendingInvoiceRow, books.company, waiting, PENDING_LINES),
    ]
    return [one for one in every if books.why_hidden(one.row) is None]


def taken_by(formats: Formats, rows: Iterable[object]) -> Taken:
    """Numbers of bills that stand already, by vendor and direction."""
    taken: Taken = {}
    for row in rows:
        if isinstance(row, VendorTransactionRow) and row.invoice and row.amount_cur:
            slot = (row.account_num.lower(), row.amount_cur > 0, plain_number(row.invoice))
            # What was a pending invoice stands in no journal.
            taken[slot] = f"{INVOICE.word}:{row.journal_num}" if row.journal_num else f"transaction:{row.source_key}"
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
    slot = (bill.partner.id.rstrip().lower(), bill.is_credit, plain_number(invoice_number(bill)))
    if not slot[2]:
        return []
    if there := taken.get(slot):
        return [Finding("duplicate_reference", f"{there} already has the number {invoice_number(bill)}.", there)]
    if slot in seen:
        return [Finding("duplicate_reference", f"Two bills of this batch have the number {invoice_number(bill)}.", "")]
    seen.add(slot)
    return []
