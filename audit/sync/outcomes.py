"""What does a ledger's answer do to postings and their records? One transaction per answered batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import assert_never

from audit.models import (
    Posting,
    PostingState,
    RecordState,
    Sighting,
    SyncRecord,
)
from audit.sync.adopt import stands_as_another
from audit.sync.asking import (
    altered,
    ask,
    asked_settle,
    contents_of,
    differences_of,
    found_as_another,
    put_right,
    refused,
)
from audit.sync.backoff import backoff
from audit.sync.closing import in_the_books, record_close, waiting_free
from audit.sync.lanes import Lease
from audit.sync.recorder import Cause, Recorder
from connectors.base import Ledger, Outcome, OutcomeState

BACKOFF_FIRST = 15.0
BACKOFF_CAP = 1800.0
ATTEMPTS_ALLOWED = 20
CONFIRM_FIRST, CONFIRM_LAST = timedelta(minutes=15), timedelta(hours=6)
CONFIRM_SHARE = 4  # what has waited for two hours is looked at each half hour


def apply_outcomes(
    lease: Lease, ledger: Ledger, postings: Sequence[Posting], outcomes: Sequence[Outcome], actor: str
) -> None:
    """Commit what became of a batch. Raises LeaseLostError: then the next owner settles it by looking."""
    with lease.commit():
        recorder = Recorder(lease.tenant_id, actor)
        rows = _rows(postings)
        postings, outcomes = _unanswered(postings, outcomes)
        causes: dict[int, list[Cause]] = defaultdict(list)
        asked = [one for one in postings if one.state in (PostingState.UNCERTAIN, PostingState.CREATED)]
        created = {one.key for one in postings if one.state == PostingState.CREATED}
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
            row
            for record_id, row in rows.items()
            if record_close(row, by_record[record_id], causes[record_id], recorder)
        ]
        waiting_free(posted_now, recorder)
        in_the_books([one for one in postings if one.state == PostingState.POSTED], recorder)
        asked_settle([one.key for one in asked if one.state in (PostingState.POSTED, PostingState.VOID)], recorder)
        put_right([one for one in outcomes if one.key in created], recorder)
        recorder.flush()


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
    before = posting.error
    posting.entry_id = outcome.ledger_id or posting.entry_id
    posting.number = outcome.number or posting.number
    posting.link = outcome.link or posting.link
    posting.company_amount = getattr(outcome, "company_amount", None) or posting.company_amount
    message = outcome.error.message if outcome.error else ""
    state = outcome.state
    if state is not OutcomeState.NOT_SENT:
        posting.sent_at = posting.sent_at or recorder.now
    if posting.state == PostingState.UNCERTAIN and (others := differences_of(outcome)):
        ask(posting, outcome, recorder, row, others)
    elif state is OutcomeState.POSTED:
        recorder.posting(posting, PostingState.POSTED, facts={"ledger_id": posting.entry_id, "number": posting.number})
        for difference in outcome.differences:
            recorder.notice(altered(posting, difference.message), record_id=row.pk)
    elif state is OutcomeState.CREATED:
        others = contents_of(outcome)
        said = " ".join(filter(None, dict.fromkeys([*others, message])))
        recorder.posting(posting, PostingState.CREATED, said, settle_at=recorder.now + _confirm_in(posting, recorder))
        for other in others:
            if other not in before:  # else it was told when it was seen first
                recorder.notice(altered(posting, other), record_id=row.pk)
    elif state is OutcomeState.REJECTED:
        recorder.posting(posting, PostingState.REJECTED, message)
        return refused(posting, outcome)
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
        return _absent(posting, outcome, ledger, recorder, row)
    elif state in (OutcomeState.CANCELLED, OutcomeState.TWICE):
        ask(posting, outcome, recorder, row)
    elif state is OutcomeState.SPLIT:
        raise ValueError("A batch that is to be split is not an outcome to commit.")
    else:
        assert_never(state)
    return None


def _confirm_in(posting: Posting, recorder: Recorder) -> timedelta:
    """When to look again whether somebody posted it in the ledger: the later, the longer it waits, as each look costs
    calls; a ledger that tells of its documents is looked at as soon as it does."""
    waited = recorder.now - (posting.sent_at or posting.created_at)
    return min(max(waited / CONFIRM_SHARE, CONFIRM_FIRST), CONFIRM_LAST)


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


def _absent(posting: Posting, outcome: Outcome, ledger: Ledger, recorder: Recorder, row: SyncRecord) -> Cause | None:
    """Surely not there. An enforced key is sent again; a searched one once, the second time a person decides.

    What was there as a draft and is gone was deleted by a person, who is asked - unless we deleted it ourselves,
    because the ledger refused it (then the outcome carries the refusal), or the source changed it since (G22)."""
    posting.absences += 1
    if posting.state == PostingState.CREATED:
        if outcome.error is not None:
            recorder.posting(posting, PostingState.VOID, f"Deleted, as the ledger refused it: {outcome.error.message}")
            return None
        said = f"{posting.number or posting.key} was deleted in the ledger before it was in the books."
        recorder.posting(posting, PostingState.VOID, said)
        if posting.record_version != row.version:  # it was asked for, and is made anew
            if row.state == RecordState.RECEIVED:
                recorder.wait(row, said, recorder.now)
            return None
        return Cause(
            "deleted_in_ledger",
            said,
            value=posting.key,
            connection_id=posting.ledger_id,
            advice="Replay it to have it posted again, or skip it with the reason.",
            facts={"has_cure": True},
        )
    if not posting.attempts and (other := stands_as_another(posting)) is not None:
        found_as_another(posting, other, recorder)
        return None
    if not posting.attempts:  # a listing showed it once; it was never sent, so nobody has asked the ledger ahead
        Sighting.objects.filter(ledger=posting.ledger_id, stamp=posting.stamp).delete()
        recorder.posting(posting, PostingState.VOID, "A listing showed it, and it is not in the ledger any more.")
        return None
    if not ledger.enforces(posting.document_type) and posting.absences >= 2:
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
