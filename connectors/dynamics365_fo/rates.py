"""What is one currency worth in another on a day, as the company's table of exchange rates says?

Only rates around the days that are wanted are asked for: a table may hold every day of many years."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from connectors.dynamics365_fo.client import Query
from connectors.dynamics365_fo.literals import day_of, equals, is_filterable
from connectors.dynamics365_fo.schema import LedgerRow, RateRow

AROUND = timedelta(days=31)  # of a day whose rate is wanted: the next document's is near
UNSET = "1900-01-01"  # how a date reads that was never set
FACTORS = {"One": 1, "Ten": 10, "Hundred": 100, "Thousand": 1000, "TenThousand": 10000}
Span = tuple[date, date]


def rate_questions(
    ledger: LedgerRow, known: Mapping[str, Span], wanted: Iterable[tuple[str, date]]
) -> list[tuple[str, Span, Query[Any]]]:
    """What is to be asked for currencies on days, beside the spans that are known; with each the span it answers."""
    own, days = ledger.accounting_currency, dict[str, list[date]]()
    for code, day in wanted:
        first, last = known.get(code, (date.max, date.min))
        if code != own and is_filterable(code) and not first <= day <= last:
            days.setdefault(code, []).append(day)
    questions: list[tuple[str, Span, Query[Any]]] = []
    for code, some in days.items():
        every_day = [*some, *known.get(code, ())]
        first, last = min(every_day) - AROUND, max(every_day) + AROUND
        every = (
            f"{equals('RateTypeName', ledger.exchange_rate_type)} and "
            f"({_pair(code, own)} or {_pair(own, code)}) and StartDate le {last}T23:59:59Z and "
            f"(EndDate ge {first}T00:00:00Z or EndDate le {UNSET}T23:59:59Z)"
        )
        questions.append((code, (first, last), Query(RateRow, every=every)))
    return questions


def rate_in(rows: Iterable[RateRow], code: str, own: str, day: date) -> Decimal | None:
    """Company currency per unit of a currency on a day; None if no row says it. What is quoted as it is comes before
    what is quoted the other way round, and the newest first."""
    pairs = [row for row in rows if {row.from_currency, row.to_currency} == {code, own}]
    valid = [row for row in pairs if row.rate and _holds(row, day)]
    if not valid:
        return None
    row = max(valid, key=lambda one: (one.from_currency == code, one.start_date))
    per_unit = row.rate / FACTORS.get(row.conversion_factor, 1)
    return per_unit if row.from_currency == code else Decimal(1) / per_unit


def _pair(source: str, target: str) -> str:
    return f"({equals('FromCurrency', source)} and {equals('ToCurrency', target)})"


def _holds(row: RateRow, day: date) -> bool:
    starts, ends = day_of(row.start_date), day_of(row.end_date)
    return not (starts and day < starts) and not (ends and day > ends)
