"""What stands in Dynamics of documents that were sent, and why is a journal not posted yet?"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from connectors.base import LookupBlindError, Outcome, OutcomeState, Outgoing
from connectors.documents import NewVendor
from connectors.dynamics365_fo.client import PROVIDER
from connectors.dynamics365_fo.desk import Desk, posted
from connectors.dynamics365_fo.journals import PAYMENT, SHAPES
from connectors.dynamics365_fo.pending import find_invoices, invoices
from connectors.dynamics365_fo.posting import JournalPoster
from connectors.dynamics365_fo.preflight import Preflight
from connectors.dynamics365_fo.vendors import find_vendors, marked_vendors
from connectors.errors import ConfigurationError, RetryableError

YES = "Yes"


def find(desk: Desk, batch: Sequence[Outgoing], known: str) -> dict[str, Outcome]:
    """Journals and vendors by their marks. Raises LookupBlindError where something is absent and the same search does
    not show `known`, a document that is there; what was left half done is completed."""
    vendors = [one for one in batch if isinstance(one.document, NewVendor)]
    waiting = [one for one in batch if desk.is_pending(one)]
    journals = [one for one in batch if one not in vendors and one not in waiting]
    outcomes = find_vendors(desk, vendors) if vendors else {}
    outcomes |= find_invoices(desk, waiting) if waiting else {}
    slots = {one.key: (one.stamp, desk.shape(posted(one))) for one in journals}
    wanted = list(slots.values())
    wanted += [(known, shape) for shape in SHAPES if known and (known, shape) not in wanted]
    found = desk.lookup.journals(wanted) if wanted else {}
    outcomes |= desk.outcomes(journals, {one.key: found[slots[one.key]] for one in journals})
    is_known_seen = not known or any(found[known, shape].journals for shape in SHAPES)
    is_absent = any(one.state is OutcomeState.ABSENT for one in outcomes.values())
    if is_absent and not is_known_seen and not _is_elsewhere(desk, known):
        raise LookupBlindError(
            f"A search in Dynamics does not show {known}, which is there: a right, a filter or the company was lost.",
            provider=PROVIDER,
        )
    here = [(one, found[slots[one.key]].journal) for one in journals]
    created = [(one, at) for one, at in here if at and outcomes[one.key].state is OutcomeState.CREATED]
    outcomes |= JournalPoster(desk).complete(created)
    return outcomes


def _is_elsewhere(desk: Desk, stamp: str) -> bool:
    """Whether a mark stands where it was not looked for: on a vendor, a pending invoice, in a payment journal."""
    if marked_vendors(desk, [stamp]) or invoices(desk, [stamp]):
        return True
    with contextlib.suppress(ConfigurationError):  # an environment without vendor payment journals
        return bool(desk.lookup.journals([(stamp, PAYMENT)])[stamp, PAYMENT].journals)
    return False


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
    name = None if desk.is_pending(one) else desk.books.journal(posted(one).journal)
    if name and name.is_workflow_approval_active == YES:
        return f"Journals of {name.name} must pass their workflow first."
    if name and name.is_approval_active == YES:
        return f"Journals of {name.name} must be approved first."
    return "People or the posting job have not come to it yet."
