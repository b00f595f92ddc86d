"""Which rule decides? The most specific one; the answer says which rule it was and why, in words.

Rules become indexes once: a look-up costs the number of *shapes* (sets of fields that rules are keyed on), not the
number of rules.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product

from connectors.records import Coded
from mappings.translate.context import RuleHit

Conditions = tuple[tuple[str, str], ...]

ACCOUNT, COST_CENTRE, TAX = "account", "cost_centre", "tax"

KEY_FIELDS: Mapping[str, tuple[str, ...]] = {
    ACCOUNT: ("gl_account", "category", "mcc", "merchant", "department", "cost_center"),
    COST_CENTRE: ("cost_center", "department", "location", "employee"),
    TAX: ("tax", "category", "gl_account"),
    "vendor": ("vendor", "merchant"),
    "employee": ("employee",),
    "counterparty": ("counterparty", "vendor", "merchant"),
    "personal": ("category", "merchant"),
    "entity": ("entity",),
}
"""Which source value a person is asked to map, best first, when no rule answers."""


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule as the resolver reads it; `when` are its conditions, `words` the same for people."""

    id: int
    target: str
    when: Conditions
    words: str
    value: str
    code: str
    name: str
    kind: str = ""  # of the reference value: account, vendor, cost_centre …
    group: str = ""
    is_active: bool = True
    is_of_flow: bool = False
    priority: int = 0
    valid_from: date | None = None

    @property
    def rank(self) -> tuple[bool, int, int, date, int]:
        """Higher wins: a flow's rule, more conditions, priority, the newest day, the newest rule."""
        return (self.is_of_flow, len(self.when), self.priority, self.valid_from or date.min, self.id)

    def hit(self) -> RuleHit:
        since = f", since {self.valid_from}" if self.valid_from else ""
        return RuleHit(
            value=self.value,
            code=self.code,
            name=self.name,
            group=self.group or self.kind,
            rule=self.id,
            because=f"{self.code or self.name or self.value} because rule {self.id}: {self.words}{since}",
            is_active=self.is_active,
        )


class RuleResolver:
    """The rules of one flow and its tenant, indexed; satisfies `translate.context.Resolver`."""

    def __init__(self, rules: Iterable[RuleRow]) -> None:
        index: dict[tuple[str, str], dict[tuple[str, ...], dict[Conditions, list[RuleRow]]]] = defaultdict(dict)
        for rule in rules:
            group = rule.group if rule.target == COST_CENTRE else ""
            when = tuple(sorted(rule.when))
            by_when = index[rule.target, group].setdefault(tuple(name for name, _ in when), {})
            by_when.setdefault(when, []).append(rule)
        for by_shape in index.values():
            for by_when in by_shape.values():
                for same in by_when.values():
                    same.sort(key=lambda rule: rule.rank, reverse=True)
        self._index = dict(index)
        self._hits: dict[int, RuleHit] = {}
        self._plans = sorted(group for target, group in self._index if target == COST_CENTRE)

    def account(self, coding: Sequence[Coded], on: date) -> RuleHit | None:
        return self._best(ACCOUNT, "", coding, on)

    def cost_centres(self, coding: Sequence[Coded], on: date) -> Sequence[RuleHit]:
        found = (self._best(COST_CENTRE, plan, coding, on) for plan in self._plans)
        return tuple(hit for hit in found if hit is not None)

    def tax(self, coding: Sequence[Coded], on: date) -> RuleHit | None:
        return self._best(TAX, "", coding, on)

    def named(self, target: str, coding: Sequence[Coded], on: date) -> RuleHit | None:
        return self._best(target, "", coding, on)

    def unmapped(self, target: str, coding: Sequence[Coded]) -> Coded | None:
        given = {coded.field: coded for coded in reversed(coding) if coded.value}
        for name in KEY_FIELDS.get(target, ()):
            if name in given:
                return given[name]
        custom = (coded for coded in coding if coded.value and coded.field.startswith("custom:"))
        return next(custom, None) or next((coded for coded in coding if coded.value), None)

    def _best(self, target: str, group: str, coding: Sequence[Coded], on: date) -> RuleHit | None:
        by_shape = self._index.get((target, group))
        if not by_shape:
            return None
        values: dict[str, list[str]] = defaultdict(list)
        for coded in coding:
            values[coded.field].append(coded.value)
        best: RuleRow | None = None
        for shape, by_when in by_shape.items():
            for when in _fillings(shape, values):
                rule = _standing(by_when.get(when, ()), on)
                if rule is not None and (best is None or rule.rank > best.rank):
                    best = rule
        return self._hit(best) if best else None

    def _hit(self, rule: RuleRow) -> RuleHit:
        if id(rule) not in self._hits:  # a draft's rules have no ids of their own yet; the index keeps each row alive
            self._hits[id(rule)] = rule.hit()
        return self._hits[id(rule)]


def _fillings(shape: tuple[str, ...], values: Mapping[str, list[str]]) -> Iterator[Conditions]:
    if any(name not in values for name in shape):
        return
    for filled in product(*(values[name] for name in shape)):
        yield tuple(zip(shape, filled, strict=True))


def _standing(rules: Sequence[RuleRow], on: date) -> RuleRow | None:
    """The best of rules with the same conditions that hold on a day; they come best first, per flow and tenant."""
    return next((rule for rule in rules if rule.valid_from is None or rule.valid_from <= on), None)
