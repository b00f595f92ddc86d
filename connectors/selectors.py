"""What is there to know about connections? When their credentials will die, and which need a sign of life."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from connectors.models import Connection
from connectors.registry import connector_get


@dataclass(frozen=True, slots=True)
class Expiry:
    """When a connection's credential stops working, why, and when a call should keep it alive (None: not so)."""

    connection: Connection
    expires_at: datetime
    reason: str
    keep_alive_at: datetime | None = None

    def is_within(self, period: timedelta) -> bool:
        return self.expires_at <= timezone.now() + period


def connection_expiries(connections: Iterable[Connection] | None = None) -> list[Expiry]:
    """The forecast for every connection with a credential that ends, soonest first.

    Two ends are known: the credential's own date, and the vendor's rule that an unused one dies (Brex: 90 days,
    https://developer.brex.com/docs/authentication), counted from the last good answer."""
    if connections is None:
        connections = Connection.objects.filter(archived_at=None).select_related("credential", "tenant")
    found = [expiry for one in connections if (expiry := connection_expiry(one)) is not None]
    return sorted(found, key=lambda expiry: expiry.expires_at)


def connection_expiry(connection: Connection) -> Expiry | None:
    """The forecast for one connection; None if it has no credential, or one without an end."""
    credential = getattr(connection, "credential", None)
    if credential is None:
        return None
    descriptor = connector_get(connection.vendor)
    ends: list[tuple[datetime, str]] = []
    keep_alive_at = None
    if credential.expires_at:
        ends.append((credential.expires_at, f"The key at {descriptor.label} has an end."))
    if descriptor.inactivity_limit:
        used_at = max(filter(None, (connection.last_success_at, credential.rotated_at)))
        days = descriptor.inactivity_limit.days
        ends.append((used_at + descriptor.inactivity_limit, f"{descriptor.label} drops a key unused for {days} days."))
        if descriptor.keep_alive_after:
            keep_alive_at = used_at + descriptor.keep_alive_after
    if not ends:
        return None
    expires_at, reason = min(ends)
    return Expiry(connection, expires_at, reason, keep_alive_at)


def connections_to_keep_alive() -> list[Connection]:
    """Usable connections whose credential would soon die of disuse: one call to each is due."""
    now = timezone.now()
    due = (one for one in connection_expiries() if one.keep_alive_at and one.keep_alive_at <= now)
    return [one.connection for one in due if one.connection.is_usable]
