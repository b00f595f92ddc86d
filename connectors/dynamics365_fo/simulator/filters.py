"""Which records does a `$filter` mean? The documented operators, with F&O's own wildcard inside text.

`eq ne gt ge lt le and or not`, arithmetic, parentheses. `in`, `has` and functions are refused. In a text compared with
`eq` a `*` stands for any characters (Microsoft Learn, data-entities/odata.md); comparison ignores case.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from .catalogue import NAMESPACE, Catalogue, EntitySet
from .conditions import Condition, Term, anywhere, both, either, index_of, joined, kind_of, literal, sameness
from .errors import bad_request
from .store import folded
from .values import MOMENT, default_of, parse_moment, stamp

TOKEN = re.compile(
    rf"\s*(?:(?P<enum>[\w.]+'(?:[^']|'')*')|(?P<text>'(?:[^']|'')*')|(?P<moment>{MOMENT.pattern})"
    r"|(?P<guid>[0-9a-fA-F]{8}-[0-9a-fA-F-]{27})|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_][\w./]*)|(?P<sign>[(),]))"
)
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": lambda left, right: left > right,
    "ge": lambda left, right: left >= right,
    "lt": lambda left, right: left < right,
    "le": lambda left, right: left <= right,
}
ARITHMETIC: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "add": lambda left, right: left + right,
    "sub": lambda left, right: left - right,
    "mul": lambda left, right: left * right,
    "div": lambda left, right: left / right,
    "mod": lambda left, right: left % right,
}
FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda whole, part: part in whole,
    "startswith": lambda whole, part: whole.startswith(part),
    "endswith": lambda whole, part: whole.endswith(part),
}


class FilterParser:
    """Reads one filter over one entity set. Raises RefusedError (400) for what the service does not understand."""

    def __init__(self, text: str, entity: EntitySet, shown: Catalogue, with_functions: bool) -> None:
        self.text, self.entity, self.shown, self.with_functions = text, entity, shown, with_functions
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(text.rstrip()):
            found = TOKEN.match(text, at)
            if not found or found.end() == at:
                raise self._syntax(at)
            kind = found.lastgroup or ""
            self.tokens.append((kind, found.group(kind)))
            at = found.end()
        self.at = 0

    def parse(self) -> Condition:
        condition = self._or()
        if self.at < len(self.tokens):
            raise self._syntax(self.at)
        return condition

    def _or(self) -> Condition:
        parts = [self._and()]
        while self._taken("or"):
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else either(parts)

    def _and(self) -> Condition:
        parts = [self._not()]
        while self._taken("and"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else both(parts)

    def _not(self) -> Condition:
        if self._taken("not"):
            inner = self._not()
            return Condition(lambda row: not inner.meets(row), anywhere)
        return self._primary()

    def _primary(self) -> Condition:
        if self._next() == ("sign", "("):
            mark = self.at
            self.at += 1
            try:
                inner = self._or()
                if self._next() == ("sign", ")"):
                    self.at += 1
                    return inner
            except _NoConditionError:
                pass
            self.at = mark
        kind, word = self._next()
        if kind == "word" and word in FUNCTIONS and self._next(1) == ("sign", "("):
            return self._function(word)
        left = self._sum()
        operator = self._next()[1]
        if operator not in ("eq", "ne", *COMPARISONS):
            if operator in ("in", "has"):
                raise bad_request(f"The operator '{operator}' is not supported in the filter '{self.text}'.")
            raise _NoConditionError(self.text)
        self.at += 1
        return self._comparison(left, operator, self._sum())

    def _function(self, name: str) -> Condition:
        if not self.with_functions:
            raise bad_request(f"An unknown function with name '{name}' was found.")
        self.at += 2
        whole = self._sum()
        if self._next() != ("sign", ","):
            raise self._syntax(self.at)
        self.at += 1
        part = self._sum()
        if self._next() != ("sign", ")"):
            raise self._syntax(self.at)
        self.at += 1
        return Condition(lambda row: FUNCTIONS[name](folded(whole.of(row)), folded(part.of(row))), anywhere)

    def _sum(self) -> Term:
        left = self._operand()
        while self._next()[0] == "word" and self._next()[1] in ARITHMETIC:
            operator = ARITHMETIC[self._next()[1]]
            self.at += 1
            right = self._operand()
            if (left.kind, right.kind) != ("number", "number"):
                raise self._incompatible()
            left = Term("number", joined(operator, left, right))
        return left

    def _operand(self) -> Term:
        kind, word = self._next()
        self.at += 1
        if (kind, word) == ("sign", "("):
            inner = self._sum()
            if self._next() != ("sign", ")"):
                raise _NoConditionError(self.text)
            self.at += 1
            return inner
        if kind == "text":
            return literal("text", word[1:-1].replace("''", "'"))
        if kind == "number":
            return literal("number", Decimal(word))
        if kind == "moment":
            return literal("moment", self._moment(word))
        if kind == "guid":
            return literal("guid", word.lower())
        if kind == "enum":
            return self._enum(word)
        if word in ("true", "false"):
            return literal("bool", word == "true")
        if word == "null":
            return literal("null", None)
        if kind != "word":
            raise self._syntax(self.at)
        field = self.entity.properties.get(word)
        if field is None:
            raise bad_request(f"Could not find a property named '{word}' on type '{NAMESPACE}.{self.entity.type}'.")
        unset = default_of(field, self.shown)
        return Term(kind_of(field), lambda row: row.get(word, unset), word)

    def _moment(self, word: str) -> str:
        try:
            return stamp(parse_moment(word))
        except (ValueError, OverflowError) as error:
            raise bad_request(f"Unrecognized 'Edm.DateTimeOffset' literal '{word}' in '{self.text}'.") from error

    def _enum(self, word: str) -> Term:
        name, _, member = word.partition("'")
        short, member = name.removeprefix(f"{NAMESPACE}."), member[:-1]
        if not name.startswith(f"{NAMESPACE}.") or member not in self.shown.enums.get(short, {}):
            raise bad_request(f"The string '{word}' is not a valid enumeration type constant.")
        return literal(f"enum:{short}", member)

    def _comparison(self, left: Term, operator: str, right: Term) -> Condition:
        if "null" not in (left.kind, right.kind) and left.kind != right.kind:
            raise self._incompatible()
        if left.kind.startswith("enum:") and operator not in ("eq", "ne"):
            raise bad_request(f"Enumerations can only be compared with eq and ne in the filter '{self.text}'.")
        if operator in COMPARISONS and "null" in (left.kind, right.kind):
            return Condition(lambda _: False, anywhere)
        if operator in COMPARISONS:
            order = COMPARISONS[operator]
            return Condition(lambda row: order(folded(left.of(row)), folded(right.of(row))), anywhere)
        same = sameness(left, right)
        if operator == "ne":
            return Condition(lambda row: not same(row), anywhere)
        return Condition(same, index_of(left, right))

    def _next(self, ahead: int = 0) -> tuple[str, str]:
        at = self.at + ahead
        return self.tokens[at] if at < len(self.tokens) else ("", "")

    def _taken(self, word: str) -> bool:
        if self._next() == ("word", word):
            self.at += 1
            return True
        return False

    def _syntax(self, at: int) -> Exception:
        return bad_request(f"Syntax error at position {at} in '{self.text}'.")

    def _incompatible(self) -> Exception:
        return bad_request(f"A binary operator with incompatible types was detected in '{self.text}'.")


class _NoConditionError(Exception):
    """A parenthesis held a value and not a condition."""


def parse_filter(text: str, entity: EntitySet, shown: Catalogue, with_functions: bool = False) -> Condition:
    try:
        return FilterParser(text, entity, shown, with_functions).parse()
    except _NoConditionError as error:
        raise bad_request(f"Syntax error in the filter '{text}'.") from error
