"""What can a person do to records and settings in Zoho's own pages?"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connectors.zoho_books.simulator.actions import action, meant
from connectors.zoho_books.simulator.call import numbers
from connectors.zoho_books.simulator.company import organisation_add
from connectors.zoho_books.simulator.currencies import rate_add
from connectors.zoho_books.simulator.custom_fields import field_add, field_shown
from connectors.zoho_books.simulator.inspection import ID_FIELDS
from connectors.zoho_books.simulator.locking import lock_except, lock_set, lock_shown
from connectors.zoho_books.simulator.store import Item

if TYPE_CHECKING:
    from connectors.zoho_books.simulator.simulator import ZohoBooksSimulator


@action
def create(simulator: ZohoBooksSimulator, resource: str, body: Item, organisation: str = "") -> Item:
    """A person makes a record: `resource` is its path, such as `bills`."""
    org, api = meant(simulator, organisation), simulator.resources[resource]
    return _shown(api.shown(org, api.make(simulator.call_as_person(org), _decimals(body))))


@action
def update(simulator: ZohoBooksSimulator, resource: str, id: str, body: Item, organisation: str = "") -> Item:
    """A person edits a record."""
    org, api = meant(simulator, organisation), simulator.resources[resource]
    row = api.change(simulator.call_as_person(org), api.find(org, id), _decimals(body))
    return _shown(api.shown(org, row))


@action
def delete(simulator: ZohoBooksSimulator, resource: str, id: str, organisation: str = "") -> bool:
    org, api = meant(simulator, organisation), simulator.resources[resource]
    api.remove(simulator.call_as_person(org), api.find(org, id))
    return True


@action
def act(simulator: ZohoBooksSimulator, resource: str, id: str, what: str, organisation: str = "") -> bool:
    """What a person does to a record by a button: `void`, `open`, `publish`, `approve`, `activate`, `deactivate`."""
    org, api = meant(simulator, organisation), simulator.resources[resource]
    getattr(api, what)(simulator.call_as_person(org), id)
    return True


@action
def merge_contacts(simulator: ZohoBooksSimulator, keep: str, gone: str, organisation: str = "") -> int:
    """A person merges a duplicate into another contact: its documents move over, its id is no more."""
    org = meant(simulator, organisation)
    moved = 0
    for name in ("bills", "vendor_credits", "payments", "expenses"):
        table, id_field = org.tables()[name], ID_FIELDS[name]
        for row in table.having("vendor_id", gone):
            table.put(row[id_field], {**row, "vendor_id": keep, "_modified": simulator.clock.now()})
            moved += 1
    for row in org.journals:
        if any(one["customer_id"] == gone for one in row["line_items"]):
            for one in row["line_items"]:
                one["customer_id"] = keep if one["customer_id"] == gone else one["customer_id"]
            moved += 1
    for entry in list(org.ledger.entries.values()):
        if any(line.contact_id == gone for line in entry.lines):
            lines = tuple(replace(one, contact_id=keep) if one.contact_id == gone else one for one in entry.lines)
            org.ledger.post(replace(entry, lines=lines))
    org.contacts.remove(gone)
    return moved


@action
def set_account_active(
    simulator: ZohoBooksSimulator, code: str = "", id: str = "", active: bool = False, organisation: str = ""
) -> str:
    """Without Zoho's own checks: also an account that is used."""
    org = meant(simulator, organisation)
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
    users: tuple[str, ...] = (),
    accounts: tuple[str, ...] = (),
    reopened: tuple[str, str] = ("", ""),
    organisation: str = "",
) -> Item:
    """Close a module (`all`, `purchase`, `accountant` ...) through a day; status `disabled` opens it. Excepted are
    users and accounts, by their ids in the organisation; `reopened` are the first and last day of a partial unlock."""
    made = lock_set(meant(simulator, organisation), module, through, reason, status)
    lock_except(made, "user_exceptions", list(users))
    lock_except(made, "account_exceptions", list(accounts))
    made["start_date"], made["end_date"] = reopened
    made["partial_lock_number"] = 1 if reopened[0] else 0
    return lock_shown(made)


@action
def set_rate(simulator: ZohoBooksSimulator, currency: str, day: str, rate: str, organisation: str = "") -> bool:
    org = meant(simulator, organisation)
    rate_add(org, org.currency(currency), day, Decimal(rate))
    return True


@action
def add_custom_field(
    simulator: ZohoBooksSimulator,
    entity: str,
    label: str,
    is_unique: bool = False,
    is_mandatory: bool = False,
    default_value: str = "",
    organisation: str = "",
) -> Item:
    org = meant(simulator, organisation)
    made = field_add(org, entity, label, is_unique=is_unique, is_mandatory=is_mandatory, default_value=default_value)
    return field_shown(made)


@action
def set_tag(simulator: ZohoBooksSimulator, name: str, organisation: str = "", **changes: Any) -> str:
    """`is_mandatory`, `is_active`, `level`, `groups` of a tag; its id."""
    org = meant(simulator, organisation)
    tag = next(one for one in org.tags if one["tag_name"] == name)
    for key, value in changes.items():
        tag[{"level": "_level", "groups": "_groups"}.get(key, key)] = tuple(value) if key == "groups" else value
    return str(tag["tag_id"])


@action
def set_option(
    simulator: ZohoBooksSimulator, tag: str, option: str, is_active: bool = False, organisation: str = ""
) -> str:
    org = meant(simulator, organisation)
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
    org = meant(simulator, organisation)
    for name, value in facts.items():
        if name not in ("plan", "edition", "is_active", "locations_enabled", "name", "fiscal_year_start_month"):
            raise KeyError(name)
        setattr(org, name, value)
    return True


@action
def add_location(simulator: ZohoBooksSimulator, name: str, organisation: str = "", **facts: Any) -> str:
    """A location; from now on every transaction of the organisation needs one. `is_primary`, `status` and `type` as
    `facts`."""
    org = meant(simulator, organisation)
    org.locations_enabled = True
    usual = {"type": "general", "status": "active", "is_primary": False, "parent_location_id": ""}
    location = {"location_id": org.new_id(), "location_name": name, **usual, **facts}
    if unknown := facts.keys() - usual.keys():
        raise KeyError(*unknown)
    return str(org.locations.put(location["location_id"], location)["location_id"])


def _shown(value: Item) -> Item:
    return dict(numbers(value))


def _decimals(value: Any) -> Any:
    """Floats of a control message as the decimals they were written as."""
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, dict):
        return {name: _decimals(one) for name, one in value.items()}
    return [_decimals(one) for one in value] if isinstance(value, list) else value
