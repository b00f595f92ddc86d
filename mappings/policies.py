"""On which day, in what words and with which roundings does a document enter the books? Rules G6, G7, G8, G10, G20.

Pure functions of plain values; they neither read a clock nor raise for anything that a source may send.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from connectors.money import minor_unit, shares
from connectors.records import Moment

# --- days -----------------------------------------------------------------------------------------------------


def day_of(moment: Moment, time_zone: str) -> date:
    """The day of a moment in the ledger company's time zone (G6).

    Plain days never shift, and 00:00:00 UTC exactly is a day that the source wrote as an instant: not shifted."""
    if not isinstance(moment, datetime):
        return moment
    instant = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    if not (instant.hour or instant.minute or instant.second or instant.microsecond):
        return instant.date()
    return instant.astimezone(ZoneInfo(time_zone)).date()


@dataclass(frozen=True, slots=True)
class PostingDay:
    """`own` is the day before any lock was looked at, which chooses the exchange rate; `day` is the day of posting."""

    own: date
    day: date

    @property
    def moved_from(self) -> date | None:
        return self.own if self.own != self.day else None


def closed_through(locks: Mapping[str, date], document_types: Iterable[str], *, taxed: bool = False) -> date | None:
    """The last closed day of all locks that apply to these kinds of document; that day itself is closed (G7)."""
    return max((locks[name] for name in _lock_names(document_types, taxed) if name in locks), default=None)


def is_reopened(
    day: date,
    locks: Mapping[str, date],
    spans: Mapping[str, Sequence[tuple[date, date]]],
    document_types: Iterable[str],
    *,
    taxed: bool = False,
) -> bool:
    """Whether the ledger lets these kinds of document in on a closed day: every lock that reaches it was opened for a
    span of days that holds it."""
    closing = [name for name in _lock_names(document_types, taxed) if name in locks and day <= locks[name]]
    return bool(closing) and all(any(first <= day <= last for first, last in spans.get(name, ())) for name in closing)


def _lock_names(document_types: Iterable[str], taxed: bool) -> list[str]:
    return [name for kind in document_types for name in ((kind, f"{kind}:taxed") if taxed else (kind,))]


def fiscal_year_ends_on(day: date, year_end: tuple[int, int]) -> date:
    """The last day of the fiscal year that `day` lies in; a year end of 29 February is the 28th in common years."""
    month, last = year_end
    for year in (day.year, day.year + 1):
        end = date(year, month, min(last, calendar.monthrange(year, month)[1]))
        if day <= end:
            return end
    raise AssertionError("every day lies before the year end of the next year")


def open_day(day: date, closed: date | None, year_end: tuple[int, int]) -> tuple[date, bool]:
    """The first open day on or after `day`, and whether it lies in the same fiscal year (else always hold, G7)."""
    if closed is None or day > closed:
        return day, True
    first = closed + timedelta(days=1)
    return first, first <= fiscal_year_ends_on(day, year_end)


# --- roundings ------------------------------------------------------------------------------------------------


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Half up, to the currency's minor unit."""
    return amount.quantize(minor_unit(currency), rounding=ROUND_HALF_UP)


def signed_shares(total: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Cut `total` in proportion to weights that may be negative; the answers sum to `total` exactly (G10).

    Lines against the direction are scaled and rounded on their own; those with it share the rest by largest
    remainder. Without negative weights this is `shares`. Raises MoneyError when the weights do not sum to more
    than zero."""
    weight_sum = sum(weights, Decimal(0))
    if all(weight >= 0 for weight in weights) or weight_sum <= 0:
        return shares(total, weights, currency)
    against = {at: rounded(total * weight / weight_sum, currency) for at, weight in enumerate(weights) if weight < 0}
    rest = total - sum(against.values(), Decimal(0))
    along = iter(shares(rest, [weight for weight in weights if weight >= 0], currency))
    return [against[at] if at in against else next(along) for at in range(len(weights))]


def tax_in_gross(gross: Decimal, percent: Decimal, currency: str) -> Decimal:
    """The tax that a gross amount contains: gross * r / (100 + r), half up (G12)."""
    return rounded(gross * percent / (100 + percent), currency)


# --- texts ----------------------------------------------------------------------------------------------------

TEXT_LIMIT = 200
_CARD_OR_ACCOUNT = re.compile(r"(?<![\w-])(?:[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]){11,30}|\d(?:[ -]?\d){11,18})(?![\w-])")


def without_numbers(text: str) -> str:
    """The text with card and bank numbers cut to their last four characters: full ones never reach a ledger."""
    return _CARD_OR_ACCOUNT.sub(lambda found: "…" + re.sub(r"[ -]", "", found[0])[-4:], text)


def line_text(
    head: str,
    *,
    moved_from: date | None = None,
    person: str = "",
    document_date: date | None = None,
    original: str = "",
    memo: str = "",
    limit: int = TEXT_LIMIT,
) -> str:
    """Merchant or vendor · (dated …) if moved · person · document date · original amount · memo, cut on the right."""
    parts = (
        head,
        f"(dated {moved_from.isoformat()})" if moved_from else "",
        person,
        document_date.isoformat() if document_date else "",
        original,
        memo,
    )
    return without_numbers(" · ".join(part.strip() for part in parts if part.strip()))[:limit].rstrip(" ·")
