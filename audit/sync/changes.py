"""What if a decision is not what stands in the books? Same, hold, or reverse and post anew (rules G17, B34)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from django.utils import timezone

from audit.models import Posting, PostingState
from audit.sync.judged import Judged
from audit.sync.links import posted_document
from audit.sync.problems import Cause
from connectors.base import LedgerFacts
from connectors.documents import document_from_json
from connectors.records import VendorRecord
from mappings.errors import PROBLEM_CURES
from mappings.policies import closed_through, is_reopened, open_day
from mappings.translate.context import Decision, Hold, Need, Post, Setup, Skip, Undo, Witness
from mappings.translate.reversal import UnknownCompanyAmountError, assemble_reversal, document_differs

CHANGED = "changed_after_posting"  # a person's choice: accept or reverse
OF_VERSION = "changed_after_posting_of"  # the version that he saw
UNDONE_BY = {"payment": "journal_entry"}  # a payment is undone by an entry, everything else by its own kind


def compare(one: Judged, setup: Setup, facts: LedgerFacts) -> None:
    """Set what must be sent for a record: new drafts, or reversals of what stands; or hold it for a person."""
    decision = one.decision
    if one.failure or decision is None:
        return
    if not one.standing:
        one.drafts = decision.drafts if isinstance(decision, Post) else ()
        return
    if isinstance(one.record, VendorRecord):
        return
    if isinstance(decision, Post):
        differences = _differences(one, decision)
        if differences:
            _changed(one, differences, None, setup, facts)
        else:
            stands = {posting.purpose for posting in one.standing}
            one.drafts = tuple(draft for draft in decision.drafts if draft.purpose not in stands)
    elif isinstance(decision, Undo):
        _changed(one, [decision.reason], decision.on, setup, facts)
    elif isinstance(decision, Skip | Witness):
        _changed(one, [decision.reason], None, setup, facts)


def _differences(one: Judged, decision: Post) -> list[str]:
    standing: Mapping[str, Posting] = {posting.purpose: posting for posting in one.standing}
    drafts = {draft.purpose: draft.document for draft in decision.drafts}
    gone = sorted(standing.keys() - drafts.keys())
    found = [f"the document {purpose or 'itself'}" for purpose in gone]
    for purpose in sorted(standing.keys() & drafts.keys()):
        found += document_differs(document_from_json(standing[purpose].document), drafts[purpose])
    return found


def changed_while_waiting(one: Judged, postings: Sequence[Posting]) -> Cause | None:
    """The problem of a record whose documents wait in the ledger, not yet in its books, and would be others by now
    (G22): a person deletes them there. What is held or waits itself tells nothing yet."""
    waiting = [each for each in postings if each.state == PostingState.CREATED and not each.reverses_id]
    differences = _waits_otherwise(one.decision, waiting) if waiting else []
    if not differences:
        return None
    first = waiting[0]
    said = f"The source changed what waits in the ledger as {first.number or first.entry_id}: {', '.join(differences)}."
    return Cause(
        "changed_while_waiting",
        said,
        value=first.key,
        connection_id=first.ledger_id,
        flow_id=first.flow_id,
        advice=PROBLEM_CURES["changed_while_waiting"],
    )


def _waits_otherwise(decision: Decision | None, waiting: Sequence[Posting]) -> list[str]:
    if isinstance(decision, Skip | Undo | Witness):
        return [decision.reason]
    if not isinstance(decision, Post):
        return []
    drafts = {draft.purpose: draft.document for draft in decision.drafts}
    found: list[str] = []
    for posting in waiting:
        draft = drafts.get(posting.purpose)
        found += document_differs(document_from_json(posting.document), draft) if draft else ["the document itself"]
    return list(dict.fromkeys(found))


def _changed(one: Judged, differences: Sequence[str], event_day: date | None, setup: Setup, facts: LedgerFacts) -> None:
    policies = setup.policies
    choices = one.row.choices
    choice = choices.get(CHANGED, "") if choices.get(OF_VERSION) == str(one.row.version) else ""
    if choice == "accept":
        one.drafts, one.decision = (), Post((), ("G17",))
        return
    if event_day is None and policies.change_after_posting != "reverse_and_repost" and choice != "reverse":
        said = f"The source changed what is posted as {one.standing[0].number}: {', '.join(differences)}."
        one.decision = Hold((Need(CHANGED, said, value=one.row.external_id),), ("G17",))
        return
    day = event_day or one.standing[0].posting_on or timezone.now().date()
    kinds = {UNDONE_BY.get(posting.document_type, posting.document_type) for posting in one.standing}
    opened, is_same_year = open_day(day, closed_through(facts.closed_through, kinds), facts.fiscal_year_end)
    if is_reopened(day, facts.closed_through, facts.reopened, kinds):
        opened, is_same_year = day, True
    if opened != day and (policies.closed_period == "hold" or not is_same_year):
        code = "closed_period" if is_same_year else "fiscal_year_end"
        one.decision = Hold((Need(code, f"The reversal belongs to {day}, which is closed.", value=str(day)),), ("G7",))
        return
    try:
        mirrored = assemble_reversal(
            [posted_document(posting) for posting in one.standing],
            on=opened,
            reason=", ".join(differences),
            journal=setup.undoing_journal,
        )
    except UnknownCompanyAmountError as error:
        one.decision = Hold((Need("no_rate", str(error), value=one.row.external_id),), ("G9",))
        return
    undone = [posting for posting in reversed(one.standing) if posting.document_type != "new_vendor"]
    one.reversals = tuple(zip(undone, mirrored, strict=True))
