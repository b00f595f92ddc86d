"""How is one cell of a loaded table read, and what is said of one that cannot be?"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from .environment import Environment
from .errors import type_error
from .reading import search
from .schema import SELECTIONS, Field

DECODER = json.JSONDecoder(parse_float=Decimal)


class CellError(Exception):
    """A cell that cannot be read; becomes a message of the answer."""

    def __init__(self, message: str, **more: Any) -> None:
        super().__init__(message)
        self.message = message
        self.more = more


def converter(known: Field, key: str, label: str) -> Callable[[Environment, Any], Any]:
    """The reader of a column: `key` is `.id` or `id` where the cell names a record by one of them."""
    if known.kind == "many2one":
        return lambda env, cell: _reference(env, known, key, label, cell) if cell not in ("", None, False) else False
    if known.kind == "many2many":
        return lambda env, cell: [
            [
                6,
                0,
                [
                    _reference(env, known, key, label, part.strip())
                    for part in str(cell or "").split(",")
                    if part.strip()
                ],
            ]
        ]
    kinds: dict[str, Callable[[Environment, Any], Any]] = {
        "float": lambda env, cell: _number(cell, label),
        "monetary": lambda env, cell: _number(cell, label),
        "integer": lambda env, cell: _integer(cell, label),
        "boolean": lambda env, cell: _boolean(cell),
        "date": lambda env, cell: _date(cell, label),
        "json": lambda env, cell: _json(cell, label),
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
        if text in (env.label(known.relation, id), record.get("name"), record.get("code"), record.get("code_store")):
            return id
    raise CellError(f"No matching record found for name '{text}' in field '{label}'", moreinfo=_possible(known))


def _possible(known: Field) -> dict[str, Any]:
    return {
        "name": "Possible Values",
        "type": "ir.actions.act_window",
        "target": "new",
        "view_mode": "list,form",
        "views": [[False, "list"], [False, "form"]],
        "context": {"create": False},
        "help": "See all possible values",
        "res_model": "ir.model.data",
        "domain": [["model", "=", known.relation]],
    }
