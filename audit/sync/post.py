"""What does a post lane do? Settle what is uncertain, send what is intended, then decide and send the next batch.

The intention is committed before each call and every answer right after it. A batch that is refused as a whole is
bisected, each half committed before the next; an answer that got lost makes its postings uncertain, never twice sent.
"""

from __future__ import annotations

import time
from collections.abc import Container, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from django.db.models import F, Min, QuerySet
from django.db.models.functions import Now

from audit.models import Lane, Posting, PostingState, RecordState, SyncRecord
from audit.models.postings import OPEN_STATES
from audit.sync.accruals import accruals_work
from audit.sync.adopt import adoption_ensure
from audit.sync.decide import Judge
from audit.sync.due import received
from audit.sync.freeze import Freezer
from audit.sync.frozen import document_of
from audit.sync.lanes import Lease, LeaseLostError, database_now
from audit.sync.outcomes import apply_outcomes
from audit.sync.read import post_slots
from audit.sync.recorder import Cause, Recorder
from audit.sync.stopped import Stopped
from connectors.base import Ledger, LookupBlindError, Outcome, OutcomeState, Outgoing
from connectors.errors import BlockedError, ConnectorError, RetryableError
from connectors.models import Connection
from mappings.models import Flow, FlowState

TURN_SECONDS = 10.0
DEATHS_ALLOWED = 2
KNOWN_TRIED, KNOWN_AMONG = 3, 100


class Poster:
    """Works one leased post lane of a ledger connection."""

    def __init__(self, lease: Lease, connection: Connection, ledger: Ledger, actor: str) -> None:
        self.lease = lease
        self.connection = connection
        self.ledger = ledger
        self.actor = actor
        self.slots = post_slots(connection) if ledger.enforces_key else 1
        self.solo = set(lease.left_in_hand)
        self.stopped = Stopped(connection, actor)

    def work(self) -> datetime | None:
        """One turn; answers when the lane is due again. Raises RetryableError and BlockedError for the connection."""
        started = time.monotonic()
        if self.lease.slot >= self.slots:
            return None  # there were more lanes once: what was this one's is another's now
        self._take_over()
        flows = list(
            Flow.objects.filter(ledger=self.connection, state__in=[FlowState.ON, FlowState.DRY_RUN])
            .select_related("source", "ledger", "tenant")
            .order_by("id")
        )
        for company in sorted({flow.company for flow in flows}):
            with self.stopped.alone(company):
                adoption_ensure(self.lease, self.connection, self.ledger, company, self.actor)
        due_at: datetime | None = None
        while time.monotonic() - started < TURN_SECONDS:
            due = self._states_due()
            if not (self._settle(due) or self._resend(due) or self._decide(flows) or self._accrue(flows)):
                due_at = self._next_due(flows)
                break
        self.stopped.tell(flows)
        return due_at or database_now()

    # --- what a predecessor left ----------------------------------------------------------------------------------

    def _take_over(self) -> None:
        """Whatever is `sending` in our lane has no living sender: it becomes uncertain, to be looked up in time, unless
        it surely never left."""
        with self.lease.commit():
            recorder = Recorder(self.lease.tenant_id, self.actor)
            settle_at = recorder.now + self.ledger.settling_time
            for posting in self._open(PostingState.SENDING).select_for_update(of=("self",)):
                if posting.sent_at is None and self.ledger.marks_each:
                    posting.attempts -= 1
                    said = "The worker died before it was sent."
                    recorder.posting(posting, PostingState.INTENDED, said, settle_at=recorder.now)
                    continue
                recorder.posting(posting, PostingState.UNCERTAIN, "The worker that sent it died.", settle_at=settle_at)
            if len(self.solo) == 1:
                self._count_death(next(iter(self.solo)), recorder)
            recorder.flush()
        self.lease.left_in_hand = []

    def _count_death(self, record_id: int, recorder: Recorder) -> None:
        """A record on which two workers died alone fails as internal; the others must go on."""
        lane = Lane.objects.get(id=self.lease.lane_id)
        deaths = int(lane.deaths.get(str(record_id), 0)) + 1
        lane.deaths[str(record_id)] = deaths
        if deaths >= DEATHS_ALLOWED:
            lane.deaths.pop(str(record_id))
            row = SyncRecord.objects.filter(id=record_id, state=RecordState.RECEIVED).first()
            if row is not None:
                message = f"{deaths} workers died while they worked on this record alone; nothing was sent."
                cause = Cause("internal", message, value=f"worker death {row.external_id}")
                recorder.record(row, RecordState.FAILED, message, causes=[cause])
            self.solo.clear()
        lane.save(update_fields=["deaths"])

    # --- open postings --------------------------------------------------------------------------------------------

    def _open(self, state: PostingState) -> QuerySet[Posting]:
        rows = Posting.objects.filter(ledger=self.connection, state=state).select_related("flow__ledger")
        if self.slots > 1:
            rows = rows.annotate(slot=F("record_id") % self.slots).filter(slot=self.lease.slot)
        return rows

    def _states_due(self) -> set[str]:
        """In which states something is due: mostly in none, which one look tells."""
        rows = Posting.objects.filter(ledger=self.connection, state__in=OPEN_STATES, settle_at__lte=Now())
        return set(rows.values_list("state", flat=True).distinct())

    def _due(self, state: PostingState) -> Iterator[tuple[str, list[Posting]]]:
        """What is longest due, one company after the other."""
        rows = self._open(state).filter(settle_at__lte=Now()).exclude(company__in=self.stopped.companies)
        batch = sorted(rows.order_by("settle_at", "id")[: self.ledger.batch_size], key=lambda one: one.company)
        for company, group in groupby(batch, key=lambda posting: posting.company):
            yield company, list(group)

    def _settle(self, due: Container[str]) -> bool:
        """Look up what is uncertain, and what is created, by one search a company."""
        worked = False
        for state in (PostingState.UNCERTAIN, PostingState.CREATED):
            for company, postings in self._due(state) if state in due else ():
                worked = True
                with self.stopped.alone(company):
                    self.lease.renew(self.ledger.write_timeout.total_seconds(), [one.record_id for one in postings])
                    outcomes = self._found(company, [_outgoing(one) for one in postings])
                    apply_outcomes(self.lease, self.ledger, postings, outcomes, self.actor)
        return worked

    def _found(self, company: str, batch: Sequence[Outgoing]) -> list[Outcome]:
        """Look up, and believe an absence only if the same search shows a document that is surely there.

        One known document may be gone by itself (a ledger restored from a backup), so a few are tried, first those of
        the kinds that are looked for."""
        latest = (
            Posting.objects.filter(ledger=self.connection, company=company, state=PostingState.POSTED)
            .exclude(document_type="new_vendor")
            .order_by("-id")
            .values_list("stamp", "document_type")[:KNOWN_AMONG]
        )
        wanted = {one.document.type for one in batch}
        known = sorted(latest, key=lambda one: one[1] not in wanted)[:KNOWN_TRIED]
        blind: LookupBlindError | None = None
        for stamp in [stamp for stamp, _ in known] or [""]:
            try:
                return self.ledger.find(company, batch, known=stamp)
            except LookupBlindError as error:
                blind = error
        if blind is None:
            raise ValueError("There is always something to look up with.")
        raise BlockedError(blind.message, code=blind.code) from blind

    def _resend(self, due: Container[str]) -> bool:
        """Send what is intended: committed as `sending` first, the same bytes under the same stamp."""
        worked = False
        for company, postings in self._due(PostingState.INTENDED) if PostingState.INTENDED in due else ():
            worked = True
            with self.lease.commit():
                recorder = Recorder(self.lease.tenant_id, self.actor)
                for posting in postings:
                    recorder.posting(posting, PostingState.SENDING)
                    posting.sent_at = None if self.ledger.marks_each else posting.sent_at
                recorder.flush()
            with self.stopped.alone(company):
                self._send(company, postings)
        return worked

    # --- new records ----------------------------------------------------------------------------------------------

    def _decide(self, flows: Sequence[Flow]) -> bool:
        """One batch of the flow whose turn it is: each has one, before any has another."""
        now = database_now()
        for flow in self._in_turn(flows):
            limit = 1 if self.solo else self.ledger.batch_size
            rows = received(flow, self.lease.slot, self.slots, limit, now)
            if self.solo:
                rows = self._solo_rows(flow)[:1] or rows
            if not rows:
                continue
            seconds = self.ledger.write_timeout.total_seconds()
            self.lease.renew(seconds, [row.pk for row in rows], flow_served=flow.pk)
            postings: list[Posting] = []
            with self.stopped.alone(flow.company, flow):
                judge = Judge(flow, self.connection, self.ledger, self.actor)
                postings = Freezer(judge).commit(judge.judge(rows), self.lease)
            for company, group in groupby(postings, key=lambda posting: posting.company):
                with self.stopped.alone(company):
                    self._send(company, list(group))
            self.solo -= {row.pk for row in rows}
            return True
        self.solo.clear()
        return False

    def _in_turn(self, flows: Sequence[Flow]) -> list[Flow]:
        """The flows that may be served, beginning after the one that was served last, in this turn or before it."""
        last = self.lease.flow_served or 0
        free = [flow for flow in flows if not self.stopped.has(flow)]
        return sorted(free, key=lambda flow: (flow.pk <= last, flow.pk))

    def _accrue(self, flows: Sequence[Flow]) -> bool:
        worked = False
        for flow in flows if self.lease.slot == 0 else ():
            if not self.stopped.has(flow):
                with self.stopped.alone(flow.company, flow):
                    worked = accruals_work(self.lease, self.connection, self.ledger, [flow], self.actor) or worked
        return worked

    def _solo_rows(self, flow: Flow) -> list[SyncRecord]:
        return list(SyncRecord.objects.filter(flow=flow, id__in=self.solo, state=RecordState.RECEIVED))

    def _send(self, company: str, postings: Sequence[Posting]) -> None:
        """Call the ledger outside any transaction and commit its answer at once; bisect what it refused whole."""
        if not postings:
            return
        self.lease.renew(self.ledger.write_timeout.total_seconds(), [one.record_id for one in postings])
        try:
            outcomes = self.ledger.post(company, [_outgoing(one) for one in postings])
        except LeaseLostError:
            raise
        except (RetryableError, BlockedError) as error:
            # Raised before anything was sent: surely not executed.
            not_sent = [Outcome(one.key, OutcomeState.NOT_SENT, error=error) for one in postings]
            apply_outcomes(self.lease, self.ledger, postings, not_sent, self.actor)
            raise
        except Exception as error:
            # Whatever it was, a byte may have left: only the ledger knows.
            unclear = error if isinstance(error, ConnectorError) else None
            lost = [Outcome(one.key, OutcomeState.UNCERTAIN, error=unclear) for one in postings]
            apply_outcomes(self.lease, self.ledger, postings, lost, self.actor)
            if unclear is None:
                raise
            return
        refused = {outcome.key for outcome in outcomes if outcome.state is OutcomeState.SPLIT}
        settled = [outcome for outcome in outcomes if outcome.key not in refused]
        if settled:
            keys = {outcome.key for outcome in settled}
            apply_outcomes(self.lease, self.ledger, [one for one in postings if one.key in keys], settled, self.actor)
        again = [one for one in postings if one.key in refused]
        if again:
            half = (len(again) + 1) // 2
            self._send(company, again[:half])
            self._send(company, again[half:])

    def _next_due(self, flows: Sequence[Flow]) -> datetime:
        """When this lane, not another slot, has something to do that is not stopped."""
        free = [flow for flow in flows if not self.stopped.has(flow)]
        states = [PostingState.INTENDED, PostingState.UNCERTAIN, PostingState.CREATED]
        postings = Posting.objects.filter(ledger=self.connection, state__in=states)
        records = SyncRecord.objects.filter(flow__in=free, state=RecordState.RECEIVED, due_at__isnull=False)
        if self.slots > 1:
            postings = postings.annotate(slot=F("record_id") % self.slots).filter(slot=self.lease.slot)
            records = records.annotate(slot=F("id") % self.slots).filter(slot=self.lease.slot)
        dues: list[datetime | None] = [
            postings.exclude(company__in=self.stopped.companies).aggregate(first=Min("settle_at"))["first"],
            records.aggregate(first=Min("due_at"))["first"],
            self.stopped.again(),
            database_now() + timedelta(hours=1),  # the sweep of `adopt`
        ]
        return min(due for due in dues if due is not None)


def _outgoing(posting: Posting) -> Outgoing:
    is_first = posting.attempts <= 1 and not posting.absences
    return Outgoing(posting.key, posting.stamp, document_of(posting), posting.entry_id, is_first)
