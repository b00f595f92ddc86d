"""Does Odoo hold what we sent? Every header field and every sum by account, partner and cost centre is compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

from connectors.base import Finding
from connectors.documents import JournalEntry, Line, Payment, VendorBill
from connectors.money import minor_unit
from connectors.odoo.schema import Move, MoveLine, PaymentRow
from connectors.records import Side

Key = tuple[int, int | None, frozenset[str]]
Sums = dict[Key, tuple[Decimal, Decimal]]
NOTHING = (Decimal(0), Decimal(0))
_NOT_MONEY = ("line_section", "line_subsection", "line_note")


def entry_differences(
    entry: JournalEntry, move: Move, lines: Sequence[MoveLine], currency_ids: dict[str, int]
) -> tuple[Finding, ...]:
    """What of a journal entry reads otherwise than it was sent: nothing, or one finding per difference."""
    found = _header(entry, move, "entry", currency_ids)
    return (*found, *_sums(_wanted(entry.lines), _read(lines, entry), entry, Decimal(0)))


def bill_differences(
    bill: VendorBill, move: Move, lines: Sequence[MoveLine], currency_ids: dict[str, int]
) -> tuple[Finding, ...]:
    """The same of a bill, with its payable line. Odoo puts the vendor's topmost company on the lines, so partners are
    compared on the bill itself. In a foreign currency it rounds the company amount of each line itself: a line may
    differ by one minor unit, the total may not (observed on Odoo 19.0)."""
    found = list(_header(bill, move, "in_refund" if bill.is_credit else "in_invoice", currency_ids))
    facts = (
        ("partner", bill.partner.id, str(move.partner_id)),
        ("number", bill.own_number if move.ref == bill.own_number else bill.number, move.ref),
        ("document date", bill.document_date, move.invoice_date),
        ("due date", bill.due_on, move.invoice_date_due),
    )
    found += [_altered(name, sent, read) for name, sent, read in facts if sent != read]
    wanted = _without_partners(_wanted(bill.lines))
    company_total = sum((sums[1] for sums in wanted.values()), Decimal(0))
    total = -bill.total.amount if bill.is_credit else bill.total.amount
    payable: Key = (int(bill.payable.id), None, frozenset())
    wanted[payable] = (-total, -company_total)
    read = _without_partners(_read(lines, bill))
    slack = minor_unit(bill.company_currency) if bill.currency != bill.company_currency else Decimal(0)
    if slack and (there := read.get(payable, NOTHING)[1]) != -company_total:
        found.append(_altered(f"total in {bill.company_currency}", company_total, -there))
    return (*found, *_sums(wanted, read, bill, slack))


def payment_differences(
    payment: Payment, row: PaymentRow, lines: Sequence[MoveLine], move: Move | None, currency_ids: dict[str, int]
) -> tuple[Finding, ...]:
    """What of a payment reads otherwise than it was sent, its entry in the books included."""
    facts: tuple[tuple[str, object, object], ...] = (
        ("amount", payment.amount, row.amount.quantize(minor_unit(payment.currency))),
        ("currency", currency_ids.get(payment.currency), row.currency_id),
        ("partner", payment.partner.id, str(row.partner_id)),
        ("journal", payment.journal, str(row.journal_id)),
        ("direction", "inbound" if payment.is_refund else "outbound", row.payment_type),
    )
    found = [_altered(name, sent, read) for name, sent, read in facts if sent != read]
    if move is None:
        return (*found, Finding("document_altered", "Odoo made no journal entry for this payment.", "entry"))
    found += _date(payment.posting_date, move.date)
    sign = -1 if payment.is_refund else 1
    read: dict[int | None, Decimal] = defaultdict(Decimal)
    for line in lines:
        read[line.account_id] += line.amount_currency.quantize(minor_unit(payment.currency))
    wanted = {int(payment.payable.id): sign * payment.amount, int(payment.money.id): -sign * payment.amount}
    for account in wanted.keys() | read.keys():
        sent_amount, read_amount = wanted.get(account or 0, Decimal(0)), read.get(account, Decimal(0))
        if sent_amount != read_amount:
            found.append(_altered(f"amount on account {account}", sent_amount, read_amount))
    return tuple(found)


def _header(
    document: JournalEntry | VendorBill, move: Move, move_type: str, currency_ids: dict[str, int]
) -> tuple[Finding, ...]:
    facts: tuple[tuple[str, object, object], ...] = (
        ("kind", move_type, move.move_type),
        ("journal", document.journal, str(move.journal_id)),
        ("currency", currency_ids.get(document.currency), move.currency_id),
    )
    return (
        *(_altered(name, sent, read) for name, sent, read in facts if sent != read),
        *_date(document.posting_date, move.date),
    )


def _date(sent: date, read: date | None) -> list[Finding]:
    if sent == read:
        return []
    # Posting into a locked period succeeds and moves the date to the first open month (observed on Odoo 19.0).
    return [Finding("date_moved", f"Sent for {sent}, booked on {read}.", str(read))]


def _wanted(lines: Iterable[Line]) -> Sums:
    sums: Sums = defaultdict(lambda: NOTHING)
    for line in lines:
        sign = 1 if line.side is Side.DEBIT else -1
        partner = int(line.partner.id) if line.partner else None
        key = (int(line.account.id), partner, frozenset(one.id for one in line.dimensions))
        sums[key] = (sums[key][0] + sign * line.amount, sums[key][1] + sign * line.company_amount)
    return sums


def _read(lines: Iterable[MoveLine], document: JournalEntry | VendorBill) -> Sums:
    quantum, company_quantum = minor_unit(document.currency), minor_unit(document.company_currency)
    sums: Sums = defaultdict(lambda: NOTHING)
    for line in lines:
        if line.display_type in _NOT_MONEY:
            continue
        # "1,3": one share for an account of each of several plans; shares of less than all never come from us.
        centres = frozenset(part for key in line.analytic_distribution for part in key.split(","))
        if any(share != 100 for share in line.analytic_distribution.values()):
            centres |= {"shared"}
        key = (line.account_id or 0, line.partner_id, centres)
        amount, balance = line.amount_currency.quantize(quantum), line.balance.quantize(company_quantum)
        sums[key] = (sums[key][0] + amount, sums[key][1] + balance)
    return sums


def _without_partners(sums: Sums) -> Sums:
    merged: Sums = defaultdict(lambda: NOTHING)
    for (account, _, centres), (amount, company_amount) in sums.items():
        before = merged[account, None, centres]
        merged[account, None, centres] = (before[0] + amount, before[1] + company_amount)
    return merged


def _sums(sent: Sums, read: Sums, document: JournalEntry | VendorBill, slack: Decimal) -> Iterator[Finding]:
    for key in sorted(sent.keys() | read.keys(), key=str):
        account, partner, centres = key
        wanted, there = sent.get(key, NOTHING), read.get(key, NOTHING)
        name = f"account {account}" + (f", cost centre {'+'.join(sorted(centres))}" if centres else "")
        name += f", partner {partner}" if partner else ""
        if wanted[0] != there[0]:
            yield _altered(f"{document.currency} on {name}", wanted[0], there[0])
        elif abs(wanted[1] - there[1]) > slack:
            yield _altered(f"{document.company_currency} on {name}", wanted[1], there[1])


def _altered(what: str, sent: object, read: object) -> Finding:
    return Finding("document_altered", f"The {what} reads {read}, sent was {sent}.", what)
