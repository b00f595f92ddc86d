"""What does each code of Zoho ask for, with whatever status it comes, and what becomes of a write that meets it?"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.auth import MemoryTokenStore
from connectors.base import ConnectionContext
from connectors.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectorError,
    OutcomeUnknownError,
    PayloadError,
    RateLimitedError,
    RejectedError,
    TooManyAtOnceError,
    TransportError,
)
from connectors.simulation import SimulatorTransport
from connectors.zoho_books.auth import ZohoSettings
from connectors.zoho_books.client import ZohoClient
from connectors.zoho_books.errors import DayUsedUpError, MissingError, NumberTakenError
from connectors.zoho_books.schema import ContactRow
from connectors.zoho_books.simulator import Switches, ZohoBooksSimulator
from tests.connectors.zoho_books.conftest import ADDRESS, credentials_for

Refusal = dict[str, Any]


class Budget:
    def __init__(self) -> None:
        self.told: list[tuple[int, int, int]] = []
        self.own: list[tuple[int, int]] = []

    def noted(self, left: int, allowed: int, seconds: int) -> None:
        self.told.append((left, allowed, seconds))

    def counted(self, allowed: int, seconds: int) -> None:
        self.own.append((allowed, seconds))

    def left(self) -> tuple[int, int] | None:
        return self.told[-1][:2] if self.told else None


class Gate:
    def __init__(self) -> None:
        self.pauses: list[timedelta] = []
        self.crowds = 0

    def acquire(self, cost: int = 1, *, call: str = "") -> None: ...

    def closed(self, retry_after: timedelta) -> None:
        self.pauses.append(retry_after)

    def crowded(self) -> None:
        self.crowds += 1


@pytest.fixture(autouse=True)
def spread(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long a crowd is waited for is drawn by lot: here the mean."""
    monkeypatch.setattr("connectors.zoho_books.errors.uniform", lambda least, most: (least + most) / 2)


@pytest.fixture
def gate() -> Gate:
    return Gate()


def client_for(simulator: ZohoBooksSimulator, **parts: Any) -> ZohoClient:
    context = ConnectionContext(
        ADDRESS,
        credentials_for(simulator),
        tokens=MemoryTokenStore(),
        transport=SimulatorTransport(simulator),
        allow_private_addresses=True,
        **{"now": simulator.clock.now, **parts},
    )
    return ZohoClient(context)


def company(simulator: ZohoBooksSimulator) -> str:
    return str(simulator.credentials()["organization_id"])


TABLE: list[tuple[Refusal, type[ConnectorError], timedelta | None]] = [
    ({"code": 57, "status": 401}, AuthenticationError, None),
    ({"code": 57, "status": 200}, AuthenticationError, None),
    ({"code": 14, "status": 200}, AuthenticationError, None),
    ({"code": 6041, "status": 400}, ConfigurationError, None),
    ({"code": 43, "status": 429}, RateLimitedError, timedelta(hours=1)),
    ({"code": 43, "status": 429, "headers": {"Retry-After": "1800"}}, RateLimitedError, timedelta(minutes=30)),
    ({"code": 44, "status": 429}, RateLimitedError, timedelta(minutes=1)),
    ({"code": 44, "status": 200}, RateLimitedError, timedelta(minutes=1)),
    ({"code": 45, "status": 429}, RateLimitedError, timedelta(hours=1)),
    ({"code": 45, "status": 429, "headers": {"X-Rate-Limit-Reset": "7200"}}, RateLimitedError, timedelta(hours=2)),
    ({"code": 1070, "status": 429}, TooManyAtOnceError, timedelta(seconds=3)),
    ({"code": 1070, "status": 200}, TooManyAtOnceError, timedelta(seconds=3)),
    ({"code": 1002, "status": 404}, MissingError, None),
    ({"code": 5, "status": 404}, MissingError, None),
    ({"code": 13011, "status": 400}, NumberTakenError, None),
    ({"code": 3062, "status": 400}, RejectedError, None),
    ({"code": 4, "status": 400}, RejectedError, None),
    ({"code": 990005, "status": 400}, RejectedError, None),
]


@pytest.mark.parametrize(("refusal", "error", "pause"), TABLE)
def test_a_write_meets_a_code(
    gate: Gate, refusal: Refusal, error: type[ConnectorError], pause: timedelta | None
) -> None:
    simulator = ZohoBooksSimulator()
    client = client_for(simulator, limiter=gate)
    simulator.control("refuse", {"path": "/journals", "times": 9, **refusal})
    with pytest.raises(error) as caught:
        client.write(company(simulator), "POST", "/journals", {"journal_date": "2026-10-12"})
    assert client.writes == 0, "nothing was done at Zoho"
    assert gate.pauses == ([pause] if pause else [])
    assert gate.crowds == (error is TooManyAtOnceError), "fewer of ours run for a while"
    if pause:
        assert isinstance(caught.value, RateLimitedError)
        assert caught.value.retry_after == pause


@pytest.mark.parametrize(
    ("code", "waits", "calls"),
    [(43, [], 1), (44, [], 1), (45, [], 1), (1070, [3.0], 2)],
)
def test_only_a_crowd_is_waited_for_inside_a_call(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, code: int, waits: list[float], calls: int
) -> None:
    """Too many at a time are fewer in a moment; a block, a minute and a day are waited for by giving the lane back."""
    slept: list[float] = []
    monkeypatch.setattr("connectors.http.time.sleep", slept.append)
    simulator = ZohoBooksSimulator()
    client = client_for(simulator, limiter=gate)
    client.organizations()
    before = len(simulator.calls)
    simulator.control("refuse", {"path": "/journals", "code": code, "status": 429, "method": "GET"})
    if code == 1070:
        assert client.get(company(simulator), "/journals")["journals"] == []
    else:
        with pytest.raises(RateLimitedError):
            client.get(company(simulator), "/journals")
    assert slept == waits
    assert len(simulator.calls) - before == calls
    assert len(gate.pauses) == 1, "and everybody else waits as long"


def test_a_day_that_is_used_up_by_others_is_shown_as_such() -> None:
    simulator, budget = ZohoBooksSimulator(), Budget()
    client = client_for(simulator, budget=budget)
    client.get(company(simulator), "/journals")
    simulator.control("use_calls", {"calls": 5_000})
    with pytest.raises(DayUsedUpError):
        client.get(company(simulator), "/journals")
    assert budget.left() == (0, 5_000)


def test_a_code_that_nobody_knows_inside_a_success_leaves_a_write_unclear() -> None:
    simulator = ZohoBooksSimulator()
    client = client_for(simulator)
    simulator.control("refuse", {"path": "/journals", "code": 987654, "status": 200})
    with pytest.raises(OutcomeUnknownError):
        client.write(company(simulator), "POST", "/journals", {})
    assert client.writes == 1
    simulator.control("refuse", {"path": "/journals", "code": 987654, "status": 200})
    with pytest.raises(RejectedError):
        client.get(company(simulator), "/journals")


@pytest.mark.parametrize(
    ("fault", "on_read", "on_write"),
    [
        ({"kind": "html", "status": 502}, TransportError, OutcomeUnknownError),
        ({"kind": "html", "status": 200}, PayloadError, OutcomeUnknownError),
        ({"kind": "status", "status": 200, "body": "[]"}, PayloadError, OutcomeUnknownError),
        ({"kind": "status", "status": 200, "body": "{}"}, PayloadError, OutcomeUnknownError),
        ({"kind": "status", "status": 500, "body": '{"code":1000}'}, TransportError, OutcomeUnknownError),
        ({"kind": "html", "status": 403}, TransportError, OutcomeUnknownError),
    ],
)
def test_what_is_no_answer_of_the_api_is_no_refusal(
    fault: Refusal, on_read: type[ConnectorError], on_write: type[ConnectorError]
) -> None:
    simulator = ZohoBooksSimulator()
    client = client_for(simulator)
    client.organizations()
    simulator.fail(**{"path": "/journals", "times": 9, **fault})
    with pytest.raises(on_read):
        client.get(company(simulator), "/journals")
    with pytest.raises(on_write):
        client.write(company(simulator), "POST", "/journals", {})


def test_a_dead_token_inside_a_success_is_renewed_once() -> None:
    simulator = ZohoBooksSimulator(switches=Switches(dead_token="14 in 200"))
    client = client_for(simulator)
    client.organizations()
    simulator.control("expire_tokens", {})
    assert client.get(company(simulator), "/journals", per_page=1)["journals"] == []
    assert sum(call.path.endswith("/oauth/v2/token") for call in simulator.calls) == 2


def test_the_rest_of_the_day_is_noted_where_it_is_told() -> None:
    simulator, budget = ZohoBooksSimulator(), Budget()
    client = client_for(simulator, budget=budget)
    client.get(company(simulator), "/journals")
    left, allowed, seconds = budget.told[-1]
    assert (left, allowed) == (4_999, 5_000)
    assert 0 < seconds <= 86_400
    simulator.control("switch", {"rate_headers": False})
    before = list(budget.told)
    client.get(company(simulator), "/journals")
    assert (budget.told, budget.own) == (before, []), "nobody knows the plan before the organisations are read"


PLANS = [("Professional", 5_000), ("FREE", 1_000), ("Standard Trial", 2_000), ("ELITE", 10_000), ("Enterprise", None)]


@pytest.mark.parametrize(("plan", "calls"), PLANS)
def test_where_zoho_does_not_tell_our_own_calls_are_counted_by_the_plan(plan: str, calls: int | None) -> None:
    simulator, budget = ZohoBooksSimulator(switches=Switches(rate_headers=False)), Budget()
    simulator.organisation.plan = plan
    now = datetime(2026, 10, 12, 23, 30, tzinfo=ZoneInfo(simulator.organisation.time_zone))
    settings = ZohoSettings(organization_id=company(simulator))
    client = client_for(simulator, budget=budget, settings=settings, now=lambda: now)
    client.organizations()
    client.get(company(simulator), "/journals")
    assert budget.own == ([(calls, 1_800)] if calls else [])


@pytest.mark.parametrize("is_known", [True, False])
def test_a_day_that_is_used_up_ends_at_the_organisations_midnight(gate: Gate, is_known: bool) -> None:
    simulator = ZohoBooksSimulator(switches=Switches(rate_headers=False))
    now = datetime(2026, 10, 12, 20, 15, tzinfo=ZoneInfo(simulator.organisation.time_zone))
    settings = ZohoSettings(organization_id=company(simulator))
    client = client_for(simulator, limiter=gate, settings=settings, now=lambda: now)
    if is_known:
        client.organizations()
    simulator.control("refuse", {"path": "/journals", "code": 45, "status": 429})
    with pytest.raises(DayUsedUpError) as caught:
        client.get(company(simulator), "/journals")
    wait = timedelta(hours=3, minutes=45) if is_known else timedelta(hours=1)
    assert (caught.value.retry_after, gate.pauses[-1]) == (wait, wait)
    until = "2026-10-13 00:00 PDT" if is_known else "2026-10-13 04:15 UTC"
    assert caught.value.message.endswith(f"They begin anew at {until}.")


def test_pages_are_followed_and_no_row_comes_twice() -> None:
    simulator = ZohoBooksSimulator()
    client = client_for(simulator)
    path, one = "/contacts", company(simulator)
    pages = list(client.pages(ContactRow, one, path, "contacts", per_page=5, sort_column="created_time"))
    ids = [row.contact_id for page in pages for row in page]
    assert len(pages) > 2
    assert len(set(ids)) == len(ids)


def test_the_organisation_is_chosen_from_the_list() -> None:
    simulator = ZohoBooksSimulator()
    with pytest.raises(ConfigurationError, match=r"927000001 Cascade Robotics Inc; 927000002 Cascade Robotics GmbH"):
        client_for(simulator).organization()
    chosen = ZohoSettings(organization_id="927000002")
    assert client_for(simulator, settings=chosen).organization().currency_code == "EUR"
    with pytest.raises(ConfigurationError, match="not in the organisation 927000009"):
        client_for(simulator, settings=ZohoSettings(organization_id="927000009")).organization()
