"""Which other records show the same money, or belong to it? By shared ids, and by amount and date for twins (rule G4).

Everything is fetched for a whole batch in a constant number of queries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from django.db import connection as database
from django.db.models import Exists, F, OuterRef, Q

from audit.models import Posting, PostingState, RecordVersion, SyncRecord
from audit.sync.intake import parse
from connectors.base import Connector
from connectors.documents import Document, JournalEntry, Role, document_from_json
from connectors.errors import ConnectorError
from connectors.records import Link, SpendRecord
from mappings.translate.context import Linked, PostedDocument
from mappings.translate.dispatch import RULES

TWIN_DAYS = timedelta(days=5)
TWIN_FAMILIES = ("F3", "F4", "F8")
SETTLED_ROLES = frozenset(role.value for rule in RULES.values() for role in rule.settles)
TWINS = """
SELECT mine.id, other.id
  FROM audit_syncrecord mine
  JOIN audit_syncrecord other
    ON other.connection_id = mine.connection_id
   AND other.tenant_id = mine.tenant_id
   AND other.id <> mine.id
   AND other.currency = mine.currency
   AND abs(other.amount) = abs(mine.amount)
   AND other.posting_on BETWEEN mine.posting_on - %(days)s AND mine.posting_on + %(days)s
   AND other.family = ANY(%(families)s)
   AND other.state NOT IN ('skipped', 'failed')
 WHERE mine.id = ANY(%(records)s)
 ORDER BY mine.id, abs(other.posting_on - mine.posting_on), other.id
"""

DOUBLES = """
SELECT mine.id, other.id
  FROM audit_syncrecord mine
  JOIN audit_syncrecord other
    ON other.connection_id = mine.connection_id
   AND other.tenant_id = mine.tenant_id
   AND other.id <> mine.id
   AND other.currency = mine.currency
   AND other.amount = mine.amount
   AND other.document_on = mine.document_on
   AND other.kind IN ('claim_approved', 'claim_cash', 'card_purchase')
   AND other.state IN ('posted', 'posting')
   AND NOT other.links && mine.links
 WHERE mine.id = ANY(%(records)s)
 ORDER BY mine.id, other.id
"""


def doubles_fetch(connector: Connector, claims: Mapping[int, SpendRecord]) -> dict[int, tuple[str, ...]]:
    """For each reimbursement the labels of posted records of the same person, day, currency and amount (rule G21)."""
    if not claims:
        return {}
    with database.cursor() as cursor:
        cursor.execute(DOUBLES, {"records": list(claims)})
        pairs = cursor.fetchall()
    rows = {row.pk: row for row in SyncRecord.objects.filter(id__in={other for _, other in pairs})}
    known = _describe(connector, rows.values())
    found: dict[int, list[str]] = defaultdict(list)
    for mine, other in pairs:
        person = claims[mine].person
        if other in known and person is not None and known[other][0].person == person:
            found[mine].append(f"{rows[other].stream} {rows[other].external_id} ({rows[other].label})")
    return {record_id: tuple(labels) for record_id, labels in found.items()}


def open_roles(document: Document) -> list[str]:
    """The roles of an entry's lines that stay open until a later document of ours settles them."""
    lines = document.lines if isinstance(document, JournalEntry) else ()
    return sorted({line.account.role.value for line in lines} & SETTLED_ROLES)


def open_items_fetch(connection_id: int, roles: Iterable[Role]) -> tuple[PostedDocument, ...]:
    """Our standing documents of a source with lines on these roles that no later document of ours settles."""
    wanted = [role.value for role in roles]
    if not wanted:
        return ()
    of_source = {"flow__source_id": connection_id, "state": PostingState.POSTED}
    settling = Posting.objects.filter(~Q(settles=[]), settles__contains=[OuterRef("key")], **of_source)
    rows = Posting.objects.filter(
        ~Q(open_roles=[]), ~Exists(settling), open_roles__overlap=wanted, reverses__isnull=True, **of_source
    )
    return tuple(posted_document(row) for row in rows.order_by("id"))


def linked_fetch(
    connector: Connector, records: Mapping[int, SyncRecord], wanted: Mapping[int, frozenset[Link]]
) -> dict[int, tuple[Linked, ...]]:
    """For each record id the other records that share one of its wanted links."""
    labels = {f"{link.kind}:{link.id}"[:260]: link for links in wanted.values() for link in links}
    if not labels:
        return {}
    any_record = next(iter(records.values()))
    rows = list(
        SyncRecord.objects.filter(
            tenant_id=any_record.tenant_id, connection_id=any_record.connection_id, links__overlap=list(labels)
        )
    )
    known = _describe(connector, rows)
    by_label: dict[str, list[SyncRecord]] = defaultdict(list)
    for row in rows:
        for label in row.links:
            by_label[label].append(row)
    answer: dict[int, tuple[Linked, ...]] = {}
    for record_id, links in wanted.items():
        found: dict[int, Linked] = {}
        for link in sorted(links, key=lambda one: (one.kind, one.id)):
            for row in by_label[f"{link.kind}:{link.id}"[:260]]:
                if row.pk != record_id and row.pk in known and row.pk not in found:
                    found[row.pk] = _linked(link, row, known[row.pk])
        answer[record_id] = tuple(found.values())
    return answer


def twins_fetch(connector: Connector, record_ids: Sequence[int]) -> dict[int, tuple[Linked, ...]]:
    """For each record id the records of the twin families with the same amount and a near date, nearest first."""
    if not record_ids:
        return {}
    with database.cursor() as cursor:
        cursor.execute(TWINS, {"days": TWIN_DAYS.days, "families": list(TWIN_FAMILIES), "records": list(record_ids)})
        pairs = cursor.fetchall()
    rows = {row.pk: row for row in SyncRecord.objects.filter(id__in={other for _, other in pairs})}
    known = _describe(connector, rows.values())
    answer: dict[int, list[Linked]] = defaultdict(list)
    for mine, other in pairs:
        if other in known:
            answer[mine].append(_linked(Link("twin", rows[other].external_id), rows[other], known[other]))
    return {record_id: tuple(found) for record_id, found in answer.items()}


def standing_documents(record_ids: Iterable[int]) -> dict[int, list[Posting]]:
    """For each record id its postings that stand in the books now: posted, not reversed, no reversal of its own.

    An event that undoes another record's document (B17, B21) is a document of its own record and stands."""
    standing: dict[int, list[Posting]] = defaultdict(list)
    rows = (
        Posting.objects.filter(record_id__among=list(record_ids), state=PostingState.POSTED)
        .filter(Q(reverses__isnull=True) | ~Q(reverses__record_id=F("record_id")))
        .order_by("id")
    )
    for posting in rows:
        if posting.purpose != "acc":  # an accrual stands for the month, not for the record
            standing[posting.record_id].append(posting)
    return standing


def accrual_documents(record_ids: Iterable[int]) -> dict[int, list[Posting]]:
    """For each record id its month-end accruals, reversed or not: the real entry is not dated before the reversal."""
    found: dict[int, list[Posting]] = defaultdict(list)
    rows = Posting.objects.filter(
        record_id__in=list(record_ids),
        purpose="acc",
        state__in=[PostingState.POSTED, PostingState.REVERSED],
        reverses__isnull=True,
    )
    for posting in rows.order_by("id"):
        found[posting.record_id].append(posting)
    return found


def posted_document(posting: Posting) -> PostedDocument:
    """A standing posting as translation sees it."""
    return PostedDocument(
        key=posting.key,
        purpose=posting.purpose,
        document=document_from_json(posting.document),
        ledger_id=posting.entry_id,
        number=posting.number,
        company_amount=posting.company_amount,
    )


def _describe(
    connector: Connector, rows: Iterable[SyncRecord]
) -> dict[int, tuple[SpendRecord, tuple[PostedDocument, ...]]]:
    by_id = {row.pk: row for row in rows}
    versions = {
        version.record_id: version for version in RecordVersion.objects.filter(record_id__in=by_id).order_by("number")
    }
    standing = standing_documents(by_id)
    known: dict[int, tuple[SpendRecord, tuple[PostedDocument, ...]]] = {}
    for record_id, version in versions.items():
        try:
            record = parse(connector, by_id[record_id].stream, version.payload)
        except ConnectorError:
            continue  # it failed alone when it was stored; it lends nothing
        if isinstance(record, SpendRecord):
            known[record_id] = record, tuple(posted_document(one) for one in standing.get(record_id, ()))
    return known


def _linked(link: Link, row: SyncRecord, known: tuple[SpendRecord, tuple[PostedDocument, ...]]) -> Linked:
    return Linked(
        via=link,
        record_id=row.pk,
        stream=row.stream,
        external_id=row.external_id,
        record=known[0],
        state=row.state,
        documents=known[1],
    )
