"""Which documents still wait for an approval? Many are asked about by one list, and none late in a short day.

A document that waits is looked up every quarter of an hour until it is in the books. One search and one read each would
use up a day's calls by themselves; a list tells its state as well. What a list does not show as waiting is looked up
by itself, with all that a look compares."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from connectors.base import Outcome, OutcomeState, Outgoing
from connectors.documents import JournalEntry, VendorBill
from connectors.errors import RateLimitedError
from connectors.zoho_books.desk import BILL_STATES, BILLS, CREDITS, JOURNAL_STATES, JOURNALS, Desk, Module
from connectors.zoho_books.schema import BillRow, CreditRow, JournalRow
from connectors.zoho_books.stamps import MARK

DAY = 24 * 3600.0


def waiting_note(desk: Desk, outcomes: Sequence[Outcome]) -> None:
    """Keep in mind which of these are in Zoho and not in the books, and no longer those that came further."""
    for one in outcomes:
        if one.state is OutcomeState.CREATED and one.ledger_id:
            desk.books.kept.put(_name(one.ledger_id), True)
        else:
            desk.books.kept.drop(_name(one.ledger_id))


def still_waiting(desk: Desk, batch: Sequence[Outgoing]) -> dict[str, Outcome]:
    """Outcomes by key of those that were in Zoho before and are not in the books yet; the others are to be looked up.
    One call for all journals, one for all bills, one for all credits. May raise ConnectorErrors; safe to repeat.

    Where a day's last calls are kept for posting nobody is asked: what waited when it was last looked at waits on."""
    known = [one for one in batch if one.ledger_id]
    found = _spared(desk, known)
    asked: dict[Module, list[Outgoing]] = defaultdict(list)
    for one in known:
        if one.key not in found and (module := _listed_in(one)):
            asked[module].append(one)
    for module, some in asked.items():
        found |= _asked(desk, module, some)
    return found


def _spared(desk: Desk, known: Sequence[Outgoing]) -> dict[str, Outcome]:
    try:
        desk.client.spare()
    except RateLimitedError as error:
        noted = [one for one in known if desk.books.kept.known(_name(one.ledger_id), DAY)]
        return {one.key: Outcome(one.key, OutcomeState.CREATED, one.ledger_id, error=error) for one in noted}
    return {}


def _name(ledger_id: str) -> str:
    return f"waiting {ledger_id}"


def _listed_in(one: Outgoing) -> Module | None:
    if isinstance(one.document, VendorBill):
        return CREDITS if one.document.is_credit else BILLS
    is_journal = isinstance(one.document, JournalEntry) and one.ledger_id.isdigit()
    return JOURNALS if is_journal else None


def _asked(desk: Desk, module: Module, some: Sequence[Outgoing]) -> dict[str, Outcome]:
    waiting = {row.key: row for row in _rows(desk, module, some)}
    found = {}
    for one in some:
        row = waiting.get(one.ledger_id.removeprefix(module.prefix))
        if row is None or row.reference_number != one.stamp:
            continue
        number = _number(row)
        link = desk.link(module, row.key)
        found[one.key] = Outcome(one.key, OutcomeState.CREATED, one.ledger_id, number=number, link=link)
    return found


def _rows(desk: Desk, module: Module, some: Sequence[Outgoing]) -> list[JournalRow | BillRow | CreditRow]:
    """Those of a module that wait: journals by their ids; the others, whose list takes none, by their days, as far as
    one page shows them."""
    params: dict[str, Any] = {"filter_by": module.everything}
    if module is JOURNALS:
        ids = ",".join(one.ledger_id for one in some)
        journals = desk.client.first(JournalRow, desk.company, module.path, module.listed, journal_ids=ids, **params)
        return [row for row in journals if row.status.lower() not in JOURNAL_STATES]
    days = sorted(one.document.posting_date for one in some if isinstance(one.document, VendorBill))
    params |= {"reference_number_startswith": MARK, "date_start": days[0].isoformat(), "date_end": days[-1].isoformat()}
    kind: type[BillRow] | type[CreditRow] = BillRow if module is BILLS else CreditRow
    rows: Sequence[BillRow | CreditRow] = desk.client.first(kind, desk.company, module.path, module.listed, **params)
    return [row for row in rows if row.status.lower() not in BILL_STATES]


def _number(row: JournalRow | BillRow | CreditRow) -> str:
    if isinstance(row, JournalRow):
        return row.entry_number
    return row.bill_number if isinstance(row, BillRow) else row.vendor_credit_number
