"""Which bills and credits does an organisation have, whoever typed them, by the supplier's number?

Zoho compares numbers letter by letter; people write one number in many ways. So the lists are read, whole when first
asked and then what changed since, and compared here without case, spaces and punctuation."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from connectors.base import OutcomeState, StandingBill
from connectors.contents import plain_number
from connectors.documents import Account, Partner, Role
from connectors.money import Money, minor_unit
from connectors.zoho_books.books import Books
from connectors.zoho_books.client import one
from connectors.zoho_books.desk import BILL_STATES, BILLS, CREDITS
from connectors.zoho_books.errors import MissingError
from connectors.zoho_books.schema import BillRow, CreditRow
from connectors.zoho_books.stamps import is_stamp

WHOLE_EVERY = 24 * 3600.0  # deleted ones are not told: what is answered is read by its id before
FRESH = 60.0
Slot = tuple[str, bool, str]
"""Vendor, whether it is a credit, plain number."""
OVERLAP = timedelta(minutes=10)


@dataclass(slots=True)
class _Index:
    bills: dict[str, BillRow] = field(default_factory=dict)
    credits: dict[str, CreditRow] = field(default_factory=dict)
    whole_at: float = 0.0
    read_at: float = 0.0
    changed_since: datetime | None = None


class StandingBills:
    """The index of one organisation. Methods may raise ConnectorErrors; safe to repeat."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self._index: _Index = books.kept.get("standing bills", float("inf"), _Index)

    def find(self, numbers: Sequence[str]) -> list[StandingBill]:
        """Those born in Zoho under one of these numbers: two calls for any number of them, none for none, and one for
        each that is there, which tells whether it still is."""
        wanted = {plain for number in numbers if (plain := plain_number(number))}
        if not wanted:
            return []
        self._refresh(fresh=0.0)

        def fits(row: BillRow | CreditRow) -> bool:
            return plain_number(number_of(row)) in wanted and not is_stamp(row.reference_number)

        hits = [row for row in self._rows() if fits(row)]
        return [self._standing(row) for hit in hits if (row := self._still(hit)) and fits(row)]

    def taken(self) -> dict[Slot, list[BillRow | CreditRow]]:
        """Numbers that stood when they were last listed, ours too and cancelled ones not."""
        self._refresh(fresh=FRESH)
        found: dict[Slot, list[BillRow | CreditRow]] = defaultdict(list)
        for row in self._rows():
            if _state(row) is not OutcomeState.CANCELLED:
                found[slot_of(row)].append(row)
        return found

    def stands(self, rows: Iterable[BillRow | CreditRow]) -> str:
        """The ledger id of the first of these that still stands as it was listed, which a call each tells; empty for
        none of them."""
        for row in rows:
            now = self._still(row)
            if now and _state(now) is not OutcomeState.CANCELLED and slot_of(now) == slot_of(row):
                return ledger_id_of(now)
        return ""

    def _rows(self) -> list[BillRow | CreditRow]:
        return [*self._index.bills.values(), *self._index.credits.values()]

    def _still(self, row: BillRow | CreditRow) -> BillRow | CreditRow | None:
        """A bill or credit as it is now; None when somebody deleted it, of which no list of changes tells."""
        module = BILLS if isinstance(row, BillRow) else CREDITS
        try:
            answer = self.books.client.get(self.books.company, f"{module.path}/{row.key}")
        except MissingError:
            self._index.bills.pop(row.key, None)
            self._index.credits.pop(row.key, None)
            return None
        return one(type(row), answer, module.single)

    def _refresh(self, *, fresh: float) -> None:
        index, now = self._index, time.monotonic()
        if index.read_at and now - index.read_at <= fresh:
            return
        client, company = self.books.client, self.books.company
        is_whole = not index.whole_at or now - index.whole_at > WHOLE_EVERY
        since = None if is_whole else index.changed_since
        asked_at = client.context.now()
        params: dict[str, Any] = {"last_modified_time": instant(since - OVERLAP)} if since else {}
        bills = client.rows(BillRow, company, BILLS.path, BILLS.listed, filter_by=BILLS.everything, **params)
        credits = client.rows(CreditRow, company, CREDITS.path, CREDITS.listed, filter_by=CREDITS.everything, **params)
        if is_whole:
            index.bills.clear()
            index.credits.clear()
            index.whole_at = now
        index.bills.update((row.bill_id, row) for row in bills)
        index.credits.update((row.vendor_credit_id, row) for row in credits)
        index.read_at, index.changed_since = now, asked_at

    def _standing(self, row: BillRow | CreditRow) -> StandingBill:
        code = row.currency_code or self._code(row.currency_id)
        sign = -1 if isinstance(row, CreditRow) else 1
        state = _state(row)

        def money(amount: Decimal) -> Money:
            return Money(sign * amount.quantize(minor_unit(code)), code)

        return StandingBill(
            ledger_id=ledger_id_of(row),
            number=number_of(row),
            partner=Partner(row.vendor_id, row.vendor_name),
            payable=self._payable(row),
            total=money(row.total),
            open_amount=money(row.balance or (row.total if state is OutcomeState.CREATED else Decimal(0))),
            is_cancelled=state is OutcomeState.CANCELLED,
            is_draft=state is OutcomeState.CREATED,
        )

    def _code(self, currency_id: str) -> str:
        rows = self.books.currencies().values()
        return next((row.currency_code for row in rows if row.currency_id == currency_id), "") or (
            self.books.base().currency_code
        )

    def _payable(self, row: BillRow | CreditRow) -> Account:
        """The account that it is owed on; a list does not tell, and an organisation has one unless it made more."""
        chart = self.books.accounts()
        named = row.account_id if isinstance(row, BillRow) else ""
        payables = [one for one in chart.values() if one.account_type == "accounts_payable" and one.is_active]
        found = chart.get(named) or (payables[0] if payables else None)
        return Account(Role.AP, found.account_id, found.account_code) if found else Account(Role.AP, "")


def slot_of(row: BillRow | CreditRow) -> Slot:
    return row.vendor_id, isinstance(row, CreditRow), plain_number(number_of(row))


def number_of(row: BillRow | CreditRow) -> str:
    return row.bill_number if isinstance(row, BillRow) else row.vendor_credit_number


def ledger_id_of(row: BillRow | CreditRow) -> str:
    return f"{BILLS.prefix if isinstance(row, BillRow) else CREDITS.prefix}{row.key}"


def instant(moment: datetime) -> str:
    """A moment as filters take it: with an offset that has no colon."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S%z")


def _state(row: BillRow | CreditRow) -> OutcomeState:
    return BILL_STATES.get(row.status.lower(), OutcomeState.CREATED)
