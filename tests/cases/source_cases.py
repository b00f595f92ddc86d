"""What must every source keep, whoever the vendor is? A suite that each one subclasses over its simulator."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta
from typing import Any

import pytest

from connectors.base import Connector, ExchangeNote, ExportResult, Item, Source, Window
from connectors.codec import json_load, json_text
from connectors.errors import (
    AuthenticationError,
    ConnectorError,
    PayloadError,
    RateLimitedError,
    TransportError,
)
from connectors.records import RecordKind
from connectors.simulation import Simulator


class Closings:
    """A limiter that never waits and remembers what the vendor closed."""

    def __init__(self) -> None:
        self.closed_for: list[timedelta] = []

    def acquire(self, cost: int = 1, *, call: str = "") -> None:
        return

    def closed(self, retry_after: timedelta) -> None:
        self.closed_for.append(retry_after)


class SourceCases:
    """Subclass it, give the attributes and the fixtures `simulator` (seeded, its clock frozen) and `open_source`."""

    connector: Connector
    list_path: str  # of the stream `main_stream`, as a pattern for faults
    main_stream: str

    @pytest.fixture
    def simulator(self) -> Any:
        raise NotImplementedError

    def open_source(self, simulator: Any, **context: Any) -> Source:
        """A source over the simulator; `context` are more fields of ConnectionContext."""
        raise NotImplementedError

    def break_credential(self, simulator: Any) -> None:
        """Make the vendor refuse the credential for good."""
        raise NotImplementedError

    def give_unknown_kind(self, simulator: Any) -> None:
        """Make the next answer of `list_path` carry a kind that nobody knows."""
        raise NotImplementedError

    def repeat_cursor(self, simulator: Any) -> None:
        """Make every answer of `list_path` name the same next page."""
        raise NotImplementedError

    def tellable(self, simulator: Any) -> list[str]:
        """Ids of records of `main_stream` that wait to be told; empty if the vendor is not told."""
        return []

    def told(self, simulator: Any, external_id: str) -> bool:
        """Whether the vendor holds a record as booked."""
        raise NotImplementedError

    # --- reading

    def test_every_stream_ends_and_gives_each_record_once(self, simulator: Simulator) -> None:
        for stream in self.connector.streams:
            ids = [item.external_id for item in self.everything(simulator, stream)]
            assert ids, stream
            assert len(ids) == len(set(ids)), stream

    def test_reading_twice_gives_the_same_but_for_volatile_fields(self, simulator: Simulator) -> None:
        for stream, spec in self.connector.streams.items():
            first = {item.external_id: item.payload for item in self.everything(simulator, stream)}
            simulator.clock.advance(minutes=20)
            again = {item.external_id: item.payload for item in self.everything(simulator, stream)}
            assert first.keys() == again.keys()
            for external_id, payload in first.items():
                assert without(payload, spec.volatile) == without(again[external_id], spec.volatile), external_id

    def test_every_payload_survives_storage_and_parses_to_the_same_record(self, simulator: Simulator) -> None:
        for stream, spec in self.connector.streams.items():
            for item in self.everything(simulator, stream):
                record = self.parse(stream, item.payload)
                assert self.parse(stream, json_load(json_text(item.payload))) == record
                assert record.external_id == item.external_id
                assert record.stream == stream
                assert record.kind in spec.kinds
                assert record.family in spec.families

    def test_parsing_changes_nothing_in_the_payload(self, simulator: Simulator) -> None:
        item = self.everything(simulator, self.main_stream)[0]
        before = copy.deepcopy(item.payload)
        self.parse(self.main_stream, item.payload)
        assert item.payload == before

    def test_fetching_gives_the_records_that_reading_gives(self, simulator: Simulator) -> None:
        for stream, spec in self.connector.streams.items():
            some = {item.external_id: item.payload for item in self.everything(simulator, stream)[:7]}
            fetched = {item.external_id: item for item in self.open_source(simulator).fetch(stream, list(some))}
            assert fetched.keys() == some.keys(), stream
            for external_id, item in fetched.items():
                assert without(item.payload["item"], volatile_of_item(spec.volatile)) == without(
                    some[external_id]["item"], volatile_of_item(spec.volatile)
                )

    def test_unknown_ids_are_absent_from_what_is_fetched(self, simulator: Simulator) -> None:
        for stream in self.connector.streams:
            known = self.everything(simulator, stream)[0].external_id
            fetched = self.open_source(simulator).fetch(stream, [known, "no-such-record"])
            assert [item.external_id for item in fetched] == [known], stream

    def test_a_page_cursor_that_comes_back_ends_in_an_error_and_not_in_a_loop(self, simulator: Simulator) -> None:
        self.repeat_cursor(simulator)
        with pytest.raises(PayloadError, match="twice"):
            self.everything(simulator, self.main_stream)

    def test_an_unknown_kind_is_held_and_never_an_error(self, simulator: Simulator) -> None:
        self.give_unknown_kind(simulator)
        records = [self.parse(self.main_stream, one.payload) for one in self.everything(simulator, self.main_stream)]
        assert RecordKind.UNKNOWN in {record.kind for record in records}

    # --- bad weather

    @pytest.mark.parametrize(
        ("kind", "parts", "error"),
        [
            ("html", {"status": 502}, TransportError),
            ("html", {"status": 200}, PayloadError),
            ("status", {"status": 500}, TransportError),
            ("status", {"status": 503, "body": "<html>maintenance</html>"}, TransportError),
            ("status", {"status": 200, "body": "[1, 2"}, PayloadError),
            ("status", {"status": 200, "body": '"a text"'}, PayloadError),
            ("truncated", {}, PayloadError),
            ("drop", {}, TransportError),
        ],
    )
    def test_a_bad_answer_is_a_clear_error(
        self, simulator: Simulator, no_pauses: None, kind: str, parts: dict[str, Any], error: type[ConnectorError]
    ) -> None:
        simulator.fail(kind, self.list_path, times=10, **parts)
        with pytest.raises(error) as caught:
            self.everything(simulator, self.main_stream)
        assert str(caught.value).endswith(".")
        assert "<html" not in str(caught.value)

    def test_a_short_absence_of_the_vendor_is_bridged(self, simulator: Simulator, no_pauses: None) -> None:
        expected = len(self.everything(simulator, self.main_stream))
        simulator.fail("status", self.list_path, status=503, times=2)
        assert len(self.everything(simulator, self.main_stream)) == expected

    def test_too_many_calls_close_the_vendor_for_everyone(self, simulator: Simulator, no_pauses: None) -> None:
        simulator.fail("status", self.list_path, status=429, headers={"Retry-After": "77"}, times=10)
        limiter = Closings()
        source = self.open_source(simulator, limiter=limiter)
        with pytest.raises(RateLimitedError) as caught:
            list(source.read(self.main_stream, self.whole(simulator)))
        assert caught.value.retry_after == timedelta(seconds=77)
        assert limiter.closed_for[0] == timedelta(seconds=77)

    def test_too_many_calls_without_a_time_wait_for_one_of_ours(self, simulator: Simulator, no_pauses: None) -> None:
        simulator.fail("status", self.list_path, status=429, times=10)
        with pytest.raises(RateLimitedError) as caught:
            self.everything(simulator, self.main_stream)
        assert timedelta(0) < caught.value.retry_after <= timedelta(minutes=5)

    def test_a_refused_credential_stops_everything(self, simulator: Simulator) -> None:
        self.break_credential(simulator)
        with pytest.raises(AuthenticationError):
            self.everything(simulator, self.main_stream)

    def test_no_exchange_and_no_error_shows_a_secret(self, simulator: Simulator) -> None:
        notes: list[ExchangeNote] = []
        source = self.open_source(simulator, observer=notes.append)
        list(source.read(self.main_stream, self.whole(simulator)))
        self.break_credential(simulator)
        with pytest.raises(ConnectorError) as caught:
            list(source.read(self.main_stream, self.whole(simulator)))
        seen = repr(notes) + str(caught.value) + caught.value.detail
        assert notes
        for secret in self.secrets(simulator):
            assert secret not in seen

    def test_testing_the_connection_writes_nothing(self, simulator: Simulator) -> None:
        notes: list[ExchangeNote] = []
        checks = self.open_source(simulator, observer=notes.append).verify()
        assert {check.state for check in checks} <= {"ok", "warning", "skipped"}
        assert not [note for note in notes if note.is_write or note.method not in ("GET", "HEAD")]

    def test_testing_a_broken_connection_says_so_and_raises_nothing(self, simulator: Simulator) -> None:
        source = self.open_source(simulator)
        self.break_credential(simulator)
        checks = source.verify()
        assert checks[0].state == "failed"
        assert all(check.state != "ok" for check in checks)

    def test_unreadable_payloads_are_errors_of_their_own(self) -> None:
        for payload in ({}, {"item": None}, {"item": []}, {"item": {}}, {"item": {"id": 7}}, {"item": {"id": ""}}):
            with pytest.raises(PayloadError):
                self.parse(self.main_stream, payload)

    # --- telling

    def test_telling_twice_is_the_same_as_telling_once(self, simulator: Simulator) -> None:
        ids = self.tellable(simulator)
        results = [ExportResult(one, "MOVE/1", "https://ledger.test/1") for one in ids]
        source = self.open_source(simulator)
        first = source.tell(self.main_stream, results) if ids else []
        again = source.tell(self.main_stream, results) if ids else []
        assert [outcome.state for outcome in first] == ["told"] * len(ids)
        assert [outcome.state for outcome in again] == ["already"] * len(ids)
        assert all(self.told(simulator, one) for one in ids)

    def test_an_answer_lost_after_telling_leaves_it_told(self, simulator: Simulator, no_pauses: None) -> None:
        ids = self.tellable(simulator)
        if ids:
            simulator.fail("commit_then_drop", method="POST", path=self.tell_path)
            results = [ExportResult(one, "MOVE/1", "https://ledger.test/1") for one in ids]
            outcomes = self.open_source(simulator).tell(self.main_stream, results)
            assert {outcome.state for outcome in outcomes} == {"told"}
        assert all(self.told(simulator, one) for one in ids)

    def test_a_told_record_is_no_new_version(self, simulator: Simulator) -> None:
        spec = self.connector.streams[self.main_stream]
        ids = self.tellable(simulator)
        before = {item.external_id: item.payload for item in self.everything(simulator, self.main_stream)}
        if ids:
            self.open_source(simulator).tell(self.main_stream, [ExportResult(one, "MOVE/1") for one in ids])
        after = {item.external_id: item.payload for item in self.everything(simulator, self.main_stream)}
        for one in ids:
            assert without(before[one], spec.volatile) == without(after[one], spec.volatile)

    # --- tools

    tell_path = ".*"

    def secrets(self, simulator: Any) -> list[str]:
        raise NotImplementedError

    def whole(self, simulator: Simulator) -> Window:
        return Window(None, simulator.clock.now())

    def everything(self, simulator: Simulator, stream: str, since: datetime | None = None) -> list[Item]:
        window = Window(since, simulator.clock.now())
        return [item for page in self.open_source(simulator).read(stream, window) for item in page]

    def parse(self, stream: str, payload: Any) -> Any:
        assert self.connector.parse
        return self.connector.parse(stream, payload)

    @pytest.fixture
    def no_pauses(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("connectors.http.time.sleep", lambda seconds: None)


def without(value: Any, places: tuple[str, ...]) -> Any:
    """A copy without the places that a stream calls volatile: dotted, `*` for every element of a list."""
    whole = copy.deepcopy(value)
    for place in places:
        _drop(whole, place.split("."))
    return whole


def _drop(value: Any, parts: list[str]) -> None:
    if isinstance(value, list) and parts[0] == "*":
        for one in value:
            _drop(one, parts[1:])
    elif isinstance(value, dict) and len(parts) == 1:
        value.pop(parts[0], None)
    elif isinstance(value, dict) and parts[0] in value:
        _drop(value[parts[0]], parts[1:])


def volatile_of_item(places: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(place.removeprefix("item.") for place in places if place.startswith("item."))
