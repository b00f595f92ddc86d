"""At which rate must Dynamics book a document, where its own of the day would be another one?

Dynamics makes company amounts itself, at its rate of the posting day. A reversal keeps the rate of what it takes back,
a document that was moved out of a closed period keeps its own, and what settles an item of ours takes it out at the
amount at which it stands. A line may carry a rate, but whether it is told per unit or per hundred differs: so the scale
is read from a line in company currency, whose rate is one
(https://learn.microsoft.com/en-us/dynamics365/fin-ops-core/fin-ops/data-entities/entity-general-journal)."""

from __future__ import annotations

from decimal import Decimal

from connectors.base import Finding
from connectors.contents import Posted
from connectors.documents import Line, Payment
from connectors.dynamics365_fo.books import Books
from connectors.money import minor_unit
from connectors.records import Side

PRECISE = Decimal("0.00000001")
ALIKE = Decimal("0.000001")  # between a rate that was sent and the one that reads back


def rate_wanted(books: Books, document: Posted) -> Decimal | None:
    """Company currency per unit of the document's; None where the rate of its day gives the same, and for payments,
    whose exchange difference is the ledger's own."""
    if isinstance(document, Payment) or document.currency == document.company_currency:
        return None
    amount, company_amount = _moved(document.lines)
    own = books.rate(document.currency, document.posting_date)
    if not amount or own is None:
        return None
    at_own = (amount * own).quantize(minor_unit(document.company_currency))
    return None if at_own == company_amount else company_amount / amount


def rate_sent(books: Books, document: Posted) -> Decimal | None:
    """The same as a line carries it; None where nothing needs to be said, or the scale is not known."""
    rate, scale = rate_wanted(books, document), None
    if rate is not None:
        scale = books.rate_scale
    return (rate * scale).quantize(PRECISE) if rate is not None and scale is not None else None


def rate_findings(books: Books, document: Posted, *, is_pending: bool) -> list[Finding]:
    """What keeps a document from being booked at its rate."""
    rate = rate_wanted(books, document)
    if rate is None or (books.rate_scale is not None and not is_pending):
        return []
    why = (
        "a pending vendor invoice is given none"
        if is_pending
        else f"no journal line in {books.currency} shows yet how rates are written there"
    )
    at = f"{document.currency} would have to be booked at {rate.normalize():f} and not at the rate of the day"
    return [Finding("no_rate", f"In Dynamics {at}, and {why}.", document.currency)]


def is_alike(sent: Decimal, read: Decimal) -> bool:
    return abs(sent - read) <= ALIKE


def _moved(lines: tuple[Line, ...]) -> tuple[Decimal, Decimal]:
    """What the larger side of some lines comes to, in both currencies: of a bill its costs, of an entry its debits."""
    sides = [[line for line in lines if line.side is side] for side in (Side.DEBIT, Side.CREDIT)]
    sums = [(sum((one.amount for one in some), Decimal(0)), sum((one.company_amount for one in some), Decimal(0)))
            for some in sides]  # fmt: skip
    return max(sums)
