"""Is a document that stands in several journals there twice, or in parts?

*Post and transfer* posts what it can and moves the other vouchers into a journal of their own, where their lines keep
our mark (https://learn.microsoft.com/en-us/dynamics365/finance/general-ledger/general-journal-processing)."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.base import Outcome, OutcomeState, Outgoing
from connectors.contents import Posted
from connectors.documents import Payment
from connectors.dynamics365_fo.client import PROVIDER
from connectors.dynamics365_fo.dimensions import Formats
from connectors.dynamics365_fo.lookup import Journal
from connectors.dynamics365_fo.readback import differences
from connectors.dynamics365_fo.settling import keys_settled
from connectors.errors import RejectedError, RetryableError, UnsupportedError


def in_parts(one: Outgoing, document: Posted, journals: Sequence[Journal], formats: Formats) -> Outcome | None:
    """The one document that the parts are: posted when all of them are. None where they do not add up to what was sent,
    so that it stands there twice, and for what settles something, whose parts settle apart."""
    is_simple = not isinstance(document, Payment) and not keys_settled(document)
    if not is_simple or not all(part.lines for part in journals):
        return None
    lines = [line for part in journals for line in part.lines]
    try:
        if differences(document, journals[0].header, lines, formats):
            return None
    except (UnsupportedError, RejectedError):  # the formats were changed since it was sent
        return None
    numbers = [part.header.journal_batch_number for part in journals]
    outcome = Outcome(one.key, OutcomeState.POSTED, ledger_id=journals[0].id, number=", ".join(numbers))
    waiting = [part.header.journal_batch_number for part in journals if not part.is_posted]
    if not waiting:
        return outcome
    said = (
        f"It is split over the journals {' and '.join(numbers)}, as *Post and transfer* does; not posted is "
        f"{' and '.join(waiting)}. None of them is a double: deleting one would drop a part of it."
    )
    return Outcome(
        one.key,
        OutcomeState.CREATED,
        ledger_id=outcome.ledger_id,
        number=outcome.number,
        error=RetryableError(said, provider=PROVIDER),
    )
