"""Every line of the crash table: a real process is killed there, and the ledger still holds each document once."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator

import pytest

from audit.models import Lane, LaneKind, RecordState
from audit.sync.lanes import lanes_wake
from connectors.odoo.preflight import Preflight
from tests.audit.mortal import wait, wait_asleep, wake_up, worker_start
from tests.audit.scene import (
    RULE,
    account_delete,
    assert_each_once,
    finish,
    leases_end,
    post,
    posting_states,
    read,
    row,
    scene,
    states,
    time_passes,
    writes,
)
from tests.flows.world import World

pytestmark = pytest.mark.django_db(transaction=True)

RECORDS = 12
KILLED = -signal.SIGKILL

READ_STEPS = ("before the payload commits", "after the payload commits, before the mark moves")
POST_STEPS = (
    "before the intent commits",
    "intent committed, call not made",
    "between load and post",
    "posted, answer lost",
    "read but not committed",
)


@pytest.fixture
def served() -> Iterator[World]:
    """A world whose simulators answer over HTTP, so that other processes can reach them."""
    with scene("crash", records=RECORDS, is_served=True) as made:
        yield made


def worker(step: str, made: World, name: str, kind: LaneKind) -> int:
    """Run a worker to its end, or to its death; answers its exit code."""
    return wait(worker_start(step, made.connection(name).pk, [kind.value]))


@pytest.mark.parametrize("step", READ_STEPS)
def test_a_reader_killed_there_loses_and_doubles_nothing(served: World, step: str) -> None:
    lanes_wake(served.connection("Brex").pk, LaneKind.READ)
    assert worker(step, served, "Brex", LaneKind.READ) == KILLED
    finish(served)
    assert_each_once(served, RECORDS)


@pytest.mark.parametrize("step", POST_STEPS)
def test_a_poster_killed_there_leaves_each_document_once(served: World, step: str) -> None:
    read(served)
    assert worker(step, served, "Odoo", LaneKind.POST) == KILLED
    finish(served)
    assert_each_once(served, RECORDS)


def test_a_teller_killed_after_the_call_tells_once(served: World) -> None:
    read(served)
    post(served)
    assert worker("told, answer lost", served, "Brex", LaneKind.TELL) == KILLED
    finish(served)
    assert_each_once(served, RECORDS)


@pytest.mark.parametrize(
    ("step", "loads_after_waking"),
    [("asleep before the call", 0), ("asleep with the request on its lips", 1), ("asleep after the call", 0)],
)
def test_a_zombie_is_refused_at_its_commit_and_the_document_stays_once(
    served: World, step: str, loads_after_waking: int
) -> None:
    """It sleeps until another worker has taken its lane, then wakes up and goes on as if nothing had happened."""
    read(served)
    sleeper = worker_start(step, served.connection("Odoo").pk, [LaneKind.POST.value])
    wait_asleep(sleeper)
    leases_end()
    post(served)
    assert posting_states(served) == {"uncertain": RECORDS}
    loads = writes(served, "/load")
    assert wake_up(sleeper) == 0
    assert writes(served, "/load") == loads + loads_after_waking
    assert posting_states(served) == {"uncertain": RECORDS}, "the zombie wrote an outcome under a lease it had lost"
    finish(served)
    assert_each_once(served, RECORDS)


@pytest.mark.parametrize("step", ["asleep before the call", "asleep with the request on its lips"])
def test_a_zombie_that_wakes_when_all_is_done_adds_nothing(served: World, step: str) -> None:
    read(served)
    sleeper = worker_start(step, served.connection("Odoo").pk, [LaneKind.POST.value])
    wait_asleep(sleeper)
    finish(served)
    assert_each_once(served, RECORDS)
    assert wake_up(sleeper) == 0
    assert_each_once(served, RECORDS)


def test_death_while_bisecting_leaves_the_bad_one_alone_and_posts_the_others(
    served: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One document among thirteen names an account that is gone since we looked; a worker dies between halves."""
    bad = served.purchase("99.00", gl="630000")
    served.apply(rules=[RULE, {**RULE, "when": {"gl_account": "630000"}, "value": "630000"}])
    account_delete(served, "630000")
    monkeypatch.setattr(Preflight, "check", lambda self, documents: [[] for _ in documents])
    read(served)
    assert worker("the second half of a bisected batch", served, "Odoo", LaneKind.POST) == KILLED
    assert {"sending", "posted"} >= posting_states(served).keys()
    finish(served)
    assert states(served) == {RecordState.POSTED: RECORDS, RecordState.HELD: 1}
    assert row(served, bad["id"]).state == RecordState.HELD
    assert posting_states(served) == {"posted": RECORDS, "rejected": 1}
    moves = served.moves()
    assert Counter(move["state"] for move in moves) == {"posted": RECORDS}
    assert max(Counter(move["invoice_origin"] for move in moves).values()) == 1


def test_a_record_on_which_two_workers_died_alone_fails_and_the_others_are_posted(served: World) -> None:
    poison = served.purchase("99.00")
    read(served)
    deaths = 0
    while worker("before the intent of 99.00 commits", served, "Odoo", LaneKind.POST) == KILLED:
        time_passes()
        deaths += 1
        assert deaths < 10
    assert deaths == 3, "once with all in hand, then twice alone"
    assert states(served) == {RecordState.POSTED: RECORDS, RecordState.FAILED: 1}
    failed = row(served, poison["id"])
    assert failed.state == RecordState.FAILED
    assert "workers died" in failed.reason
    assert failed.holds.get().problem.code == "internal"
    assert sorted(move["amount_total"] for move in served.moves(state="posted"))[-1] < 99
    assert not Lane.objects.exclude(in_hand=[]).exists()
    assert not Lane.objects.exclude(deaths={}).exists()
