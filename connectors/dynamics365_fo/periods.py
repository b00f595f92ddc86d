"""Which fiscal periods has a company, who may post into them, and through which day are they closed?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from connectors.dynamics365_fo.literals import day_of
from connectors.dynamics365_fo.schema import PeriodRow, PeriodStateRow

DAY = timedelta(days=1)
GENERAL, VENDORS = "ledger", "vendors"
LEVELS = {"journal_entry": GENERAL, "vendor_bill": VENDORS, "payment": VENDORS}


@dataclass(frozen=True, slots=True)
class Period:
    """A fiscal period: who may post into it."""

    name: str
    starts_on: date
    ends_on: date
    is_open: bool
    closed_to: frozenset[str] = frozenset()

    def is_closed(self, level: str) -> bool:
        return not self.is_open or level in self.closed_to


def closed_through(periods: list[Period]) -> dict[str, date]:
    """The day before the first period that is open, by type of document.

    A period that is closed behind an open one is not told here; preflight looks at the very period."""
    found: dict[str, date] = {}
    for kind, level in LEVELS.items():
        levels = {GENERAL, level}
        first = next((one for one in periods if not any(one.is_closed(each) for each in levels)), None)
        if first is not None:
            found[kind] = first.starts_on - DAY
        elif periods:
            found[kind] = periods[-1].ends_on
    return found


def fiscal_year_end(periods: list[Period]) -> tuple[int, int]:
    """Month and day on which a fiscal year ends: the periods of a year follow each other, so that of the last one
    before the year's first period comes again. Without periods the end of the calendar year."""
    if not periods:
        return 12, 31
    start = periods[0].starts_on
    last = start - DAY
    return last.month, last.day


def period_of(row: PeriodRow, state: PeriodStateRow | None) -> Period | None:
    """An operating period with its state in this ledger; opening and closing periods are not posted into by us."""
    starts, ends = day_of(row.start_date), day_of(row.end_date)
    if row.type in ("Opening", "Closing") or starts is None or ends is None:
        return None
    closed = set()
    if state and state.ledger_access_level == "None":
        closed.add(GENERAL)
    if state and state.vend_access_level == "None":
        closed.add(VENDORS)
    return Period(row.period_name, starts, ends, state is not None and state.period_status == "Open", frozenset(closed))
