"""Would a document be in the ledger twice? Stamps that live already, and vendors who are on their way."""

from __future__ import annotations

from collections.abc import Sequence

from audit.models import Posting, PostingState
from audit.sync.judged import Judged
from audit.sync.recorder import Cause
from connectors.base import Ledger
from connectors.documents import NewVendor
from connectors.models import Connection
from mappings.names import normalised_name


def stamps_taken(ledger: Ledger, connection: Connection, judged: Sequence[Judged]) -> set[str]:
    """The stamps of these documents that live already, and of originals that are undone already."""
    live = Posting.objects.filter(ledger=connection).exclude(state__in=[PostingState.REJECTED, PostingState.VOID])
    stamps = [ledger.stamp(one.key(draft)[0]) for one in judged for draft in one.drafts]
    found = set(live.filter(stamp__among=stamps).values_list("stamp", flat=True)) if stamps else set()
    undone = [original.pk for one in judged for original, _ in one.reversals]
    if undone:
        found |= set(live.filter(reverses__in=undone).values_list("reverses__stamp", flat=True))
    return found


def clash_of(ledger: Ledger, connection: Connection, one: Judged, taken: set[str]) -> Cause | None:
    """The problem of a record that would need a stamp twice: it fails alone, or its whole batch would."""
    stamps = {ledger.stamp(one.key(draft)[0]) for draft in one.drafts}
    stamps |= {original.stamp for original, _ in one.reversals}
    if not stamps & taken:
        return None
    first = min(stamps & taken)
    return Cause(
        "key_taken",
        f"A document of ours lives under {first} already, or was undone already; nothing was sent.",
        value=first,
        connection_id=connection.pk,
        advice="Compare the record with that document; bind it by hand, or skip it with the reason.",
    )


def vendor_made_already(one: Judged, creating: dict[str, str]) -> str | None:
    """The key under which another record's vendor of the same name is on his way; else this one is, from now on."""
    for document in (draft.document for draft in one.drafts):
        if isinstance(document, NewVendor) and one.known is not None:
            key = creating.setdefault(f"name:{normalised_name(document.name)}", one.known.key)
            return key if key != one.known.key else None
    return None
