"""A hint is closed only by a reading that began after it was given, and only when the source shows what it names."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import Hint, LaneKind, SyncRecord
from audit.sync.hinting import hints_add
from audit.sync.lanes import lanes_wake
from audit.sync.turns import lane_work
from connectors.brex.source import BrexSource
from connectors.models import Connection
from tests.audit.scene import BOOKS, FLOW, RULE
from tests.flows.world import World, world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hinted() -> Iterator[World]:
    with world("hints") as made:
        made.apply(flows=[FLOW], books=[BOOKS], rules=[RULE])
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
