"""Which misfortunes can be arranged in the simulated F&O, and do they look as they do in life?"""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest
import requests

from connectors.dynamics365_fo.simulator import DynamicsSimulator
from connectors.simulation import serve
from tests.connectors.dynamics365_fo.simulated import Environment, batch, changeset, infolog, line_body, operation

HEADERS = "LedgerJournalHeaders"
NEW = {"dataAreaId": "usmf", "JournalName": "GenJrn", "IntegrationKey": "k1"}


@pytest.fixture
def fo() -> Environment:
    return Environment()


def count(fo: Environment) -> int:
    return len(fo.rows(HEADERS, filter="IntegrationKey eq 'k1'"))


@pytest.mark.parametrize(
    ("kind", "more", "left"),
    [
        ("commit_then_drop", {}, 1),
        ("commit_then_status", {"status": 502}, 1),
        ("truncated", {}, 1),
        ("drop", {}, 0),
        ("html", {"status": 503}, 0),
        ("status", {"status": 500, "body": "<html>Server Error</html>"}, 0),
        ("status", {"status": 429}, 0),
    ],
)
def test_a_write_that_ends_unclearly_is_done_or_not(
    fo: Environment, kind: str, more: dict[str, Any], left: int
) -> None:
    fo.simulator.fail(kind, path=HEADERS, method="POST", **more)
    try:
        answer = fo.post(HEADERS, NEW)
        assert answer.status_code != 201 or kind == "truncated"
    except requests.ConnectionError:
        assert kind in ("commit_then_drop", "drop")
    assert count(fo) == left


def test_a_batch_may_be_done_though_its_answer_is_lost(fo: Environment) -> None:
    fo.simulator.fail("commit_then_drop", path=r"\$batch")
    header = {**NEW, "JournalBatchNumber": "BX1"}
    parts = [operation(1, "POST", f"/data/{HEADERS}?cross-company=true", header)]
    parts.append(operation(2, "POST", "/data/LedgerJournalLines?cross-company=true", line_body(header)))
    with pytest.raises(requests.ConnectionError):
        fo.batch(batch(changeset(*parts)))
    assert fo.get(f"{HEADERS}(dataAreaId='usmf',JournalBatchNumber='BX1')")["JournalTotalDebit"] > 0


def test_a_commit_may_come_after_the_caller_gave_up(fo: Environment) -> None:
    fo.simulator.fail("commit_late", path=HEADERS, method="POST", delay=0.1)
    with pytest.raises(requests.ConnectionError):
        fo.post(HEADERS, NEW)
    assert count(fo) == 0
    deadline = time.monotonic() + 30
    while not count(fo) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert count(fo) == 1


def test_a_gateway_answers_in_html(fo: Environment) -> None:
    fo.simulator.fail("html", status=502)
    answer = fo.list("Companies")
    assert answer.status_code == 502
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "<html>" in answer.text


@pytest.mark.parametrize(
    ("switches", "header", "shape"),
    [
        ({}, "30", "envelope"),
        ({"retry_after_seconds": 7}, "7", "envelope"),
        ({"retry_after_seconds": None}, None, "envelope"),
        ({"throttled_body": "text"}, "30", "text"),
        ({"throttled_body": "none"}, "30", "none"),
    ],
)
def test_throttling_has_several_shapes(
    fo: Environment, switches: dict[str, Any], header: str | None, shape: str
) -> None:
    fo.do("set", **switches)
    fo.simulator.fail("status", status=429)
    answer = fo.list("Companies")
    assert (answer.status_code, answer.headers.get("Retry-After")) == (429, header)
    words = {"envelope": lambda: infolog(answer), "text": lambda: answer.text, "none": lambda: "high resource"}[shape]()
    assert "high resource" in words
    assert (answer.text == "") == (shape == "none")
    assert fo.list("Companies").status_code == 200


def test_the_asked_time_may_grow(fo: Environment) -> None:
    fo.switches.retry_after_grows = True
    fo.simulator.fail("status", status=429, times=3)
    assert [fo.list("Companies").headers["Retry-After"] for _ in range(3)] == ["30", "60", "120"]


def test_a_500_without_the_write_exception_says_nothing(fo: Environment) -> None:
    body = json.dumps({"Message": "An error has occurred."})
    fo.simulator.fail("status", status=500, body=body)
    assert fo.list("Companies").json() == {"Message": "An error has occurred."}


def test_the_first_call_may_be_slow(fo: Environment) -> None:
    simulator = DynamicsSimulator()
    simulator.switches.first_call_seconds = 1.0
    with serve(simulator) as served:
        times = []
        for _ in range(2):
            started = time.monotonic()
            requests.get(f"{served.url}/data/Companies", timeout=5)
            times.append(time.monotonic() - started)
    assert times[0] >= 1.0 > times[1]


def test_the_control_plane_sets_switches_faults_and_tells_the_state() -> None:
    simulator = DynamicsSimulator(seed=3)
    with serve(simulator) as served:
        control = served.control_url
        told = requests.post(f"{control}/do/set", json={"page_size": 5, "language": "de"}, timeout=5).json()
        assert (told["page_size"], simulator.switches.language) == (5, "de")
        assert requests.post(f"{control}/do/set", json={"nothing": 1}, timeout=5).status_code == 400
        assert requests.post(f"{control}/do/nothing", json={}, timeout=5).status_code == 400
        requests.post(f"{control}/fault", json={"kind": "status", "status": 429}, timeout=5)
        assert requests.get(f"{served.url}/data", timeout=5).status_code == 429
        state = requests.get(f"{control}/state", timeout=5).json()
        assert state["counts"]["VendorsV3"] == 20
        assert state["journals"] == []
        calls = requests.get(f"{control}/calls", timeout=5).json()
        assert [one["fault"] for one in calls["calls"]] == ["status"]


def test_the_same_seed_gives_the_same_environment() -> None:
    first, second, other = (DynamicsSimulator(seed=seed) for seed in (5, 5, 6))
    assert first.credentials() == second.credentials()
    assert first.credentials()["client_secret"] != other.credentials()["client_secret"]
    states = [json.dumps(one.state(), default=str) for one in (first, second)]
    assert states[0] == states[1]


def test_three_callers_at_once_lose_and_double_nothing(fo: Environment) -> None:
    """Own numbers, a changeset each, every seventh answer lost: repeated until it stands."""
    fo.simulator.fail("commit_then_drop", path=r"\$batch", times=5, skip=3)
    problems: list[str] = []

    def deliver(worker: int) -> None:
        for number in range(20):
            header = {"dataAreaId": "usmf", "JournalName": "GenJrn", "JournalBatchNumber": f"W{worker}N{number}"}
            parts = [operation(1, "POST", f"/data/{HEADERS}?cross-company=true", header)]
            parts.append(operation(2, "POST", "/data/LedgerJournalLines?cross-company=true", line_body(header)))
            for _ in range(3):
                try:
                    text = fo.batch(batch(changeset(*parts))).text
                except requests.ConnectionError:
                    continue
                if "201 Created" not in text and "already exists" not in text:
                    problems.append(text)
                break

    threads = [threading.Thread(target=deliver, args=(worker,)) for worker in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert problems == []
    assert (fo.get(f"{HEADERS}/$count"), fo.get("LedgerJournalLines/$count")) == (60, 60)
    assert {one["posted"] for one in fo.do("post_journals")} == {True}
    assert sum(fo.do("trial_balance").values()) == 0
    assert (
        fo.do("trial_balance")["605110"] == 60 * line_body({"dataAreaId": "", "JournalBatchNumber": ""})["DebitAmount"]
    )


def test_old_environments_count_requests_in_a_sliding_window(fo: Environment) -> None:
    fo.do("set", requests_per_window=3)
    answers = [fo.list("Companies") for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert infolog(answers[3]) == "Number of requests exceeded the limit of 3 over the time window of 300 seconds."
    fo.simulator.clock.advance(seconds=int(answers[3].headers["Retry-After"]))
    assert fo.list("Companies").status_code == 200


def test_old_environments_count_requests_under_way(fo: Environment) -> None:
    fo.do("set", concurrent_requests=0)
    answer = fo.list("Companies")
    assert (answer.status_code, infolog(answer)) == (429, "Number of concurrent requests exceeded the limit of 0.")
    fo.do("set", concurrent_requests=1)
    assert fo.list("Companies").status_code == 200


def test_a_loaded_environment_refuses_each_so_many_requests(fo: Environment) -> None:
    fo.do("set", throttle_every=3)
    assert [fo.list("Companies").status_code for _ in range(6)] == [200, 200, 429, 200, 200, 429]
