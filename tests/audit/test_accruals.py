"""Spending that is held when its month ends is accrued and reversed; its real entry comes after the reversal (G19)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from audit.models import Posting, PostingState, RecordState, SyncRecord
from audit.sync.accruals import month_end_before
from tests.audit.scene import BOOKS, FLOW, RULE
from tests.flows.world import World, world

pytestmark = pytest.mark.django_db(transaction=True)

ACCRUING = {**FLOW, "policies": {"attach_receipts": False, "month_end_accrual": True, "accrual_account": "962000"}}


@pytest.fixture
def accruing() -> Iterator[World]:
    with world("accrual") as made:
        day = month_end_before(datetime.now(UTC).date()) - timedelta(days=2)
        made.purchase("75.00", gl="699900", day=day.isoformat())  # a code that the ledger does not have
        made.set_up(flows=[ACCRUING], books=[BOOKS], rules=[RULE])
        yield made


def test_a_held_purchase_is_accrued_on_the_last_day_and_reversed_on_the_next(accruing: World) -> None:
    end = month_end_before(datetime.now(UTC).date())
    for _ in range(2):
        accruing.sync("records")
    assert SyncRecord.objects.get().state == RecordState.HELD
    moves = sorted(accruing.moves(state="posted"), key=lambda move: str(move["date"]))
    assert [str(move["date"]) for move in moves] == [str(end), str(end + timedelta(days=1))]
    assert {move["ref"].rpartition(":acc")[1] for move in moves} == {":acc"}
    assert [(one.purpose, one.state) for one in Posting.objects.order_by("id")] == [
        ("acc", PostingState.REVERSED),
        ("acc", PostingState.POSTED),
    ]


def test_the_real_entry_is_dated_not_before_the_reversal(accruing: World) -> None:
    for _ in range(2):
        accruing.sync("records")
    accruing.apply(rules=[RULE, {**RULE, "when": {"gl_account": "699900"}, "value": "612000"}])
    accruing.sync("records")
    assert SyncRecord.objects.get().state == RecordState.POSTED
    real = Posting.objects.get(purpose="")
    assert real.posting_on == month_end_before(datetime.now(UTC).date()) + timedelta(days=1)
    assert len(accruing.moves(state="posted")) == 3
