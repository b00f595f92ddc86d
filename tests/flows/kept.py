"""What did the database hold after the same set-up was applied before?

Applying a set-up reads lists, takes roles and writes history: more than most tests then do. The rows of the first time
are kept in this process and put back for every later test that begins with an empty database, with their moments moved
as if they had been written just now. Triggers are passed over: what they made is among the rows.
"""

# ruff: noqa: S608 - the names are those of our own tables

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection as database

from tests.emptying_plugin import STAYS, is_superuser

COLUMNS = """
SELECT c.relname, a.attname, a.atttypid = 'timestamptz'::regtype, a.attidentity <> ''
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
  AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND c.relname <> ALL(%s)
ORDER BY c.relname, a.attnum
"""


@dataclass(frozen=True)
class Rows:
    """The filled tables, each as JSON, and when that was."""

    tables: Mapping[str, str]
    at: datetime


_columns: dict[str, list[tuple[str, bool, bool]]] = {}
_kept: dict[str, Rows] = {}


def apply_once(parts: Mapping[str, Any], apply: Callable[[], None]) -> None:
    """Have the rows that `apply` makes of these parts; it is called the first time, or where there are rows already."""
    addresses = {one["address"]: f"<{at}>" for at, one in enumerate(parts["connections"])}
    text = json.dumps(parts, sort_keys=True, default=str)
    key = _replaced(text, addresses)
    if not is_superuser() or any(_filled().values()):
        apply()
    elif key in _kept:
        _put_back(_kept[key], {mark: address for address, mark in addresses.items()})
    else:
        apply()
        _kept[key] = _keep(addresses)


def _keep(addresses: Mapping[str, str]) -> Rows:
    tables = {}
    with database.cursor() as cursor:
        for name, is_filled in _filled().items():
            if is_filled:
                cursor.execute(f'SELECT json_agg(t)::text FROM "{name}" t')
                tables[name] = _replaced(cursor.fetchone()[0], addresses)
        cursor.execute("SELECT clock_timestamp()")
        return Rows(tables, cursor.fetchone()[0])


def _put_back(rows: Rows, addresses: Mapping[str, str]) -> None:
    statements = ["SET LOCAL session_replication_role = replica"]
    values: list[Any] = []
    for name, text in rows.tables.items():
        columns = _layout()[name]
        names = ", ".join(f'"{column}"' for column, _, _ in columns)
        moved = ", ".join(
            f'"{column}" + (clock_timestamp() - %s)' if is_moment else f'"{column}"' for column, is_moment, _ in columns
        )
        values += [rows.at] * sum(is_moment for _, is_moment, _ in columns) + [_replaced(text, addresses)]
        statements.append(
            f'INSERT INTO "{name}" ({names}) OVERRIDING SYSTEM VALUE '
            f'SELECT {moved} FROM json_populate_recordset(NULL::"{name}", %s)'
        )
        for column in (column for column, _, is_identity in columns if is_identity):
            sequence = f"pg_get_serial_sequence('\"{name}\"', '{column}')"
            statements.append(
                f'SELECT setval({sequence}, greatest(nextval({sequence}), (SELECT max("{column}") FROM "{name}")))'
            )
    statements.append("SET LOCAL session_replication_role = origin")
    with database.cursor() as cursor:
        cursor.execute("; ".join(statements), values)


def _filled() -> dict[str, bool]:
    """Which tables hold rows."""
    names = list(_layout())
    with database.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f'EXISTS (SELECT FROM "{name}")' for name in names))
        return dict(zip(names, cursor.fetchone(), strict=True))


def _layout() -> dict[str, list[tuple[str, bool, bool]]]:
    """Of each table the columns: name, whether it is a moment, whether it counts itself."""
    if not _columns:
        with database.cursor() as cursor:
            cursor.execute(COLUMNS, [sorted(STAYS)])
            for table, *column in cursor.fetchall():
                _columns.setdefault(table, []).append(tuple(column))
    return _columns


def _replaced(text: str, words: Mapping[str, str]) -> str:
    for word, other in words.items():
        text = text.replace(json.dumps(word), json.dumps(other))
    return text
