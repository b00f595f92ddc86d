"""What is a person asked about a document? What the ledger refused, holds otherwise, twice or cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from audit.models import (
    Posting,
    PostingState,
    Problem,
    ProblemState,
    Sighting,
    SyncRecord,
)
from audit.sync.recorder import Cause, Recorder
from connectors.base import Outcome, OutcomeState
from connectors.errors import RejectedError
from mappings.errors import PROBLEM_CURES

ASKED = (
    "found_otherwise",
    "cancelled_in_ledger",
    "twice_in_ledger",
    "uncertain_absent",
    "changed_while_waiting",
)
"""By a posting's key."""
ASKED_AGAIN = timedelta(hours=6)  # somebody may have put it right in the ledger itself
ALTERED = "document_altered"
STAMP_LOST = "stamp_lost"  # it bears our key, and is not surely ours
BESIDE_THE_CONTENT = frozenset({"not_reconciled"})  # findings that say nothing of what the document holds


def asked_settle(keys: Sequence[str], recorder: Recorder) -> None:
    """What a person was asked about these documents is answered."""
    if keys:
        rows = Problem.objects.filter(
            tenant_id=recorder.tenant_id, state=ProblemState.OPEN, code__in=ASKED, facts__value__in=list(keys)
        )
        recorder.solve(list(rows.values_list("id", flat=True)), "The document is settled.")


def put_right(outcomes: Sequence[Outcome], recorder: Recorder) -> None:
    """Differences that were told while documents waited, and are there no more. One look for all; what was not compared
    shows nothing put right."""
    now = {f"{one.key}/": {found.message for found in one.differences} for one in outcomes
           if one.is_compared and one.state in (OutcomeState.POSTED, OutcomeState.CREATED)}  # fmt: skip
    if not now:
        return
    rows = Problem.objects.filter(tenant_id=recorder.tenant_id, state=ProblemState.OPEN, code=ALTERED)
    gone = [
        problem_id
        for problem_id, value in rows.values_list("id", "facts__value")
        for key, messages in now.items()
        if str(value).startswith(key) and str(value).removeprefix(key) not in messages
    ]
    recorder.solve(gone, "The ledger shows it as it was sent.")


def contents_of(outcome: Outcome) -> list[str]:
    """In what a document reads otherwise than it was sent, whatever state it is in."""
    return list(dict.fromkeys(one.message for one in outcome.differences if one.code not in BESIDE_THE_CONTENT))


def differences_of(outcome: Outcome) -> list[str]:
    """In what the document found is not the one that may have been sent; of a half-done one only whether it is ours."""
    if outcome.state is OutcomeState.POSTED:
        return contents_of(outcome)
    if outcome.state is OutcomeState.CREATED:
        return [one.message for one in outcome.differences if one.code == STAMP_LOST]
    return []


def ask(posting: Posting, outcome: Outcome, recorder: Recorder, row: SyncRecord, others: Sequence[str] = ()) -> None:
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


def found_as_another(posting: Posting, other: Sighting, recorder: Recorder) -> None:
    """It was never sent, and the ledger has it as a document of another kind, as the set-up of that time made it."""
    mine, theirs = (one.replace("_", " ") for one in (posting.document_type, other.type))
    name = f"{other.number or other.entry_id} of {other.posting_on}" if other.posting_on else other.entry_id
    said = f"{posting.key} is in the ledger as {name}, a {theirs} and not the {mine} that it would be now."
    recorder.posting(posting, PostingState(posting.state), said, settle_at=recorder.now + ASKED_AGAIN)
    advice = (
        "Bind it to that document. To post it anew, reverse that one in the ledger first and declare this one absent."
    )
    recorder.notice(
        Cause("found_otherwise", said, value=posting.key, connection_id=posting.ledger_id, advice=advice),
        record_id=posting.record_id,
    )


def refused(posting: Posting, outcome: Outcome) -> Cause:
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


def altered(posting: Posting, message: str) -> Cause:
    return Cause(
        ALTERED,
        f"{posting.number or posting.key} stands in the ledger otherwise than it was sent: {message}",
        value=f"{posting.key}/{message}",
        connection_id=posting.ledger_id,
        advice="Look at the document in the ledger; accept it or correct it there.",
    )
