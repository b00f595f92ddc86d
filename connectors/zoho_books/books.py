"""What is set up in one organisation? Accounts, contacts, tags, currencies, rates, locks: kept for as long as each may.

Every call counts against the organisation's day, so answers are kept by the process and not by the ledger that asked:
an account for five minutes, a vendor or a rate for six hours, a lock for one minute. What was refused meanwhile, or
seems wrong, is asked again before anybody is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any, TypeVar

from connectors.base import LedgerFacts
from connectors.errors import ConfigurationError
from connectors.zoho_books.auth import credentials_of, settings_of
from connectors.zoho_books.client import ZohoClient, one, parsed
from connectors.zoho_books.errors import MissingError
from connectors.zoho_books.schema import (
    AccountRow,
    ContactRow,
    CurrencyRow,
    FieldRow,
    LockRow,
    OptionRow,
    Organization,
    RateRow,
    TagRow,
)

LOCKS_FRESH = 60.0
LISTS_FRESH = 300.0
CONTACTS_FRESH = RATES_FRESH = 6 * 3600.0
RENEW_AFTER = 10.0
ACCOUNTS_PAGE = 5000  # what the list gives when nothing is asked (observed); other lists give 200 at most
MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
          "november", "december")  # fmt: skip
LAST_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
INDEXES = frozenset({"standing bills"})  # keep themselves up to date
T = TypeVar("T")


@dataclass(slots=True)
class Kept:
    """Answers by name, with the moment they were given; that there is none is kept for a minute at most."""

    answers: dict[str, tuple[float, object]] = field(default_factory=dict)

    def get(self, name: str, fresh: float, read: Callable[[], T]) -> T:
        at, answer = self.answers.get(name, (0.0, None))
        if name not in self.answers or time.monotonic() - at > (min(fresh, LOCKS_FRESH) if answer is None else fresh):
            answer = read()
            self.answers[name] = (time.monotonic(), answer)
        return answer  # type: ignore[return-value]

    def forget(self, older_than: float) -> bool:
        """Drop what is older than some seconds; whether anything was."""
        now = time.monotonic()
        old = [name for name, (at, _) in self.answers.items() if now - at > older_than and name not in INDEXES]
        for name in old:
            del self.answers[name]
        return bool(old)


_kept: dict[tuple[str, str, str], Kept] = {}


def kept_for(client: ZohoClient, company: str) -> Kept:
    """What this process knows of an organisation, for those with the same credential; nothing is shared with others,
    nor between connections that a test answers in-process."""
    if client.context.transport is not None:
        return Kept()
    credentials = credentials_of(client.context)
    secret = credentials.refresh_token.get_secret_value() if credentials.refresh_token else ""
    slot = (client.context.address, company, sha256(f"{credentials.client_id}\n{secret}".encode()).hexdigest())
    return _kept.setdefault(slot, Kept())


class Books:
    """The reference data of one organisation. Methods may raise ConnectorErrors; all are safe to repeat."""

    def __init__(self, client: ZohoClient, company: str) -> None:
        self.client = client
        self.company = company
        self.kept = kept_for(client, company)

    def forget(self) -> None:
        """Ask everything again: Zoho refused what seemed right."""
        self.kept.forget(-1.0)

    def renew(self) -> bool:
        """Ask again what was not asked just now, as something in it seems wrong; whether there was any."""
        return self.kept.forget(RENEW_AFTER)

    def vendors(self) -> list[ContactRow]:
        """All vendors, the inactive ones too. `contact_type` was seen to let customers through."""

        def read() -> list[ContactRow]:
            params: dict[str, Any] = {"contact_type": "vendor", "filter_by": "Status.All"}
            params |= {"sort_column": "created_time", "sort_order": "A"}
            rows = self.client.rows(ContactRow, self.company, "/contacts", "contacts", **params)
            return [row for row in rows if row.is_vendor]

        return self.kept.get("vendors", LISTS_FRESH, read)

    def accounts(self) -> dict[str, AccountRow]:
        """The whole chart by id, the inactive ones too: the list leaves them out unless it is asked for all."""

        def read() -> dict[str, AccountRow]:
            params: dict[str, Any] = {"filter_by": "AccountType.All", "per_page": ACCOUNTS_PAGE}
            rows = self.client.rows(AccountRow, self.company, "/chartofaccounts", "chartofaccounts", **params)
            return {row.account_id: row for row in rows}

        return self.kept.get("accounts", LISTS_FRESH, read)

    def contact(self, contact_id: str) -> ContactRow | None:
        """One contact; None if there is none."""

        def read() -> ContactRow | None:
            try:
                return one(ContactRow, self.client.get(self.company, f"/contacts/{contact_id}"), "contact")
            except MissingError:
                return None

        return self.kept.get(f"contact {contact_id}", CONTACTS_FRESH, read) if contact_id.isdigit() else None

    def tags(self) -> dict[str, TagRow]:
        """Reporting tags by id; a list without pages, under one of two names."""

        def read() -> dict[str, TagRow]:
            answer = self.client.get(self.company, "/reportingtags")
            rows = [TagRow.model_validate(row) for row in answer.get("reporting_tags") or answer.get("tags") or []]
            return {row.tag_id: row for row in rows}

        return self.kept.get("tags", LISTS_FRESH, read)

    def options(self, tag_id: str) -> dict[str, OptionRow]:
        """All options of a tag, however deep, by id."""

        def read() -> dict[str, OptionRow]:
            rows = self.client.rows(OptionRow, self.company, "/reportingtags/options", "options", tag_id=tag_id)
            return {row.option_id: row for row in _flat(rows)}

        return self.kept.get(f"options {tag_id}", LISTS_FRESH, read)

    def currencies(self) -> dict[str, CurrencyRow]:
        """The currencies that the organisation uses, by code."""

        def read() -> dict[str, CurrencyRow]:
            rows = self.client.rows(CurrencyRow, self.company, "/settings/currencies", "currencies")
            return {row.currency_code: row for row in rows}

        return self.kept.get("currencies", LISTS_FRESH, read)

    def currency(self, code: str) -> CurrencyRow:
        """Raises ConfigurationError for a code that the organisation does not use."""
        row = self.currencies().get(code)
        if row is None:
            raise ConfigurationError(f"The organisation does not use the currency {code}.")
        return row

    def base(self) -> CurrencyRow:
        for row in self.currencies().values():
            if row.is_base_currency:
                return row
        raise ConfigurationError("Zoho names no base currency of the organisation.")

    def rate(self, code: str, day: date) -> Decimal | None:
        """Base units per unit of a currency: the rate of the day or the nearest before it; None if there is none."""
        row = self.currencies().get(code)
        if row is None:
            return None
        if row.is_base_currency:
            return Decimal(1)

        def read() -> Decimal | None:
            path = f"/settings/currencies/{row.currency_id}/exchangerates"
            found = self.client.first(RateRow, self.company, path, "exchange_rates", from_date=day.isoformat())
            known = [one for one in found if one.effective_date and one.effective_date <= day and one.rate > 0]
            return max(known, key=lambda one: one.effective_date or day).rate if known else None

        return self.kept.get(f"rate {code} {day}", RATES_FRESH, read)

    def closed_through(self) -> dict[str, date]:
        """The last closed day by type of document; journals by the accountant's lock, the rest by that of purchases.

        Whether the lock's day itself is closed Zoho says both ways; here it is (accounting policy, G7)."""

        def read() -> dict[str, date]:
            rows = self.client.rows(LockRow, self.company, "/transactionlocks", "transaction_locks")
            closed: dict[str, date] = {}
            for row in rows:
                day = row.transaction_lock_date
                if day is None or not _is_on(row):
                    continue
                for kind in _kinds(row):
                    closed[kind] = max(day, closed.get(kind, day))
            return closed

        return self.kept.get("locks", LOCKS_FRESH, read)

    def key_field(self, entity: str) -> str:
        """The id of the custom field that holds our stamp on a bill, contact or vendor payment; empty if none does."""
        name = settings_of(self.client.context).key_field
        if not name:
            return ""

        def read() -> str:
            rows = parsed(FieldRow, self.client.get(self.company, "/settings/fields", entity=entity), "fields")
            return next((row.id for row in rows if row.api_name == name), "")

        return self.kept.get(f"key field {entity}", LISTS_FRESH, read)

    def organization(self) -> Organization:
        def read() -> Organization:
            rows = [row for row in self.client.organizations() if row.organization_id == self.company]
            if not rows:
                raise ConfigurationError(f"The user is not in the organisation {self.company}.")
            return rows[0]

        return self.kept.get("organization", CONTACTS_FRESH, read)

    def facts(self, wanted: frozenset[tuple[str, date]]) -> LedgerFacts:
        """Locks, currencies and rates: three calls, and one for each foreign currency and day; none while fresh."""
        currencies = self.currencies()
        return LedgerFacts(
            company=self.company,
            company_currency=self.base().currency_code,
            closed_through=self.closed_through(),
            rates={(code, day): self.rate(code, day) for code, day in wanted},
            decimals={code: row.price_precision for code, row in currencies.items()},
            active_currencies=frozenset(currencies),
            fiscal_year_end=fiscal_year_end(self.organization().fiscal_year_start_month),
        )


def fiscal_year_end(start: str) -> tuple[int, int]:
    """The last month and day of a year that starts in a month, which Zoho tells by name or by a number from 0."""
    word = start.strip().lower()
    at = MONTHS.index(word) if word in MONTHS else int(word) if word.isdigit() and int(word) < 12 else 0
    return (at or 12, LAST_DAYS[at - 1])


def _flat(rows: Iterable[OptionRow]) -> Iterable[OptionRow]:
    for row in rows:
        yield row
        yield from _flat(row.children)


def _is_on(row: LockRow) -> bool:
    return (row.transaction_lock_status or row.lock_status).lower() not in ("disabled", "unlocked", "")


def _kinds(row: LockRow) -> tuple[str, ...]:
    """Which documents a lock closes. One that names no module, or none that we know, closes all: that only holds."""
    module = (row.transaction_lock_module or row.lock_module or row.lock_scope_formatted).lower()
    if "accountant" in module or "journal" in module:
        return ("journal_entry",)
    if "purchase" in module:
        return ("vendor_bill", "payment")
    if any(word in module for word in ("sales", "banking", "inventory")):
        return ()
    return ("journal_entry", "vendor_bill", "payment")
