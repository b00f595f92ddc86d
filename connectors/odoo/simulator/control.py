"""What can a test or a person do to the simulated Odoo behind the API's back?

Each action is reached as `simulator.control(name, {...})`, or as `POST /do/<name>` of the control plane.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .environment import Environment
from .errors import serialization_failure as failure
from .json2 import error_answer
from .registry import call_named
from .store import Record

if TYPE_CHECKING:
    from .simulator import OdooSimulator

Action = Callable[..., Any]
ACTIONS: dict[str, Action] = {}
SERIALIZATION_SECONDS = 17.0


def action(function: Action) -> Action:
    ACTIONS[function.__name__] = function
    return function


def _act(
    simulator: OdooSimulator, company: int, work: Callable[[Environment], Any], context: Record | None = None
) -> Any:
    """Run as the administrator of one company, in a transaction of its own."""
    user = simulator.store.tables["res.users"][2]
    return simulator.execute(user, {"allowed_company_ids": [company], **(context or {})}, {}, work)


@action
def call(
    simulator: OdooSimulator, model: str, method: str, ids: list[int] | None = None, company: int = 1, **arguments: Any
) -> Any:
    """Call a method as the administrator, as a person in the web client would."""
    return _act(simulator, company, lambda env: call_named(env, model, method, ids or [], arguments))


@action
def set_lock_dates(simulator: OdooSimulator, company: int = 1, **dates: str | bool) -> Record:
    """Set or clear (`false`) lock dates: `fiscalyear`, `tax`, `purchase`, `sale`, `hard`."""
    changes = {f"{name}_lock_date": day or False for name, day in dates.items()}
    _act(simulator, company, lambda env: env.update("res.company", company, changes))
    return dict(dates)


@action
def archive(simulator: OdooSimulator, model: str, id: int, active: bool = False) -> bool:
    """Archive (or bring back) an account, journal, partner or analytic account, without Odoo's own checks."""
    _act(simulator, 1, lambda env: env.update(model, id, {"active": active}))
    return active


@action
def deactivate_currency(simulator: OdooSimulator, currency: int, active: bool = False) -> bool:
    return bool(archive(simulator, "res.currency", currency, active))


@action
def set_rate(simulator: OdooSimulator, currency: int, day: str, rate: str, company: int = 1) -> int:
    """Units of the currency for one of the company's, from `day` on."""

    def work(env: Environment) -> int:
        for known in env.store.tables["res.currency.rate"].values():
            if (known["currency_id"], known["name"], known["company_id"]) == (currency, day, company):
                env.update("res.currency.rate", known["id"], {"rate": Decimal(rate)})
                return int(known["id"])
        return env.insert(
            "res.currency.rate",
            {
                "currency_id": currency,
                "name": day,
                "rate": Decimal(rate),
                "company_id": company,
            },
        )

    return int(_act(simulator, company, work))


@action
def set_plan_applicability(simulator: OdooSimulator, plan: int, applicability: str) -> str:
    """`optional`, `mandatory` or `unavailable`; only a posting with `validate_analytic` looks at it."""
    _act(simulator, 1, lambda env: env.update("account.analytic.plan", plan, {"default_applicability": applicability}))
    return applicability


@action
def hash_journal(simulator: OdooSimulator, journal: int, on: bool = True) -> bool:
    """Seal the entries that are posted in a journal from now on."""
    _act(simulator, 1, lambda env: env.update("account.journal", journal, {"restrict_mode_hash_table": on}))
    return on


@action
def edit_move(simulator: OdooSimulator, id: int, **vals: Any) -> Record:
    """Change a move as a person would: reset to draft when posted, write, post again."""
    company = simulator.store.tables["account.move"][id]["company_id"]

    def work(env: Environment) -> None:
        posted = env.get("account.move", id)["state"] == "posted"
        if posted:
            call_named(env, "account.move", "button_draft", [id], {})
        call_named(env, "account.move", "write", [id], {"vals": vals})
        if posted:
            call_named(env, "account.move", "action_post", [id], {})

    _act(simulator, company, work)
    return simulator.move(id)


@action
def cancel_move(simulator: OdooSimulator, id: int) -> str:
    company = simulator.store.tables["account.move"][id]["company_id"]
    _act(simulator, company, lambda env: call_named(env, "account.move", "button_cancel", [id], {}))
    return str(simulator.store.tables["account.move"][id]["state"])


@action
def delete_move(simulator: OdooSimulator, id: int) -> bool:
    """Delete a move as a person would: a posted one is reset to draft first."""
    company = simulator.store.tables["account.move"][id]["company_id"]

    def work(env: Environment) -> None:
        if env.get("account.move", id)["state"] == "posted":
            call_named(env, "account.move", "button_draft", [id], {})
        call_named(env, "account.move", "unlink", [id], {})

    _act(simulator, company, work)
    return True


@action
def add_key(
    simulator: OdooSimulator,
    name: str,
    login: str = "integration@example.com",
    days: int | None = None,
    scope: str | None = None,
) -> str:
    """A new API key of a user; `days` until it expires (negative: expired already), none: never."""
    users = simulator.store.tables["res.users"].values()
    user = next(one for one in users if one["login"] == login)
    key = hashlib.sha1(f"{simulator.seed} {name}".encode(), usedforsecurity=False).hexdigest()
    moment = simulator.clock.now().astimezone(UTC)
    expires = (moment + timedelta(days=days)).strftime("%Y-%m-%d %H:%M:%S.%f") if days is not None else False
    _act(
        simulator,
        1,
        lambda env: env.insert(
            "res.users.apikeys",
            {
                "name": name,
                "key": key,
                "user_id": user["id"],
                "scope": scope or False,
                "expiration_date": expires,
            },
        ),
    )
    simulator.api_keys[name] = key
    return key


@action
def revoke_key(simulator: OdooSimulator, name: str) -> bool:
    """JSON-2 refuses it at once; XML-RPC goes on while its process remembers it."""
    keys = simulator.store.tables["res.users.apikeys"]
    id = next(one["id"] for one in keys.values() if one["name"] == name)
    _act(simulator, 1, lambda env: env.store.remove("res.users.apikeys", id))
    return True


@action
def archive_user(simulator: OdooSimulator, login: str, active: bool = False) -> bool:
    users = simulator.store.tables["res.users"].values()
    return bool(archive(simulator, "res.users", next(one["id"] for one in users if one["login"] == login), active))


@action
def restart(simulator: OdooSimulator) -> bool:
    """The server process starts anew: it remembers no keys."""
    simulator.keys.forget()
    return True


@action
def add_employee(simulator: OdooSimulator, name: str, work_email: str, company: int = 1) -> Record:
    def work(env: Environment) -> Record:
        [contact] = call_named(env, "res.partner", "create", [], {"vals_list": [{"name": name, "email": work_email}]})
        employee = env.insert(
            "hr.employee",
            {
                "name": name,
                "work_email": work_email,
                "work_contact_id": contact,
                "company_id": company,
                "active": True,
            },
        )
        return {"employee": employee, "partner": contact}

    return dict(_act(simulator, company, work))


@action
def add_purchase_order(
    simulator: OdooSimulator,
    partner: int,
    lines: list[Record],
    company: int = 1,
    name: str = "",
    state: str = "purchase",
) -> int:
    """An order with lines of `name`, `quantity` and `price`."""

    def work(env: Environment) -> int:
        number = name or f"P{env.store.sequences['purchase.order'] + 1:05d}"
        total = sum((Decimal(str(line["quantity"])) * Decimal(str(line["price"])) for line in lines), Decimal(0))
        order = env.insert(
            "purchase.order",
            {
                "name": number,
                "partner_id": partner,
                "partner_ref": False,
                "date_order": env.started,
                "state": state,
                "date_approve": env.started if state == "purchase" else False,
                "invoice_status": "to invoice",
                "currency_id": env.company["currency_id"],
                "company_id": company,
                "amount_untaxed": total,
                "amount_tax": Decimal(0),
                "amount_total": total,
                "invoice_ids": [],
                "origin": False,
            },
        )
        for line in lines:
            quantity, price = Decimal(str(line["quantity"])), Decimal(str(line["price"]))
            env.insert(
                "purchase.order.line",
                {
                    "order_id": order,
                    "name": line["name"],
                    "product_qty": quantity,
                    "price_unit": price,
                    "tax_ids": [],
                    "qty_received": quantity,
                    "qty_invoiced": Decimal(0),
                    "qty_to_invoice": quantity,
                    "state": state,
                    "price_subtotal": quantity * price,
                    "price_total": quantity * price,
                    "company_id": company,
                    "partner_id": partner,
                    "date_planned": env.started,
                },
            )
        return order

    return int(_act(simulator, company, work))


@action
def open_transaction(
    simulator: OdooSimulator,
    name: str,
    model: str,
    method: str,
    ids: list[int] | None = None,
    company: int = 1,
    **arguments: Any,
) -> Any:
    """Start a slow call: it is answered and dated now, and seen by others only after `commit_transaction`."""
    store = simulator.store
    before = dict(store.sequences)
    started = simulator.clock.now()
    context = {"allowed_company_ids": [company]}
    user = store.tables["res.users"][2]
    env = Environment(store, user, context, started.astimezone(UTC), simulator.switches)
    try:
        result = call_named(env, model, method, ids or [], arguments)
    finally:
        store.roll_back()
    simulator.open_transactions[name] = (started, before, context, model, method, ids or [], arguments)
    return result


@action
def commit_transaction(simulator: OdooSimulator, name: str) -> Any:
    """Commit a slow call with the ids and the older date it was answered with."""
    started, before, context, model, method, ids, arguments = simulator.open_transactions.pop(name)
    store = simulator.store
    since = dict(store.sequences)
    store.sequences.clear()
    store.sequences.update(before)
    try:
        with store.transaction():
            env = Environment(store, store.tables["res.users"][2], context, started.astimezone(UTC), simulator.switches)
            return call_named(env, model, method, ids, arguments)
    finally:
        for key, value in since.items():
            store.sequences[key] = max(store.sequences[key], value)


@action
def switch(simulator: OdooSimulator, **settings: Any) -> Record:
    """Set switches by name; see `Switches`."""
    known = {field.name for field in fields(simulator.switches)}
    for name, value in settings.items():
        if name not in known:
            raise KeyError(name)
        setattr(simulator.switches, name, tuple(value) if name == "version" else value)
    return {name: getattr(simulator.switches, name) for name in known}


@action
def measured_speed(simulator: OdooSimulator) -> bool:
    """Work at the pace of the measured server."""
    simulator.switches.measured_speed()
    return True


@action
def serialization_failure(
    simulator: OdooSimulator, path: str = ".*", times: int = 1, delay: float = SERIALIZATION_SECONDS
) -> bool:
    """Answer 500 after the server's own five tries have failed; nothing is done."""
    simulator.fail(
        "status", path, times=times, status=500, delay=delay, body=error_answer(failure()).get_data(as_text=True)
    )
    return True
