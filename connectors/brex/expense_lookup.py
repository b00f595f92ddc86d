"""Which expense stands behind a record or a card transaction? Joined by list, as `/v1/expenses` has no filter on ids.

Expenses and the records made of them change within the same minutes, so one list of changed expenses is read along
with the pages of records; what is not found there is looked for by the day its payment posted, and only the rest is
asked for singly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

from connectors.brex.client import BrexClient, Json, stamp
from connectors.brex.errors import FeatureDeniedError, MissingError
from connectors.brex.lookups import FEW, rows
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

REMEMBERED = 20_000
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
