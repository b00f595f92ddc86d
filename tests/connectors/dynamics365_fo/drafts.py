"""What do these tests write, and where do they look at it?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connectors.base import Outcome, Outgoing
from connectors.documents import Account, Dimension, Document, Line, Role
from connectors.records import Side
from tests.connectors.dynamics365_fo.world import DynamicsWorld

MEALS = Account(Role.EXP, "605110", "605110")
RENT = Account(Role.EXP, "612000", "612000")


def line(account: Account, side: Side, amount: str, *dimensions: str, **parts: Any) -> Line:
    value = Decimal(amount)
    named = tuple(Dimension(one.partition("=")[0], one, one.partition("=")[2]) for one in dimensions)
    return Line(account, side, value, value, dimensions=named, **parts)


def debit(account: Account, amount: str, *dimensions: str, **parts: Any) -> Line:
    return line(account, Side.DEBIT, amount, *dimensions, **parts)


def credit(account: Account, amount: str, *dimensions: str, **parts: Any) -> Line:
    return line(account, Side.CREDIT, amount, *dimensions, **parts)


def sent(world: DynamicsWorld, document: Document) -> tuple[Outgoing, Outcome]:
    outgoing = world.outgoing(document)
    return outgoing, world.open().post(world.company, [outgoing])[0]


def lines_in(world: DynamicsWorld, outgoing: Outgoing) -> list[dict[str, Any]]:
    [number] = world.numbers(outgoing)
    _, name = world.sets(outgoing)
    return sorted(world.rows(name, JournalBatchNumber=number), key=lambda row: row["LineNumber"])
