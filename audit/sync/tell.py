"""What follows a posting? The source is told, receipts are attached: steps of their own, looked up before repeated.

And what the ledger says was touched is looked up again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import groupby

from django.db.models import Min, prefetch_related_objects

from audit.models import FollowUp, FollowUpKind, FollowUpState
from audit.sync.backoff import backoff
from audit.sync.carry import Carrier
from audit.sync.lanes import Lease, database_now
from audit.sync.push import push_due, push_work
from audit.sync.recheck import recheck_due, recheck_work
from audit.sync.recorder import Cause, Recorder
from connectors.base import ExportResult, Ledger, Source, TellOutcome
from connectors.errors import (
    BlockedError,
    ConnectorError,
    PayloadError,
    RateLimitedError,
    RejectedError,
    UnsupportedError,
)
from connectors.models import Connection

BATCH = 100
TURN_SECONDS = 10.0
ATTEMPTS_ALLOWED = 12
READ = (
    "tenant", "record", "kind", "subject", "state", "due_at", "done_at", "attempts", "facts",
    "record__stream", "record__external_id", "record__connection",
)  # fmt: skip
DONE = frozenset({"told", "already"})
STAYS = "stays"  # at the source, as there is no place for it in the ledger


class Teller:
    """Works one leased tell lane: of a source (telling) or of a ledger (attaching)."""

    def __init__(
        self,
        lease: Lease,
        connection: Connection,
        actor: str,
        source: Source | None,
        ledger: Ledger | None,
        open_source: Callable[[Connection], Source],
    ) -> None:
        self.lease = lease
        self.connection = connection
        self.actor = actor
        self.source = source
        self.ledger = ledger
        self.open_source = open_source

    def work(self) -> datetime | None:
        """One turn; answers when the lane is due again."""
        started = time.monotonic()
        while time.monotonic() - started < TURN_SECONDS:
            due = list(
                FollowUp.objects.filter(connection=self.connection, state=FollowUpState.DUE, due_at__lte=database_now())
                .select_related("record")
                .only(*READ)
                .order_by("due_at", "id")[:BATCH]
            )
            if not due:
                break
            if not any(self._serves(one) for one in due):
                break
            for kind, group in groupby(sorted(due, key=lambda one: (one.kind, one.id)), key=lambda one: one.kind):
                steps = list(group)
                if kind == FollowUpKind.TELL:
                    self._tell(steps)
                elif kind == FollowUpKind.ATTACH:
                    self._attach(steps)
        if self.source is not None:
            push_work(self.lease, self.connection, self.source, self.actor)
        if self.ledger is not None:
            recheck_work(self.lease, self.connection, self.ledger, self.actor)
        first: datetime | None = FollowUp.objects.filter(connection=self.connection, state=FollowUpState.DUE).aggregate(
            first=Min("due_at")
        )["first"]
        dues = (first, push_due(self.connection), recheck_due(self.connection))
        return min((due_at for due_at in dues if due_at is not None), default=None)

    def _serves(self, step: FollowUp) -> bool:
        return (self.source if step.kind == FollowUpKind.TELL else self.ledger) is not None

    def _tell(self, steps: Sequence[FollowUp]) -> None:
        if self.source is None:
            return
        for stream, group in groupby(
            sorted(steps, key=lambda one: one.record.stream), key=lambda one: one.record.stream
        ):
            some = list(group)
            self.lease.renew(60, [one.record_id for one in some])
            results = [
                ExportResult(
                    one.record.external_id,
                    reference=str(one.facts.get("number") or one.facts.get("reference", "")),
                    link=str(one.facts.get("link", "")),
                    failure=str(one.facts.get("failure", "")),
                )
                for one in some
            ]
            try:
                outcomes = {outcome.external_id: outcome for outcome in self.source.tell(stream, results)}
            except (BlockedError, RateLimitedError):
                raise
            except ConnectorError as error:
                outcomes = {one.external_id: TellOutcome(one.external_id, "later", error.message) for one in results}
            with self.lease.commit():
                recorder = Recorder(self.lease.tenant_id, self.actor)
                for one in some:
                    self._conclude(one, outcomes[one.record.external_id], recorder)
                recorder.flush()

    def _conclude(self, step: FollowUp, outcome: TellOutcome, recorder: Recorder) -> None:
        step.attempts += 1
        if outcome.state in DONE:
            step.state = FollowUpState.DONE
        elif outcome.state == STAYS:
            step.state = FollowUpState.DROPPED
        elif outcome.state in ("refused", "gone") or step.attempts >= ATTEMPTS_ALLOWED:
            step.state = FollowUpState.FAILED
            recorder.notice(
                Cause(
                    "follow_up_failed",
                    f"{step.get_kind_display().capitalize()} did not work: {outcome.reason or outcome.state}",
                    value=f"{step.kind}/{outcome.reason or outcome.state}",
                    connection_id=self.connection.pk,
                ),
                record_id=step.record_id,
            )
        else:
            step.due_at = recorder.now + backoff(step.attempts, first=30.0, cap=3600.0)
        recorder.follow_up(step, outcome.reason)

    def _attach(self, steps: Sequence[FollowUp]) -> None:
        """Fetch the records' files with fresh links and attach what is not there yet, a batch at a time."""
        if self.ledger is None:
            return
        prefetch_related_objects(steps, "record__connection__tenant")
        groups: dict[tuple[int, str, str], list[FollowUp]] = {}
        for step in steps:
            slot = (step.record.connection_id, step.record.stream, str(step.facts["company"]))
            groups.setdefault(slot, []).append(step)
        sources: dict[int, Source] = {}
        for (source_id, stream, company), some in groups.items():
            try:
                if source_id not in sources:
                    sources[source_id] = self.open_source(some[0].record.connection)
                carrier = Carrier(sources[source_id], stream, self.ledger, company)
            except ConnectorError as error:
                self._attached(some, [TellOutcome(one.record.external_id, "later", error.message) for one in some])
            else:
                self._carry(carrier, some)

    def _carry(self, carrier: Carrier, steps: Sequence[FollowUp]) -> None:
        """What is refused is halved, until the one that cannot be attached stands alone."""
        self.lease.renew(120, [one.record_id for one in steps])
        try:
            outcomes = carrier.carry([(one.record.external_id, str(one.facts["ledger_id"])) for one in steps])
        except RateLimitedError:
            raise
        except (RejectedError, PayloadError) as error:
            if len(steps) > 1:
                middle = len(steps) // 2
                self._carry(carrier, steps[:middle])
                self._carry(carrier, steps[middle:])
                return
            outcomes = [TellOutcome(one.record.external_id, "later", error.message) for one in steps]
        except UnsupportedError as error:  # not today and not tomorrow: the record's page says so
            outcomes = [TellOutcome(one.record.external_id, STAYS, error.message) for one in steps]
        except ConnectorError as error:
            outcomes = [TellOutcome(one.record.external_id, "later", error.message) for one in steps]
        self._attached(steps, outcomes)

    def _attached(self, steps: Sequence[FollowUp], outcomes: Sequence[TellOutcome]) -> None:
        with self.lease.commit():
            recorder = Recorder(self.lease.tenant_id, self.actor)
            for step, outcome in zip(steps, outcomes, strict=True):
                self._conclude(step, outcome, recorder)
            recorder.flush()
