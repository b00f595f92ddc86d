"""What do all simulated vendors share: faults, clock, control plane, in process and over HTTP alike?"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from connectors.simulation import Clock, Simulator, SimulatorTransport, control_app, json_response, json_text, serve

Caller = Callable[..., requests.Response]


class Counter(Simulator):
    """A vendor that counts."""

    def __init__(self) -> None:
        self.value = 0
        self.running = False
        super().__init__()

    def rules(self) -> Iterable[Rule]:
        yield Rule("/count", methods=["GET"], endpoint=self.show)
        yield Rule("/count", methods=["POST"], endpoint=self.add)

    def show(self, request: Request) -> Response:
        return json_response({"value": self.value, "long": "x" * 100})

    def add(self, request: Request) -> Response:
        self.value += 1
        return json_response({"value": self.value}, 201, **{"X-Made": "yes"})

    def after(self, request: Request, response: Response) -> Response:
        response.headers["X-Trace"] = "t"
        return response

    def error(self, request: Request, error: HTTPException) -> Response:
        return json_response({"error": error.code}, error.code or 500)

    def state(self) -> dict[str, Any]:
        return {"value": self.value}

    def control(self, action: str, arguments: dict[str, Any]) -> Any:
        if action != "set":
            raise KeyError(action)
        self.value = arguments["value"]
        return {"was set": True}

    def start(self) -> None:
        self.running = True

    def stop(self) -> None:
        self.running = False


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.fixture(params=["in process", "over HTTP"])
def call(request: pytest.FixtureRequest, counter: Counter) -> Iterator[Caller]:
    """`call(method, path)` reaches the counter either way."""
    session = requests.Session()
    if request.param == "in process":
        session.mount("https://counter.test", SimulatorTransport(counter))
        yield lambda method, path, **how: session.request(method, "https://counter.test" + path, **how)
    else:
        with serve(counter) as served, session:
            yield lambda method, path, **how: session.request(method, served.url + path, timeout=5, **how)


def test_answers_and_their_headers_arrive(call: Caller) -> None:
    made = call("POST", "/count", json={})
    assert (made.status_code, made.json(), made.headers["X-Made"], made.headers["X-Trace"]) == (
        201,
        {"value": 1},
        "yes",
        "t",
    )
    assert call("GET", "/nowhere").json() == {"error": 404}
    assert call("PUT", "/count").json() == {"error": 405}


@pytest.mark.parametrize(
    ("kind", "parts", "status", "done"),
    [
        ("status", {"status": 500}, 500, 0),
        ("status", {"status": 429, "headers": {"Retry-After": "3"}, "body": "{}"}, 429, 0),
        ("html", {"status": 502}, 502, 0),
        ("commit_then_status", {"status": 504}, 504, 1),
        ("slow", {"delay": 0.05}, 201, 1),
    ],
)
def test_a_fault_that_answers(
    call: Caller, counter: Counter, kind: str, parts: dict[str, Any], status: int, done: int
) -> None:
    fault = counter.fail(kind, "/count", method="POST", **parts)
    answer = call("POST", "/count")
    assert (answer.status_code, counter.value) == (status, done)
    assert answer.headers.get("Retry-After") == parts.get("headers", {}).get("Retry-After")
    assert (fault.times, counter.faults) == (0, [])
    assert call("POST", "/count").status_code == 201
    if kind == "html":
        assert answer.headers["Content-Type"].startswith("text/html")
        assert "<html>" in answer.text


@pytest.mark.parametrize(("kind", "done"), [("drop", 0), ("commit_then_drop", 1)])
def test_a_dropped_connection_says_nothing_about_what_was_done(
    call: Caller, counter: Counter, kind: str, done: int
) -> None:
    counter.fail(kind, "/count")
    with pytest.raises(requests.ConnectionError):
        call("POST", "/count")
    assert counter.value == done
    assert call("GET", "/count").json()["value"] == done


def test_a_late_commit_happens_after_the_connection_is_gone(call: Caller, counter: Counter) -> None:
    counter.fail("commit_late", "/count", delay=0.1)
    with pytest.raises(requests.ConnectionError):
        call("POST", "/count")
    assert counter.value == 0
    ends = time.monotonic() + 5
    while counter.value == 0 and time.monotonic() < ends:
        time.sleep(0.01)
    assert counter.value == 1


def test_a_truncated_answer_is_not_json(call: Caller, counter: Counter) -> None:
    counter.fail("truncated", "/count")
    answer = call("GET", "/count")
    assert answer.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_a_fault_meets_only_the_calls_it_is_meant_for(call: Caller, counter: Counter) -> None:
    counter.fail("status", "/count$", method="POST", skip=1, times=2, status=500)
    got = [call(method, "/count").status_code for method in ("GET", "POST", "POST", "GET", "POST", "POST")]
    assert got == [200, 201, 500, 200, 500, 201]


def test_every_call_is_noted_with_its_fault(call: Caller, counter: Counter) -> None:
    counter.fail("drop", "/count")
    with pytest.raises(requests.ConnectionError):
        call("GET", "/count")
    call("POST", "/count")
    assert [(one.method, one.path, one.status, one.fault) for one in counter.calls] == [
        ("GET", "/count", 0, "drop"),
        ("POST", "/count", 201, ""),
    ]
    assert counter.call_count == 2


def test_the_control_plane_is_not_reachable_through_the_vendors_address(counter: Counter) -> None:
    with serve(counter) as served, requests.Session() as session:
        assert counter.running
        assert session.get(f"{served.url}/state", timeout=5).status_code == 404
        assert session.get(f"{served.control_url}/state", timeout=5).json() == {"value": 0}
        assert session.post(f"{served.control_url}/do/set", json={"value": 7}, timeout=5).json() == {"was set": True}
        session.post(f"{served.control_url}/fault", json={"kind": "status", "status": 418}, timeout=5)
        assert session.get(f"{served.url}/count", timeout=5).status_code == 418
        assert session.get(f"{served.url}/count", timeout=5).json()["value"] == 7
        calls = session.get(f"{served.control_url}/calls", timeout=5).json()
        assert [one["status"] for one in calls["calls"]] == [404, 418, 200]
        before = datetime.fromisoformat(session.post(f"{served.control_url}/clock", json={}, timeout=5).json()["now"])
        moved = session.post(f"{served.control_url}/clock", json={"days": 2}, timeout=5).json()["now"]
        assert datetime.fromisoformat(moved) - before >= timedelta(days=2)
        assert session.get(f"{served.control_url}/nothing", timeout=5).status_code == 404
    assert not counter.running


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [("/do/unknown", "{}", 400), ("/do/set", "{}", 400), ("/do/set", "no json", 400), ("/fault", '{"color": 1}', 400)],
)
def test_a_wrong_control_call_is_answered_and_not_fatal(counter: Counter, path: str, body: str, status: int) -> None:
    session = requests.Session()
    session.mount("http://control.test", SimulatorTransport(control_app(counter)))
    answer = session.post(f"http://control.test{path}", data=body)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert session.get("http://control.test/state").json() == {"value": 0}


def test_the_clock_runs_stands_and_jumps() -> None:
    at = datetime(2026, 3, 4, tzinfo=UTC)
    clock = Clock()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    clock.advance(hours=1)
    assert clock.now() - datetime.now(UTC) > timedelta(minutes=59)
    clock.freeze(at)
    assert clock.now() == at
    clock.advance(seconds=1.5)
    assert clock.now() == at + timedelta(seconds=1.5)
    assert Clock(at).now() == at


def test_decimals_are_written_as_numbers_digit_for_digit() -> None:
    value = {"a": Decimal("248.40"), "b": [Decimal("-0.10"), (Decimal("1E+3"), "é", None)], "c": "1.50"}
    assert json_text(value) == '{"a":248.40,"b":[-0.10,[1000,"é",null]],"c":"1.50"}'
    assert json.loads(json_text(value), parse_float=Decimal)["a"] == Decimal("248.40")
    with pytest.raises(TypeError):
        json_text({"a": object()})
