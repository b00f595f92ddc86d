"""Which organisations, people and books does a fresh simulated Zoho have?

Cascade Robotics keeps an American organisation (USD, the chart's codes are those that its people choose from in
their spend tool), a German one (EUR) and a Japanese one that is no longer active. Beside it there are an organisation
of somebody else, and one in another data centre, so that wrong ids and wrong hosts have something to hit.

On purpose: two vendors with one name, a customer named like a vendor, an inactive vendor, accounts of all main types
with three levels and inactive ones, a tag with nested, inactive and default options, a mandatory tag for sales, unique
custom fields in the American organisation and none in the German one.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connectors.zoho_books.simulator.catalogue import (
    ACCOUNTS,
    COST_CENTRES,
    CURRENCIES,
    CUSTOMERS,
    DEPARTMENTS,
    EMPLOYEES,
    PROJECTS,
    RATES,
    TAXES,
    VENDORS,
)
from connectors.zoho_books.simulator.currencies import currency_add, rate_add
from connectors.zoho_books.simulator.custom_fields import field_add
from connectors.zoho_books.simulator.store import Item, Organisation, User
from connectors.zoho_books.simulator.tags import option_put, tag_add
from connectors.zoho_books.simulator.taxes import tax_add

if TYPE_CHECKING:
    from connectors.zoho_books.simulator.simulator import ZohoBooksSimulator

US, EU, JP, FOREIGN, ELSEWHERE = "927000001", "927000002", "927000003", "927000009", "200000051"
KEYED = ("bill", "expense", "contact", "vendorpayment")  # entities with a field `cf_brex_id` that may not repeat


def found_company(simulator: ZohoBooksSimulator) -> None:
    """Fill an empty simulator; the same seed makes the same ids."""
    home, other = simulator.home, "us" if simulator.home == "eu" else "eu"
    dana = User("700000001", "Dana Whitfield", "dana.whitfield@cascade.test", home, (US, EU, JP))
    sam = User("700000002", "Sam Okafor", "sam.okafor@harbor.test", home, (FOREIGN,))
    jonas = User("700000003", "Jonas Weber", "jonas.weber@cascade.test", other, (ELSEWHERE,))
    simulator.users.update({one.zuid: one for one in (dana, sam, jonas)})
    organisation_add(simulator, US, "Cascade Robotics Inc", "USD", "America/Los_Angeles", is_default=True)
    organisation_add(simulator, EU, "Cascade Robotics GmbH", "EUR", "Europe/Berlin", plan="STANDARD", edition="EU")
    organisation_add(
        simulator, JP, "Cascade Robotics KK", "JPY", "Asia/Tokyo", plan="FREE", edition="GLOBAL", is_active=False
    )
    organisation_add(simulator, FOREIGN, "Harbor Freight Forwarding", "USD", "America/New_York")
    organisation_add(
        simulator, ELSEWHERE, "Cascade Robotics BV", "EUR", "Europe/Amsterdam", edition="EU", location=other
    )


def organisation_add(
    simulator: ZohoBooksSimulator, org_id: str, name: str, currency: str, time_zone: str, **facts: Any
) -> Organisation:
    """An organisation with its chart, currencies, taxes, tags, contacts and projects."""
    location = facts.pop("location", simulator.home)
    org = Organisation(org_id, name, location, currency, time_zone, simulator.seed, now=simulator.clock.now, **facts)
    simulator.organisations[org_id] = org
    for user in simulator.users.values():
        if org_id in user.organisations:
            user.ids[org_id] = org.new_id()
    for code, full_name, symbol, places in CURRENCIES:
        currency_add(org, code, full_name, symbol, places)
    for code, on, rate in RATES.get(currency, ()):
        rate_add(org, org.currency(code), on, Decimal(rate))
    _add_chart(simulator, org)
    for tax_name, percentage in TAXES.get(org.edition, TAXES["US"]):
        tax_add(org, tax_name, Decimal(percentage))
    _add_tags(org)
    if org_id == US:
        for entity in KEYED:
            field_add(org, entity, "Brex Id", is_unique=True)
        field_add(org, "journal", "Brex Id")
    _add_contacts(simulator, org)
    return org


def _add_chart(simulator: ZohoBooksSimulator, org: Organisation) -> None:
    call, chart = simulator.call_as_person(org), simulator.resources["chartofaccounts"]
    for code, name, account_type, parent, marks in ACCOUNTS:
        parent_id = org.account(parent)["account_id"] if parent else ""
        body: Item = {"account_name": name, "account_code": code, "account_type": account_type, "_banking": True}
        row = chart.make(call, {**body, "parent_account_id": parent_id})
        row["is_user_created"] = "s" not in marks
        row["is_system_account"] = "s" in marks
        row["is_active"] = "i" not in marks


def _add_tags(org: Organisation) -> None:
    centre = tag_add(org, "Cost centre", [name for _, name in COST_CENTRES])
    sales = next(one for one in centre["_options"] if one["option_name"] == "Sales")
    emea = option_put(org, centre, {"option_name": "Sales EMEA"}, sales)
    option_put(org, centre, {"option_name": "Sales DACH"}, emea)
    option_put(org, centre, {"option_name": "Legacy programme", "is_active": False}, None)
    departments = tag_add(org, "Department", DEPARTMENTS)
    departments["_options"][0]["is_default"] = True
    tag_add(org, "Campaign", ("Spring fair",), level="transaction")
    tag_add(org, "Region", ("North America", "EMEA", "APAC"), groups=("Sales",), is_mandatory=True)
    tag_add(org, "Retired tag", ("Old",))["is_active"] = False


def _add_contacts(simulator: ZohoBooksSimulator, org: Organisation) -> None:
    call, contacts = simulator.call_as_person(org), simulator.resources["contacts"]
    for name, terms in VENDORS:
        address = f"ap@{''.join(one for one in name.lower() if one.isalnum())}.test"
        person = {"email": address, "is_primary_contact": True}
        body = {"contact_name": name, "company_name": name, "contact_type": "vendor", "payment_terms": terms}
        contacts.make(call, {**body, "contact_persons": [person]})
    for first, last, email in EMPLOYEES:
        person = {"first_name": first, "last_name": last, "email": email, "is_primary_contact": True}
        contacts.make(call, {"contact_name": f"{first} {last}", "contact_type": "vendor", "contact_persons": [person]})
    inactive = contacts.make(call, {"contact_name": "Old Mill Printing", "contact_type": "vendor"})
    inactive["status"] = "inactive"
    for name in CUSTOMERS:
        contacts.make(call, {"contact_name": name, "contact_type": "customer"})
    for name, customer in PROJECTS:
        owner = next(one for one in org.contacts.having("contact_name", customer) if one["contact_type"] == "customer")
        body = {"project_name": name, "customer_id": owner["contact_id"], "billing_type": "based_on_task_hours"}
        simulator.resources["projects"].make(call, body)
