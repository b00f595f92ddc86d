"""Which bills of a supplier's number stand in Dynamics already? Booked, in invoice journals, or pending; not ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from connectors.base import StandingBill
from connectors.contents import plain_number
from connectors.documents import Account, Partner, Role
from connectors.dynamics365_fo.accounts import VENDOR
from connectors.dynamics365_fo.desk import Desk
from connectors.dynamics365_fo.journals import INVOICE, LONGEST
from connectors.dynamics365_fo.schema_documents import InvoiceLineRow, PendingInvoiceRow, VendorTransactionRow
from connectors.dynamics365_fo.stamps import is_stamp
from connectors.dynamics365_fo.taken import unowned_questions
from connectors.money import Money, MoneyError, minor_unit

PAYABLE = Account(Role.AP, VENDOR, "Vendor")


def standing_bills(desk: Desk, numbers: Sequence[str]) -> list[StandingBill]:
    """Bills and credits born in Dynamics under one of these numbers but for case, spaces and punctuation. One call for
    all; one more where something was found. Raises ConnectorErrors."""
    wanted = _as_typed(numbers)
    if not wanted:
        return []
    typed = {text for number in numbers for text in (number.strip(), number.strip()[: LONGEST["invoice"]])}
    answers = desk.books.prepare(also=unowned_questions(desk.books, typed | wanted.keys()))
    rows = [row for some in answers for row in some]
    rows = list({_identity(row): row for row in rows}.values())
    booked = [row for row in rows if isinstance(row, VendorTransactionRow) and _is_bill(row)]
    ours = {row.journal_num for row in booked if is_stamp(row.document_num.lower())}
    bills = [bill for row in booked if row.journal_num not in ours and (bill := _transaction(row))]
    in_books = {row.journal_num for row in booked}
    slots = {(row.account_num.lower(), plain_number(row.invoice)) for row in booked}
    for row in rows:
        if isinstance(row, InvoiceLineRow):
            is_theirs = row.account_type == "Vend" and not is_stamp(row.document.lower())
            if is_theirs and row.journal_batch_number not in in_books and (bill := _journal_line(desk, row)):
                bills.append(bill)
        elif isinstance(row, PendingInvoiceRow):
            slot = (row.invoice_account.lower(), plain_number(row.invoice_number))
            is_ours = is_stamp(row.document_number.lower())
            if slot not in slots and not is_ours and (bill := _waiting(row)):
                bills.append(bill)
    named = _named(desk, [bill for bill in bills if plain_number(bill.number) in wanted])
    return [replace(bill, number=wanted[plain_number(bill.number)] or bill.number) for bill in named]


def _as_typed(numbers: Sequence[str]) -> dict[str, str]:
    """What people may have typed for a supplier's number, plainly: the whole, or, with the number that it is meant for,
    as much of it as there is room for."""
    whole = {plain: number.strip() for number in numbers if (plain := plain_number(number))}
    parts = {plain_number(number[: LONGEST["invoice"]]): number for number in whole.values()}
    return parts | dict.fromkeys(whole, "")


def _identity(row: object) -> tuple[object, ...]:
    """What makes two rows the same one: a number is asked for in two ways."""
    if isinstance(row, VendorTransactionRow):
        return type(row), row.source_key
    if isinstance(row, InvoiceLineRow):
        return type(row), row.journal_batch_number, row.line_number
    return type(row), getattr(row, "header_reference", "")


def _is_bill(row: VendorTransactionRow) -> bool:
    return bool(row.invoice)


def _transaction(row: VendorTransactionRow) -> StandingBill | None:
    left = row.amount_cur - row.settle_amount_cur
    return _bill(
        f"transaction:{row.source_key}", row.invoice, row.account_num, -row.amount_cur, -left, row.currency_code
    )


def _journal_line(desk: Desk, row: InvoiceLineRow) -> StandingBill | None:
    vendor = "".join(desk.books.formats.segments(row.account_display_value))
    amount = row.credit_amount - row.debit_amount
    ledger_id = f"{INVOICE.word}:{row.journal_batch_number}"
    return _bill(ledger_id, row.invoice, vendor, amount, amount, row.currency_code, is_draft=True)


def _waiting(row: PendingInvoiceRow) -> StandingBill | None:
    amount = sum((line.net_amount for line in row.lines), Decimal(0))
    ledger_id = f"pending:{row.header_reference}"
    return _bill(ledger_id, row.invoice_number, row.invoice_account, amount, amount, row.currency, is_draft=True)


def _bill(
    ledger_id: str, number: str, vendor: str, amount: Decimal, left: Decimal, currency: str, *, is_draft: bool = False
) -> StandingBill | None:
    """None for one in a currency that a company made up (RMB): no document of ours can settle it."""
    try:
        unit = minor_unit(currency)
    except MoneyError:
        return None
    total, open_amount = Money(amount.quantize(unit), currency), Money(left.quantize(unit), currency)
    return StandingBill(ledger_id, number, Partner(vendor), PAYABLE, total, open_amount, is_draft=is_draft)


def _named(desk: Desk, bills: Sequence[StandingBill]) -> list[StandingBill]:
    """With the names of the vendors."""
    if not bills:
        return []
    desk.books.prepare(vendors={bill.partner.id for bill in bills})
    named = []
    for bill in bills:
        vendor = desk.books.vendor(bill.partner.id)
        partner = Partner(bill.partner.id, vendor.name if vendor else "")
        named.append(
            StandingBill(
                bill.ledger_id, bill.number, partner, bill.payable, bill.total, bill.open_amount, is_draft=bill.is_draft
            )
        )
    return named
