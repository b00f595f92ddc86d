"""Above the tenant's threshold one person proposes a decision and another confirms it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from audit.models import AuditEvent, RecordState, SyncRecord
from audit.sync.replay import RefusedReplayError, record_choose
from tests.audit.scene import BOOKS, FLOW, RULE
from tests.flows.world import World, world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def held() -> Iterator[World]:
    """One record of 900.00 without a mapping, and a tenant that wants two people above 500."""
    with world("second") as made:
        made.purchase("900.00", gl="699900")
        made.set_up(flows=[FLOW], books=[BOOKS], rules=[RULE])
        tenant = made.tenant
        tenant.thresholds = {"second_person": 500}
        tenant.save()
        made.sync("records")
        yield made


def choose(by: str, account: str = "612000") -> bool:
    return record_choose(SyncRecord.objects.get(), {"account": account}, by=by, reason="agreed with the controller")


def test_one_person_alone_only_proposes(held: World) -> None:
    assert [choose("ana"), choose("ana")] == [False, False]
    held.sync("records")
    assert SyncRecord.objects.get().state == RecordState.HELD
    assert held.moves() == []


def test_another_person_who_says_something_else_only_proposes_too(held: World) -> None:
    assert [choose("ana"), choose("ben", "630000")] == [False, False]
    assert SyncRecord.objects.get().state == RecordState.HELD


def test_a_second_person_confirms_and_both_are_in_the_trail(held: World) -> None:
    assert [choose("ana"), choose("ben")] == [False, True]
    held.sync("records")
    assert SyncRecord.objects.get().state == RecordState.POSTED
    assert len(held.moves(state="posted")) == 1
    actors = AuditEvent.objects.filter(kind__in=["record.proposed", "record.chosen"]).order_by("id")
    assert list(actors.values_list("kind", "actor")) == [("record.proposed", "ana"), ("record.chosen", "ben")]


def test_a_decision_without_a_reason_is_refused(held: World) -> None:
    with pytest.raises(RefusedReplayError, match="reason"):
        record_choose(SyncRecord.objects.get(), {"account": "612000"}, by="ana", reason=" ")
