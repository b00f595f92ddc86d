"""How does a reason to read something soon get in, and when is it done with? One open hint for each record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import connection as database

from audit.models import Hint

NOT_YET_AGAIN = timedelta(seconds=30)
NOT_YET_FOR = timedelta(minutes=10)  # after that the poll finds what the source did not show yet
ADD = """
INSERT INTO audit_hint (tenant_id, connection_id, stream, external_id, created_at, due_at)
SELECT tenant, connection, stream, external, clock_timestamp(), clock_timestamp()
  FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[]) AS fresh (tenant, connection, stream, external)
 ORDER BY 2, 3, 4
ON CONFLICT (connection_id, stream, external_id) WHERE done_at IS NULL
   DO UPDATE SET created_at = excluded.created_at, due_at = excluded.due_at
"""


def hints_add(hints: Iterable[tuple[int, int, str, str]]) -> None:
    """Tenant, connection, stream and external id of what is to be read soon (an empty id: poll the stream).

    A hint for what is being read at this moment stays open, as the reading may have come too early."""
    listed = sorted(set(hints), key=lambda hint: hint[1:])
    if listed:
        with database.cursor() as cursor:
            cursor.execute(ADD, [list(column) for column in zip(*listed, strict=True)])


def hints_done(hints: Sequence[Hint], found: Iterable[str], *, asked_at: datetime, now: datetime) -> None:
    """Close what was there when it was asked for. What the source does not show yet is asked for again for a while:
    a vendor may tell of a record before it lets us read it."""
    shown = set(found)
    early = [hint.pk for hint in hints if hint.external_id not in shown and hint.created_at > now - NOT_YET_FOR]
    Hint.objects.filter(id__in=early, done_at__isnull=True).update(due_at=now + NOT_YET_AGAIN)
    rest = [hint.pk for hint in hints if hint.pk not in set(early)]
    Hint.objects.filter(id__in=rest, created_at__lte=asked_at, done_at__isnull=True).update(done_at=now)
