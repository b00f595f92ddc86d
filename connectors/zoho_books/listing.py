"""Which documents of ours does this organisation hold? Every list by our mark in the reference number."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from connectors.base import OutcomeState, Stamped
from connectors.money import Money, minor_unit
from connectors.zoho_books.auth import settings_of
from connectors.zoho_books.desk import (
    BILL_STATES,
    BILLS,
    CREDITS,
    EXPENSES,
    JOURNAL_STATES,
    JOURNALS,
    PAYMENTS,
    Desk,
)
from connectors.zoho_books.refunds import CREDIT_REFUND, RETURN
from connectors.zoho_books.schema import BillRow, CreditRow, ExpenseRow, JournalRow, PaymentRow, RefundRow
from connectors.zoho_books.stamps import MARK, is_stamp
from connectors.zoho_books.standing import instant, ledger_id_of, number_of

OVERLAP = timedelta(minutes=10)
STATES = {OutcomeState.POSTED: "posted", OutcomeState.CREATED: "draft", OutcomeState.CANCELLED: "cancelled"}


def list_stamped(desk: Desk, since: datetime | None) -> Iterator[list[Stamped]]:
    """Every journal, bill, credit, payment and refund of ours, changed since then (None: all). Vendors are not
    listed: they are found by name.

    Sorted by what does not change, or a page would shift under the reader. Raises ConnectorErrors; safe to repeat."""
    params: dict[str, Any] = {"reference_number_startswith": MARK}
    if since is not None:
        params["last_modified_time"] = instant(since - OVERLAP)
    yield from _journals(desk, params)
    yield from _expenses(desk, in_full=since is None)
    yield from _bills(desk, params)
    yield from _payments(desk, params)
    yield from _credit_refunds(desk)


def _journals(desk: Desk, params: dict[str, Any]) -> Iterator[list[Stamped]]:
    order: dict[str, Any] = {"sort_column": "entry_number", "sort_order": "A", "filter_by": JOURNALS.everything}
    for page in desk.client.pages(JournalRow, desk.company, JOURNALS.path, JOURNALS.listed, **params, **order):
        yield [
            Stamped(
                stamp=row.reference_number,
                ledger_id=row.journal_id,
                state=STATES[JOURNAL_STATES.get(row.status.lower(), OutcomeState.CREATED)],
                posting_date=row.journal_date,
                total=_money(row.total, _code(desk, row.currency_id)),
                number=row.entry_number,
            )
            for row in page
            if is_stamp(row.reference_number)
        ]


def _expenses(desk: Desk, *, in_full: bool) -> Iterator[list[Stamped]]:
    """Expenses have no filter by change: all of ours, where some may be new, or where everything is listed."""
    if not in_full and settings_of(desk.client.context).card_purchases_as != "expense":
        return
    params: dict[str, Any] = {"reference_number_startswith": MARK, "filter_by": EXPENSES.everything}
    params |= {"sort_column": "created_time", "sort_order": "A"}
    for page in desk.client.pages(ExpenseRow, desk.company, EXPENSES.path, EXPENSES.listed, **params):
        yield [
            Stamped(
                stamp=row.reference_number,
                ledger_id=f"{EXPENSES.prefix}{row.expense_id}",
                state="posted",
                posting_date=row.date,
                total=_money(row.total, row.currency_code or _code(desk, row.currency_id)),
                number=row.reference_number,
            )
            for row in page
            if is_stamp(row.reference_number)
        ]


def _bills(desk: Desk, params: dict[str, Any]) -> Iterator[list[Stamped]]:
    for kind, module in ((BillRow, BILLS), (CreditRow, CREDITS)):
        order: dict[str, Any] = {
            "sort_column": "created_time" if module is BILLS else "vendor_credit_number",
            "sort_order": "A",
            "filter_by": module.everything,
        }
        for page in desk.client.pages(kind, desk.company, module.path, module.listed, **params, **order):
            rows = [row for row in page if isinstance(row, BillRow | CreditRow) and is_stamp(row.reference_number)]
            yield [
                Stamped(
                    stamp=row.reference_number,
                    ledger_id=ledger_id_of(row),
                    state=STATES[BILL_STATES.get(row.status.lower(), OutcomeState.CREATED)],
                    posting_date=row.date,
                    total=_money(row.total, row.currency_code or _code(desk, row.currency_id)),
                    number=number_of(row),
                    type="vendor_bill",
                )
                for row in rows
            ]


def _payments(desk: Desk, params: dict[str, Any]) -> Iterator[list[Stamped]]:
    params = {**params, "filter_by": PAYMENTS.everything}
    for page in desk.client.pages(PaymentRow, desk.company, PAYMENTS.path, PAYMENTS.listed, **params):
        found = []
        for row in page:
            if not is_stamp(row.reference_number):
                continue
            found.append(
                Stamped(
                    stamp=row.reference_number,
                    ledger_id=f"{PAYMENTS.prefix}{row.payment_id}",
                    state="draft" if row.balance else "posted",
                    posting_date=row.date,
                    total=_money(row.amount, _payment_code(desk, row)),
                    number=row.payment_number,
                    type="payment",
                )
            )
            if not row.bill_numbers:  # off its bills: perhaps it came back
                path = f"/vendorpayments/{row.payment_id}/refunds"
                for back in desk.client.rows(RefundRow, desk.company, path, "vendorpayment_refunds"):
                    if is_stamp(back.reference_number):
                        found.append(_refund(RETURN, row.payment_id, back, "journal_entry"))
        yield found


def _credit_refunds(desk: Desk) -> Iterator[list[Stamped]]:
    path = "/vendorcredits/refunds"
    for page in desk.client.pages(RefundRow, desk.company, path, "vendor_credit_refunds"):
        yield [
            _refund(CREDIT_REFUND, row.vendor_credit_id, row, "payment")
            for row in page
            if is_stamp(row.reference_number)
        ]


def _refund(prefix: str, parent: str, row: RefundRow, kind: str) -> Stamped:
    """Lists of refunds name no currency."""
    return Stamped(row.reference_number, f"{prefix}{parent}/{row.refund_id}", "posted", row.date, None, "", kind)


def _payment_code(desk: Desk, row: PaymentRow) -> str:
    """Lists of payments name no currency either: one at the rate of 1 is in the organisation's own."""
    if row.currency_code or row.currency_id:
        return row.currency_code or _code(desk, row.currency_id)
    return desk.books.base().currency_code if row.exchange_rate == 1 else ""


def _code(desk: Desk, currency_id: str) -> str:
    rows = desk.books.currencies().values()
    return next((row.currency_code for row in rows if row.currency_id == currency_id), "")


def _money(amount: Decimal, code: str) -> Money | None:
    return Money(amount.quantize(minor_unit(code)), code) if code else None
