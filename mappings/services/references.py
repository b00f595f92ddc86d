"""What does the other side offer now? A whole listing of one kind replaces what we knew of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from connectors.base import ReferenceItem
from connectors.models import Connection
from mappings.models import Flow, ReferenceValue
from mappings.refusals import refuse_if
from mappings.versions import flows_touched

BATCH = 2000


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a listing changed; `vanished` values stay as archived ones, because rules and postings name them."""

    created: int
    changed: int
    vanished: int
    unchanged: int

    @property
    def is_same(self) -> bool:
        return not (self.created or self.changed or self.vanished)


@transaction.atomic
def reference_refresh(
    *,
    connection: Connection,
    company: str,
    kind: str,
    items: Iterable[ReferenceItem],
    began_at: datetime | None = None,
) -> Refreshed:
    """Take a complete listing of a kind in a company (empty: not of one company). Safe to repeat.

    Values that are not listed any more become inactive, but for those that we learnt of after the listing began (at
    `began_at`): a vendor created meanwhile is not in it. Unchanged ones are only seen again. Flows of this connection
    read their rules anew if anything changed. Two refreshes of one connection wait for each other. Raises RefusedError
    for items of another kind."""
    Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
    now = timezone.now()
    listed = {item.external_id: item for item in items}
    refuse_if([f"{item.kind} {item.external_id} is not a {kind}." for item in listed.values() if item.kind != kind])
    known = {
        row.external_id: row for row in ReferenceValue.objects.filter(connection=connection, company=company, kind=kind)
    }
    fresh, changed = [], []
    for external_id, item in listed.items():
        row = known.get(external_id)
        if row is None:
            row = ReferenceValue(
                tenant_id=connection.tenant_id,
                connection=connection,
                company=company,
                kind=kind,
                external_id=external_id,
            )
            fresh.append(row)
        elif _is_same(row, item):
            continue
        else:
            changed.append(row)
        _take(row, item)
        row.seen_at = row.changed_at = now
    gone = [
        row.pk
        for external_id, row in known.items()
        if external_id not in listed and row.is_active and not (began_at and row.seen_at >= began_at)
    ]
    ReferenceValue.objects.bulk_create(fresh, batch_size=BATCH)
    ReferenceValue.objects.bulk_update(
        changed, ["code", "name", "group", "is_active", "facts", "seen_at", "changed_at"], batch_size=BATCH
    )
    ReferenceValue.objects.filter(pk__in=gone).update(is_active=False, changed_at=now)
    ReferenceValue.objects.filter(connection=connection, company=company, kind=kind, external_id__in=listed).update(
        seen_at=now
    )
    result = Refreshed(len(fresh), len(changed), len(gone), len(listed) - len(fresh) - len(changed))
    if not result.is_same:
        flows_touched(
            Flow.objects.filter(Q(ledger=connection) | Q(source=connection)),
            tenant_id=connection.tenant_id,
            what="references",
        )
    return result


@transaction.atomic
def reference_learn(*, connection: Connection, company: str, item: ReferenceItem) -> ReferenceValue:
    """Take one value that we know of before the next listing, such as a vendor we created. Safe to repeat."""
    now = timezone.now()
    row, created = ReferenceValue.objects.select_for_update().get_or_create(
        connection=connection,
        company=company,
        kind=item.kind,
        external_id=item.external_id,
        defaults={
            "tenant_id": connection.tenant_id,
            "code": item.code,
            "name": item.name,
            "group": item.group,
            "is_active": item.is_active,
            "facts": dict(item.facts),
            "seen_at": now,
            "changed_at": now,
        },
    )
    if created or not _is_same(row, item):
        _take(row, item)
        row.seen_at = row.changed_at = now
        row.save()
        flows = Flow.objects.filter(ledger=connection, **({"company": company} if company else {}))
        flows_touched(flows, tenant_id=connection.tenant_id, what="references")
    return row


def _is_same(row: ReferenceValue, item: ReferenceItem) -> bool:
    return (row.code, row.name, row.group, row.is_active, row.facts) == (
        item.code,
        item.name,
        item.group,
        item.is_active,
        dict(item.facts),
    )


def _take(row: ReferenceValue, item: ReferenceItem) -> None:
    row.code, row.name, row.group = item.code, item.name, item.group
    row.is_active, row.facts = item.is_active, dict(item.facts)
