"""How does an entry get into the books? By one call, whose answer is what Zoho stored and is compared."""

from __future__ import annotations

from connectors.base import Outcome, OutcomeState, Outgoing
from connectors.documents import JournalEntry
from connectors.zoho_books.bodies import journal_body
from connectors.zoho_books.client import one
from connectors.zoho_books.desk import JOURNALS, Desk, absent, twice
from connectors.zoho_books.schema import JournalRow


def journal_post(desk: Desk, outgoing: Outgoing, entry: JournalEntry) -> Outcome:
    """Post what is not there. The look before is spared where it was surely never sent. Raises ConnectorErrors."""
    if not outgoing.is_first:
        found = journal_find(desk, outgoing, entry)
        if found.state is not OutcomeState.ABSENT:
            return found
    currency_id = desk.books.currency(entry.currency).currency_id
    answer = desk.client.write(desk.company, "POST", "/journals", journal_body(outgoing, entry, currency_id))
    return desk.journal_outcome(outgoing, entry, one(JournalRow, answer, "journal", written=True))


def journal_find(desk: Desk, outgoing: Outgoing, entry: JournalEntry) -> Outcome:
    """The journal that bears the stamp, compared line by line: one search, one read of what it shows."""
    rows = desk.stamped(JournalRow, JOURNALS, outgoing.stamp)
    if len(rows) > 1:
        return twice(outgoing, [row.journal_id for row in rows])
    if not rows:
        return absent(outgoing)
    return desk.journal_outcome(outgoing, entry, desk.read(JournalRow, JOURNALS, rows[0].journal_id))
