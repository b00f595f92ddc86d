"""What does one delivery ask for? Read from its body alone, in the words of the vendor's receiver."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from audit.sync.recheck import Told, touched_at
from connectors.base import ProviderEvent
from connectors.errors import PayloadError
from connectors.models import Connection
from connectors.registry import connector_get
from webhooks.models import WebhookDelivery

LONGEST_EXTERNAL_ID = 200
UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # JSON may hold them, PostgreSQL's text may not


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be read on one delivery, as far as its body tells; `told` may be of documents that are not ours."""

    row: WebhookDelivery
    events: Sequence[ProviderEvent]
    hints: frozenset[tuple[int, int, str, str]]
    told: frozenset[Told]
    lists: frozenset[str]
    strangers: frozenset[str]

    @property
    def connection(self) -> Connection:
        return self.row.endpoint.connection


def asked_by(row: WebhookDelivery, streams_read: Collection[tuple[int, str]]) -> Asked:
    """Asks no database and changes nothing. Raises PayloadError where the body says nothing that can be followed."""
    connection = row.endpoint.connection
    receiver = connector_get(connection.vendor).webhook
    events = receiver.parse(bytes(row.body)) if receiver else []
    own = [event for event in events if not _is_strange(connection, event)]
    return Asked(
        row,
        events,
        frozenset(one for event in own for one in _hints(connection, event, streams_read)),
        frozenset(
            Told(connection.pk, stamp, touched_at(event.changed_at, row.received_at))
            for event in own
            for stamp in event.stamps
            if not UNSTORABLE.search(stamp)
        ),
        frozenset(kind for event in own for kind in event.lists),
        frozenset(event.account for event in events if _is_strange(connection, event)),
    )


def asked_text(asked: Asked, touched: int, streams_read: Collection[tuple[int, str]]) -> str:
    """What the delivery's row says of it, `touched` being how much of ours is looked at again."""
    said = (_said(asked.connection, event, touched, streams_read) for event in asked.events)
    return "; ".join(said)[:300]


def _hints(
    connection: Connection, event: ProviderEvent, streams_read: Collection[tuple[int, str]]
) -> list[tuple[int, int, str, str]]:
    if (connection.pk, event.stream) not in streams_read:
        return []
    if any(len(one) > LONGEST_EXTERNAL_ID or UNSTORABLE.search(one) for one in event.external_ids):
        raise PayloadError("The webhook names a record by something that is no id.")
    ids: Sequence[str] = event.external_ids or ("",)
    return [(connection.tenant_id, connection.pk, event.stream, one) for one in ids]


def _said(connection: Connection, event: ProviderEvent, touched: int, streams_read: Collection[tuple[int, str]]) -> str:
    kind = UNSTORABLE.sub("\ufffd", event.kind[:80])
    if _is_strange(connection, event):
        return f"{kind}: of another account"
    if event.stamps:
        return f"{kind}: {'looked up again' if touched else 'nothing of ours to look up'}"
    is_read = (connection.pk, event.stream) in streams_read
    if event.lists and not is_read:
        return f"{kind}: lists of {', '.join(event.lists)}"
    if not event.stream:
        return f"{kind}: nothing to read"
    if not is_read:
        return f"{kind}: no flow reads {event.stream}"
    return f"{kind}: {len(event.external_ids) or 'poll'} of {event.stream}"


def _is_strange(connection: Connection, event: ProviderEvent) -> bool:
    known = connection.account or connection.identity
    return bool(event.account and known and event.account != known)
