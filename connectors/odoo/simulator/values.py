"""What may be written into a field, and in which form is it stored?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from .environment import Environment
from .errors import foreign_key_error, type_error, value_error
from .schema import SCHEMA, SELECTIONS, Field
from .store import Record

DAY = re.compile(r"\d{4}-\d\d-\d\d")


def stored(env: Environment, model: str, vals: Mapping[str, Any], known: Record | None = None) -> Record:
    """The stored form of written values; unknown fields and wrong types are refused as Odoo refuses them."""
    fields = SCHEMA[model].fields
    record: Record = {}
    for name, value in vals.items():
        field = fields.get(name)
        if field is None:
            raise value_error(f"Invalid field '{name}' in '{model}'")
        if field.kind == "one2many" or name in ("id", "display_name"):
            continue
        record[name] = stored_value(env, model, field, value, known)
    return record


def stored_value(env: Environment, model: str, field: Field, value: Any, known: Record | None = None) -> Any:
    kind = field.kind
    if kind in ("monetary", "float"):
        return number(value)
    if kind == "many2one":
        return value or False
    if kind in ("char", "text", "html"):
        return str(value) if value not in (None, False, "") else False
    if kind == "date":
        return day(value)
    if kind == "selection":
        allowed = SELECTIONS.get((model, field.name))
        if allowed and value and value not in allowed:
            raise value_error(f"Wrong value for {model}.{field.name}: {value!r}")
        return value or False
    if kind == "many2many":
        return linked(value, (known or {}).get(field.name) or [])
    if kind == "boolean":
        return bool(value)
    return value if value is not None else False


def number(value: Any) -> Decimal:
    """A number as sent; text is refused as Python refuses to calculate with it."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, str):
        raise type_error("unsupported operand type(s) for -: 'str' and 'int'")
    return Decimal(str(value)) if isinstance(value, float) else Decimal(int(value or 0))


def day(value: Any) -> Any:
    """A date cut to the day, or `False`."""
    if not value:
        return False
    text = str(value)[:10]
    if not DAY.fullmatch(text) or not _is_day(text):
        raise value_error(f"time data {text!r} does not match format '%Y-%m-%d'")
    return text


def _is_day(text: str) -> bool:
    year, month, date = int(text[:4]), int(text[5:7]), int(text[8:])
    if not 1 <= month <= 12 or year < 1:
        return False
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 1 <= date <= (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


def linked(commands: Any, known: list[int]) -> list[int]:
    """The ids of a many2many field after its commands, or after a bare list of ids."""
    ids = list(known)
    for command in commands or ():
        if isinstance(command, int):
            ids = [*commands]
            break
        code, id, *rest = [*command, 0, 0][:3]
        if code == 6:
            ids = list(rest[0] or [])
        elif code == 5:
            ids = []
        elif code == 4 and id not in ids:
            ids.append(id)
        elif code in (2, 3) and id in ids:
            ids.remove(id)
    return ids


def check_link(env: Environment, model: str, name: str, value: Any) -> None:
    """An id that is not there is found by the database's foreign key."""
    field = SCHEMA[model].fields[name]
    if value and value not in env.store.tables[field.relation]:
        raise foreign_key_error(SCHEMA[model].label, model, field.label, name)
