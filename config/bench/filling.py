"""How do a million stored records come about in minutes? Copies of one synced record, made inside the database."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import connection as database
from django.db import models, transaction

from audit.models import AuditEvent, Posting, RecordVersion, SyncRecord

RECORD = {
    "external_id": "'stored_' || n",
    "state": "'posted'",
    "posting_on": "model.posting_on - n %% 90",
    "links": "ARRAY['transaction:stored_' || n]",
    "due_at": "NULL",
    "attempts": "0",
    "waits_for": "''",
}
VERSION = {"record_id": "record.id", "number": "1", "payload": '\'{"item": {}, "lookups": {}}\''}
POSTING = {
    "record_id": "record.id",
    "key": "'brex:' || record.external_id",
    "stamp": "'brex:' || record.external_id",
    "document": "'{}'",
    "posting_on": "record.posting_on",
    "entry_id": "record.id::text",
    "number": "'MISC/' || record.id",
}
EVENT = {"record_id": "record.id", "subject_id": "record.id"}
NEW = "audit_syncrecord record WHERE record.id > %(before)s"


def fill(model: Posting, first: int, last: int) -> None:
    """Store records number `first` to `last`, posted, each with version, posting and event, like this one's.

    Foreign keys and triggers rest meanwhile where the role may say so, as it may in the bench's own database: every
    row names the parents of a row that they have seen."""
    record = model.record
    copies: tuple[tuple[models.Model, Mapping[str, str], str], ...] = (
        (record, RECORD, "generate_series(%(first)s, %(last)s) n"),
        (RecordVersion.objects.filter(record=record).latest("number"), VERSION, NEW),
        (model, POSTING, NEW),
        (AuditEvent.objects.filter(record_id=record.pk).earliest("id"), EVENT, NEW),
    )
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if cursor.fetchone()[0]:
            cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("SELECT max(id) FROM audit_syncrecord")
        values = {"first": first, "last": last, "before": cursor.fetchone()[0]}
        for row, changed, source in copies:
            cursor.execute(_copy(type(row), changed, source), {**values, "model": row.pk})
    with database.cursor() as cursor:
        for one in (SyncRecord, RecordVersion, Posting, AuditEvent):
            cursor.execute(f"VACUUM ANALYZE {one._meta.db_table}")


def _copy(kind: type[models.Model], changed: Mapping[str, str], source: str) -> str:
    columns = [str(field.column) for field in kind._meta.concrete_fields if not field.primary_key]
    values = ", ".join(changed.get(column, f"model.{column}") for column in columns)
    table = kind._meta.db_table
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} "  # noqa: S608 - our own names
        f"FROM (SELECT * FROM {table} WHERE id = %(model)s) model, {source}"
    )
