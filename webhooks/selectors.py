"""What would be touched? Deliveries counted by connection and by what they name."""

from __future__ import annotations

from collections import defaultdict

from django.db.models import QuerySet

from connectors.errors import PayloadError
from connectors.registry import connector_get
from webhooks.models import WebhookDelivery


def replay_points(rows: QuerySet[WebhookDelivery], *, left_out: int = 0) -> list[str]:
    """Sentences for a confirmation: which streams of which connections a replay would read again."""
    deliveries: dict[str, int] = defaultdict(int)
    named: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    unread = 0
    for row in rows.defer(None).select_related("endpoint__connection"):
        connection = row.endpoint.connection
        receiver = connector_get(connection.vendor).webhook
        deliveries[connection.name] += 1
        try:
            for event in receiver.parse(bytes(row.body)) if receiver else ():
                if event.stream:
                    named[connection.name][event.stream].update(event.external_ids or ("",))
        except PayloadError:
            unread += 1
    points = [
        f"{name}: {_count(number, 'delivery', 'deliveries')}{_streams(named[name])}"
        for name, number in sorted(deliveries.items())
    ]
    if unread:
        points.append(f"{_count(unread, 'delivery', 'deliveries')} could not be read and will fail again.")
    if left_out > 0:
        points.append(f"{_count(left_out, 'delivery', 'deliveries')} not proven to be the vendor's stay as they are.")
    return points


def _streams(streams: dict[str, set[str]]) -> str:
    parts = []
    for stream, ids in sorted(streams.items()):
        records = len(ids - {""})
        parts.append(f"{_count(records, 'record', 'records')} of {stream}" if records else f"{stream} as a whole")
    return f", {', '.join(parts)}" if parts else ", which name nothing to read"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
