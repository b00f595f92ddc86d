"""Is everything in Zoho as the flows need it? A checklist that writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from functools import partial

from connectors.base import TOKENS_USED_UP, Check
from connectors.errors import AuthenticationError, BlockedError, ConnectorError, RetryableError
from connectors.money import MoneyError, exponent
from connectors.zoho_books.auth import settings_of
from connectors.zoho_books.books import Books
from connectors.zoho_books.client import ZohoClient
from connectors.zoho_books.demanded import JOURNAL, PAGES, PURCHASES, Demanded
from connectors.zoho_books.demands import Demands
from connectors.zoho_books.locks import closed_through, reopened
from connectors.zoho_books.zones import zone_named

ORGANISATIONS = "Organisations"
Look = Callable[[], Iterable[Check]]
MANY_TOKENS = 10
MODULES = (JOURNAL, PURCHASES)
KEYED = ("bill", "contact", "vendorpayment")
ROLE = "Give the user the role of an accountant in Zoho, or connect again so that all scopes are granted."
VENDORS = ("Vendors", "/contacts", "contacts (ZohoBooks.contacts)")
PROBES = (
    ("Journals", "/journals", "journals and transaction locks (ZohoBooks.accountants)"),
    ("Bills", "/bills", "bills (ZohoBooks.bills)"),
    ("Expenses", "/expenses", "expenses (ZohoBooks.expenses)"),
    VENDORS,
    ("Vendor payments", "/vendorpayments", "vendor payments (ZohoBooks.vendorpayments)"),
    ("Vendor credits", "/vendorcredits", "vendor credits (ZohoBooks.debitnotes)"),
)


def verify_connection(client: ZohoClient) -> list[Check]:
    """Token, organisation, rights, chart, tags, currencies, locks, the day's calls. Raises RetryableError when Zoho is
    away, or wants no more calls, before it refused anything; what depends on a failed check is left out."""
    checks: list[Check] = []
    try:
        for check in _organisations(client):  # one by one: what was found before a failure is told
            checks.append(check)
        company = client.organization().organization_id
    except BlockedError as error:
        return [*checks, _refusal(checks, error)]
    books = Books(client, company)
    books.kept.forget(-1.0)  # a person has just mended something
    books.kept.put("organization", client.organization())
    looks: list[tuple[str, str, Look]] = [
        *((name, what, partial(_probe, client, company, name, path, what)) for name, path, what in PROBES),
        *((name, what, partial(part, books)) for name, what, part in PARTS),
    ]
    checks += _looked(looks)
    checks += _calls(client)
    checks += _tokens(client)
    return checks


def verify_source(client: ZohoClient) -> list[Check]:
    """What Zoho must let a source do besides, which is to read vendors: two calls, as the ledger of the same connection
    looks at everything. Raises as `verify_connection`."""
    checks: list[Check] = []
    try:
        for check in _organisations(client):
            checks.append(check)
        company = client.organization().organization_id
    except BlockedError as error:
        return [*checks, _refusal(checks, error)]
    name, path, what = VENDORS
    return [*checks, *_looked([(name, what, partial(_probe, client, company, name, path, what))])]


def _refusal(checks: list[Check], error: BlockedError) -> Check:
    return Check("Organisation" if checks else "Token", "failed", error.message, "Connect Zoho again.")


def _tokens(client: ZohoClient) -> Iterator[Check]:
    """Fifteen access tokens of a refresh token live at a time, the sixteenth ends the oldest."""
    asked = client.context.tokens.asked_within(timedelta(hours=1)) if client.context.tokens else 0
    said = f"{asked} access tokens were asked for in the last hour; fifteen may live at a time."
    cure = "See whether another program uses the same refresh token." if asked >= MANY_TOKENS else ""
    yield Check("Access tokens", "warning" if cure else "ok", said, cure)


def _looked(looks: Sequence[tuple[str, str, Look]]) -> list[Check]:
    """Each look's checks. What could not be looked at is a warning beside what failed; where nothing failed, why not is
    raised: nobody knows then."""
    checks: list[Check] = []
    later: RetryableError | None = None
    for name, what, look in looks:
        try:
            checks += look()
        except RetryableError as error:
            if error.code == TOKENS_USED_UP:  # it was refused: a token that nobody refuses needs no renewal
                checks.append(Check(name, "failed", f"May not read {what}: Zoho refuses our token for it.", ROLE))
                continue
            later = error
            checks.append(Check(name, "warning", f"Not looked at: {error.message}", "Test the connection later."))
        except AuthenticationError as error:
            checks.append(Check(name, "failed", f"May not read {what}. {error.message}", ROLE))
        except ConnectorError as error:
            checks.append(Check(name, "failed", error.message, ROLE))
    if later is not None and not any(one.state == "failed" for one in checks):
        raise later
    return checks


def _organisations(client: ZohoClient) -> Iterator[Check]:
    rows = client.organizations()
    yield Check("Token", "ok", "The refresh token gives access tokens, and Zoho takes them.")
    listed = "; ".join(f"{row.organization_id} {row.name}" for row in rows if row.is_org_active)
    offers = {"organization_id": [(row.organization_id, row.name) for row in rows if row.is_org_active]}
    yield Check(ORGANISATIONS, "ok", f"The user is in: {listed or 'none that is active'}.", offers=offers)
    chosen = client.organization()
    if not chosen.is_org_active:
        yield Check("Organisation", "failed", f"{chosen.name} is not active.", "Choose another one.")
        return
    plan = f", plan {chosen.plan_name}" if chosen.plan_name else ""
    yield Check(
        "Organisation", "ok", f"{chosen.name} ({chosen.organization_id}), books in {chosen.currency_code}{plan}."
    )
    if zone_named(chosen.time_zone) is None:
        told = f"Zoho names {chosen.time_zone or 'no zone'}, which is none of the world's time zones"
        cure = "Set the time zone of the organisation's place in Zoho, under Settings > Organisation Profile."
        yield Check("Time zone", "warning", f"{told}: days are those of the tenant's own.", cure)


def _probe(client: ZohoClient, company: str, name: str, path: str, what: str) -> list[Check]:
    client.get(company, path, page=1, per_page=1)
    return [Check(name, "ok", f"May read {what}.")]


def _chart(books: Books) -> Iterator[Check]:
    rows = books.accounts().values()
    active = [row for row in rows if row.is_active]
    if not any(row.account_type == "accounts_payable" for row in active):
        yield Check("Chart of accounts", "failed", "There is no active account of type Accounts Payable.")
        return
    types = {row.account_type for row in active}
    missing = [kind for kind in ("credit_card", "bank", "payment_clearing") if kind not in types]
    said = f"{len(active)} active accounts, {len(rows) - len(active)} inactive."
    if missing:
        cure = f"Create accounts of type {', '.join(missing)} if flows need them."
        yield Check("Chart of accounts", "warning", f"{said} None is of type {', '.join(missing)}.", cure)
    else:
        yield Check("Chart of accounts", "ok", said)


def _tags(books: Books) -> Iterator[Check]:
    rows = [row for row in books.tags().values() if row.is_active]
    if not rows:
        yield Check("Reporting tags", "warning", "There are none, so nothing carries a cost centre.")
        return
    names = ", ".join(f"{row.tag_name} (mandatory)" if row.is_mandatory else row.tag_name for row in rows)
    needed = [row.tag_name for row in rows if row.is_mandatory and any(row.is_for(one) for one in MODULES)]
    unknown = [row.tag_name for row in rows if row.is_mandatory and row.is_for(JOURNAL) is None]
    told = f" Zoho does not tell for which modules {', '.join(unknown)} is mandatory." if unknown else ""
    cure = f"Map {', '.join(needed)} for every line, or make it optional in Zoho." if needed else ""
    yield Check("Reporting tags", "warning" if needed else "ok", f"{names}.{told}", cure)


def _demands(books: Books) -> Iterator[Check]:
    """Locations and custom fields without which Zoho takes no documents."""
    demanded = Demanded(books, demands := Demands(books))
    rows = demands.locations()
    listed = [(row.location_id, row.location_name) for row in rows.values() if row.is_usable]
    if wrong := next(demanded.location(), None):
        named = "; ".join(f"{one} {name}" for one, name in listed) or "none"
        offers = {"location_id": listed}
        yield Check("Location", "failed", f"{wrong.message} There are: {named}.", "", offers=offers)
    elif rows:
        chosen = rows[demands.location_id()]
        yield Check("Location", "ok", f"Documents go to {chosen.location_name}.", offers={"location_id": listed})
    missing = [finding.message for entity in PAGES for finding in demanded.fields(entity)]
    if missing:
        yield Check("Mandatory fields", "warning", " ".join(missing), "Documents of these kinds are held until then.")


def _currencies(books: Books) -> Iterator[Check]:
    for code, row in books.currencies().items():
        try:
            wanted = exponent(code)
        except MoneyError as error:
            yield Check("Decimals", "warning", f"{code}: {error}")
            continue
        if wanted != row.price_precision:
            sentence = f"Zoho keeps {code} with {row.price_precision} decimals instead of {wanted}."
            yield Check("Decimals", "warning", sentence, f"Set the decimals of {code} in Zoho.")
    yield Check("Currencies", "ok", f"Books in {books.base().currency_code}; {len(books.currencies())} in use.")


def _locks(books: Books) -> Iterator[Check]:
    locks = books.locks()
    told = ", ".join(f"{kind.replace('_', ' ')} through {day}" for kind, day in sorted(closed_through(locks).items()))
    opened = sorted({span for spans in reopened(locks).values() for span in spans})
    again = "".join(f" Opened again: {first} to {last}." for first, last in opened)
    yield Check("Transaction locking", "ok", f"{told or 'Nothing is locked'}.{again}")


def _key_fields(books: Books) -> Iterator[Check]:
    """Whether a field refuses duplicates Zoho does not tell."""
    settings = settings_of(books.client.context)
    name, keyed = settings.key_field, (*KEYED, *(["expense"] if settings.card_purchases_as == "expense" else []))
    if not name:
        yield Check("Key field", "ok", "None is set: what may be there is looked for by its reference number.")
        return
    missing = [entity for entity in keyed if not Demands(books).key_field(entity)]
    if missing:
        cure = f"Make the custom field {name}, of type text and without duplicates, for {' and '.join(missing)}."
        yield Check("Key field", "failed", f"There is no field {name} for {' and '.join(missing)}.", cure)
    else:
        yield Check("Key field", "ok", f"{name} is there; see in Zoho that it refuses duplicate values.")


PARTS: tuple[tuple[str, str, Callable[[Books], Iterable[Check]]], ...] = (
    ("Chart of accounts", "the chart of accounts (ZohoBooks.accountants)", _chart),
    ("Reporting tags", "reporting tags (ZohoBooks.settings)", _tags),
    ("Demands", "locations and custom fields (ZohoBooks.settings)", _demands),
    ("Currencies", "currencies (ZohoBooks.settings)", _currencies),
    ("Transaction locking", "transaction locks (ZohoBooks.accountants)", _locks),
    ("Key field", "custom fields (ZohoBooks.settings)", _key_fields),
)


def _calls(client: ZohoClient) -> Iterator[Check]:
    """What the day has left, where Zoho tells it: it does not tell every organisation."""
    told = client.context.budget.left() if client.context.budget else None
    if told is None:
        yield Check("Calls of the day", "ok", "Zoho does not tell how many are left.")
        return
    left, allowed = told
    state = "warning" if left * 10 < allowed else "ok"
    by_whom = " by our own count, as Zoho does not tell and others may use some" if client.counts_itself else ""
    said = f"{left} of {allowed} are left until the organisation's midnight{by_whom}."
    yield Check("Calls of the day", state, said)
