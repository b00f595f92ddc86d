"""Every transition of the two tables of states: the legal ones are written with their event, the others refused."""

from __future__ import annotations

import itertools

import psycopg
import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from audit.models import (
    AuditEvent,
    FollowUp,
    FollowUpKind,
    Hold,
    Posting,
    PostingState,
    Problem,
    ProblemState,
    RecordState,
    SyncRecord,
)
from audit.sync.recorder import Cause, IllegalMoveError, Recorder
from mappings.models import Flow
from tests.mappings.make import House, house_make

pytestmark = pytest.mark.django_db

R, P = RecordState, PostingState

# As the design states them; a state may also be written again with another reason where a row says so.
RECORD_TABLE = {
    R.RECEIVED: {R.POSTING, R.POSTED, R.HELD, R.WITNESS, R.SKIPPED, R.FAILED, R.RECEIVED},
    R.POSTING: {R.POSTED, R.HELD, R.FAILED, R.RECEIVED},
    R.HELD: {R.RECEIVED, R.SKIPPED, R.HELD},
    R.FAILED: {R.RECEIVED, R.SKIPPED, R.FAILED},
    R.POSTED: {R.RECEIVED},
    R.WITNESS: {R.RECEIVED},
    R.SKIPPED: {R.RECEIVED},
}
POSTING_TABLE = {
    P.INTENDED: {P.SENDING, P.VOID, P.INTENDED},
    P.SENDING: {P.POSTED, P.CREATED, P.REJECTED, P.INTENDED, P.UNCERTAIN},
    P.UNCERTAIN: {P.POSTED, P.CREATED, P.INTENDED, P.VOID, P.UNCERTAIN},
    P.CREATED: {P.POSTED, P.VOID, P.REJECTED, P.CREATED},
    P.POSTED: {P.REVERSED},
    P.REJECTED: set(),
    P.VOID: set(),
    P.REVERSED: set(),
}
RECORD_PAIRS = list(itertools.product(R, R))
POSTING_PAIRS = list(itertools.product(P, P))


@pytest.fixture
def house() -> House:
    return house_make("states")


@pytest.fixture
def flow(house: House) -> Flow:
    return house.flow("accounting_records")


def record_make(flow: Flow, state: RecordState = R.RECEIVED, external_id: str = "accr_1") -> SyncRecord:
    return SyncRecord.objects.create(
        tenant_id=flow.tenant_id, connection_id=flow.source_id, flow=flow, stream="accounting_records",
        external_id=external_id, state=state, content_hash="0" * 64, currency="USD", amount="25.50",
    )  # fmt: skip


def posting_make(flow: Flow, state: PostingState, record: SyncRecord | None = None, key: str = "brex:a") -> Posting:
    return Posting.objects.create(
        tenant_id=flow.tenant_id, record=record or record_make(flow), flow=flow, ledger_id=flow.ledger_id,
        company="1", key=key, stamp=key, document_type="journal_entry", document={}, document_hash="0" * 64,
        record_version=1, state=state,
    )  # fmt: skip


def cause(value: str = "699900", code: str = "missing_mapping") -> Cause:
    return Cause(code, f"No rule for {value}.", value=value)


@pytest.mark.parametrize(("before", "to"), RECORD_PAIRS)
def test_a_record_moves_as_the_table_says(flow: Flow, before: RecordState, to: RecordState) -> None:
    row = record_make(flow, before)
    recorder = Recorder(flow.tenant_id, "test")
    causes = [cause()] if to in (R.HELD, R.FAILED) else []
    if to not in RECORD_TABLE[before]:
        with pytest.raises(IllegalMoveError, match=f"from {before.value} to {to.value}"):
            recorder.record(row, to, "why", causes=causes)
        recorder.flush()
        row.refresh_from_db()
        assert row.state == before
        assert not AuditEvent.objects.filter(record_id=row.pk).exists()
        return
    recorder.record(row, to, "why", causes=causes)
    recorder.flush()
    row.refresh_from_db()
    assert (row.state, row.reason) == (to, "why")
    event = AuditEvent.objects.get(record_id=row.pk, kind__startswith="record.")
    assert (event.kind, event.message, event.actor) == (f"record.{to.value}", "why", "test")


@pytest.mark.parametrize(("before", "to"), POSTING_PAIRS)
def test_a_posting_moves_as_the_table_says(flow: Flow, before: PostingState, to: PostingState) -> None:
    posting = posting_make(flow, before)
    recorder = Recorder(flow.tenant_id, "test")
    if to not in POSTING_TABLE[before]:
        with pytest.raises(IllegalMoveError, match=f"from {before.value} to {to.value}"):
            recorder.posting(posting, to)
        recorder.flush()
        posting.refresh_from_db()
        assert posting.state == before
        return
    recorder.posting(posting, to, "why")
    recorder.flush()
    posting.refresh_from_db()
    assert (posting.state, posting.error) == (to, "why")
    assert posting.attempts == (1 if to is P.SENDING else 0)
    assert (posting.posted_at is not None) == (to is P.POSTED)
    events = AuditEvent.objects.filter(subject="posting", subject_id=posting.pk)
    assert [event.kind for event in events] == ([] if before == to else [f"posting.{to.value}"])


@pytest.mark.parametrize("state", [R.HELD, R.FAILED])
def test_a_record_that_waits_for_somebody_hangs_on_a_problem(flow: Flow, state: RecordState) -> None:
    recorder = Recorder(flow.tenant_id, "test")
    with pytest.raises(IllegalMoveError, match="hangs on a problem"):
        recorder.record(record_make(flow), state, "just so")


def test_a_live_stamp_is_in_a_ledger_once_and_free_again_when_it_was_refused_or_withdrawn(flow: Flow) -> None:
    record = record_make(flow)
    for state in (P.REJECTED, P.VOID, P.REJECTED, P.POSTED):
        posting_make(flow, state, record)
    with pytest.raises(DatabaseError, match="posting_once_while_live"):
        posting_make(flow, P.INTENDED, record)


# --- problems ---------------------------------------------------------------------------------------------------


def hold(flow: Flow, row: SyncRecord, *causes: Cause) -> None:
    recorder = Recorder(flow.tenant_id, "test")
    if row.state != R.RECEIVED:
        recorder.record(row, R.RECEIVED)
    recorder.record(row, R.HELD, "waits", causes=causes)
    recorder.flush()


def open_holds(problem: Problem) -> set[str]:
    return set(problem.holds.filter(released_at=None).values_list("record__external_id", flat=True))


def test_a_hundred_records_with_one_cause_are_one_problem(flow: Flow) -> None:
    recorder = Recorder(flow.tenant_id, "test")
    for number in range(100):
        recorder.record(record_make(flow, external_id=f"accr_{number}"), R.HELD, "waits", causes=[cause()])
    recorder.flush()
    problem = Problem.objects.get()
    assert len(open_holds(problem)) == 100
    assert AuditEvent.objects.filter(kind="problem.opened").count() == 1


def test_other_values_tenants_and_connections_are_other_problems(flow: Flow) -> None:
    other = house_make("others").flow("accounting_records")
    hold(flow, record_make(flow, external_id="a"), cause("1"))
    hold(flow, record_make(flow, external_id="b"), cause("2"))
    hold(flow, record_make(flow, external_id="c"), Cause("missing_mapping", "No rule.", value="1", flow_id=flow.pk))
    hold(other, record_make(other, external_id="a"), cause("1"))
    assert Problem.objects.count() == 4
    assert {problem.tenant_id for problem in Problem.objects.all()} == {flow.tenant_id, other.tenant_id}


def test_a_record_released_from_one_of_two_causes_still_waits_on_the_other(flow: Flow) -> None:
    row = record_make(flow)
    hold(flow, row, cause("1"), cause("2"))
    hold(flow, row, cause("2"))
    first, second = (Problem.objects.get(facts__value=value) for value in ("1", "2"))
    assert (first.state, open_holds(first)) == (ProblemState.SOLVED, set())
    assert (second.state, open_holds(second)) == (ProblemState.OPEN, {"accr_1"})
    assert first.resolution == "Nothing waits on it any more."
    assert AuditEvent.objects.filter(kind="problem.solved", subject_id=first.pk).count() == 1


def test_a_problem_is_solved_only_when_the_last_record_has_left_it(flow: Flow) -> None:
    rows = [record_make(flow, external_id=name) for name in ("a", "b")]
    for row in rows:
        hold(flow, row, cause())
    for number, row in enumerate(rows):
        recorder = Recorder(flow.tenant_id, "test")
        recorder.record(row, R.RECEIVED, "again", due_at=timezone.now())
        recorder.flush()
        assert Problem.objects.get().state == ProblemState.OPEN, "holds stay until the new decision"
        recorder = Recorder(flow.tenant_id, "test")
        recorder.record(row, R.POSTED, "done")
        recorder.flush()
        assert Problem.objects.get().state == (ProblemState.SOLVED if number else ProblemState.OPEN)


def test_a_record_that_only_waits_after_a_new_decision_hangs_on_nothing_any_more(flow: Flow) -> None:
    row = record_make(flow)
    hold(flow, row, cause())
    recorder = Recorder(flow.tenant_id, "test")
    recorder.record(row, R.RECEIVED, "again", due_at=timezone.now())
    recorder.flush()
    assert open_holds(Problem.objects.get()) == {"accr_1"}, "holds stay until the new decision"
    recorder = Recorder(flow.tenant_id, "test")
    recorder.wait(row, "Waiting for its vendor.", timezone.now())
    recorder.flush()
    assert open_holds(Problem.objects.get()) == set()
    assert Problem.objects.get().state == ProblemState.SOLVED


def test_a_cause_that_returns_after_it_was_solved_is_a_new_problem(flow: Flow) -> None:
    row = record_make(flow)
    hold(flow, row, cause())
    hold(flow, row, cause("other"))
    hold(flow, row, cause())
    found = Problem.objects.filter(facts__value="699900").order_by("id")
    assert [problem.state for problem in found] == [ProblemState.SOLVED, ProblemState.OPEN]
    assert Hold.objects.filter(record=row, released_at=None).count() == 1


def test_a_notice_is_a_problem_on_which_nothing_waits_and_comes_once(flow: Flow) -> None:
    row = record_make(flow, R.POSTED)
    for _ in range(3):
        recorder = Recorder(flow.tenant_id, "test")
        recorder.notice(cause("MISC/1", "document_altered"), record_id=row.pk)
        recorder.flush()
    assert [problem.state for problem in Problem.objects.all()] == [ProblemState.OPEN]
    assert not Hold.objects.exists()
    assert AuditEvent.objects.filter(kind="problem.opened").count() == 1


def test_a_follow_up_asked_for_twice_is_one(flow: Flow) -> None:
    row = record_make(flow, R.POSTED)
    for _ in range(2):
        recorder = Recorder(flow.tenant_id, "test")
        recorder.follow(
            FollowUp(
                tenant_id=flow.tenant_id, record=row, connection_id=flow.source_id, kind=FollowUpKind.TELL,
                subject="brex:accr_1",
            )
        )  # fmt: skip
        recorder.flush()
    assert FollowUp.objects.count() == 1


def test_a_batch_is_written_whole_or_not_at_all(flow: Flow) -> None:
    """One posting breaks a constraint: neither the record's state nor any event of the batch is kept."""
    row = record_make(flow)
    posting_make(flow, P.POSTED, row)
    recorder = Recorder(flow.tenant_id, "test")
    recorder.record(row, R.POSTING)
    twin = Posting.objects.get()
    twin.pk, twin._state.adding = None, True
    recorder.intend(twin)
    with pytest.raises((DatabaseError, psycopg.Error), match="posting_once_while_live"), transaction.atomic():
        recorder.flush()
    row.refresh_from_db()
    assert row.state == R.RECEIVED
    assert not AuditEvent.objects.filter(record_id=row.pk).exists()


def test_a_batch_costs_a_handful_of_statements(flow: Flow, django_assert_max_num_queries: object) -> None:
    rows = [record_make(flow, external_id=f"accr_{number}") for number in range(100)]
    recorder = Recorder(flow.tenant_id, "test")
    for row in rows:
        recorder.record(row, R.HELD, "waits", causes=[cause()])
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        recorder.flush()
    assert SyncRecord.objects.filter(state=R.HELD).count() == 100
