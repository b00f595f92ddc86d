"""What does the simulated posting job book, what does it refuse and why, and do the books balance?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.connectors.dynamics365_fo.simulated import DAY, Environment, line_body

HEADERS, LINES = "LedgerJournalHeaders", "LedgerJournalLines"
ENTRIES, ACCOUNTS = "GeneralJournalEntryBiEntities", "GeneralJournalAccountEntryBiEntities"
VENDOR = {"AccountType": "Vend", "AccountDisplayValue": "V000001"}


@pytest.fixture
def fo() -> Environment:
    return Environment()


def post(fo: Environment, **only: Any) -> dict[str, Any]:
    """What became of the one journal."""
    (result,) = fo.do("post_journals", **only)
    return dict(result)


def pair(fo: Environment, header: dict[str, Any], first: dict[str, Any], second: dict[str, Any]) -> None:
    """Two lines without offsets."""
    for number, parts in enumerate((first, second), 1):
        fo.line(header, **{"LineNumber": number, "OffsetAccountDisplayValue": "", "DebitAmount": 0, **parts})


def test_no_call_posts_a_journal_but_the_job_does(fo: Environment) -> None:
    header = fo.header()
    fo.line(header)
    assert fo.call("POST", f"/data/{HEADERS}/Microsoft.Dynamics.DataEntities.post", {}).status_code == 404
    assert fo.rows(HEADERS)[0]["IsPosted"] == "No"
    assert post(fo) == {
        "company": "usmf",
        "number": "00452",
        "posted": True,
        "vouchers": ["GENJRN0000001"],
        "reasons": [],
    }
    assert fo.rows(HEADERS)[0]["IsPosted"] == "Yes"
    assert fo.do("trial_balance") == {"201100": Decimal("-42.50"), "605110": Decimal("42.50")}
    assert fo.do("post_journals") == []


def test_the_general_ledger_can_be_read_through_the_service(fo: Environment) -> None:
    fo.line(fo.header())
    post(fo)
    (entry,) = fo.rows(ENTRIES, filter="SubledgerVoucher eq 'GENJRN0000001' and SubledgerVoucherDataAreaId eq 'usmf'")
    assert (entry["AccountingDate"], entry["DocumentNumber"]) == (DAY, "BX-000017")
    lines = fo.rows(ACCOUNTS, filter=f"GeneralJournalEntry eq {entry['SourceKey']}")
    assert [(one["LedgerAccount"], one["TransactionCurrencyAmount"], one["IsCredit"]) for one in lines] == [
        ("605110-001-ENG-APO", Decimal("42.5"), "No"),
        ("201100-", Decimal("-42.5"), "Yes"),
    ]
    assert sum(one["AccountingCurrencyAmount"] for one in lines) == 0
    assert fo.post(ENTRIES, {"JournalNumber": "1"}).status_code == 400


def test_the_job_posts_only_what_it_is_asked_to(fo: Environment) -> None:
    for name in ("GenJrn", "BrexJrn", "GenOne"):
        fo.line(fo.header(JournalName=name))
    fo.line(fo.header("demf"), CurrencyCode="EUR")
    assert [one["number"] for one in fo.do("post_journals", names=["BrexJrn"])] == ["00453"]
    assert [one["number"] for one in fo.do("post_journals", company="usmf", numbers=["00454"])] == ["00454"]
    assert [one["company"] for one in fo.do("post_journals", company="demf")] == ["demf"]
    assert [one["number"] for one in fo.do("post_journals")] == ["00452"]


def test_the_job_may_run_by_itself_after_some_requests(fo: Environment) -> None:
    fo.line(fo.header())
    fo.switches.post_after_calls = 5
    states = [fo.rows(HEADERS)[0]["IsPosted"] for _ in range(6)]
    assert states[0] == "No"
    assert states[-1] == "Yes"


def test_a_voucher_of_several_lines_must_balance(fo: Environment) -> None:
    header = fo.header(JournalName="GenOne")
    pair(
        fo,
        header,
        {"DebitAmount": 100},
        {"AccountDisplayValue": "201100---", "CreditAmount": Decimal("99.90")},
    )
    result = post(fo)
    (reason,) = result["reasons"]
    assert reason.startswith("Warning: The transactions on voucher GENONE0000001 do not balance as per 2026-03-02")
    assert reason.endswith("(accounting currency: 0.10 - reporting currency: 0.10).")
    journals = fo.simulator.state()["journals"]
    assert journals[0]["problem"] == reason
    key = f"/data/{LINES}(dataAreaId='usmf',JournalBatchNumber='00452',LineNumber=2)?cross-company=true"
    fo.call("PATCH", key, {"CreditAmount": 100})
    assert post(fo)["posted"]


def test_lines_of_one_voucher_on_different_days_do_not_balance(fo: Environment) -> None:
    header = fo.header(JournalName="GenOne")
    credit = {"AccountDisplayValue": "201100---", "CreditAmount": 100, "TransDate": "2026-03-03T12:00:00Z"}
    pair(fo, header, {"DebitAmount": 100}, credit)
    assert [one for one in post(fo)["reasons"] if "2026-03-02" in one or "2026-03-03" in one]


def test_a_line_without_offset_in_a_voucher_of_its_own_is_refused(fo: Environment) -> None:
    fo.line(fo.header(), OffsetAccountDisplayValue="")
    assert "do not balance" in post(fo)["reasons"][0]


def test_a_cent_from_converting_currencies_is_booked_by_itself_as_far_as_the_limit_goes(fo: Environment) -> None:
    fo.do("set_rate", source="EUR", target="USD", day="2026-01-02", rate="108.37")
    header = fo.header(JournalName="GenOne")
    own = {"CurrencyCode": "EUR", "OffsetAccountDisplayValue": ""}
    for number, amount in enumerate((Decimal("1.11"), Decimal("1.11"), Decimal("7.78")), 1):
        fo.line(header, LineNumber=number, DebitAmount=amount, **own)
    fo.line(header, LineNumber=4, DebitAmount=0, CreditAmount=10, AccountDisplayValue="201100---", **own)
    fo.switches.penny_difference = "0"
    assert "accounting currency: -0.01" in post(fo)["reasons"][0]
    fo.switches.penny_difference = "0.05"
    assert post(fo)["posted"]
    assert fo.do("trial_balance") == {
        "201100": Decimal("-10.84"),
        "605110": Decimal("10.83"),
        "642000": Decimal("0.01"),
    }


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"TransDate": "2024-05-02T12:00:00Z"}, "Period for 2024-05-02 is not open in company USMF for module Ledger."),
        ({"TransDate": "2027-12-02T12:00:00Z"}, "Period for 2027-12-02 is not open"),
        ({"TransDate": "2031-01-02T12:00:00Z"}, "Fiscal period for 2031-01-02 does not exist."),
        ({"CurrencyCode": "GBP"}, "Exchange rate does not exist between GBP and USD on 2026-03-02."),
        ({"AccountDisplayValue": "613000", "DebitAmount": 0, "CreditAmount": 5}, "accepts only debit transactions"),
        ({"DebitAmount": 0}, "Line 1 has no amount."),
        ({**VENDOR, "AccountDisplayValue": r"US\-102"}, "Vendor US-102 is on hold."),
    ],
)
def test_posting_tells_why_it_refuses(fo: Environment, parts: dict[str, Any], words: str) -> None:
    fo.line(fo.header(), **parts)
    result = post(fo)
    assert not result["posted"]
    assert any(words in one for one in result["reasons"]), result
    assert fo.do("trial_balance") == {}


def test_an_empty_journal_is_not_posted(fo: Environment) -> None:
    fo.header()
    assert "has no lines" in post(fo)["reasons"][0]


def test_a_journal_that_needs_approval_waits_for_it(fo: Environment) -> None:
    fo.line(fo.header(JournalName="GenAppr"))
    assert "must be approved through workflow" in post(fo)["reasons"][0]
    fo.do("workflow", number="00452", state="submitted")
    assert not post(fo)["posted"]
    fo.do("workflow", number="00452", state="approved")
    assert post(fo)["posted"]


def test_one_bad_line_keeps_the_whole_journal_back_and_all_reasons_are_told(fo: Environment) -> None:
    header = fo.header()
    fo.line(header)
    fo.line(header, LineNumber=2, CurrencyCode="GBP")
    fo.line(header, LineNumber=3, AccountDisplayValue="612900")
    assert len(post(fo)["reasons"]) == 2
    assert fo.do("trial_balance") == {}


def test_a_period_is_closed_and_opened_again_by_company_and_module(fo: Environment) -> None:
    fo.line(fo.header())
    fo.do("set_period", day="2026-03-02")
    assert not post(fo)["posted"]
    fo.do("set_period", day="2026-03-02", company="demf")
    fo.do("set_period", day="2026-03-02", status="Open", Vend="None")
    assert post(fo)["posted"]
    fo.line(fo.header(), **VENDOR)
    assert "for module Vend" in post(fo)["reasons"][0]
    fo.do("close_through", day="2026-02-28")
    periods = fo.rows("LedgerFiscalPeriods", filter="LegalEntityId eq 'USMF' and YearName eq '2026'")
    assert [one["PeriodStatus"] for one in periods] == ["Closed"] * 2 + ["Open"] * 10


def test_final_vouchers_are_given_at_posting_where_the_journal_name_says_so(fo: Environment) -> None:
    header = fo.header(JournalName="BrexJrn")
    seen = [fo.line(header, LineNumber=number)["Voucher"] for number in (1, 2)]
    assert seen == ["T000001", "T000002"]
    assert post(fo)["vouchers"] == ["BREXJR0000001", "BREXJR0000002"]
    assert [one["Voucher"] for one in fo.rows(LINES)] == ["BREXJR0000001", "BREXJR0000002"]


def test_lines_may_vanish_after_posting(fo: Environment) -> None:
    fo.line(fo.header(JournalName="GenGone"))
    assert post(fo)["posted"]
    assert fo.rows(LINES) == []
    assert fo.rows(HEADERS)[0]["IsPosted"] == "Yes"
    assert fo.rows(ENTRIES)[0]["DocumentNumber"] == "BX-000017"


def test_a_foreign_amount_is_booked_in_three_currencies(fo: Environment) -> None:
    fo.line(fo.header("demf"), CurrencyCode="JPY", DebitAmount=10_000)
    assert post(fo)["posted"]
    debit = fo.rows(ACCOUNTS, filter="IsCredit eq Microsoft.Dynamics.DataEntities.NoYes'No'")[0]
    amounts = ("TransactionCurrencyAmount", "AccountingCurrencyAmount", "ReportingCurrencyAmount")
    assert [debit[one] for one in amounts] == [10_000, Decimal("53.6"), 67]
    assert fo.do("trial_balance", company="demf") == {"201100": Decimal("-53.60"), "605110": Decimal("53.60")}


def test_a_bill_and_its_payment_move_the_vendors_ledger(fo: Environment) -> None:
    bill = fo.header()
    fo.line(bill, **VENDOR, DebitAmount=0, CreditAmount=120, Invoice="INV-1", OffsetAccountDisplayValue="605110")
    assert post(fo)["posted"]
    (row,) = fo.rows("VendTransBiEntities", filter="Invoice eq 'INV-1'")
    told = (row["AccountNum"], row["AmountCur"], row["AmountMST"], row["JournalNum"], row["TransType"])
    assert told == ("V000001", -120, -120, "00452", "Vend")
    assert fo.do("vendor_balances") == {"V000001": Decimal(120)}
    assert fo.do("trial_balance") == {"211000": Decimal(-120), "605110": Decimal(120)}
    payment = fo.header()
    fo.line(payment, **VENDOR, DebitAmount=120, OffsetAccountDisplayValue="201100")
    fo.switches.automatic_settlement = True
    assert post(fo)["posted"]
    settled = fo.rows("VendTransBiEntities")
    assert [one["SettleAmountCur"] for one in settled] == [-120, 120]
    assert {one["Closed"] for one in settled} == {DAY}
    assert fo.do("vendor_balances") == {"V000001": Decimal(0)}


def test_a_vendors_invoice_number_is_used_once(fo: Environment) -> None:
    parts = {**VENDOR, "DebitAmount": 0, "CreditAmount": 5, "Invoice": "INV-1"}
    fo.line(fo.header(), **parts)
    assert post(fo)["posted"]
    second = fo.header()
    fo.line(second, **parts)
    assert "Invoice number INV-1 has already been used for vendor V000001." in post(fo)["reasons"][0]
    fo.switches.duplicate_invoice_check = "insert"
    assert "has already been used" in fo.refused(LINES, line_body(second, LineNumber=2, **parts))
    fo.switches.duplicate_invoice_check = "none"
    assert post(fo)["posted"]


def test_a_vendors_invoice_number_under_two_vouchers_of_one_journal_is_used_twice(fo: Environment) -> None:
    header = fo.header()
    for number in (1, 2):
        fo.line(header, LineNumber=number, **VENDOR, DebitAmount=0, CreditAmount=5, Invoice="INV-1")
    assert "has already been used" in post(fo)["reasons"][0]
    one = fo.header(JournalName="GenOne")
    for number in (1, 2):
        fo.line(one, LineNumber=number, **VENDOR, DebitAmount=0, CreditAmount=5, Invoice="INV-1")
    assert post(fo, numbers=[one["JournalBatchNumber"]])["posted"]


def test_default_dimensions_reach_the_summary_account_as_far_as_its_structure_goes(fo: Environment) -> None:
    parts = {**VENDOR, "DebitAmount": 0, "CreditAmount": 5, "DefaultDimensionDisplayValue": "001-ENG-APO"}
    fo.line(fo.header(), **parts)
    assert post(fo)["posted"]
    assert fo.rows(ACCOUNTS)[0]["LedgerAccount"] == "211000-001"


def test_a_person_may_delete_what_is_not_posted_and_change_what_is(fo: Environment) -> None:
    fo.line(fo.header())
    assert fo.do("delete_journal", number="00452")
    assert (fo.rows(HEADERS), fo.rows(LINES)) == ([], [])
    fo.line(fo.header())
    key = ["usmf", "00453", Decimal(1)]
    fo.do("edit", set=LINES, key=key, changes={"AccountDisplayValue": "612000---", "DebitAmount": Decimal(50)})
    assert fo.rows(HEADERS)[0]["JournalTotalDebit"] == 50
    assert post(fo)["posted"]
    assert fo.do("trial_balance") == {"201100": Decimal(-50), "612000": Decimal(50)}
    with pytest.raises(ValueError, match="is posted"):
        fo.do("delete_journal", number="00453")


def test_the_state_tells_counts_journals_and_balances(fo: Environment) -> None:
    fo.line(fo.header(IntegrationKey="k1"))
    post(fo)
    state = fo.simulator.state()
    assert state["counts"][LINES] == 1
    (journal,) = state["journals"]
    assert (journal["IntegrationKey"], journal["IsPosted"], len(journal["lines"])) == ("k1", "Yes", 1)
    assert sum(state["trial_balance"]["usmf"].values()) == 0
    assert not any(name.startswith("_") for name in journal)
