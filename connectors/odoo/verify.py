"""Is everything in Odoo as the flows need it? A checklist that writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from connectors.base import Check, ConnectionContext
from connectors.errors import ConnectorError
from connectors.money import MoneyError, exponent
from connectors.odoo.books import Books, closed_through
from connectors.odoo.client import OdooClient
from connectors.odoo.schema import AccountRow, CompanyName, CurrencyRow, JournalRow, KeyRow

WARN_BEFORE = timedelta(days=21)
WRITES = (
    ("account.move", "create", "journal entries and bills", "Accounting / Invoicing"),
    ("account.move", "unlink", "journal entries and bills (their drafts)", "Accounting / Invoicing"),
    ("account.payment", "create", "payments", "Accounting / Invoicing"),
    ("ir.attachment", "create", "attachments", "Accounting / Invoicing"),
    ("res.partner", "create", "partners", "Contact / Creation"),
)
READS = ("account.account", "account.journal", "account.tax", "account.analytic.account", "res.currency.rate")
USABLE_SCOPES = ("", "rpc")


def verify_connection(client: OdooClient) -> list[Check]:
    """All checks that can be made; one that cannot be is failed, those that depend on it are left out."""
    checks: list[Check] = []
    for part in (_server, _key, _companies_and_books, _rights, _key_age):
        try:
            checks += part(client)
        except ConnectorError as error:
            checks.append(Check(part.__name__.strip("_").replace("_", " "), "failed", error.message))
            if part in (_server, _key):
                break
    return checks


def _server(client: OdooClient) -> Iterator[Check]:
    version = client.version
    protocol = "JSON-2" if version.has_json2 else "XML-RPC"
    yield Check("server", "ok", f"Odoo {version.text}, spoken to by {protocol}.")


def _key(client: OdooClient) -> Iterator[Check]:
    client.call("res.users", "context_get")
    yield Check("key", "ok", f"The API key opens the database {client.credentials.database}.")


def _companies_and_books(client: OdooClient) -> Iterator[Check]:
    companies = client.rows(CompanyName, [])
    if not companies:
        yield Check("companies", "failed", "The key's user may not see any company.", "Give the user a company.")
    for company in companies:
        yield Check("company", "ok", f"{company.name} ({company.id}), books in {company.currency_id}.")
        yield from _books(client, company)
    yield from _decimals(client)


def _books(client: OdooClient, company: CompanyName) -> Iterator[Check]:
    books = Books(client, str(company.id))
    if not client.rows(AccountRow, [["company_ids", "in", [company.id]]], company=str(company.id), limit=1):
        yield Check("accounts", "failed", f"{company.name} has no chart of accounts.", "Install one in Odoo.")
    rows = client.rows(JournalRow, [["company_id", "=", company.id]], company=str(company.id))
    for kinds, purpose in ((("general",), "entries"), (("purchase",), "bills"), (("bank", "credit"), "payments")):
        found = [row.code for row in rows if row.type in kinds]
        name = f"journal for {purpose}"
        if found:
            yield Check(name, "ok", f"{company.name}: {', '.join(found)}.")
        else:
            yield Check(name, "failed", f"{company.name} has none.", f"Create a journal of type {kinds[0]}.")
    locks = closed_through(books.settings())
    told = ", ".join(f"{kind.replace('_', ' ')} through {day}" for kind, day in locks.items())
    yield Check("lock dates", "ok", f"{company.name}: {told or 'nothing is locked'}.")


def _decimals(client: OdooClient) -> Iterator[Check]:
    for row in client.rows(CurrencyRow, [["active", "=", True]]):
        try:
            wanted = exponent(row.name)
        except MoneyError as error:
            yield Check("decimals", "warning", f"{row.name}: {error}")
            continue
        if wanted != row.decimal_places:
            sentence = f"Odoo keeps {row.name} with {row.decimal_places} decimals instead of {wanted}."
            yield Check("decimals", "failed", sentence, f"Set the rounding of {row.name} in Odoo.")
        else:
            yield Check("decimals", "ok", f"{row.name} has {wanted}.")


def _rights(client: OdooClient) -> Iterator[Check]:
    for model in READS:
        if not client.call(model, "has_access", ids=[], operation="read"):
            yield Check("rights", "failed", f"The key's user may not read {model}.", "Give Accounting / Invoicing.")
    for model, operation, what, group in WRITES:
        if client.call(model, "has_access", ids=[], operation=operation):
            yield Check("rights", "ok", f"May {'delete' if operation == 'unlink' else operation} {what}.")
        else:
            yield Check("rights", "failed", f"May not {operation} {what}.", f"Give the user the group {group}.")


def _key_age(client: OdooClient) -> Iterator[Check]:
    ends_on = key_end(client)
    if ends_on is None:
        yield Check("key age", "ok", "No end of the API key is known.")
        return
    left = ends_on - client.context.now().date()
    cure = "Make a new key in Odoo (Preferences, Account Security) and enter it here."
    state = "failed" if left <= timedelta() else "warning" if left <= WARN_BEFORE else "ok"
    yield Check("key age", state, f"The API key ends on {ends_on}.", "" if state == "ok" else cure)


def key_end(client: OdooClient) -> date | None:
    """The day the key ends: as a person told, else the first end among the user's usable keys, which Odoo lists
    without saying which of them is in use. None: persistent or unknown. May raise ConnectorErrors."""
    if client.credentials.key_expires_on:
        return client.credentials.key_expires_on
    rows = [row for row in client.rows(KeyRow, []) if row.scope in USABLE_SCOPES]
    today = client.context.now().date().isoformat()
    ends = sorted(row.expiration_date[:10] for row in rows if row.expiration_date[:10] >= today)
    return date.fromisoformat(ends[0]) if ends and all(row.expiration_date for row in rows) else None


def credential_expiry(context: ConnectionContext) -> datetime | None:
    """When the key will stop working, if anybody knows."""
    ends_on = key_end(OdooClient(context))
    return datetime.combine(ends_on, datetime.min.time(), UTC) if ends_on else None
