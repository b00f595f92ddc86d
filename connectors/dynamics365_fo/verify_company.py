"""Is one company in Dynamics as the flows need it: its data entities, journal names, formats, numbers and periods?"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.base import Check
from connectors.dynamics365_fo.books import Books, decimals_of
from connectors.dynamics365_fo.client import DynamicsClient, Query
from connectors.dynamics365_fo.dimensions import SCREEN
from connectors.dynamics365_fo.journals import MARKING
from connectors.dynamics365_fo.literals import equals
from connectors.dynamics365_fo.periods import closed_through, reopened
from connectors.dynamics365_fo.postable import JOURNAL_TYPES
from connectors.dynamics365_fo.rights import needs
from connectors.dynamics365_fo.schema import VendorGroupRow
from connectors.dynamics365_fo.schema_documents import JournalRow
from connectors.dynamics365_fo.screens import ROLES, screen_of
from connectors.dynamics365_fo.stamps import is_stamp, number_of
from connectors.errors import ConnectorError
from connectors.money import MoneyError, exponent

NUMBERS = "General ledger > Ledger setup > General ledger parameters > Number sequences > Journal batch number"
JOURNAL_NAMES = "General ledger > Journal setup > Journal names"
PERIODS = "General ledger > Calendars > Ledger calendars"
CURE = f"Give the mapped user's security role the privilege of this data entity under {ROLES}."


def verify_company(client: DynamicsClient, company: str) -> Iterator[Check]:
    """The checks of one company; what cannot be read is raised."""
    books = Books(client, company)
    yield from _entities(client, company)
    yield Check("company", "ok", f"{company} keeps its books in {books.currency}.")
    yield from _formats(books)
    yield from _journals(books)
    yield from _payments(books)
    yield from _bank_accounts(books)
    yield from _numbers(client, books)
    yield from _periods(books)
    yield from _decimals(books)
    yield from _vendor_group(client, company)


def _entities(client: DynamicsClient, company: str) -> Iterator[Check]:
    """Each set that some flow needs and the mapped user does not see, by name; one call."""
    settings = client.settings
    wanted = needs(settings.invoice_pattern, makes_vendors=bool(settings.vendor_group))
    rows = [row for one in wanted for row in one.rows]
    queries = [Query(row, company if row.has_company else "", top=1) for row in rows]
    answers = dict(zip(rows, client.tried(queries), strict=True))
    is_whole = True
    for one in wanted:
        refused = [answer for row in one.rows if isinstance(answer := answers[row], ConnectorError)]
        if len(refused) < len(one.rows):
            continue
        is_whole = False
        said = (
            f"{company}: {' and '.join(one.work)} need{'' if len(one.work) > 1 else 's'} the data entity {one.name} "
            f"({screen_of(one.name)}), which is not shown: {refused[0].message}"
        )
        yield Check(f"data entity {one.name}", "failed" if one.is_general else "warning", said, CURE)
    if is_whole:
        yield Check("data entities", "ok", f"{company} shows all {len(wanted)} that its flows may need.")


def _formats(books: Books) -> Iterator[Check]:
    try:
        told = books.formats
    except ConnectorError as error:
        yield Check("dimension formats", "failed", error.message, f"Open {SCREEN}.")
        return
    yield Check("dimension formats", "ok", f"Accounts are written {told.delimiter.join(told.ledger)}.")


def _journals(books: Books) -> Iterator[Check]:
    for what, kind in (("entries", "journal_entry"), ("bills", "vendor_bill")):
        rows = [row for row in books.journals() if row.type in JOURNAL_TYPES[kind]]
        name = f"journal names for {what}"
        if not rows:
            wanted = " or ".join(JOURNAL_TYPES[kind])
            cure = f"Make one of type {wanted} under {JOURNAL_NAMES}."
            yield Check(name, "failed" if kind == "journal_entry" else "warning", f"{books.company} has none.", cure)
            continue
        yield Check(name, "ok", f"{books.company}: {', '.join(row.name for row in rows)}.")
        emptied = [row.name for row in rows if row.delete_lines_after_posting == "Yes"]
        if emptied:
            said = (
                f"{', '.join(emptied)}: lines are deleted after posting, so that a posted journal cannot be compared."
            )
            yield Check(name, "warning", said, f"Switch it off under {JOURNAL_NAMES}.")


def _payments(books: Books) -> Iterator[Check]:
    """Only vendor payment journals mark the bill that a payment settles."""
    rows = [row.name for row in books.journals() if row.type == MARKING]
    name, company = "journal names for payments", books.company
    if not rows:
        said = f"{company}: payments in general journals settle what automatic settlement takes, or what a person does."
        yield Check(name, "warning", said, f"Make one of type Vendor disbursement under {JOURNAL_NAMES}.")
    elif not books.has_payment_journals:
        said = f"{company}: the mapped user sees no vendor payment journals."
        yield Check(name, "warning", said, f"Give his security role the privilege under {ROLES}.")
    else:
        yield Check(name, "ok", f"{company}: {', '.join(rows)}; a payment marks the bill that it settles.")


def _bank_accounts(books: Books) -> Iterator[Check]:
    name, chosen = "bank accounts", ", ".join(books.client.settings.banks)
    try:
        shown = ", ".join(row.bank_account_id for row in books.banks().values())
    except ConnectorError as error:
        if chosen:
            yield Check(name, "ok", f"{books.company}: not shown to the mapped user; the settings name {chosen}.")
            return
        cure = f"Give the user's security role the privilege under {ROLES}, or name the accounts in the settings."
        yield Check(name, "warning", f"{books.company}: {error.message}", cure)
        return
    yield Check(name, "ok", f"{books.company}: {shown or 'none'}.")


def _numbers(client: DynamicsClient, books: Books) -> Iterator[Check]:
    has_key = books.has_integration_key
    where = "the field *IntegrationKey*" if has_key else "the description, as journals here have no IntegrationKey"
    yield Check("mark", "ok", f"{books.company}: our mark stands in {where}.")
    if client.settings.batch_numbers != "own":
        said = "Dynamics gives the batch numbers: each journal is searched for before it is sent, by one worker alone."
        yield Check("number sequence", "ok", said)
        return
    every = "IntegrationKey ne ''" if has_key else ""
    leaves_out = () if has_key else ("IntegrationKey",)
    rows = client.rows(Query(JournalRow, books.company, every, top=50, leaves_out=leaves_out))
    marks = [(row, (row.integration_key or row.description).lower()) for row in rows]
    if any(is_stamp(mark) and row.journal_batch_number == number_of(mark) for row, mark in marks):
        yield Check("number sequence", "ok", f"{books.company} takes our batch numbers.")
        return
    said = f"{books.company}: whether our batch numbers are taken shows with the first journal; Dynamics does not tell."
    yield Check("number sequence", "warning", said, f"Allow user changes to a lower and a higher number: {NUMBERS}.")


def _periods(books: Books) -> Iterator[Check]:
    if not books.periods():
        yield Check("periods", "failed", f"{books.company} has no fiscal periods.", f"See {PERIODS}.")
        return
    periods, today = books.periods(), books.today()
    told = [f"{kind.replace('_', ' ')} through {day}" for kind, day in closed_through(periods, today).items()]
    spans = sorted({span for some in reopened(periods, today).values() for span in some})
    but = f", but for {', '.join(f'{first} to {last}' for first, last in spans)}" if spans else ""
    yield Check("periods", "ok", f"{books.company} is closed for {', '.join(told) or 'nothing'}{but}.")


def _decimals(books: Books) -> Iterator[Check]:
    row = books.currencies().get(books.currency)
    try:
        if row is not None and decimals_of(row) != exponent(books.currency):
            said = f"{books.company} rounds {books.currency} to {decimals_of(row)} decimals."
            yield Check("decimals", "failed", said, "Set the rounding rule under General ledger > Currencies.")
    except MoneyError as error:
        yield Check("decimals", "warning", f"{books.company}: {error}")


def _vendor_group(client: DynamicsClient, company: str) -> Iterator[Check]:
    group = client.settings.vendor_group
    if not group:
        return
    if client.rows(Query(VendorGroupRow, company, equals("VendorGroupId", group))):
        yield Check("vendor group", "ok", f"{company} has the vendor group {group}.")
    else:
        cure = "Make it under Accounts payable > Vendors > Vendor groups, or choose another."
        yield Check("vendor group", "warning", f"{company} has no vendor group {group}.", cure)
