"""What stands in Dynamics of documents that were sent, and why is a journal not posted yet?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from connectors.base import LookupBlindError, Outcome, OutcomeState, Outgoing
from connectors.documents import NewVendor
from connectors.dynamics365_fo.client import PROVIDER
from connectors.dynamics365_fo.desk import Desk, posted
from connectors.dynamics365_fo.journals import GENERAL, PAYMENT, PENDING
from connectors.dynamics365_fo.lookup import Found
from connectors.dynamics365_fo.pending import InvoicePoster
from connectors.dynamics365_fo.posting import JournalPoster
from connectors.dynamics365_fo.preflight import Preflight
from connectors.dynamics365_fo.vendors import find_vendors, marked_vendors
from connectors.errors import RetryableError

YES = "Yes"


def find(desk: Desk, batch: Sequence[Outgoing], known: str) -> dict[str, Outcome]:
    """Documents and vendors by their marks. Raises LookupBlindError where something is absent and the same search does
    not show `known`, a document that is there; what was left half done is completed."""
    vendors = [one for one in batch if isinstance(one.document, NewVendor)]
    outcomes = find_vendors(desk, vendors) if vendors else {}
    documents = [one for one in batch if one not in vendors]
    found = desk.look(documents, known)
    outcomes |= desk.outcomes(documents, found)
    is_absent = any(one.state is OutcomeState.ABSENT for one in outcomes.values())
    if is_absent and known and not found[known].ids and not _is_elsewhere(desk, known):
        raise LookupBlindError(
            f"A search in Dynamics does not show {known}, which is there: a right, a filter or the company was lost.",
            provider=PROVIDER,
        )
    return outcomes | completed(desk, documents, found, outcomes)


def standing(desk: Desk, batch: Sequence[Outgoing]) -> dict[str, Outcome]:
    """What is there of documents before they are written; those that are absent are left out."""
    found = desk.look(batch)
    outcomes = desk.outcomes(batch, found)
    outcomes |= completed(desk, batch, found, outcomes)
    gone = {key: one.error for key, one in outcomes.items() if one.state is OutcomeState.ABSENT}
    refused = {key: replace(outcomes[key], state=OutcomeState.REJECTED) for key, error in gone.items() if error}
    return {key: one for key, one in outcomes.items() if key not in gone} | refused


def completed(
    desk: Desk, batch: Sequence[Outgoing], found: Mapping[str, Found], outcomes: Mapping[str, Outcome]
) -> dict[str, Outcome]:
    """What became of headers without lines, as a lost answer leaves them; the others have no outcome. Those whose lines
    are refused are deleted, and so absent; the refusal is told."""
    created = [one for one in batch if outcomes[one.key].state is OutcomeState.CREATED]
    journals = [(one, journal) for one in created if (journal := found[one.stamp].journal) is not None]
    waiting = [(one, row) for one in created for row in found[one.stamp].invoice.waiting]
    told = JournalPoster(desk).complete(journals) | InvoicePoster(desk).complete(waiting)
    return {
        key: replace(one, state=OutcomeState.ABSENT) if one.state is OutcomeState.REJECTED else one
        for key, one in told.items()
    }


def _is_elsewhere(desk: Desk, stamp: str) -> bool:
    """Whether a mark stands where it was not looked for: on a vendor, a pending invoice, in a payment journal."""
    return bool(marked_vendors(desk, [stamp]) or desk.lookup.found({stamp: (GENERAL, PENDING, PAYMENT)})[stamp].ids)


def explained(desk: Desk, batch: Sequence[Outgoing], outcomes: Mapping[str, Outcome]) -> dict[str, Outcome]:
    """The outcomes, in which those that are created only say what keeps Dynamics from posting, as far as that can be
    seen from outside: it keeps no reasons that a data entity shows."""
    waiting = [
        one
        for one in batch
        if outcomes[one.key].state is OutcomeState.CREATED
        and outcomes[one.key].error is None
        and not any(finding.code == "not_reconciled" for finding in outcomes[one.key].differences)
    ]
    findings = Preflight(desk.books).check([one.document for one in waiting], duplicates=False) if waiting else []
    told = dict(outcomes)
    for one, some in zip(waiting, findings, strict=True):
        reasons = [finding.message for finding in some] or [_usual_reason(desk, one)]
        number = outcomes[one.key].number
        error = RetryableError(f"{number} is in Dynamics and not posted: {' '.join(reasons)}", provider=PROVIDER)
        told[one.key] = replace(outcomes[one.key], error=error)
    return told


def _usual_reason(desk: Desk, one: Outgoing) -> str:
    name = None if desk.is_pending(one.document) else desk.books.journal(posted(one).journal)
    if name and name.is_workflow_approval_active == YES:
        return f"Journals of {name.name} must pass their workflow first."
    if name and name.is_approval_active == YES:
        return f"Journals of {name.name} must be approved first."
    return "People or the posting job have not come to it yet."
