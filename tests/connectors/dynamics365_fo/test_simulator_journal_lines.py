"""How does the simulated F&O take the lines of journals: vouchers, days, amounts, currencies, offsets?"""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.connectors.dynamics365_fo.simulated import DAY, Environment, infolog, line_body

HEADERS, LINES = "LedgerJournalHeaders", "LedgerJournalLines"
UNSET = "1900-01-01T12:00:00Z"


@pytest.fixture
def fo() -> Environment:
    return Environment()


def test_a_line_is_stored_with_what_the_server_fills_in(fo: Environment) -> None:
    line = fo.line(fo.header())
    assert line["Voucher"] == "GENJRN0000001"
    assert (line["Company"], line["OffsetCompany"], line["dataAreaId"]) == ("USMF", "USMF", "usmf")
    assert (line["ExchRate"], line["DueDate"], line["SalesTaxGroup"]) == (100, UNSET, "")
    assert line["TransDate"] == DAY
    assert line["OffsetAccountDisplayValue"] == "201100---"


def test_a_line_number_is_given_when_none_is_sent_and_refused_when_taken(fo: Environment) -> None:
    header = fo.header()
    body = line_body(header)
    del body["LineNumber"]
    assert [fo.made(LINES, body)["LineNumber"] for _ in range(2)] == [1, 2]
    assert "The record already exists" in fo.refused(LINES, line_body(header, LineNumber=2))


def test_the_header_carries_the_sums_of_its_lines(fo: Environment) -> None:
    header = fo.header()
    fo.line(header)
    fo.line(header, LineNumber=2, DebitAmount=0, CreditAmount=Decimal("10.25"))
    key = f"{HEADERS}(dataAreaId='usmf',JournalBatchNumber='00452')"
    found = fo.get(key)
    assert (found["JournalTotalDebit"], found["JournalTotalCredit"]) == (Decimal("42.5"), Decimal("10.25"))
    assert found["@odata.etag"] != header["@odata.etag"]
    fo.call("DELETE", f"/data/{LINES}(dataAreaId='usmf',JournalBatchNumber='00452',LineNumber=2)?cross-company=true")
    assert fo.get(key)["JournalTotalCredit"] == 0
    fo.switches.totals_include_offsets = True
    fo.line(header, LineNumber=3)
    assert fo.get(key)["JournalTotalCredit"] == 85


def test_midnight_becomes_the_day_before_and_noon_does_not(fo: Environment) -> None:
    header = fo.header()
    assert fo.line(header, TransDate="2026-03-02T00:00:00Z")["TransDate"] == "2026-03-01T12:00:00Z"
    assert fo.line(header, LineNumber=2, TransDate="2026-03-02T12:00:00Z")["TransDate"] == DAY
    fo.switches.day_shift_hours = 0
    assert fo.line(header, LineNumber=3, TransDate="2026-03-02T00:00:00Z")["TransDate"] == DAY


def test_vouchers_of_lines_with_their_own_offset_are_consecutive(fo: Environment) -> None:
    header = fo.header()
    vouchers = [fo.line(header, LineNumber=number)["Voucher"] for number in (1, 2, 3)]
    assert vouchers == ["GENJRN0000001", "GENJRN0000002", "GENJRN0000003"]


def test_a_voucher_lasts_until_its_lines_balance(fo: Environment) -> None:
    header = fo.header()
    amounts = (("DebitAmount", 30), ("DebitAmount", 70), ("CreditAmount", 100), ("DebitAmount", 5))
    vouchers = []
    for number, (side, amount) in enumerate(amounts, 1):
        parts = {"DebitAmount": 0, side: amount, "OffsetAccountDisplayValue": "", "LineNumber": number}
        vouchers.append(fo.line(header, **parts)["Voucher"][-1])
    assert vouchers == ["1", "1", "1", "2"]


def test_one_voucher_for_the_whole_journal(fo: Environment) -> None:
    header = fo.header(JournalName="GenOne")
    assert len({fo.line(header, LineNumber=number)["Voucher"] for number in (1, 2, 3)}) == 1


def test_a_manual_series_wants_a_voucher_and_a_sent_one_is_kept(fo: Environment) -> None:
    header = fo.header(JournalName="GenMan")
    assert "Field 'Voucher' must be filled in." in fo.refused(LINES, line_body(header))
    assert fo.line(header, Voucher="BX17")["Voucher"] == "BX17"


def test_a_positive_only_journal_refuses_negative_amounts(fo: Environment) -> None:
    header = fo.header(JournalName="GenPos")
    assert "Only positive debits and credits" in fo.refused(LINES, line_body(header, DebitAmount=-5))
    assert fo.line(fo.header(), DebitAmount=-5)["DebitAmount"] == -5


def test_a_journal_may_have_a_limit_of_lines(fo: Environment) -> None:
    header = fo.header(JournalName="GenTen")
    for number in range(1, 11):
        fo.line(header, LineNumber=number)
    assert "more than 10 lines" in fo.refused(LINES, line_body(header, LineNumber=11))


def test_a_line_can_be_changed_until_the_journal_is_posted(fo: Environment) -> None:
    fo.line(fo.header())
    key = f"/data/{LINES}(dataAreaId='usmf',JournalBatchNumber='00452',LineNumber=1)?cross-company=true"
    assert fo.call("PATCH", key, {"DebitAmount": 50, "Text": "Changed"}).status_code == 204
    assert fo.get(f"{HEADERS}(dataAreaId='usmf',JournalBatchNumber='00452')")["JournalTotalDebit"] == 50
    assert fo.do("post_journals")[0]["posted"]
    for method, path, body in (
        ("PATCH", key, {"Text": "late"}),
        ("DELETE", key, None),
        ("PATCH", key.replace(LINES, HEADERS).replace(",LineNumber=1", ""), {"Description": "late"}),
        ("POST", f"/data/{LINES}", line_body({"dataAreaId": "usmf", "JournalBatchNumber": "00452"}, LineNumber=2)),
    ):
        assert "has been posted and cannot be changed" in infolog(fo.call(method, path, body))


def test_the_invoice_journal_has_its_own_field_names_and_defaults(fo: Environment) -> None:
    header = fo.made("VendInvoiceJournalHeaders", {"dataAreaId": "usmf", "JournalName": "APInvoice"})
    assert header["JournalBatchNumber"] == "00452"
    assert fo.header()["JournalBatchNumber"] == "00453"
    body = {
        "dataAreaId": "usmf",
        "JournalBatchNumber": "00452",
        "LineNumber": 1,
        "AccountType": "Vend",
        "AccountDisplayValue": "V000001",
        "Invoice": "INV-8841",
        "Credit": 120,
        "Currency": "USD",
        "OffsetAccountDisplayValue": "605110-001-ENG-APO",
        "Description": "Beans",
    }
    line = fo.made("VendInvoiceJournalLines", body)
    assert (line["Date"], line["TransactionType"], line["Approved"]) == ("2026-03-04T12:00:00Z", "Vend", "Yes")
    assert (line["TermsOfPayment"], line["PostingProfile"], line["DueDate"]) == ("Net30", "GEN", "2026-03-04T12:00:00Z")
    words = infolog(fo.post("VendInvoiceJournalLines", {**body, "LineNumber": 2, "TransDate": DAY}))
    assert words.startswith("The property 'TransDate' does not exist")


def test_a_foreign_currency_line_shows_its_rate_per_hundred(fo: Environment) -> None:
    header = fo.header()
    assert fo.line(header, CurrencyCode="EUR")["ExchRate"] == 125
    assert fo.line(header, CurrencyCode="JPY", LineNumber=2)["ExchRate"] == Decimal("0.67")
    assert fo.line(header, CurrencyCode="EUR", ExchRate=110, LineNumber=3)["ExchRate"] == 110
    assert fo.line(header, CurrencyCode="GBP", LineNumber=4)["ExchRate"] == 0


def test_another_currency_brings_another_rate(fo: Environment) -> None:
    fo.line(fo.header())
    key = f"/data/{LINES}(dataAreaId='usmf',JournalBatchNumber='00452',LineNumber=1)?cross-company=true"
    fo.call("PATCH", key, {"CurrencyCode": "EUR"})
    assert fo.rows(LINES)[0]["ExchRate"] == 125
    fo.do("post_journals")
    assert fo.do("trial_balance")["605110"] == Decimal("53.13")


def test_what_becomes_of_odd_amounts_is_not_known(fo: Environment) -> None:
    header = fo.header()
    assert fo.line(header, DebitAmount=0)["DebitAmount"] == 0
    fo.do("set", no_amount="refuse", negative_amounts="refuse", both_amounts="accept")
    assert "has no amount" in fo.refused(LINES, line_body(header, LineNumber=2, DebitAmount=0))
    assert "Only positive debits" in fo.refused(LINES, line_body(header, LineNumber=2, DebitAmount=-1))
    assert fo.line(header, LineNumber=2, CreditAmount=1)["CreditAmount"] == 1


def test_whether_a_voucher_lasts_until_balanced_is_not_known(fo: Environment) -> None:
    fo.do("set", voucher_until_balanced=False)
    header = fo.header()
    vouchers = {fo.line(header, LineNumber=one, OffsetAccountDisplayValue="")["Voucher"] for one in (1, 2, 3)}
    assert len(vouchers) == 3
