"""What is set up in one organisation? Accounts, contacts, tags, currencies, rates, locks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.base import LedgerFacts
from connectors.errors import BlockedError, ConfigurationError, RejectedError
from connectors.zoho_books.client import PAGE, ZohoClient, one
from connectors.zoho_books.errors import MissingError
from connectors.zoho_books.kept import (
    CONTACTS_FRESH,
    LISTS_FRESH,
    LOCKS_FRESH,
    RATES_FRESH,
    RECENT,
    RECENT_RATES_FRESH,
    kept_for,
)
from connectors.zoho_books.locks import Lock, closed_through, locks_read, names_users, reopened
from connectors.zoho_books.schema import AccountRow, ContactRow, CurrencyRow, Organization, RateRow
from connectors.zoho_books.schema_setup import LockRow, OptionRow, TagRow, UserRow

RENEW_AFTER = 10.0
ALONE = 10  # contacts read one by one before their list is read, which tells of two hundred by a call
ACCOUNTS_PAGE = 5000  # what the list gives when nothing is asked (observed); other lists give 200 at most
MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
          "november", "december")  # fmt: skip
LAST_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(slots=True)
class _Asked:
    """Contacts that were read alone since their list was, and the pages that it had."""

    alone: int = 0
    pages: int = 0


class Books:
    """The reference data of one organisation. Methods may raise ConnectorErrors; all are safe to repeat."""

    def __init__(self, client: ZohoClient, company: str) -> None:
        self.client = client
        self.company = company
        self.kept = kept_for(client, company)

    def forget(self) -> None:
        """Ask everything again: Zoho refused what seemed right. Once for all that it refuses within some seconds."""
        self.kept.doubt(RENEW_AFTER)

    def renew(self) -> bool:
        """Ask again what was not asked just now, as something in it seems wrong; whether there was any."""
        return self.kept.forget(RENEW_AFTER)

    def vendors(self) -> list[ContactRow]:
        """All vendors, the inactive ones too, each known by itself then. `contact_type` was seen to let customers
        through."""

        def read() -> list[ContactRow]:
            params: dict[str, Any] = {"contact_type": "vendor", "filter_by": "Status.All"}
            params |= {"sort_column": "created_time", "sort_order": "A"}
            rows = self.client.rows(ContactRow, self.company, "/contacts", "contacts", **params)
            asked = self._asked()
            asked.alone, asked.pages = 0, -(-len(rows) // PAGE)
            for row in rows:
                self.kept.put(f"contact {row.contact_id}", row)
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
        """One contact; None if there is none. Of many one after the other the list is read."""

        def read() -> ContactRow | None:
            asked = self._asked()
            if asked.alone >= max(ALONE, asked.pages):
                asked.alone = 0
                if row := next((row for row in self.vendors() if row.contact_id == contact_id), None):
                    return row
            asked.alone += 1
            try:
                return one(ContactRow, self.client.get(self.company, f"/contacts/{contact_id}"), "contact")
            except MissingError:
                return None

        return self.kept.get(f"contact {contact_id}", CONTACTS_FRESH, read) if contact_id.isdigit() else None

    def _asked(self) -> _Asked:
        return self.kept.get("contacts asked", float("inf"), _Asked)

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
        """Base units per unit of a currency: the rate of the day or the nearest before it; None if there is none. One
        that was corrected is known within five minutes, of a day long past within an hour."""
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

        is_recent = day >= self.client.context.now().date() - RECENT
        return self.kept.get(f"rate {code} {day}", RECENT_RATES_FRESH if is_recent else RATES_FRESH, read)

    def locks(self) -> list[Lock]:
        """The transaction locks that bind the user of this connection."""

        def read() -> list[Lock]:
            rows = self.client.rows(LockRow, self.company, "/transactionlocks", "transaction_locks")
            return locks_read(rows, self.user().user_id if names_users(rows) else "")

        return self.kept.get("locks", LOCKS_FRESH, read)

    def user(self) -> UserRow:
        """The user whose consent this connection has; an empty one where his role may not see it."""

        def read() -> UserRow:
            try:
                return one(UserRow, self.client.get(self.company, "/users/me"), "user")
            except (BlockedError, RejectedError):
                return UserRow()

        return self.kept.get("user", CONTACTS_FRESH, read)

    def organization(self, *, fresh: float = CONTACTS_FRESH) -> Organization:
        def read() -> Organization:
            rows = [row for row in self.client.organizations() if row.organization_id == self.company]
            if not rows:
                raise ConfigurationError(f"The user is not in the organisation {self.company}.")
            return rows[0]

        row = self.kept.get("organization", fresh, read)
        self.client.knows(row)
        return row

    def facts(self, wanted: frozenset[tuple[str, date]]) -> LedgerFacts:
        """Locks, currencies and rates: three calls, and one for each foreign currency and day; none while fresh."""
        currencies = self.currencies()
        return LedgerFacts(
            company=self.company,
            company_currency=self.base().currency_code,
            closed_through=closed_through(self.locks()),
            rates={(code, day): self.rate(code, day) for code, day in wanted},
            decimals={code: row.price_precision for code, row in currencies.items()},
            active_currencies=frozenset(currencies),
            fiscal_year_end=fiscal_year_end(self.organization().fiscal_year_start_month),
            reopened=reopened(self.locks()),
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
