"""What follows for a record when its postings moved? It moves on, its source is told, what waited for it is due."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q

from audit.models import (
    FollowUp,
    FollowUpKind,
    Posting,
    PostingState,
    RecordState,
    SyncRecord,
)
from audit.models.postings import OPEN_STATES
from audit.sync.bulk import row_new
from audit.sync.links import TWIN_FAMILIES
from audit.sync.recorder import Cause, Recorder
from audit.sync.vendors import NEW_VENDOR, vendors_learn
from connectors.registry import connector_get
from mappings.models import Flow


def record_close(row: SyncRecord, postings: Sequence[Posting], causes: Sequence[Cause], recorder: Recorder) -> bool:
    """Move the record on if nothing of it is open; answers whether it is posted now."""
    if row.state == RecordState.POSTED and not any(
        one.state in (*OPEN_STATES, PostingState.POSTED) and not one.reverses_id for one in postings
    ):  # told as created, and gone since
        recorder.record(row, RecordState.RECEIVED, "To be decided anew.", due_at=recorder.now)
        if causes:
            recorder.record(row, RecordState.HELD, " ".join(cause.message for cause in causes), causes=causes)
        return False
    open_ones = [one for one in postings if one.state in OPEN_STATES]
    if row.state == RecordState.RECEIVED and not causes:  # changed while its documents wait
        _go_on(open_ones, postings, recorder)
    if row.state != RecordState.POSTING:
        for cause in causes:  # an accrual that was refused: its record waits on something else
            recorder.notice(cause, record_id=row.pk)
        return False
    if causes:
        for one in open_ones:
            if one.state == PostingState.INTENDED and not one.attempts:
                recorder.posting(one, PostingState.VOID, "Never sent: the document before it was refused.")
        if any(one.state in OPEN_STATES for one in open_ones):
            return False
        cured = all(cause.facts.get("has_cure") for cause in causes)
        target = RecordState.HELD if cured else RecordState.FAILED
        recorder.record(row, target, " ".join(cause.message for cause in causes), causes=causes)
        return False
    open_ones = _go_on(open_ones, postings, recorder)
    if open_ones:
        waits_in_created = all(one.state == PostingState.CREATED for one in open_ones)
        first = open_ones[0]
        if first.state == PostingState.CREATED and connector_get(first.flow.ledger.vendor).takes_files_while_created:
            files_follow(row, first.flow, first, recorder)
        is_changed = any(one.record_version != row.version for one in open_ones)
        if is_changed and all(one.state == PostingState.CREATED or _waits(one) for one in open_ones):
            recorder.record(row, RecordState.RECEIVED, "Changed while it waits in the ledger.", due_at=recorder.now)
            return False
        if not (waits_in_created and open_ones[0].flow.policy.tell_source == "created"):
            return False
    standing = [
        one for one in postings if one.state in (PostingState.POSTED, PostingState.CREATED) and not one.reverses_id
    ]
    recently_undone = any(one.state == PostingState.VOID and (one.attempts or one.absences) for one in postings[-1:])
    if not standing or standing[-1].record_version != row.version or recently_undone:
        recorder.record(row, RecordState.RECEIVED, "To be decided anew.", due_at=recorder.now)
        return False
    recorder.record(row, RecordState.POSTED, ", ".join(one.number or one.entry_id for one in standing))
    steps_follow(row, standing[0].flow, standing, recorder)
    return True


def _go_on(open_ones: list[Posting], postings: Sequence[Posting], recorder: Recorder) -> list[Posting]:
    """Free what waited for the document before it, or give it up where that will never come; answers what is open."""
    freed = _freed(open_ones, postings)
    if freed is not None:
        recorder.posting(freed, PostingState.INTENDED, settle_at=recorder.now)
    elif open_ones and all(_waits(one) for one in open_ones):
        for one in open_ones:
            recorder.posting(one, PostingState.VOID, "Never sent: the document before it is not in the ledger.")
        return []
    return open_ones


def _freed(open_ones: Sequence[Posting], postings: Sequence[Posting]) -> Posting | None:
    """What may be sent now that waited for the document before it: a payment for its bill, and of several reversals
    the next one when none before it is open."""
    waiting = [one for one in open_ones if _waits(one)]
    if not waiting:
        return None
    first_stands = any(one.state == PostingState.POSTED and not one.purpose for one in postings)
    first = waiting[0]
    if first.reverses_id:
        others = [one for one in open_ones if one.reverses_id and one not in waiting]
        return None if others else first
    return first if first_stands else None


def _waits(posting: Posting) -> bool:
    """It was never sent, and waits for the document before it."""
    return posting.state == PostingState.INTENDED and posting.settle_at is None


def steps_follow(row: SyncRecord, flow: Flow, standing: Sequence[Posting], recorder: Recorder) -> None:
    """The steps after posting: the source is told, receipts are attached. Those that there are stay as they are."""
    first = standing[0]
    spec = connector_get(flow.source.vendor).streams[row.stream]
    if spec.is_told and flow.policy.tell_source != "never":
        told = {"reference": f"{first.entry_id}", "number": first.number, "link": first.link}
        _follow(row, first, recorder, FollowUpKind.TELL, flow.source_id, told)
    files_follow(row, flow, first, recorder)


def files_follow(row: SyncRecord, flow: Flow, first: Posting, recorder: Recorder) -> None:
    """The record's files are attached to its first document."""
    spec = connector_get(flow.source.vendor).streams[row.stream]
    if spec.has_receipts and row.receipt_count and flow.policy.attach_receipts:
        place = {"ledger_id": first.entry_id, "company": first.company}
        _follow(row, first, recorder, FollowUpKind.ATTACH, first.ledger_id, place)


def _follow(
    row: SyncRecord, first: Posting, recorder: Recorder, kind: FollowUpKind, connection_id: int, facts: dict[str, str]
) -> None:
    recorder.follow(
        row_new(
            FollowUp,
            tenant_id=row.tenant_id,
            record=row,
            connection_id=connection_id,
            kind=kind,
            subject=first.key,
            due_at=recorder.now,
            facts=facts,
        )
    )


def in_the_books(postings: Sequence[Posting], recorder: Recorder) -> None:
    """What these postings make possible now that they are posted: vendors are matched, what waited for them is due."""
    vendors_learn([one for one in postings if one.document_type == NEW_VENDOR], recorder)
    waiting_wake([one.key for one in postings], recorder)


def waiting_wake(keys: Sequence[str], recorder: Recorder) -> None:
    """Records that waited for these documents are due now."""
    if keys:
        rows = SyncRecord.objects.filter(tenant_id=recorder.tenant_id, waits_for__among=keys)
        rows.update(due_at=recorder.now)


def waiting_free(posted: Sequence[SyncRecord], recorder: Recorder) -> None:
    """Records that waited for one of these, by a shared id or as a twin by its amount, are due now."""
    links = sorted({link for row in posted for link in row.links})
    amounts = {row.amount for row in posted if row.family in TWIN_FAMILIES and row.amount is not None}
    if not links and not amounts:
        return
    wanted = Q(links__overlap=links) if links else Q()
    if amounts:
        wanted |= Q(family__in=TWIN_FAMILIES, amount__in=amounts | {-amount for amount in amounts})
    waiting = SyncRecord.objects.filter(
        wanted, tenant_id=recorder.tenant_id, connection_id=posted[0].connection_id
    ).exclude(id__in=[row.pk for row in posted])
    waiting.filter(state=RecordState.RECEIVED, due_at__gt=recorder.now).update(due_at=recorder.now)
    held = waiting.filter(
        Q(state=RecordState.HELD)
        & Q(holds__released_at__isnull=True, holds__problem__code__in=["missing_link", "ambiguous_link"])
    ).distinct()
    chosen = SyncRecord.objects.select_for_update().filter(id__in=list(held.values_list("id", flat=True)))
    for row in chosen.order_by("id"):
        recorder.record(row, RecordState.RECEIVED, "What it belongs to is posted now.", due_at=recorder.now)
