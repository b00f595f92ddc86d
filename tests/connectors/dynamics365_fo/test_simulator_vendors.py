"""How does the simulated F&O take vendors and their pending invoices?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.connectors.dynamics365_fo.simulated import DAY, Environment, infolog

HEADERS, LINES, FILES = "VendorInvoiceHeaders", "VendorInvoiceLines", "VendorInvoiceDocumentAttachments"
NEW = {"dataAreaId": "usmf", "VendorGroupId": "40", "VendorOrganizationName": "Blue Bottle Coffee"}


@pytest.fixture
def fo() -> Environment:
    return Environment()


def invoice(fo: Environment, reference: str = "brex-bill-1", number: str = "INV-1", **parts: Any) -> dict[str, Any]:
    """A pending invoice with one line of 120."""
    own = {"dataAreaId": "usmf", "HeaderReference": reference}
    facts = {"InvoiceNumber": number, "InvoiceAccount": "V000001", "Date": DAY, "InvoiceDate": DAY}
    header = fo.made(HEADERS, {**own, **facts, **parts})
    own["HeaderReference"] = header["HeaderReference"]
    line = {"InvoiceLineNumber": 1, "Currency": "USD", "ReceiveNow": 1, "UnitPrice": 120}
    fo.made(LINES, {**own, **line, "MainAccountDisplayValue": "605110-001-ENG-APO", "LineDescription": "Beans"})
    return header


def test_a_vendor_gets_number_defaults_and_a_party(fo: Environment) -> None:
    made = fo.made("VendorsV3", {**NEW, "OurAccountNumber": "brex:vendor_cl9x"})
    assert made["VendorAccountNumber"] == "V000013"
    told = (made["VendorSearchName"], made["CurrencyCode"], made["DefaultPaymentTermsName"], made["OnHoldStatus"])
    assert told == ("Blue Bottle Coffee", "USD", "Net30", "No")
    assert made["VendorPartyType"] == "Organization"
    assert len([one for one in made if not one.startswith("@")]) == 279  # 280, and one of an unnamed enumeration
    found = fo.rows("VendorsV3", filter="dataAreaId eq 'usmf' and OurAccountNumber eq 'brex:vendor_cl9x'")
    assert [one["VendorAccountNumber"] for one in found] == ["V000013"]


def test_two_posts_make_two_vendors_of_one_name(fo: Environment) -> None:
    numbers = [fo.made("VendorsV3", NEW)["VendorAccountNumber"] for _ in range(2)]
    assert numbers == ["V000013", "V000014"]


def test_both_versions_of_the_entity_show_the_same_vendors(fo: Environment) -> None:
    made = fo.made("VendorsV2", NEW)
    key = f"(dataAreaId='usmf',VendorAccountNumber='{made['VendorAccountNumber']}')?cross-company=true"
    assert fo.get(f"VendorsV3{key}")["VendorOrganizationName"] == "Blue Bottle Coffee"
    assert fo.call("PATCH", f"/data/VendorsV3{key}", {"OnHoldStatus": "All"}).status_code == 204
    assert fo.get(f"VendorsV2{key}")["OnHoldStatus"] == "All"
    assert len(fo.get(f"VendorsV2{key}")) == len(fo.get(f"VendorsV3{key}")) + 10


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"VendorGroupId": ""}, "Field 'Group' must be filled in."),
        ({"VendorGroupId": "99"}, "The value '99' in field 'Group' is not found in the related table 'Vendor groups'."),
        ({"VendorOrganizationName": ""}, "Field 'Name' must be filled in."),
        ({"VendorAccountNumber": "OWN-1"}, "does not allow the number OWN-1"),
        ({"VendorPartyType": "Company"}, "'Company' in field 'Party type'"),
        ({"CurrencyCode": "XXX"}, "related table 'Currencies'"),
        ({"VendorSearchName": "x" * 21}, "is too long"),
    ],
)
def test_a_vendor_is_refused(fo: Environment, parts: dict[str, Any], words: str) -> None:
    assert words in fo.refused("VendorsV3", {**NEW, **parts})


def test_a_manual_sequence_wants_the_callers_account(fo: Environment) -> None:
    fo.do("set_number_sequence", code="VendorAccounts", manual=True)
    assert "Field 'Vendor account' must be filled in." in fo.refused("VendorsV3", NEW)
    assert fo.made("VendorsV3", {**NEW, "VendorAccountNumber": "OWN-1"})["VendorAccountNumber"] == "OWN-1"
    assert "The record already exists" in fo.refused("VendorsV3", {**NEW, "VendorAccountNumber": "own-1"})


def test_a_person_has_two_names(fo: Environment) -> None:
    parts = {"VendorPartyType": "Person", "PersonFirstName": "Ana", "PersonLastName": "Roux"}
    assert fo.made("VendorsV3", {**NEW, "VendorOrganizationName": "", **parts})["VendorSearchName"] == "Ana Roux"


def test_the_form_of_a_vendor_has_an_address(fo: Environment) -> None:
    path = "/data/VendorsV2/Microsoft.Dynamics.DataEntities.GenerateVendorDetailFormURL"
    told = fo.call("POST", path, {"_vendAccount": "V000001", "_companyId": "usmf"}).json()
    assert told["@odata.context"].endswith("#Edm.String")
    assert told["value"].startswith("https://")
    answer = fo.call("POST", path, {"_vendAccount": "NONE", "_companyId": "usmf"})
    assert answer.json()["error"]["innererror"]["type"] == "System.InvalidOperationException"
    assert infolog(answer).startswith("Exception occurred while executing action GenerateVendorDetailFormURL on Entity")


def test_a_pending_invoice_takes_its_defaults_from_the_vendor(fo: Environment) -> None:
    header = invoice(fo)
    told = ("HeaderReference", "VendorAccount", "VendorName", "Currency", "TermsOfPayment", "VendorInvoiceReviewStatus")
    assert [header[one] for one in told] == [
        "brex-bill-1",
        "V000001",
        "Harbor Property Management",
        "USD",
        "Net30",
        "Draft",
    ]
    (line,) = fo.rows(LINES)
    assert (line["NetAmount"], line["InvoiceAccount"]) == (120, "V000001")


def test_the_reference_is_kept_made_up_or_replaced(fo: Environment) -> None:
    assert fo.refused(HEADERS, {"dataAreaId": "usmf", "InvoiceNumber": "1", "InvoiceAccount": "NONE"})
    made_up = invoice(fo, reference="", number="INV-0")["HeaderReference"]
    assert len(made_up) == 36
    invoice(fo)
    body = {"dataAreaId": "usmf", "HeaderReference": "brex-bill-1", "InvoiceNumber": "X", "InvoiceAccount": "V000001"}
    assert "The record already exists" in fo.refused(HEADERS, body)
    fo.switches.header_reference = "replace"
    assert invoice(fo, "brex-bill-2", "INV-2")["HeaderReference"] != "brex-bill-2"


@pytest.mark.parametrize(
    ("name", "parts", "words"),
    [
        (HEADERS, {"InvoiceNumber": ""}, "Field 'Number' must be filled in."),
        (HEADERS, {"InvoiceAccount": "NONE"}, "related table 'Vendors'"),
        (HEADERS, {"InvoiceNumber": "x" * 21}, "is too long"),
        (HEADERS, {"DimensionDisplayValue": "999--"}, "'999' in field 'BusinessUnit'"),
        (LINES, {"HeaderReference": "none"}, "'none' in field 'Header reference' is not found"),
        (LINES, {"Currency": ""}, "Field 'Currency' must be filled in."),
        (LINES, {"MainAccountDisplayValue": "999999"}, "'999999' in field 'Main account'"),
        (LINES, {"InvoiceLineNumber": 1}, "The record already exists"),
        (FILES, {"HeaderReference": "none"}, "'none' in field 'Header reference' is not found"),
        (FILES, {"FileName": ""}, "Field 'File name' must be filled in."),
    ],
)
def test_a_pending_invoice_is_refused(fo: Environment, name: str, parts: dict[str, Any], words: str) -> None:
    invoice(fo)
    bodies: dict[str, dict[str, Any]] = {
        HEADERS: {"HeaderReference": "b2", "InvoiceNumber": "INV-2", "InvoiceAccount": "V000001"},
        LINES: {"HeaderReference": "brex-bill-1", "InvoiceLineNumber": 2, "Currency": "USD"},
        FILES: {"HeaderReference": "brex-bill-1", "FileName": "r.pdf", "TypeId": "File", "FileContents": "JVBERg=="},
    }
    assert words in fo.refused(name, {"dataAreaId": "usmf", **bodies[name], **parts})


def test_a_person_posts_a_pending_invoice_and_it_is_pending_no_more(fo: Environment) -> None:
    invoice(fo)
    file = {"HeaderReference": "brex-bill-1", "FileName": "r.pdf", "TypeId": "File", "FileContents": "JVBERg=="}
    fo.made(FILES, {"dataAreaId": "usmf", **file})
    (result,) = fo.do("post_invoices")
    assert (result["posted"], result["vouchers"]) == (True, ["VI0000001"])
    assert (fo.rows(HEADERS), fo.rows(LINES), fo.rows(FILES)) == ([], [], [])
    assert fo.do("trial_balance") == {"211000": Decimal(-120), "605110": Decimal(120)}
    (journal,) = fo.rows("VendInvoiceJourBiEntities", filter="InvoiceId eq 'INV-1' and InvoiceAccount eq 'V000001'")
    assert (journal["LedgerVoucher"], journal["InvoiceAmount"], journal["InvoiceDate"]) == ("VI0000001", 120, DAY)
    (row,) = fo.rows("VendTransBiEntities")
    assert (row["Voucher"], row["Invoice"], row["AmountCur"]) == ("VI0000001", "INV-1", -120)


def test_a_posted_invoice_may_stay_where_it_was_but_stands_fast(fo: Environment) -> None:
    fo.switches.pending_invoice_vanishes = False
    invoice(fo)
    fo.do("post_invoices")
    key = f"/data/{HEADERS}(dataAreaId='usmf',HeaderReference='brex-bill-1')?cross-company=true"
    assert "is posted" in infolog(fo.call("PATCH", key, {"InvoiceDescription": "late"}))
    assert fo.do("post_invoices") == []


def test_the_same_number_of_a_vendor_is_refused_at_posting_or_on_insert(fo: Environment) -> None:
    for reference in ("b1", "b2"):
        invoice(fo, reference)
    results = fo.do("post_invoices")
    assert [one["posted"] for one in results] == [True, False]
    assert "has already been used for vendor V000001" in results[1]["reasons"][0]
    fo.switches.duplicate_invoice_check = "insert"
    body = {"dataAreaId": "usmf", "HeaderReference": "b3", "InvoiceNumber": "INV-1", "InvoiceAccount": "V000001"}
    assert "has already been used" in fo.refused(HEADERS, body)


def test_an_invoice_without_lines_or_in_a_closed_period_stays_pending(fo: Environment) -> None:
    invoice(fo, Date="2024-05-02T12:00:00Z")
    fo.made(HEADERS, {"dataAreaId": "usmf", "HeaderReference": "b2", "InvoiceNumber": "2", "InvoiceAccount": "V000001"})
    first, second = fo.do("post_invoices")
    assert "Period for 2024-05-02 is not open" in first["reasons"][0]
    assert "has no lines" in second["reasons"][0]
    assert len(fo.rows(HEADERS)) == 2


def test_an_invoice_journal_posts_to_both_ledgers(fo: Environment) -> None:
    header = fo.made("VendInvoiceJournalHeaders", {"dataAreaId": "usmf", "JournalName": "APInvoice"})
    own = {"dataAreaId": "usmf", "JournalBatchNumber": header["JournalBatchNumber"], "Date": DAY, "InvoiceDate": DAY}
    vendor = {"AccountType": "Vend", "AccountDisplayValue": "V000002", "Invoice": "INV-8841"}
    amounts = {"Credit": 120, "Currency": "USD", "OffsetAccountDisplayValue": "605110-001-ENG-APO"}
    fo.made("VendInvoiceJournalLines", {**own, **vendor, **amounts})
    (result,) = fo.do("post_journals")
    assert result["posted"]
    assert fo.do("vendor_balances") == {"V000002": Decimal(120)}
    assert fo.do("trial_balance") == {"211000": Decimal(-120), "605110": Decimal(120)}


def test_which_further_fields_a_vendor_needs_is_not_known(fo: Environment) -> None:
    fo.do("set", vendor_required=["SalesTaxGroupCode"])
    assert "Field 'SalesTaxGroupCode' must be filled in." in fo.refused("VendorsV3", NEW)
    assert fo.made("VendorsV3", {**NEW, "SalesTaxGroupCode": "full"})["SalesTaxGroupCode"] == "FULL"
