"""How does the simulated F&O read and check accounts with their dimensions?"""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.dynamics365_fo.simulated import Environment, line_body

LINES = "LedgerJournalLines"
ACTION = "Microsoft.Dynamics.DataEntities"


@pytest.fixture
def fo() -> Environment:
    return Environment()


def stored(fo: Environment, text: str, field: str = "AccountDisplayValue", **parts: Any) -> str:
    """How a display value comes back."""
    return str(fo.line(fo.header(), **{field: text}, **parts)[field])


def refusal(fo: Environment, text: str, field: str = "AccountDisplayValue", **parts: Any) -> str:
    return fo.refused(LINES, line_body(fo.header(), **{field: text}, **parts))


def test_the_formats_and_the_delimiter_can_be_read(fo: Environment) -> None:
    active = fo.rows("DimensionIntegrationFormats", filter=f"IsActive eq {ACTION}.NoYes'Yes'")
    assert {one["DimensionFormatType"]: one["FinancialDimensionFormat"] for one in active} == {
        "DataEntityLedgerDimensionFormat": "MainAccount-BusinessUnit-Department-CostCenter",
        "DataEntityDefaultDimensionFormat": "BusinessUnit-Department-CostCenter",
    }
    assert fo.rows("DimensionParameters", top="1")[0]["DimensionSegmentDelimiter"] == "Hyphen"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("605110-001-ENG-APO", "605110-001-ENG-APO"),
        ("605110---APO", "605110---APO"),
        ("605110-001", "605110-001--"),
        ("605110", "605110---"),
        ("605110-001-ENG-APO-EXTRA-MORE", "605110-001-ENG-APO"),
        (r"605110-001-ENG-OPS\-01", r"605110-001-ENG-OPS\-01"),
    ],
)
def test_segments_may_be_missing_or_too_many(fo: Environment, sent: str, kept: str) -> None:
    assert stored(fo, sent) == kept


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("999999---", "The value '999999' in field 'Main account' is not found in the related table 'Main accounts'."),
        ("-001-ENG-APO", "The value '' in field 'Main account'"),
        ("605110-999--", "The value '999' in field 'BusinessUnit' is not found"),
        ("605110-ENG-001-APO", "The value 'ENG' in field 'BusinessUnit' is not found"),
        ("605110---OLD", "CostCenter OLD is suspended"),
        ("606300---", "Main account 606300 is suspended"),
        ("605110-001-ENG-OPS-01", "The value 'OPS' in field 'CostCenter' is not found"),
    ],
)
def test_a_wrong_value_is_refused_on_insert(fo: Environment, text: str, words: str) -> None:
    found = refusal(fo, text)
    assert words in found
    assert "validateField failed on field 'LedgerJournalLineEntity.AccountDisplayValue'." in found
    assert words in refusal(fo, text, field="OffsetAccountDisplayValue")


def test_a_wrong_value_may_only_be_noticed_at_posting(fo: Environment) -> None:
    fo.switches.value_check = "posting"
    fo.line(fo.header(), AccountDisplayValue="605110-999--")
    (result,) = fo.do("post_journals")
    assert not result["posted"]
    assert "The value '999' in field 'BusinessUnit' is not found" in result["reasons"][0]


def test_without_an_active_format_nothing_can_be_written(fo: Environment) -> None:
    fo.do("set_dimension_format", ledger=[])
    assert "There is no active dimension format" in refusal(fo, "605110---")


def test_another_order_of_dimensions_gives_other_meanings(fo: Environment) -> None:
    fo.do("set_dimension_format", ledger=["MainAccount", "CostCenter", "Department", "BusinessUnit"])
    assert "The value '001' in field 'CostCenter'" in refusal(fo, "605110-001-ENG-APO")
    assert stored(fo, "605110-APO-ENG-001") == "605110-APO-ENG-001"


@pytest.mark.parametrize(
    ("name", "text", "escaped"),
    [
        ("Period", "605110.001.ENG.OPS-01", "605110.001.ENG.OPS-01"),
        ("Tilde", "605110~001~ENG~APO", "605110~001~ENG~APO"),
        ("DoubleHyphen", "605110--001--ENG--OPS-01", "605110--001--ENG--OPS-01"),
        ("DoubleBar", "605110||001||ENG||APO", "605110||001||ENG||APO"),
    ],
)
def test_other_delimiters(fo: Environment, name: str, text: str, escaped: str) -> None:
    fo.do("set_dimension_format", delimiter=name)
    line = fo.line(fo.header(), AccountDisplayValue=text, OffsetAccountDisplayValue="201100")
    assert line["AccountDisplayValue"] == escaped
    sign = text[6 : 8 if name.startswith("Double") else 7]
    assert line["OffsetAccountDisplayValue"] == "201100" + sign * 3
    formats = fo.rows("DimensionIntegrationFormats", filter="DimensionFormatName eq 'LedgerFormat'")
    assert formats[0]["FinancialDimensionFormat"] == f"MainAccount{sign}BusinessUnit{sign}Department{sign}CostCenter"


def test_a_vendor_with_the_delimiter_in_his_number_must_be_escaped(fo: Environment) -> None:
    vendor = {"AccountType": "Vend", "DebitAmount": 0, "CreditAmount": 5}
    assert stored(fo, r"US\-101", **vendor) == r"US\-101"
    assert "The value 'US' in field 'Account' is not found in the related table 'Vendors'." in refusal(
        fo, "US-101", **vendor
    )
    fo.switches.plain_delimiter_in_account = True
    assert stored(fo, "US-101", **vendor) == r"US\-101"


def test_bank_accounts_may_hold_blanks_and_customers_exist(fo: Environment) -> None:
    assert stored(fo, "usmf oper", AccountType="Bank") == "USMF OPER"
    assert stored(fo, r"USMF\-C01", AccountType="Cust") == r"USMF\-C01"
    assert "related table 'Bank accounts'" in refusal(fo, "NONE", AccountType="Bank")


def test_dimensions_of_a_vendor_line_have_a_field_of_their_own(fo: Environment) -> None:
    vendor = {"AccountType": "Vend", "AccountDisplayValue": "V000001"}
    assert stored(fo, "001-ENG", field="DefaultDimensionDisplayValue", **vendor) == "001-ENG-"
    words = refusal(fo, "605110-001", field="DefaultDimensionDisplayValue", **vendor)
    assert "The value '605110' in field 'BusinessUnit'" in words


def test_the_actions_build_display_values(fo: Environment) -> None:
    def run(name: str, body: dict[str, Any]) -> Any:
        answer = fo.call("POST", f"/data/{name}", body)
        assert answer.status_code == 200, answer.text
        return answer.json()["value"]

    sets = {"_attributeNames": ["BusinessUnit", "CostCenter"], "_attributeValues": ["001", "OPS-01"]}
    assert run(f"DimensionSets/{ACTION}.getSetDisplayValue", sets) == r"001--OPS\-01"
    combination = {
        "_entityName": "LedgerJournalLineEntity",
        "_propertyName": "AccountDisplayValue",
        "_attributeNames": ["MainAccount", "BusinessUnit"],
        "_attributeValues": ["605110", "001"],
        "_ledgerJournalACType": "Ledger",
    }
    assert run(f"DimensionCombinations/{ACTION}.getCombinationDisplayValue", combination) == "605110-001--"


def test_the_actions_may_be_missing(fo: Environment) -> None:
    fo.switches.dimension_actions = False
    body = {"_attributeNames": [], "_attributeValues": []}
    for name in ("DimensionSets/{}.getSetDisplayValue", "DimensionCombinations/{}.getCombinationDisplayValue"):
        assert fo.call("POST", "/data/" + name.format(ACTION), body).status_code == 404


@pytest.mark.parametrize(
    ("account", "words"),
    [
        ("201100-001-ENG-", "The combination 201100-001-ENG- is not valid for the account structure Balance sheet."),
        ("961000-001--", "Dimension Department must be specified for main account 961000"),
        ("612900---", "Manual entry is not allowed for main account 612900."),
        ("606400---", "Main account 606400 is suspended or not active on 2026-03-02."),
        ("605110---Y2K", "CostCenter Y2K is suspended or not active on 2026-03-02."),
    ],
)
def test_what_insert_accepts_posting_may_refuse(fo: Environment, account: str, words: str) -> None:
    fo.line(fo.header(), AccountDisplayValue=account)
    (result,) = fo.do("post_journals")
    assert [one for one in result["reasons"] if words in one]
    assert fo.rows("LedgerJournalHeaders")[0]["IsPosted"] == "No"
    assert fo.do("trial_balance") == {}


@pytest.mark.parametrize(
    ("switch", "account", "words"),
    [
        ("structure_check", "961000-001--", "Dimension Department must be specified"),
        ("manual_entry_check", "612900---", "Manual entry is not allowed"),
    ],
)
def test_what_posting_refuses_insert_may_refuse(fo: Environment, switch: str, account: str, words: str) -> None:
    fo.do("set", **{switch: "insert"})
    assert words in refusal(fo, account)


def test_a_suspension_may_hold_in_one_company_only(fo: Environment) -> None:
    fo.do("suspend_account", account="605110", company="demf")
    assert stored(fo, "605110") == "605110---"
    header = fo.header("demf")
    assert "Main account 605110 is suspended" in fo.refused(LINES, line_body(header, CurrencyCode="EUR"))
    fo.do("suspend_account", account="605110", company="demf", suspended=False)
    fo.line(header, CurrencyCode="EUR")


def test_whether_a_backslash_escapes_itself_is_not_known(fo: Environment) -> None:
    value = {"FinancialDimension": "CostCenter", "DimensionValue": "A\\B", "LegalEntityId": "", "Description": "odd"}
    fo.do("create", set="FinancialDimensionValues", values=value)
    assert stored(fo, "605110---A\\B") == "605110---A\\B"
    assert "The value 'A\\\\B'" in refusal(fo, "605110---A\\\\B")
    fo.do("set", backslash_escapes_itself=True)
    assert stored(fo, "605110---A\\\\B") == "605110---A\\\\B"
