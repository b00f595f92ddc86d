"""What can be asked of the engine? The same services for admin, commands, tasks and tests."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum
from django.utils import timezone

from audit.models import (
    FollowUp,
    FollowUpState,
    HighWaterMark,
    Lane,
    LaneKind,
    PostingState,
    RecordState,
    SyncRecord,
    SyncRun,
)
from audit.models import Posting as PostingRow
from audit.sync.lanes import database_now, lanes_wake
from audit.sync.push import PREFIX as PUSH
from audit.sync.read import post_slots
from audit.sync.reference import PREFIX as REFERENCE
from audit.sync.turns import lane_work
from connectors.registry import connector_get
from mappings.flow_settings import REFERENCE_STREAMS
from mappings.models import Flow

IDLE_WAIT = 0.2


@dataclass(slots=True)
class Tally:
    """Where a flow's records stand, in count and money per currency, and what the postings are."""

    received: int = 0
    posted: int = 0
    witness: int = 0
    held: int = 0
    skipped: int = 0
    failed: int = 0
    in_work: int = 0
    not_final: int = 0
    documents: dict[str, int] = field(default_factory=dict)
    money: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def ties(self) -> bool:
        """Received = posted + witness + skipped + held + failed, plus what is in work or not final."""
        return self.received == (
            self.posted + self.witness + self.skipped + self.held + self.failed + self.in_work + self.not_final
        )

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "ties": self.ties}


def flow_tally(flow: Flow) -> Tally:
    """The tie-out of one flow (accounting policy, section 11). Three queries."""
    rows = SyncRecord.objects.filter(flow=flow)
    tally = Tally()
    by_state = rows.values("state").annotate(
        number=Count("id"), not_final=Count("id", filter=Q(state=RecordState.RECEIVED, due_at__isnull=True))
    )
    for row in by_state:
        number, not_final = row["number"], row["not_final"]
        tally.received += number
        if row["state"] == RecordState.RECEIVED:
            tally.not_final, tally.in_work = not_final, tally.in_work + number - not_final
        elif row["state"] == RecordState.POSTING:
            tally.in_work += number
        else:
            setattr(tally, row["state"], number)
    sums = rows.exclude(currency="").values("currency", "state").annotate(total=Sum("amount"))
    for currency, state, total in sums.values_list("currency", "state", "total"):
        tally.money.setdefault(currency, {})[state] = format(total or Decimal(0), "f")
    documents = (
        PostingRow.objects.filter(flow=flow, state__in=[PostingState.POSTED, PostingState.REVERSED])
        .values("document_type")
        .annotate(number=Count("id"))
    )
    tally.documents = {row["document_type"]: row["number"] for row in documents}
    return tally


def flow_sync_request(flow: Flow, *, by: str) -> SyncRun:
    """*Sync now*: everything that concerns a flow is due at once; workers do the rest. Safe to repeat."""
    now = database_now()
    HighWaterMark.objects.filter(connection=flow.source, stream=flow.stream).update(due_at=now)
    lanes_wake(flow.source_id, LaneKind.READ)
    lanes_wake(flow.ledger_id, LaneKind.READ)
    if connector_get(flow.ledger.vendor).open_ledger:
        lanes_wake(flow.ledger_id, LaneKind.POST, slots=range(post_slots(flow.ledger)))
    else:
        listed = f"{REFERENCE}{REFERENCE_STREAMS.get(flow.stream, flow.stream)}"
        HighWaterMark.objects.filter(connection=flow.source, stream=listed).update(due_at=now)
        HighWaterMark.objects.filter(connection=flow.ledger, stream=f"{PUSH}{flow.pk}").update(due_at=now)
        lanes_wake(flow.ledger_id, LaneKind.TELL)
    lanes_wake(flow.source_id, LaneKind.TELL)
    return SyncRun.objects.create(tenant_id=flow.tenant_id, connection=flow.source, flow=flow, kind="sync now", by=by)


def flow_sync(
    flow: Flow, *, by: str, seconds: float = 3600.0, progress: Callable[[Tally], None] | None = None
) -> Tally:
    """Run a flow in this process until it is idle (or the time is over), working the same lanes as any worker.

    Other workers may work beside it. Answers the tie-out; raises nothing of a vendor's."""
    run = flow_sync_request(flow, by=by)
    HighWaterMark.objects.filter(
        connection_id__in=[flow.ledger_id, flow.source_id], stream__startswith=REFERENCE, mark__isnull=True
    ).update(due_at=database_now())
    started = time.monotonic()
    connections = (flow.source_id, flow.ledger_id)
    while time.monotonic() - started < seconds:
        worked = [
            lane_work([kind], connection_id=connection, actor=by)
            for connection, kind in (
                (flow.ledger_id, LaneKind.READ),
                (flow.source_id, LaneKind.READ),
                (flow.ledger_id, LaneKind.POST),
                (flow.source_id, LaneKind.TELL),
                (flow.ledger_id, LaneKind.TELL),
            )
        ]
        if progress is not None:
            progress(flow_tally(flow))
        if not any(worked):
            if is_idle(connections):
                break
            time.sleep(IDLE_WAIT)
    tally = flow_tally(flow)
    run.finished_at, run.counts = timezone.now(), tally.as_dict()
    run.save(update_fields=["finished_at", "counts"])
    return tally


def is_idle(connection_ids: tuple[int, ...]) -> bool:
    """Nothing is leased, due or open on these connections that a worker could do something about now."""
    now = database_now()
    if Lane.objects.filter(connection_id__in=connection_ids, lease_until__gt=now).exists():
        return False
    workable = Q(connection__state__in=["new", "ok"]) & (
        Q(connection__closed_until__isnull=True) | Q(connection__closed_until__lte=now)
    )
    return not Lane.objects.filter(workable, connection_id__in=connection_ids, due_at__lte=now).exists()


def backlog() -> Counter[str]:
    """How much waits, over all tenants: for the health page and the bench."""
    now = database_now()
    return Counter(
        received=SyncRecord.objects.filter(state=RecordState.RECEIVED, due_at__lte=now).count(),
        open_postings=PostingRow.objects.filter(state__in=["intended", "sending", "uncertain", "created"]).count(),
        follow_ups=FollowUp.objects.filter(state=FollowUpState.DUE, due_at__lte=now).count(),
    )
