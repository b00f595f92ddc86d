"""How does an entry get into the books? By one call, whose answer is what Zoho stored and is compared."""

from __future__ import annotations

from connectors.base import Outcome, OutcomeState, Outgoing
from connectors.documents import JournalEntry
from connectors.zoho_books.bodies import journal_body
from connectors.zoho_books.client import one
from connectors.zoho_books.desk import EXPENSES, JOURNALS, AlreadyThereError, Desk, absent, twice, with_differences
from connectors.zoho_books.expenses import (
    could_be_expense,
    expense_create,
    expense_outcome,
    expenses_found,
    is_expense,
)
from connectors.zoho_books.schema import ExpenseRow, JournalRow


def journal_post(desk: Desk, outgoing: Outgoing, entry: JournalEntry) -> Outcome:
    """Post what is not there. The look before is spared where it was surely never sent. Raises ConnectorErrors."""
    if not outgoing.is_first:
        found = journal_find(desk, outgoing, entry)
        if found.state is not OutcomeState.ABSENT:
            return found
    if is_expense(desk, entry):
        return _expense_post(desk, outgoing, entry)
    currency_id = desk.books.currency(entry.currency).currency_id
    body = desk.placed(journal_body(outgoing, entry, currency_id))
    row = one(JournalRow, desk.client.write(desk.company, "POST", "/journals", body), "journal", written=True)
    return with_differences(desk.journal_outcome(outgoing, entry, row), desk.misplaced(body, row))


def _expense_post(desk: Desk, outgoing: Outgoing, entry: JournalEntry) -> Outcome:
    try:
        return expense_create(desk, outgoing, entry)
    except AlreadyThereError as error:
        found = journal_find(desk, outgoing, entry)  # ours, if an earlier try of it came through
        if found.state is OutcomeState.ABSENT:
            raise error.refusal from error
        return found


def journal_find(desk: Desk, outgoing: Outgoing, entry: JournalEntry) -> Outcome:
    """What bears the stamp, compared line by line: one search, one read of what it shows. A card purchase may be an
    expense, whatever the setting says by now: one search more."""
    rows = desk.stamped(JournalRow, JOURNALS, outgoing.stamp)
    expenses = expenses_found(desk, outgoing.stamp) if could_be_expense(entry) else []
    if len(rows) + len(expenses) > 1:
        ids = [f"{EXPENSES.prefix}{row.expense_id}" for row in expenses]
        return twice(outgoing, [*(row.journal_id for row in rows), *ids])
    if expenses:
        return expense_outcome(desk, outgoing, entry, desk.read(ExpenseRow, EXPENSES, expenses[0].expense_id))
    if not rows:
        return absent(outgoing)
    return desk.journal_outcome(outgoing, entry, desk.read(JournalRow, JOURNALS, rows[0].journal_id))
