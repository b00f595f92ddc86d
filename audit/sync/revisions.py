"""Which revision of its document does a record need? What was reversed counts, even where our tables forgot it."""

from __future__ import annotations

from collections.abc import Mapping

from audit.models import Posting, PostingState, Sighting
from audit.sync.judged import Judged
from audit.sync.keys import document_key
from connectors.base import Ledger
from connectors.models import Connection


def revisions_fetch(ledger: Ledger, connection: Connection, live: Mapping[int, Judged]) -> dict[tuple[int, str], int]:
    """The newest revision of each record and purpose that was in the books and is reversed."""
    counts: dict[tuple[int, str], int] = {}
    rows = Posting.objects.filter(record_id__among=list(live), state=PostingState.REVERSED, reverses__isnull=True)
    for record_id, purpose, revision in rows.values_list("record_id", "purpose", "revision"):
        counts[record_id, purpose] = max(counts.get((record_id, purpose), 0), revision)
    _count_forgotten(ledger, connection, {pk: one for pk, one in live.items() if not one.standing}, counts)
    return counts


def revision_next(one: Judged, revisions: Mapping[tuple[int, str], int]) -> int:
    """The revision of a record's document: that of the one that stands, or one more than all that are reversed."""
    main = next((posting for posting in one.standing if posting.purpose == ""), None)
    return main.revision if main else revisions.get((one.row.pk, ""), 0) + 1


def _count_forgotten(
    ledger: Ledger, connection: Connection, fresh: Mapping[int, Judged], counts: dict[tuple[int, str], int]
) -> None:
    """Documents that the ledger holds reversed and our tables forgot: their reversals' stamps were sighted."""
    open_ones = {pk: one for pk, one in fresh.items() if (pk, "") not in counts}
    revision = 0
    while open_ones:
        revision += 1
        by_stamp = {
            ledger.stamp(document_key(one.base, revision=revision, is_reversal=True)): pk
            for pk, one in open_ones.items()
        }
        seen = Sighting.objects.filter(ledger=connection, stamp__among=list(by_stamp))
        open_ones = {by_stamp[stamp]: open_ones[by_stamp[stamp]] for stamp in seen.values_list("stamp", flat=True)}
        counts.update({(pk, ""): revision for pk in open_ones})
