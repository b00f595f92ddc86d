"""How does an entry become lines that balance by themselves? Each debit meets a credit on one line, as its offset.

A voucher must balance, and whether lines share one depends on the journal name's set-up; a line with its own offset
account always balances (https://learn.microsoft.com/en-us/dynamics365/finance/general-ledger/posting-fail-imbalance).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from connectors.documents import Line
from connectors.errors import UnsupportedError
from connectors.records import Side


@dataclass(frozen=True, slots=True)
class Pair:
    """An amount from one line's account to another's. `line` has the side in `side`, `offset` the other one. What it
    comes to in company currency is told for both: where they differ, no rate can say it."""

    line: Line
    offset: Line
    side: Side
    amount: Decimal
    company_amount: Decimal
    offset_company_amount: Decimal


def paired(lines: Sequence[Line]) -> list[Pair]:
    """The lines of a balanced entry as pairs; the sums by account stay what they were.

    The side with more lines gives the accounts, the other the offsets: a purchase split over three cost centres is
    three lines against the card. Raises UnsupportedError for a line in company currency alone."""
    if any(not line.amount for line in lines):
        raise UnsupportedError(
            "Dynamics books no line in company currency alone; an exchange difference is a document of its own there."
        )
    debits = [line for line in lines if line.side is Side.DEBIT]
    credits = [line for line in lines if line.side is Side.CREDIT]
    is_debit = len(debits) > len(credits) or (len(debits) == len(credits) and lines[0].side is Side.DEBIT)
    many, few = (debits, credits) if is_debit else (credits, debits)
    pairs: list[Pair] = []
    others = iter(few)
    offset = next(others)
    left, company_left = offset.amount, offset.company_amount
    for line in many:
        rest, company_rest = line.amount, line.company_amount
        while rest:
            if not left:
                offset = next(others)
                left, company_left = offset.amount, offset.company_amount
            part = min(rest, left)
            own = company_rest if part == rest else company_left  # what is used up here decides
            other = company_left if part == left else company_rest
            pairs.append(Pair(line, offset, line.side, part, own, other))
            rest, left = rest - part, left - part
            company_rest, company_left = company_rest - own, company_left - other
    return pairs
