"""Which accounts, contacts, currencies and projects may a document name?"""

from __future__ import annotations

from decimal import Decimal

from connectors.zoho_books.simulator.call import ApiCall
from connectors.zoho_books.simulator.errors import Unknown, invalid, refused
from connectors.zoho_books.simulator.store import ONE, Item, Organisation
from connectors.zoho_books.simulator.values import number, text

CONTROL_TYPES = ("accounts_receivable", "accounts_payable")


def account_meant(org: Organisation, body: Item, name: str = "account_id", known_id: str = "") -> Item:
    """An active account of the organisation; 990002 for any other. A line that had the account may keep it."""
    account = org.accounts.get(text(body, name))
    if account is None or (not account["is_active"] and account["account_id"] != known_id):
        raise refused(Unknown.ACCOUNT, f"Invalid value passed for {name}")
    return account


def contact_meant(org: Organisation, body: Item, name: str, kind: str = "") -> Item | None:
    """The contact of a field, None where it is empty. 400/4 for an unknown one or one of the other type; 990003 for an
    inactive one."""
    contact_id = text(body, name)
    if not contact_id:
        return None
    contact = org.contacts.get(contact_id)
    if contact is None or (kind and contact["contact_type"] != kind):
        raise invalid(name)
    if contact["status"] != "active":
        raise refused(Unknown.CONTACT, f"The contact {contact['contact_name']} is inactive.")
    return contact


def vendor_meant(org: Organisation, body: Item) -> Item:
    vendor = contact_meant(org, body, "vendor_id", "vendor")
    if vendor is None:
        raise invalid("vendor_id")
    return vendor


def project_meant(org: Organisation, body: Item) -> str:
    """The id of a project, "" for none; 400/4 for an unknown or finished one."""
    project_id = text(body, "project_id")
    project = org.projects.get(project_id)
    if project_id and (project is None or project["status"] != "active"):
        raise invalid("project_id")
    return project_id


def location_meant(call: ApiCall, body: Item) -> str:
    """The active, general location of a document; 400/4 for none or another, by switch the primary one for none."""
    org = call.org
    if not org.locations_enabled:
        return ""
    location = org.locations.get(text(body, "location_id"))
    if location is None and not text(body, "location_id") and call.simulator.switches.missing_location == "primary":
        location = next((one for one in org.locations if one["is_primary"]), None)
    if location is None or location["status"] != "active" or location["type"] == "line_item_only":
        raise invalid("location_id")
    return str(location["location_id"])


def currency_meant(org: Organisation, body: Item, default: Item) -> Item:
    currency_id = text(body, "currency_id")
    currency = org.currencies.get(currency_id) if currency_id else default
    if currency is None:
        raise invalid("currency_id")
    return currency


def rate_meant(call: ApiCall, body: Item, currency: Item, day: str, known: Decimal | None = None) -> Decimal:
    """Base units per unit of the currency: as sent, as it was, or of the day. 400/4 where there is none at all."""
    if currency["is_base_currency"]:
        return ONE
    rate = number(body, "exchange_rate", known or call.org.rate(currency, day))
    if rate <= 0:
        raise invalid("exchange_rate")
    return rate


def currency_facts(org: Organisation, row: Item) -> Item:
    """What every document shows of its currency."""
    currency = org.currencies.get(row["currency_id"]) or org.base
    names = ("currency_id", "currency_code", "currency_symbol", "price_precision")
    return {name: currency[name] for name in names}


def contact_name(org: Organisation, contact_id: str) -> str:
    contact = org.contacts.get(contact_id)
    return str(contact["contact_name"]) if contact else ""


def account_name(org: Organisation, account_id: str) -> str:
    account = org.accounts.get(account_id)
    return str(account["account_name"]) if account else ""


def project_name(org: Organisation, project_id: str) -> str:
    project = org.projects.get(project_id)
    return str(project["project_name"]) if project else ""
