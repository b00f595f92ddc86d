"""What does a read lane do? Hints first, then the windows that are due, each stored page by page.

The mark never passes the moment the window was opened and moves only after all its pages are stored; repeats are
harmless, as an unchanged item writes nothing.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from audit.models import CameBy, HighWaterMark, Hint, LaneKind, RecordState, SyncRecord
from audit.sync.hinting import hints_done
from audit.sync.intake import Counts, Intake
from audit.sync.lanes import Lease, database_now, lanes_wake, later
from audit.sync.recorder import Cause, Recorder
from audit.sync.reference import reference_due
from audit.sync.routes import Routes, active_flows
from connectors.base import Item, Source, StreamSpec, Window
from connectors.errors import ConnectorError, PayloadError, RateLimitedError, RejectedError, RetryableError
from connectors.models import Connection
from connectors.registry import connector_get
from mappings.models import Flow

logger = logging.getLogger(__name__)

FIRST_READ = timedelta(days=92)  # where no `post_from` says further back
WINDOW = timedelta(days=31)  # long histories are read window by window, so that a crash costs one
HINTS_AT_ONCE = 500
REFUSALS_ENOUGH = 20
FEATURE_DENIED = "feature_denied"
DENIED_AGAIN = 3600.0  # seconds


class Reader:
    """Works one leased read lane. Every ConnectorError ends the lane's turn and is the caller's to classify."""

    def __init__(self, lease: Lease, connection: Connection, source: Source, actor: str) -> None:
        self.lease = lease
        self.connection = connection
        self.source = source
        self.actor = actor
        self.connector = connector_get(connection.vendor)
        self.flows = active_flows(connection)
        self.routes = Routes.of(connection)
        self.counts: dict[str, Counts] = defaultdict(Counts)
        self.refused = 0

    def work(self) -> datetime | None:
        """Serve hints and due windows; answers when the lane is due again (None: only when woken)."""
        streams = {flow.stream for flow in self.flows}
        refused: list[ConnectorError] = []
        for serve in (self._serve_hints, self._serve_windows):
            for stream in sorted(streams & self.connector.streams.keys()):
                try:
                    serve(self.connector.streams[stream])
                except (RejectedError, PayloadError) as error:
                    if error.code == FEATURE_DENIED:
                        self._close(stream, error)
                    else:
                        refused.append(error)
        if refused:
            raise refused[0]  # after the other streams were served
        return self._next_due(streams)

    def _close(self, stream: str, error: ConnectorError) -> None:
        """The vendor does not grant this stream: it rests, the others go on, and a person is told."""
        recorder = Recorder(self.connection.tenant_id, self.actor)
        recorder.notice(Cause(error.code, error.message, value=stream, connection_id=self.connection.pk))
        recorder.flush()
        of_stream = {"connection": self.connection, "stream": stream}
        HighWaterMark.objects.filter(**of_stream).update(due_at=later(DENIED_AGAIN))
        Hint.objects.filter(**of_stream, done_at__isnull=True).update(due_at=later(DENIED_AGAIN))

    def _intake(self, spec: StreamSpec) -> Intake:
        return Intake(
            connection=self.connection,
            connector=self.connector,
            spec=spec,
            routes=self.routes,
            time_zone=self.connection.tenant.time_zone,
            lease=self.lease,
            actor=self.actor,
            counts=self.counts[spec.key],
        )

    def _serve_hints(self, spec: StreamSpec) -> None:
        while True:
            asked_at = database_now()
            hints = list(
                Hint.objects.filter(
                    connection=self.connection, stream=spec.key, done_at__isnull=True, due_at__lte=asked_at
                )
                .exclude(external_id="")
                .order_by("id")[:HINTS_AT_ONCE]
            )
            if not hints:
                break
            self.refused = 0
            try:
                items = self._fetch(spec, [hint.external_id for hint in hints])
            except RateLimitedError:
                raise
            except RetryableError as error:  # asked for again in a while; what waits too long the windows find
                logger.info("hints not served", extra={"stream": spec.key, "reason": error.message})
                items = []
            self._intake(spec).store(items, CameBy.HINT)
            hints_done(hints, [item.external_id for item in items], asked_at=asked_at, now=database_now())
            self._wake_ledgers(spec)
        soon = Hint.objects.filter(connection=self.connection, stream=spec.key, external_id="", done_at__isnull=True)
        if soon.exists():
            now = database_now()
            HighWaterMark.objects.filter(connection=self.connection, stream=spec.key).update(due_at=now)
            soon.update(done_at=now)

    def _fetch(self, spec: StreamSpec, ids: Sequence[str]) -> list[Item]:
        """What the source shows of these. One that it refuses to show is told and left out, like one that is not there
        yet; after too many of them the rest is left out untried."""
        if self.refused >= REFUSALS_ENOUGH:
            return []
        self.lease.renew()
        try:
            return list(self.source.fetch(spec.key, list(ids)))
        except (RejectedError, PayloadError) as error:
            if error.code == FEATURE_DENIED:
                raise
            if len(ids) == 1:
                self._hint_refused(spec, ids[0], error)
                return []
        middle = len(ids) // 2
        return [*self._fetch(spec, ids[:middle]), *self._fetch(spec, ids[middle:])]

    def _hint_refused(self, spec: StreamSpec, external_id: str, error: ConnectorError) -> None:
        self.refused += 1
        recorder = Recorder(self.connection.tenant_id, self.actor)
        recorder.notice(
            Cause(
                "hint_refused",
                f"{self.connection.name}: {spec.label} {external_id} could not be read alone: {error.message}",
                value=f"{spec.key}/{error.code}",
                connection_id=self.connection.pk,
                advice="It comes with the next reading of its stream. Look at the source if it does not.",
            )
        )
        recorder.flush()

    def _serve_windows(self, spec: StreamSpec) -> None:
        mark, _ = HighWaterMark.objects.get_or_create(
            connection=self.connection, stream=spec.key, defaults={"tenant_id": self.connection.tenant_id}
        )
        self._begin_earlier(spec, mark)
        while mark.due_at <= database_now():
            was_behind = mark.mark is None or mark.mark < database_now() - 2 * spec.poll_every
            window = self._window(spec, mark)
            mark.since = window.since if mark.since is None else mark.since
            mark.window_since, mark.window_until = window.since, window.until
            mark.save(update_fields=["window_since", "window_until"])
            intake = self._intake(spec)
            new_before = intake.counts.new + intake.counts.changed
            for page in self.source.read(spec.key, window):
                self.lease.renew()
                intake.store(page, CameBy.POLL)
                self._wake_ledgers(spec)
            with self.lease.commit():
                now = database_now()
                is_current = window.until >= now - spec.poll_every
                mark.mark = window.until
                mark.window_since = mark.window_until = None
                mark.last_read_at = now
                mark.due_at = now + spec.poll_every if is_current else now
                if intake.counts.new + intake.counts.changed > new_before:
                    mark.last_new_at = now
                if is_current and was_behind:
                    self._free_waiting(now)
                mark.save()

    def _free_waiting(self, now: datetime) -> None:
        """A stream was behind and is read up to date: records that waited for its side are looked at again."""
        for flow in self.flows:
            SyncRecord.objects.filter(flow=flow, state=RecordState.RECEIVED, due_at__gt=now).update(due_at=now)
            lanes_wake(flow.ledger_id, LaneKind.POST, slots=range(post_slots(flow.ledger)))

    def _begin_earlier(self, spec: StreamSpec, mark: HighWaterMark) -> None:
        """A flow wants days before those that were read: all is read again, and what is known writes nothing."""
        now = database_now()
        if (
            mark.mark is None
            or mark.since is None
            or not any(flow.post_from for flow in self.flows if flow.stream == spec.key)
        ):
            return
        if self._start(spec, now) < mark.since - spec.overlap:
            mark.mark = mark.since = mark.window_since = mark.window_until = None
            mark.due_at = now

    def _window(self, spec: StreamSpec, mark: HighWaterMark) -> Window:
        """The next window by the database's clock, with the stream's overlap; an open one is read again as it was."""
        now = database_now()
        if spec.reading == "scan":
            return Window(None, now)
        if mark.window_until is not None:
            return Window(mark.window_since, mark.window_until)
        since = mark.mark - spec.overlap if mark.mark else self._start(spec, now)
        until = min(now, since + WINDOW + spec.overlap) if spec.reading == "changed" else now
        return Window(since, until)

    def _start(self, spec: StreamSpec, now: datetime) -> datetime:
        days = [flow.post_from for flow in self.flows if flow.stream == spec.key and flow.post_from]
        if not days:
            return now - FIRST_READ
        first = min(days)
        return min(datetime(first.year, first.month, first.day, tzinfo=now.tzinfo) - timedelta(days=31), now)

    def _wake_ledgers(self, spec: StreamSpec) -> None:
        """Post lanes of the ledgers that this stream's records go to are due."""
        touched = self.counts[spec.key].flows
        for flow in Flow.objects.filter(id__in=touched).select_related("ledger"):
            lanes_wake(flow.ledger_id, LaneKind.POST, slots=range(post_slots(flow.ledger)))
        touched.clear()

    def _next_due(self, streams: set[str]) -> datetime | None:
        dues = list(
            HighWaterMark.objects.filter(connection=self.connection, stream__in=streams).values_list(
                "due_at", flat=True
            )
        )
        hints = Hint.objects.filter(connection=self.connection, stream__in=streams, done_at__isnull=True)
        dues += hints.order_by("due_at").values_list("due_at", flat=True)[:1]
        lists = reference_due(self.connection)
        return min([*dues, lists] if lists else dues, default=None)


def post_slots(ledger: Connection) -> int:
    """How many post lanes a ledger has: more than one only where it enforces the key."""
    wanted = int((ledger.settings or {}).get("post_lanes", 1))
    return max(1, min(4, wanted))
