"""Which flow does a stored record belong to now? Asked again whenever it is to be decided anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import F

from audit.models import RecordState, RecordVersion, SyncRecord
from audit.sync.intake import parse
from audit.sync.routes import Routes
from connectors.errors import ConnectorError
from connectors.models import Connection
from connectors.registry import connector_get
from mappings.models import Flow
from mappings.routing import Unrouted

BEFORE_FIRST_DAY = "Dated "  # how the reason of a record begins that G20 skipped


def reroute(rows: Sequence[SyncRecord]) -> list[SyncRecord]:
    """Set each record's flow by today's flows and owners; answers the ones that a flow takes. Writes nothing.

    What no flow takes, or cannot be read, keeps the flow that it has."""
    connections = Connection.objects.in_bulk({row.connection_id for row in rows})
    routes = {pk: Routes.of(connection) for pk, connection in connections.items()}
    versions = RecordVersion.objects.filter(record_id__among=[row.pk for row in rows], number=F("record__version"))
    payloads = dict(versions.values_list("record_id", "payload"))
    for row in rows:
        try:
            record = parse(connector_get(connections[row.connection_id].vendor), row.stream, payloads[row.pk])
        except ConnectorError:
            continue
        answer = routes[row.connection_id].route(record)
        if not (isinstance(answer, Unrouted) and answer.flow_id is None):
            row.flow_id = answer.flow_id
    return [row for row in rows if row.flow_id is not None]


def strays(flow_ids: Iterable[int]) -> list[int]:
    """Records of these flows' streams that no flow took, or that lay before a first day which is earlier now."""
    found: list[int] = []
    for flow in Flow.objects.filter(id__in=list(flow_ids), state__in=["on", "dry_run"]):
        skipped = SyncRecord.objects.filter(
            connection_id=flow.source_id, stream=flow.stream, state=RecordState.SKIPPED
        ).order_by("id")
        found += skipped.filter(flow=None).values_list("id", flat=True)
        early = skipped.filter(flow=flow, reason__startswith=BEFORE_FIRST_DAY)
        if flow.post_from:
            early = early.filter(posting_on__gte=flow.post_from)
        found += early.values_list("id", flat=True)
    return found
