"""What do records need from other lists? Look-ups joined by list, kept for the life of a source, never one by one
unless so few are missing that a list would cost more.

`/v1/expenses` has no filter on ids. Expenses and the records made of them change within the same minutes, so one list
of changed expenses is read along with the pages of records; what is not found there is looked for by the day its
payment posted, and only the rest is asked for singly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from connectors.brex.client import BrexClient, Json, Pages, stamp
from connectors.brex.errors import FeatureDeniedError, MissingError
from connectors.errors import RejectedError

LENT = (
    "id",
    "expense_type",
    "status",
    "memo",
    "category",
    "user_id",
    "user",
    "merchant",
    "department_id",
    "department",
    "location_id",
    "location",
    "billing_entity_id",
    "spending_entity_id",
    "original_amount",
    "billing_amount",
    "purchased_at",
    "custom_fields",
    "repayment",
)
"""What an expense lends to records and transactions: nothing that changes when a record is exported."""

FEW = 3  # so many are asked for singly at once
REMEMBERED = 20_000
VALUES_PER_CALL = 100
MARGIN_OF_CHANGE, MARGIN_OF_POSTING = timedelta(hours=1), timedelta(days=1)


class ExpenseLookup:
    """Expenses by id, for records and card transactions."""

    def __init__(self, client: BrexClient) -> None:
        self.client = client
        self.is_denied = False
        self._known: dict[str, Json | None] = {}
        self._changes: Iterator[list[Json]] = iter(())
        self._changes_since: datetime | None = None

    def load(
        self, wanted: Iterable[str], *, changed: Sequence[datetime], posted: Sequence[datetime], single: Iterable[str]
    ) -> None:
        """Have `wanted` at hand. `changed` and `posted` are the times at which the records of the page changed and
        posted; only ids in `single` are worth a call of their own."""
        while len(self._known) > REMEMBERED:  # before looking: what is wanted now must stay
            self._known.pop(next(iter(self._known)))
        missing = {one for one in wanted if one and one not in self._known}
        if not missing or self.is_denied:
            return
        try:
            if len(missing) > FEW and changed:
                self._read_changes(min(changed) - MARGIN_OF_CHANGE, missing)
            if len(left := missing - self._known.keys()) > FEW and posted:
                since, until = min(posted) - MARGIN_OF_POSTING, max(posted) + MARGIN_OF_POSTING
                days = {"payment_posted_at_start": stamp(since), "payment_posted_at_end": stamp(until)}
                self._read(self.client.expenses(days), left)
            for one in sorted((missing & set(single)) - self._known.keys()):
                self._known[one] = self._single(one)
            self._load_parts(missing)
        except FeatureDeniedError:
            self.is_denied = True
        for one in missing:  # not a second time for the same id
            self._known.setdefault(one, None)

    def lent(self, expense_id: str) -> Json | None:
        """The part of an expense that goes with a record; None if it is not known."""
        expense = self._known.get(expense_id)
        return lend(expense) if expense else None

    def _read_changes(self, since: datetime, missing: set[str]) -> None:
        """Go on with one list of changed expenses from page to page of records, so that none is read twice."""
        if self._changes_since is None or since < self._changes_since:
            self._changes = self.client.expenses({"updated_at_start": stamp(since)})
            self._changes_since = since
        try:
            self._read(self._changes, missing)
        except FeatureDeniedError:
            raise
        except RejectedError:  # how long a cursor lives is not documented: the next page opens the list anew
            self._changes_since = None

    def _read(self, pages: Iterator[list[Json]], missing: set[str]) -> None:
        """Read until all are found, but no more pages than a tenth of what is missed."""
        for page in islice(pages, 2 + len(missing) // 10):
            self._known.update({str(expense.get("id")): expense for expense in page})
            if missing <= self._known.keys():
                return

    def _single(self, expense_id: str) -> Json | None:
        try:
            return self.client.expense(expense_id)
        except MissingError:
            return None

    def _load_parts(self, wanted: Iterable[str]) -> None:
        """Children of split expenses that came without their parts."""
        split = [
            one
            for one in wanted
            if (expense := self._known.get(one))
            and expense.get("status") == "SPLIT"
            and not expense.get("expense_line_items")
        ]
        for parent, children in children_of(self.client, split).items():
            self._known[parent] = {**(self._known[parent] or {}), "expense_line_items": children}


def children_of(client: BrexClient, parents: Sequence[str]) -> dict[str, list[Json]]:
    """Parts of split expenses by parent: one call for each, as a child does not name its parent."""
    found: dict[str, list[Json]] = {}
    for parent in parents:
        pages = client.expenses({"parent_expense_id[]": [parent]})
        found[parent] = [child for page in pages for child in page]
    return found


def lend(expense: Json) -> Json:
    """Only the fields of LENT, of the expense and of its items, with receipts by id."""
    kept = {name: expense[name] for name in LENT if expense.get(name) is not None}
    kept["receipts"] = [{"id": one["id"]} for one in rows(expense.get("receipts")) if one.get("id")]
    if items := rows(expense.get("expense_line_items")):
        kept["expense_line_items"] = [lend(item) for item in items]
    return kept


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
