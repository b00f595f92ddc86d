"""How do a million stored records come about in a minute? Copies of one synced record, made inside the database."""

from __future__ import annotations

from django.db import connection as database
from django.db import transaction

from audit.models import Posting

RECORDS = """
INSERT INTO audit_syncrecord (tenant_id, connection_id, stream, external_id, kind, family, flow_id, state, reason,
       version, content_hash, amount, currency, posting_on, document_on, label, receipt_count, links, due_at, attempts,
       waits_for, choices, first_seen_at, changed_at)
SELECT tenant_id, connection_id, stream, 'stored_' || n, kind, family, flow_id, 'posted', reason,
       version, content_hash, amount, currency, posting_on - n %% 90, document_on, label, receipt_count,
       ARRAY['transaction:stored_' || n], NULL, 0, '', choices, first_seen_at, changed_at
  FROM audit_syncrecord model, generate_series(%(first)s, %(last)s) n
 WHERE model.id = %(record)s
"""
VERSIONS = """
INSERT INTO audit_recordversion (tenant_id, record_id, number, payload, content_hash, came_by, stored_at)
SELECT record.tenant_id, record.id, 1, '{"item": {}, "lookups": {}}', record.content_hash, 'poll', now()
  FROM audit_syncrecord record
 WHERE record.id > %(before)s
"""
POSTINGS = """
INSERT INTO audit_posting (tenant_id, record_id, flow_id, purpose, revision, ledger_id, company, key, stamp,
       document_type, document, document_hash, posting_on, amount, currency, record_version, settles, rules, state,
       attempts, absences, entry_id, number, link, error, created_at, sent_at, posted_at)
SELECT model.tenant_id, record.id, model.flow_id, '', 1, model.ledger_id, model.company, 'brex:' || record.external_id,
       'brex:' || record.external_id, model.document_type, '{}', model.document_hash, record.posting_on, record.amount,
       record.currency, 1, '{}', model.rules, 'posted', 1, 0, record.id::text, 'MISC/' || record.id, '', '', now(),
       now(), now()
  FROM audit_syncrecord record, audit_posting model
 WHERE record.id > %(before)s AND model.id = %(posting)s
"""
EVENTS = """
INSERT INTO audit_auditevent (tenant_id, at, kind, actor, subject, record_id, message, facts)
SELECT tenant_id, now(), 'record.received', 'bench', 'record', id, 'by poll', '{}'
  FROM audit_syncrecord
 WHERE id > %(before)s
"""
TABLES = ("audit_syncrecord", "audit_recordversion", "audit_posting", "audit_auditevent")


def fill(model: Posting, first: int, last: int) -> None:
    """Store records number `first` to `last`, posted, each with version, posting and event, like this one's."""
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute("SELECT max(id) FROM audit_syncrecord")
        values = {
            "first": first,
            "last": last,
            "record": model.record_id,
            "posting": model.pk,
            "before": cursor.fetchone()[0],
        }
        for statement in (RECORDS, VERSIONS, POSTINGS, EVENTS):
            cursor.execute(statement, values)
    with database.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"VACUUM ANALYZE {table}")
