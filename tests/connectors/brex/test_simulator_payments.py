"""How does simulated Brex keep vendors, fields and transfers, and what does it do with an Idempotency-Key?"""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
import requests

from connectors.brex.simulator.company_catalogue import add_catalogue
from connectors.brex.simulator.company_objects import Builder
from tests.connectors.brex.simulated import NOON, Account

ACH = {
    "type": "ACH",
    "routing_number": "021000021",
    "account_number": "000111222",
    "account_type": "CHECKING",
    "account_class": "BUSINESS",
}
ADDRESS = {"line1": "1 Main St", "city": "Austin", "state": "TX", "country": "US", "postal_code": "78701"}
CHEQUE = {"type": "CHEQUE", "recipient_name": "Rackshop", "mailing_address": ADDRESS}


@pytest.fixture
def account() -> Account:
    made = Account()
    add_catalogue(Builder(made.simulator, Random(1), NOON.date(), NOON.date()))
    return made


def vendor(
    account: Account, name: str = "Rackshop SAS", *details: dict[str, Any], key: str = "k1"
) -> requests.Response:
    return account.post(
        "/v1/vendors", {"company_name": name, "payment_accounts": [{"details": one} for one in details]}, key
    )


def transfer(account: Account, instrument: str, **parts: Any) -> dict[str, Any]:
    return {
        "counterparty": {"type": "VENDOR", "payment_instrument_id": instrument},
        "amount": {"amount": 125000, "currency": "USD"},
        "description": "Bill 2026-0117",
        "external_memo": "INV 2026-0117",
        "originating_account": {"type": "BREX_CASH", "id": account.store.cash_accounts[0]["id"]},
        **parts,
    }


def test_the_same_key_and_body_do_it_once_and_answer_the_same(account: Account) -> None:
    first, again = vendor(account), vendor(account)
    assert first.json() == again.json()
    assert account.ids("/v1/vendors?name=rackshop") == [first.json()["id"]]


@pytest.mark.parametrize(("switch", "status"), [("replay", 200), ("conflict", 409)])
def test_what_a_duplicate_is_told_is_a_switch(account: Account, switch: str, status: int) -> None:
    account.switches.idempotent_duplicate = switch
    vendor(account)
    assert vendor(account).status_code == status
    assert len(account.ids("/v1/vendors?name=rackshop")) == 1


@pytest.mark.parametrize(("switch", "status", "count"), [("refuse", 400, 1), ("replay", 200, 1), ("execute", 200, 2)])
def test_what_the_same_key_with_another_body_does_is_a_switch(
    account: Account, switch: str, status: int, count: int
) -> None:
    account.switches.idempotent_other_body = switch
    vendor(account)
    assert vendor(account, "Rackshop GmbH").status_code == status
    assert len(account.ids("/v1/vendors?name=rackshop")) == count


def test_a_key_is_forgotten_after_its_retention(account: Account) -> None:
    account.switches.idempotency_retention_seconds = 60
    assert vendor(account).status_code == 200
    account.simulator.clock.advance(seconds=60)
    assert vendor(account).status_code == 400  # executed again, and the name is taken


def test_a_refused_request_does_not_use_its_key_up(account: Account) -> None:
    assert vendor(account, "").status_code == 400
    assert vendor(account).status_code == 200


@pytest.mark.parametrize("path", ["/v1/vendors", "/v1/transfers", "/v1/fields", "/v1/webhooks", "/v1/webhooks/groups"])
def test_a_missing_key_is_a_400_where_the_header_is_required(account: Account, path: str) -> None:
    answer = account.post(path, {"company_name": "A", "name": "A"})
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["message"]


def test_a_vendor_name_is_unique(account: Account) -> None:
    vendor(account)
    assert vendor(account, "rackshop sas", key="k2").status_code == 400
    account.switches.duplicate_vendor_status = 409
    assert vendor(account, "Rackshop SAS", key="k3").status_code == 409


def test_other_characters_in_a_post_are_refused_by_field_name(account: Account) -> None:
    answer = vendor(account, "Café Zürich")
    assert (answer.status_code, answer.json()["message"]) == (400, "[company_name] is invalid")
    account.switches.ascii_only = False
    assert vendor(account, "Café Zürich").status_code == 200


def test_an_instrument_sent_again_keeps_its_id_and_others_stay(account: Account) -> None:
    made = vendor(account, "Rackshop SAS", ACH, CHEQUE).json()
    ids = {one["details"]["type"]: one["details"]["payment_instrument_id"] for one in made["payment_accounts"]}
    path = f"/v1/vendors/{made['id']}"
    changed = {"payment_accounts": [{"details": {**ACH, "account_number": "9"}}]}
    after = account.call("PUT", path, changed).json()["payment_accounts"]
    assert {one["details"]["type"]: one["details"]["payment_instrument_id"] for one in after} == ids
    assert after[0]["details"]["account_number"] == "9"
    assert account.call("PUT", path, {"phone": "1"}).json()["company_name"] == "Rackshop SAS"


@pytest.mark.parametrize(
    "details",
    [
        {"type": "ACH"},
        {**ACH, "account_type": ""},
        {**CHEQUE, "recipient_name": "x" * 41},
        {"type": "INTERNATIONAL_WIRE"},
        {},
    ],
)
def test_an_incomplete_instrument_is_refused(account: Account, details: dict[str, Any]) -> None:
    assert vendor(account, "Rackshop SAS", details).status_code == 400


@pytest.mark.parametrize(("switch", "found"), [("substring", 1), ("prefix", 0), ("exact", 0)])
def test_how_a_vendor_name_matches_is_a_switch(account: Account, switch: str, found: int) -> None:
    account.switches.vendor_name_matches = switch
    assert len(account.ids("/v1/vendors?name=machining")) == found
    assert len(account.ids("/v1/vendors?name=Northwind Machining")) == 1


@pytest.fixture
def instruments(account: Account) -> dict[str, str]:
    made = vendor(account, "Rackshop SAS", ACH, CHEQUE, key="instruments").json()
    return {one["details"]["type"]: one["details"]["payment_instrument_id"] for one in made["payment_accounts"]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": {"amount": 0, "currency": "USD"}},
        {"amount": {"amount": -5, "currency": "USD"}},
        {"amount": {"amount": 5, "currency": "EUR"}},
        {"amount": {"amount": 5.5, "currency": "USD"}},
        {"external_memo": "x" * 91},
        {"external_memo": ""},
        {"description": None},
        {"counterparty": {"type": "VENDOR", "payment_instrument_id": "pdinstl_none"}},
        {"originating_account": {"type": "BREX_CASH", "id": "dpacc_none"}},
        {"approval_type": "NONE"},
    ],
)
def test_a_wrong_transfer_is_refused_and_moves_nothing(
    account: Account, instruments: dict[str, str], wrong: dict[str, Any]
) -> None:
    answer = account.post("/v1/transfers", transfer(account, instruments["ACH"], **wrong), "t")
    assert answer.status_code == 400
    assert account.ids("/v1/transfers") == []


def test_a_cheque_carries_a_shorter_memo(account: Account, instruments: dict[str, str]) -> None:
    body = transfer(account, instruments["CHEQUE"], external_memo="x" * 41)
    assert account.post("/v1/transfers", body, "t1").status_code == 400
    made = account.post("/v1/transfers", {**body, "external_memo": "x" * 40}, "t2").json()
    assert (made["payment_type"], made["status"]) == ("CHEQUE", "PROCESSING")


def test_a_transfer_lost_on_the_way_back_is_found_by_its_key(account: Account, instruments: dict[str, str]) -> None:
    account.simulator.fail("commit_then_drop", "/v1/transfers")
    with pytest.raises(requests.ConnectionError):
        account.post("/v1/transfers", transfer(account, instruments["ACH"]), "t")
    again = account.post("/v1/transfers", transfer(account, instruments["ACH"]), "t")
    assert account.ids("/v1/transfers") == [again.json()["id"]]


def test_a_transfer_walks_its_states_and_the_money_moves_once(account: Account, instruments: dict[str, str]) -> None:
    cash = account.store.cash_accounts[0]
    before = cash["current_balance"]["amount"]
    body = transfer(account, instruments["ACH"], approval_type="MANUAL")
    made = account.post("/v1/transfers", body, "t").json()
    assert made["status"] == "PENDING_APPROVAL"
    with pytest.raises(Exception, match="cannot go from"):
        account.do("move_transfer", id=made["id"], status="PROCESSED")
    for status in ("SCHEDULED", "PROCESSING", "PROCESSED"):
        account.do("move_transfer", id=made["id"], status=status)
        assert account.get(f"/v1/transfers/{made['id']}")["status"] == status
    moved = account.get(f"/v2/transactions/cash/{cash['id']}")["items"]
    assert [(one["type"], one["amount"]["amount"], one["transfer_id"]) for one in moved] == [
        ("PAYMENT", -125000, made["id"])
    ]
    assert cash["current_balance"]["amount"] == before - 125000
    back = account.do("return_transfer", id=made["id"])
    assert cash["current_balance"]["amount"] == before
    assert account.call("GET", f"/v1/transfers/{back}").status_code == 404


def test_a_failed_transfer_moves_no_money(account: Account, instruments: dict[str, str]) -> None:
    made = account.post("/v1/transfers", transfer(account, instruments["ACH"]), "t").json()
    account.do("move_transfer", id=made["id"], status="FAILED", cancellation_reason="INSUFFICIENT_FUNDS")
    assert account.get(f"/v1/transfers/{made['id']}")["cancellation_reason"] == "INSUFFICIENT_FUNDS"
    assert account.get(f"/v2/transactions/cash/{account.store.cash_accounts[0]['id']}")["items"] == []


def test_transfers_have_a_daily_limit_of_their_own(account: Account, instruments: dict[str, str]) -> None:
    account.switches.transfers_per_day = 2
    body = transfer(account, instruments["ACH"])
    assert [account.post("/v1/transfers", body, f"t{one}").status_code for one in range(3)] == [200, 200, 429]
    account.simulator.clock.advance(hours=24)
    assert account.post("/v1/transfers", body, "t4").status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "GL", "group": "ERP", "remote_id": "gl"}, 400),
        ({"name": "GL", "group": "ERP", "remote_id": "gl", "integration_id": "int_none"}, 404),
        ({"name": "GL", "group": "OTHER"}, 400),
        ({"name": "GL", "group": "ACCOUNTING", "remote_id": "gl_account"}, 400),
        ({"name": "GL", "group": "ACCOUNTING"}, 200),
    ],
)
def test_a_field_for_an_erp_needs_an_integration_that_exists(
    account: Account, body: dict[str, Any], status: int
) -> None:
    assert account.post("/v1/fields", body, "f").status_code == status


def field_path(account: Account) -> str:
    return f"/v1/fields/{next(iter(account.store.fields))['id']}/values"


def test_a_batch_of_values_is_all_or_nothing(account: Account) -> None:
    path = field_path(account)
    before = account.get(f"{path}?limit=1000")["items"]
    for items in (
        [{"value": str(one)} for one in range(1001)],
        [{"value": "new", "remote_id": "r1"}, {"value": ""}],
        [{"value": "new", "remote_id": "r1"}, {"value": "other", "remote_id": "r1"}],
        [{"value": "new", "remote_id": "600000"}],
    ):
        assert account.post(path, {"items": items}, str(len(items)) + str(items[0])).status_code == 400
    assert account.get(f"{path}?limit=1000")["items"] == before
    thousand = [{"value": f"v{one}", "remote_id": f"x{one}"} for one in range(1000)]
    assert len(account.post(path, {"items": thousand}, "all").json()["items"]) == 1000


def test_values_are_found_changed_and_deleted_by_any_of_three_names(account: Account) -> None:
    path = field_path(account)
    made = account.post(path, {"items": [{"value": "6150 Lab", "value_id": "6150", "remote_id": "r6150"}]}, "v").json()[
        "items"
    ][0]
    for name in ("brex_id", "value_id", "remote_id"):
        assert [one["value"] for one in account.get(f"{path}?{name}[]={made[name]}")["items"]] == ["6150 Lab"]
        change = {"items": [{name: made[name], "data": {"is_disabled": True}}]}
        assert account.call("PUT", path, change).json()["items"][0]["is_disabled"] is True
    assert account.call("DELETE", path, {"items": [{"remote_id": "r6150"}]}).json() == {}
    assert account.call("GET", f"{path}/{made['brex_id']}").status_code == 404
    assert account.call("DELETE", path, {"items": [{"remote_id": "r6150"}]}).status_code == 404
    assert account.call("DELETE", path, {"items": [{"remote_id": "600000", "value_id": "600000"}]}).status_code == 400


def test_a_disabled_value_stays_on_the_records_that_carry_it(account: Account) -> None:
    coding = [
        {
            "brex_field_id": "f",
            "remote_field_id": "gl_account",
            "brex_field_value_id": "v",
            "remote_field_value_id": "600000",
        }
    ]
    line = {"type": "DEBIT", "amount": {"amount": 1, "currency": "USD"}, "accounting_field_values": coding}
    record = account.do("add_record", record={"amount": {"amount": 1, "currency": "USD"}, "line_items": [line]})["id"]
    account.call("PUT", field_path(account), {"items": [{"remote_id": "600000", "data": {"is_disabled": True}}]})
    assert account.get(f"/v3/accounting/records/{record}")["line_items"][0]["accounting_field_values"] == coding
