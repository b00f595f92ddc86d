"""At which rate must Dynamics book a line, where its own of the day would come to another amount?

Dynamics makes company amounts itself, line by line, at its rate of the posting day. A reversal keeps the rate of what
it takes back, a document that was moved out of a closed period keeps its own, what settles an item of ours takes it out
at the amount at which it stands, and shares in company currency are cut so that they sum up. A line may carry a rate,
but whether it is told per unit or per hundred differs: so the scale is read from lines in company currency, whose rate
is one (https://learn.microsoft.com/en-us/dynamics365/fin-ops-core/fin-ops/data-entities/entity-general-journal)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal

from connectors.base import Finding
from connectors.contents import Posted
from connectors.documents import JournalEntry, Payment, VendorBill
from connectors.dynamics365_fo.books import Books
from connectors.dynamics365_fo.pairing import paired
from connectors.dynamics365_fo.schema_documents import LineRow
from connectors.errors import UnsupportedError
from connectors.money import minor_unit
from connectors.records import Side

DIGITS = range(8, 17)  # of a rate: as few as say the amount exactly; Dynamics keeps sixteen


@dataclass(frozen=True, slots=True)
class Moved:
    """What one line of a journal moves, in the document's currency and in the company's; positive."""

    amount: Decimal
    company_amount: Decimal


def moved_by(document: Posted) -> list[Moved]:
    """By line as journals have them: an entry's pairs; of a bill the vendor's line, and the costs where they are lines
    of their own. Raises UnsupportedError for what no line can carry."""
    if isinstance(document, JournalEntry):
        pairs = paired(document.lines)
        if any(one.company_amount != one.offset_company_amount for one in pairs):
            raise UnsupportedError(
                f"A line of Dynamics books the same in {document.company_currency} on both of its accounts, and the "
                "lines of this entry do not meet so."
            )
        return [Moved(one.amount, one.company_amount) for one in pairs]
    if not isinstance(document, VendorBill):
        return []
    costs = [Moved(line.amount, line.company_amount) for line in document.lines]
    return costs if len(costs) == 1 else [_whole(document), *costs]


def rates_wanted(books: Books, document: Posted) -> list[Decimal | None]:
    """For each line company currency per unit of the document's; None where the rate of the day gives the same. Empty
    for payments, whose exchange difference is the ledger's own, and where there is nothing to say. Raises
    UnsupportedError."""
    if isinstance(document, Payment) or document.currency == document.company_currency:
        return []
    own = books.rate(document.currency, document.posting_date)
    if own is None:
        return []
    lines = moved_by(document)
    if all(_at(own, one, document) == one.company_amount for one in lines):
        return []
    whole = Moved(
        sum((one.amount for one in lines), Decimal(0)), sum((one.company_amount for one in lines), Decimal(0))
    )
    common = _rate_of(whole, document)
    if all(_at(common, one, document) == one.company_amount for one in lines):
        return [common] * len(lines)
    return [_rate_between(own, common, one, document) for one in lines]


def rates_sent(books: Books, document: Posted) -> list[Decimal | None]:
    """The same as lines carry it; empty where nothing needs to be said, or the scale is not known."""
    wanted = rates_wanted(books, document)
    scale = books.rate_scale if wanted else None
    return [] if scale is None else [None if one is None else _plain(one * scale) for one in wanted]


def rate_findings(books: Books, document: Posted, *, is_pending: bool) -> list[Finding]:
    """What keeps a document from being booked at its rates. Of a pending invoice, which is given none, the whole must
    come to the same by the rate of the day; its lines may each be off by a minor unit."""
    try:
        rates = rates_wanted(books, document)
    except UnsupportedError as error:
        return [Finding("no_rate", error.message, document.currency)]
    rate = next((one for one in rates if one is not None), None)
    if rate is None or (books.rate_scale is not None and not is_pending):
        return []
    own = books.rate(document.currency, document.posting_date)
    if is_pending and isinstance(document, VendorBill) and own is not None:
        unit, costs = minor_unit(document.company_currency), moved_by(document)[1:]
        is_near = all(abs(_at(own, one, document) - one.company_amount) <= unit for one in costs)
        if is_near and _at(own, _whole(document), document) == _whole(document).company_amount:
            return []
    why = (
        "a pending vendor invoice is given none"
        if is_pending
        else f"no journal line in {books.currency} shows yet how rates are written there"
    )
    at = f"{document.currency} would have to be booked at {_plain(rate):f} and not at the rate of the day"
    return [Finding("no_rate", f"In Dynamics {at}, and {why}.", document.currency)]


def rate_differences(books: Books, document: Posted, rows: Sequence[LineRow]) -> Iterator[Finding]:
    """Lines whose rate books another amount than was sent, whoever gave it: what counts is the rate that stands in the
    line, as those of the table may have been corrected since."""
    if isinstance(document, Payment) or document.currency == document.company_currency:
        return
    lines, scale = moved_by(document), books.rate_scale
    if scale is None or len(lines) != len(rows):  # other lines than were sent: their sums tell it
        return
    for sent, row in zip(lines, sorted(rows, key=lambda one: one.line_number), strict=True):
        is_same = row.debit_amount + row.credit_amount == sent.amount and row.currency_code == document.currency
        booked = _at(row.exch_rate / scale, sent, document)
        if is_same and row.exch_rate > 0 and booked != sent.company_amount:
            said = (
                f"The exchange rate of line {row.line_number:f} reads {row.exch_rate.normalize():f}, which books "
                f"{booked} {document.company_currency}; sent was {sent.company_amount}."
            )
            yield Finding("document_altered", said, "exchange rate")


def _whole(bill: VendorBill) -> Moved:
    """The vendor's line of a bill."""
    sign = -1 if bill.is_credit else 1
    own = sum((one.company_amount if one.side is Side.DEBIT else -one.company_amount for one in bill.lines), Decimal(0))
    return Moved(bill.total.amount, sign * own)


def _at(rate: Decimal, line: Moved, document: Posted) -> Decimal:
    """What a line comes to, rounded as Dynamics does: half up."""
    return (line.amount * rate).quantize(minor_unit(document.company_currency), ROUND_HALF_UP)


def _rate_between(own: Decimal, common: Decimal, line: Moved, document: Posted) -> Decimal | None:
    if _at(own, line, document) == line.company_amount:
        return None
    return common if _at(common, line, document) == line.company_amount else _rate_of(line, document)


def _rate_of(line: Moved, document: Posted) -> Decimal:
    """The shortest rate at which a line comes to its amount. Raises UnsupportedError where none does."""
    for digits in DIGITS:
        rate = Context(digits).divide(line.company_amount, line.amount)
        if rate > 0 and _at(rate, line, document) == line.company_amount:
            return rate
    sent, booked = f"{line.amount} {document.currency}", f"{line.company_amount} {document.company_currency}"
    raise UnsupportedError(f"No exchange rate of Dynamics books {sent} at {booked}.")


def _plain(rate: Decimal) -> Decimal:
    """Without zeros at its end, and without an exponent."""
    short = rate.normalize()
    return short.quantize(Decimal(1)) if short == short.to_integral_value() else short
