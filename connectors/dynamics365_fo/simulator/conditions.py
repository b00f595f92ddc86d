"""What is a condition of a filter made of: terms of one kind, sameness with wildcards, and which index narrows it?"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .catalogue import Property
from .store import Key, Row, Table, folded


@dataclass(frozen=True, slots=True)
class Term:
    """One side of a comparison: `kind` is text, number, moment, guid, bool, null or enum:<Name>."""

    kind: str
    of: Callable[[Row], Any]
    field: str = ""
    literal: Any = None


@dataclass(frozen=True, slots=True)
class Condition:
    """A filter: whether a record meets it, and which records of a table can, where an index tells."""

    meets: Callable[[Row], bool]
    among: Callable[[Table], dict[Key, None] | None]


def anywhere(_: Table) -> None:
    return None


def literal(kind: str, value: Any) -> Term:
    return Term(kind, lambda _: value, literal=value)


def joined(operator: Callable[[Decimal, Decimal], Decimal], left: Term, right: Term) -> Callable[[Row], Decimal]:
    return lambda row: operator(Decimal(left.of(row)), Decimal(right.of(row)))


def kind_of(field: Property) -> str:
    if field.is_enum:
        return f"enum:{field.type}"
    kinds = {"Decimal": "number", "Int32": "number", "Int64": "number", "DateTimeOffset": "moment", "Guid": "guid"}
    return kinds.get(field.type, "bool" if field.type == "Boolean" else "text")


def sameness(left: Term, right: Term) -> Callable[[Row], bool]:
    pattern = next((one.literal for one in (left, right) if one.kind == "text" and "*" in (one.literal or "")), None)
    if pattern is None:
        return lambda row: bool(folded(left.of(row)) == folded(right.of(row)))
    wild = re.compile(".*".join(re.escape(part) for part in folded(pattern).split("*")), re.DOTALL)
    other = right if left.literal == pattern else left
    return lambda row: wild.fullmatch(folded(other.of(row))) is not None


def index_of(left: Term, right: Term) -> Callable[[Table], dict[Key, None] | None]:
    field, value = (left.field, right.literal) if left.field else (right.field, left.literal)

    def among(table: Table) -> dict[Key, None] | None:
        if field not in table.indexes or value is None or (isinstance(value, str) and "*" in value):
            return None
        return table.indexes[field].get(folded(value), {})

    return among


def both(parts: list[Condition]) -> Condition:
    def among(table: Table) -> dict[Key, None] | None:
        found = [keys for keys in (one.among(table) for one in parts) if keys is not None]
        return min(found, key=len) if found else None

    return Condition(lambda row: all(one.meets(row) for one in parts), among)


def either(parts: list[Condition]) -> Condition:
    def among(table: Table) -> dict[Key, None] | None:
        whole: dict[Key, None] = {}
        for one in parts:
            keys = one.among(table)
            if keys is None:
                return None
            whole.update(keys)
        return whole

    return Condition(lambda row: any(one.meets(row) for one in parts), among)
