"""What can a test, a person or the machine do to the simulated environment behind the service's back?

Each action is reached as `simulator.control(name, {...})`, or as `POST /do/<name>` of the control plane.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .books import trial_balance as books_trial_balance
from .books import vendor_balances as books_vendor_balances
from .journals import KINDS, JournalKind, lines_of
from .store import Row, plain

if TYPE_CHECKING:
    from .simulator import DynamicsSimulator

Action = Callable[..., Any]
ACTIONS: dict[str, Action] = {}


def action(function: Action) -> Action:
    ACTIONS[function.__name__] = function
    return function


def _journal(simulator: DynamicsSimulator, company: str, number: str) -> tuple[JournalKind, Row]:
    for kind in KINDS:
        row = simulator.store.find(kind.headers, company, number)
        if row is not None:
            return kind, row
    raise KeyError(number)


@action
def set(simulator: DynamicsSimulator, **switches: Any) -> Any:
    """Change switches by name; answers all."""
    return simulator.switches.change(switches)


@action
def post_journals(
    simulator: DynamicsSimulator, company: str = "", names: list[str] | None = None, numbers: list[str] | None = None
) -> list[dict[str, Any]]:
    """Run the posting job over journals; tells what became of each."""
    return [one.as_json() for one in simulator.posting.run(company, names or (), numbers or ())]


@action
def post_invoices(
    simulator: DynamicsSimulator, company: str = "", references: list[str] | None = None
) -> list[dict[str, Any]]:
    """Post pending vendor invoices, as a person does."""
    return [one.as_json() for one in simulator.posting.run_invoices(company, references or ())]


@action
def workflow(simulator: DynamicsSimulator, number: str, state: str, company: str = "usmf") -> str:
    """Move a journal in workflow: `submitted` locks its lines, `approved` lets it be posted, `` frees it."""
    kind, header = _journal(simulator, company, number)
    with simulator.store.transaction("F&O"):
        simulator.store.update(kind.headers, header, {"_workflow": state})
    return state


@action
def delete_journal(simulator: DynamicsSimulator, number: str, company: str = "usmf") -> bool:
    """A person deletes an unposted journal with its lines."""
    kind, header = _journal(simulator, company, number)
    if header["IsPosted"] == "Yes":
        raise ValueError(f"Journal {number} is posted.")
    with simulator.store.transaction("F&O"):
        for line in lines_of(simulator.session(), kind, header):
            simulator.store.delete(kind.lines, line)
        simulator.store.delete(kind.headers, header)
    return True


@action
def edit(simulator: DynamicsSimulator, set: str, key: list[Any], changes: dict[str, Any]) -> Row:
    """A person changes a record of any set, without the service's checks. `key` in the order of the key fields."""
    row, session, logic = _found(simulator, set, key), simulator.session(), simulator.logic(set)
    with simulator.store.transaction("F&O"):
        after = {**row, **_decimals(changes)}
        for name in changes:
            if name.endswith("DisplayValue"):  # an account that is typed is understood anew
                after[name] = logic.accept(session, after, name, changes[name], session.infolog(logic.entity))
        simulator.store.update(set, row, after)
        logic.written(session, row)
    return plain(row)


@action
def create(simulator: DynamicsSimulator, set: str, values: dict[str, Any]) -> Row:
    """A person creates a record of any set, with the service's checks (a twin typed by hand, a new main account)."""
    with simulator.store.transaction("F&O"):
        return plain(simulator.logic(set).insert(simulator.session(), _decimals(values)))


@action
def remove(simulator: DynamicsSimulator, set: str, key: list[Any]) -> bool:
    """A person deletes a record of any set, without the service's checks."""
    row = _found(simulator, set, key)
    with simulator.store.transaction("F&O"):
        simulator.store.delete(set, row)
        simulator.logic(set).removed(simulator.session(), row)
    return True


def _found(simulator: DynamicsSimulator, name: str, key: list[Any]) -> Row:
    row = simulator.store.find(name, *key)
    if row is None:
        raise KeyError(f"{name}{key}")
    return row


@action
def expire_tokens(simulator: DynamicsSimulator) -> int:
    """Every token issued until now is refused from now on; answers how many there were."""
    simulator.tokens.expire_all(simulator.clock.now())
    return simulator.entra.issued


@action
def token_errors(simulator: DynamicsSimulator, codes: list[int]) -> list[int]:
    """The next token requests fail with these AADSTS codes."""
    simulator.entra.next_errors += codes
    return simulator.entra.next_errors


@action
def issue_token(simulator: DynamicsSimulator, audience: str = "", **claims: Any) -> str:
    """A token with claims of one's own (`tid`, `oid`, `aud`; null leaves one out)."""
    answer = simulator.entra.grant(simulator.client_id, audience or simulator.environment_url, **claims)
    return str(answer["access_token"])


@action
def trial_balance(simulator: DynamicsSimulator, company: str = "usmf") -> dict[str, Decimal]:
    """Main account to balance in accounting currency; the sum over all accounts is zero."""
    return books_trial_balance(simulator.store, company)


@action
def vendor_balances(simulator: DynamicsSimulator, company: str = "usmf") -> dict[str, Decimal]:
    return books_vendor_balances(simulator.store, company)


def _decimals(values: dict[str, Any]) -> dict[str, Any]:
    """Floats of a control message as the decimals they were written as."""
    return {name: Decimal(str(value)) if isinstance(value, float) else value for name, value in values.items()}
