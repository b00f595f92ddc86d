"""How far are the workers, and when is nothing left that they could do now? Read from the rows, as they work."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db.models import Count
from django.db.models.functions import Now

from audit.models import HighWaterMark, Hint, LaneKind, Posting, PostingState, RecordState, SyncRecord
from audit.models.postings import OPEN_STATES
from audit.services import is_idle
from audit.sync.lanes import lanes_wake
from audit.sync.push import PREFIX as PUSH
from connectors.models import Connection, ConnectionState, Tenant
from mappings.models import DocumentKind, Flow, FlowState

LOOK_SECONDS = 0.25
LOOKS_AT_REST = 3
NUDGE_SECONDS = 3.0
PATIENCE_SECONDS = 600.0
UNDER_WAY = (RecordState.RECEIVED, RecordState.POSTING)


class DemoError(Exception):
    """The demo cannot go on; the message is a sentence for the terminal."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Records so far, and whether the workers have come to rest."""

    received: int
    decided: int
    posted: int
    held: int
    is_at_rest: bool


def standing(tenants: Sequence[Tenant]) -> Standing:
    """A few cheap queries. Raises DemoError when a connection has stopped working."""
    broken = Connection.objects.filter(tenant__in=tenants, state=ConnectionState.BROKEN).first()
    if broken is not None:
        raise DemoError(f"The connection {broken.name} stopped working: {broken.reason}")
    rows = SyncRecord.objects.filter(tenant__in=tenants).order_by().values_list("state").annotate(number=Count("id"))
    counts: dict[str, int] = dict(rows)
    received = sum(counts.values())
    return Standing(
        received=received,
        decided=received - sum(counts.get(state, 0) for state in UNDER_WAY),
        posted=counts.get(RecordState.POSTED, 0),
        held=counts.get(RecordState.HELD, 0),
        is_at_rest=all(_is_at_rest(tenant) for tenant in tenants),
    )


def wait_for_rest(tenants: Sequence[Tenant], look: Callable[[Standing], None]) -> Standing:
    """Until a few looks in a row find nothing to do; `look` sees each of them and may raise. Raises DemoError."""
    deadline, quiet, nudged = time.monotonic() + PATIENCE_SECONDS, 0, time.monotonic()
    while time.monotonic() < deadline:
        if time.monotonic() > nudged + NUDGE_SECONDS:
            nudged = time.monotonic()
            _look_again(tenants)
        now = standing(tenants)
        look(now)
        quiet = quiet + 1 if now.is_at_rest else 0
        if quiet >= LOOKS_AT_REST:
            return now
        time.sleep(LOOK_SECONDS)
    raise DemoError(f"The workers did not come to rest within {PATIENCE_SECONDS:.0f} s.")


def _look_again(tenants: Sequence[Tenant]) -> None:
    """What waits for a ledger's own posting run is looked at every quarter of an hour; nobody waits so long here."""
    waiting = Posting.objects.filter(
        tenant__in=tenants, state__in=(PostingState.CREATED, PostingState.INTENDED), settle_at__gt=Now()
    )
    ledgers = set(waiting.values_list("ledger_id", flat=True))
    waiting.update(settle_at=Now())
    for ledger in ledgers:
        lanes_wake(ledger, LaneKind.POST)


def _is_at_rest(tenant: Tenant) -> bool:
    """Every stream and list was read to its end, nothing is due, nothing is under way."""
    flows = list(Flow.objects.filter(tenant=tenant, state=FlowState.ON))
    wanted = {
        (flow.ledger_id, f"{PUSH}{flow.pk}")
        if flow.document == DocumentKind.REFERENCE
        else (flow.source_id, flow.stream)
        for flow in flows
    }
    read = HighWaterMark.objects.filter(tenant=tenant, last_read_at__isnull=False)
    if wanted - set(read.values_list("connection_id", "stream")):
        return False
    is_open = Posting.objects.filter(tenant=tenant, state__in=OPEN_STATES).exists()
    is_hinted = Hint.objects.filter(tenant=tenant, done_at__isnull=True).exists()
    connections = {connection_id for flow in flows for connection_id in (flow.source_id, flow.ledger_id)}
    return not is_open and not is_hinted and is_idle(tuple(connections))
