"""Does what stops one company or one flow leave the others working, and is each flow served in its turn?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from audit.models import Lane, LaneKind, Posting, Problem, SyncRecord
from audit.sync.lanes import lanes_wake, lease_next
from connectors.base import LedgerFacts, LookupBlindError
from connectors.errors import AuthenticationError, ConfigurationError, ConnectorError, RejectedError
from connectors.models import Connection, ConnectionState
from connectors.odoo.ledger import OdooLedger
from mappings.models import Flow
from tests.audit.scene import BOOKS, FLOW, post, read, scene, time_passes, work
from tests.flows.world import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def made() -> Iterator[World]:
    """Two purchases for company 1, and beside them two that belong to a flow of company 2, which is older."""
    with scene("parts", records=4) as one:
        read(one)
        first = one.flow("records")
        other = Connection.objects.get(pk=first.source_id)
        other.pk, other._state.adding, other.name, other.identity = None, True, "Other Brex", "other"
        Connection.objects.bulk_create([other])
        second = Flow.objects.get(pk=first.pk)
        second.source = other
        second.pk, second._state.adding = None, True
        second.name, second.stream, second.company, second.schedule = "others", "expenses", "2", None
        Flow.objects.bulk_create([second])
        for row in SyncRecord.objects.order_by("id")[:2]:
            SyncRecord.objects.filter(pk=row.pk).update(flow=second, due_at="2020-01-01T00:00Z")
        yield one


def stop_facts(patch: pytest.MonkeyPatch, error: Exception, company: str = "2") -> None:
    real = OdooLedger.facts

    def facts(self: OdooLedger, of: str, wanted: frozenset[tuple[str, date]]) -> LedgerFacts:
        if of == company:
            raise error
        return real(self, of, wanted)

    patch.setattr(OdooLedger, "facts", facts)


STOPS: dict[str, Exception] = {
    "a right is missing in one company": ConfigurationError("The integration user lacks the company."),
    "one company's facts are refused": RejectedError("No such thing."),
    "a bug of ours": ZeroDivisionError(),
}


@pytest.mark.parametrize("error", STOPS.values(), ids=STOPS.keys())
def test_what_stops_one_company_is_told_and_the_other_goes_on(
    made: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    with monkeypatch.context() as patch:
        stop_facts(patch, error)
        post(made)
    assert made.connection("Odoo").state == ConnectionState.OK
    assert len(made.moves()) == 2, "company 1 is posted"
    problem = Problem.objects.get(state="open")
    assert problem.code == (error.code if isinstance(error, ConnectorError) else "internal")
    assert "company 2" in problem.message or "others" in problem.message
    lane = Lane.objects.get(connection__name="Odoo", kind=LaneKind.POST)
    assert lane.due_at is not None
    assert 0 < (lane.due_at - timezone.now()).total_seconds() <= 60, "it is tried again, and not at once"
    time_passes()
    post(made)
    assert not Problem.objects.filter(state="open", pk=problem.pk).exists(), "it works again"


def test_a_look_up_that_is_blind_in_one_company_does_not_stop_the_other(
    made: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = OdooLedger.find

    def find(self: OdooLedger, company: str, batch: Any, *, known: str = "") -> Any:
        if company == "2":
            raise LookupBlindError("A search does not show what is there.")
        return real(self, company, batch, known=known)

    monkeypatch.setattr(OdooLedger, "find", find)
    made.odoo.fail("commit_then_drop", "account.move/action_post")
    post(made)
    assert Posting.objects.filter(state="uncertain").exists()
    row = SyncRecord.objects.filter(flow__name="others")[0]
    copy = Posting.objects.first()
    assert copy is not None
    copy.pk, copy._state.adding = None, True
    copy.record, copy.company, copy.key, copy.stamp, copy.state = row, "2", "brex:other", "brex:other", "uncertain"
    copy.save()
    time_passes()
    post(made)
    assert made.connection("Odoo").state == ConnectionState.OK
    assert {one["state"] for one in made.moves()} == {"posted"}
    assert set(Posting.objects.filter(company="1").values_list("state", flat=True)) == {"posted"}
    assert Problem.objects.filter(state="open", code="lookup_blind").exists()


def test_a_refused_credential_stops_the_whole_ledger(made: World, monkeypatch: pytest.MonkeyPatch) -> None:
    stop_facts(monkeypatch, AuthenticationError("The API key is refused."))
    post(made)
    assert made.connection("Odoo").state == ConnectionState.BROKEN


def test_what_stops_every_company_stops_the_ledger(made: World, monkeypatch: pytest.MonkeyPatch) -> None:
    Flow.objects.filter(name="others").update(state="off")
    stop_facts(monkeypatch, ConfigurationError("The integration user lacks the company."), company="1")
    post(made)
    assert made.connection("Odoo").state == ConnectionState.BROKEN
    assert made.moves() == []


def test_a_flow_with_a_long_backlog_leaves_its_turn_to_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OdooLedger, "batch_size", 2)
    vendors = {
        "name": "vendors", "source": "Brex", "stream": "vendors", "ledger": "Odoo", "company": "1",
        "document": "vendor", "policies": {"vendor": "create"}, "state": "on",
    }  # fmt: skip
    with scene("turns", records=6, flows=[FLOW, vendors], books=[BOOKS]) as made:
        made.brex.control("add_vendor", {"company_name": "Bay Stationery"})
        read(made)
        assert made.flow("vendors").pk > made.flow("records").pk
        post(made)
        kinds = list(Posting.objects.order_by("id").values_list("document_type", flat=True))
        assert len(kinds) == 7
        assert kinds.index("new_vendor") == 2, "after the first batch of the other, not after its last"


def test_a_lane_remembers_the_flow_that_had_the_last_turn() -> None:
    with scene("last") as made:
        connection = made.connection("Odoo")
        lanes_wake(connection.pk, LaneKind.POST)
        first = lease_next([LaneKind.POST], connection_id=connection.pk)
        assert first is not None
        first.renew(1, [5], flow_served=7)
        first.renew(1)
        first.release(None)
        lanes_wake(connection.pk, LaneKind.POST)
        second = lease_next([LaneKind.POST], connection_id=connection.pk)
        assert second is not None
        assert second.flow_served == first.flow_served == 7


def test_what_another_slot_has_to_do_makes_no_lane_due() -> None:
    with scene("slots", records=2) as made:
        made.parts["connections"][1]["settings"] = {"post_lanes": 2}
        made.apply()
        connection = made.connection("Odoo")
        read(made)
        Lane.objects.filter(connection=connection, kind=LaneKind.POST, slot=1).update(due_at=None)
        post(made)
        lane = Lane.objects.get(connection=connection, kind=LaneKind.POST, slot=0)
        assert lane.due_at is not None
        assert (lane.due_at - timezone.now()).total_seconds() > 3000, "the other slot's record is not its own"


def test_a_lane_that_is_one_too_many_leaves_all_to_the_others() -> None:
    """There were two post lanes once; the second still wakes up now and then."""
    with scene("less", records=2) as made:
        read(made)
        Lane.objects.filter(kind=LaneKind.POST).update(due_at=None)
        work(made, "Odoo", LaneKind.POST, slots=[1])
        surplus = Lane.objects.get(connection__name="Odoo", kind=LaneKind.POST, slot=1)
        assert surplus.due_at is None
        assert surplus.served_at is not None
        assert made.moves() == []
        post(made)
        assert len(made.moves()) == 2
