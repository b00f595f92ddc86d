"""What waits on a cause goes on by itself when the cause is cured, whoever cured it and wherever."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from audit.models import AuditEvent, Hold, MappingGap, Posting, Problem, ProblemState, RecordState
from audit.sync.replay import (
    RefusedReplayError,
    posting_bind,
    posting_declare_absent,
    problem_solve,
    record_choose,
    record_skip,
    replay,
)
from mappings.models import ReferenceValue
from mappings.services import rule_upsert
from tests.audit.scene import (
    account_archive,
    assert_each_once,
    finish,
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

WAITING = 5


@pytest.fixture
def made() -> Iterator[World]:
    """Five purchases of a category that no rule maps, and one that is mapped."""
    with scene("holds") as one:
        for number in range(WAITING):
            one.purchase(f"{20 + number}.00", gl="699900")
        one.purchase("10.00")
        read(one)
        post(one)
        assert states(one) == {RecordState.POSTED: 1, RecordState.HELD: WAITING}
        yield one


def map_gap(made: World) -> None:
    """Finance fills the gap in the admin; nobody presses replay."""
    value = ReferenceValue.objects.get(connection=made.connection("Odoo"), company="1", kind="account", code="612000")
    rule_upsert(
        tenant=made.tenant, target="account", when={"gl_account": "699900"}, value=value, by=None, reason="Rent."
    )


def test_one_missing_rule_is_one_gap_with_all_its_records(made: World) -> None:
    [gap] = MappingGap.objects.all()
    assert gap.state == ProblemState.OPEN
    assert "699900" in gap.message
    assert Hold.objects.filter(problem=gap, released_at=None).count() == WAITING
    assert AuditEvent.objects.filter(kind="problem.opened").count() == 1


def test_a_filled_gap_posts_what_waited_without_a_replay(made: World) -> None:
    map_gap(made)
    assert states(made) == {RecordState.POSTED: 1, RecordState.RECEIVED: WAITING}
    post(made)
    assert_each_posted(made)
    [gap] = MappingGap.objects.all()
    assert (gap.state, gap.resolution) == (ProblemState.SOLVED, "Nothing waits on it any more.")
    assert not Hold.objects.filter(released_at=None).exists()


def assert_each_posted(made: World) -> None:
    assert states(made) == {RecordState.POSTED: 1 + WAITING}
    assert sorted(move["amount_total"] for move in made.moves(state="posted")) == [
        Decimal(amount) for amount in (10, *range(20, 20 + WAITING))
    ]


def test_a_rule_that_does_not_help_leaves_everything_waiting_on_the_same_gap(made: World) -> None:
    value = ReferenceValue.objects.get(connection=made.connection("Odoo"), company="1", kind="account", code="612000")
    rule_upsert(tenant=made.tenant, target="account", when={"gl_account": "1"}, value=value, by=None, reason="Other.")
    post(made)
    assert states(made) == {RecordState.POSTED: 1, RecordState.HELD: WAITING}
    assert MappingGap.objects.count() == 1
    assert Hold.objects.count() == WAITING, "still the same holds, with the day they began"


def test_solving_a_problem_replays_what_it_held_and_a_false_cure_holds_it_again(made: World) -> None:
    [gap] = MappingGap.objects.all()
    assert problem_solve(gap, by="ana", resolution="I thought so.") == WAITING
    assert problem_solve(gap, by="ana", resolution="Again.") == 0
    post(made)
    assert states(made) == {RecordState.POSTED: 1, RecordState.HELD: WAITING}
    first, second = MappingGap.objects.order_by("id")
    assert (first.state, first.solved_by, first.resolution) == (ProblemState.SOLVED, "ana", "I thought so.")
    assert second.state == ProblemState.OPEN
    assert Hold.objects.filter(problem=second, released_at=None).count() == WAITING
    map_gap(made)
    post(made)
    assert_each_posted(made)


def test_a_skipped_record_leaves_the_gap_and_comes_back_only_by_replay(made: World) -> None:
    [gap] = MappingGap.objects.all()
    skipped = gap.holds.order_by("id")[0].record
    with pytest.raises(RefusedReplayError, match="reason"):
        record_skip(skipped, by="ana", reason="  ")
    record_skip(skipped, by="ana", reason="Private.")
    assert gap.holds.filter(released_at=None).count() == WAITING - 1
    map_gap(made)
    post(made)
    assert states(made) == {RecordState.POSTED: WAITING, RecordState.SKIPPED: 1}
    with pytest.raises(RefusedReplayError, match="cannot be skipped"):
        record_skip(skipped, by="ana", reason="Twice.")
    assert replay([skipped.pk], by="ana", reason="Not private.").records == 1
    post(made)
    assert_each_posted(made)


def test_a_held_record_that_its_source_mends_goes_on(made: World) -> None:
    waiting = Hold.objects.order_by("id")[0].record
    record = next(one for one in made.brex.store.records if one["id"] == waiting.external_id)
    mended = [dict(line) for line in record["line_items"]]
    mended[0]["accounting_field_values"] = [
        {**mended[0]["accounting_field_values"][0], "remote_field_value_id": "600000", "brex_field_value_id": "x"}
    ]
    made.brex.control("change_record", {"id": record["id"], "changes": {"line_items": mended}})
    time_passes()
    read_all(made)
    post(made)
    assert row(made, record["id"]).state == RecordState.POSTED
    assert Hold.objects.filter(released_at=None).count() == WAITING - 1


def test_a_document_that_odoo_refuses_is_held_on_its_cure_and_nothing_is_left_there(made: World) -> None:
    """The account is archived after the mapping was made: told before it is sent, and posted when it is back."""
    account_archive(made, "612000")
    map_gap(made)
    post(made)
    assert states(made) == {RecordState.POSTED: 1, RecordState.HELD: WAITING}
    assert len(made.moves()) == 1
    assert Problem.objects.filter(state="open").count() == 1
    account_archive(made, "612000", active=True)
    [problem] = Problem.objects.filter(state="open")
    problem_solve(problem, by="ana", resolution="It is back.")
    time_passes()
    post(made)
    assert_each_posted(made)


def test_choices_need_a_reason(made: World) -> None:
    with pytest.raises(RefusedReplayError, match="reason"):
        record_choose(Hold.objects.all()[0].record, {"duplicate": "different"}, by="ana", reason="")


# --- what only a person can say of an uncertain document --------------------------------------------------------


@pytest.fixture
def uncertain() -> Iterator[tuple[World, Posting]]:
    with scene("unsure", records=1) as one:
        read(one)
        one.odoo.fail("drop", "account.move/load")
        post(one)
        yield one, Posting.objects.get(state="uncertain")


def test_an_uncertain_document_is_bound_to_what_a_person_found(uncertain: tuple[World, Posting]) -> None:
    made, posting = uncertain
    for entry_id, reason in (("", "found"), ("17", "")):
        with pytest.raises(RefusedReplayError):
            posting_bind(posting, entry_id=entry_id, number="", by="ana", reason=reason)
    loads = writes(made, "/load")
    posting_bind(posting, entry_id="17", number="MISC/17", by="ana", reason="I see it there.")
    post(made)
    posting.refresh_from_db()
    assert (posting.state, posting.entry_id, posting.number) == ("posted", "17", "MISC/17")
    assert states(made) == {RecordState.POSTED: 1}
    assert writes(made, "/load") == loads
    with pytest.raises(RefusedReplayError):
        posting_bind(posting, entry_id="18", number="", by="ana", reason="again")


def test_an_uncertain_document_that_a_person_declared_absent_is_sent_anew_under_its_key(
    uncertain: tuple[World, Posting],
) -> None:
    made, posting = uncertain
    with pytest.raises(RefusedReplayError):
        posting_declare_absent(posting, by="ana", reason=" ")
    posting_declare_absent(posting, by="ana", reason="I looked, it is not there.")
    assert posting_states(made) == {"void": 1}
    post(made)
    assert posting_states(made) == {"void": 1, "posted": 1}
    assert len({one.key for one in Posting.objects.all()}) == 1
    assert len(made.moves()) == 1


def test_an_uncertain_document_is_never_replayed(uncertain: tuple[World, Posting]) -> None:
    made, posting = uncertain
    done = replay([posting.record_id], by="ana", reason="Hurry.")
    assert (done.records, dict(done.left_alone)) == (0, {"being posted": 1})
    loads = writes(made, "/load")
    post(made)
    assert writes(made, "/load") == loads, "sent again before the settling time"
    finish(made)
    assert_each_once(made, 1)


# --- the command ------------------------------------------------------------------------------------------------


def said(**options: object) -> str:
    out = StringIO()
    arguments = options.pop("records", [])
    call_command("replay", *arguments, stdout=out, **options)  # type: ignore[misc]
    return out.getvalue()


def test_replay_by_record_flow_and_problem(made: World) -> None:
    [gap] = MappingGap.objects.all()
    one = gap.holds.all()[0].record_id
    assert said(records=[one], dry_run=True) == "1 records would be decided anew.\n"
    assert states(made)[RecordState.HELD] == WAITING
    assert said(records=[one], reason="Test.") == "1 records are decided anew.\n"
    assert said(problem=gap.pk) == f"{WAITING} records are decided anew.\n"
    assert states(made) == {RecordState.RECEIVED: WAITING, RecordState.POSTED: 1}
    post(made)
    assert said(flow="records") == f"{WAITING} records are decided anew.\n"
    posted = Posting.objects.get().record_id
    assert said(records=[posted]) == "0 records are decided anew.\n1 left alone: posted.\n"
    for wrong in ({}, {"records": [one], "flow": "records"}, {"records": [999_999]}, {"flow": "nothing"}):
        with pytest.raises(CommandError):
            said(**dict(wrong))
    assert AuditEvent.objects.filter(kind="record.replayed", message="Test.").count() == 1
