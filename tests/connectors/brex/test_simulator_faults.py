"""How does simulated Brex misbehave when told to, and what can be put into its answers?"""

from __future__ import annotations

from typing import Any

import pytest
import requests

from connectors.brex.simulator import BrexSimulator
from connectors.simulation import serve
from tests.connectors.brex.simulated import Account

RECORDS = "/v3/accounting/records"


@pytest.fixture
def account() -> Account:
    return Account()


@pytest.mark.parametrize("status", [429, 500, 502])
def test_an_arranged_refusal_has_the_vendors_shape(account: Account, status: int) -> None:
    account.simulator.fail("status", ".*", status=status, times=2, headers={"Retry-After": "4"})
    general, accounting = account.call("GET", "/v2/users/me"), account.call("GET", RECORDS)
    assert (general.status_code, accounting.status_code) == (status, status)
    assert set(general.json()) == {"type", "message"}
    assert set(accounting.json()) == {"error_code", "message"}
    assert general.headers["Retry-After"] == "4"
    assert general.headers["X-Brex-Trace-Id"].isdigit()
    assert account.call("GET", RECORDS).status_code == 200


def test_export_results_can_be_taken_and_not_answered(account: Account) -> None:
    record = account.record(review_status="READY_FOR_EXPORT")
    body = {"results": [{"accounting_record_id": record, "success": {}}]}
    account.simulator.fail("commit_then_drop", "export-results")
    with pytest.raises(requests.ConnectionError):
        account.post(f"{RECORDS}/export-results", body)
    assert account.get(f"{RECORDS}/{record}")["review_status"] == "EXPORTED"
    again = account.post(f"{RECORDS}/export-results", body)
    assert (again.status_code, again.json()["error_code"]) == (422, "ACCOUNTING_RECORD_NOT_READY_FOR_EXPORT")


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("items.*.type", "SOMETHING_NEW"),
        ("items.*.line_items.*.tax_code", {"rate": 19}),
        ("items.0.receipts", "none"),
        ("novelty", 1),
    ],
)
def test_unknown_values_and_properties_can_be_put_into_an_answer(account: Account, where: str, value: Any) -> None:
    account.record()
    account.do("inject", path="/records$", where=where, value=value)
    changed, plain = account.get(RECORDS), account.get(RECORDS)
    assert changed != plain
    found: Any = changed
    for part in where.split("."):
        found = found[0] if part in ("*", "0") else found[part]
    assert found == value


def test_every_action_of_the_control_plane_is_refused_by_name_when_it_is_none(account: Account) -> None:
    with pytest.raises(KeyError):
        account.do("format_disk")
    with pytest.raises(KeyError):
        account.do("set", no_such_switch=True)
    assert account.do("set", failure_status="PREPARE")["failure_status"] == "PREPARE"


def test_the_simulator_is_served_with_its_control_plane() -> None:
    simulator = BrexSimulator(seed=3)
    with serve(simulator) as served, requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {simulator.user_token}"
        seeded = session.post(f"{served.control_url}/do/seed_company", json={"records": 100}, timeout=20).json()
        assert seeded["accounting_records"]["CARD_EXPENSE_POST"] > 10
        page = session.get(f"{served.url}{RECORDS}?limit=1", timeout=5).json()
        assert session.get(f"{served.control_url}/state", timeout=20).json()["counts"]["records"] == page["total_count"]
        expense = session.get(f"{served.url}/v1/expenses?limit=100&expand[]=receipts.download_uris", timeout=5).json()
        links = [one["receipts"][0]["download_uris"][0] for one in expense["items"] if one["receipts"]]
        assert links[0].startswith(served.url)
        assert requests.get(links[0], timeout=5).content.startswith(b"%PDF")


def test_the_least_account_has_an_administrator_and_credentials(account: Account) -> None:
    assert set(account.simulator.credentials()) == {
        "user_token",
        "client_id",
        "client_secret",
        "refresh_token",
        "token_path",
    }
    assert account.get("/v2/company")["accountType"] == "BREX_EMPOWER"
    given = BrexSimulator(user_token="bxt_mine", client_id="cid", client_secret="sec")
    assert given.credentials()["user_token"] == "bxt_mine"
    assert given.credentials()["client_secret"] == "sec"
