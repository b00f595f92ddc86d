"""May the document be posted on its day? Closed periods hold it or move it, never silently (G7)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from connectors.documents import NewVendor
from mappings.policies import PostingDay, closed_through, is_reopened, open_day
from mappings.translate.sheet import Sheet


def posting_day(sheet: Sheet, *kinds: str, taxed: bool = False) -> PostingDay | None:
    """The day of posting for these kinds of document, by G7. None, with a need, where it must be held."""
    own = sheet.own_day()
    if own is None:
        return None
    day = day_after_locks(sheet, own, kinds, taxed=taxed)
    return None if day is None else PostingDay(own, day)


def day_after_locks(sheet: Sheet, own: date, kinds: Sequence[str], *, taxed: bool = False) -> date | None:
    """`own`, or the day it moves to; None, with a need, when it is closed and may not move."""
    facts = sheet.known.facts
    closed = closed_through(facts.closed_through, kinds, taxed=taxed)
    first, is_same_year = open_day(own, closed, facts.fiscal_year_end)
    if first == own or is_reopened(own, facts.closed_through, facts.reopened, kinds, taxed=taxed):
        return own
    if standing := _day_it_stands_on(sheet, own):
        return standing
    sheet.rule("G7")
    chosen = sheet.known.choices.get("day")
    if chosen and (named := date.fromisoformat(chosen)) >= first:
        return named
    if not is_same_year:
        sheet.need("fiscal_year_end", f"{own} is closed; the first open day, {first}, is in another fiscal year.",
                  value=f"{sheet.setup.company}:{closed}")  # fmt: skip
        return None
    if sheet.setup.policies.closed_period == "hold":
        sheet.need("closed_period", f"{own} lies in a closed period: closed through {closed}.",
                  value=f"{sheet.setup.company}:{closed}")  # fmt: skip
        return None
    return first


def _day_it_stands_on(sheet: Sheet, own: date) -> date | None:
    """A document that was posted before the period closed stays where it is: the lock came later."""
    for posted in sheet.known.standing:
        if posted.purpose == "acc" or isinstance(posted.document, NewVendor):
            continue
        text = posted.document.text
        if posted.document.posting_date == own or f"(dated {own})" in text:
            return posted.document.posting_date
    return None
