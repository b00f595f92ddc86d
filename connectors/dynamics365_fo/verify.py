"""Is everything in Dynamics as the flows need it? A checklist that writes nothing and names where each is mended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from connectors.base import Check
from connectors.codec import json_load
from connectors.dynamics365_fo.books import Books, decimals_of
from connectors.dynamics365_fo.client import DynamicsClient, Query
from connectors.dynamics365_fo.dimensions import SCREEN
from connectors.dynamics365_fo.journals import MARKING
from connectors.dynamics365_fo.literals import equals
from connectors.dynamics365_fo.periods import closed_through, reopened
from connectors.dynamics365_fo.postable import JOURNAL_TYPES
from connectors.dynamics365_fo.rights import needs
from connectors.dynamics365_fo.schema import CompanyRow, VendorGroupRow
from connectors.dynamics365_fo.schema_documents import JournalRow
from connectors.dynamics365_fo.screens import ROLES, screen_of
from connectors.dynamics365_fo.stamps import is_stamp, number_of
from connectors.errors import AuthenticationError, ConnectorError
from connectors.money import MoneyError, exponent

COMPANIES_CHECKED = 10
WARN_BEFORE = timedelta(days=30)
APPLICATIONS = "System administration > Setup > Microsoft Entra applications"
USERS = "System administration > Users > Users"
NUMBERS = "General ledger > Ledger setup > General ledger parameters > Number sequences > Journal batch number"
JOURNAL_NAMES = "General ledger > Journal setup > Journal names"
CURE = f"Give the mapped user's security role the privilege of this data entity under {ROLES}."
SECRETS = "App registrations > Certificates & secrets"
PERIODS = "General ledger > Calendars > Ledger calendars"


def verify_connection(client: DynamicsClient) -> list[Check]:
    """All checks that can be made; one that cannot be is failed, and what depends on it is left out."""
    checks: list[Check] = []
    for name, part, is_needed in (
        ("token", _token, True),
        ("application", _application, True),
        ("mapped user", _default_company, False),
        ("companies", _companies, False),
    ):
        try:
            checks += part(client)
        except ConnectorError as error:
            checks.append(Check(name, "failed", error.message, _cure(client, name, error)))
            if is_needed:
                break
    return checks


def _cure(client: DynamicsClient, name: str, error: ConnectorError) -> str:
    """Where it is mended. That an audience is refused cannot be told from an application that is not listed."""
    is_refused = isinstance(error, AuthenticationError)
    if name == "token":
        where = f"{SECRETS} of the application" if is_refused else "the tenant's id and the connection's address"
        return f"In Entra, see {where}."
    if is_refused:
        return (
            f"Open {APPLICATIONS}; and {client.address}, which the token is for, must be the environment's own address."
        )
    return f"Give the mapped user's security role the privilege under {ROLES}." if error.status == 403 else ""


def _token(client: DynamicsClient) -> Iterator[Check]:
    token = client.auth.token()
    minutes = max(0, int((token.expires_at - client.http.context.now()).total_seconds() // 60))
    yield Check("token", "ok", f"Entra gives tokens for {client.address}; this one lives {minutes} minutes more.")
    ends_on = client.credentials.secret_expires_on
    if ends_on is None:
        yield Check("client secret", "ok", "No end of the client secret is known.", "Enter it as Entra shows it.")
        return
    left = ends_on - client.http.context.now().date()
    state = "failed" if left <= timedelta() else "warning" if left <= WARN_BEFORE else "ok"
    cure = "" if state == "ok" else f"Make a new secret in Entra, under {SECRETS}."
    yield Check("client secret", state, f"The client secret ends on {ends_on}.", cure)


def _application(client: DynamicsClient) -> Iterator[Check]:
    client.wake(Query(CompanyRow, top=1))
    yield Check("application", "ok", "Dynamics knows the application and takes its tokens.")


def _default_company(client: DynamicsClient) -> Iterator[Check]:
    """The one question without `cross-company`: its answer holds the default company of the mapped user alone."""
    answer = client.http.get("data/JournalNames?$select=dataAreaId,Name&$top=1")
    rows = json_load(answer.text).get("value", [])
    told = str(rows[0].get("dataAreaId", "")) if rows else ""
    if told:
        yield Check("mapped user", "ok", f"The mapped user's default company is {told}; every call names its own.")
    else:
        cure = f"Give the user a company under {USERS}, or the company a journal name."
        yield Check("mapped user", "warning", "The mapped user's default company shows no journal names.", cure)


def _companies(client: DynamicsClient) -> Iterator[Check]:
    companies = [row.data_area.lower() for row in client.rows(Query(CompanyRow))]
    if not companies:
        cure = f"Give the mapped user's security role companies under {USERS}."
        yield Check("companies", "failed", "The mapped user may not see any company.", cure)
    for company in companies[:COMPANIES_CHECKED]:
        try:
            yield from _company(client, company)
        except ConnectorError as error:
            yield Check("company", "warning", f"{company}: {error.message}", f"See {USERS}.")
    if len(companies) > COMPANIES_CHECKED:
        left = len(companies) - COMPANIES_CHECKED
        yield Check("companies", "ok", f"{left} more companies were not looked into.")


def _company(client: DynamicsClient, company: str) -> Iterator[Check]:
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
