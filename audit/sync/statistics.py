"""Does the planner know what is stored? A new installation's first reading fills tables of which it knows nothing.

For a table that was never analysed PostgreSQL finds every index of a tenant's rows as good as the one on (id, tenant),
and keeps what it chose for as long as a worker's session lasts: each check of a foreign key then reads the tenant's
rows from the first to the last. Autovacuum would tell it a minute later.
"""

from __future__ import annotations

from django.db import connection as database

NEVER_ANALYSED = "SELECT reltuples < 0 FROM pg_class WHERE oid = 'audit_syncrecord'::regclass"


def statistics_ensure() -> None:
    """Analyse the records and their versions if nobody ever did; safe to repeat."""
    with database.cursor() as cursor:
        cursor.execute(NEVER_ANALYSED)
        if cursor.fetchone()[0]:
            cursor.execute("ANALYZE audit_syncrecord, audit_recordversion")
