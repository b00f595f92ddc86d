"""What if a document is half in the ledger, or a batch half answered, and a person was there meanwhile?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest

from audit.models import Posting, PostingState, Problem, RecordState
from audit.sync.replay import replay
from connectors.odoo.preflight import Preflight
from tests.audit.scene import (
    RULE,
    account_archive,
    assert_each_once,
    bill,
    finish,
    flow,
    post,
    posting_states,
    read,
    read_all,
    row,
    scene,
    states,
    time_passes,
    writes,
)
from tests.flows.world import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def draft() -> Iterator[World]:
    """One purchase that is loaded and not posted: the call between was lost."""
    with scene("half", records=1) as made:
        read(made)
        made.odoo.fail("drop", "account.move/action_post")
        post(made)
        assert [move["state"] for move in made.moves()] == ["draft"]
        assert posting_states(made) == {PostingState.UNCERTAIN: 1}
        yield made


def test_a_draft_is_completed_and_stays_the_same_document(draft: World) -> None:
    [before] = draft.moves()
    finish(draft)
    assert_each_once(draft, 1)
    assert draft.moves()[0]["id"] == before["id"]


def test_a_draft_that_a_person_touched_is_posted_as_it_was_frozen(draft: World) -> None:
    [touched] = draft.moves()
    day = date.fromisoformat(touched["date"])
    other = day - timedelta(days=1) if day.day > 1 else day + timedelta(days=1)
    draft.odoo.control("edit_move", {"id": touched["id"], "date": other.isoformat()})
    finish(draft)
    assert_each_once(draft, 1)
    assert [move["date"] for move in draft.moves()] == [day.isoformat()]


def test_a_draft_that_a_person_deleted_is_sent_again(draft: World) -> None:
    draft.odoo.control("delete_move", {"id": draft.moves()[0]["id"]})
    finish(draft)
    assert_each_once(draft, 1)
    assert Posting.objects.get().absences == 1


def test_a_draft_that_a_person_cancelled_is_asked_about_and_never_sent_again(draft: World) -> None:
    draft.odoo.control("cancel_move", {"id": draft.moves()[0]["id"]})
    loads = writes(draft, "/load")
    finish(draft)
    finish(draft)
    assert [move["state"] for move in draft.moves()] == ["cancel"]
    assert writes(draft, "/load") == loads
    assert states(draft) == {RecordState.POSTING: 1}
    assert posting_states(draft) == {PostingState.UNCERTAIN: 1}
    assert [problem.code for problem in Problem.objects.filter(state="open")] == ["cancelled_in_ledger"]


def test_what_odoo_refuses_to_post_leaves_no_draft_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """An account is archived after we looked; the documents beside it are posted, that one is gone and held."""
    monkeypatch.setattr(Preflight, "check", lambda self, documents: [[] for _ in documents])
    with scene("half", records=4, rules=[RULE, {**RULE, "when": {"gl_account": "630000"}, "value": "630000"}]) as made:
        bad = made.purchase("99.00", gl="630000")
        account_archive(made, "630000")
        read(made)
        post(made)
        assert Counter(move["state"] for move in made.moves()) == {"posted": 4}
        assert states(made) == {RecordState.POSTED: 4, RecordState.HELD: 1}
        assert posting_states(made) == {PostingState.POSTED: 4, PostingState.REJECTED: 1}
        account_archive(made, "630000", active=True)
        held = row(made, bad["id"])
        assert held.holds.count() == 1
        replay([held.pk], by="ana", reason="It is back.")
        post(made)
        assert states(made) == {RecordState.POSTED: 5}
        assert len(made.moves(invoice_origin=f"brex:{bad['id']}")) == 1
        assert Counter(Posting.objects.filter(record=held).values_list("state", flat=True)) == {
            "rejected": 1, "posted": 1
        }  # fmt: skip


def test_of_a_batch_answered_in_part_only_the_rest_is_uncertain() -> None:
    """An entry and a bill go out together, in two calls; the second call's answer is lost."""
    with scene("half", flows=[flow(vendor="create")]) as made:
        bill(made, "10.00")
        for _ in range(2):
            time_passes()
            read_all(made)
            post(made)
        assert posting_states(made) == {PostingState.POSTED: 2}
        made.purchase("20.00")
        bill(made, "30.00", source="expense_bill_2")
        read_all(made)
        made.odoo.fail("commit_then_drop", "account.move/load", skip=1)
        post(made)
        fresh = dict(Posting.objects.filter(amount__gte=20).values_list("amount", "state"))
        assert Counter(fresh.values()) == {PostingState.POSTED: 1, PostingState.UNCERTAIN: 1}
        loads = writes(made, "/load")
        finish(made)
        assert posting_states(made) == {PostingState.POSTED: 4}
        assert writes(made, "/load") <= loads + 1, "only what had no answer was looked after"
        assert Counter(move["amount_total"] for move in made.moves(state="posted")) == {
            Decimal(10): 1, Decimal(20): 1, Decimal(30): 1
        }  # fmt: skip
