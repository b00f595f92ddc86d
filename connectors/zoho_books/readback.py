"""Does Zoho hold what we sent? Every header field and every sum by account, contact and tags is compared.

Zoho drops a field that it does not know, or that the edition does not take, and answers success all the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from connectors.base import Finding
from connectors.documents import JournalEntry, Line, Payment, VendorBill
from connectors.money import minor_unit
from connectors.records import Side
from connectors.zoho_books.schema import BillLine, BillRow, CreditRow, JournalRow, LineTag, PaymentRow

Key = tuple[str, str, frozenset[tuple[str, str]]]
Sums = dict[Key, tuple[Decimal, Decimal]]
NOTHING = (Decimal(0), Decimal(0))


def journal_differences(entry: JournalEntry, row: JournalRow, currency_id: str) -> tuple[Finding, ...]:
    """What of a journal reads otherwise than it was sent: nothing, or one finding per difference.

    In foreign currency Zoho rounds the company amount of each line itself, so each may differ by a minor unit."""
    found = [*_date(entry.posting_date, row.journal_date)]
    if row.currency_id != currency_id:
        found.append(_altered("currency", currency_id, row.currency_id))
    wanted: Sums = defaultdict(lambda: NOTHING)
    for line in entry.lines:
        partner = line.partner.id if line.partner else ""
        _add(wanted, (line.account.id, partner, _dimensions(line)), _signed(line))
    read: Sums = defaultdict(lambda: NOTHING)
    for item in row.line_items:
        sign = 1 if item.debit_or_credit is Side.DEBIT else -1
        company = item.bcy_amount or item.amount * row.exchange_rate
        _add(read, (item.account_id, item.customer_id, _tags(item.tags)), (sign * item.amount, sign * company))
    return (*found, *_sums(wanted, read, entry))


def bill_differences(bill: VendorBill, row: BillRow | CreditRow, currency_id: str) -> tuple[Finding, ...]:
    """The same of a bill or credit, with its total; partners stand on its head."""
    found = [*_date(bill.posting_date, row.date)]
    number = row.bill_number if isinstance(row, BillRow) else row.vendor_credit_number
    facts: list[tuple[str, object, object]] = [
        ("vendor", bill.partner.id, row.vendor_id),
        ("number", bill.own_number.strip(), number.strip()),
        ("currency", currency_id, row.currency_id),
        ("total", bill.total.amount, _money(row.total, bill.currency)),
    ]
    if isinstance(row, BillRow):
        facts.append(("due date", max(bill.due_on, bill.posting_date), row.due_date))
        if row.account_id:
            facts.append(("payable account", bill.payable.id, row.account_id))
    found += [_altered(name, sent, read) for name, sent, read in facts if sent != read]
    usual = Side.CREDIT if bill.is_credit else Side.DEBIT
    wanted: Sums = defaultdict(lambda: NOTHING)
    for line in bill.lines:
        amount, company = _signed(line)
        turn = 1 if usual is Side.DEBIT else -1
        _add(wanted, (line.account.id, "", _dimensions(line)), (turn * amount, turn * company))
    read: Sums = defaultdict(lambda: NOTHING)
    for item in row.line_items:
        amount = _item_total(item)
        _add(read, (item.account_id, "", _tags(item.tags)), (amount, amount * row.exchange_rate))
    return (*found, *_sums(wanted, read, bill))


def payment_differences(payment: Payment, row: PaymentRow) -> tuple[Finding, ...]:
    """What of a payment reads otherwise than it was sent."""
    facts: tuple[tuple[str, object, object], ...] = (
        ("vendor", payment.partner.id, row.vendor_id),
        ("amount", payment.amount, _money(row.amount, payment.currency)),
        ("paid-through account", payment.money.id, row.paid_through_account_id),
    )
    found = [_altered(name, sent, read) for name, sent, read in facts if sent != read]
    return (*_date(payment.posting_date, row.date), *found)


def _item_total(item: BillLine) -> Decimal:
    return item.item_total if item.item_total is not None else item.rate * item.quantity


def _signed(line: Line) -> tuple[Decimal, Decimal]:
    sign = 1 if line.side is Side.DEBIT else -1
    return sign * line.amount, sign * line.company_amount


def _dimensions(line: Line) -> frozenset[tuple[str, str]]:
    return frozenset((one.kind, one.id) for one in line.dimensions)


def _tags(tags: Iterable[LineTag]) -> frozenset[tuple[str, str]]:
    """A line shows every tag of the organisation, those without an option with an empty one."""
    return frozenset((one.tag_id, one.tag_option_id) for one in tags if one.tag_option_id)


def _add(sums: Sums, key: Key, amounts: tuple[Decimal, Decimal]) -> None:
    sums[key] = (sums[key][0] + amounts[0], sums[key][1] + amounts[1])


def _money(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(minor_unit(currency)) if amount == round(amount, 6) else amount


def _sums(sent: Sums, read: Sums, document: JournalEntry | VendorBill) -> Iterator[Finding]:
    currency, company_currency = document.currency, document.company_currency
    slack = minor_unit(company_currency) * len(document.lines) if currency != company_currency else Decimal(0)
    for key in sorted(sent.keys() | read.keys(), key=str):
        account, partner, tags = key
        wanted, there = sent.get(key, NOTHING), read.get(key, NOTHING)
        name = f"account {account}" + (f", contact {partner}" if partner else "")
        name += f", tags {'+'.join(sorted(option for _, option in tags))}" if tags else ""
        if wanted[0] != there[0]:
            yield _altered(f"{currency} on {name}", wanted[0], there[0])
        elif slack and abs(wanted[1] - there[1]) > slack:
            yield _altered(f"{company_currency} on {name}", wanted[1], there[1])


def _date(sent: date, read: date | None) -> Iterator[Finding]:
    if sent != read:
        yield Finding("date_moved", f"Sent for {sent}, booked on {read}.", str(read))


def _altered(what: str, sent: object, read: object) -> Finding:
    return Finding("document_altered", f"The {what} reads {read}, sent was {sent}.", what)
