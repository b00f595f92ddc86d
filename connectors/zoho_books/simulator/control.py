"""What can a test, or a person in Zoho's pages, do behind the API's back?

Each action is reached as `simulator.control(name, {...})`, or as `POST /do/<name>` of the control plane.
`organisation` is an id; without one the first organisation of the signed-in user is meant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request

from connectors.zoho_books.simulator.actions import ACTIONS, action, meant
from connectors.zoho_books.simulator.call import numbers
from connectors.zoho_books.simulator.errors import ZohoError, error_response, usual
from connectors.zoho_books.simulator.inspection import ID_FIELDS, books_of, stamped
from connectors.zoho_books.simulator.store import Item

if TYPE_CHECKING:
    from connectors.zoho_books.simulator.simulator import ZohoBooksSimulator


@dataclass(slots=True)
class Interruption:
    """Something that happens just before a call is served: an action, for calls that fit, after `skip` of them."""

    action: str
    arguments: dict[str, Any] = field(default_factory=dict)
    path: str = ".*"
    method: str = ".*"
    skip: int = 0
    times: int = 1

    def meets(self, request: Request) -> bool:
        fits = re.fullmatch(self.method, request.method) and re.search(self.path, request.full_path)
        if self.times <= 0 or not fits:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True


@action
def switch(simulator: ZohoBooksSimulator, **values: Any) -> Item:
    """Set switches by name; see `Switches`."""
    return simulator.switches.change(**values)


@action
def interrupt(simulator: ZohoBooksSimulator, do: str, **parts: Any) -> bool:
    """Do another action just before a call: lock a period between a read and a write, kill a token in a run, insert a
    record between two pages of a list."""
    if do not in ACTIONS:
        raise KeyError(do)
    simulator.interruptions.append(Interruption(do, **parts))
    return True


@action
def refuse(
    simulator: ZohoBooksSimulator,
    path: str = ".*",
    code: int | None = None,
    status: int = 400,
    message: str = "",
    times: int = 1,
    skip: int = 0,
    method: str = ".*",
    headers: dict[str, str] | None = None,
) -> bool:
    """Answer coming calls with a code of Zoho's, nothing done; with status 200 the code is inside a success."""
    error = usual(status) if code is None else ZohoError(status, code, message or "Refused by arrangement")
    body = error_response(error).get_data(as_text=True)
    simulator.fail(
        "status", path, method=method, times=times, skip=skip, status=status, body=body, headers=headers or {}
    )
    return True


@action
def use_calls(simulator: ZohoBooksSimulator, calls: int, organisation: str = "") -> int:
    """As if other applications had made so many calls today; how many are used now."""
    org = meant(simulator, organisation)
    simulator.limits.use(org, simulator.clock.now(), calls)
    return simulator.limits.used(org, simulator.clock.now())


@action
def find_stamp(simulator: ZohoBooksSimulator, stamp: str, organisation: str = "") -> Item:
    """What carries a stamp, and what it did to the books: signed base amounts by account id."""
    org = meant(simulator, organisation)
    found = [{"table": name, "id": row[ID_FIELDS[name]], "status": row["status"]} for name, row in stamped(org, stamp)]
    return {"records": found, "books": numbers(books_of(org, stamp))}
