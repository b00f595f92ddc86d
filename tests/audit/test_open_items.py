"""Are open items found by their roles, whatever number of settled ones lies before them, and through an index?"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from audit.models import Posting, PostingState, SyncRecord
from audit.sync.links import open_items_fetch, open_roles
from connectors.documents import Account, JournalEntry, Line, Role, document_to_json
from connectors.records import Side
from mappings.models import Flow
from tests.mappings.make import House, house_make

pytestmark = pytest.mark.django_db
DAY = "2026-02-03"


@pytest.fixture
def house() -> House:
    return house_make("open")


def entry(role: Role, settles: tuple[str, ...] = ()) -> JournalEntry:
    lines = (
        Line(Account(role, "51", "141000"), Side.DEBIT, Decimal("9.00"), Decimal("9.00")),
        Line(Account(Role.CARD, "44", "201100"), Side.CREDIT, Decimal("9.00"), Decimal("9.00")),
    )
    day = date.fromisoformat(DAY)
    return JournalEntry(
        company="1", journal="3", currency="USD", company_currency="USD", posting_date=day, document_date=day,
        lines=lines, text="Toner", settles=settles,
    )  # fmt: skip


def posted(flow: Flow, key: str, document: JournalEntry, state: PostingState = PostingState.POSTED) -> Posting:
    row = SyncRecord.objects.create(
        tenant_id=flow.tenant_id, connection_id=flow.source_id, flow=flow, stream=flow.stream, external_id=key,
        content_hash="0" * 64,
    )  # fmt: skip
    return Posting.objects.create(
        tenant_id=flow.tenant_id, record=row, flow=flow, ledger_id=flow.ledger_id, company="1", key=key, stamp=key,
        document_type="journal_entry", document=document_to_json(document), document_hash="0" * 64, record_version=1,
        state=state, settles=list(document.settles), open_roles=open_roles(document),
    )  # fmt: skip


def test_only_what_stands_and_nothing_settles_is_open(house: House) -> None:
    flow = house.flow("accounting_records")
    posted(flow, "open", entry(Role.EMREC))
    posted(flow, "settled", entry(Role.EMREC))
    posted(flow, "settling", entry(Role.CASH, settles=("settled",)))
    posted(flow, "reversed", entry(Role.EMREC), PostingState.REVERSED)
    posted(flow, "cost", entry(Role.EXP))
    posted(flow, "tried", entry(Role.EMREC))
    posted(flow, "refused", entry(Role.CASH, settles=("tried",)), PostingState.REJECTED)
    assert [one.key for one in open_items_fetch(flow.source_id, [Role.EMREC])] == ["open", "tried"]
    assert open_items_fetch(flow.source_id, []) == ()


def test_they_are_found_through_an_index_among_many_others(house: House) -> None:
    flow = house.flow("accounting_records")
    first = posted(flow, "open", entry(Role.EMREC))
    others = []
    for number in range(3000):
        other = Posting(**{one.attname: getattr(first, one.attname) for one in Posting._meta.concrete_fields})
        other.pk, other.key, other.stamp, other.open_roles = None, f"cost {number}", f"cost {number}", []
        others.append(other)
    Posting.objects.bulk_create(others)
    with database.cursor() as cursor:
        cursor.execute("ANALYZE audit_posting")
    with CaptureQueriesContext(database) as seen:
        assert [one.key for one in open_items_fetch(flow.source_id, [Role.EMREC])] == ["open"]
    [asked] = [one["sql"] for one in seen if "audit_posting" in one["sql"]]
    with database.cursor() as cursor:
        cursor.execute(f"EXPLAIN {asked}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "posting_open_roles" in plan, plan
    assert "posting_settles" in plan, plan
