"""Which endpoint is meant, and with which secrets may its vendor sign? Asked for each delivery, so kept for seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from connectors.base import WebhookReceiver
from connectors.errors import DecryptionError
from connectors.registry import connector_get
from webhooks.models import Endpoint, EndpointSecret, EndpointState, SecretState

KEPT_SECONDS = 5.0  # a rotated, switched off or newly secured endpoint is seen by every process within this time
KEPT_AT_MOST = 1000


@dataclass(frozen=True, slots=True)
class Door:
    """What receiving needs to know of one endpoint. `unreadable` counts secrets that no key of ours decrypts."""

    endpoint_id: int
    tenant_id: int
    receiver: WebhookReceiver
    secrets: tuple[str, ...]
    unreadable: int
    found_at: float

    def __repr__(self) -> str:
        return f"Door({self.endpoint_id}, {len(self.secrets)} secrets)"


_doors: dict[str, Door] = {}
clock: Callable[[], float] = time.monotonic


def door_find(opaque: str, *, is_fresh: bool = False) -> Door | None:
    """The door of an address; None if there is none, or none any more. Two queries, at most once in some seconds.

    `is_fresh` reads it anew: a signature that fails may be by a secret that another process has just fetched."""
    kept = _doors.get(opaque)
    if kept is not None and not is_fresh and clock() - kept.found_at < KEPT_SECONDS:
        return kept
    door = _read(opaque)
    if door is None:
        _doors.pop(opaque, None)
        return None
    if len(_doors) >= KEPT_AT_MOST:
        _doors.clear()
    _doors[opaque] = door
    return door


def doors_forget() -> None:
    """Read everything anew; other processes follow within seconds."""
    _doors.clear()


def _read(opaque: str) -> Door | None:
    endpoint = (
        Endpoint.objects.filter(Q(opaque=opaque) | Q(previous_opaque=opaque, previous_until__gt=timezone.now()))
        .exclude(state=EndpointState.OFF)
        .filter(connection__archived_at=None)
        .select_related("connection")
        .first()
    )
    receiver = connector_get(endpoint.connection.vendor).webhook if endpoint else None
    if endpoint is None or receiver is None:
        return None
    secrets, unreadable = [], 0
    for one in EndpointSecret.objects.filter(endpoint=endpoint, state=SecretState.USABLE):
        try:
            secrets.append(one.plain())
        except DecryptionError:
            unreadable += 1
    return Door(endpoint.pk, endpoint.tenant_id, receiver, tuple(secrets), unreadable, clock())
