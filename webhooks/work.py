"""What follows from a delivery? Hints to read what it names: records, lists, documents of ours in a ledger; nothing is
posted on it.

Work is found in the table, after a wake or by the clock, in batches of one transaction each. A batch that cannot be
written is worked one by one, so that a bad delivery fails alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from audit.models import LaneKind
from audit.sync.backoff import backoff
from audit.sync.bulk import rows_update
from audit.sync.hinting import hints_add
from audit.sync.lanes import lanes_wake
from audit.sync.recheck import recheck_ask, recheck_wanted
from audit.sync.recorder import Cause, Recorder
from audit.sync.reference import reference_soon
from connectors.errors import PayloadError
from connectors.models import Connection
from mappings.models import Flow, FlowState
from webhooks.asked import UNSTORABLE, Asked, asked_by, asked_text
from webhooks.models import DeliveryState, WebhookDelivery

BATCH = 200
ATTEMPTS = 6
FIRST_WAIT, LONGEST_WAIT = 10.0, 3600.0
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
    """What one transaction will write: first each delivery is read, then the books are asked once for all of them."""

    now: datetime
    streams_read: set[tuple[int, str]]
    read: list[Asked] = field(default_factory=list)

    def take(self, row: WebhookDelivery) -> None:
        """Read one delivery; never raises."""
        try:
            self.read.append(asked_by(row, self.streams_read))
        except PayloadError as error:
            _failed(row, self.now, error)
        except Exception as error:
            logger.exception("webhook_failed", delivery=row.pk)
            _failed(row, self.now, error)

    def write(self, rows: list[WebhookDelivery]) -> Worked:
        """In one order for everybody, so that two batches never wait for each other."""
        wanted = recheck_wanted({one for asked in self.read for one in asked.told})
        for asked in self.read:
            self._conclude(asked, len(asked.lists) + len({one.stamp for one in asked.told if one in wanted}))
        lists, strangers = self._by_connection("lists"), self._by_connection("strangers")
        keys = sorted({one for asked in self.read for one in asked.hints})
        connection_ids = {connection_id for _, connection_id, _, _ in keys} | {one.pk for one, _ in lists}
        hints_add(keys)
        for connection_id in sorted(connection_ids):
            lanes_wake(connection_id, LaneKind.READ)
        recheck_ask(wanted.values())
        for connection, kinds in lists:
            reference_soon(connection, kinds)
        for connection, accounts in strangers:
            recorder = Recorder(connection.tenant_id, ACTOR)
            for account in accounts:
                recorder.notice(_stranger(connection, account))
            recorder.flush()
        rows_update("webhooks_webhookdelivery", CHANGED, rows)
        return Worked(len(rows), connection_ids)

    def _conclude(self, asked: Asked, touched: int) -> None:
        row = asked.row
        row.attempts += 1
        row.state = DeliveryState.DONE if asked.hints or touched else DeliveryState.IGNORED
        row.due_at, row.done_at, row.error = None, self.now, ""
        row.events = asked_text(asked, touched, self.streams_read)

    def _by_connection(self, name: Literal["lists", "strangers"]) -> list[tuple[Connection, list[str]]]:
        """What all deliveries of a connection ask for, connections and words in order."""
        found: dict[int, tuple[Connection, set[str]]] = {}
        for asked in self.read:
            if words := getattr(asked, name):
                found.setdefault(asked.connection.pk, (asked.connection, set()))[1].update(words)
        return [(connection, sorted(words)) for _, (connection, words) in sorted(found.items())]


def _stranger(connection: Connection, account: str) -> Cause:
    account = UNSTORABLE.sub("\ufffd", account[:120])
    return Cause(
        "foreign_webhook",
        f"{connection.name} received webhooks of the account {account}; it is connected to {connection.identity}.",
        value=account,
        connection_id=connection.pk,
        advice="Nothing was read on them. Look at the vendor for a subscription that leads to the wrong address.",
    )
