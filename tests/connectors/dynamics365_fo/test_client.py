"""Does the client read every page, believe no gateway, and see a 429 inside a success?"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter

from connectors import http
from connectors.base import ConnectionContext
from connectors.dynamics365_fo.client import DynamicsClient, Query
from connectors.dynamics365_fo.multipart import Changeset
from connectors.dynamics365_fo.schema import CurrencyRow, JournalNameRow, MainAccountRow
from connectors.dynamics365_fo.simulator import DynamicsSimulator
from connectors.errors import (
    ConfigurationError,
    OutcomeUnknownError,
    PayloadError,
    RateLimitedError,
    RejectedError,
    TransportError,
)
from connectors.simulation import SimulatorTransport
from tests.connectors.dynamics365_fo.test_auth import context_of
from tests.connectors.dynamics365_fo.world import DynamicsWorld


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http.time, "sleep", lambda _: None)


@pytest.fixture
def simulator() -> DynamicsSimulator:
    return DynamicsSimulator()


@pytest.fixture
def client(simulator: DynamicsSimulator) -> DynamicsClient:
    return DynamicsClient(context_of(simulator))


class Closing:
    """A limiter that notes for how long the vendor was closed."""

    def __init__(self) -> None:
        self.waits: list[timedelta] = []

    def acquire(self, cost: int = 1, *, call: str = "") -> None:
        return

    def closed(self, retry_after: timedelta) -> None:
        self.waits.append(retry_after)


class Rewritten(BaseAdapter):
    """The simulator, whose answers to batches are rewritten."""

    def __init__(self, simulator: DynamicsSimulator, *changes: tuple[bytes, bytes]) -> None:
        super().__init__()
        self.inner = SimulatorTransport(simulator)
        self.changes = changes

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:  # type: ignore[override]
        response = self.inner.send(request, *args, **options)
        content = response.content
        for before, after in self.changes:
            content = content.replace(before, after)
        response._content = content
        response.raw = None
        return response

    def close(self) -> None:
        """Nothing is held open."""


def test_pages_are_read_to_their_end_singly_and_in_batches(
    simulator: DynamicsSimulator, client: DynamicsClient
) -> None:
    everything = client.rows(Query(MainAccountRow))
    assert len(everything) > 30
    simulator.switches.page_size = 7
    assert client.rows(Query(MainAccountRow)) == everything
    accounts, currencies, _ = client.many([Query(MainAccountRow), Query(CurrencyRow), Query(JournalNameRow, "usmf")])
    assert accounts == everything
    assert {row.currency_code for row in currencies} >= {"USD", "EUR"}


def test_several_questions_are_one_call(simulator: DynamicsSimulator, client: DynamicsClient) -> None:
    client.many([Query(CurrencyRow), Query(JournalNameRow, "usmf")])
    assert [call.path for call in simulator.calls if "token" not in call.path] == ["/data/$batch"]


def test_a_429_inside_a_batch_closes_the_vendor_for_everybody(simulator: DynamicsSimulator) -> None:
    limiter = Closing()
    client = DynamicsClient(context_of(simulator, limiter=limiter))
    simulator.switches.throttle_parts = 1
    simulator.switches.retry_after_seconds = 17
    with pytest.raises(RateLimitedError) as caught:
        client.many([Query(CurrencyRow), Query(JournalNameRow, "usmf")])
    assert caught.value.retry_after == timedelta(seconds=17)
    assert limiter.waits == [timedelta(seconds=17)]


@pytest.mark.parametrize(
    ("headers", "wait"),
    [({"Retry-After": "120"}, 120), ({}, 30), ({"Retry-After": "Mon, 01 Jan 2001 00:00:00 GMT"}, 1)],
)
def test_a_429_waits_as_long_as_it_says(
    simulator: DynamicsSimulator, client: DynamicsClient, headers: dict[str, str], wait: int
) -> None:
    simulator.fail("status", "Currencies", status=429, headers=headers, times=9)
    with pytest.raises(RateLimitedError) as caught:
        client.rows(Query(CurrencyRow))
    assert caught.value.retry_after == timedelta(seconds=wait)


@pytest.mark.parametrize("kind", ["html", "status", "drop"])
def test_a_gateway_is_overlooked_when_reading_and_never_believed_when_writing(
    simulator: DynamicsSimulator, client: DynamicsClient, kind: str
) -> None:
    simulator.fail(kind, "Currencies")
    assert client.rows(Query(CurrencyRow))
    simulator.fail(kind, "batch", times=2)
    assert client.many([Query(CurrencyRow), Query(JournalNameRow, "usmf")])
    simulator.fail(kind, "Currencies", times=9)
    with pytest.raises(TransportError):
        client.rows(Query(CurrencyRow))
    simulator.faults.clear()
    body = {"dataAreaId": "usmf", "JournalName": "GenJrn"}
    simulator.fail(kind, "batch")
    with pytest.raises(OutcomeUnknownError):
        client.write([Changeset((client.operation("POST", "LedgerJournalHeaders", body),))])


def test_a_part_that_is_missing_makes_the_whole_batch_unclear(simulator: DynamicsSimulator) -> None:
    client = DynamicsClient(context_of(simulator, transport=Rewritten(simulator, (b"HTTP/1.1 201", b"HTTX"))))
    body = {"dataAreaId": "usmf", "JournalName": "GenJrn"}
    with pytest.raises(OutcomeUnknownError):
        client.write([Changeset((client.operation("POST", "LedgerJournalHeaders", body),))])


def test_a_429_for_single_changesets_leaves_the_others_done() -> None:
    world = DynamicsWorld()
    world.job.is_on = False
    batch = [world.outgoing(world.entry(f"{number}.00")) for number in (1, 2)]
    ledger = world.open()
    ledger.preflight("usmf", [one.document for one in batch])
    world.faults.inner = Rewritten(
        world.simulator, (b"HTTP/1.1 201 Created", b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 9")
    )
    with pytest.raises(RateLimitedError):
        ledger.post("usmf", batch)


def test_a_link_to_another_host_is_not_followed(simulator: DynamicsSimulator) -> None:
    simulator.switches.page_size = 7
    transport = Rewritten(simulator, (b'"@odata.nextLink":"https://cascade', b'"@odata.nextLink":"https://evil'))
    with pytest.raises(PayloadError, match="links to"):
        DynamicsClient(context_of(simulator, transport=transport)).rows(Query(MainAccountRow))


def test_a_set_that_is_not_there_is_a_matter_of_set_up(simulator: DynamicsSimulator, client: DynamicsClient) -> None:
    simulator.switches.missing_sets.append("Currencies")
    with pytest.raises(ConfigurationError, match="no such data entity"):
        client.rows(Query(CurrencyRow))


def test_a_body_without_its_company_is_never_written(client: DynamicsClient) -> None:
    with pytest.raises(ValueError, match="default company"):
        client.operation("POST", "LedgerJournalHeaders", {"JournalName": "GenJrn"})


@pytest.mark.parametrize("status", [400, 500])
def test_a_refusal_is_told_in_its_own_words_without_the_stack(
    simulator: DynamicsSimulator, client: DynamicsClient, status: int
) -> None:
    simulator.switches.write_error_status = status
    body = {"dataAreaId": "usmf", "JournalName": "Nope"}
    failure = client.failure(client.write([Changeset((client.operation("POST", "LedgerJournalHeaders", body),))])[0])
    assert isinstance(failure, RejectedError)
    assert "'Nope' in field" in str(failure)
    assert "   at Microsoft" not in f"{failure} {failure.detail}"


def test_the_activity_id_that_support_asks_for_is_kept(simulator: DynamicsSimulator) -> None:
    notes: list[Any] = []
    context: ConnectionContext = context_of(simulator, observer=notes.append)
    DynamicsClient(context).rows(Query(CurrencyRow))
    assert notes[-1].request_id
