"""How does the simulated F&O take journals: numbers, natural keys, defaults, refusals by body?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.connectors.dynamics365_fo.simulated import HOST, Environment, infolog, line_body

HEADERS, LINES = "LedgerJournalHeaders", "LedgerJournalLines"
UNSET = "1900-01-01T12:00:00Z"


@pytest.fixture
def fo() -> Environment:
    return Environment()


def new(**parts: Any) -> dict[str, Any]:
    return {"dataAreaId": "usmf", "JournalName": "GenJrn", **parts}


def test_a_created_header_is_answered_whole_with_its_place_and_etag(fo: Environment) -> None:
    answer = fo.post(HEADERS, new(Description="Brex card", IntegrationKey="brex-7f3c-000017"))
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{HOST}/data/{HEADERS}(dataAreaId='usmf',JournalBatchNumber='00452')"
    body = answer.json()
    assert answer.headers["ETag"] == body["@odata.etag"]
    assert body["@odata.etag"].startswith('W/"')
    assert {name: body[name] for name in body if not name.startswith("@")} == {
        "dataAreaId": "usmf",
        "JournalBatchNumber": "00452",
        "AccountingCurrency": "USD",
        "JournalName": "GenJrn",
        "IntegrationKey": "brex-7f3c-000017",
        "Description": "Brex card",
        "PostingLayer": "Current",
        "IsPosted": "No",
        "JournalTotalCredit": 0,
        "JournalTotalDebit": 0,
    }


def test_a_second_post_without_a_number_makes_a_second_journal(fo: Environment) -> None:
    numbers = [fo.header(IntegrationKey="same")["JournalBatchNumber"] for _ in range(2)]
    assert numbers == ["00452", "00453"]
    found = fo.rows(HEADERS, filter="dataAreaId eq 'usmf' and IntegrationKey eq 'same'")
    assert [one["JournalBatchNumber"] for one in found] == numbers


def test_a_second_post_with_the_callers_number_is_refused_as_a_duplicate(fo: Environment) -> None:
    for status in (400, 500):
        fo.switches.write_error_status = status
        number = f"BX{status}"
        fo.header(JournalBatchNumber=number, Description="Brex 1")
        answer = fo.post(HEADERS, new(JournalBatchNumber=number.lower(), Description="Brex 2"))
        assert answer.status_code == status
        assert answer.json()["error"]["innererror"]["type"].endswith("AxODataWriteException")
        assert infolog(answer) == (
            "Write failed for table row of type 'LedgerJournalHeaderEntity'. Infolog: Info: Cannot create a record in "
            f"Ledger journal table (LedgerJournalTable). Journal batch number: {number.lower()}, Brex 2.\n"
            "The record already exists.."
        )
    assert fo.get(f"{HEADERS}/$count") == 2


def test_where_the_sequence_allows_no_changes_a_number_is_refused(fo: Environment) -> None:
    fo.do("set_number_sequence", code="JournalBatchNumber", user_changes=False)
    assert "does not allow the number BX1" in fo.refused(HEADERS, new(JournalBatchNumber="BX1"))
    assert "does not allow" in fo.refused(HEADERS, {**new(JournalBatchNumber="BX1"), "dataAreaId": "demf"})
    assert fo.header()["JournalBatchNumber"] == "00452"


def test_a_manual_sequence_wants_a_number(fo: Environment) -> None:
    fo.do("set_number_sequence", code="JournalBatchNumber", manual=True)
    assert "Field 'Journal batch number' must be filled in." in fo.refused(HEADERS, new())
    assert fo.header(JournalBatchNumber="BX1")["JournalBatchNumber"] == "BX1"


def test_an_automatic_number_steps_over_a_taken_one(fo: Environment) -> None:
    fo.header(JournalBatchNumber="00452")
    assert fo.header()["JournalBatchNumber"] == "00453"
    assert fo.header("demf")["JournalBatchNumber"] == "00452"


def test_a_body_without_company_goes_silently_to_the_default_one(fo: Environment) -> None:
    made = fo.made(HEADERS, {"JournalName": "GenJrn"})
    assert made["dataAreaId"] == "usmf"
    answer = fo.post(HEADERS, {"DataAreaId": "demf", "JournalName": "GenJrn"})
    assert infolog(answer).startswith("The property 'DataAreaId' does not exist on type")


@pytest.mark.parametrize(
    ("name", "parts", "words"),
    [
        (HEADERS, {"JournalName": ""}, "Field 'Journal name' must be filled in.; Warning: validateWrite failed"),
        (HEADERS, {"JournalName": "None"}, "'None' in field 'Name' is not found in the related table 'Journal names'"),
        (HEADERS, {"JournalName": "APInvoice"}, "is not found in the related table 'Journal names'"),
        (HEADERS, {"Description": "x" * 61}, "is too long."),
        (HEADERS, {"dataAreaId": "xxxx"}, "'xxxx' in field 'Company'"),
        (LINES, {"JournalBatchNumber": "99999"}, "'99999' in field 'Journal batch number' is not found"),
        (LINES, {"CurrencyCode": "XXX"}, "'Currencies'.; Warning: validateField failed on field 'LedgerJournalLineEnt"),
        (LINES, {"CurrencyCode": ""}, "Field 'Currency' must be filled in."),
        (LINES, {"TransDate": UNSET}, "Field 'Date' must be filled in."),
        (LINES, {"AccountDisplayValue": ""}, "Field 'Account' must be filled in."),
        (LINES, {"AccountType": "Project"}, "Account type Project is not supported"),
        (LINES, {"OffsetCompany": "demf"}, "Offset company demf is not supported"),
        (LINES, {"CreditAmount": 1}, "not both"),
        (LINES, {"ExchRate": Decimal("99.5")}, "= 1.00; Warning: validateField failed on field 'LedgerJournalLineEnti"),
        (LINES, {"Text": "x" * 61}, "is too long."),
        (LINES, {"Document": "x" * 21}, "is too long."),
        (LINES, {"SalesTaxGroup": "NONE"}, "related table 'Sales tax groups'"),
    ],
)  # fmt: skip
def test_business_refusals_are_told_in_the_one_envelope(
    fo: Environment, name: str, parts: dict[str, Any], words: str
) -> None:
    header = fo.header()
    body = {**(new() if name == HEADERS else line_body(header)), **parts}
    assert words in fo.refused(name, body)
    assert (fo.get(f"{HEADERS}/$count"), fo.get(f"{LINES}/$count")) == (1, 0)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"Foo": 1}, "The property 'Foo' does not exist on type 'Microsoft.Dynamics.DataEntities.LedgerJournalLine'."),
        ({"Amount": 1}, "The property 'Amount' does not exist"),
        ({"DebitAmount": "42.5"}, "Cannot convert the literal '42.5' to the expected type 'Edm.Decimal'"),
        ({"DebitAmount": None}, "A null value was found"),
        ({"TransDate": "2026-03-02"}, "Cannot convert the literal '2026-03-02'"),
        ({"AccountType": "Vendor"}, "Cannot convert the literal 'Vendor'"),
        ({"Text": 17}, "Cannot convert the literal '17'"),
    ],
)
def test_what_the_type_does_not_know_is_refused_before_any_logic(
    fo: Environment, parts: dict[str, Any], words: str
) -> None:
    answer = fo.post(LINES, {**line_body(fo.header()), **parts})
    assert answer.status_code == 400
    assert words in infolog(answer)
    assert not answer.json()["error"]["innererror"]["type"].endswith("AxODataWriteException")


def test_json_that_is_none_is_refused(fo: Environment) -> None:
    for body in ("{", "[]", "", '"x"'):
        assert fo.post(HEADERS, body).status_code == 400


def test_overlong_text_may_be_cut_silently(fo: Environment) -> None:
    fo.switches.overlong = "cut"
    assert fo.header(Description="x" * 70)["Description"] == "x" * 60


def test_texts_follow_the_users_language_but_the_type_does_not(fo: Environment) -> None:
    fo.switches.language = "de"
    fo.header(JournalBatchNumber="BX1")
    answer = fo.post(HEADERS, new(JournalBatchNumber="BX1"))
    assert "Der Datensatz ist bereits vorhanden" in infolog(answer)
    assert "record" not in infolog(answer)
    assert answer.json()["error"]["innererror"]["type"].endswith("AxODataWriteException")


def test_a_header_with_lines_cannot_be_deleted(fo: Environment) -> None:
    fo.line(fo.header())
    key = f"/data/{HEADERS}(dataAreaId='usmf',JournalBatchNumber='00452')?cross-company=true"
    words = infolog(fo.call("DELETE", key))
    assert "Ledger journal table cannot be deleted while dependent Journal lines exist." in words
    line = f"/data/{LINES}(dataAreaId='usmf',JournalBatchNumber='00452',LineNumber=1)?cross-company=true"
    assert [fo.call("DELETE", one).status_code for one in (line, key)] == [204, 204]
    assert fo.call("GET", key).status_code == 404


def test_a_change_answers_204_and_obeys_if_match(fo: Environment) -> None:
    header = fo.header()
    key = f"/data/{HEADERS}(dataAreaId='usmf',JournalBatchNumber='00452')?cross-company=true"
    answer = fo.call("PATCH", key, {"Description": "Changed"}, If_Match=header["@odata.etag"])
    assert (answer.status_code, answer.text) == (204, "")
    assert fo.call("PATCH", key, {"Description": "Again"}, If_Match=header["@odata.etag"]).status_code == 412
    assert fo.call("PATCH", key, {"Description": "Last"}, If_Match="*").status_code == 204
    assert fo.call("PATCH", key, {"Description": "Last writer"}).status_code == 204
    assert fo.call("GET", key).json()["Description"] == "Last writer"
    assert "cannot be edited" in fo.refused(HEADERS, new(IsPosted="Yes"))
    for body in ({"IsPosted": "Yes"}, {"JournalBatchNumber": "OTHER"}, {"JournalTotalDebit": 5}):
        assert "cannot be edited" in infolog(fo.call("PATCH", key, body))


def test_a_journal_in_workflow_is_locked(fo: Environment) -> None:
    header = fo.header(JournalName="GenAppr")
    fo.line(header)
    fo.do("workflow", number="00452", state="submitted")
    assert "is submitted to workflow" in fo.refused(LINES, line_body(header, LineNumber=2))
    fo.do("workflow", number="00452", state="")
    fo.line(header, LineNumber=2)


def test_what_becomes_of_an_integration_key_is_not_known(fo: Environment) -> None:
    fo.do("set", integration_key_length=20)
    assert "is too long" in fo.refused(HEADERS, new(IntegrationKey="x" * 21))
    fo.do("set", overlong="cut")
    assert fo.header(IntegrationKey="x" * 21)["IntegrationKey"] == "x" * 20
    fo.do("set", integration_key_unique=True)
    assert "The record already exists" in fo.refused(HEADERS, new(IntegrationKey="X" * 20))
    fo.do("set", integration_key="drop")
    assert fo.header(IntegrationKey="x" * 20)["IntegrationKey"] == ""


def test_whether_a_change_answers_the_record_is_not_known(fo: Environment) -> None:
    fo.header()
    key = f"/data/{HEADERS}(dataAreaId='usmf',JournalBatchNumber='00452')?cross-company=true"
    assert fo.call("PATCH", key, {"Description": "a"}, Prefer="return=representation").status_code == 204
    fo.do("set", return_representation=True)
    answer = fo.call("PATCH", key, {"Description": "b"}, Prefer="return=representation")
    assert (answer.status_code, answer.json()["Description"]) == (200, "b")
