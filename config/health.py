"""Is the installation alive, and how late is its work? Asked by load balancers and by ``manage.py up``."""

from __future__ import annotations

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

FAVICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#4f46e5"/>'
    '<path d="M3 6h8M8 3l3 3-3 3M13 10H5M8 7l-3 3 3 3" fill="none" stroke="#fff" stroke-width="1.4"/></svg>'
)


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while the database answers, else 503. A broker that is down costs latency only, so it is reported, not fatal.

    ``oldest_due_seconds`` is how long the most overdue lane has waited without a worker; null without one.
    """
    database, oldest = _database()
    body = {"database": database, "broker": _broker(), "oldest_due_seconds": oldest}
    return JsonResponse(body, status=200 if database == "ok" else 503)


def _database() -> tuple[str, int | None]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('audit_lane') IS NOT NULL")
            if not cursor.fetchone()[0]:
                return "ok", None
            cursor.execute(
                "SELECT EXTRACT(EPOCH FROM now() - min(due_at))::bigint FROM audit_lane"
                " WHERE due_at <= now() AND (lease_until IS NULL OR lease_until < now())"
            )
            return "ok", cursor.fetchone()[0]
    except DatabaseError:
        return "unreachable", None


def _broker() -> str:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)
    try:
        client.ping()
    except redis.RedisError:
        return "unreachable"
    finally:
        client.close()
    return "ok"


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(FAVICON, content_type="image/svg+xml")
    response["Cache-Control"] = "public, max-age=86400"
    return response


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    return HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain")
