"""Who writes states? Only this: every transition of records, postings, holds and follow-ups, with its event.

Changes are collected and written in bulk by `flush`, inside the caller's transaction, so that a batch of a hundred
costs a handful of statements. A transition that the tables of states do not know is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone

from audit.models import FollowUp, LaneKind, Posting, PostingState, RecordState, SyncRecord
from audit.sync.bulk import rows_copy, rows_insert, rows_insert_missing, rows_update
from audit.sync.lanes import lanes_wake
from audit.sync.moves import POSTING_MOVES, RECORD_MOVES, IllegalMoveError
from audit.sync.problems import Cause, Problems
from connectors.emphasis import plain
from connectors.fields import DecimalEncoder

__all__ = ["Cause", "IllegalMoveError", "Recorder"]

json_encode = DecimalEncoder().encode
R, P = RecordState, PostingState


class Event(NamedTuple):
    """One row of the trail, as it is written."""

    tenant_id: int
    at: datetime
    kind: str
    actor: str
    subject: str
    subject_id: int | None
    record_id: int | None
    message: str
    facts: str


EVENT_COLUMNS = Event._fields


@dataclass(slots=True)
class Recorder:
    """Collects one batch of changes of one tenant; `flush` writes them. Not shared between threads."""

    tenant_id: int
    actor: str
    now: datetime = field(default_factory=timezone.now)
    _records: dict[int, SyncRecord] = field(default_factory=dict)
    _postings: dict[int, Posting] = field(default_factory=dict)
    _follow_ups: dict[int, FollowUp] = field(default_factory=dict)
    _new_postings: list[Posting] = field(default_factory=list)
    _new_follow_ups: list[FollowUp] = field(default_factory=list)
    _events: list[Event] = field(default_factory=list)
    _causes: dict[int, list[Cause]] = field(default_factory=dict)
    _settled: set[int] = field(default_factory=set)
    _waiting: set[int] = field(default_factory=set)
    _notices: list[tuple[Cause, int | None]] = field(default_factory=list)

    def event(
        self,
        kind: str,
        message: str = "",
        *,
        subject: str = "",
        subject_id: int | None = None,
        record_id: int | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Note one thing that happened; written with the batch."""
        told = json_encode(facts) if facts else "{}"
        self._events.append(
            Event(self.tenant_id, self.now, kind, self.actor, subject, subject_id, record_id, plain(message), told)
        )

    def record(
        self,
        record: SyncRecord,
        to: RecordState,
        reason: str = "",
        *,
        due_at: datetime | None = None,
        causes: Sequence[Cause] = (),
        witness_of: int | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Move a record. `causes` are the problems it now hangs on; all its other open holds are released."""
        before = record.state
        if to not in RECORD_MOVES[before]:
            raise IllegalMoveError(f"A record cannot go from {before} to {to}.")
        if to in (R.HELD, R.FAILED) and not causes:
            raise IllegalMoveError(f"A record that is {to} hangs on a problem.")
        said_before = record.reason
        record.state, record.reason, record.due_at = to, reason[:2000], due_at
        record.changed_at = self.now
        if to is R.WITNESS or record.witness_of_id:
            record.witness_of_id = witness_of
        record.waits_for = ""
        if to is not R.RECEIVED:
            record.attempts = 0
        self._records[record.pk] = record
        self._causes[record.pk] = list(causes)
        self._settled.add(record.pk)
        self._waiting.discard(record.pk)
        if before != to or said_before != record.reason:
            self.event(f"record.{to.value}", reason, subject="record", record_id=record.pk, facts=facts)

    def wait(self, record: SyncRecord, reason: str, due_at: datetime | None, *, waits_for: str = "") -> None:
        """Leave a record where it is, to be looked at again then, or when the document `waits_for` is posted.

        That is a decision too: whatever it hung on before is released."""
        record.waits_for = waits_for
        self._causes[record.pk] = []
        self._settled.add(record.pk)
        self._waiting.add(record.pk)
        record.reason, record.due_at, record.changed_at = reason[:2000], due_at, self.now
        self._records[record.pk] = record

    def notice(self, cause: Cause, *, record_id: int | None = None) -> None:
        """A problem on which no record waits: something a person should look at all the same."""
        self._notices.append((cause, record_id))

    def intend(self, posting: Posting) -> None:
        """A new posting; written by `flush`, which gives it its id."""
        self._new_postings.append(posting)

    def posting(
        self,
        posting: Posting,
        to: PostingState,
        reason: str = "",
        *,
        settle_at: datetime | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Move a posting; what the ledger answered is set on it by the caller."""
        before = posting.state
        if to not in POSTING_MOVES[before]:
            raise IllegalMoveError(f"A posting cannot go from {before} to {to}.")
        posting.state, posting.settle_at, posting.error = to, settle_at, reason[:2000]
        if to is P.SENDING:
            posting.attempts += 1
            posting.sent_at = self.now
        if to is P.POSTED:
            posting.posted_at = posting.posted_at or self.now
        self._postings[posting.pk] = posting
        if before != to:
            self.event(
                f"posting.{to.value}",
                reason or posting.number,
                subject="posting",
                subject_id=posting.pk,
                record_id=posting.record_id,
                facts={"key": posting.key, **(facts or {})},
            )

    def follow_up(self, follow_up: FollowUp, reason: str = "") -> None:
        """A follow-up's new state, as set by the caller."""
        follow_up.reason = reason[:2000]
        self._follow_ups[follow_up.pk] = follow_up
        if follow_up.state != "due":
            follow_up.done_at = self.now
            self.event(
                f"follow_up.{follow_up.state}",
                f"{follow_up.get_kind_display()}: {reason or follow_up.subject}",
                subject="follow_up",
                subject_id=follow_up.pk,
                record_id=follow_up.record_id,
            )

    def follow(self, follow_up: FollowUp) -> None:
        """A new step after posting; the same one twice stays one."""
        self._new_follow_ups.append(follow_up)

    def flush(self) -> None:
        """Write everything collected, all or nothing; inside a transaction of the caller's it is part of that."""
        with transaction.atomic():
            self._write()
        for collected in (
            self._records, self._postings, self._follow_ups, self._causes, self._settled, self._waiting
        ):  # fmt: skip
            collected.clear()
        for pending in (self._new_postings, self._new_follow_ups, self._events, self._notices):
            pending.clear()

    def _write(self) -> None:
        if self._new_postings:
            rows_insert(self._new_postings)
            for posting in self._new_postings:
                self.event(
                    f"posting.{posting.state}",
                    f"{posting.document_type} {posting.amount or ''} {posting.currency}".strip(),
                    subject="posting",
                    subject_id=posting.pk,
                    record_id=posting.record_id,
                    facts={"key": posting.key, "rules": posting.rules, "version": posting.record_version},
                )
        if self._postings:
            rows_update("audit_posting", POSTING_COLUMNS, self._postings.values())
        if self._records:
            rows_update("audit_syncrecord", RECORD_COLUMNS, self._records.values())
        if self._new_follow_ups:
            rows_insert_missing(self._new_follow_ups)
            for connection_id in sorted({one.connection_id for one in self._new_follow_ups}):
                lanes_wake(connection_id, LaneKind.TELL)
        if self._follow_ups:
            rows_update("audit_followup", FOLLOW_UP_COLUMNS, self._follow_ups.values())
        self._write_holds()
        self._problems().opened([cause for cause, _ in self._notices])
        for cause, record_id in self._notices:
            self.event(f"notice.{cause.code}", cause.message, subject="record", record_id=record_id)
        if self._events:
            rows_copy("audit_auditevent", EVENT_COLUMNS, self._events)

    def _write_holds(self) -> None:
        if self._settled:
            moved = {record_id for record_id in self._settled if self._records[record_id].state != R.RECEIVED}
            self._problems().hold(self._settled, self._causes, self._waiting | moved)

    def solve(self, problem_ids: Iterable[int], resolution: str) -> None:
        """Solve these problems, those that are open still, at once; to be called inside a transaction."""
        self._problems().solve(problem_ids, resolution)

    def _problems(self) -> Problems:
        return Problems(self.tenant_id, self.actor, self.now, self.event)


RECORD_COLUMNS = {
    "state": "text",
    "reason": "text",
    "due_at": "timestamptz",
    "attempts": "int",
    "witness_of_id": "bigint",
    "flow_id": "bigint",
    "waits_for": "text",
    "changed_at": "timestamptz",
}
POSTING_COLUMNS = {
    "state": "text",
    "settle_at": "timestamptz",
    "attempts": "int",
    "absences": "int",
    "sent_at": "timestamptz",
    "posted_at": "timestamptz",
    "entry_id": "text",
    "number": "text",
    "link": "text",
    "company_amount": "numeric",
    "error": "text",
}
FOLLOW_UP_COLUMNS = {
    "state": "text",
    "due_at": "timestamptz",
    "attempts": "int",
    "reason": "text",
    "done_at": "timestamptz",
}
