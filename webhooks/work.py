"""What follows from a delivery? Hints to read what it names: records, lists, documents of ours in a ledger; nothing is
posted on it.

Work is found in the table, after a wake or by the clock, in batches of one transaction each. A batch that cannot be
written is worked one by one, so that a bad delivery fails alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from audit.models import LaneKind, Posting
from audit.sync.backoff import backoff
from audit.sync.bulk import rows_update
from audit.sync.hinting import hints_add
from audit.sync.lanes import lanes_wake
from audit.sync.recheck import recheck_ask, recheck_wanted, touched_at
from audit.sync.recorder import Cause, Recorder
from audit.sync.reference import reference_soon
from connectors.base import ProviderEvent
from connectors.errors import PayloadError
from connectors.models import Connection
from connectors.registry import connector_get
from mappings.models import Flow, FlowState
from webhooks.models import DeliveryState, WebhookDelivery

BATCH = 200
ATTEMPTS = 6
FIRST_WAIT, LONGEST_WAIT = 10.0, 3600.0
LONGEST_EXTERNAL_ID = 200
UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # JSON may hold them, PostgreSQL's text may not
ACTOR = "webhooks"

logger = structlog.get_logger(__name__)


@dataclass(slots=True)
class Worked:
    """How many deliveries a round worked, and which connections have new reasons to read."""

    total: int = 0
    connection_ids: set[int] = field(default_factory=set)


def deliveries_work(limit: int = BATCH) -> Worked:
    """Turn one batch of due deliveries into hints and wake the lanes that read them.

    Safe to repeat, and to run in several processes at once. Raises django.db.Error if the database is away."""
    due = WebhookDelivery.objects.filter(due_at__lte=timezone.now()).order_by("due_at", "id")
    try:
        return _work(due[:limit])
    except Exception as error:
        logger.warning("webhook_batch_failed", error=type(error).__name__)
    worked = Worked()
    for pk in list(due.values_list("pk", flat=True)[:limit]):
        try:
            one = _work(WebhookDelivery.objects.filter(pk=pk, due_at__isnull=False))
        except Exception as error:
            _put_off(pk, error)
            one = Worked(1)
        worked.total += one.total
        worked.connection_ids |= one.connection_ids
    return worked


def _work(rows: QuerySet[WebhookDelivery]) -> Worked:
    with transaction.atomic():
        related = rows.select_related("endpoint__connection")
        locked = list(related.select_for_update(skip_locked=True, of=("self",), no_key=True))
        batch = _Batch(timezone.now(), _streams_read({row.endpoint.connection_id for row in locked}))
        for row in locked:
            batch.take(row)
        return batch.write(locked)


def _streams_read(connection_ids: set[int]) -> set[tuple[int, str]]:
    """The streams that anybody reads: a hint for another would stay open for ever."""
    flows = Flow.objects.filter(source_id__in=connection_ids, state__in=[FlowState.ON, FlowState.DRY_RUN])
    return set(flows.values_list("source_id", "stream"))


def _put_off(pk: int, error: Exception) -> None:
    with transaction.atomic():
        row = WebhookDelivery.objects.select_for_update().get(pk=pk)
        _failed(row, timezone.now(), error)
        row.save(update_fields=list(CHANGED))


CHANGED = {
    "state": "text",
    "due_at": "timestamptz",
    "attempts": "smallint",
    "error": "text",
    "events": "text",
    "done_at": "timestamptz",
}


def _failed(row: WebhookDelivery, now: datetime, error: Exception) -> None:
    """Tried again later if it may be our fault; what the vendor wrote stays as it is, so that waits for a person."""
    row.attempts += 1
    row.state, row.done_at = DeliveryState.FAILED, None
    if isinstance(error, PayloadError):
        row.error, row.due_at = error.message, None
        return
    is_last = row.attempts >= ATTEMPTS
    row.error = f"An internal error: {type(error).__name__}."
    row.due_at = None if is_last else now + backoff(row.attempts, first=FIRST_WAIT, cap=LONGEST_WAIT)


@dataclass(slots=True)
class _Batch:
    """What one transaction will write."""

    now: datetime
    streams_read: set[tuple[int, str]]
    hints: set[tuple[int, int, str, str]] = field(default_factory=set)
    strangers: dict[tuple[int, str], Connection] = field(default_factory=dict)
    postings: dict[int, Posting] = field(default_factory=dict)  # to be looked up again
    lists: dict[int, tuple[Connection, set[str]]] = field(default_factory=dict)  # to be pulled soon

    def take(self, row: WebhookDelivery) -> None:
        """Decide about one delivery; never raises."""
        connection = row.endpoint.connection
        try:
            receiver = connector_get(connection.vendor).webhook
            events = receiver.parse(bytes(row.body)) if receiver else []
            hints = [one for event in events for one in self._hints(connection, event)]
            touched = self._touched(connection, events, row.received_at)
        except PayloadError as error:
            _failed(row, self.now, error)
            return
        except Exception as error:
            logger.exception("webhook_failed", delivery=row.pk)
            _failed(row, self.now, error)
            return
        self.hints.update(hints)
        row.attempts += 1
        row.state = DeliveryState.DONE if hints or touched else DeliveryState.IGNORED
        row.due_at, row.done_at, row.error = None, self.now, ""
        row.events = "; ".join(self._said(connection, event, touched) for event in events)[:300]

    def _touched(self, connection: Connection, events: Sequence[ProviderEvent], received_at: datetime) -> int:
        """How much of ours in the ledger is to be looked at again, documents and lists; what strangers made is not."""
        own = [event for event in events if not _is_strange(connection, event)]
        told = {
            stamp: touched_at(event.changed_at, received_at)
            for event in own
            for stamp in event.stamps
            if not UNSTORABLE.search(stamp)
        }
        lists = {kind for event in own for kind in event.lists}
        postings = recheck_wanted(connection, told) if told else []
        self.postings.update((one.pk, one) for one in postings)
        if lists:
            self.lists.setdefault(connection.pk, (connection, set()))[1].update(lists)
        return len(lists) + len(postings)

    def _hints(self, connection: Connection, event: ProviderEvent) -> list[tuple[int, int, str, str]]:
        if _is_strange(connection, event):
            self.strangers[connection.pk, event.account] = connection
            return []
        if (connection.pk, event.stream) not in self.streams_read:
            return []
        if any(len(one) > LONGEST_EXTERNAL_ID or UNSTORABLE.search(one) for one in event.external_ids):
            raise PayloadError("The webhook names a record by something that is no id.")
        ids: Sequence[str] = event.external_ids or ("",)
        return [(connection.tenant_id, connection.pk, event.stream, one) for one in ids]

    def _said(self, connection: Connection, event: ProviderEvent, touched: int) -> str:
        kind = UNSTORABLE.sub("\ufffd", event.kind[:80])
        if _is_strange(connection, event):
            return f"{kind}: of another account"
        if event.stamps:
            return f"{kind}: {'looked up again' if touched else 'nothing of ours to look up'}"
        if event.lists and (connection.pk, event.stream) not in self.streams_read:
            return f"{kind}: lists of {', '.join(event.lists)}"
        if not event.stream:
            return f"{kind}: nothing to read"
        if (connection.pk, event.stream) not in self.streams_read:
            return f"{kind}: no flow reads {event.stream}"
        return f"{kind}: {len(event.external_ids) or 'poll'} of {event.stream}"

    def write(self, rows: list[WebhookDelivery]) -> Worked:
        """In one order for everybody, so that two batches never wait for each other."""
        keys = sorted(self.hints)
        hints_add(keys)
        connection_ids = {connection_id for _, connection_id, _, _ in keys}
        for connection_id in sorted(connection_ids):
            lanes_wake(connection_id, LaneKind.READ)
        recheck_ask(self.postings.values())
        for _, (connection, kinds) in sorted(self.lists.items(), key=lambda one: one[0]):
            reference_soon(connection, sorted(kinds))
        for (_, account), connection in sorted(self.strangers.items(), key=lambda one: one[0]):
            recorder = Recorder(connection.tenant_id, ACTOR)
            recorder.notice(_stranger(connection, account))
            recorder.flush()
        rows_update("webhooks_webhookdelivery", CHANGED, rows)
        return Worked(len(rows), connection_ids | self.lists.keys())


def _is_strange(connection: Connection, event: ProviderEvent) -> bool:
    known = connection.account or connection.identity
    return bool(event.account and known and event.account != known)


def _stranger(connection: Connection, account: str) -> Cause:
    account = UNSTORABLE.sub("\ufffd", account[:120])
    return Cause(
        "foreign_webhook",
        f"{connection.name} received webhooks of the account {account}; it is connected to {connection.identity}.",
        value=account,
        connection_id=connection.pk,
        advice="Nothing was read on them. Look at the vendor for a subscription that leads to the wrong address.",
    )
