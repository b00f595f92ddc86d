"""Every line of the crash table: a real process is killed there, and the ledger still holds each document once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from django.db import connection as database

from audit.models import FollowUp, Lane, LaneKind, Posting, PostingState, RecordState, SyncRecord
from audit.sync.lanes import lanes_wake
from audit.sync.turns import lane_work
from connectors.simulation import serve
from tests.flows.world import World, world

pytestmark = pytest.mark.django_db(transaction=True)

RECORDS = 12
FLOW = {
    "name": "records", "source": "Brex", "stream": "accounting_records", "ledger": "Odoo", "company": "1",
    "state": "on", "policies": {"attach_receipts": False},
}  # fmt: skip
BOOKS = {"ledger": "Odoo", "company": "1", "usual_roles": True, "roles": [{"role": "EMREC", "account": "110500"}]}
RULE = {"target": "account", "when": {"gl_account": "600000"}, "value": "600000", "ledger": "Odoo", "company": "1"}

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
    with ExitStack() as stack:
        made = stack.enter_context(world("crash"))
        brex, odoo = stack.enter_context(serve(made.brex)), stack.enter_context(serve(made.odoo))
        made.parts["connections"][0]["address"] = brex.url
        made.parts["connections"][1]["address"] = odoo.url
        for number in range(RECORDS):
            made.purchase(f"{10 + number}.50")
        made.apply(flows=[FLOW], books=[BOOKS], rules=[RULE])
        yield made


def work(made: World, name: str, kind: LaneKind) -> None:
    """A living worker, in this process."""
    lanes_wake(made.connection(name).pk, kind)
    while lane_work([kind], connection_id=made.connection(name).pk):
        pass


def worker(step: str, made: World, name: str, kind: LaneKind) -> int:
    """Run a worker to its end, or to its death; answers its exit code."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.audit.mortal", step, str(made.connection(name).pk), kind.value],
        env={**os.environ, "MORTAL_DATABASE": str(database.settings_dict["NAME"])},
        timeout=120,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode


def time_passes() -> None:
    """Leases run out and settling times end, as they would by the database's clock."""
    with database.cursor() as cursor:
        cursor.execute("UPDATE audit_lane SET lease_until = clock_timestamp() - interval '1 second', due_at = now()")
        cursor.execute("UPDATE audit_posting SET settle_at = now() WHERE settle_at IS NOT NULL OR state = 'sending'")
        cursor.execute("UPDATE audit_followup SET due_at = now() WHERE state = 'due'")


def finish(made: World) -> None:
    """Living workers take over."""
    for name, kind in (
        ("Brex", LaneKind.READ),
        ("Odoo", LaneKind.POST),
        ("Odoo", LaneKind.POST),
        ("Brex", LaneKind.TELL),
    ):
        time_passes()
        work(made, name, kind)


def assert_each_once(made: World) -> None:
    """Counted in the ledger itself, not in our tables."""
    moves = made.moves(state="posted")
    assert len(moves) == RECORDS
    assert max(Counter(move["ref"] for move in moves).values()) == 1
    assert [move for move in made.moves() if move["state"] != "posted"] == []
    assert set(SyncRecord.objects.values_list("state", flat=True)) == {RecordState.POSTED}
    assert Counter(Posting.objects.values_list("state", flat=True)) == {PostingState.POSTED: RECORDS}
    assert set(FollowUp.objects.values_list("state", flat=True)) == {"done"}
    assert {record["review_status"] for record in made.brex.store.records} == {"EXPORTED"}


@pytest.mark.parametrize("step", READ_STEPS)
def test_a_reader_killed_there_loses_and_doubles_nothing(served: World, step: str) -> None:
    lanes_wake(served.connection("Brex").pk, LaneKind.READ)
    assert worker(step, served, "Brex", LaneKind.READ) == -signal.SIGKILL
    finish(served)
    assert_each_once(served)


@pytest.mark.parametrize("step", POST_STEPS)
def test_a_poster_killed_there_leaves_each_document_once(served: World, step: str) -> None:
    work(served, "Brex", LaneKind.READ)
    assert worker(step, served, "Odoo", LaneKind.POST) == -signal.SIGKILL
    finish(served)
    assert_each_once(served)


def test_a_teller_killed_after_the_call_tells_once(served: World) -> None:
    work(served, "Brex", LaneKind.READ)
    work(served, "Odoo", LaneKind.POST)
    assert worker("told, answer lost", served, "Brex", LaneKind.TELL) == -signal.SIGKILL
    finish(served)
    assert_each_once(served)


def test_two_workers_that_die_alone_on_a_record_fail_it_and_free_the_others(served: World) -> None:
    work(served, "Brex", LaneKind.READ)
    for _ in range(2 + RECORDS):
        time_passes()
        if worker("before the intent commits", served, "Odoo", LaneKind.POST) == 0:
            break
    assert SyncRecord.objects.filter(state=RecordState.FAILED).exists()
    assert (
        not Lane.objects.exclude(in_hand=[]).exists() or SyncRecord.objects.filter(state=RecordState.RECEIVED).exists()
    )
