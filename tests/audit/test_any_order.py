"""Whatever happens in whatever order: in the end the books say what the source says, and no stamp stands twice.

`MLC_PROPERTY_EXAMPLES` makes it try more sequences than the few of every day.
"""

from __future__ import annotations

import os
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from audit.models import LaneKind, RecordState, SyncRecord
from audit.sync.lanes import lanes_wake
from audit.sync.replay import replay
from audit.sync.turns import lane_work
from tests.audit.scene import change, finish, flow, post, read_all, row, scene, tell, time_passes
from tests.flows.world import World

pytestmark = pytest.mark.django_db(transaction=True)

EXAMPLES = int(os.environ.get("MLC_PROPERTY_EXAMPLES", "6"))
FAULTS = ("commit_then_drop", "drop", "truncated", "html", "status")
PATHS = (r"account\.move/load", r"account\.move/action_post", r"account\.move/search_read", r"move\.line/search_read")

amounts = st.integers(1, 99_999).map(lambda cents: Decimal(cents) / 100)
steps = st.one_of(
    st.tuples(st.just("buy"), amounts),
    st.tuples(st.just("change"), st.integers(0, 9), amounts),
    st.tuples(st.just("touch"), st.integers(0, 9)),
    st.tuples(st.just("read")),
    st.tuples(st.just("post")),
    st.tuples(st.just("tell")),
    st.tuples(st.just("fault"), st.sampled_from(FAULTS), st.sampled_from(PATHS), st.integers(0, 2)),
    st.tuples(st.just("crash"), st.sampled_from(("intent", "answer"))),
    st.tuples(st.just("time")),
    st.tuples(st.just("replay")),
)


class Died(BaseException):
    """The worker is gone: no handler of ours may catch it."""


def step_take(made: World, step: tuple[Any, ...], records: list[dict[str, Any]]) -> None:
    match step:
        case ("buy", amount):
            records.append(made.purchase(str(amount)))
        case ("change", at, amount) if records:
            change(made, records[at % len(records)], amount)
        case ("touch", at) if records:
            made.brex.control("change_record", {"id": records[at % len(records)]["id"], "changes": {}})
        case ("read",):
            read_all(made)
        case ("post",):
            post(made)
        case ("tell",):
            tell(made)
        case ("fault", kind, path, skip):
            made.odoo.fail(kind, path, status=502, skip=skip)
        case ("crash", where):
            crash(made, where)
        case ("time",):
            time_passes()
        case ("replay",):
            replay(SyncRecord.objects.values_list("id", flat=True), by="test", reason="any order")


def crash(made: World, where: str) -> None:
    """A worker dies with the intent committed, or with the answer in its hands."""
    import audit.sync.post as engine
    from audit.sync.freeze import Freezer

    owner, name = (Freezer, "commit") if where == "intent" else (engine, "apply_outcomes")
    real = getattr(owner, name)

    def dying(*args: Any, **kwargs: Any) -> Any:
        if where == "intent":
            real(*args, **kwargs)
        raise Died

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, dying)
        lanes_wake(made.connection("Odoo").pk, LaneKind.POST)
        try:
            lane_work([LaneKind.POST], connection_id=made.connection("Odoo").pk)
        except Died:
            return


def settle(made: World) -> None:
    """No more faults; workers until nothing moves."""
    made.odoo.faults.clear()
    for _ in range(6):
        finish(made)
        read_all(made)
        if not SyncRecord.objects.filter(state__in=[RecordState.RECEIVED, RecordState.POSTING]).exists():
            break


def net_of(made: World, record_id: str) -> Decimal:
    """What all documents of a record did to the expense account together."""
    expense = min(
        one["id"] for one in made.odoo.store.tables["account.account"].values() if "600000" in str(one["code_store"])
    )
    return sum(
        (
            line["balance"]
            for move in made.moves(state="posted")
            if str(move["invoice_origin"]).split(":")[1] == record_id
            for line in move["lines"]
            if line["account_id"] == expense
        ),
        Decimal(0),
    )


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES <= 6,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(sequence=st.lists(steps, min_size=8, max_size=25))
def test_in_the_end_the_books_say_what_the_source_says(sequence: list[tuple[Any, ...]]) -> None:
    call_command("flush", interactive=False, verbosity=0)
    with scene("order", flows=[flow(change_after_posting="reverse_and_repost")]) as made:
        records = [made.purchase("5.00")]
        for step in sequence:
            note(str(step))
            step_take(made, step, records)
        settle(made)
        stamps = Counter(move["invoice_origin"] for move in made.moves())
        assert stamps.most_common(1)[0][1] == 1, stamps
        assert {move["state"] for move in made.moves()} == {"posted"}
        for record in records:
            latest = next(one for one in made.brex.store.records if one["id"] == record["id"])
            assert row(made, record["id"]).state == RecordState.POSTED
            assert net_of(made, record["id"]) == latest["amount"]["amount"], (record["id"], sequence)
