"""Which records does a domain select?

A domain is compiled to one predicate over a record; equality conditions on indexed fields, `id` and parents that are
themselves indexed narrow the records looked at, so that a search by reference stays fast among 100,000 moves.
"""

from __future__ import annotations

import operator
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .environment import Environment
from .errors import OdooError, type_error, value_error
from .schema import SCHEMA, Field
from .store import Record

Predicate = Callable[[Record], bool]
Candidates = set[int] | None

OPERATORS = {
    "=",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "in",
    "not in",
    "like",
    "ilike",
    "=like",
    "=ilike",
    "not like",
    "not ilike",
    "not =like",
    "not =ilike",
    "child_of",
    "parent_of",
    "any",
    "not any",
}
NEGATIVE = {
    "!=": "=",
    "not in": "in",
    "not like": "like",
    "not ilike": "ilike",
    "not any": "any",
    "not =like": "=like",
    "not =ilike": "=ilike",
}
COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
TRUE_LEAF, FALSE_LEAF = (1, "=", 1), (0, "=", 1)


def select(
    env: Environment, model: str, domain: Any, keep: Predicate | None = None, stop: int | None = None
) -> list[int]:
    """Ids in ascending order of the records that match and that `keep` lets through, at most `stop` of them."""
    candidates, matches = compile_domain(env, model, domain)
    table = env.store.tables[model]
    ids = sorted(table if candidates is None else candidates)
    found = []
    for id in ids[bisect_right(ids, _lowest(domain)) :]:
        record = table.get(id)
        if record is not None and matches(record) and (keep is None or keep(record)):
            found.append(id)
            if len(found) == stop:
                break
    return found


def _lowest(domain: Any) -> int:
    """The id above which every match must lie, where the domain plainly says so."""
    if any(item in ("|", "!") for item in domain):
        return 0
    bounds = [item[2] for item in domain if isinstance(item, list | tuple) and tuple(item[:2]) == ("id", ">")]
    return max((bound for bound in bounds if isinstance(bound, int)), default=0)


def compile_domain(env: Environment, model: str, domain: Any) -> tuple[Candidates, Predicate]:
    if isinstance(domain, str) or not isinstance(domain, list | tuple):
        raise type_error(f"Domain() invalid argument type for domain: {domain!r}")
    stack: list[tuple[Candidates, Predicate]] = []
    for item in reversed(domain):
        if item in ("&", "|"):
            if len(stack) < 2:
                raise value_error(f"Domain() malformed domain {domain!r}")
            first, second = stack.pop(), stack.pop()
            stack.append(_both(first, second) if item == "&" else _either(first, second))
        elif item == "!":
            if not stack:
                raise value_error(f"Domain() malformed domain {domain!r}")
            stack.append((None, _negated(stack.pop()[1])))
        elif isinstance(item, list | tuple) and len(item) == 3:
            stack.append(_leaf(env, model, item))
        else:
            raise value_error(f"Domain() invalid item in domain: {item!r}")
    if not stack:
        return None, lambda record: True
    result = stack.pop()
    while stack:
        result = _both(result, stack.pop())
    return result


def names_field(domain: Iterable[Any], name: str) -> bool:
    return any(isinstance(item, list | tuple) and item[0] == name for item in domain)


def _both(first: tuple[Candidates, Predicate], second: tuple[Candidates, Predicate]) -> tuple[Candidates, Predicate]:
    one, two = first[1], second[1]
    candidates = second[0] if first[0] is None else first[0] if second[0] is None else first[0] & second[0]
    return candidates, lambda record: one(record) and two(record)


def _either(first: tuple[Candidates, Predicate], second: tuple[Candidates, Predicate]) -> tuple[Candidates, Predicate]:
    one, two = first[1], second[1]
    candidates = None if first[0] is None or second[0] is None else first[0] | second[0]
    return candidates, lambda record: one(record) or two(record)


def _negated(predicate: Predicate) -> Predicate:
    return lambda record: not predicate(record)


def _leaf(env: Environment, model: str, leaf: Sequence[Any]) -> tuple[Candidates, Predicate]:
    path, sign, wanted = leaf
    if tuple(leaf) == TRUE_LEAF:
        return None, lambda record: True
    if tuple(leaf) == FALSE_LEAF:
        return set(), lambda record: False
    shown = f"({path!r}, {sign!r}, {wanted!r})"
    if sign not in OPERATORS:
        raise value_error(f"Invalid operator in condition {shown}")
    name, _, rest = path.partition(".")
    field = SCHEMA[model].fields.get(name)
    if field is None:
        raise value_error(f"Invalid field {model}.{name} in condition {shown}")
    if rest:
        if not field.relation:
            raise value_error(f"Invalid field {model}.{path} in condition {shown}")
        return _related(env, model, field, compile_domain(env, field.relation, [(rest, sign, wanted)]))
    if sign in ("any", "not any"):
        candidates, predicate = _related(env, model, field, compile_domain(env, field.relation, wanted))
        return (candidates, predicate) if sign == "any" else (None, _negated(predicate))
    if sign in NEGATIVE:
        return None, _negated(_leaf(env, model, (path, NEGATIVE[sign], wanted))[1])
    return _narrow(env, model, field, sign, wanted), _condition(env, model, field, sign, wanted)


def _narrow(env: Environment, model: str, field: Field, sign: str, wanted: Any) -> Candidates:
    if sign not in ("=", "in"):
        return None
    values = wanted if sign == "in" and isinstance(wanted, list | tuple) else [wanted]
    if field.name == "id":
        return {value for value in values if isinstance(value, int)}
    if not env.store.is_indexed(model, field.name) or (field.relation and any(isinstance(v, str) for v in values)):
        return None
    found: set[int] = set()
    for value in values:
        found.update(env.store.lookup(model, field.name, value))
    return found


def _related(
    env: Environment, model: str, field: Field, target: tuple[Candidates, Predicate]
) -> tuple[Candidates, Predicate]:
    candidates, matches = target
    table = env.store.tables[field.relation]
    narrowed: Candidates = None
    if candidates is not None and env.store.is_indexed(model, field.name):
        narrowed = set()
        for id in candidates:
            narrowed.update(env.store.lookup(model, field.name, id))
    if field.kind == "many2one":
        nothing: Record = {}

        def one(record: Record) -> bool:
            id = env.value(model, record, field.name)
            return bool(id) and matches(table.get(id, nothing))

        return narrowed, one
    return narrowed, lambda record: any(
        id in table and matches(table[id]) for id in env.value(model, record, field.name)
    )


def _condition(env: Environment, model: str, field: Field, sign: str, wanted: Any) -> Predicate:
    get = env.value
    name = field.name
    if sign in ("child_of", "parent_of"):
        return _hierarchy(env, model, field, sign, wanted)
    if sign in ("like", "ilike", "=like", "=ilike"):
        pattern = _pattern(sign, wanted)
        if field.relation:
            return lambda record: any(
                pattern(str(env.label(field.relation, id))) for id in _ids(get(model, record, name))
            )
        return lambda record: pattern(_text(get(model, record, name)))
    if field.relation and any(isinstance(value, str) for value in _many(wanted)):
        texts = set(_many(wanted))
        return lambda record: any(env.label(field.relation, id) in texts for id in _ids(get(model, record, name)))
    values = [_value(env, field, sign, value) for value in (_many(wanted) if sign == "in" else [wanted])]
    if sign in ("=", "in"):
        chosen, empty = {value for value in values if value is not False}, False in values
        if field.kind in ("integer", "float", "monetary", "boolean"):
            chosen = set(values)
            return lambda record: (get(model, record, name) or 0) in chosen
        if field.kind in ("one2many", "many2many"):
            return lambda record: bool(chosen.intersection(held)) if (held := get(model, record, name)) else empty
        if field.kind == "datetime" and not env.switches.legacy_datetime:
            return lambda record: held[:19] in chosen if (held := get(model, record, name)) else empty
        return lambda record: held in chosen if (held := get(model, record, name)) else empty
    compare, limit = COMPARE[sign], values[0]
    if field.kind == "datetime" and not env.switches.legacy_datetime:
        return lambda record: bool(held := get(model, record, name)) and compare(held[:19], limit)
    if limit is False or limit is None:
        return lambda record: False
    if field.kind in ("integer", "float", "monetary"):
        return lambda record: compare(get(model, record, name) or 0, limit)
    return lambda record: bool(held := get(model, record, name)) and compare(held, limit)


def _hierarchy(env: Environment, model: str, field: Field, sign: str, wanted: Any) -> Predicate:
    target = field.relation or model
    table = env.store.tables[target]
    chosen = set(_many(wanted))
    parent = "parent_id"
    if sign == "parent_of":
        for id in list(chosen):
            while id in table and (id := table[id].get(parent)):
                chosen.add(id)
    else:
        grown = True
        while grown:
            more = {id for id, record in table.items() if record.get(parent) in chosen} - chosen
            chosen |= more
            grown = bool(more)
    return lambda record: bool(chosen.intersection(_ids(env.value(model, record, field.name))))


def _pattern(sign: str, wanted: Any) -> Callable[[str], bool]:
    text = wanted or ""
    whole = sign.startswith("=")
    body = re.escape(str(text)).replace("%", ".*").replace("_", ".")
    matcher = re.compile(body if whole else f".*{body}.*", re.DOTALL | (re.IGNORECASE if "ilike" in sign else 0))
    return lambda held: matcher.fullmatch(held) is not None


def _value(env: Environment, field: Field, sign: str, wanted: Any) -> Any:
    """The wanted value in the form the store compares."""
    if wanted in (None, False, "") or not isinstance(wanted, str):
        if isinstance(wanted, bool) and field.kind == "boolean":
            return wanted
        return False if wanted in (None, "") else wanted
    if field.kind == "integer":
        raise OdooError(
            "psycopg2.errors.InvalidTextRepresentation",
            500,
            1,
            f'invalid input syntax for type integer: "{wanted}"\n',
        )
    if field.kind == "date":
        return _checked_date(wanted[:10], wanted)
    if field.kind == "datetime":
        return _checked_datetime(env, sign, wanted)
    return wanted


def _checked_date(day: str, wanted: str) -> str:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", day):
        raise value_error(f"Invalid term {wanted!r} in expression date: {wanted!r}")
    year, month, date = (int(part) for part in day.split("-"))
    if not 1 <= month <= 12:
        raise value_error("month must be in 1..12")
    if not 1 <= date <= 31 or year < 1:
        raise value_error("day is out of range for month")
    return day


def _checked_datetime(env: Environment, sign: str, wanted: str) -> str:
    if re.search(r"(Z|[+-]\d\d:?\d\d)$", wanted[10:]):
        raise value_error(f"expecting only datetimes with no timezone: {wanted!r}")
    day = _checked_date(wanted[:10], wanted)
    clock = wanted[11:]
    if not clock:
        clock = "23:59:59" if sign in ("<=", ">") else "00:00:00"
    return f"{day} {clock}" if env.switches.legacy_datetime else f"{day} {clock[:8]}"


def _many(wanted: Any) -> list[Any]:
    return list(wanted) if isinstance(wanted, list | tuple) else [wanted]


def _ids(value: Any) -> list[int]:
    if isinstance(value, list):
        return value
    return [value] if value else []


def _text(value: Any) -> str:
    return "" if value in (None, False) else str(value)
