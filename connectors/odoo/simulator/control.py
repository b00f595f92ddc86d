"""What can a test or a person do to the simulated Odoo behind the API's back?"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .simulator import OdooSimulator

Action = Callable[..., Any]
ACTIONS: dict[str, Action] = {}


def action(function: Action) -> Action:
    ACTIONS[function.__name__] = function
    return function


@action
def set_lock_dates(simulator: OdooSimulator, company: int = 1, **dates: str | bool) -> dict[str, Any]:
    """Set or clear (`false`) lock dates of a company: `fiscalyear`, `tax`, `purchase`, `sale`, `hard`."""
    changes = {f"{name}_lock_date": value or False for name, value in dates.items()}
    with simulator.store.transaction():
        simulator.store.update("res.company", company, changes)
    return changes
