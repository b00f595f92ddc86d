"""Do the faults of the simulated Zoho behave as networks and vendors do, in-process and over HTTP?"""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any

import pytest
import requests

from connectors.management.commands.simulate import credentials_of
from connectors.simulation import Clock, serve
from connectors.zoho_books.simulator import Switches, ZohoBooksSimulator
from tests.connectors.zoho_books.simulated import Books

WRITES = ("/journals", "/bills", "/expenses", "/contacts", "/vendorpayments", "/vendorcredits")


@pytest.fixture
def books() -> Books:
    return Books()


def body_of(books: Books, path: str) -> dict[str, Any]:
    money = {"vendor_id": books.vendor(), "amount": 5, "paid_through_account_id": books.account("101401")}
    lines = [{"account_id": books.account("600100"), "rate": 5}]
    bodies: dict[str, dict[str, Any]] = {
        "/journals": books.journal(),
        "/bills": books.bill(),
        "/expenses": books.expense(),
        "/contacts": {"contact_name": "Rackshop", "contact_type": "vendor"},
        "/vendorpayments": money,
        "/vendorcredits": {"vendor_id": books.vendor(), "line_items": lines},
    }
    return bodies[path]


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize(("kind", "made"), [("drop", 0), ("commit_then_drop", 1)])
def test_a_connection_closed_before_or_after_the_commit_looks_the_same(
    books: Books, path: str, kind: str, made: int
) -> None:
    before = len(books.rows(path))
    books.simulator.fail(kind, path, method="POST")
    with pytest.raises(requests.ConnectionError):
        books.call("POST", path, body_of(books, path))
    assert len(books.rows(path)) == before + made


@pytest.mark.parametrize(
    ("fault", "status", "made"),
    [
        ({"kind": "html", "status": 502}, 502, 0),
        ({"kind": "commit_then_status", "status": 504, "body": "<html>"}, 504, 1),
        ({"kind": "truncated"}, 201, 1),
        ({"kind": "status", "status": 500}, 500, 0),
        ({"kind": "status", "status": 429}, 429, 0),
    ],
)
def test_answers_can_be_broken(books: Books, fault: dict[str, Any], status: int, made: int) -> None:
    kind = fault.pop("kind")
    books.simulator.fail(kind, "/journals", method="POST", **fault)
    answer = books.call("POST", "/journals", books.journal())
    assert answer.status_code == status
    assert len(books.org.journals) == made
    if kind == "status":
        assert answer.json()["code"] == {500: 1000, 429: 44}[status]
    else:
        with pytest.raises(ValueError, match=r"JSON|Expecting|Unterminated|column"):
            answer.json()


@pytest.mark.parametrize(("status", "code"), [(200, 1002), (201, 2), (400, 990005), (429, 1070), (401, 14)])
def test_any_code_can_come_with_any_status(books: Books, status: int, code: int) -> None:
    books.do("refuse", path="/journals", status=status, code=code, message="Arranged")
    answer = books.call("POST", "/journals", books.journal())
    assert (answer.status_code, answer.json()) == (status, {"code": code, "message": "Arranged"})
    assert books.call("POST", "/journals", books.journal()).status_code == 201


def test_a_late_commit_happens_after_the_caller_has_given_up(books: Books) -> None:
    books.simulator.fail("commit_late", "/journals", method="POST", delay=0.1)
    with pytest.raises(requests.ConnectionError):
        books.call("POST", "/journals", books.journal())
    assert len(books.org.journals) == 0
    done = threading.Event()
    for _ in range(50):
        if len(books.org.journals):
            break
        done.wait(0.05)
    assert len(books.org.journals) == 1


def test_a_token_can_die_in_the_middle_of_a_run(books: Books) -> None:
    books.token = books.refresh().json()["access_token"]
    books.do("interrupt", do="expire_tokens", path="/journals", skip=1)
    assert books.call("POST", "/journals", books.journal()).status_code == 201
    assert books.refused("POST", "/journals", books.journal()) == (401, 57)
    books.token = books.refresh().json()["access_token"]
    assert books.call("POST", "/journals", books.journal()).status_code == 201
    books.do("revoke_token")
    assert books.refused("GET", "/journals") == (401, 57)
    assert books.refresh().json() == {"error": "invalid_code"}


def test_a_period_can_be_locked_between_reading_and_writing(books: Books) -> None:
    closing = {"through": "2026-06-30", "module": "accountant"}
    books.do("interrupt", do="lock", method="POST", path="/journals", arguments=closing)
    assert books.rows("/transactionlocks") == []
    assert books.refused("POST", "/journals", books.journal()) == (400, 990005)


def test_people_change_records_behind_the_api(books: Books) -> None:
    made = books.do("create", resource="bills", body=books.bill("By hand"))
    assert (made["status"], made["total"]) == ("open", 100)
    books.do("update", resource="bills", id=made["bill_id"], body={"notes": "Looked at"})
    books.do("act", resource="bills", id=made["bill_id"], what="void")
    assert books.ok("GET", f"/bills/{made['bill_id']}")["bill"]["status"] == "void"
    books.do("delete", resource="bills", id=made["bill_id"])
    assert books.rows("/bills") == []


def test_a_merged_vendor_is_no_more_and_his_bills_are_the_others(books: Books) -> None:
    gone = books.ok("POST", "/contacts", {"contact_name": "Northwind Ltd", "contact_type": "vendor"})["contact"]
    bill = books.ok("POST", "/bills", books.bill(vendor_id=gone["contact_id"]))["bill"]
    lines = [
        {"account_id": books.account("600100"), "debit_or_credit": "debit", "amount": 5},
        {
            "account_id": books.account("211000"),
            "debit_or_credit": "credit",
            "amount": 5,
            "customer_id": gone["contact_id"],
        },
    ]
    books.ok("POST", "/journals", books.journal(line_items=lines))
    assert books.do("merge_contacts", keep=books.vendor(), gone=gone["contact_id"]) == 2
    assert books.refused("GET", f"/contacts/{gone['contact_id']}") == (404, 1002)
    assert books.ok("GET", f"/bills/{bill['bill_id']}")["bill"]["vendor_name"] == "Northwind Machining"
    assert len(books.rows("/journals", vendor_id=books.vendor())) == 1
    assert books.refused("POST", "/bills", books.bill("B", vendor_id=gone["contact_id"])) == (400, 4)
    books.ok("POST", f"/bills/{bill['bill_id']}/status/void")
    assert books.balances() == {"600100": 5, "211000": -5}
    assert books.refused("DELETE", f"/contacts/{books.vendor()}") == (400, 990006)


def test_an_unknown_switch_or_action_is_an_error(books: Books) -> None:
    with pytest.raises(KeyError):
        books.do("switch", colour="green")
    with pytest.raises(KeyError):
        books.do("interrupt", do="nothing")


def test_a_served_simulator_speaks_for_all_data_centres_on_one_address() -> None:
    simulator = ZohoBooksSimulator(seed=7, switches=Switches(requests_per_minute=None))
    with serve(simulator) as served:
        credentials = credentials_of(simulator)
        own = {name: credentials[name] for name in ("client_id", "client_secret", "refresh_token")}
        body = requests.post(
            f"{served.url}/oauth/v2/token", params={**own, "grant_type": "refresh_token"}, timeout=5
        ).json()
        assert body["api_domain"] == served.url
        headers = {"Authorization": f"Zoho-oauthtoken {body['access_token']}"}
        query = {"organization_id": credentials["organization_id"]}
        api = f"{body['api_domain']}/books/v3"
        assert requests.get(f"{api}/organizations", headers=headers, timeout=5).json()["code"] == 0
        elsewhere = f"{served.url}/dc/eu"
        refused = requests.get(f"{elsewhere}/books/v3/organizations", headers=headers, timeout=5)
        assert refused.status_code == 401
        simulator.control("sign_in", {"email": "jonas.weber@cascade.test"})
        code = simulator.control("self_client_code", {})
        values = {**own, "grant_type": "authorization_code", "code": code}
        told = requests.post(f"{elsewhere}/oauth/v2/token", data=values, timeout=5).json()
        assert told["api_domain"] == elsewhere
        there = {"Authorization": f"Zoho-oauthtoken {told['access_token']}"}
        listed = requests.get(f"{told['api_domain']}/books/v3/organizations", headers=there, timeout=5).json()
        assert [one["name"] for one in listed["organizations"]] == ["Cascade Robotics BV"]

        done = requests.post(
            f"{served.control_url}/fault",
            json={"kind": "commit_then_drop", "path": "/contacts", "method": "POST"},
            timeout=5,
        )
        assert done.json() == {"ok": True}
        vendor = {"contact_name": "Rackshop", "contact_type": "vendor"}
        with pytest.raises(requests.ConnectionError):
            requests.post(f"{api}/contacts", params=query, json=vendor, headers=headers, timeout=5)
        found = requests.get(
            f"{api}/contacts", params={**query, "contact_name": "Rackshop"}, headers=headers, timeout=5
        )
        assert len(found.json()["contacts"]) == 1
        rates = {"currency": "EUR", "day": "2026-07-01", "rate": "1.4"}
        requests.post(f"{served.control_url}/do/set_rate", json=rates, timeout=5).raise_for_status()
        state = requests.get(f"{served.control_url}/state", timeout=5).json()
        assert state["organisations"][credentials["organization_id"]]["counts"]["contacts"] > 20


def test_many_workers_never_get_one_number_or_id_twice() -> None:
    books = Books(clock=Clock())
    made: list[dict[str, Any]] = []

    def work(number: int) -> None:
        for turn in range(20):
            body = books.journal(1, reference=f"w{number}-{turn}")
            made.append(books.ok("POST", "/journals", body)["journal"])

    books.switches.concurrent_requests = None
    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one["journal_id"] for one in made}) == len({one["entry_number"] for one in made}) == 80
    assert books.balances() == {"600100": Decimal(80), "201100": Decimal(-80)}
