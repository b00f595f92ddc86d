"""How is an example of the accounting policy read? `USD 02-11: CARD 50.00 = EXP 30.00 [A] + EXP 20.00 [B] ; …`

Debits stand left and credits right of `=`; `+` joins lines, `;` documents; `MM-DD` is a posting date; `[X]` names a
cost centre, an account or a person; `80.00 (100.00)` is transaction and company currency; `nothing` posts nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from connectors.records import Side

LINE = re.compile(
    r"(?P<role>[A-Z]+) (?P<amount>\d+(?:\.\d+)?)(?: \((?P<company>\d+(?:\.\d+)?)\))?(?: \[(?P<tag>[^\]]+)\])?"
)
HEAD = re.compile(r"(?:(?P<currency>[A-Z]{3})(?:/(?P<company>[A-Z]{3}))? ?)?(?:(?P<month>\d\d)-(?P<day>\d\d))?: ")


@dataclass(frozen=True)
class ExampleLine:
    role: str
    side: Side
    amount: Decimal
    company_amount: Decimal
    tag: str = ""


@dataclass(frozen=True)
class ExampleDocument:
    currency: str
    company_currency: str
    on: tuple[int, int] | None
    lines: tuple[ExampleLine, ...]


def parse_example(text: str) -> list[ExampleDocument]:
    """The documents of an example. Raises ValueError for what is not one, and for one that does not balance."""
    if text.strip() == "nothing":
        return []
    currency = company = ""
    documents = []
    for part in text.split(" ; "):
        head = HEAD.match(part)
        if head and head["currency"]:
            currency, company = head["currency"], head["company"] or head["currency"]
        body = part[head.end() :] if head else part
        debit, equals, credit = body.partition(" = ")
        if not equals or not currency:
            raise ValueError(f"{part!r} is not an example.")
        lines = (*_lines(debit, Side.DEBIT), *_lines(credit, Side.CREDIT))
        for attribute in ("amount", "company_amount"):
            if sum(getattr(line, attribute) * (1 if line.side is Side.DEBIT else -1) for line in lines):
                raise ValueError(f"{part!r} does not balance.")
        on = (int(head["month"]), int(head["day"])) if head and head["month"] else None
        documents.append(ExampleDocument(currency, company, on, lines))
    return documents


def _lines(text: str, side: Side) -> list[ExampleLine]:
    lines = []
    for part in text.split(" + "):
        found = LINE.fullmatch(part.strip())
        if not found:
            raise ValueError(f"{part!r} is not a line.")
        amount = Decimal(found["amount"])
        lines.append(ExampleLine(found["role"], side, amount, Decimal(found["company"] or amount), found["tag"] or ""))
    return lines
