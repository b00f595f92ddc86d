"""How are values written in an OData address? Quoted, encoded, and never with a wildcard that nobody meant.

Inside a text compared with `eq` a `*` stands for anything, and no way to write a plain one is documented
(https://learn.microsoft.com/en-us/dynamics365/fin-ops-core/dev-itpro/data-entities/odata#filter-details).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from connectors.errors import PayloadError, RejectedError

ENUM = "Microsoft.Dynamics.DataEntities"
WILDCARD = "*"


def is_filterable(value: str) -> bool:
    """Whether a text may stand in a filter: one with a wildcard would match more than itself."""
    return WILDCARD not in value


def equals(field: str, value: str) -> str:
    """`Field eq 'value'`. Raises RejectedError for a text that the filter would take for a pattern."""
    if not is_filterable(value):
        raise RejectedError(f"{value!r} holds a * and cannot be searched for in Dynamics.", provider="Dynamics")
    return f"{field} eq {quoted(value)}"


def one_of(field: str, values: Iterable[str]) -> str:
    """Any of some texts; there is no `in` operator."""
    return "(" + " or ".join(equals(field, value) for value in values) + ")"


def spread(field: str, plain: str) -> str:
    """A text of letters and digits with anything between them: how a supplier's number is found however it is
    punctuated. The wildcards are ours and meant; every hit is compared again by the caller."""
    if not plain.isalnum():
        raise ValueError("Only letters and digits may be spread.")
    return f"{field} eq '*{'*'.join(plain)}*'"


def is_member(field: str, enum: str, member: str) -> str:
    return f"{field} eq {ENUM}.{enum}'{member}'"


def quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def noon(day: date) -> str:
    """A day as Dynamics keeps it: midnight could move it into its neighbour when a time zone is applied."""
    return f"{day.isoformat()}T12:00:00Z"


def day_of(text: str) -> date | None:
    """The day of an instant as Dynamics writes it; None where it stands for *never* or *not set*.

    Raises PayloadError for what is no instant."""
    if not text:
        return None
    try:
        day = datetime.fromisoformat(text.replace("Z", "+00:00")).date()
    except ValueError as error:
        raise PayloadError(f"Dynamics sent {text[:40]!r} where a date belongs.") from error
    return None if day.year <= 1900 or day.year >= 2154 else day
