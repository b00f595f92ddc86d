"""How do a ledger's accounts, cost centres and vendors reach a source's lists? By comparing, as often as it takes.

Flows whose ledger is a source of spend (Odoo accounts into Brex fields) converge: nothing here needs a posting.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Min

from audit.models import HighWaterMark
from audit.sync.lanes import Lease, database_now
from audit.sync.recorder import Cause, Recorder
from connectors.base import KEPT_FOR, ReferenceItem, Source
from connectors.errors import BlockedError, ConnectorError, RetryableError
from connectors.models import Connection
from connectors.registry import connector_get
from mappings.flow_settings import REFERENCE_STREAMS
from mappings.models import DocumentKind, Flow, FlowState, ReferenceValue

PREFIX = "push:"
EVERY = timedelta(hours=1)


def push_due(connection: Connection) -> datetime | None:
    """When lists are to be compared with a connection next."""
    first: datetime | None = HighWaterMark.objects.filter(connection=connection, stream__startswith=PREFIX).aggregate(
        first=Min("due_at")
    )["first"]
    return first


def push_flows(connection: Connection) -> list[Flow]:
    """The flows that bring reference values into this connection; into a ledger vendors come as documents instead."""
    if connector_get(connection.vendor).open_ledger:
        return []
    rows = Flow.objects.filter(
        ledger=connection, document__in=[DocumentKind.REFERENCE, DocumentKind.VENDOR], state=FlowState.ON
    )
    return [flow for flow in rows.order_by("id") if flow.stream in REFERENCE_STREAMS]


def push_work(
    lease: Lease | None, connection: Connection, target: Source, actor: str, *, now_due: bool = False
) -> None:
    """Make the target's lists agree with what was last pulled from the flows' sources. Safe to repeat."""
    for flow in push_flows(connection):
        mark, _ = HighWaterMark.objects.get_or_create(
            connection=connection, stream=f"{PREFIX}{flow.pk}", defaults={"tenant_id": connection.tenant_id}
        )
        if mark.due_at > database_now() and not now_due:
            continue
        if lease is not None:
            lease.renew(120)
        kind = REFERENCE_STREAMS[flow.stream]
        values = [
            ReferenceItem(
                kind,
                row.external_id,
                row.code,
                row.name,
                row.group,
                row.is_active,
                {str(k): str(v) for k, v in row.facts.items()},
            )
            for row in ReferenceValue.objects.filter(connection=flow.source, company__in=["", flow.company], kind=kind)
            if KEPT_FOR not in row.facts
        ]
        recorder = Recorder(connection.tenant_id, actor)
        try:
            counts = dict(target.push(kind, values)) if values else {}
        except (RetryableError, BlockedError):
            raise
        except ConnectorError as error:
            recorder.notice(Cause("push_refused", error.message, value=flow.stream, flow_id=flow.pk))
        else:
            if any(count for name, count in counts.items() if name != "unchanged"):
                recorder.event("reference.pushed", f"{flow}: {counts}", subject="flow", subject_id=flow.pk)
        recorder.flush()
        mark.last_read_at = database_now()
        mark.due_at = database_now() + EVERY
        mark.save(update_fields=["last_read_at", "due_at"])
