"""What can only the simulated Odoo do: faults, switches, slow transactions, the control plane, speed?"""

from __future__ import annotations

import threading
import time
import xmlrpc.client
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import requests

from connectors.odoo.simulator import OdooSimulator
from connectors.simulation import SimulatorTransport, serve

from .odoo_behaviour.entry_cases import refusal
from .odoo_behaviour.loading_cases import load, rows
from .odoo_behaviour.target import CONTEXT, EU, EU_BOOKS, Refusal, Target, in_company

URL = "http://odoo.test"


def reach(simulator: OdooSimulator) -> Target:
    session = requests.Session()
    session.mount(URL, SimulatorTransport(simulator))
    return Target(URL, simulator.database, simulator.credentials()["login"], simulator.api_keys, session)


@pytest.fixture
def simulator() -> OdooSimulator:
    return OdooSimulator(seed=3, today=date(2026, 11, 20))


@pytest.fixture
def target(simulator: OdooSimulator) -> Target:
    return reach(simulator)


def test_the_same_seed_gives_the_same_keys_and_ids() -> None:
    first, second, other = OdooSimulator(seed=1), OdooSimulator(seed=1), OdooSimulator(seed=2)
    assert first.credentials() == second.credentials() != other.credentials()
    assert reach(first).entry() == reach(second).entry() == 1


def test_the_clock_runs_from_the_given_day(simulator: OdooSimulator, target: Target) -> None:
    assert target.move(target.entry(), "write_date")["write_date"].startswith("2026-11-20 ")
    simulator.clock.advance(days=40)
    assert target.move(target.entry(), "write_date")["write_date"].startswith("2026-12-30 ")


@pytest.mark.parametrize(
    ("kind", "settings", "committed"),
    [
        ("drop", {}, False),
        ("commit_then_drop", {}, True),
        ("commit_late", {"delay": 0.05}, True),
        ("html", {"status": 502}, False),
        ("html", {"status": 504}, False),
        ("html", {"status": 429, "headers": {"Retry-After": "7"}}, False),
        ("commit_then_status", {"status": 502, "body": "<html>Bad gateway</html>"}, True),
    ],
)
def test_a_broken_call_is_committed_or_not_as_its_fault_says(
    simulator: OdooSimulator, target: Target, kind: str, settings: dict[str, Any], committed: bool
) -> None:
    simulator.fail(kind, "/load$", **settings)
    with pytest.raises((requests.ConnectionError, ValueError)):
        load(target, rows("mlc.fault"))
    deadline = time.monotonic() + 5
    while committed and "mlc.fault" not in simulator.store.external_ids and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(target.call("account.move/search", domain=[["ref", "=", "mlc.fault"]])) == committed
    assert load(target, rows("mlc.fault"))["ids"] == target.call(
        "account.move/search", domain=[["ref", "=", "mlc.fault"]]
    )


def test_a_serialization_failure_is_a_500_and_nothing_is_done(simulator: OdooSimulator, target: Target) -> None:
    simulator.control("serialization_failure", {"path": "/create$", "delay": 0.0})
    error = refusal(target, "res.partner/create", vals_list=[{"name": "x"}])
    assert (error.status, error.name) == (500, "psycopg2.errors.SerializationFailure")
    assert error.message == "could not serialize access due to concurrent update\n"
    assert target.call("res.partner/search", domain=[["name", "=", "x"]]) == []


def test_too_large_a_body_is_413(simulator: OdooSimulator, target: Target) -> None:
    simulator.control("switch", {"size_limit": 2000})
    error = refusal(target, "res.partner/create", vals_list=[{"name": "x" * 3000}])
    assert (error.status, error.name) == (413, "werkzeug.exceptions.RequestEntityTooLarge")
    assert error.message == "The data value transmitted exceeds the capacity limit."


def test_the_losers_of_a_race_for_one_external_id_are_told_so(simulator: OdooSimulator, target: Target) -> None:
    answers: list[Any] = []
    with simulator.lock:
        workers = [threading.Thread(target=lambda: answers.append(load(target, rows("mlc.race")))) for _ in range(4)]
        for worker in workers:
            worker.start()
        time.sleep(0.2)
    for worker in workers:
        worker.join()
    losers = [answer["messages"][0]["message"] for answer in answers if not answer["ids"]]
    assert losers == ["could not serialize access due to concurrent update\n"] * 3
    assert len(simulator.store.tables["account.move"]) == 1


def test_a_slow_transaction_appears_late_with_its_older_date_and_lower_ids(
    simulator: OdooSimulator, target: Target
) -> None:
    vals = [{"name": "slow"}, {"name": "slow"}]
    promised = simulator.control(
        "open_transaction", {"name": "t", "model": "res.partner", "method": "create", "vals_list": vals}
    )
    simulator.clock.advance(seconds=5)
    [quick] = target.call("res.partner/create", vals_list=[{"name": "quick"}])
    [mark] = target.call("res.partner/read", ids=[quick], fields=["write_date"])
    assert target.call("res.partner/search", domain=[["name", "=", "slow"]]) == []
    assert simulator.control("commit_transaction", {"name": "t"}) == promised
    assert max(promised) < quick
    late = target.call("res.partner/search_read", domain=[["name", "=", "slow"]], fields=["write_date"], order="id")
    assert [row["id"] for row in late] == promised
    assert all(row["write_date"] < mark["write_date"] for row in late)
    assert target.call("res.partner/search", domain=[["write_date", ">=", mark["write_date"]]]) == [quick]
    assert target.call("res.partner/create", vals_list=[{"name": "next"}]) == [quick + 1]


def test_before_18_4_datetimes_are_compared_with_their_microseconds(simulator: OdooSimulator, target: Target) -> None:
    simulator.control("switch", {"legacy_datetime": True})
    [id] = target.call("res.partner/create", vals_list=[{"name": "legacy"}])
    [row] = target.call("res.partner/read", ids=[id], fields=["write_date"])
    found = {
        sign: target.call("res.partner/search", domain=[["id", "=", id], ["write_date", sign, row["write_date"]]])
        for sign in (">", ">=", "=", "<")
    }
    assert found == {">": [id], ">=": [id], "=": [], "<": []}


def test_up_to_17_a_second_bill_of_one_reference_is_refused(simulator: OdooSimulator, target: Target) -> None:
    simulator.control("switch", {"block_duplicate_bill_ref": True})
    vendor = target.vendor()
    target.posted_bill(vendor=vendor, ref="INV-1")
    second = target.bill(vendor=vendor, ref="INV-1")
    error = refusal(target, "account.move/action_post", ids=[second])
    assert error.message.startswith(
        "Duplicated vendor reference detected. You probably encoded twice the same vendor bill/credit note: "
    )


def test_before_19_there_is_xml_rpc_only(simulator: OdooSimulator, target: Target) -> None:
    simulator.control("switch", {"json2": False, "version": [17, 0]})
    assert target.request("GET", "/web/version").status_code == 404
    assert target.post("/json/2/res.users/context_get", {}).status_code == 404
    assert target.rpc_raw("common", "version")["server_serie"] == "17.0"
    assert target.rpc("res.users", "search_count", [["id", "=", 5]]) == 1


def test_a_revoked_key_works_on_over_xml_rpc_until_the_process_restarts(
    simulator: OdooSimulator, target: Target
) -> None:
    assert target.rpc("res.users", "context_get")["uid"] == 5
    simulator.control("revoke_key", {"name": "integration"})
    assert target.post("/json/2/res.users/context_get", {}).status_code == 401
    assert target.rpc("res.users", "context_get")["uid"] == 5
    simulator.control("restart", {})
    with pytest.raises(xmlrpc.client.Fault, match="Access Denied"):
        target.rpc("res.users", "context_get")


def test_keys_can_be_added_expired_or_for_other_users(simulator: OdooSimulator, target: Target) -> None:
    target.keys["soon"] = simulator.control("add_key", {"name": "soon", "days": 3})
    target.keys["late"] = simulator.control("add_key", {"name": "late", "days": -1})
    target.keys["clerk"] = simulator.control("add_key", {"name": "clerk", "login": "billing@example.com"})
    assert target.call("res.users/context_get", user="soon")["uid"] == 5
    assert target.call("res.users/context_get", user="clerk", context={})["uid"] == 6
    assert refusal(target, "res.users/context_get", user="late").message == "Invalid apikey"
    simulator.clock.advance(days=4)
    assert refusal(target, "res.users/context_get", user="soon").message == "Invalid apikey"


def test_an_archived_user_has_no_key(simulator: OdooSimulator, target: Target) -> None:
    simulator.control("archive_user", {"login": "billing@example.com"})
    assert refusal(target, "res.users/context_get", user="billing", context={}).status == 401


def test_a_second_database_makes_the_header_necessary(simulator: OdooSimulator, target: Target) -> None:
    simulator.other_databases.append("other")
    answer = target.post("/json/2/res.users/context_get", {}, X_Odoo_Database=None)
    assert (answer.status_code, "No database is selected" in answer.text) == (404, True)
    simulator.foreign_sessions.add("theirs")
    answer = target.post("/json/2/res.users/context_get", {}, Cookie="session_id=theirs")
    assert (answer.status_code, "Cannot use both the session_id cookie" in answer.text) == (403, True)


def test_a_hard_lock_moves_postings_and_is_never_removed(simulator: OdooSimulator, target: Target) -> None:
    simulator.control("set_lock_dates", {"company": EU, "hard": "2026-06-30"})
    move = target.entry(date="2026-03-11")
    target.post_moves(move)
    assert target.move(move, "date")["date"] == "2026-07-31"
    error = refusal(target, "res.company/write", user="admin", ids=[EU], vals={"hard_lock_date": False})
    assert error.message == "The Hard Lock Date cannot be removed."


@pytest.mark.parametrize(
    ("model", "id", "message"),
    [
        ("account.account", EU_BOOKS.expense, "The account Expenses (600000) is archived."),
        (
            "account.journal",
            EU_BOOKS.general,
            "You cannot post an entry in an archived journal (Miscellaneous Operations)",
        ),
        ("res.partner", 1, ""),
    ],
)
def test_what_is_archived_is_refused_at_posting_only(
    simulator: OdooSimulator, target: Target, model: str, id: int, message: str
) -> None:
    simulator.control("archive", {"model": model, "id": id})
    move = target.entry()
    if message:
        error = refusal(target, "account.move/action_post", ids=[move])
        assert (error.status, error.message) == (422, message)
    else:
        assert target.post_moves(move) is False


def test_a_currency_is_taken_out_of_use(simulator: OdooSimulator, target: Target) -> None:
    simulator.control("deactivate_currency", {"currency": 1})
    error = refusal(target, "account.move/action_post", ids=[target.bill(currency_id=1)])
    assert error.message == "You cannot validate a document with an inactive currency: USD"


def test_people_edit_cancel_and_delete_moves(simulator: OdooSimulator, target: Target) -> None:
    edited, cancelled, deleted = (target.entry() for _ in range(3))
    target.post_moves(edited, cancelled, deleted)
    simulator.control("edit_move", {"id": edited, "date": "2026-11-14", "ref": "by hand"})
    simulator.control("cancel_move", {"id": cancelled})
    simulator.control("delete_move", {"id": deleted})
    row = target.move(edited, "date", "ref", "state")
    assert (row["date"], row["ref"], row["state"]) == ("2026-11-14", "by hand", "posted")
    assert target.move(cancelled, "state")["state"] == "cancel"
    assert target.call("account.move/read", ids=[deleted], fields=["name"]) == []


def test_rates_plans_employees_and_orders_can_be_set(simulator: OdooSimulator, target: Target) -> None:
    simulator.control("set_rate", {"currency": 1, "day": "2026-11-01", "rate": "1.1", "company": EU})
    assert target.move(target.bill(110, currency_id=1), "amount_total_signed")["amount_total_signed"] == Decimal("-100")
    simulator.control("set_plan_applicability", {"plan": 1, "applicability": "mandatory"})
    with pytest.raises(Refusal, match="100% analytic distribution"):
        target.post_moves(target.entry(), validate_analytic=True)
    made = simulator.control("add_employee", {"name": "Ann", "work_email": "ann@example.com", "company": EU})
    [row] = target.call(
        "hr.employee/search_read",
        domain=[["work_email", "=", "ann@example.com"]],
        fields=["work_contact_id"],
        load=None,
    )
    assert row["work_contact_id"] == made["partner"]
    order = simulator.control(
        "add_purchase_order",
        {
            "partner": made["partner"],
            "company": EU,
            "lines": [{"name": "Desk", "quantity": 2, "price": "40.5"}],
        },
    )
    [row] = target.call("purchase.order/read", ids=[order], fields=["name", "state", "amount_total", "order_line"])
    assert (row["name"], row["state"], row["amount_total"], len(row["order_line"])) == (
        "P00001",
        "purchase",
        Decimal(81),
        1,
    )


def test_its_state_counts_what_it_holds(simulator: OdooSimulator, target: Target) -> None:
    draft, posted = target.entry(), target.entry()
    target.post_moves(posted)
    state = simulator.state()
    assert state["counts"]["account.move"] == 2
    assert state["moves_by_company_type_state"] == {"2:entry:draft": 1, "2:entry:posted": 1}
    assert [move["id"] for move in state["moves"]] == [draft, posted]
    assert [line["debit"] for line in simulator.move(posted)["lines"]] == [Decimal(10), Decimal(0)]


def test_it_is_served_over_http_with_a_control_plane(simulator: OdooSimulator) -> None:
    with serve(simulator) as served:
        target = Target(served.url, simulator.database, "", simulator.api_keys, requests.Session())
        move = target.entry()
        done = requests.post(f"{served.control_url}/do/cancel_move", json={"id": move}, timeout=10).json()
        assert done == "cancel"
        state = requests.get(f"{served.control_url}/state", timeout=10).json()
        assert state["moves"][0]["state"] == "cancel"
        simulator.fail("commit_then_drop", "/create$")
        with pytest.raises(requests.ConnectionError):
            target.entry()
        assert len(simulator.store.tables["account.move"]) == 2


def test_the_measured_pace_is_spent_one_call_at_a_time(simulator: OdooSimulator, target: Target) -> None:
    simulator.control("switch", {"seconds_per_create": 0.03, "seconds_per_post": 0.03, "seconds_per_entry": 0.005})
    began = time.monotonic()
    target.post_moves(target.entry(), target.entry())
    assert time.monotonic() - began >= 2 * 0.035 + 0.03 + 2 * 0.005
    simulator.control("measured_speed", {})
    assert simulator.switches.seconds_per_create == 0.045


def test_a_batch_of_a_hundred_takes_little_of_the_processor(simulator: OdooSimulator, target: Target) -> None:
    def batch(number: int) -> None:
        names = [f"mlc.{number}_{place}" for place in range(100)]
        made = load(target, [row for name in names for row in rows(name)])["ids"]
        target.post_moves(*made)
        fields = ["name", "state", "date", "amount_total", "ref"]
        assert len(target.call("account.move/read", ids=made, fields=fields, context=in_company(EU))) == 100

    batch(0)
    spent = []
    for number in range(1, 4):
        began = time.process_time()
        batch(number)
        spent.append(time.process_time() - began)
    assert min(spent) < 0.1
    assert CONTEXT["allowed_company_ids"] == [EU]
