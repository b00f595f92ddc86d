"""Which records of a flow are due in a lane?"""

from __future__ import annotations

from datetime import datetime

from django.db.models import F

from audit.models import RecordState, SyncRecord
from mappings.models import Flow


def received(flow: Flow, slot: int, slots: int, limit: int, now: datetime) -> list[SyncRecord]:
    """The records of a flow that are due in a lane, oldest due first."""
    rows = SyncRecord.objects.filter(flow=flow, state=RecordState.RECEIVED, due_at__lte=now)
    if slots > 1:
        rows = rows.annotate(slot=F("id") % slots).filter(slot=slot)
    return list(rows.order_by("due_at", "id")[:limit])
