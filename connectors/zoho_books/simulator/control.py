"""What can a test, or a person in Zoho's pages, do behind the API's back?

Each action is reached as `simulator.control(name, {...})`, or as `POST /do/<name>` of the control plane.
`organisation` is an id; without one the first organisation of the signed-in user is meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request

from connectors.zoho_books.simulator.call import numbers
from connectors.zoho_books.simulator.company import organisation_add
from connectors.zoho_books.simulator.control_webhooks import WEBHOOK_ACTIONS
from connectors.zoho_books.simulator.currencies import rate_add
from connectors.zoho_books.simulator.custom_fields import field_add, field_shown
from connectors.zoho_books.simulator.errors import ZohoError, error_response, usual
from connectors.zoho_books.simulator.locking import lock_set, lock_shown
from connectors.zoho_books.simulator.store import Item, Organisation
from connectors.zoho_books.simulator.tokens import CONNECTOR_SCOPES, Code

if TYPE_CHECKING:
    from connectors.zoho_books.simulator.simulator import ZohoBooksSimulator

Action = Callable[..., Any]
ACTIONS: dict[str, Action] = {}


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


def action(function: Action) -> Action:
    ACTIONS[function.__name__] = function
    return function


ACTIONS.update({one.__name__: one for one in WEBHOOK_ACTIONS})


def _org(simulator: ZohoBooksSimulator, organisation: str) -> Organisation:
    return simulator.organisations[organisation] if organisation else simulator.organisation


# --- behaviour


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
    org = _org(simulator, organisation)
    simulator.limits.use(org, simulator.clock.now(), calls)
    return simulator.limits.used(org, simulator.clock.now())


# --- tokens


@action
def sign_in(simulator: ZohoBooksSimulator, email: str) -> str:
    """Who consents in the browser from now on."""
    simulator.signed_in = next(one for one in simulator.users.values() if one.email == email)
    return simulator.signed_in.location


@action
def add_client(
    simulator: ZohoBooksSimulator,
    location: str = "",
    multi_dc: bool = True,
    redirect_uris: list[str] | None = None,
) -> dict[str, str]:
    client = simulator.vault.add_client(location or simulator.home, tuple(redirect_uris or ()), multi_dc)
    return {"client_id": client.id, "client_secret": client.secret}


@action
def self_client_code(
    simulator: ZohoBooksSimulator, scopes: list[str] | None = None, client_id: str = "", seconds: int | None = None
) -> str:
    """A grant code from the console, for the person who is signed in; it has no redirect address."""
    user = simulator.signed_in
    life = seconds if seconds is not None else simulator.switches.self_client_code_seconds
    expires = simulator.clock.now() + timedelta(seconds=life)
    code = Code(
        client_id or simulator.client.id,
        user.zuid,
        user.location,
        "",
        tuple(scopes or CONNECTOR_SCOPES),
        True,
        expires,
    )
    return simulator.vault.add_code(code)


@action
def add_refresh_token(simulator: ZohoBooksSimulator, scopes: list[str] | None = None, client_id: str = "") -> str:
    user = simulator.signed_in
    own = tuple(scopes or CONNECTOR_SCOPES)
    return simulator.vault.add_refresh(client_id or simulator.client.id, user.zuid, user.location, own).value


@action
def add_access_token(simulator: ZohoBooksSimulator, scopes: list[str] | None = None) -> str:
    user = simulator.signed_in
    own = tuple(scopes or CONNECTOR_SCOPES)
    return simulator.vault.add_access(user.zuid, user.location, own, simulator.clock.now()).value


@action
def revoke_token(simulator: ZohoBooksSimulator, token: str = "") -> bool:
    """A refresh token (the first one by default) with its access tokens, or one access token, stops at once."""
    return simulator.vault.drop(token or simulator.refresh_token)


@action
def expire_tokens(simulator: ZohoBooksSimulator) -> int:
    """The hour of every access token is over."""
    for one in simulator.vault.access_tokens.values():
        one.expires_at = simulator.clock.now()
    return len(simulator.vault.access_tokens)


@action
def deny(simulator: ZohoBooksSimulator, scope: str, organisation: str = "", denied: bool = True) -> bool:
    """The user's role lacks a right, such as `bills.CREATE`: answered exactly like a missing scope."""
    known = _org(simulator, organisation).denied
    known.add(scope) if denied else known.discard(scope)
    return denied


# --- records


@action
def create(simulator: ZohoBooksSimulator, resource: str, body: Item, organisation: str = "") -> Item:
    """A person makes a record: `resource` is its path, such as `bills`."""
    org, api = _org(simulator, organisation), simulator.resources[resource]
    return _shown(api.shown(org, api.make(simulator.call_as_person(org), _decimals(body))))


@action
def update(simulator: ZohoBooksSimulator, resource: str, id: str, body: Item, organisation: str = "") -> Item:
    """A person edits a record."""
    org, api = _org(simulator, organisation), simulator.resources[resource]
    row = api.change(simulator.call_as_person(org), api.find(org, id), _decimals(body))
    return _shown(api.shown(org, row))


@action
def delete(simulator: ZohoBooksSimulator, resource: str, id: str, organisation: str = "") -> bool:
    org, api = _org(simulator, organisation), simulator.resources[resource]
    api.remove(simulator.call_as_person(org), api.find(org, id))
    return True


@action
def act(simulator: ZohoBooksSimulator, resource: str, id: str, what: str, organisation: str = "") -> bool:
    """What a person does to a record by a button: `void`, `open`, `publish`, `approve`, `activate`, `deactivate`."""
    org, api = _org(simulator, organisation), simulator.resources[resource]
    getattr(api, what)(simulator.call_as_person(org), id)
    return True


@action
def set_account_active(
    simulator: ZohoBooksSimulator, code: str = "", id: str = "", active: bool = False, organisation: str = ""
) -> str:
    """Without Zoho's own checks: also an account that is used."""
    org = _org(simulator, organisation)
    account = org.account(code) if code else simulator.resources["chartofaccounts"].find(org, id)
    account.update(is_active=active, _modified=simulator.clock.now())
    return str(account["account_id"])


@action
def lock(
    simulator: ZohoBooksSimulator,
    through: str,
    module: str = "all",
    reason: str = "Closed",
    status: str = "enabled",
    organisation: str = "",
) -> Item:
    """Close a module (`all`, `purchase`, `accountant` ...) through a day; status `disabled` opens it."""
    return lock_shown(lock_set(_org(simulator, organisation), module, through, reason, status))


@action
def set_rate(simulator: ZohoBooksSimulator, currency: str, day: str, rate: str, organisation: str = "") -> bool:
    org = _org(simulator, organisation)
    rate_add(org, org.currency(currency), day, Decimal(rate))
    return True


@action
def add_custom_field(
    simulator: ZohoBooksSimulator, entity: str, label: str, is_unique: bool = False, organisation: str = ""
) -> Item:
    return field_shown(field_add(_org(simulator, organisation), entity, label, is_unique=is_unique))


@action
def set_tag(simulator: ZohoBooksSimulator, name: str, organisation: str = "", **changes: Any) -> str:
    """`is_mandatory`, `is_active`, `level`, `groups` of a tag; its id."""
    org = _org(simulator, organisation)
    tag = next(one for one in org.tags if one["tag_name"] == name)
    for key, value in changes.items():
        tag[{"level": "_level", "groups": "_groups"}.get(key, key)] = tuple(value) if key == "groups" else value
    return str(tag["tag_id"])


@action
def set_option(
    simulator: ZohoBooksSimulator, tag: str, option: str, is_active: bool = False, organisation: str = ""
) -> str:
    org = _org(simulator, organisation)
    found = next(one for one in org.tags if one["tag_name"] == tag)
    chosen = next(one for one in found["_options"] if one["option_name"] == option)
    chosen["is_active"] = is_active
    return str(chosen["option_id"])


@action
def add_organisation(
    simulator: ZohoBooksSimulator, id: str, name: str, currency: str = "USD", time_zone: str = "UTC", **facts: Any
) -> str:
    """Another organisation of the signed-in user; `edition`, `plan`, `is_active` and the like as `facts`."""
    user = simulator.signed_in
    user.organisations = (*user.organisations, id)
    return organisation_add(simulator, id, name, currency, time_zone, location=user.location, **facts).id


@action
def set_organisation(simulator: ZohoBooksSimulator, organisation: str = "", **facts: Any) -> bool:
    """`plan`, `edition`, `is_active`, `locations_enabled`, `name`."""
    org = _org(simulator, organisation)
    for name, value in facts.items():
        if name not in ("plan", "edition", "is_active", "locations_enabled", "name", "fiscal_year_start_month"):
            raise KeyError(name)
        setattr(org, name, value)
    return True


def _shown(value: Item) -> Item:
    return dict(numbers(value))


def _decimals(value: Any) -> Any:
    """Floats of a control message as the decimals they were written as."""
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, dict):
        return {name: _decimals(one) for name, one in value.items()}
    return [_decimals(one) for one in value] if isinstance(value, list) else value
