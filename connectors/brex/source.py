"""How is each stream of Brex read, told and kept in step? The one door through which the platform comes in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.base import (
    Check,
    ConnectionContext,
    ExportResult,
    Item,
    ReceiptFile,
    ReferenceItem,
    TellOutcome,
    Window,
)
from connectors.brex.auth import settings_of
from connectors.brex.client import IDS_PER_CALL, BrexClient, Json, stamp
from connectors.brex.errors import FeatureDeniedError, MissingError
from connectors.brex.expense_lookup import ExpenseLookup
from connectors.brex.export import export_tell
from connectors.brex.json_types import read_instant
from connectors.brex.lookups import FieldLookup, ListLookup, TransferLookup, chunks, rows
from connectors.brex.parse_record import EXPENSE_TYPES, stage
from connectors.brex.push import push_field_values, push_vendors
from connectors.brex.receipts import receipt_files
from connectors.brex.reference import card_account_of, reference_items
from connectors.brex.streams import (
    ACCOUNTING_RECORDS,
    CARD_TRANSACTIONS,
    CASH_TRANSACTIONS,
    EXPENSES,
    PAYMENT_PART,
    VENDORS,
)
from connectors.brex.verify import FeatureRefusals, verify_checks
from connectors.errors import UnsupportedError

FEW_VENDORS = 10  # up to here they are asked for singly


class BrexSource:
    """One connection's door to Brex; keeps look-ups for its own life, so make one for each run."""

    def __init__(self, context: ConnectionContext) -> None:
        self.context = context
        self.client = BrexClient(context)
        self._identity = ""
        self._expenses = ExpenseLookup(self.client)
        self._fields = FieldLookup(self.client)
        self._users = ListLookup(self.client.users)
        self._transfers = TransferLookup(self.client)
        self._refusals = FeatureRefusals(self.client)
        self._card_accounts: list[Json] | None = None
        self._expense_ids: dict[str, str] | None = None

    # --- reading

    def read(self, stream: str, window: Window) -> Iterator[list[Item]]:
        """Pages of a stream. Raises FeatureDeniedError when the token may not read it. Feeds know no end of a window
        and vendors no window at all: both give more than was asked, never less."""
        if stream == ACCOUNTING_RECORDS:
            return (self._record_items(page) for page in self.client.records(window.since, window.until))
        if stream == EXPENSES:
            return (self._expense_items(page) for page in self.client.expenses(_changed(window)))
        if stream == CARD_TRANSACTIONS:
            return (self._card_items(page) for page in self.client.card_transactions(window.since))
        if stream == CASH_TRANSACTIONS:
            return self._cash_pages(window.since)
        if stream == VENDORS:
            return (self._vendor_items(page) for page in self.client.vendors())
        raise UnsupportedError(f"Brex has no stream {stream}.")

    def fetch(self, stream: str, external_ids: Sequence[str]) -> list[Item]:
        """Records by id. Transactions have no such call: their feed is read until all are found."""
        wanted = list(dict.fromkeys(external_ids))
        if stream == ACCOUNTING_RECORDS:
            pages = (page for part in chunks(wanted, IDS_PER_CALL) for page in self.client.records_by_id(part))
            return [item for page in pages for item in self._record_items(page)]
        if stream == EXPENSES:
            ids = dict.fromkeys(one.removesuffix(PAYMENT_PART) for one in wanted)
            found = [one for one in (self._one(self.client.expense, identifier) for identifier in ids) if one]
            return [item for item in self._expense_items(found) if item.external_id in wanted]
        if stream == VENDORS and len(wanted) <= FEW_VENDORS:
            return self._vendor_items([one for one in (self._one(self.client.vendor, one) for one in wanted) if one])
        items: list[Item] = []
        for page in self.read(stream, Window(None, self.context.now())):
            items += [item for item in page if item.external_id in wanted]
            if len(items) >= len(wanted):
                break
        return items

    def _one(self, get: Any, identifier: str) -> Json | None:
        try:
            found: Json = get(identifier)
        except MissingError:
            return None
        return found

    def _record_items(self, page: list[Json]) -> list[Item]:
        of_expenses = [_source_id(item) for item in page if str(item.get("type")) in EXPENSE_TYPES]
        self._expenses.load(
            (*of_expenses, *(_source_id(item) for item in page if item.get("source_type") == "BILL")),
            changed=_instants(page, "updated_at"),
            posted=_instants(page, "posted_at"),
            single=of_expenses,
        )
        lent = [self._expenses.lent(_source_id(item)) for item in page]
        self._fields.load(page)
        return [
            _item(
                item,
                stage=stage(str(item.get("review_status") or "")),
                expense=expense,
                fields=self._fields.of(item),
                card_account=self._card_account(item.get("amount")) if item.get("source_type") == "CARD" else None,
            )
            for item, expense in zip(page, lent, strict=True)
        ]

    def _card_items(self, page: list[Json]) -> list[Item]:
        posted = _instants(page, "posted_at_date")
        ids = [str(item.get("expense_id") or "") for item in page]
        self._expenses.load(ids, changed=(), posted=posted, single=ids)
        lent = [self._expenses.lent(one) for one in ids]
        self._fields.load(expenses=lent)
        return [
            _item(
                item,
                card_account=self._card_account(item.get("amount")),
                expense=expense,
                fields=self._fields.of(expense=expense),
                user=self._user(expense),
            )
            for item, expense in zip(page, lent, strict=True)
        ]

    def _cash_pages(self, since: datetime | None) -> Iterator[list[Item]]:
        accounts = [account for page in self.client.cash_accounts() for account in page]
        for account in accounts:
            named = {"id": account.get("id"), "name": account.get("name")}
            for page in self.client.cash_transactions(str(account.get("id")), since):
                self._transfers.load(str(item.get("transfer_id") or "") for item in page)
                yield [
                    _item(
                        item,
                        cash_account=named,
                        transfer=self._transfers.lent(str(item.get("transfer_id") or "")),
                    )
                    for item in page
                ]

    def _expense_items(self, page: list[Json]) -> list[Item]:
        parents = {
            str(part.get("id")): str(item.get("id"))
            for item in page
            if item.get("status") == "SPLIT"
            for part in rows(item.get("expense_line_items"))
        }
        self._fields.load(expenses=page)
        items = []
        for item in page:
            is_card = item.get("expense_type") == "CARD"
            parts: Json = {
                "fields": self._fields.of(expense=item),
                "user": self._user(item),
                "parent": parents.get(str(item.get("id"))),
                "card_account": self._card_account(item.get("billing_amount")) if is_card else None,
            }
            items.append(_item(item, **parts))
            if item.get("expense_type") == "REIMBURSEMENT" and _has_payout(item):
                key = f"{item.get('id')}{PAYMENT_PART}"
                items.append(_item(item, external_id=key, part="payment", **parts))
        return items

    def _vendor_items(self, page: list[Json]) -> list[Item]:
        return [_item({key: value for key, value in item.items() if key != "payment_accounts"}) for item in page]

    def _user(self, expense: Json | None) -> Json | None:
        named = (expense or {}).get("user")
        identifier = (expense or {}).get("user_id") or (named.get("id") if isinstance(named, dict) else "")
        user = self._users.get(str(identifier)) if identifier else None
        return {key: user.get(key) for key in ("id", "first_name", "last_name", "email")} if user else None

    def _card_account(self, amount: Any) -> str:
        """The account of a charge: the only one, or the only one in its currency. With several, nothing in the API
        tells them apart, and `primary` stands for all of them."""
        if self._card_accounts is None:
            try:
                self._card_accounts = self.client.card_accounts()
            except FeatureDeniedError:
                self._card_accounts = []
        currency = amount.get("currency") if isinstance(amount, dict) else None
        return card_account_of(self._card_accounts, currency or "USD")

    # --- the rest of the door

    def tell(self, stream: str, results: Sequence[ExportResult]) -> list[TellOutcome]:
        if stream != ACCOUNTING_RECORDS:
            raise UnsupportedError("Brex takes export results for accounting records only.")
        return export_tell(self.client, results)

    def receipts_many(self, stream: str, external_ids: Sequence[str]) -> Iterator[tuple[str, ReceiptFile]]:
        """Accounting records by lists of 500; expenses can be asked for one by one only."""
        if stream != CARD_TRANSACTIONS:
            yield from receipt_files(self.client, stream, external_ids)
            return
        for one in external_ids:
            if expense_id := self._expense_of(one):
                for _, file in receipt_files(self.client, EXPENSES, [expense_id]):
                    yield one, file

    def _expense_of(self, transaction_id: str) -> str:
        """Transactions cannot be asked for by id: the feed is read once in a source's life."""
        if self._expense_ids is None:
            found = (row for page in self.client.card_transactions(None) for row in page)
            self._expense_ids = {str(row.get("id")): str(row.get("expense_id") or "") for row in found}
        return self._expense_ids.get(transaction_id, "")

    def reference(self, kind: str) -> Iterator[ReferenceItem]:
        return reference_items(self.client, kind)

    def push(self, kind: str, values: Sequence[ReferenceItem]) -> Mapping[str, int]:
        account = self.context.identity or self.identity()
        if kind == "vendor":
            return push_vendors(self.client, account, values)
        return push_field_values(self.client, account, settings_of(self.context), kind, values)

    def verify(self) -> list[Check]:
        return verify_checks(self.client, self.context)

    def identity(self) -> str:
        """The Brex account's id, as webhooks name it. Always asked of Brex, once: it proves whose credential this is,
        and that it lives."""
        if not self._identity:
            self._identity = str(self.client.company().get("id") or "")
        return self._identity

    def unavailable_streams(self) -> Mapping[str, str]:
        """Only what is asked for is probed, each stream once in a source's life."""
        return self._refusals


def _item(item: Json, *, external_id: str = "", **lookups: Any) -> Item:
    kept = {name: value for name, value in lookups.items() if value is not None and value != {}}
    if external_id:
        kept["external_id"] = external_id
    return Item(external_id or str(item.get("id") or ""), {"item": item, "lookups": kept})


def _source_id(record: Json) -> str:
    return str(record.get("source_id") or "")


def _has_payout(expense: Json) -> bool:
    """Money moves, or has moved, to the employee: the payout is then a record beside the claim."""
    return expense.get("payment_status") not in (None, "", "NOT_STARTED")


def _changed(window: Window) -> dict[str, str]:
    ends = {"updated_at_end": stamp(window.until)}
    return {"updated_at_start": stamp(window.since), **ends} if window.since else ends


def _instants(page: Iterable[Json], name: str) -> list[datetime]:
    """The believable times of a page; an absurd one is the parser's to complain about."""
    found = []
    for item in page:
        try:
            found.append(read_instant(item.get(name)))
        except ValueError:
            continue
    return found
