"""What is known of a batch whose worker died? One document may have left; what never left is sent, and asks nobody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from audit.models import LaneKind, Posting, Problem
from audit.sync import leaving
from audit.sync.lanes import lanes_wake
from audit.sync.turns import lane_work
from connectors.zoho_books.client import ZohoClient
from tests.audit.scene import leases_end, read_all, time_passes, work
from tests.flows.zoho import ZohoBooksWorld, zoho_world

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 8


class Killed(BaseException):
    """As SIGKILL: nobody catches it, nothing is given back."""


@pytest.fixture
def made() -> Iterator[ZohoBooksWorld]:
    with zoho_world("zoho-deaths") as one:
        one.run(1)
        for number in range(MANY):
            one.purchase(f"{10 + number}.50")
        read_all(one)
        yield one


def die(made: ZohoBooksWorld, patch: pytest.MonkeyPatch, at: int, *, is_sent: bool) -> None:
    """A worker that is killed at its so manieth write, before the request leaves or after it was answered."""
    write, count = ZohoClient.write, 0

    def mortal(client: ZohoClient, *arguments: Any, **options: Any) -> Any:
        nonlocal count
        count += 1
        answer = write(client, *arguments, **options) if count < at or is_sent else None
        if count == at:
            raise Killed
        return answer

    lanes_wake(made.connection("Zoho").pk, LaneKind.POST)
    with patch.context() as within:
        within.setattr(ZohoClient, "write", mortal)
        with pytest.raises(Killed):
            lane_work([LaneKind.POST], connection_id=made.connection("Zoho").pk)
    leases_end()


def searches(made: ZohoBooksWorld) -> int:
    return made.calls("GET", "/journals")


@pytest.mark.parametrize("is_sent", [False, True])
def test_only_what_may_have_left_is_looked_up(
    made: ZohoBooksWorld, monkeypatch: pytest.MonkeyPatch, is_sent: bool
) -> None:
    die(made, monkeypatch, 3, is_sent=is_sent)
    posted = len(made.held("journals"))
    assert posted == (3 if is_sent else 2)
    work(made, "Zoho", LaneKind.POST)
    states = list(Posting.objects.order_by("id").values_list("state", flat=True))
    assert states == ["uncertain"] * 3 + ["posted"] * (MANY - 3), "what never left was sent at once, and not looked for"
    time_passes()
    work(made, "Zoho", LaneKind.POST)
    assert set(Posting.objects.values_list("state", flat=True)) == {"posted"}
    assert set(made.stamps().values()) == {1}
    assert len(made.held("journals")) == MANY


def test_what_never_left_outlives_many_deaths_and_asks_nobody(
    made: ZohoBooksWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        die(made, monkeypatch, 1, is_sent=True)
        time_passes()
    last = Posting.objects.order_by("id").last()
    assert last is not None
    assert (last.attempts, last.absences) == (1, 0)
    for _ in range(3):
        time_passes()
        work(made, "Zoho", LaneKind.POST)
    assert set(Posting.objects.values_list("state", flat=True)) == {"posted"}
    assert set(made.stamps().values()) == {1}
    assert not Problem.objects.filter(tenant=made.tenant, state="open").exists()


def test_a_worker_whose_lane_was_taken_marks_nothing_and_sends_nothing(
    made: ZohoBooksWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lane is taken by another between two of its documents: the other sends the rest, it sends none of them."""
    mark, count = leaving.posting_leaves, 0

    def late(lease: Any, stamp: str) -> None:
        nonlocal count
        count += 1
        if count == 3:
            leases_end()
            work(made, "Zoho", LaneKind.POST)
        mark(lease, stamp)

    monkeypatch.setattr("audit.sync.turns.posting_leaves", late)
    work(made, "Zoho", LaneKind.POST)
    time_passes()
    work(made, "Zoho", LaneKind.POST)
    assert set(Posting.objects.values_list("state", flat=True)) == {"posted"}
    assert set(made.stamps().values()) == {1}
    assert len(made.held("journals")) == MANY
