"""How does a card purchase become an expense, where a company wants it so? The same money, said in another module.

An expense is paid through its card account and leaves nothing open: to the books it is the very entry (B33, last
sentence). What an expense cannot say - two payees, a credit among the costs, a reversal - stays a journal."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from connectors.base import Finding, Outcome, OutcomeState, Outgoing
from connectors.documents import JournalEntry, Line, Role
from connectors.money import minor_unit
from connectors.records import Side
from connectors.zoho_books.auth import settings_of
from connectors.zoho_books.bodies import exchange_rate, tags
from connectors.zoho_books.client import Json, one
from connectors.zoho_books.desk import EXPENSES, Desk, with_differences
from connectors.zoho_books.schema import ExpenseRow

DESCRIPTION = 100  # https://www.zoho.com/books/api/v3/expenses/
CONTROLS = frozenset({Role.AP, Role.EMPAY, Role.EMREC, Role.ADV, Role.TRANSIT, Role.CARD, Role.CASH})


def could_be_expense(entry: JournalEntry) -> bool:
    """Costs against one card account, for one payee at most, and nothing that is settled or mirrored."""
    credits = [line for line in entry.lines if line.side is Side.CREDIT]
    debits = [line for line in entry.lines if line.side is Side.DEBIT]
    return (
        len(credits) == 1
        and credits[0].account.role is Role.CARD
        and not credits[0].dimensions
        and not any(line.account.role in CONTROLS for line in debits)
        and len({line.partner.id for line in debits if line.partner}) <= 1
        and not entry.reverses
        and not entry.settles
    )


def is_expense(desk: Desk, entry: JournalEntry) -> bool:
    return settings_of(desk.client.context).card_purchases_as == "expense" and could_be_expense(entry)


def expense_create(desk: Desk, outgoing: Outgoing, entry: JournalEntry) -> Outcome:
    """One call, whose answer is what Zoho stored. Raises ConnectorErrors, and AlreadyThereError where the key field may
    have refused a second one."""
    body = desk.placed(expense_body(desk, outgoing, entry))
    row = one(ExpenseRow, desk.create("expense", "/expenses", body, outgoing.stamp), "expense", written=True)
    return with_differences(expense_outcome(desk, outgoing, entry, row), desk.misplaced(body, row))


def expenses_found(desk: Desk, stamp: str) -> list[ExpenseRow]:
    return desk.stamped(ExpenseRow, EXPENSES, stamp)


def expense_body(desk: Desk, outgoing: Outgoing, entry: JournalEntry) -> Json:
    costs, card = _sides(entry)
    partner = next((line.partner for line in costs if line.partner), None)
    body: Json = {
        "date": entry.posting_date.isoformat(),
        "paid_through_account_id": card.account.id,
        "reference_number": outgoing.stamp,
        "description": entry.text[:DESCRIPTION],
        "currency_id": desk.books.currency(entry.currency).currency_id,
    }
    if partner:
        body["vendor_id"] = partner.id
    if entry.currency != entry.company_currency:
        body["exchange_rate"] = exchange_rate(entry.lines, entry.currency, entry.company_currency)
    body |= {"account_id": costs[0].account.id, "amount": card.amount}  # required of a split one too
    if len(costs) == 1:
        return {**body, "tags": tags(costs[0].dimensions)}
    lines = [
        {
            "account_id": line.account.id,
            "amount": line.amount,
            "description": line.text[:DESCRIPTION],
            "tags": tags(line.dimensions),
        }
        for line in costs
    ]
    return {**body, "line_items": lines}


def expense_outcome(desk: Desk, outgoing: Outgoing, entry: JournalEntry, row: ExpenseRow) -> Outcome:
    """An expense has no number of its own: people know it by its reference."""
    return Outcome(
        outgoing.key,
        OutcomeState.POSTED,
        ledger_id=f"{EXPENSES.prefix}{row.expense_id}",
        number=row.reference_number,
        link=desk.link(EXPENSES, row.expense_id),
        differences=_differences(desk, entry, row),
    )


def _sides(entry: JournalEntry) -> tuple[list[Line], Line]:
    card = next(line for line in entry.lines if line.side is Side.CREDIT)
    return [line for line in entry.lines if line.side is Side.DEBIT], card


def _differences(desk: Desk, entry: JournalEntry, row: ExpenseRow) -> tuple[Finding, ...]:
    costs, card = _sides(entry)
    partner = next((line.partner.id for line in costs if line.partner), "")
    company = sum((line.company_amount for line in costs), Decimal(0))
    facts: list[tuple[str, object, object]] = [
        ("paid-through account", card.account.id, row.paid_through_account_id),
        ("currency", desk.books.currency(entry.currency).currency_id, row.currency_id),
        ("vendor", partner, row.vendor_id),
        ("total", card.amount, row.total),
    ]
    found = [
        Finding("document_altered", f"The {name} reads {read}, sent was {sent}.", name)
        for name, sent, read in facts
        if sent != read
    ]
    if abs(row.bcy_total - company) > minor_unit(entry.company_currency) * (entry.currency != entry.company_currency):
        found.append(Finding("document_altered", f"The total reads {row.bcy_total}, sent was {company}.", "total"))
    if row.date != entry.posting_date:
        found.append(Finding("date_moved", f"Sent for {entry.posting_date}, booked on {row.date}.", str(row.date)))
    wanted: dict[tuple[str, frozenset[tuple[str, str]]], Decimal] = defaultdict(Decimal)
    for line in costs:
        wanted[line.account.id, frozenset((tag.kind, tag.id) for tag in line.dimensions)] += line.amount
    read: dict[tuple[str, frozenset[tuple[str, str]]], Decimal] = defaultdict(Decimal)
    for item in row.line_items:
        chosen = item.tags or (row.tags if len(row.line_items) == 1 else [])
        pairs = frozenset((tag.tag_id, tag.tag_option_id) for tag in chosen if tag.tag_option_id)
        read[item.account_id, pairs] += item.amount
    for key in sorted(wanted.keys() | read.keys(), key=str):
        if wanted.get(key) != read.get(key):
            said = f"Account {key[0]} reads {read.get(key, 0)}, sent was {wanted.get(key, 0)}."
            found.append(Finding("document_altered", said, key[0]))
    return tuple(found)
