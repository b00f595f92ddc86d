"""What is set up in one company? Ledger, periods, currencies, journals, formats, accounts; kept for a minute.

What is missing is asked for by as few batches as there are steps: the first batch tells the chart and the calendar,
which the second needs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from connectors.base import LedgerFacts
from connectors.dynamics365_fo.client import DynamicsClient, Query, chunks
from connectors.dynamics365_fo.dimensions import Formats, formats_of
from connectors.dynamics365_fo.display import DisplayActions
from connectors.dynamics365_fo.literals import day_of, equals, is_filterable, is_member, one_of
from connectors.dynamics365_fo.periods import Period, closed_through, fiscal_year_end, period_of, reopened
from connectors.dynamics365_fo.rights import OPTIONAL
from connectors.dynamics365_fo.schema import (
    BankAccountRow,
    CurrencyRow,
    DimensionValueRow,
    FormatRow,
    JournalNameRow,
    LedgerRow,
    MainAccountCompanyRow,
    MainAccountRow,
    OlderVendorRow,
    ParametersRow,
    PeriodRow,
    PeriodStateRow,
    RateRow,
    Row,
    VendorRow,
)
from connectors.dynamics365_fo.schema_documents import InvoiceLineRow, JournalRow, LineRow, PaymentJournalRow
from connectors.dynamics365_fo.stamps import is_stamp
from connectors.errors import ConfigurationError, ConnectorError, RejectedError

FRESH = 60.0  # seconds; what changes meanwhile is refused by Dynamics, or seen when the journal is not posted
SEEN = 50  # journals that are looked at for a mark of ours
IDS = 20  # in one question
LINES = 20  # of each kind that show how rates are written
SCALES = {Decimal(1), Decimal(100)}
AROUND = timedelta(days=31)  # of a day whose rate is wanted: the next document's is near
UNSET = "1900-01-01"  # how a date reads that was never set
FACTORS = {"One": 1, "Ten": 10, "Hundred": 100, "Thousand": 1000, "TenThousand": 10000}


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Rows of some ids, which stand in the attribute `name`; they are kept under `kind`."""

    kind: str
    name: str
    ids: list[str]
    query: Query[Any]


@dataclass(slots=True)
class _Kept:
    """What was read, since when; ids that were asked for and not found are kept without rows."""

    since: float
    ledger: LedgerRow
    journals: dict[str, JournalNameRow]
    formats: Formats | ConfigurationError
    currencies: dict[str, CurrencyRow]
    has_integration_key: bool
    periods: list[Period] = field(default_factory=list)
    rates: dict[str, list[RateRow]] = field(default_factory=dict)  # by currency, for the days in `rated`
    rated: dict[str, tuple[date, date]] = field(default_factory=dict)
    hidden: dict[type[Row], ConnectorError] = field(default_factory=dict)
    found: dict[tuple[str, str], list[Any]] = field(default_factory=dict)
    banks: dict[str, BankAccountRow] | None = None
    is_scale_asked: bool = False


class Books:
    """The set-up of one company. Methods may raise ConnectorErrors; all are safe to repeat."""

    def __init__(self, client: DynamicsClient, company: str) -> None:
        self.client = client
        self.company = company.lower()
        self._kept: _Kept | None = None
        self._display = DisplayActions(client)
        self._written_by: Formats | None = None
        self._scale: Decimal | None = None
        self._keeps_key = False
        self._vendors: type[VendorRow] = VendorRow

    # --- the set-up

    @property
    def ledger(self) -> LedgerRow:
        return self._fresh().ledger

    @property
    def currency(self) -> str:
        return self.ledger.accounting_currency

    @property
    def formats(self) -> Formats:
        """Raises ConfigurationError where Dynamics has no active format."""
        told = self._fresh().formats
        if isinstance(told, ConfigurationError):
            raise told
        return told

    @property
    def has_integration_key(self) -> bool:
        """Whether journals of this environment have the field for an outside system's key."""
        return self._fresh().has_integration_key

    @property
    def keeps_integration_key(self) -> bool:
        """Whether that field is known to keep what we write there: a journal of ours shows its mark in it."""
        return self.has_integration_key and self._keeps_key

    def saw_key(self, text: str) -> None:
        """A journal shows this in that field."""
        self._keeps_key = self._keeps_key or is_stamp(text.lower())

    @property
    def has_payment_journals(self) -> bool:
        """Whether this environment shows vendor payment journals to the mapped user."""
        return self.why_hidden(PaymentJournalRow) is None

    def why_hidden(self, row: type[Row]) -> ConnectorError | None:
        """Why this environment does not show one of the sets that some flows can do without; None where it does."""
        return self._fresh().hidden.get(row)

    def vendors_shown(self) -> type[VendorRow] | None:
        """The newest set of vendors that is shown; None where none is."""
        return next((one for one in (VendorRow, OlderVendorRow) if self.why_hidden(one) is None), None)

    @property
    def rate_scale(self) -> Decimal | None:
        """What stands for a rate of one in journal lines (100, or 1), as those in company currency show it; None while
        there are none, or they do not agree. Asked by one call, anew after a minute until it is known."""
        kept = self._fresh()
        if self._scale is None and not kept.is_scale_asked:
            kinds = [one for one in (LineRow, InvoiceLineRow) if self.why_hidden(one) is None]
            answers = self.client.many([Query(one, self.company, self._of_currency(one), top=LINES) for one in kinds])
            shown = {row.exch_rate for rows in answers for row in rows if row.exch_rate > 0}
            self._scale = shown.pop() if len(shown) == 1 and shown <= SCALES else None
            kept.is_scale_asked = True
        return self._scale

    def _of_currency(self, kind: type[LineRow]) -> str:
        return equals(kind.model_fields["currency_code"].alias or "CurrencyCode", self.currency)

    def bank(self, number: str) -> BankAccountRow | None:
        """A bank account of this company. Raises ConfigurationError where they cannot be read."""
        return self.banks().get(number.lower())

    def banks(self) -> Mapping[str, BankAccountRow]:
        """Bank accounts of this company by their ids in small letters; one call within a minute. Raises
        ConfigurationError where the environment does not show them to the mapped user."""
        kept = self._fresh()
        if kept.banks is None:
            try:
                rows = self.client.rows(Query(BankAccountRow, self.company))
            except RejectedError as error:  # fields that this version does not have
                raise ConfigurationError(f"Bank accounts cannot be read. {error.message}") from error
            kept.banks = {row.bank_account_id.lower(): row for row in rows}
        return kept.banks

    def journal(self, name: str) -> JournalNameRow | None:
        return self._fresh().journals.get(name.lower())

    def journals(self) -> list[JournalNameRow]:
        return list(self._fresh().journals.values())

    def currencies(self) -> Mapping[str, CurrencyRow]:
        return self._fresh().currencies

    def periods(self) -> list[Period]:
        return self._fresh().periods

    def vendor_set(self) -> type[VendorRow]:
        """The newest set of vendors that this environment has."""
        return self._vendors

    def forget(self) -> None:
        """What was read is not true any more: the next question reads anew."""
        self._kept = None
        self._display.forget()

    # --- by id, a whole batch at a time

    def prepare(
        self,
        *,
        accounts: Iterable[str] = (),
        values: Iterable[tuple[str, str]] = (),
        vendors: Iterable[str] = (),
        rates: Iterable[tuple[str, date]] = (),
        also: Iterable[Query[Any]] = (),
    ) -> list[list[Any]]:
        """Read what is not known yet of these, by one call; answers the rows of the other questions."""
        kept = self._fresh()
        wanted: list[_Wanted] = []
        chart = equals("ChartOfAccounts", kept.ledger.chart_of_accounts)
        for ids in self._missing("account", accounts):
            by_id = one_of("MainAccountId", ids)
            every = f"{chart} and {by_id}"
            wanted.append(_Wanted("account", "main_account_id", ids, Query(MainAccountRow, every=every)))
            here = f"{chart} and {equals('LegalEntityId', self.company)} and {by_id}"
            wanted.append(_Wanted("override", "main_account_id", ids, Query(MainAccountCompanyRow, every=here)))
        by_dimension: dict[str, list[str]] = {}
        for dimension, value in values:
            by_dimension.setdefault(dimension, []).append(value)
        for dimension, some in by_dimension.items():
            for ids in self._missing(f"value:{dimension}", some):
                every = f"{equals('FinancialDimension', dimension)} and {one_of('DimensionValue', ids)}"
                query: Query[Any] = Query(DimensionValueRow, every=every)
                wanted.append(_Wanted(f"value:{dimension}", "dimension_value", ids, query))
        for ids in self._missing("vendor", vendors):
            every = one_of("VendorAccountNumber", ids)
            query = Query(self._vendors, company=self.company, every=every)
            wanted.append(_Wanted("vendor", "vendor_account_number", ids, query))
        rated, others = self._rate_questions(rates), list(also)
        every_question = [one.query for one in wanted] + [one for _, _, one in rated] + others
        answers = self.ask(every_question) if every_question else []
        for one, rows in zip(wanted, answers, strict=False):
            kept.found.update({_slot(one.kind, some): [] for some in one.ids})
            for row in rows:
                kept.found.setdefault(_slot(one.kind, str(getattr(row, one.name))), []).append(row)
        for (code, days, _), rows in zip(rated, answers[len(wanted) :], strict=False):
            kept.rates[code], kept.rated[code] = rows, days
        return answers[len(wanted) + len(rated) :]

    def account(self, main_account: str) -> MainAccountRow | None:
        found = self._found("account", main_account)
        return found[0] if found else None

    def account_here(self, main_account: str) -> MainAccountCompanyRow | None:
        """What this company says otherwise of a main account."""
        found = self._found("override", main_account)
        return found[0] if found else None

    def value(self, dimension: str, value: str) -> DimensionValueRow | None:
        """A dimension value of this company, or one that all companies share."""
        rows = self._found(f"value:{dimension}", value)
        mine = [row for row in rows if row.legal_entity_id.lower() in ("", self.company)]
        return max(mine, key=lambda row: len(row.legal_entity_id)) if mine else None

    def vendor(self, vendor: str) -> VendorRow | None:
        found = self._found("vendor", vendor)
        return found[0] if found else None

    # --- days and rates

    def period_of(self, day: date) -> Period | None:
        """The period that is posted into on a day; None where no fiscal year reaches that far."""
        return next((one for one in self.periods() if one.starts_on <= day <= one.ends_on), None)

    def rate(self, code: str, day: date) -> Decimal | None:
        """Company currency per unit of a currency on a day; None if Dynamics has no rate for it. One call where nothing
        was prepared for it."""
        own = self.currency
        if code == own:
            return Decimal(1)
        self.prepare(rates=[(code, day)])
        rows = self._prepared().rates.get(code, [])
        valid = [row for row in rows if {row.from_currency, row.to_currency} == {code, own}]
        valid = [row for row in valid if row.rate and _holds(row, day)]
        if not valid:
            return None
        row = max(valid, key=lambda one: (one.from_currency == code, one.start_date))  # what is quoted as it is, newest
        per_unit = row.rate / FACTORS.get(row.conversion_factor, 1)
        return per_unit if row.from_currency == code else Decimal(1) / per_unit

    def today(self) -> date:
        return self.client.http.context.now().date()

    def facts(self, wanted: frozenset[tuple[str, date]]) -> LedgerFacts:
        """Three calls, none when they are fresh; one more for rates of other currencies."""
        self.prepare(rates=wanted)
        currencies, today = self.currencies(), self.today()
        return LedgerFacts(
            company=self.company,
            company_currency=self.currency,
            closed_through=closed_through(self.periods(), today),
            reopened=reopened(self.periods(), today),
            rates={(code, day): self.rate(code, day) for code, day in wanted},
            decimals={code: decimals_of(row) for code, row in currencies.items()},
            active_currencies=frozenset(currencies),
            fiscal_year_end=fiscal_year_end(self.periods(), today),
        )

    # --- keeping

    def _fresh(self) -> _Kept:
        if self._kept is None or time.monotonic() - self._kept.since > FRESH:
            self._kept = self._read()
        return self._kept

    def _prepared(self) -> _Kept:
        """What the last preparation read into, though its minute may have ended since: nothing is missed by that."""
        return self._kept or self._fresh()

    def _read(self) -> _Kept:
        company = equals("LegalEntityId", self.company)
        queries: list[Query[Any]] = [
            Query(LedgerRow, every=company),
            Query(JournalNameRow, company=self.company),
            Query(FormatRow, every=is_member("IsActive", "NoYes", "Yes")),
            Query(ParametersRow),
            Query(CurrencyRow),
            Query(PeriodStateRow, every=company),
        ]
        ledgers, journals, formats, parameters, currencies, states = self.client.many(queries)
        if not ledgers:
            raise ConfigurationError(
                f"The mapped user sees no ledger of the company {self.company} in Dynamics: give his security role "
                "access to it under System administration > Users."
            )
        try:
            told: Formats | ConfigurationError = self._formats(formats, parameters)
        except ConfigurationError as error:
            told = error
        kept = _Kept(
            since=time.monotonic(),
            ledger=ledgers[0],
            journals={row.name.lower(): row for row in journals},
            formats=told,
            currencies={row.currency_code: row for row in currencies},
            has_integration_key=self._has_integration_key(),
        )
        self._calendar(kept, states)
        return kept

    def _formats(self, rows: list[FormatRow], parameters: list[ParametersRow]) -> Formats:
        """Texts that Dynamics told stay true while the formats do."""
        asks_always = self.client.settings.display_values == "actions"
        formats = formats_of(rows, parameters, self._display, asks_always=asks_always)
        if formats != self._written_by:
            self._display.forget()
            self._written_by = formats
        return formats

    def _calendar(self, kept: _Kept, states: list[PeriodStateRow]) -> None:
        """Periods, and which of the sets that not every flow needs are not shown; one call."""
        ledger = kept.ledger
        every: Query[Any] = Query(PeriodRow, every=equals("Calendar", ledger.fiscal_calendar))
        rows, *others = self.client.tried([every, *(Query(one, self.company, top=1) for one in OPTIONAL)])
        if isinstance(rows, ConnectorError):
            raise rows
        kept.hidden = {row: one for row, one in zip(OPTIONAL, others, strict=True) if isinstance(one, ConnectorError)}
        by_name = {(one.year_name, one.period_name): one for one in states if one.calendar == ledger.fiscal_calendar}
        periods = [period_of(row, by_name.get((row.fiscal_year, row.period_name))) for row in rows]
        kept.periods = sorted((one for one in periods if one), key=lambda one: one.starts_on)

    def _rate_questions(self, wanted: Iterable[tuple[str, date]]) -> list[tuple[str, tuple[date, date], Query[Any]]]:
        """Rates between the company's currency and others, of the days that are wanted and those around them: a table
        may hold every day of many years."""
        kept = self._fresh()
        own, days = kept.ledger.accounting_currency, dict[str, list[date]]()
        for code, day in wanted:
            first, last = kept.rated.get(code, (date.max, date.min))
            if code != own and is_filterable(code) and not first <= day <= last:
                days.setdefault(code, []).append(day)
        questions: list[tuple[str, tuple[date, date], Query[Any]]] = []
        for code, some in days.items():
            known = kept.rated.get(code, ())
            first, last = min(*some, *some, *known) - AROUND, max(*some, *some, *known) + AROUND
            every = (
                f"{equals('RateTypeName', kept.ledger.exchange_rate_type)} and "
                f"({_pair(code, own)} or {_pair(own, code)}) and StartDate le {last}T23:59:59Z and "
                f"(EndDate ge {first}T00:00:00Z or EndDate le {UNSET}T23:59:59Z)"
            )
            questions.append((code, (first, last), Query(RateRow, every=every)))
        return questions

    def _has_integration_key(self) -> bool:
        if self._kept is not None:
            return self._kept.has_integration_key
        try:
            for row in self.client.rows(Query(JournalRow, self.company, "IntegrationKey ne ''", top=SEEN)):
                self.saw_key(row.integration_key)
        except RejectedError:  # a property that does not exist is refused by name
            return False
        return True

    def _missing(self, kind: str, ids: Iterable[str]) -> Iterable[list[str]]:
        kept = self._fresh()
        missing = (one for one in ids if _slot(kind, one) not in kept.found and is_filterable(one))
        return chunks(missing, IDS)

    def _found(self, kind: str, one: str) -> list[Any]:
        return self._prepared().found.get(_slot(kind, one), [])

    def ask(self, queries: list[Query[Any]]) -> list[list[Any]]:
        """Environments without the newest set of vendors are asked for the one before."""
        try:
            return self.client.many(queries)
        except ConfigurationError as error:
            is_asked = any(one.row is VendorRow for one in queries) and VendorRow.entity_set in error.message
            if self._vendors is OlderVendorRow or not is_asked:
                raise
            self._vendors = OlderVendorRow
            older = [Query(OlderVendorRow, one.company, one.every) if one.row is VendorRow else one for one in queries]
            return self.client.many(older)


def _pair(source: str, target: str) -> str:
    return f"({equals('FromCurrency', source)} and {equals('ToCurrency', target)})"


def _slot(kind: str, one: str) -> tuple[str, str]:
    """As Dynamics compares ids: neither case nor blanks at the end count."""
    return kind, one.rstrip().lower()


def decimals_of(row: CurrencyRow) -> int:
    """Decimals of a currency: those of its general rounding rule; Dynamics takes 0 for two."""
    exponent = row.general_rounding_rule.normalize().as_tuple().exponent
    if not row.general_rounding_rule:
        return 2
    return max(0, -exponent) if isinstance(exponent, int) else 2


def _holds(row: RateRow, day: date) -> bool:
    starts, ends = day_of(row.start_date), day_of(row.end_date)
    return not (starts and day < starts) and not (ends and day > ends)
