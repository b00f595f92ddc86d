"""Through which day is a company closed, which days before it are open, and when does its fiscal year end?"""

from __future__ import annotations

from calendar import monthrange
from datetime import date

import pytest

from connectors.dynamics365_fo.periods import Period, closed_through, fiscal_year_end, reopened
from mappings.policies import is_reopened, open_day
from tests.connectors.dynamics365_fo.world import DynamicsWorld

TODAY = date(2026, 11, 2)


def months(first: date, count: int, *is_open: int, year: str = "2026", **parts: frozenset[str]) -> list[Period]:
    """Months from `first` on, open where their numbers (from 1) are named."""
    periods = []
    for at in range(count):
        moved = first.month - 1 + at
        starts = date(first.year + moved // 12, moved % 12 + 1, 1)
        ends = starts.replace(day=monthrange(starts.year, starts.month)[1])
        periods.append(
            Period(f"P{at + 1}", starts, ends, at + 1 in is_open, parts.get(f"p{at + 1}", frozenset()), year)
        )
    return periods


@pytest.mark.parametrize(
    ("is_open", "closed", "spans"),
    [
        ((10, 11, 12), date(2026, 9, 30), []),
        ((1, 10, 11, 12), date(2026, 9, 30), [(date(2026, 1, 1), date(2026, 1, 31))]),
        ((1, 10, 11), date(2026, 9, 30), [(date(2026, 1, 1), date(2026, 1, 31))]),
        ((10,), date(2026, 12, 31), [(date(2026, 10, 1), date(2026, 10, 31))]),
        ((), date(2026, 12, 31), []),
        (tuple(range(1, 13)), None, []),
        (tuple(range(1, 12)), None, []),
    ],
)
def test_an_old_period_that_is_open_opens_no_later_one(
    is_open: tuple[int, ...], closed: date | None, spans: list[tuple[date, date]]
) -> None:
    periods = months(date(2026, 1, 1), 12, *is_open)
    assert closed_through(periods, TODAY).get("journal_entry") == closed
    assert reopened(periods, TODAY).get("journal_entry", []) == spans


def test_a_module_that_is_shut_closes_its_documents_alone() -> None:
    periods = months(date(2026, 1, 1), 12, *range(1, 13), p10=frozenset({"vendors"}))
    assert closed_through(periods, TODAY) == {"vendor_bill": date(2026, 10, 31), "payment": date(2026, 10, 31)}


def test_the_next_open_day_is_found_while_an_old_period_is_open() -> None:
    periods = months(date(2026, 1, 1), 12, 1, 10, 11, 12)
    locks, spans = closed_through(periods, TODAY), reopened(periods, TODAY)
    kinds = ["journal_entry"]
    assert open_day(date(2026, 9, 14), locks["journal_entry"], (12, 31)) == (date(2026, 10, 1), True)
    assert not is_reopened(date(2026, 9, 14), locks, spans, kinds)
    assert is_reopened(date(2026, 1, 14), locks, spans, kinds)


@pytest.mark.parametrize(
    ("periods", "ends"),
    [
        ([], (12, 31)),
        (months(date(2026, 3, 1), 10), (12, 31)),
        (months(date(2026, 4, 1), 12), (3, 31)),
        (months(date(2025, 4, 1), 12, year="2025") + months(date(2026, 4, 1), 9), (12, 31)),
        (months(date(2020, 7, 1), 12, year="2020"), (6, 30)),
    ],
)
def test_the_fiscal_year_ends_with_the_last_period_of_the_year_we_are_in(
    periods: list[Period], ends: tuple[int, int]
) -> None:
    assert fiscal_year_end(periods, TODAY) == ends


def test_a_company_founded_in_march_ends_its_year_in_december(world: DynamicsWorld) -> None:
    rows = sorted(world.rows("FiscalPeriods"), key=lambda row: row["StartDate"])
    first = rows[0]["FiscalYear"]
    for row in rows:
        if row["FiscalYear"] == first and row["StartDate"][5:7] < "03":
            key = [row[name] for name in ("Calendar", "FiscalYear", "StartDate", "EndDate", "PeriodName")]
            found = world.simulator.store.find("FiscalPeriods", *key)
            assert found is not None
            world.simulator.store.delete("FiscalPeriods", found)
    assert world.open().facts("usmf", frozenset()).fiscal_year_end == (12, 31)
