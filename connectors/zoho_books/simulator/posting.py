"""How are ledger lines that were rounded one by one brought into balance?"""

from __future__ import annotations

from connectors.zoho_books.simulator.ledger import Posted
from connectors.zoho_books.simulator.store import ZERO, Organisation


def balanced(org: Organisation, lines: list[Posted], why: str = "Rounding") -> tuple[Posted, ...]:
    """The lines, and what is missing in base currency as one on exchange differences.

    What Zoho does with such cents was not recorded; somewhere they must go, or its trial balance would not be nothing.
    """
    rest = sum((one.amount for one in lines), ZERO)
    if not rest:
        return tuple(lines)
    return (*lines, Posted(org.exchange_account["account_id"], -rest, ZERO, description=why))
