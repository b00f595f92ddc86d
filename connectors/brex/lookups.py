"""What do records need from other lists? Look-ups joined by list, kept for the life of a source, never one by one
unless so few are missing that a list would cost more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from connectors.brex.client import BrexClient, Json, Pages
from connectors.brex.errors import FeatureDeniedError, MissingError

FEW = 3  # so many are asked for singly at once
VALUES_PER_CALL = 100


def rows(value: Any) -> list[Json]:
    """The objects of a list; nothing where Brex sends something else, which is the parser's to complain about."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


class ListLookup:
    """A whole list by id, read on first use; empty where the credential may not read it."""

    def __init__(self, read: Callable[[], Pages]) -> None:
        self._read = read
        self._rows: dict[str, Json] | None = None

    def get(self, identifier: str) -> Json | None:
        if self._rows is None:
            try:
                self._rows = {str(row.get("id")): row for page in self._read() for row in page}
            except FeatureDeniedError:
                self._rows = {}
        return self._rows.get(identifier)


class TransferLookup:
    """Transfers by id, for cash transactions: from the list, which has no filter, as far as it pays."""

    LENT = ("id", "amount", "payment_type", "counterparty", "display_name", "description", "external_memo")

    def __init__(self, client: BrexClient) -> None:
        self.client = client
        self._known: dict[str, Json | None] = {}
        self._pages: Iterator[list[Json]] | None = None
        self._is_denied = False

    def load(self, wanted: Iterable[str]) -> None:
        missing = {one for one in wanted if one and one not in self._known}
        try:
            if len(missing) > FEW and not self._is_denied:
                self._pages = self._pages or self.client.transfers()
                while missing - self._known.keys():
                    page = next(self._pages, None)
                    if page is None:
                        break
                    self._known.update({str(row.get("id")): row for row in page})
            for one in sorted(missing - self._known.keys()):
                if self._is_denied:
                    break
                self._known[one] = self._single(one)
        except FeatureDeniedError:
            self._is_denied = True

    def lent(self, transfer_id: str) -> Json | None:
        transfer = self._known.get(transfer_id)
        if not transfer:
            return None
        lent = {name: transfer[name] for name in self.LENT if transfer.get(name) is not None}
        if isinstance(lent.get("counterparty"), dict):  # no account or routing numbers in what is stored
            keep = ("type", "id", "payment_instrument_id")
            lent["counterparty"] = {key: lent["counterparty"].get(key) for key in keep}
        return lent

    def _single(self, transfer_id: str) -> Json | None:
        try:
            return self.client.transfer(transfer_id)
        except MissingError:
            return None


class FieldLookup:
    """Remote ids and names of fields and values, as far as a record does not tell them itself: values that live in
    Brex only, and the options of expenses' custom fields that are our own ERP fields."""

    def __init__(self, client: BrexClient) -> None:
        self.client = client
        self._fields: dict[str, Json] | None = None
        self._values: dict[tuple[str, str], Json] = {}

    def load(self, items: Iterable[Mapping[str, Any]] = (), expenses: Iterable[Mapping[str, Any] | None] = ()) -> None:
        """Have at hand what `of` will be asked for, with one call for each field and hundred of its values."""
        wanted: dict[str, set[str]] = {}
        coded = [(field, value) for item in items for field, value, is_told in _line_codings(item) if not is_told] + [
            pair for expense in expenses if expense for pair in _options(expense)
        ]
        try:
            for field, value in coded:
                if (field, value) not in self._values and self._is_asked(field):
                    wanted.setdefault(field, set()).add(value)
            for field, values in sorted(wanted.items()):
                for chunk in chunks(sorted(values), VALUES_PER_CALL):
                    self._values.update({(field, value): {} for value in chunk})
                    for page in self.client.field_values(field, chunk):
                        self._values.update({(field, str(row.get("brex_id"))): row for row in page})
        except (FeatureDeniedError, MissingError):
            return

    def of(self, item: Mapping[str, Any] | None = None, expense: Mapping[str, Any] | None = None) -> dict[str, Json]:
        """For one record: field id -> its name, remote id, and the values used."""
        labels: dict[str, Json] = {}
        codings = [(field, value) for field, value, is_told in _line_codings(item or {}) if not is_told]
        for field, value in [*codings, *(_options(expense) if expense else ())]:
            known, row = (self._fields or {}).get(field), self._values.get((field, value))
            if known:
                entry: Json = {"name": known.get("name"), "remote_id": known.get("remote_id"), "values": {}}
                labels.setdefault(field, entry)
                if row:
                    labels[field]["values"][value] = {"name": row.get("value"), "remote_id": row.get("remote_id")}
        return labels

    def _is_asked(self, field: str) -> bool:
        if self._fields is None:
            self._fields = {}
            for page in self.client.fields():
                self._fields.update({str(row.get("brex_id")): row for row in page})
        return field in self._fields


def _line_codings(item: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """Field, value, and whether the line itself tells the remote ids."""
    for line in rows(item.get("line_items")):
        for ref in rows(line.get("accounting_field_values")):
            field, value = ref.get("brex_field_id"), ref.get("brex_field_value_id")
            if field and value:
                yield str(field), str(value), bool(ref.get("remote_field_id") and ref.get("remote_field_value_id"))


def _options(expense: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for custom in rows(expense.get("custom_fields")):
        value = custom.get("value")
        data = value.get("data") if isinstance(value, dict) else None
        for one in data if isinstance(data, list) else [data]:
            if isinstance(one, dict) and one.get("option_id"):
                yield str(custom.get("key")), str(one["option_id"])
    for part in rows(expense.get("expense_line_items")):
        yield from _options(part)


def chunks(values: Sequence[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(values), size):
        yield list(values[start : start + size])
