"""When is nothing more sent to an organisation? While it stores another reference number than was sent.

Each document that goes on would be one that no search finds again; what is there already is known by its id."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.base import Finding
from connectors.errors import ConfigurationError
from connectors.zoho_books.books import Books
from connectors.zoho_books.errors import PROVIDER
from connectors.zoho_books.stored import REFERENCE

HALTED_FOR = 3600.0  # then one document shows whether it was mended
NAME = "reference lost"
ADVICE = (
    "Documents are found again by it, so nothing more is sent. See in Zoho, under Settings > Workflow Rules and Custom "
    "Functions, what changes it; within an hour of that being mended it goes on."
)


def halted(books: Books) -> ConfigurationError | None:
    """Why nothing is sent now; None when all is well. Asks nobody."""
    said = books.kept.known(NAME, HALTED_FOR)
    return ConfigurationError(str(said), provider=PROVIDER) if said else None


def halted_by(books: Books, lost: Sequence[Finding]) -> ConfigurationError | None:
    """Take note of what Zoho stored otherwise: a reference number halts this organisation, a key field does not, as
    nothing is looked for by it."""
    said = next((one.message for one in lost if one.value == REFERENCE), "")
    if not said:
        return None
    books.kept.put(NAME, f"Zoho stores another reference number than is sent. {said} {ADVICE}")
    return halted(books)
