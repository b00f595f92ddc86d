"""How is the database emptied after a test that committed?

Django truncates every table and makes content types and permissions anew, which costs more than most of the tests. Here
the rows are deleted, triggers aside, and what migrations made of content types and permissions stays. Tables that grew
large are truncated all the same, or later tests would wade through what is left of their rows.
"""

# ruff: noqa: S608 - the names are those of our own tables

from __future__ import annotations

LARGE = 4_000_000
STAYS = {"django_migrations", "django_content_type", "auth_permission"}
TABLES = """
SELECT relname, pg_relation_size(oid) FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""


def is_superuser() -> bool:
    """Whether triggers may be passed over."""
    from django.db import connection

    connection.ensure_connection()
    return bool(connection.connection.info.parameter_status("is_superuser") == "on")


def pytest_configure() -> None:
    from django.db import connection
    from django.test import TransactionTestCase

    truncate = TransactionTestCase._fixture_teardown

    def empty(case: TransactionTestCase) -> None:
        with connection.cursor() as cursor:
            cursor.execute(TABLES)
            sizes = dict(cursor.fetchall())
            if is_superuser() and max(sizes.values()) < LARGE:
                deletes = [f'DELETE FROM "{name}"' for name in sorted(sizes.keys() - STAYS)]
                cursor.execute("; ".join(["SET LOCAL session_replication_role = replica", *deletes]))  # one transaction
                return
        truncate(case)

    TransactionTestCase._fixture_teardown = empty
