"""To which vendors is a document booked?"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.contents import Posted, lines_in
from connectors.documents import JournalEntry, Partner
from connectors.dynamics365_fo.accounts import VENDOR


def booked_to(document: Posted) -> Iterator[Partner]:
    """Vendors that get a transaction; on a ledger account a partner is text for people."""
    for line in lines_in(document):
        if line.partner and line.account.id == VENDOR:
            yield line.partner
    if not isinstance(document, JournalEntry):
        yield document.partner
