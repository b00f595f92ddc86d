"""Is every field seen that Zoho dropped or changed without a word?"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.documents import Account, Dimension, JournalEntry, Line, Partner, Role, VendorBill
from connectors.records import Side
from connectors.zoho_books.readback import bill_differences, journal_differences
from connectors.zoho_books.schema import BillRow, JournalRow

DAY = date(2026, 10, 12)
TEN = Decimal("10.00")
COST = Line(
    Account(Role.EXP, "600"), Side.DEBIT, TEN, TEN, partner=Partner("71"), dimensions=(Dimension("567", "14044"),)
)
ENTRY = JournalEntry(
    company="927",
    journal="journals",
    currency="USD",
    company_currency="USD",
    posting_date=DAY,
    document_date=DAY,
    lines=(COST, Line(Account(Role.CARD, "201"), Side.CREDIT, TEN, TEN)),
)
TAG = {"tag_id": "567", "tag_option_id": "14044"}
BARE_TAG = {"tag_id": "568", "tag_option_id": ""}
DEBIT = {"account_id": "600", "debit_or_credit": "debit", "amount": 10, "bcy_amount": 10, "customer_id": "71"}
CREDIT = {"account_id": "201", "debit_or_credit": "credit", "amount": 10, "bcy_amount": 10, "customer_id": ""}


def journal(head: dict[str, Any] | None = None, **debit: Any) -> JournalRow:
    lines = [{**DEBIT, "tags": [TAG, BARE_TAG], **debit}, CREDIT]
    usual = {"journal_id": "1", "journal_date": "2026-10-12", "currency_id": "97", "line_items": lines}
    return JournalRow.model_validate({**usual, **(head or {})})


def test_what_was_stored_as_sent_differs_in_nothing() -> None:
    assert journal_differences(ENTRY, journal(), "97") == ()
    written_alike = journal({"custom_fields": ""}, amount="10.0", bcy_amount="")
    assert journal_differences(ENTRY, written_alike, "97") == ()


@pytest.mark.parametrize(
    ("row", "codes"),
    [
        (journal({"journal_date": "2026-10-13"}), {"date_moved"}),
        (journal({"currency_id": "98"}), {"document_altered"}),
        (journal(tags=[]), {"document_altered"}),
        (journal(tags=[{**TAG, "tag_option_id": "1"}]), {"document_altered"}),
        (journal(customer_id=""), {"document_altered"}),
        (journal(account_id="601"), {"document_altered"}),
        (journal(amount="10.01"), {"document_altered"}),
        (journal(debit_or_credit="credit"), {"document_altered"}),
        (journal({"line_items": []}), {"document_altered"}),
    ],
)
def test_what_was_dropped_or_changed_is_told(row: JournalRow, codes: set[str]) -> None:
    assert {one.code for one in journal_differences(ENTRY, row, "97")} == codes


def test_zoho_may_round_each_line_of_a_foreign_journal_itself_and_no_more() -> None:
    euros = replace(
        ENTRY,
        currency="EUR",
        lines=tuple(replace(line, company_amount=Decimal("12.35")) for line in ENTRY.lines),
    )
    near = journal({"exchange_rate": "1.2345", "line_items": [
        {**DEBIT, "bcy_amount": "12.34", "tags": [TAG]}, {**CREDIT, "bcy_amount": "12.34"}]})  # fmt: skip
    far = journal({"exchange_rate": "1.3", "line_items": [
        {**DEBIT, "bcy_amount": "13.00", "tags": [TAG]}, {**CREDIT, "bcy_amount": "13.00"}]})  # fmt: skip
    assert journal_differences(euros, near, "97") == ()
    assert {one.code for one in journal_differences(euros, far, "97")} == {"document_altered"}


@pytest.mark.parametrize(
    "change",
    [
        {"vendor_id": "72"},
        {"bill_number": "INV-2"},
        {"currency_id": "98"},
        {"total": "11.90"},
        {"due_date": "2026-12-01"},
        {"account_id": "212"},
        {"line_items": [{"account_id": "600", "rate": 10, "quantity": 1, "item_total": 10, "tags": []}]},
    ],
)
def test_a_bill_is_compared_head_and_lines(change: dict[str, Any]) -> None:
    bill = VendorBill(
        company="927",
        journal="bills",
        currency="USD",
        company_currency="USD",
        posting_date=DAY,
        document_date=DAY,
        due_on=date(2026, 11, 30),
        partner=Partner("71"),
        payable=Account(Role.AP, "211"),
        number="INV-1",
        lines=(COST,),
    )
    stored = {
        "bill_id": "1",
        "vendor_id": "71",
        "bill_number": "INV-1 ",
        "date": "2026-10-12",
        "due_date": "2026-11-30",
        "currency_id": "97",
        "total": 10,
        "account_id": "211",
        "line_items": [{"account_id": "600", "rate": 10, "quantity": 1, "item_total": 10, "tags": [TAG]}],
    }
    assert bill_differences(bill, BillRow.model_validate(stored), "97") == ()
    altered = bill_differences(bill, BillRow.model_validate({**stored, **change}), "97")
    assert {one.code for one in altered} == {"document_altered"}
