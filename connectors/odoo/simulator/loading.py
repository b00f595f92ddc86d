"""What does `load`, the import with external ids, do with a table of texts?

A refusal of the data is an answer with `ids: false` and messages; only a wrong table is an error of the call. The
external id decides between create and update, and the whole table is loaded or nothing of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from .access import check_access
from .environment import Environment, Records
from .errors import OdooError, type_error, user_error, value_error
from .generic import create, write
from .reading import search
from .registry import ANY, method
from .schema import SCHEMA, Field
from .store import Record

SERIALIZATION = "could not serialize access due to concurrent update\n"
DECODER = json.JSONDecoder(parse_float=Decimal)
CONSTRAINT_PREFIX = "The operation cannot be completed: "


class CellError(Exception):
    """A cell that cannot be read; becomes a message of the answer."""

    def __init__(self, message: str, **more: Any) -> None:
        super().__init__(message)
        self.message = message
        self.more = more


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
    fresh = []
    for place, item in enumerate(items):
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
        made = create(env, model, [_new(items[place]) for place in fresh])
        for place, id in zip(fresh, made, strict=True):
            ids[place] = id
            if items[place].external_id:
                _give_name(env, model, id, items[place].external_id)
            _name_children(env, model, id, items[place], set())
    return ids


def _new(item: Item) -> Record:
    vals = dict(item.vals)
    for name, children in item.children.items():
        vals[name] = [[0, 0, child.vals] for child in children]
    return vals


def _command(env: Environment, model: str, child: Item) -> list[Any]:
    known = _known(env, model, child.external_id)
    return [1, known, child.vals] if known else [0, 0, child.vals]


def _children(env: Environment, model: str, id: int) -> list[int]:
    record = env.get(model, id)
    return list(record.get("line_ids") or ()) if model == "account.move" else []


def _name_children(env: Environment, model: str, id: int, item: Item, before: set[int]) -> None:
    """Lines made by the table get their external ids in the order of its rows."""
    for name, children in item.children.items():
        relation = SCHEMA[model].fields[name].relation
        table = env.store.tables[relation]
        made = [one for one in _children(env, model, id) if one not in before and table[one]["display_type"] == "product"]
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
            "psycopg2.errors.CheckViolation", 500, 1,
            'new row for relation "ir_model_data" violates check constraint "ir_model_data_name_nospaces"\n'
            f"DETAIL:  Failing row contains ({id}, null, {env.started}, {env.started}, null, {id}, f, {name}, {module}, {model}).\n",
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
    table.columns.append(Column(index, name, _converter(known, rest[0] if rest else "", label), label))


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
    env: Environment, table: Table, row: Sequence[Any], info: dict[str, Any], messages: list[dict[str, Any]],
    parent: Field | None = None,
) -> Item:
    vals: Record = {}
    for column in table.columns:
        try:
            vals[column.name] = column.convert(env, row[column.index])
        except CellError as error:
            known = parent or SCHEMA[table.model].fields[column.name]
            messages.append({
                **info, "type": "error", "field": known.name, "message": error.message, **error.more,
                "field_name": known.label,
            })
    external_id = str(row[table.key] or "") if table.key is not None else ""
    if external_id and "." not in external_id:
        external_id = f"__import__.{external_id}"
    return Item(external_id, vals, {}, info)


def _converter(known: Field, key: str, label: str) -> Callable[[Environment, Any], Any]:
    if known.kind == "many2one":
        return lambda env, cell: _reference(env, known, key, label, cell) if cell not in ("", None, False) else False
    if known.kind == "many2many":
        return lambda env, cell: [
            [6, 0, [_reference(env, known, key, label, part.strip()) for part in str(cell or "").split(",") if part.strip()]]
        ]
    kinds: dict[str, Callable[[Environment, Any], Any]] = {
        "float": lambda env, cell: _number(cell, label), "monetary": lambda env, cell: _number(cell, label),
        "integer": lambda env, cell: _integer(cell, label), "boolean": lambda env, cell: _boolean(cell),
        "date": lambda env, cell: _date(cell, label), "json": lambda env, cell: _json(cell, label),
        "selection": lambda env, cell: _selection(known, cell, label),
    }
    return kinds.get(known.kind, lambda env, cell: cell or False)


def _number(cell: Any, label: str) -> Any:
    if cell in ("", None, False):
        return False
    try:
        return Decimal(cell)
    except (InvalidOperation, TypeError):
        raise CellError(f"'{cell}' does not seem to be a number for field '{label}'") from None


def _integer(cell: Any, label: str) -> Any:
    if cell in ("", None, False):
        return False
    try:
        return int(cell)
    except ValueError:
        raise CellError(f"'{cell}' does not seem to be an integer for field '{label}'") from None


def _boolean(cell: Any) -> bool:
    return str(cell or "").lower() in ("1", "true", "yes")


def _date(cell: Any, label: str) -> Any:
    if not cell:
        return False
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", str(cell)[:10]):
        raise CellError(
            f"'{cell}' does not seem to be a valid date for field '{label}'", moreinfo="Use the format '2012-12-31'"
        )
    return str(cell)[:10]


def _json(cell: Any, label: str) -> Any:
    if not cell:
        return False
    if not isinstance(cell, str):
        raise type_error(f"the JSON object must be str, bytes or bytearray, not {type(cell).__name__}")
    try:
        return DECODER.decode(cell)
    except ValueError:
        raise CellError(f"'{cell}' does not seem to be a valid JSON for field '{label}'") from None


def _selection(known: Field, cell: Any, label: str) -> Any:
    from .schema import SELECTIONS

    allowed = next((keys for (_, name), keys in SELECTIONS.items() if name == known.name), ())
    if cell and allowed and cell not in allowed:
        raise CellError(f"Value '{cell}' not found in selection field '{label}'", moreinfo=list(allowed))
    return cell or False


def _reference(env: Environment, known: Field, key: str, label: str, cell: Any) -> int:
    text = str(cell)
    if key == ".id":
        if not text.isdigit():
            raise CellError(f"Invalid database id '{text}' for the field '{label}'", moreinfo=_possible(known))
        if int(text) not in env.store.tables[known.relation]:
            raise CellError(
                f"No matching record found for database id '{text}' in field '{label}'", moreinfo=_possible(known)
            )
        return int(text)
    if key == "id":
        found = env.store.external_ids.get(text if "." in text else f"__import__.{text}")
        if found is None:
            raise CellError(
                f"No matching record found for external id '{text}' in field '{label}'", moreinfo=_possible(known)
            )
        return found.id
    for id in search(env, known.relation, [], order="id"):
        record = env.store.tables[known.relation][id]
        if text in (env.label(known.relation, id), record.get("name"), record.get("code_store")):
            return id
    raise CellError(f"No matching record found for name '{text}' in field '{label}'", moreinfo=_possible(known))


def _possible(known: Field) -> dict[str, Any]:
    return {
        "name": "Possible Values", "type": "ir.actions.act_window", "target": "new", "view_mode": "list,form",
        "views": [[False, "list"], [False, "form"]], "context": {"create": False}, "help": "See all possible values",
        "res_model": "ir.model.data", "domain": [["model", "=", known.relation]],
    }
