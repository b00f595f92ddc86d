"""Which documents of ours does the ledger hold that we do not remember? Found by listing, before the first send."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Exists, OuterRef

from audit.models import HighWaterMark, Posting, PostingState, Sighting
from audit.sync.lanes import Lease, database_now
from audit.sync.recorder import Cause, Recorder
from connectors.base import Ledger, Stamped
from connectors.models import Connection

PREFIX = "stamped:"
EVERY = timedelta(hours=1)
OVERLAP = timedelta(hours=2)
IN_FULL_EVERY = timedelta(hours=24)
LIVE = (PostingState.POSTED, PostingState.CREATED, PostingState.REVERSED)


def adoption_ensure(
    lease: Lease | None, connection: Connection, ledger: Ledger, company: str, actor: str, *, in_full: bool = False
) -> int:
    """List our documents of a company into sightings: all the first time, then the new ones hourly.

    Answers how many were seen that no posting of ours knows. Nothing is sent for a company before its first listing
    is complete: what stands already is looked up and adopted instead."""
    mark, _ = HighWaterMark.objects.get_or_create(
        connection=connection, stream=PREFIX + company, defaults={"tenant_id": connection.tenant_id}
    )
    now = database_now()
    if mark.mark is not None and mark.due_at > now and not in_full:
        return 0
    in_full = in_full or mark.mark is None or mark.since is None or mark.since < now - IN_FULL_EVERY
    since = None if in_full or mark.mark is None else mark.mark - OVERLAP
    strangers = 0
    for page in ledger.list_stamped(company, since):
        if lease is not None:
            lease.renew(60)
        strangers += _note(connection, company, page, actor, now)
    if since is None:
        _miss(connection, company, actor, now, unlisted(ledger, company))
        _twice(connection, company, actor, now)
    mark.mark, mark.due_at, mark.last_read_at = now, now + EVERY, now
    if since is None:
        mark.since = now  # of the last listing in full
    mark.save(update_fields=["mark", "since", "due_at", "last_read_at"])
    return strangers


def stands_as_another(posting: Posting) -> Sighting | None:
    """What the last full listing, or one since, showed under a posting's stamp as a document of another kind."""
    rows = Sighting.objects.filter(ledger=posting.ledger_id, stamp=posting.stamp, company=posting.company)
    since = HighWaterMark.objects.filter(connection=posting.ledger_id, stream=PREFIX + posting.company).values("since")
    return rows.exclude(type=posting.document_type).filter(seen_at__gte=since[:1]).order_by("entry_id").first()


def _note(connection: Connection, company: str, page: list[Stamped], actor: str, now: datetime) -> int:
    Sighting.objects.bulk_create(
        [
            Sighting(
                tenant_id=connection.tenant_id,
                ledger=connection,
                company=company,
                stamp=one.stamp,
                entry_id=one.ledger_id,
                type=one.type,
                state=one.state,
                posting_on=one.posting_date,
                total=one.total.amount if one.total else None,
                currency=one.total.currency if one.total else "",
                number=one.number,
                seen_at=now,
            )
            for one in page
        ],
        update_conflicts=True,
        unique_fields=["ledger", "stamp", "entry_id"],
        update_fields=["state", "posting_on", "total", "currency", "number", "seen_at"],
    )
    by_stamp: dict[str, list[Stamped]] = defaultdict(list)
    for one in page:
        by_stamp[one.stamp].append(one)
    mine = {
        posting.stamp: posting
        for posting in Posting.objects.filter(ledger=connection, stamp__in=list(by_stamp)).exclude(
            state__in=[PostingState.REJECTED, PostingState.VOID]
        )
    }
    recorder = Recorder(connection.tenant_id, actor)
    for stamp, seen in by_stamp.items():
        posting = mine.get(stamp)
        if len(ids := {one.ledger_id for one in seen}) > 1:
            recorder.notice(_twin(connection, stamp, ids))
        if posting is not None and posting.state in LIVE and not _agrees(posting, seen[0], now):
            said = (
                f"{posting.number or posting.key} was changed in the ledger: it shows {seen[0].state}, "
                f"{seen[0].posting_date}, {seen[0].total}."
            )
            recorder.notice(
                Cause("changed_in_ledger", said, value=stamp, connection_id=connection.pk), record_id=posting.record_id
            )
    recorder.flush()
    return len(by_stamp.keys() - mine.keys())


def unlisted(ledger: Ledger, company: str) -> frozenset[str]:
    """Types of documents that the ledger cannot list in full, if it says so: a right to them may have been lost."""
    told: Callable[[str], frozenset[str]] | None = getattr(ledger, "unlisted", None)
    return told(company) if told else frozenset()


def _miss(
    connection: Connection, company: str, actor: str, listed_at: datetime, left_out: frozenset[str] = frozenset()
) -> None:
    """After a full listing: what we posted and the ledger no longer shows. A problem, never posted again silently."""
    seen = Sighting.objects.filter(ledger=connection, stamp=OuterRef("stamp"), seen_at__gte=listed_at)
    gone = Posting.objects.filter(
        ledger=connection, company=company, state=PostingState.POSTED, posted_at__lt=listed_at
    ).exclude(Exists(seen))
    recorder = Recorder(connection.tenant_id, actor)
    for posting in gone.exclude(document_type__in=["new_vendor", *sorted(left_out)]).order_by("id")[:1000]:
        said = f"{posting.number or posting.key} was posted and the ledger does not show it any more."
        recorder.notice(
            Cause("gone_from_ledger", said, value=posting.stamp, connection_id=connection.pk),
            record_id=posting.record_id,
        )
    recorder.flush()


def _twice(connection: Connection, company: str, actor: str, listed_at: datetime) -> None:
    """After a full listing: what bears one stamp of ours on different pages, or as documents of two kinds."""
    seen = Sighting.objects.filter(ledger=connection, company=company, seen_at__gte=listed_at)
    several = seen.values("stamp").annotate(number=Count("id"), ids=ArrayAgg("entry_id")).filter(number__gt=1)
    recorder = Recorder(connection.tenant_id, actor)
    for stamp, ids in several.order_by("stamp").values_list("stamp", "ids")[:1000]:
        recorder.notice(_twin(connection, stamp, ids))
    recorder.flush()


def _twin(connection: Connection, stamp: str, ids: Collection[str]) -> Cause:
    said = f"{stamp} stands {len(ids)} times in the ledger: {', '.join(sorted(ids))}."
    return Cause("twice_in_ledger", said, value=stamp, connection_id=connection.pk)


def _agrees(posting: Posting, seen: Stamped, listed_at: datetime) -> bool:
    was_posted = (
        posting.state == PostingState.POSTED and posting.posted_at is not None and posting.posted_at < listed_at
    )
    if seen.state == "cancelled" or (seen.state == "draft" and was_posted):
        return False
    if posting.document_type == "new_vendor" or seen.total is None:
        return True
    is_same_total = seen.total.currency != posting.currency or abs(seen.total.amount) == abs(posting.amount or 0)
    return is_same_total and (seen.posting_date is None or seen.posting_date == posting.posting_on)
