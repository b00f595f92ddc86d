"""How does the simulated environment keep vendor payment journals, and what becomes of a marked invoice?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.connectors.dynamics365_fo.simulated import DAY, Environment, infolog

HEADERS, LINES = "VendorPaymentJournalHeaders", "VendorPaymentJournalLines"


@pytest.fixture
def fo() -> Environment:
    """Two open invoices of one vendor, the older first."""
    made = Environment()
    for number in ("INV-1", "INV-2"):
        header = made.made("VendInvoiceJournalHeaders", {"dataAreaId": "usmf", "JournalName": "APInvoice"})
        line = {
            "dataAreaId": "usmf", "JournalBatchNumber": header["JournalBatchNumber"], "AccountType": "Vend",
            "AccountDisplayValue": "V000001", "Credit": 120, "Currency": "USD", "Date": DAY, "Invoice": number,
            "OffsetAccountDisplayValue": "605110-001-ENG-APO",
        }  # fmt: skip
        made.made("VendInvoiceJournalLines", line)
    assert all(one["posted"] for one in made.do("post_journals"))
    return made


def paid(fo: Environment, **parts: Any) -> dict[str, Any]:
    header = fo.made(HEADERS, {"dataAreaId": "usmf", "JournalName": "VendPay", "Description": "brex-1"})
    return {
        "dataAreaId": "usmf", "JournalBatchNumber": header["JournalBatchNumber"], "LineNumber": 1,
        "TransactionDate": DAY, "AccountDisplayValue": "V000001", "CurrencyCode": "USD", "DebitAmount": 120,
        "OffsetAccountType": "Ledger", "OffsetAccountDisplayValue": "201100---", "PaymentReference": "brex-1", **parts,
    }  # fmt: skip


def left(fo: Environment) -> dict[str, Decimal]:
    rows = fo.rows("VendTransBiEntities")
    return {one["Invoice"] or one["TransType"]: one["AmountCur"] - one["SettleAmountCur"] for one in rows}


def test_a_line_is_a_vendors_and_settles_the_invoice_that_it_marks(fo: Environment) -> None:
    line = fo.made(LINES, paid(fo, MarkedInvoice="INV-2", MarkedInvoiceCompany="usmf"))
    assert (line["AccountType"], line["SettleVoucher"], line["OffsetAccountType"]) == (
        "Vend", "SelectedTransact", "Ledger",
    )  # fmt: skip
    assert left(fo) == {"INV-1": -120, "INV-2": -120}
    [result] = fo.do("post_journals")
    assert result["posted"], result
    assert left(fo) == {"INV-1": -120, "INV-2": 0, "Payment": 0}
    assert fo.rows(HEADERS)[0]["IsPosted"] == "Yes"


def test_an_unmarked_payment_settles_nothing_by_itself(fo: Environment) -> None:
    fo.made(LINES, paid(fo))
    fo.do("post_journals")
    assert left(fo) == {"INV-1": -120, "INV-2": -120, "Payment": 120}


@pytest.mark.parametrize(
    "parts",
    [
        {"MarkedInvoice": "INV-9"},
        {"MarkedInvoice": "INV-1", "AccountDisplayValue": "V000002"},
        {"MarkedInvoice": "INV-1", "DebitAmount": 0, "CreditAmount": 120},
    ],
)
def test_what_is_not_open_for_it_cannot_be_marked(fo: Environment, parts: dict[str, Any]) -> None:
    assert "Marked invoice" in infolog(fo.post(LINES, paid(fo, **parts)))
    fo.do("set", marked_invoice_check="none")
    fo.made(LINES, paid(fo, **parts))


def test_only_journal_names_of_its_type_make_one(fo: Environment) -> None:
    assert "Journal names" in fo.refused(HEADERS, {"dataAreaId": "usmf", "JournalName": "GenJrn"})
    assert "Journal names" in fo.refused("LedgerJournalHeaders", {"dataAreaId": "usmf", "JournalName": "VendPay"})


@pytest.mark.parametrize(
    ("facts", "currency", "reason"),
    [
        ({}, "USD", ""),
        ({}, "EUR", "does not take transactions in EUR"),
        ({"AllowTransactionsInAdditionalCurrencies": "Yes"}, "EUR", ""),
        ({"BankAccountStatus": "InactiveForAllTransactions"}, "USD", "suspended or not active"),
        ({"ActiveTo": "2020-12-31T12:00:00Z"}, "USD", "suspended or not active"),
    ],
)
def test_a_bank_account_in_use_takes_its_own_currency(
    fo: Environment, facts: dict[str, Any], currency: str, reason: str
) -> None:
    fo.do("edit", set="BankAccounts", key=["usmf", "USMF OPER"], changes=facts)
    fo.line(fo.header(), OffsetAccountType="Bank", OffsetAccountDisplayValue="USMF OPER", CurrencyCode=currency)
    [result] = fo.do("post_journals")
    assert result["posted"] is not bool(reason)
    assert reason in " ".join(result["reasons"])
