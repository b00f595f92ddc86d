"""What is set up in one company? Accounts, journals, partners, cost centres, rates, locks; kept for a minute."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeVar

from connectors.base import LedgerFacts
from connectors.errors import ConfigurationError
from connectors.odoo.client import OdooClient
from connectors.odoo.schema import (
    AccountRow,
    AnalyticRow,
    CompanyRow,
    CurrencyRow,
    JournalRow,
    MethodLine,
    PartnerRow,
    RateRow,
    Row,
)

FRESH = 60.0  # seconds; a lock set meanwhile is caught by reading back what was posted
R = TypeVar("R", bound=Row)
T = TypeVar("T")


@dataclass(slots=True)
class _Kept:
    """Rows read so far; an id that was asked for and not found is kept as None."""

    since: float
    rows: dict[int, Row | None] = field(default_factory=dict)


class Books:
    """The reference data of one company, read in bulk when first needed and again when older than a minute.

    Methods may raise ConnectorErrors; all are safe to repeat."""

    def __init__(self, client: OdooClient, company: str) -> None:
        self.client = client
        self.company = company
        self._kept: dict[type[Row], _Kept] = {}
        self._answers: dict[str, tuple[float, object]] = {}

    # --- by id, a whole batch at a time

    def accounts(self, ids: Iterable[str | int]) -> dict[int, AccountRow]:
        return self._by_id(AccountRow, ids)

    def journals(self, ids: Iterable[str | int]) -> dict[int, JournalRow]:
        return self._by_id(JournalRow, ids)

    def partners(self, ids: Iterable[str | int]) -> dict[int, PartnerRow]:
        return self._by_id(PartnerRow, ids)

    def analytic_accounts(self, ids: Iterable[str | int]) -> dict[int, AnalyticRow]:
        return self._by_id(AnalyticRow, ids)

    # --- lists

    def currencies(self) -> dict[str, CurrencyRow]:
        """Every currency by its code, the inactive ones too."""
        return self._once(
            "currencies",
            lambda: {row.name: row for row in self.client.rows(CurrencyRow, [], is_archived_too=True)},
        )

    def currency_id(self, code: str) -> int:
        """Raises ConfigurationError for a code that this database does not have."""
        row = self.currencies().get(code)
        if row is None:
            raise ConfigurationError(f"Odoo does not have the currency {code}.")
        return row.id

    def settings(self) -> CompanyRow:
        """The company with its effective locks. Raises ConfigurationError if the key's user may not see it."""

        def read() -> CompanyRow:
            rows = self.client.rows(CompanyRow, [["id", "=", int(self.company)]], company=self.company)
            if not rows:
                raise ConfigurationError(f"The key's user may not see company {self.company} in Odoo.")
            return rows[0]

        return self._once("settings", read)

    def method_lines(self) -> list[MethodLine]:
        """The payment methods of all journals with the account each books to."""
        return self._once(
            "methods",
            lambda: self.client.rows(
                MethodLine, [["journal_id.company_id", "=", int(self.company)]], company=self.company
            ),
        )

    def rates(self, codes: frozenset[str]) -> dict[int, list[RateRow]]:
        """All rates of some currencies by currency id, newest first; a company's own before shared ones."""
        ids = {row.id for code, row in self.currencies().items() if code in codes}
        known: dict[int, list[RateRow]] = self._once("rates", dict)
        missing = ids - known.keys()
        if missing:
            settings = self.settings()
            owners = {settings.id, settings.parent_id, None}
            rows = self.client.rows(RateRow, [["currency_id", "in", sorted(missing)]], company=self.company)
            for wanted in missing:
                mine = [row for row in rows if row.currency_id == wanted and row.company_id in owners]
                known[wanted] = sorted(mine, key=lambda row: (row.company_id is not None, row.name), reverse=True)
        return {one: known[one] for one in ids}

    def rate(self, code: str, day: date) -> Decimal | None:
        """Company currency per unit of a currency on a day, as Odoo converts; None if it has no rate by then.

        Without any rate Odoo would convert at 1:1, and before the first one at the first (observed on Odoo 19.0)."""
        own = self.currency_code(self.settings().currency_id)
        if code == own:
            return Decimal(1)
        table = self.rates(frozenset((code, own)))
        currencies = self.currencies()
        if code not in currencies:
            return None
        theirs = _latest(table.get(currencies[code].id, []), day)
        ours = _latest(table.get(currencies[own].id, []), day)
        if theirs is None or not theirs.rate:
            return None
        return (ours.rate if ours else Decimal(1)) / theirs.rate

    def currency_code(self, currency_id: int | None) -> str:
        return next((code for code, row in self.currencies().items() if row.id == currency_id), "")

    def facts(self, wanted: frozenset[tuple[str, date]]) -> LedgerFacts:
        """Locks, currencies and rates in at most three calls, none when they are fresh."""
        settings = self.settings()
        currencies = self.currencies()
        own = self.currency_code(settings.currency_id)
        if foreign := frozenset(code for code, _ in wanted if code != own):
            self.rates(foreign | {own})
        month_end = (settings.fiscalyear_last_month, settings.fiscalyear_last_day)
        return LedgerFacts(
            company=self.company,
            company_currency=own,
            closed_through=closed_through(settings),
            rates={(code, day): self.rate(code, day) for code, day in wanted},
            decimals={code: row.decimal_places for code, row in currencies.items()},
            active_currencies=frozenset(code for code, row in currencies.items() if row.active),
            fiscal_year_end=month_end,
        )

    # --- keeping

    def _by_id(self, kind: type[R], ids: Iterable[str | int]) -> dict[int, R]:
        wanted = {int(one) for one in ids}
        kept = self._kept.get(kind)
        if kept is None or time.monotonic() - kept.since > FRESH:
            kept = self._kept[kind] = _Kept(time.monotonic())
        missing = sorted(wanted - kept.rows.keys())
        if missing:
            rows = self.client.rows(kind, [["id", "in", missing]], company=self.company, is_archived_too=True)
            kept.rows.update(dict.fromkeys(missing))
            kept.rows.update({row.id: row for row in rows})
        return {one: row for one in wanted if isinstance(row := kept.rows.get(one), kind)}

    def _once(self, name: str, read: Callable[[], T]) -> T:
        since, answer = self._answers.get(name, (0.0, None))
        if name not in self._answers or time.monotonic() - since > FRESH:
            answer = read()
            self._answers[name] = (time.monotonic(), answer)
        return answer  # type: ignore[return-value]


def closed_through(settings: CompanyRow) -> dict[str, date]:
    """The last closed day by type of document. Posting into a lock is no error in Odoo: it moves the date."""
    both = (settings.user_fiscalyear_lock_date, settings.user_hard_lock_date)
    purchases = (*both, settings.user_purchase_lock_date)
    tax = settings.user_tax_lock_date
    locks = {
        "journal_entry": both,
        "journal_entry:taxed": (*both, tax),
        "vendor_bill": purchases,
        "vendor_bill:taxed": (*purchases, tax),
        "payment": both,
    }
    found = {kind: max((day for day in days if day), default=None) for kind, days in locks.items()}
    return {kind: day for kind, day in found.items() if day}


def _latest(rates: list[RateRow], day: date) -> RateRow | None:
    return next((row for row in rates if row.name <= day), None)
