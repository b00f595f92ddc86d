"""What does the simulated company consist of, and how is it read in order without sorting it again?"""

from __future__ import annotations

import base64
import hashlib
import json
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

Item = dict[str, Any]
Key = tuple[str, str]


def stamp(moment: datetime) -> str:
    """UTC with microseconds and `Z`: text order is time order."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class _Index:
    """Keys kept in order; an append at the end, the usual case, costs nothing."""

    def __init__(self) -> None:
        self.keys: list[Key] = []

    def add(self, key: Key) -> None:
        if not self.keys or key > self.keys[-1]:
            self.keys.append(key)
        else:
            insort(self.keys, key)

    def remove(self, key: Key) -> None:
        at = bisect_left(self.keys, key)
        if at < len(self.keys) and self.keys[at] == key:
            del self.keys[at]


class Store:
    """Objects by id, listed by a sort key (`sort` of the object, then its id), optionally also by group.

    After changing an object call `put` again: it moves to its new place. Listing from a key costs the length of the
    answer, never the size of the store, as long as few objects in between fail the caller's filter.
    """

    def __init__(self, sort: Callable[[Item], str], group: Callable[[Item], str] | None = None) -> None:
        self._sort = sort
        self._group = group
        self._items: dict[str, Item] = {}
        self._places: dict[str, tuple[Key, str]] = {}
        self._all = _Index()
        self._by_group: dict[str, _Index] = {}

    def put(self, item: Item) -> Item:
        self._drop_place(item["id"])
        key = (self._sort(item), item["id"])
        group = self._group(item) if self._group else ""
        self._items[item["id"]] = item
        self._places[item["id"]] = (key, group)
        self._all.add(key)
        if self._group:
            self._by_group.setdefault(group, _Index()).add(key)
        return item

    def remove(self, item_id: str) -> Item | None:
        self._drop_place(item_id)
        return self._items.pop(item_id, None)

    def get(self, item_id: str) -> Item | None:
        return self._items.get(item_id)

    def __getitem__(self, item_id: str) -> Item:
        return self._items[item_id]

    def key_of(self, item_id: str) -> Key:
        return self._places[item_id][0]

    def count(self, group: str | None = None) -> int:
        return len(self._items) if group is None else len(self._by_group.get(group, _Index()).keys)

    def scan(
        self,
        *,
        after: Key | None = None,
        low: str = "",
        high: str = "",
        group: str | None = None,
        reverse: bool = False,
    ) -> Iterator[Item]:
        """Objects in order: sort value from `low` to `high` (inclusive, empty means open), strictly past `after`."""
        keys = (self._all if group is None else self._by_group.get(group, _Index())).keys
        start = bisect_left(keys, (low, ""))
        end = bisect_right(keys, (high, "\U0010ffff")) if high else len(keys)
        if after is not None and reverse:
            end = min(end, bisect_left(keys, after))
        elif after is not None:
            start = max(start, bisect_right(keys, after))
        for _, item_id in reversed(keys[start:end]) if reverse else _walk(keys, start, end):
            yield self._items[item_id]

    def __iter__(self) -> Iterator[Item]:
        return (self._items[item_id] for _, item_id in self._all.keys)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, item_id: object) -> bool:
        return item_id in self._items

    def _drop_place(self, item_id: str) -> None:
        place = self._places.pop(item_id, None)
        if place:
            self._all.remove(place[0])
            if self._group:
                self._by_group[place[1]].remove(place[0])


def _walk(keys: list[Key], start: int, end: int) -> Iterator[Key]:
    for at in range(start, end):
        yield keys[at]


def _updated(item: Item) -> str:
    return str(item["updated_at"])


def _created(item: Item) -> str:
    return str(item["_seq"])


class State:
    """Every store of one Brex account. Keys that begin with `_` are the simulator's own and never sent."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._counter = 0
        self.company: Item = {}
        self.records = Store(_updated, group=lambda one: str(one["review_status"]))
        self.expenses = Store(_updated)
        self.card_accounts: list[Item] = []
        self.card_transactions = Store(lambda one: str(one["posted_at_date"]))
        self.cash_accounts: list[Item] = []
        self.cash_transactions: dict[str, Store] = {}
        self.users, self.departments, self.locations = Store(_created), Store(_created), Store(_created)
        self.titles, self.legal_entities, self.cards = Store(_created), Store(_created), Store(_created)
        self.vendors, self.transfers, self.linked_accounts = Store(_created), Store(_created), Store(_created)
        self.integrations, self.subscriptions, self.groups = Store(_created), Store(_created), Store(_created)
        self.fields = Store(_created)
        self.field_values: dict[str, Store] = {}
        self.receipts: dict[str, Item] = {}
        self.uploads: dict[str, Item] = {}
        self.export_results: list[Item] = []

    def new_id(self, prefix: str) -> str:
        """An opaque id, the same for the same seed and order of calls."""
        self._counter += 1
        digest = hashlib.blake2s(f"{self.seed}:{self._counter}".encode(), digest_size=10).hexdigest()
        return f"{prefix}_{digest}"

    def sequence(self) -> str:
        self._counter += 1
        return f"{self._counter:012d}"

    def cash_of(self, account_id: str) -> Store:
        return self.cash_transactions.setdefault(account_id, Store(lambda one: str(one["posted_at_date"])))

    def values_of(self, field_id: str) -> Store:
        return self.field_values.setdefault(field_id, Store(_created))

    def stores(self) -> dict[str, Iterable[Item]]:
        """Every collection by the name under which the control plane shows it."""
        named: dict[str, Iterable[Item]] = {
            name: value for name, value in vars(self).items() if isinstance(value, Store)
        }
        named["card_accounts"], named["cash_accounts"] = self.card_accounts, self.cash_accounts
        named["cash_transactions"] = [one for store in self.cash_transactions.values() for one in store]
        named["field_values"] = [one for store in self.field_values.values() for one in store]
        named["export_results"] = self.export_results
        named["receipts"] = list(self.receipts.values())
        return named


def public(item: Item) -> Item:
    """The object as Brex would send it."""
    return {name: value for name, value in item.items() if name[0] != "_"}


def encode_cursor(key: Key, filters: str) -> str:
    digest = hashlib.blake2s(filters.encode(), digest_size=6).hexdigest()
    return base64.urlsafe_b64encode(json.dumps([*key, digest]).encode()).decode()


def decode_cursor(cursor: str) -> tuple[Key, str]:
    """Key and the digest of the filters; raises ValueError on anything that `encode_cursor` did not make."""
    try:
        sort, item_id, digest = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (ValueError, TypeError) as error:
        raise ValueError("cursor") from error
    return (str(sort), str(item_id)), str(digest)


def filter_digest(filters: str) -> str:
    return hashlib.blake2s(filters.encode(), digest_size=6).hexdigest()
