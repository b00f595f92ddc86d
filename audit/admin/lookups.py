"""What does the ledger show of an uncertain document right now? A listing, never a second try."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from audit.models import Posting
from connectors.base import Stamped
from connectors.errors import ConnectorError
from connectors.services import connection_ledger

BEFORE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Look:
    """A fresh listing's answer about one stamp; `error` when it could not be made."""

    found: tuple[Stamped, ...] = ()
    listed: int = 0
    error: str = ""
    settles_in: timedelta = timedelta(0)

    @property
    def against_absence(self) -> tuple[str, ...]:
        """Why nobody may say now that the document is not there."""
        if self.error:
            return (f"The ledger could not be looked into: {self.error}",)
        if self.found:
            names = ", ".join(one.number or one.ledger_id for one in self.found)
            return (f"The ledger shows it: {names}. Bind it instead.",)
        if self.settles_in > timedelta(0):
            seconds = int(self.settles_in.total_seconds()) + 1
            return (f"A late answer may still put it there: look again in {seconds} seconds.",)
        return ()


def look_up(posting: Posting) -> Look:
    """List our documents that changed since the posting was made, and pick its stamp. Raises nothing of a vendor's."""
    try:
        ledger = connection_ledger(posting.ledger)
        settled_at = (posting.sent_at or posting.created_at) + ledger.settling_time
        seen = [one for page in ledger.list_stamped(posting.company, posting.created_at - BEFORE) for one in page]
    except ConnectorError as error:
        return Look(error=error.message)
    found = tuple(one for one in seen if one.stamp == posting.stamp)
    return Look(found, len(seen), settles_in=settled_at - timezone.now())
