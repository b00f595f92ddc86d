"""Which actions does the control plane know? Modules that act behind the API's back register theirs here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from connectors.zoho_books.simulator.store import Organisation

if TYPE_CHECKING:
    from connectors.zoho_books.simulator.simulator import ZohoBooksSimulator

Action = Callable[..., Any]
ACTIONS: dict[str, Action] = {}


def action(function: Action) -> Action:
    """Make a function an action under its own name; it is called with the simulator and named arguments."""
    ACTIONS[function.__name__] = function
    return function


def meant(simulator: ZohoBooksSimulator, organisation: str) -> Organisation:
    """The organisation of an id; without one the first of the signed-in user."""
    return simulator.organisations[organisation] if organisation else simulator.organisation
