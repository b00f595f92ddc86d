"""What if a look-up finds something else than what was sent, or nothing where a listing had shown something?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection as database
from django.db import transaction

from audit.models import Posting, PostingState, Problem, RecordState, Sighting, SyncRecord
from audit.sync.asking import altered, put_right
from audit.sync.recorder import Recorder
from audit.sync.replay import posting_bind
from connectors.base import Outcome, OutcomeState
from tests.audit.scene import (
    account_archive,
    finish,
    post,
    posting_states,
    read,
    scene,
    states,
    time_passes,
    writes,
)
from tests.flows.world import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def edited() -> Iterator[World]:
    """One purchase is posted, the answer is lost, and somebody edits the entry before it is looked up."""
    with scene("other", records=1) as made:
        read(made)
        made.odoo.fail("commit_then_drop", "account.move/action_post")
        post(made)
        assert posting_states(made) == {PostingState.UNCERTAIN: 1}
        [move] = made.moves()
        made.odoo.control("edit_move", {"id": move["id"], "date": other_day(move["date"])})
        yield made


def other_day(day: str) -> str:
    known = date.fromisoformat(day)
    return (known - timedelta(days=1) if known.day > 1 else known + timedelta(days=1)).isoformat()


def test_what_is_found_with_other_content_waits_for_a_person_and_is_never_sent_again(edited: World) -> None:
    loads = writes(edited, "/load")
    finish(edited)
    finish(edited)
    assert (states(edited), posting_states(edited)) == ({RecordState.POSTING: 1}, {PostingState.UNCERTAIN: 1})
    assert writes(edited, "/load") == loads
    problem = Problem.objects.get(state="open")
    assert problem.code == "found_otherwise"
    assert edited.moves()[0]["date"] in problem.message
    assert problem.advice


def test_it_is_posted_by_itself_once_somebody_put_it_right_in_the_ledger(edited: World) -> None:
    finish(edited)
    [move] = edited.moves()
    sent = Posting.objects.get().posting_on
    edited.odoo.control("edit_move", {"id": move["id"], "date": sent.isoformat()})  # type: ignore[union-attr]
    finish(edited)
    assert (states(edited), posting_states(edited)) == ({RecordState.POSTED: 1}, {PostingState.POSTED: 1})
    assert not Problem.objects.filter(state="open").exists(), "nobody is asked any more"


def test_a_person_may_bind_it_as_it_is(edited: World) -> None:
    finish(edited)
    posting = Posting.objects.get()
    assert posting.entry_id == str(edited.moves()[0]["id"]), "what was found is proposed"
    posting_bind(posting, entry_id=posting.entry_id, number="MISC/1", by="ana", reason="The day was mended by hand.")
    finish(edited)
    assert (states(edited), posting_states(edited)) == ({RecordState.POSTED: 1}, {PostingState.POSTED: 1})
    assert len(edited.moves()) == 1
    assert not Problem.objects.filter(state="open").exists()


@pytest.fixture
def gone() -> Iterator[World]:
    """An entry of ours was listed and is forgotten here; then somebody deletes it in the ledger."""
    with scene("gone", records=1) as made:
        read(made)
        post(made)
        with database.cursor() as cursor:
            cursor.execute("TRUNCATE audit_posting, audit_followup CASCADE")
            cursor.execute("DELETE FROM audit_sighting")
            cursor.execute("UPDATE audit_highwatermark SET mark = NULL, due_at = now() WHERE stream LIKE 'stamped:%'")
        time_passes()
        post(made)
        assert Sighting.objects.count() == 1
        SyncRecord.objects.update(state="received", due_at=None)
        [move] = made.moves()
        made.odoo.control("delete_move", {"id": move["id"]})
        yield made


def test_what_was_listed_and_is_deleted_since_is_asked_about_ahead_like_anything_new(gone: World) -> None:
    """Nobody looked ahead for it, as it was thought to stand: an account archived meanwhile is found before sending."""
    account_archive(gone, "600000")
    loads = writes(gone, "/load")
    SyncRecord.objects.update(due_at="2026-01-01T00:00Z")
    finish(gone)
    assert states(gone) == {RecordState.HELD: 1}
    assert posting_states(gone) == {PostingState.VOID: 1}
    assert (writes(gone, "/load"), gone.moves()) == (loads, [])
    assert not Sighting.objects.exists()


def test_what_was_listed_and_is_deleted_since_is_posted_anew_where_nothing_stands_against_it(gone: World) -> None:
    SyncRecord.objects.update(due_at="2026-01-01T00:00Z")
    finish(gone)
    assert states(gone) == {RecordState.POSTED: 1}
    assert [move["amount_total"] for move in gone.moves()] == [Decimal("10.50")]


def test_an_entry_that_somebody_typed_with_our_key_is_bound_by_a_person_and_not_doubled() -> None:
    with scene("typed") as made:
        bought = made.purchase("10.50")
        lines = [
            [0, 0, {"account_id": 32, "debit": Decimal("10.50")}],
            [0, 0, {"account_id": 44, "credit": Decimal("10.50")}],
        ]
        values = {"move_type": "entry", "journal_id": 3, "ref": f"brex:{bought['id']}", "line_ids": lines}
        made.odoo.control("call", {"model": "account.move", "method": "create", "vals_list": [values]})
        read(made)
        finish(made)
        assert len(made.moves()) == 1, "nothing was sent beside it"
        assert states(made) == {RecordState.POSTING: 1}
        assert posting_states(made) == {PostingState.UNCERTAIN: 1}


def test_only_a_document_that_was_compared_shows_that_a_difference_was_put_right() -> None:
    """A ledger may tell that a document waits without a look at what is in it."""
    with scene("waiting", records=1) as made:
        read(made)
        post(made)
        posting = Posting.objects.get()
        with transaction.atomic():
            recorder = Recorder(made.tenant.pk, "test")
            recorder.notice(altered(posting, "The location reads empty, sent was 7."), record_id=posting.record_id)
            recorder.flush()
        for is_compared, left in ((False, 1), (True, 0)):
            with transaction.atomic():
                recorder = Recorder(made.tenant.pk, "test")
                put_right([Outcome(posting.key, OutcomeState.CREATED, is_compared=is_compared)], recorder)
                recorder.flush()
            assert Problem.objects.filter(state="open", code="document_altered").count() == left
