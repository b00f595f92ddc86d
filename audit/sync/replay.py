"""What may a person ask of records and postings? Replay, decide, skip, bind, declare absent - each with a reason.

Replay starts from the stored payload and the current mappings; it never sends what is posted or uncertain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from audit.models import Hold, LaneKind, Posting, PostingState, Problem, ProblemState, RecordState, SyncRecord
from audit.sync.adopt import stands_as_another
from audit.sync.asking import asked_settle
from audit.sync.changes import CHANGED, OF_VERSION
from audit.sync.closing import in_the_books, record_close, waiting_free
from audit.sync.lanes import lanes_wake
from audit.sync.links import standing_documents
from audit.sync.read import post_slots
from audit.sync.recorder import Recorder
from audit.sync.rerouting import reroute, strays
from mappings.models import Flow

AT_ONCE = 500
SECOND_PERSON = "second_person"
PROPOSED = "proposed"
BINDABLE = (PostingState.UNCERTAIN, PostingState.CREATED)  # a created one that was cancelled there is stuck without
REPLAYABLE = (RecordState.HELD, RecordState.FAILED, RecordState.SKIPPED, RecordState.WITNESS)


class RefusedReplayError(Exception):
    """The request makes no sense for this record; the text says why."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay touched, and what it left alone with the reason."""

    records: int
    left_alone: Mapping[str, int]


def replay(record_ids: Iterable[int], *, by: str, reason: str = "") -> Replayed:
    """Decide these records anew. Posted records and those in work are left alone. Safe to repeat."""
    left: dict[str, int] = {}
    done = 0
    with transaction.atomic():
        by_tenant: dict[int, list[SyncRecord]] = {}
        for row in SyncRecord.objects.select_for_update().filter(id__in=list(record_ids)).order_by("id"):
            if row.state in REPLAYABLE or (row.state == RecordState.RECEIVED and row.due_at is not None):
                by_tenant.setdefault(row.tenant_id, []).append(row)
            else:
                label = RecordState(row.state).label
                left[label] = left.get(label, 0) + 1
        for tenant_id, chosen in by_tenant.items():
            recorder = Recorder(tenant_id, by)
            rows = reroute(chosen)
            if len(chosen) > len(rows):
                left["taken by no flow"] = left.get("taken by no flow", 0) + len(chosen) - len(rows)
            for row in rows:
                if row.state != RecordState.RECEIVED:
                    recorder.record(row, RecordState.RECEIVED, "To be decided anew.", due_at=recorder.now)
                recorder.event("record.replayed", reason, subject="record", record_id=row.pk)
            recorder.flush()
            done += len(rows)
            SyncRecord.objects.filter(id__in=[row.pk for row in rows]).update(due_at=recorder.now)
        flows = {row.flow_id for rows in by_tenant.values() for row in rows if row.flow_id}
        transaction.on_commit(lambda: _wake(flows), robust=True)
    return Replayed(done, left)


def problem_solve(problem: Problem, *, by: str, resolution: str) -> int:
    """Say that a cause is mended: its records are decided anew. Answers how many; repeating answers 0."""
    with transaction.atomic():
        held = Hold.objects.filter(problem=problem, released_at__isnull=True).values("record_id")
        list(SyncRecord.objects.select_for_update().filter(id__in=held).order_by("id").values_list("id"))  # as lanes do
        row = Problem.objects.select_for_update().get(pk=problem.pk)
        if row.state == ProblemState.SOLVED:
            return 0
        recorder = Recorder(row.tenant_id, by)
        row.state, row.solved_at, row.solved_by, row.resolution = ProblemState.SOLVED, recorder.now, by, resolution
        row.save(update_fields=["state", "solved_at", "solved_by", "resolution"])
        recorder.event("problem.solved", resolution or row.message, subject="problem", subject_id=row.pk)
        waiting = list(Hold.objects.filter(problem=row, released_at__isnull=True).values_list("record_id", flat=True))
        Hold.objects.filter(problem=row, released_at__isnull=True).update(released_at=recorder.now)
        recorder.flush()
        return replay(waiting, by=by, reason=resolution).records if waiting else 0


def gaps_release(flow_ids: Iterable[int], *, by: str) -> int:
    """Rules changed: every record of these flows that waits on something mappings can cure is decided anew.

    Its holds stay open until the new decision; those that it no longer names are released with it."""
    curable = (
        "missing_mapping", "missing_role", "missing_vendor", "missing_employee", "inactive_value", "no_owner",
        "intercompany",
    )  # fmt: skip
    waiting = SyncRecord.objects.filter(
        flow_id__in=list(flow_ids),
        state=RecordState.HELD,
        holds__released_at__isnull=True,
        holds__problem__code__in=curable,
    )
    return replay(list(waiting.values_list("id", flat=True).distinct()), by=by, reason="Mappings changed.").records


def strays_take_back(flow_ids: Iterable[int], *, by: str) -> int:
    """Flows or owners changed: what no flow took, and what lay before an earlier first day, is decided anew."""
    found, done = strays(flow_ids), 0
    for first in range(0, len(found), AT_ONCE):
        done += replay(found[first : first + AT_ONCE], by=by, reason="A flow changed.").records
    return done


def record_choose(record: SyncRecord, choices: Mapping[str, str], *, by: str, reason: str) -> bool:
    """A person's decision for one record (an account, a day, a partner record), then it is decided anew.

    Above the tenant's threshold (`second_person`, an amount in the record's currency) it is only proposed until another
    person says the same; answers whether it holds now. Raises RefusedReplayError."""
    if not reason.strip():
        raise RefusedReplayError("A decision needs a reason.")
    with transaction.atomic():
        row = SyncRecord.objects.select_for_update(of=("self",)).select_related("tenant").get(pk=record.pk)
        limit = row.tenant.thresholds.get(SECOND_PERSON)
        proposed = row.choices.get(PROPOSED) or {}
        is_seconded = proposed.get("choices") == dict(choices) and proposed.get("by") != by
        is_seconded = is_seconded and proposed.get("version") == row.version
        if limit is not None and abs(row.amount or Decimal(0)) > Decimal(str(limit)) and not is_seconded:
            row.choices = {
                **row.choices,
                PROPOSED: {
                    "choices": dict(choices),
                    "by": by,
                    "reason": reason,
                    "version": row.version,
                },
            }
            row.save(update_fields=["choices"])
            recorder = Recorder(row.tenant_id, by)
            recorder.event("record.proposed", reason, subject="record", record_id=row.pk, facts=dict(choices))
            recorder.flush()
            return False
        row.choices = {**{name: value for name, value in row.choices.items() if name != PROPOSED}, **choices}
        if CHANGED in choices:  # said of what the source shows now, not of whatever it may say later
            row.choices[OF_VERSION] = str(row.version)
        row.save(update_fields=["choices"])
        recorder = Recorder(row.tenant_id, by)
        recorder.event("record.chosen", reason, subject="record", record_id=row.pk, facts=dict(choices))
        if row.state == RecordState.POSTED:
            recorder.record(row, RecordState.RECEIVED, "Decided by a person.", due_at=recorder.now)
        recorder.flush()
        replay([row.pk], by=by, reason=reason)
    return True


def record_skip(record: SyncRecord, *, by: str, reason: str) -> None:
    """Not to be posted, for good, with the reason. Raises RefusedReplayError where something is posted or in work."""
    if not reason.strip():
        raise RefusedReplayError("Skipping needs a reason.")
    with transaction.atomic():
        row = SyncRecord.objects.select_for_update().get(pk=record.pk)
        if row.state not in (RecordState.HELD, RecordState.FAILED):
            raise RefusedReplayError(f"A record that is {row.get_state_display()} cannot be skipped.")
        if standing_documents([row.pk]):
            raise RefusedReplayError("A document of it stands in the ledger: accept the change, or have it reversed.")
        recorder = Recorder(row.tenant_id, by)
        recorder.record(row, RecordState.SKIPPED, reason)
        recorder.flush()


def posting_bind(posting: Posting, *, entry_id: str, number: str, by: str, reason: str) -> None:
    """An uncertain document is this one in the ledger: posted, with that document as evidence."""
    with transaction.atomic():
        row = _locked(posting)
        if row.state not in BINDABLE or not entry_id.strip() or not reason.strip():
            raise RefusedReplayError("Only an open document can be bound, to a ledger id and with a reason.")
        row.entry_id, row.number = entry_id.strip(), number.strip()
        recorder = Recorder(row.tenant_id, by)
        other = stands_as_another(row)
        recorder.posting(row, PostingState.POSTED, reason)
        if other is not None and other.entry_id == row.entry_id:
            _followers_void(row, f"Never sent: {row.number or row.entry_id} says all of it.", recorder)
        in_the_books([row], recorder)
        asked_settle([row.key], recorder)
        _finish(row, recorder)


def posting_declare_absent(posting: Posting, *, by: str, reason: str) -> None:
    """A person looked: it is not in the ledger. Withdrawn; the record is decided anew under the same key."""
    with transaction.atomic():
        row = _locked(posting)
        if row.state not in BINDABLE or not reason.strip():
            raise RefusedReplayError("Only an open document can be declared absent, with a reason.")
        recorder = Recorder(row.tenant_id, by)
        recorder.posting(row, PostingState.VOID, reason)
        asked_settle([row.key], recorder)
        _finish(row, recorder)


def _followers_void(posting: Posting, reason: str, recorder: Recorder) -> None:
    """What would have followed a document, and is not to be sent any more."""
    rows = Posting.objects.filter(record_id=posting.record_id, state=PostingState.INTENDED, settle_at__isnull=True)
    for one in rows.select_for_update().order_by("id"):
        recorder.posting(one, PostingState.VOID, reason)


def _locked(posting: Posting) -> Posting:
    """Its record first, then itself: in the order of the workers, or the two would wait for each other."""
    SyncRecord.objects.select_for_update().get(pk=posting.record_id)
    return Posting.objects.select_for_update().get(pk=posting.pk)


def _finish(posting: Posting, recorder: Recorder) -> None:
    """Let the record go on: what waited for this document is sent now, or never; once nothing is open it is closed."""
    recorder.flush()
    row = SyncRecord.objects.select_for_update().get(pk=posting.record_id)
    postings = list(Posting.objects.filter(record_id=row.pk).select_related("flow__ledger").order_by("id"))
    if record_close(row, postings, [], recorder):
        waiting_free([row], recorder)
    recorder.flush()
    transaction.on_commit(lambda: _wake({posting.flow_id}), robust=True)


def _wake(flow_ids: Iterable[int | None]) -> None:
    for flow in Flow.objects.filter(id__in=[pk for pk in flow_ids if pk]).select_related("ledger"):
        lanes_wake(flow.ledger_id, LaneKind.POST, slots=range(post_slots(flow.ledger)))
