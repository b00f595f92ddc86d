"""Does Dynamics hold what we sent? Dates, currency, rate, number and every sum by account and vendor are compared.

Company amounts are not: Dynamics makes them itself, and tells them in the posted voucher only. What the rates of lines
come to is compared apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal

from connectors.base import Finding
from connectors.contents import Posted
from connectors.documents import Line, Payment, VendorBill
from connectors.dynamics365_fo.accounts import Target, target, target_of
from connectors.dynamics365_fo.dimensions import Formats
from connectors.dynamics365_fo.journals import invoice_number
from connectors.dynamics365_fo.literals import day_of
from connectors.dynamics365_fo.schema_documents import InvoiceLineRow, JournalRow, LineRow
from connectors.records import Side

Key = tuple[str, tuple[str, ...]]
Sums = dict[Key, Decimal]


def differences(
    document: Posted, header: JournalRow, lines: Iterable[LineRow], formats: Formats
) -> tuple[Finding, ...]:
    """What of a journal reads otherwise than it was sent: nothing, or one finding per difference."""
    rows = list(lines)
    return (
        *_header(document, header),
        *_lines(document, rows),
        *_sums(document, rows, formats),
    )


def total(lines: Iterable[LineRow], *, vendor_only: bool = False) -> Decimal:
    """What a journal of ours moves: its lines with an offset in full, of the others the debits."""
    moved = Decimal(0)
    for row in lines:
        if vendor_only and row.account_type != "Vend":
            continue
        moved += row.debit_amount + (row.credit_amount if vendor_only or row.offset_account_display_value else 0)
    return moved


def _header(document: Posted, header: JournalRow) -> Iterator[Finding]:
    if header.journal_name.lower() != document.journal.lower():
        yield _altered("journal", document.journal, header.journal_name)


def _lines(document: Posted, rows: list[LineRow]) -> Iterator[Finding]:
    days = {day_of(row.trans_date) for row in rows}
    for day in sorted(days - {document.posting_date}, key=str):
        yield Finding("date_moved", f"Sent for {document.posting_date}, stands on {day}.", str(day))
    for code in sorted({row.currency_code for row in rows} - {document.currency}):
        yield _altered("currency", document.currency, code)
    if any(row.sales_tax_group and row.item_sales_tax_group for row in rows):
        yield _altered("sales tax", "none", "a tax group that Dynamics or somebody added")
    if isinstance(document, VendorBill):
        yield from _bill(document, rows)


def _bill(bill: VendorBill, rows: list[LineRow]) -> Iterator[Finding]:
    if len({row.voucher for row in rows if not row.offset_account_display_value}) > 1:
        yield _altered("vouchers", "one", "several: the lines do not balance by themselves")
    for row in rows:
        if row.account_type != "Vend" or not isinstance(row, InvoiceLineRow):
            continue
        facts = (
            ("number", invoice_number(bill), row.invoice),
            ("document date", bill.document_date, day_of(row.invoice_date)),
            ("due date", bill.due_on, day_of(row.due_date)),
        )
        yield from (_altered(name, sent, read) for name, sent, read in facts if sent != read)


def _sums(document: Posted, rows: list[LineRow], formats: Formats) -> Iterator[Finding]:
    sent, read = _wanted(document, formats), _read(rows, formats)
    for key in sorted(sent.keys() | read.keys()):
        wanted, there = sent.get(key, Decimal(0)), read.get(key, Decimal(0))
        if wanted != there:
            yield _altered(f"{document.currency} on {key[0]} {formats.delimiter.join(key[1])}", wanted, there)


def _wanted(document: Posted, formats: Formats) -> Sums:
    sums: Sums = defaultdict(Decimal)
    if isinstance(document, Payment):
        sign = -1 if document.is_refund else 1
        vendor = target(formats, document.payable, document.partner, ())
        sums[_key(vendor, formats)] += sign * document.amount
        sums[_key(target(formats, document.money, document.partner, ()), formats)] -= sign * document.amount
        return sums
    for line in document.lines:
        sums[_key(target_of(formats, line), formats)] += _signed(line)
    if isinstance(document, VendorBill):
        vendor = target(formats, document.payable, document.partner, ())
        sums[_key(vendor, formats)] -= -document.total.amount if document.is_credit else document.total.amount
    return sums


def _read(rows: list[LineRow], formats: Formats) -> Sums:
    sums: Sums = defaultdict(Decimal)
    for row in rows:
        amount = row.debit_amount - row.credit_amount
        sums[_key(Target(row.account_type, row.account_display_value), formats)] += amount
        if row.offset_account_display_value:
            offset = Target(row.offset_account_type, row.offset_account_display_value)
            sums[_key(offset, formats)] -= amount
    return sums


def _key(account: Target, formats: Formats) -> Key:
    return account.type, tuple(part.lower() for part in formats.segments(account.account))


def _signed(line: Line) -> Decimal:
    return line.amount if line.side is Side.DEBIT else -line.amount


def _altered(what: str, sent: object, read: object) -> Finding:
    return Finding("document_altered", f"The {what} reads {read}, sent was {sent}.", what)
