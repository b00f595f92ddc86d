"""How are numbers, days and instants read out of JSON? Exactly, or with a ValueError in words."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, PlainValidator

from connectors.records import Moment

EARLIEST_YEAR, LATEST_YEAR = 2000, 2100


def read_number(value: object) -> Decimal:
    """A JSON number as Decimal; a float or a text is refused."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError(f"{value!r} is not an exact JSON number")
    return Decimal(value)


def read_instant(value: object) -> datetime:
    """An RFC 3339 instant in UTC; without a zone it is UTC, as in the examples of the Expenses API."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a date")
    instant = datetime.fromisoformat(value)
    _check_year(instant.year, value)
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def read_moment(value: object) -> Moment:
    """A plain day where Brex means a day (date only, or exactly midnight UTC: rule G6), else the instant."""
    if isinstance(value, str) and len(value) == 10:
        return read_day(value)
    instant = read_instant(value)
    is_day = instant.hour == instant.minute == instant.second == instant.microsecond == 0
    return instant.date() if is_day else instant


def read_day(value: object) -> date:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a date")
    day = date.fromisoformat(value[:10])
    _check_year(day.year, value)
    return day


def _check_year(year: int, value: str) -> None:
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        raise ValueError(f"{value} is not a believable date")


Number = Annotated[Decimal, BeforeValidator(read_number)]
Instant = Annotated[datetime, PlainValidator(read_instant)]
When = Annotated[Moment, PlainValidator(read_moment)]
Day = Annotated[date, PlainValidator(read_day)]
Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]
