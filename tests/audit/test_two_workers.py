"""Two workers on the same lanes, one of them killed now and then: each document is in the ledger once."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter

import pytest

from audit.models import LaneKind, PostingState, RecordState
from audit.sync.lanes import lanes_wake
from connectors.models import Connection
from tests.audit.mortal import NONE, wait, worker_start
from tests.audit.scene import leases_end, posting_states, scene, states, time_passes
from tests.flows.world import World

pytestmark = pytest.mark.django_db(transaction=True)

RECORDS = 300
ROUNDS = 30
KINDS = [kind.value for kind in LaneKind]


def wake(made: World, lanes: int) -> None:
    lanes_wake(made.connection("Brex").pk, LaneKind.READ)
    lanes_wake(made.connection("Brex").pk, LaneKind.TELL)
    lanes_wake(made.connection("Odoo").pk, LaneKind.POST, slots=range(lanes))


@pytest.mark.parametrize("post_lanes", [1, 2])
def test_two_workers_of_which_one_is_killed_at_random_post_each_document_once(post_lanes: int) -> None:
    chance = random.Random(post_lanes)
    with scene("pair", records=RECORDS, is_served=True) as made:
        Connection.objects.filter(vendor="odoo").update(settings={"post_lanes": post_lanes})
        kills = 0
        for _ in range(ROUNDS):
            wake(made, post_lanes)
            pair = [worker_start(NONE, None, KINDS) for _ in range(2)]
            time.sleep(chance.uniform(0.05, 0.6))
            victim = chance.choice(pair)
            os.kill(victim, signal.SIGKILL)
            codes = [wait(pid) for pid in pair]
            kills += codes.count(-signal.SIGKILL)
            assert set(codes) <= {0, -signal.SIGKILL}
            leases_end()
            time_passes()
            if states(made) == {RecordState.POSTED: RECORDS}:
                break
        assert kills, "nobody died, so nothing was proved"
        moves = made.moves()
        assert Counter(move["state"] for move in moves) == {"posted": RECORDS}
        assert max(Counter(move["invoice_origin"] for move in moves).values()) == 1
        assert sum(move["amount_total"] for move in moves) == sum(
            record["amount"]["amount"] for record in made.brex.store.records
        )
        assert states(made) == {RecordState.POSTED: RECORDS}
        assert posting_states(made) == {PostingState.POSTED: RECORDS}
