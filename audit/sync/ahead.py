"""What would the ledger say to these documents, and which of them does it hold already? Asked before any is sent."""

from __future__ import annotations

from collections.abc import Sequence

from audit.models import Posting, PostingState, Sighting
from audit.sync.judged import Judged
from connectors.base import Ledger
from connectors.models import Connection
from mappings.translate.context import Hold, Need, Post

DUPLICATES = frozenset({"possible_duplicate", "duplicate_reference"})


def look_ahead(ledger: Ledger, connection: Connection, company: str, judged: Sequence[Judged]) -> None:
    """Ask the ledger ahead, for all new documents at once; its findings become needs.

    What stands there already under our own stamp is adopted, and would only be found to double itself."""
    seen = sightings_fetch(ledger, connection, judged)
    checked = [(one, draft) for one in judged for draft in one.drafts if ledger.stamp(one.key(draft)[0]) not in seen]
    if not checked:
        return
    findings = ledger.preflight(company, [draft.document for _, draft in checked])
    own = _own_entries([one.row.pk for (one, _), found in zip(checked, findings, strict=True) if found])
    for (one, _), found in zip(checked, findings, strict=True):
        found = [finding for finding in found if (one.row.pk, finding.value) not in own]
        if not found or not isinstance(one.decision, Post | Hold):
            continue
        before = one.decision.needs if isinstance(one.decision, Hold) else ()
        waived = one.row.choices.get("duplicate") == "different"
        needs = [
            Need(finding.code, finding.message, value=finding.value)
            for finding in found
            if not (waived and finding.code in DUPLICATES)
        ]
        if needs:
            one.decision = Hold((*before, *needs), one.decision.rules)
            one.drafts = ()


def sightings_fetch(ledger: Ledger, connection: Connection, judged: Sequence[Judged]) -> dict[str, list[Sighting]]:
    """Our documents that a listing of the ledger showed, of those that are about to be sent, by stamp."""
    stamps = [ledger.stamp(one.key(draft)[0]) for one in judged for draft in one.drafts]
    stamps += [ledger.stamp(one.key(draft, original)[0]) for one in judged for original, draft in one.reversals]
    found: dict[str, list[Sighting]] = {}
    if stamps:
        for sighting in Sighting.objects.filter(ledger=connection, stamp__among=stamps):
            found.setdefault(sighting.stamp, []).append(sighting)
    return found


def _own_entries(record_ids: Sequence[int]) -> set[tuple[int, str]]:
    """What these records have in the ledger: a bill that was reversed is no double of its next revision, nor is one
    that waits there a double of what it would be now."""
    if not record_ids:
        return set()
    states = [PostingState.REVERSED, PostingState.CREATED]
    rows = Posting.objects.filter(record_id__in=record_ids, state__in=states)
    return set(rows.values_list("record_id", "entry_id"))
