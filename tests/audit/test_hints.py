"""A hint is closed only by a reading that began after it was given, and only when the source shows what it names."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import HighWaterMark, Hint, Lane, LaneKind, Problem, RecordVersion, SyncRecord
from audit.sync.hinting import hints_add
from audit.sync.lanes import lanes_wake
from audit.sync.turns import lane_work
from connectors.brex.source import BrexSource
from connectors.errors import PayloadError, RejectedError, TransportError
from connectors.models import Connection
from tests.audit.scene import BOOKS, FLOW, RULE
from tests.flows.world import World, world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hinted() -> Iterator[World]:
    with world("hints") as made:
        made.set_up(flows=[FLOW], books=[BOOKS], rules=[RULE])
        made.sync("records")
        yield made


def give(connection: Connection, external_id: str) -> None:
    hints_add([(connection.tenant_id, connection.pk, "accounting_records", external_id)])


def read(connection: Connection) -> None:
    lanes_wake(connection.pk, LaneKind.READ)
    lane_work([LaneKind.READ], connection_id=connection.pk)


def test_hints_of_one_record_coalesce_and_are_served_once(hinted: World) -> None:
    brex, record = hinted.connection("Brex"), hinted.purchase("10.00")
    for _ in range(3):
        give(brex, record["id"])
    assert Hint.objects.count() == 1
    read(brex)
    assert Hint.objects.get().done_at is not None
    assert SyncRecord.objects.get().external_id == record["id"]


def test_a_hint_given_while_its_record_is_being_read_is_served_again(
    hinted: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    brex, record = hinted.connection("Brex"), hinted.purchase("10.00")
    give(brex, record["id"])
    real, asked = BrexSource.fetch, []

    def fetch(self: BrexSource, stream: str, ids: list[str]) -> object:
        items = real(self, stream, ids)
        asked.append(list(ids))
        if len(asked) == 1:  # it changes right after it was read, and the vendor says so
            money = {"amount": 20, "currency": "USD"}
            hinted.brex.control("change_record", {"id": record["id"], "changes": {"amount": money, "memo": "changed"}})
            give(brex, record["id"])
        return items

    monkeypatch.setattr(BrexSource, "fetch", fetch)
    read(brex)
    assert asked == [[record["id"]]] * 2
    assert SyncRecord.objects.get().version == 2
    assert not Hint.objects.filter(done_at__isnull=True).exists()


def test_a_record_that_the_source_does_not_show_yet_is_asked_for_again(hinted: World) -> None:
    brex = hinted.connection("Brex")
    give(brex, "accr_later")
    read(brex)
    hint = Hint.objects.get()
    assert hint.done_at is None
    assert hint.due_at > timezone.now()
    Hint.objects.update(created_at=timezone.now() - timedelta(minutes=11), due_at=timezone.now())
    read(brex)
    assert Hint.objects.get().done_at is not None


@pytest.mark.parametrize("error", [RejectedError("No such id."), PayloadError("Not as documented.")])
def test_a_hint_that_the_source_refuses_stops_neither_others_nor_the_windows(
    hinted: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    brex, good, unhinted = hinted.connection("Brex"), hinted.purchase("10.00"), hinted.purchase("11.00")
    for external_id in ("accr_bad", good["id"], "accr_odd"):
        give(brex, external_id)
    real = BrexSource.fetch

    def fetch(self: BrexSource, stream: str, ids: list[str]) -> object:
        if "accr_bad" in ids:
            raise error
        return real(self, stream, ids)

    monkeypatch.setattr(BrexSource, "fetch", fetch)
    HighWaterMark.objects.update(due_at=timezone.now())
    read(brex)
    assert set(SyncRecord.objects.values_list("external_id", flat=True)) == {good["id"], unhinted["id"]}
    assert RecordVersion.objects.filter(record__external_id=good["id"], came_by="hint").exists()
    assert Problem.objects.get(state="open").code == "hint_refused"
    assert Hint.objects.get(external_id=good["id"]).done_at is not None
    assert Hint.objects.get(external_id="accr_bad").done_at is None, "asked for again for a while"


def test_hints_that_the_source_cannot_answer_now_leave_the_windows_to_find_their_records(
    hinted: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    brex, bought = hinted.connection("Brex"), hinted.purchase("10.00")
    give(brex, bought["id"])

    def fetch(self: BrexSource, stream: str, ids: list[str]) -> object:
        raise TransportError("The call by ids is down.")

    monkeypatch.setattr(BrexSource, "fetch", fetch)
    HighWaterMark.objects.update(due_at=timezone.now())
    read(brex)
    assert SyncRecord.objects.get().external_id == bought["id"]
    assert Hint.objects.get().due_at > timezone.now()


def test_a_stream_that_is_not_granted_leaves_its_hints_alone_for_an_hour(
    hinted: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    brex = hinted.connection("Brex")
    give(brex, "accr_1")

    def fetch(self: BrexSource, stream: str, ids: list[str]) -> object:
        raise RejectedError("Not granted.", code="feature_denied")

    monkeypatch.setattr(BrexSource, "fetch", fetch)
    read(brex)
    assert Hint.objects.get().due_at > timezone.now() + timedelta(minutes=50)
    lane = Lane.objects.get(connection=brex, kind=LaneKind.READ)
    assert lane.due_at is not None
    assert lane.due_at > timezone.now(), "and the lane does not turn for nothing"
