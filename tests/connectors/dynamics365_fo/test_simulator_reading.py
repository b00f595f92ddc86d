"""Does the simulated OData service read as F&O does: companies, filters with their wildcard, pages, keys, metadata?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.connectors.dynamics365_fo.simulated import HOST, Environment, infolog

NOYES = "Microsoft.Dynamics.DataEntities.NoYes"


@pytest.fixture(scope="module")
def shared() -> Environment:
    """An environment that these tests only read."""
    return Environment()


@pytest.fixture
def fo() -> Environment:
    return Environment()


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [one["VendorOrganizationName"] for one in rows]


def test_only_the_default_company_is_seen_without_cross_company(shared: Environment) -> None:
    assert {one["dataAreaId"] for one in shared.get("VendorsV3")["value"]} == {"usmf"}
    assert {one["dataAreaId"] for one in shared.rows("VendorsV3")} == {"usmf", "demf"}
    assert shared.get("VendorsV3", filter="dataAreaId eq 'demf'")["value"] == []
    assert {one["dataAreaId"] for one in shared.rows("VendorsV3", filter="dataAreaId eq 'DEMF'")} == {"demf"}


def test_a_record_of_another_company_is_not_there_without_cross_company(shared: Environment) -> None:
    path = "/data/VendorsV3(dataAreaId='demf',VendorAccountNumber='DE-001')"
    assert shared.call("GET", path).status_code == 404
    assert shared.call("GET", f"{path}?cross-company=true").status_code == 200


def test_a_user_sees_only_his_companies(fo: Environment) -> None:
    fo.do("set_user", companies=["usmf"])
    assert {one["dataAreaId"] for one in fo.rows("VendorsV3")} == {"usmf"}
    path = "/data/VendorsV3(dataAreaId='demf',VendorAccountNumber='DE-001')?cross-company=true"
    assert fo.call("GET", path).status_code == 404
    words = fo.refused("LedgerJournalHeaders", {"dataAreaId": "demf", "JournalName": "GenJrn"})
    assert "'demf' in field 'Company'" in words


def test_sets_without_a_company_are_the_same_for_all(shared: Environment) -> None:
    assert len(shared.get("MainAccounts")["value"]) == len(shared.rows("MainAccounts")) > 30


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("MainAccountId eq '605110'", 1),
        ("mainaccountid eq '605110'", 400),
        ("Name eq 'BANK'", 1),
        ("Name eq 'Bank  '", 1),
        ("Name eq 'bank*'", 3),
        ("Name eq '*bank*'", 3),
        ("Name eq '*ank'", 1),
        ("Name ne '*bank*'", 38),
        ("MainAccountId ge '600000' and MainAccountId lt '620000'", 8),
        ("MainAccountId eq '101000' or MainAccountId eq '101401' or MainAccountId eq 'none'", 2),
        (f"IsSuspended eq {NOYES}'Yes'", 1),
        (f"IsSuspended ne {NOYES}'Yes'", 40),
        ("IsSuspended eq 'Yes'", 400),
        (f"IsSuspended gt {NOYES}'No'", 400),
        (f"IsSuspended eq {NOYES}'Perhaps'", 400),
        ("not (MainAccountId eq '605110')", 40),
        ("(MainAccountId eq '605110' or MainAccountId eq '606300') and IsSuspended eq " + f"{NOYES}'Yes'", 1),
        ("ActiveTo ge 2020-01-01T00:00:00Z and ActiveTo lt 2021-01-01T00:00:00Z", 1),
        ("ActiveTo eq 1900-01-01T12:00:00Z", 40),
        ("ActiveTo eq '2020-12-31'", 400),
        ("MainAccountRecId gt 0", 41),
        ("MainAccountRecId sub 1 ge MainAccountRecId", 0),
        ("MainAccountRecId eq '1'", 400),
        ("MainAccountId in ('605110','606300')", 400),
        ("contains(Name,'ank')", 400),
        ("Number eq '1'", 400),
        ("Name eq 'R&D expenses'", 1),
        ("Name eq", 400),
        ("Name eq 'unfinished", 400),
        ("(Name eq 'Bank'", 400),
    ],
)
def test_a_filter_means_what_f_and_o_documents(shared: Environment, text: str, count: int) -> None:
    answer = shared.list("MainAccounts", filter=text)
    if count == 400:
        assert answer.status_code == 400
        assert infolog(answer)
    else:
        assert answer.status_code == 200, answer.text
        assert len(answer.json()["value"]) == count


def test_a_quote_in_a_literal_is_doubled(fo: Environment) -> None:
    vendor = {"dataAreaId": "usmf", "VendorGroupId": "40", "VendorOrganizationName": "O'Brien & Sons"}
    fo.made("VendorsV3", vendor)
    assert names(fo.rows("VendorsV3", filter="VendorOrganizationName eq 'O''Brien & Sons'")) == ["O'Brien & Sons"]


def test_a_star_in_a_search_key_finds_strangers(fo: Environment) -> None:
    """Card merchants write `SQ *COFFEE`: as a literal it is a pattern."""
    for name in ("SQ *COFFEE", "SQ BLUE BOTTLE COFFEE"):
        fo.made("VendorsV3", {"dataAreaId": "usmf", "VendorGroupId": "40", "VendorOrganizationName": name})
    found = fo.rows("VendorsV3", filter="VendorOrganizationName eq 'SQ *COFFEE'")
    assert names(found) == ["SQ *COFFEE", "SQ BLUE BOTTLE COFFEE"]


def test_functions_exist_only_where_the_switch_says_so(fo: Environment) -> None:
    fo.switches.filter_functions = True
    found = fo.rows("VendorsV3", filter="startswith(VendorOrganizationName,'harbor') and dataAreaId eq 'usmf'")
    assert names(found) == ["Harbor Property Management"]


def test_a_long_chain_of_alternatives_is_read_by_its_index(fo: Environment) -> None:
    numbers = [fo.header()["JournalBatchNumber"] for _ in range(5)]
    chain = " or ".join(
        f"JournalBatchNumber eq '{one}'" for one in [*numbers, *(f"X{number}" for number in range(900))]
    )
    found = fo.rows("LedgerJournalHeaders", filter=f"dataAreaId eq 'usmf' and ({chain})")
    assert [one["JournalBatchNumber"] for one in found] == numbers


def test_top_skip_order_and_count(shared: Environment) -> None:
    body = shared.get(
        "MainAccounts", orderby="MainAccountId desc", top="2", skip="1", count="true", select="MainAccountId"
    )
    assert [one["MainAccountId"] for one in body["value"]] == ["961000", "643000"]
    assert body["@odata.count"] == 41
    assert "@odata.nextLink" not in body
    assert body["@odata.context"] == f"{HOST}/data/$metadata#MainAccounts(MainAccountId)"


def test_the_count_alone_is_plain_text(shared: Environment) -> None:
    answer = shared.list("MainAccounts/$count", filter="Name eq '*bank*'")
    assert (answer.text, answer.headers["Content-Type"].split(";")[0]) == ("3", "text/plain")


def test_pages_end_and_their_links_are_absolute_and_skip(fo: Environment) -> None:
    fo.switches.page_size = 10
    found: list[str] = []
    link = f"{HOST}/data/MainAccounts?$filter=Name ne 'none'&$orderby=MainAccountId&cross-company=true"
    while link:
        assert link.startswith(f"{HOST}/data/MainAccounts?")
        body = fo.call("GET", link.removeprefix(HOST)).json()
        assert len(body["value"]) <= 10
        found += [one["MainAccountId"] for one in body["value"]]
        link = body.get("@odata.nextLink", "")
        assert not link or f"$skip={len(found)}" in link
    assert len(found) == len(set(found)) == 41


def test_a_smaller_page_is_given_to_those_who_prefer_it(fo: Environment) -> None:
    def size() -> int:
        return len(fo.call("GET", "/data/MainAccounts", Prefer="odata.maxpagesize=7").json()["value"])

    assert size() == 7
    fo.switches.maxpagesize_honoured = False
    assert size() == 41


def test_lines_can_be_expanded_one_level(fo: Environment) -> None:
    header = fo.header()
    fo.line(header)
    fo.line(header, LineNumber=2)
    expand = "LedgerJournalLine($select=LineNumber,Voucher)"
    found = fo.rows("LedgerJournalHeaders", filter="JournalBatchNumber eq '00452'", expand=expand)
    assert [one["LineNumber"] for one in found[0]["LedgerJournalLine"]] == [1, 2]
    assert {*found[0]["LedgerJournalLine"][0]} == {"@odata.etag", "LineNumber", "Voucher"}
    assert fo.list("LedgerJournalHeaders", expand="Lines").status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "MainAccounts('605110')",
        "MainAccounts(MainAccountId='605110')",
        "MainAccounts(ChartOfAccounts='Shared',Number='605110')",
        "MainAccounts(ChartOfAccounts='Shared',MainAccountId=605110)",
        "mainaccounts",
        "Foo",
        "Foo(dataAreaId='usmf')",
        "MainAccounts/Name",
    ],
)
def test_what_no_route_leads_to_has_its_own_shape(shared: Environment, path: str) -> None:
    answer = shared.call("GET", f"/data/{path}")
    assert answer.status_code == 404
    assert answer.json()["Message"].startswith(f"No HTTP resource was found that matches the request URI '{HOST}/data/")


def test_keys_are_written_in_any_order_and_a_single_one_bare(shared: Environment) -> None:
    found = shared.get("MainAccounts(MainAccountId='605110',ChartOfAccounts='shared')")
    assert found["Name"] == "Meals and entertainment"
    assert found["@odata.context"].endswith("#MainAccounts/$entity")
    assert shared.get("Ledgers('USMF')")["AccountingCurrency"] == "USD"
    assert shared.get("DimensionParameters(0)")["DimensionSegmentDelimiter"] == "Hyphen"


def test_a_key_that_is_not_there_answers_404_with_a_body_nobody_knows(fo: Environment) -> None:
    bodies = {}
    for kind in ("error", "empty", "message"):
        fo.switches.missing_record_body = kind
        answer = fo.call("GET", "/data/LedgerJournalHeaders(dataAreaId='usmf',JournalBatchNumber='nope')")
        assert answer.status_code == 404
        bodies[kind] = answer.text
    assert bodies["empty"] == ""
    assert '"error"' in bodies["error"]
    assert '"Message"' in bodies["message"]


def test_every_answer_carries_the_headers_support_asks_for(shared: Environment) -> None:
    answers = [shared.call("GET", path) for path in ("/data/Companies", "/data/Companies", "/data/Nothing")]
    assert len({one.headers["ms-dyn-aid"] for one in answers}) == 3
    assert all(one.headers["OData-Version"] == "4.0" and "dur=" in one.headers["server-timing"] for one in answers)


def test_light_metadata_tells_fields_and_enumerations(fo: Environment) -> None:
    told = fo.call("GET", "/metadata/PublicEntities('LedgerJournalHeader')").json()
    fields = {one["Name"]: one for one in told["Properties"]}
    assert fields["IntegrationKey"]["AllowEdit"] is True
    assert fields["IsPosted"]["AllowEdit"] is False
    assert fields["JournalName"]["IsMandatory"] is True
    members = fo.call("GET", "/metadata/PublicEnumerations('NoYes')").json()["Members"]
    assert members == [{"Name": "No", "Value": 0}, {"Name": "Yes", "Value": 1}]
    assert fo.call("GET", "/metadata/PublicEntities('Foo')").status_code == 404


def test_an_environment_may_lack_sets_and_fields(fo: Environment) -> None:
    fo.do("set", missing_sets=["VendorsV3"], missing_fields=["LedgerJournalHeaders.IntegrationKey"])
    assert fo.list("VendorsV3").status_code == 404
    assert len(fo.rows("VendorsV2", filter="dataAreaId eq 'usmf'")) == 14
    assert "IntegrationKey" not in fo.header()
    told = fo.call("GET", "/metadata/PublicEntities('LedgerJournalHeader')").json()["Properties"]
    assert "IntegrationKey" not in [one["Name"] for one in told]
    words = infolog(
        fo.post("LedgerJournalHeaders", {"dataAreaId": "usmf", "JournalName": "GenJrn", "IntegrationKey": "k"})
    )
    assert words.startswith("The property 'IntegrationKey' does not exist on type")
    assert fo.list("LedgerJournalHeaders", filter="IntegrationKey eq 'k'").status_code == 400
    assert "IntegrationKey" not in fo.call("GET", "/data/$metadata").text


def test_the_directory_lists_the_sets(shared: Environment) -> None:
    listed = shared.call("GET", "/data").json()["value"]
    assert {"name": "LedgerJournalHeaders", "kind": "EntitySet", "url": "LedgerJournalHeaders"} in listed
    assert len(listed) == 44


def test_amounts_travel_as_numbers_digit_for_digit(fo: Environment) -> None:
    line = fo.line(fo.header(), DebitAmount=Decimal("1234567890123.45"))
    assert line["DebitAmount"] == Decimal("1234567890123.45")


def test_an_unset_enumeration_may_be_null(fo: Environment) -> None:
    fo.switches.unset_enums_are_null = True
    line = fo.line(fo.header())
    assert (line["ReverseEntry"], line["AccountType"]) == (None, "Ledger")
    assert fo.rows("VendorGroups")[0]["IsPublicSector_IT"] is None
