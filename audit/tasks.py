"""What does Celery do here? It wakes lanes, no more: a lost, doubled or late message changes only the timing."""

from __future__ import annotations

import time

from celery import shared_task

from audit.models import LaneKind
from audit.services import flow_sync_request
from audit.sync import housekeeping
from audit.sync.turns import lane_work
from mappings.models import Flow

DRAIN_SECONDS = 50.0
WAKE_EXPIRES = 30.0  # an old wake is no news: the next tick looks again


@shared_task(name="audit.lanes_drain")
def lanes_drain(kinds: list[str] | None = None) -> int:
    """Work lanes until none is due or the time is over; answers how many turns were worked."""
    chosen = [LaneKind(kind) for kind in kinds] if kinds else list(LaneKind)
    started, turns = time.monotonic(), 0
    while time.monotonic() - started < DRAIN_SECONDS and lane_work(chosen):
        turns += 1
    return turns


@shared_task(name="audit.tick")
def tick() -> None:
    """Find due work that nobody announced, and wake workers for it."""
    if housekeeping.lanes_due():
        for kind in LaneKind:
            lanes_drain.apply_async(args=[[kind.value]], queue=kind.value, expires=WAKE_EXPIRES)


@shared_task(name="audit.flow_poll")
def flow_poll(flow_id: int) -> None:
    """A flow's own schedule: its stream is due now."""
    flow = Flow.objects.select_related("source", "ledger").get(pk=flow_id)
    if flow.state in ("on", "dry_run"):
        flow_sync_request(flow, by="schedule")
        tick()


@shared_task(name="audit.housekeep")
def housekeep() -> None:
    """Everything that is due by the hour: lanes made, expiries, keep-alives, silence, retention."""
    housekeeping.work()


@shared_task(name="audit.seal")
def seal() -> None:
    """Seal what was written since the last seal."""
    housekeeping.seal()
