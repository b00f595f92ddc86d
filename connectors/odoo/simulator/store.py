"""Where do the simulated records live: tables, indexes, external ids, and the undoing of a failed call?

A record is a dict. Only `insert`, `update` and `remove` change one, so that each change is in the undo log and in
the indexes. Sequences are not rolled back, as in PostgreSQL: a failed call leaves a gap in the ids.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

Record = dict[str, Any]

INDEXED: dict[str, tuple[str, ...]] = {
    "account.move": ("ref", "invoice_origin", "name", "journal_id", "partner_id", "reversed_entry_id", "numbering"),
    "account.move.line": ("move_id", "full_reconcile_id"),
    "account.partial.reconcile": ("debit_move_id", "credit_move_id", "exchange_move_id"),
    "account.payment": ("memo", "move_id"),
    "account.analytic.line": ("move_line_id",),
    "ir.attachment": ("res_id",),
    "purchase.order.line": ("order_id",),
    "res.partner": ("ref", "vat", "name"),
}


@dataclass(frozen=True, slots=True)
class ExternalId:
    """An entry of `ir.model.data`: the record it names and the commit that made it."""

    model: str
    id: int
    commit: int


class Store:
    def __init__(self, models: Iterable[str]) -> None:
        self.tables: dict[str, dict[int, Record]] = {model: {} for model in models}
        self.sequences: dict[str, int] = defaultdict(int)
        self.external_ids: dict[str, ExternalId] = {}
        self.names: dict[tuple[str, int], list[str]] = {}
        self.commits = 0
        # What a model's code remembers of the tables; forgotten whenever something is undone.
        self.cache: dict[Any, Any] = {}
        self._indexes: dict[str, dict[str, dict[Any, dict[int, None]]]] = {
            model: {name: {} for name in names} for model, names in INDEXED.items()
        }
        self._undo: list[tuple[str, str, Any, Any]] = []

    def get(self, model: str, id: int) -> Record | None:
        return self.tables[model].get(id)

    def lookup(self, model: str, field: str, value: Any) -> list[int]:
        """Ids of the records whose indexed `field` has `value`, in the order they got it."""
        return list(self._indexes[model][field].get(value, ()))

    def is_indexed(self, model: str, field: str) -> bool:
        return field in self._indexes.get(model, ())

    def insert(self, model: str, record: Record) -> int:
        """Store a new record under the next id of its sequence, or under the id it brings."""
        id = record.get("id")
        if id is None:
            id = record["id"] = self.sequences[model] + 1
        if id > self.sequences[model]:
            self.sequences[model] = id
        self.tables[model][id] = record
        for field, index in self._indexes.get(model, {}).items():
            index.setdefault(record.get(field) or False, {})[id] = None
        self._undo.append(("insert", model, id, None))
        return int(id)

    def update(self, model: str, id: int, changes: Record) -> None:
        record = self.tables[model][id]
        self._undo.append(("update", model, id, {key: record.get(key) for key in changes}))
        self._change(model, record, changes)

    def remove(self, model: str, id: int) -> None:
        record = self.tables[model].pop(id)
        for field, index in self._indexes.get(model, {}).items():
            index[record.get(field) or False].pop(id, None)
        self._undo.append(("remove", model, id, record))
        for name in self.names.get((model, id), [])[:]:
            self._forget(name)

    def name_record(self, name: str, model: str, id: int) -> None:
        """Give a record the external id `name`."""
        self.external_ids[name] = ExternalId(model, id, self.commits + 1)
        self.names.setdefault((model, id), []).append(name)
        self._undo.append(("name", name, None, None))

    def _forget(self, name: str) -> None:
        known = self.external_ids.pop(name)
        self.names[known.model, known.id].remove(name)
        self._undo.append(("forget", name, known, None))

    def _change(self, model: str, record: Record, changes: Record) -> None:
        indexes = self._indexes.get(model, {})
        id = record["id"]
        for key, value in changes.items():
            if key in indexes:
                indexes[key].get(record.get(key) or False, {}).pop(id, None)
                indexes[key].setdefault(value or False, {})[id] = None
            record[key] = value

    def mark(self) -> int:
        return len(self._undo)

    def roll_back(self, mark: int = 0) -> None:
        """Undo everything since `mark`, newest first; sequences stay where they are."""
        self.cache.clear()
        while len(self._undo) > mark:
            kind, first, second, third = self._undo.pop()
            if kind == "insert":
                record = self.tables[first].pop(second)
                for field, index in self._indexes.get(first, {}).items():
                    index[record.get(field) or False].pop(second, None)
            elif kind == "update":
                self._change(first, self.tables[first][second], third)
            elif kind == "remove":
                self.tables[first][second] = third
                for field, index in self._indexes.get(first, {}).items():
                    index.setdefault(third.get(field) or False, {})[second] = None
            elif kind == "name":
                known = self.external_ids.pop(first)
                self.names[known.model, known.id].remove(first)
            elif kind == "forget":
                self.external_ids[first] = second
                self.names.setdefault((second.model, second.id), []).append(first)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: an exception undoes every change made inside."""
        try:
            yield
        except BaseException:
            self.roll_back()
            raise
        self.commit()

    def commit(self) -> None:
        """Keep everything since the last commit; reading alone commits nothing."""
        if self._undo:
            self.commits += 1
            self._undo.clear()

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        mark = self.mark()
        try:
            yield
        except BaseException:
            self.roll_back(mark)
            raise
