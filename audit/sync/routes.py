"""Where do the records of a connection go? Its flows and owners, read once for a lane's turn."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from audit.models import HighWaterMark
from connectors.models import Connection
from connectors.records import Record
from connectors.registry import connector_get
from mappings.models import Flow, FlowState
from mappings.routing import FlowView, Owners, Route, route
from mappings.selectors import flow_views, owners_for


@dataclass(frozen=True, slots=True)
class Routes:
    """Routing of one source connection as it stood when it was read."""

    by_stream: dict[str, list[FlowView]]
    owners: Owners

    @classmethod
    def of(cls, connection: Connection) -> Routes:
        """Three queries, whatever the number of flows."""
        flows = Flow.objects.filter(source=connection).exclude(state=FlowState.ARCHIVED).select_related("tenant")
        by_stream: dict[str, list[FlowView]] = defaultdict(list)
        for view in flow_views(list(flows.order_by("pk"))):
            by_stream[view.stream].append(view)
        return cls(dict(by_stream), owners_for(connection.pk))

    def route(self, record: Record) -> Route:
        return route(record, self.by_stream.get(record.stream, ()), self.owners)

    def time_zone(self, flow_id: int | None) -> str:
        """That of a flow's company; empty for a flow that is not of this connection."""
        views = (view for some in self.by_stream.values() for view in some)
        return next((view.time_zone for view in views if view.id == flow_id), "")


def streams_read_through(connection: Connection) -> date | None:
    """The day up to which every stream that flows read from a source has been read; None while one never was."""
    flows = Flow.objects.filter(source=connection, state__in=[FlowState.ON, FlowState.DRY_RUN], document="spend")
    streams = set(flows.values_list("stream", flat=True))
    marks = HighWaterMark.objects.filter(connection=connection, stream__in=streams)
    days = {mark.stream: mark.mark.date() for mark in marks if mark.mark is not None}
    return min(days.values()) if streams and streams <= days.keys() else None


def active_flows(connection: Connection) -> list[Flow]:
    """The flows that a source's records are read for; lists that converge into a source of spend have no records."""
    rows = Flow.objects.filter(source=connection, state__in=[FlowState.ON, FlowState.DRY_RUN])
    flows = rows.select_related("ledger", "tenant").order_by("pk")
    return [flow for flow in flows if connector_get(flow.ledger.vendor).open_ledger]
