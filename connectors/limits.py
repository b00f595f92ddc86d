"""Under which names are a connection's calls counted? The limiter that all workers share, by what the vendor counts."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.utils import timezone
from redis.backoff import NoBackoff
from redis.retry import Retry

from connectors.base import Connector, Limit
from connectors.models import Connection, Credential
from connectors.ratelimit import SharedLimiter


def limiter_for(connection: Connection, descriptor: Connector, credential: Credential, address: str) -> SharedLimiter:
    """Closed as the connection's row says; a 429 is written back there. A simulator counts its calls itself."""
    host = urlsplit(address).hostname or ""
    limits = [limit for limit in descriptor.limits if _applies(limit, host) and not connection.is_simulated]
    values = {
        # what the vendor itself calls the account: several connections to it, in whatever tenant, are counted together
        "identity": connection.account or connection.identity or f"connection-{connection.pk}",
        "address": host,
        "token": credential.fingerprint[:24],
    }
    closed_scope = f"{connection.vendor}:{values[limits[0].scope] if limits else values['identity']}"
    return SharedLimiter(
        _cache(settings.REDIS_URL),
        closed_scope,
        [(f"{connection.vendor}:{values[limit.scope]}", limit) for limit in limits],
        closed_until=connection.closed_until,
        on_closed=lambda until: _close(connection.pk, until),
    )


def _applies(limit: Limit, host: str) -> bool:
    return not limit.only_hosts or any(host == one or host.endswith(f".{one}") for one in limit.only_hosts)


def _close(connection_id: int, until: datetime) -> None:
    """Only ever later, and never for longer than a day at a time."""
    until = min(until, timezone.now() + timedelta(days=1))
    rows = Connection.objects.filter(pk=connection_id)
    rows.filter(closed_until=None).update(closed_until=until)
    rows.filter(closed_until__lt=until).update(closed_until=until)


@cache
def _cache(url: str) -> redis.Redis:
    """Fails within a second: the limiter has its own way on, and the client's default is to try for four."""
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 1))
