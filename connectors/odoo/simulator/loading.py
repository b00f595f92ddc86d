"""What does `load`, the import with external ids, do with a table of texts?

A refusal of the data is an answer with `ids: false` and messages; only a wrong table is an error of the call. The
external id decides between create and update, and the whole table is loaded or nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from .access import check_access
from .cells import CellError, converter
from .environment import Environment, Records
from .errors import OdooError, user_error, value_error
from .generic import create, write
from .registry import ANY, method
from .schema import SCHEMA, Field
from .store import Record

SERIALIZATION = "could not serialize access due to concurrent update\n"
CONSTRAINT_PREFIX = "The operation cannot be completed: "


@dataclass(slots=True)
class Column:
    """One column that is not nested: where it stands and how its cell is read."""

    index: int
    name: str
    convert: Callable[[Environment, Any], Any]
    label: str


@dataclass(slots=True)
class Table:
    """The columns of one model in the loaded table."""

    model: str
    prefix: str = ""
    key: int | None = None
    columns: list[Column] = field(default_factory=list)
    nested: dict[str, Table] = field(default_factory=dict)

    def indexes(self) -> list[int]:
        own = [column.index for column in self.columns]
        return own if self.key is None else [self.key, *own]


@dataclass(slots=True)
class Item:
    """One record of the table, ready to be written."""

    external_id: str
    vals: Record
    children: dict[str, list[Item]]
    info: dict[str, Any]


@method(ANY, "load", on_records=False)
def _load(self: Records, fields: Sequence[str], data: Sequence[Sequence[Any]]) -> dict[str, Any]:
    env, model = self.env, self.model
    table = _table(model, fields)
    messages: list[dict[str, Any]] = []
    items = list(_items(env, table, data, messages))
    ids: list[int] = []
    mark = env.store.mark()
    if not messages:
        try:
            with env.store.savepoint():
                ids = _save(env, model, items)
        except OdooError as refusal:
            ids = _save_one_by_one(env, model, items, messages, refusal)
    if messages:
        env.store.roll_back(mark)
        return {"ids": False, "messages": messages, "nextrow": 0}
    return {"ids": ids, "messages": [], "nextrow": 0}


def _save_one_by_one(
    env: Environment, model: str, items: list[Item], messages: list[dict[str, Any]], refusal: OdooError
) -> list[int]:
    """After a refused table Odoo tries each record alone, to say which one it was."""
    ids = []
    for item in items:
        try:
            with env.store.savepoint():
                ids += _save(env, model, [item])
        except OdooError as error:
            messages.append({**item.info, "type": "error", **_words(error)})
    if messages and refusal.name.endswith(("UserError", "ValidationError", "AccessError")):
        first = {**items[0].info, "type": "error", **_words(refusal)}
        if first not in messages:
            messages.insert(0, first)
    return ids


def _words(error: OdooError) -> dict[str, Any]:
    if error.name.startswith("builtins."):
        kind = error.name.removeprefix("builtins.")
        return {
            "message": f"Unknown error during import: <class '{kind}'>: {error.message}",
            "moreinfo": "Resolve other errors first",
        }
    return {"message": error.message.removeprefix(CONSTRAINT_PREFIX)}


def _save(env: Environment, model: str, items: list[Item]) -> list[int]:
    """Update what its external id knows, create the rest in one go; ids in the order of the table."""
    ids: list[int] = [0] * len(items)
    fresh: list[int] = []
    again: list[int] = []
    seen: set[str] = set()
    for place, item in enumerate(items):
        if item.external_id in seen:
            again.append(place)
            continue
        if item.external_id:
            seen.add(item.external_id)
        known = _known(env, model, item.external_id)
        if known is None:
            fresh.append(place)
            continue
        check_access(env, model, "write")
        vals = dict(item.vals)
        for name, children in item.children.items():
            vals[name] = [_command(env, SCHEMA[model].fields[name].relation, child) for child in children]
        before = set(_children(env, model, known)) if item.children else set()
        write(env, model, [known], vals)
        ids[place] = known
        _name_children(env, model, known, item, before)
    if fresh:
        check_access(env, model, "create")
        made = create(env, model, [_new(env, items[place]) for place in fresh])
        for place, id in zip(fresh, made, strict=True):
            ids[place] = id
            if items[place].external_id:
                _give_name(env, model, id, items[place].external_id)
            _name_children(env, model, id, items[place], set())
    for place in again:
        # The same external id further down in one table: one record, the last row wins (observed on Odoo 19.0).
        [ids[place]] = _save(env, model, [items[place]])
    return ids


def _new(env: Environment, item: Item) -> Record:
    _check_own_lines(env, item)
    vals = dict(item.vals)
    for name, children in item.children.items():
        vals[name] = [[0, 0, child.vals] for child in children]
    return vals


def _command(env: Environment, model: str, child: Item) -> list[Any]:
    known = _known(env, model, child.external_id)
    return [1, known, child.vals] if known else [0, 0, child.vals]


def _check_own_lines(env: Environment, item: Item) -> None:
    """A new move that claims another move's line gets none and is left unbalanced (observed on Odoo 19.0)."""
    for child in (one for children in item.children.values() for one in children):
        if child.external_id in env.store.external_ids:
            raise user_error("The entry is not balanced.")


def _children(env: Environment, model: str, id: int) -> list[int]:
    record = env.get(model, id)
    return list(record.get("line_ids") or ()) if model == "account.move" else []


def _name_children(env: Environment, model: str, id: int, item: Item, before: set[int]) -> None:
    """Lines made by the table get their external ids in the order of its rows."""
    for name, children in item.children.items():
        relation = SCHEMA[model].fields[name].relation
        table = env.store.tables[relation]
        made = [
            one for one in _children(env, model, id) if one not in before and table[one]["display_type"] == "product"
        ]
        fresh = [child for child in children if not _known(env, relation, child.external_id)]
        for child, line in zip(fresh, made, strict=False):
            if child.external_id:
                _give_name(env, relation, line, child.external_id)


def _known(env: Environment, model: str, external_id: str) -> int | None:
    if not external_id:
        return None
    found = env.store.external_ids.get(external_id)
    if found is None:
        return None
    if found.commit > env.snapshot and found.commit <= env.store.commits:
        # Somebody else made it while this call was under way: only one of them wins.
        raise OdooError("psycopg2.errors.SerializationFailure", 500, 1, SERIALIZATION)
    if found.model != model:
        raise user_error(
            f"For external id {external_id} when trying to create/update a record of model {model} found record of "
            f"different model {found.model} ({found.id})"
        )
    return found.id


def _give_name(env: Environment, model: str, id: int, external_id: str) -> None:
    module, _, name = external_id.partition(".")
    if " " in name:
        raise OdooError(
            "psycopg2.errors.CheckViolation",
            500,
            1,
            'new row for relation "ir_model_data" violates check constraint "ir_model_data_name_nospaces"\n'
            f"DETAIL:  Failing row contains ({id}, null, {env.started}, {env.started}, null, {id}, f, {name}, "
            f"{module}, {model}).\n",
        )
    env.store.name_record(external_id, model, id)


def _table(model: str, fields: Sequence[str]) -> Table:
    """The meaning of the column heads; an unknown one is an error of the call."""
    root = Table(model)
    for index, path in enumerate(fields):
        first, *rest = path.split("/")
        if first in ("id", ".id"):
            root.key = index if first == "id" else root.key
            continue
        known = SCHEMA[model].fields.get(first)
        if known is None:
            raise value_error(f"Invalid field name '{first}'")
        if known.kind == "one2many":
            child = root.nested.setdefault(first, Table(known.relation, f"{known.label}/"))
            _column(child, index, rest)
        else:
            _column(root, index, [first, *rest])
    return root


def _column(table: Table, index: int, path: Sequence[str]) -> None:
    name, *rest = path
    if name in ("id", ".id"):
        table.key = index if name == "id" else table.key
        return
    known = SCHEMA[table.model].fields.get(name)
    if known is None:
        raise value_error(f"Invalid field name '{name}'")
    label = f"{table.prefix}{known.label}"
    table.columns.append(Column(index, name, converter(known, rest[0] if rest else "", label), label))


def _items(
    env: Environment, table: Table, data: Sequence[Sequence[Any]], messages: list[dict[str, Any]]
) -> Iterator[Item]:
    """Records of the table; rows whose first group is empty continue the record above."""
    own = table.indexes()
    start = number = 0
    while start < len(data):
        end = start + 1
        if table.nested:
            while end < len(data) and not any(data[end][index] for index in own):
                end += 1
        info = {"rows": {"from": start, "to": end - 1}, "record": number}
        rows = data[start:end]
        item = _item(env, table, rows[0], info, messages)
        for name, child in table.nested.items():
            places = child.indexes()
            item.children[name] = [
                _item(env, child, row, info, messages, parent=SCHEMA[table.model].fields[name])
                for row in rows
                if any(row[index] for index in places)
            ]
        yield item
        start, number = end, number + 1


def _item(
    env: Environment,
    table: Table,
    row: Sequence[Any],
    info: dict[str, Any],
    messages: list[dict[str, Any]],
    parent: Field | None = None,
) -> Item:
    vals: Record = {}
    for column in table.columns:
        try:
            vals[column.name] = column.convert(env, row[column.index])
        except CellError as error:
            known = parent or SCHEMA[table.model].fields[column.name]
            messages.append(
                {
                    **info,
                    "type": "error",
                    "field": known.name,
                    "message": error.message,
                    **error.more,
                    "field_name": known.label,
                }
            )
    external_id = str(row[table.key] or "") if table.key is not None else ""
    if external_id and "." not in external_id:
        external_id = f"__import__.{external_id}"
    return Item(external_id, vals, {}, info)
