"""Which fiscal periods has a company, who may post into them, and through which day are they closed?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from connectors.dynamics365_fo.literals import day_of
from connectors.dynamics365_fo.schema import PeriodRow, PeriodStateRow

GENERAL, VENDORS = "ledger", "vendors"
MODULES = {GENERAL: "General ledger", VENDORS: "Accounts payable"}
LEVELS = {"journal_entry": GENERAL, "vendor_bill": VENDORS, "payment": VENDORS}


@dataclass(frozen=True, slots=True)
class Period:
    """A fiscal period: who may post into it."""

    name: str
    starts_on: date
    ends_on: date
    is_open: bool
    closed_to: frozenset[str] = frozenset()
    year: str = ""

    def is_closed(self, level: str) -> bool:
        return not self.is_open or level in self.closed_to


def closed_through(periods: list[Period], today: date) -> dict[str, date]:
    """The last closed day by type of document: the end of the last closed period that has begun, or of the closed ones
    that follow it. An older period that is open does not undo it, see `reopened`; one that has not begun and is not
    open yet closes nothing."""
    found: dict[str, date] = {}
    for kind in LEVELS:
        begun = [at for at, one in enumerate(periods) if _is_closed(one, kind) and one.starts_on <= today]
        if not begun:
            continue
        at = begun[-1]
        while at + 1 < len(periods) and _is_closed(periods[at + 1], kind):
            at += 1
        found[kind] = periods[at].ends_on
    return found


def reopened(periods: list[Period], today: date) -> dict[str, list[tuple[date, date]]]:
    """First and last days of the periods before the last closed day that are open all the same, by type of document."""
    return {
        kind: [(one.starts_on, one.ends_on) for one in periods if one.ends_on <= through and not _is_closed(one, kind)]
        for kind, through in closed_through(periods, today).items()
    }


def _is_closed(period: Period, kind: str) -> bool:
    return any(period.is_closed(level) for level in (GENERAL, LEVELS[kind]))


def fiscal_year_end(periods: list[Period], today: date) -> tuple[int, int]:
    """Month and day on which the fiscal year ends that holds today, or else the nearest one: a company's first year may
    be short, and years may be changed. Without periods the end of the calendar year."""
    if not periods:
        return 12, 31
    years: dict[str, date] = {}
    for one in periods:
        years[one.year] = max(years.get(one.year, one.ends_on), one.ends_on)
    ends = sorted(years.values())
    last = next((day for day in ends if day >= today), ends[-1])
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
    is_open = state is not None and state.period_status == "Open"
    return Period(row.period_name, starts, ends, is_open, frozenset(closed), row.fiscal_year)
