"""What does a ledger's answer do to postings and their records? One transaction per answered batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import assert_never

from django.db.models import Q

from audit.models import (
    FollowUp,
    FollowUpKind,
    Posting,
    PostingState,
    Problem,
    ProblemState,
    RecordState,
    Sighting,
    SyncRecord,
)
from audit.models.postings import OPEN_STATES
from audit.sync.backoff import backoff
from audit.sync.bulk import row_new
from audit.sync.lanes import Lease
from audit.sync.links import TWIN_FAMILIES
from audit.sync.recorder import Cause, Recorder
from audit.sync.vendors import NEW_VENDOR, vendors_learn
from connectors.base import Ledger, Outcome, OutcomeState
from connectors.errors import RejectedError
from connectors.registry import connector_get
from mappings.errors import PROBLEM_CURES
from mappings.models import Flow

BACKOFF_FIRST = 15.0
BACKOFF_CAP = 1800.0
ATTEMPTS_ALLOWED = 20
ASKED = ("found_otherwise", "cancelled_in_ledger", "twice_in_ledger", "uncertain_absent")  # by a posting's key
CONFIRM_EVERY = timedelta(minutes=15)
ASKED_AGAIN = timedelta(hours=6)  # somebody may have put it right in the ledger itself
STAMP_LOST = "stamp_lost"  # it bears our key, and is not surely ours
BESIDE_THE_CONTENT = frozenset({"not_reconciled"})  # findings that say nothing of what the document holds


def apply_outcomes(
    lease: Lease, ledger: Ledger, postings: Sequence[Posting], outcomes: Sequence[Outcome], actor: str
) -> None:
    """Commit what became of a batch. Raises LeaseLostError: then the next owner settles it by looking."""
    with lease.commit():
        recorder = Recorder(lease.tenant_id, actor)
        rows = _rows(postings)
        postings, outcomes = _unanswered(postings, outcomes)
        causes: dict[int, list[Cause]] = defaultdict(list)
        uncertain = [one for one in postings if one.state == PostingState.UNCERTAIN]
        for posting, outcome in zip(postings, outcomes, strict=True):
            if posting.key != outcome.key:
                raise ValueError("Outcomes must come in the order of the postings.")
            cause = _apply(posting, outcome, ledger, recorder, rows[posting.record_id])
            if cause is not None:
                causes[posting.record_id].append(cause)
        undone = _reversed(postings, recorder)
        touched = {one.record_id: one for one in postings}
        by_record = _all_postings(touched, [*postings, *undone])
        posted_now = [
            row for record_id, row in rows.items() if _close(row, by_record[record_id], causes[record_id], recorder)
        ]
        _free_waiting(posted_now, recorder)
        in_the_books([one for one in postings if one.state == PostingState.POSTED], recorder)
        asked_settle([one.key for one in uncertain if one.state == PostingState.POSTED], recorder)
        recorder.flush()


def in_the_books(postings: Sequence[Posting], recorder: Recorder) -> None:
    """What these postings make possible now that they are posted: vendors are matched, what waited for them is due."""
    vendors_learn([one for one in postings if one.document_type == NEW_VENDOR], recorder)
    waiting_wake([one.key for one in postings], recorder)


def asked_settle(keys: Sequence[str], recorder: Recorder) -> None:
    """What a person was asked about these documents is answered."""
    if keys:
        rows = Problem.objects.filter(
            tenant_id=recorder.tenant_id, state=ProblemState.OPEN, code__in=ASKED, facts__value__in=list(keys)
        )
        recorder.solve(list(rows.values_list("id", flat=True)), "The document is settled.")


def waiting_wake(keys: Sequence[str], recorder: Recorder) -> None:
    """Records that waited for these documents are due now."""
    if keys:
        rows = SyncRecord.objects.filter(tenant_id=recorder.tenant_id, waits_for__among=keys)
        rows.update(due_at=recorder.now)


def _unanswered(
    postings: Sequence[Posting], outcomes: Sequence[Outcome]
) -> tuple[Sequence[Posting], Sequence[Outcome]]:
    """Without the postings that a person bound or withdrew while the ledger was asked: his answer stands."""
    now = dict(
        Posting.objects.select_for_update()
        .filter(id__among=[one.pk for one in postings])
        .order_by("id")
        .values_list("id", "state")
    )
    pairs = [pair for pair in zip(postings, outcomes, strict=True) if now[pair[0].pk] == pair[0].state]
    return [posting for posting, _ in pairs], [outcome for _, outcome in pairs]


def _apply(posting: Posting, outcome: Outcome, ledger: Ledger, recorder: Recorder, row: SyncRecord) -> Cause | None:
    """Move one posting by its outcome; answers the problem that its record hangs on, if it was refused."""
    posting.entry_id = outcome.ledger_id or posting.entry_id
    posting.number = outcome.number or posting.number
    posting.link = outcome.link or posting.link
    posting.company_amount = getattr(outcome, "company_amount", None) or posting.company_amount
    message = outcome.error.message if outcome.error else ""
    state = outcome.state
    if posting.state == PostingState.UNCERTAIN and (others := _others(outcome)):
        _ask(posting, outcome, recorder, row, others)
    elif state is OutcomeState.POSTED:
        recorder.posting(posting, PostingState.POSTED, facts={"ledger_id": posting.entry_id, "number": posting.number})
        for difference in outcome.differences:
            recorder.notice(_altered(posting, difference.message), record_id=row.pk)
    elif state is OutcomeState.CREATED:
        recorder.posting(posting, PostingState.CREATED, message, settle_at=recorder.now + CONFIRM_EVERY)
    elif state is OutcomeState.REJECTED:
        recorder.posting(posting, PostingState.REJECTED, message)
        return _refused(posting, outcome)
    elif state is OutcomeState.NOT_SENT:
        return _not_sent(posting, message, recorder)
    elif state is OutcomeState.UNCERTAIN:
        recorder.posting(
            posting,
            PostingState.UNCERTAIN,
            message or "No clear answer came.",
            settle_at=recorder.now + ledger.settling_time,
        )
    elif state is OutcomeState.ABSENT:
        return _absent(posting, outcome, ledger, recorder)
    elif state in (OutcomeState.CANCELLED, OutcomeState.TWICE):
        _ask(posting, outcome, recorder, row)
    elif state is OutcomeState.SPLIT:
        raise ValueError("A batch that is to be split is not an outcome to commit.")
    else:
        assert_never(state)
    return None


def _not_sent(posting: Posting, message: str, recorder: Recorder) -> Cause | None:
    if posting.attempts >= ATTEMPTS_ALLOWED:
        recorder.posting(posting, PostingState.INTENDED, message)
        recorder.posting(posting, PostingState.VOID, "Given up; it was surely never sent.")
        return Cause(
            "unavailable",
            f"The ledger could not be reached in {posting.attempts} attempts: {message}",
            value="unavailable",
            connection_id=posting.ledger_id,
        )
    wait = backoff(posting.attempts, first=BACKOFF_FIRST, cap=BACKOFF_CAP)
    recorder.posting(posting, PostingState.INTENDED, message, settle_at=recorder.now + wait)
    return None


def _absent(posting: Posting, outcome: Outcome, ledger: Ledger, recorder: Recorder) -> Cause | None:
    """Surely not there. An enforced key is sent again; a searched one once, the second time a person decides.

    What was there as a draft and is gone was deleted by a person, who is asked - unless we deleted it ourselves,
    because the ledger refused it (then the outcome carries the refusal)."""
    posting.absences += 1
    if posting.state == PostingState.CREATED:
        if outcome.error is not None:
            recorder.posting(posting, PostingState.VOID, f"Deleted, as the ledger refused it: {outcome.error.message}")
            return None
        said = f"{posting.number or posting.key} was deleted in the ledger before it was in the books."
        recorder.posting(posting, PostingState.VOID, said)
        return Cause(
            "deleted_in_ledger",
            said,
            value=posting.key,
            connection_id=posting.ledger_id,
            advice="Replay it to have it posted again, or skip it with the reason.",
            facts={"has_cure": True},
        )
    if not posting.attempts:  # a listing showed it once; it was never sent, so nobody has asked the ledger ahead
        Sighting.objects.filter(ledger=posting.ledger_id, stamp=posting.stamp).delete()
        recorder.posting(posting, PostingState.VOID, "A listing showed it, and it is not in the ledger any more.")
        return None
    if not ledger.enforces_key and posting.absences >= 2:
        recorder.posting(posting, PostingState.UNCERTAIN, "Not found twice; a person decides.")
        recorder.notice(
            Cause(
                "uncertain_absent",
                f"{posting.key} was sent and cannot be found in the ledger. Bind it, or declare it absent.",
                value=posting.key,
                connection_id=posting.ledger_id,
            ),
            record_id=posting.record_id,
        )
        return None
    recorder.posting(posting, PostingState.INTENDED, "Looked up: not in the ledger.", settle_at=recorder.now)
    return None


def _others(outcome: Outcome) -> list[str]:
    """In what the document found is not the one that may have been sent; of a half-done one only whether it is ours."""
    if outcome.state is OutcomeState.POSTED:
        return [one.message for one in outcome.differences if one.code not in BESIDE_THE_CONTENT]
    if outcome.state is OutcomeState.CREATED:
        return [one.message for one in outcome.differences if one.code == STAMP_LOST]
    return []


def _ask(posting: Posting, outcome: Outcome, recorder: Recorder, row: SyncRecord, others: Sequence[str] = ()) -> None:
    """There, but cancelled, twice or with other content: only a person may say what to do, and nothing is sent."""
    if posting.state == PostingState.SENDING:
        recorder.posting(posting, PostingState.UNCERTAIN)
    where = f"{posting.key} is in the ledger"
    if outcome.state is OutcomeState.TWICE:
        code, said = "twice_in_ledger", f"{where} {len(outcome.duplicates)} times: {', '.join(outcome.duplicates)}."
    elif outcome.state is OutcomeState.CANCELLED:
        code, said = "cancelled_in_ledger", f"{where} as {posting.entry_id}, but somebody cancelled it there."
    else:
        code, said = "found_otherwise", f"{where} as {posting.entry_id}, otherwise than it was sent: {' '.join(others)}"
    recorder.posting(posting, PostingState(posting.state), said, settle_at=recorder.now + ASKED_AGAIN)
    recorder.notice(
        Cause(code, said, value=posting.key, connection_id=posting.ledger_id, advice=PROBLEM_CURES.get(code, "")),
        record_id=row.pk,
    )


def _refused(posting: Posting, outcome: Outcome) -> Cause:
    error = outcome.error
    cure = error.cure if isinstance(error, RejectedError) else ""
    message = error.message if error else "The ledger refused the document."
    return Cause(
        cure or "rejected",
        message,
        value=(error.facts.get("value", "") if error else "") or (message if cure else posting.key),
        flow_id=posting.flow_id,
        facts={"has_cure": bool(cure), "detail": error.detail if error else ""},
    )


def _altered(posting: Posting, message: str) -> Cause:
    return Cause(
        "document_altered",
        f"{posting.number or posting.key} stands in the ledger otherwise than it was sent: {message}",
        value=f"{posting.key}/{message}",
        connection_id=posting.ledger_id,
        advice="Look at the document in the ledger; accept it or correct it there.",
    )


def _reversed(postings: Sequence[Posting], recorder: Recorder) -> list[Posting]:
    """A reversal that is in the books makes its record's original reversed; answers those originals.

    Where another record's event undoes it (a payout that came back), both stand: each tells its own record's money."""
    done = {one.reverses_id: one for one in postings if one.reverses_id and one.state == PostingState.POSTED}
    originals = Posting.objects.filter(id__in=done, state=PostingState.POSTED) if done else ()
    undone = [one for one in originals if one.record_id == done[one.pk].record_id]
    for original in undone:
        recorder.posting(original, PostingState.REVERSED)
    return undone


def _rows(postings: Sequence[Posting]) -> dict[int, SyncRecord]:
    """The records of these postings, locked; those in hand that nobody changed since are not read again."""
    locked = {
        record_id: (version, changed_at)
        for record_id, version, changed_at in SyncRecord.objects.select_for_update()
        .filter(id__among={one.record_id for one in postings})
        .order_by("id")
        .values_list("id", "version", "changed_at")
    }
    in_hand = (one.record for one in postings if Posting.record.is_cached(one))
    rows = {row.pk: row for row in in_hand if locked.get(row.pk) == (row.version, row.changed_at)}
    if missing := locked.keys() - rows.keys():
        rows.update(SyncRecord.objects.in_bulk(missing))
    return rows


def _all_postings(touched: Mapping[int, Posting], fresh: Sequence[Posting]) -> dict[int, list[Posting]]:
    """All postings of the touched records, oldest first; those in hand as they are."""
    others = Posting.objects.filter(record_id__among=list(touched)).exclude(id__among=[one.pk for one in fresh])
    by_record: dict[int, list[Posting]] = defaultdict(list)
    for posting in sorted([*fresh, *others.prefetch_related("flow")], key=lambda one: one.pk):
        by_record[posting.record_id].append(posting)
    return by_record


def _close(row: SyncRecord, postings: Sequence[Posting], causes: Sequence[Cause], recorder: Recorder) -> bool:
    """Move the record on if nothing of it is open; answers whether it is posted now."""
    if row.state == RecordState.POSTED and not any(
        one.state in (*OPEN_STATES, PostingState.POSTED) and not one.reverses_id for one in postings
    ):  # told as created, and gone since
        recorder.record(row, RecordState.RECEIVED, "To be decided anew.", due_at=recorder.now)
        if causes:
            recorder.record(row, RecordState.HELD, " ".join(cause.message for cause in causes), causes=causes)
        return False
    if row.state != RecordState.POSTING:
        for cause in causes:  # an accrual that was refused: its record waits on something else
            recorder.notice(cause, record_id=row.pk)
        return False
    open_ones = [one for one in postings if one.state in OPEN_STATES]
    first_stands = any(one.state == PostingState.POSTED and not one.purpose for one in postings)
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
    for one in open_ones:
        if one.state == PostingState.INTENDED and one.settle_at is None and first_stands:
            recorder.posting(one, PostingState.INTENDED, settle_at=recorder.now)
    if open_ones:
        waits_in_created = all(one.state == PostingState.CREATED for one in open_ones)
        first = open_ones[0]
        if first.state == PostingState.CREATED and connector_get(first.flow.ledger.vendor).takes_files_while_created:
            files_follow(row, first.flow, first, recorder)
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


def steps_follow(row: SyncRecord, flow: Flow, standing: Sequence[Posting], recorder: Recorder) -> None:
    """The steps after posting: the source is told, receipts are attached. Those that there are stay as they are."""
    first = standing[0]
    spec = connector_get(flow.source.vendor).streams[row.stream]
    policies = flow.policy
    if spec.is_told and policies.tell_source != "never":
        recorder.follow(
            row_new(
                FollowUp,
                tenant_id=row.tenant_id,
                record=row,
                connection_id=flow.source_id,
                kind=FollowUpKind.TELL,
                subject=first.key,
                due_at=recorder.now,
                facts={"reference": f"{first.entry_id}", "number": first.number, "link": first.link},
            )
        )
    files_follow(row, flow, first, recorder)


def files_follow(row: SyncRecord, flow: Flow, first: Posting, recorder: Recorder) -> None:
    """The record's files are attached to its first document."""
    spec = connector_get(flow.source.vendor).streams[row.stream]
    if spec.has_receipts and row.receipt_count and flow.policy.attach_receipts:
        recorder.follow(
            row_new(
                FollowUp,
                tenant_id=row.tenant_id,
                record=row,
                connection_id=first.ledger_id,
                kind=FollowUpKind.ATTACH,
                subject=first.key,
                due_at=recorder.now,
                facts={"ledger_id": first.entry_id, "company": first.company},
            )
        )


def _free_waiting(posted: Sequence[SyncRecord], recorder: Recorder) -> None:
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
