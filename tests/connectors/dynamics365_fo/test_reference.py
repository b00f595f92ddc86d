"""Is everything offered that may be chosen in Dynamics, under ids that postings understand?"""

from __future__ import annotations

import pytest

from connectors.base import ReferenceItem
from connectors.errors import UnsupportedError
from tests.connectors.dynamics365_fo.world import DynamicsWorld


def items(world: DynamicsWorld, kind: str, company: str = "usmf") -> dict[str, ReferenceItem]:
    return {one.external_id: one for one in world.open().reference(kind, company)}


@pytest.mark.parametrize(
    ("kind", "external_id", "expected"),
    [
        ("account", "605110", ("605110", "Meals and entertainment", "Expense", True)),
        ("account", "606300", ("606300", "Travel (old chart)", "Expense", False)),
        ("account", "vendor", ("Vendor", "Vendor, by posting profile", "Vend", True)),
        ("account", "bank:USMF OPER", ("USMF OPER", "Bank account USMF OPER", "Bank", True)),
        ("cost_centre", "CostCenter=OPS-01", ("OPS-01", "Operations, first shift", "CostCenter", True)),
        ("cost_centre", "CostCenter=OLD", ("OLD", "Closed in the reorganisation", "CostCenter", False)),
        ("dimension_kind", "Department", ("Department", "Department", "", True)),
        ("journal", "BrexJrn", ("BrexJrn", "Brex spend", "general", True)),
        ("journal", "APInvoice", ("APInvoice", "Vendor invoices", "purchase", True)),
        ("tax", "FULL", ("FULL", "Full tax", "purchase", True)),
        ("currency", "JPY", ("JPY", "Japanese yen", "", True)),
        ("company", "usmf", ("USMF", "Cascade Robotics Inc", "", True)),
    ],
)
def test_what_may_be_chosen_is_listed(
    world: DynamicsWorld, kind: str, external_id: str, expected: tuple[str, str, str, bool]
) -> None:
    row = items(world, kind)[external_id]
    assert (row.code, row.name, row.group, row.is_active) == expected


def test_companies_tell_their_currency(world: DynamicsWorld) -> None:
    assert {number: row.facts["currency"] for number, row in items(world, "company", "").items()} == {
        "usmf": "USD",
        "demf": "EUR",
    }


def test_vendors_on_hold_are_inactive_and_those_of_other_companies_unknown(world: DynamicsWorld) -> None:
    vendors = items(world, "vendor")
    assert vendors["US-102"].name == "Contoso Freight"
    assert (vendors["US-101"].is_active, vendors["US-102"].is_active) == (True, False)
    assert "DE-001" not in vendors


def test_people_who_are_vendors_are_the_employees(world: DynamicsWorld) -> None:
    world.posted(world.new_vendor(name="Ana Roux", email="ana@example.com", is_employee=True))
    [employee] = items(world, "employee").values()
    assert (employee.name, employee.facts["email"]) == ("Ana Roux", "ana@example.com")


def test_long_lists_are_read_to_their_end(world: DynamicsWorld) -> None:
    everything = items(world, "account")
    world.do("set", page_size=7)
    assert items(world, "account") == everything


def test_a_kind_that_dynamics_does_not_have_is_said(world: DynamicsWorld) -> None:
    with pytest.raises(UnsupportedError):
        items(world, "field")
    with pytest.raises(UnsupportedError):
        items(world, "account", "")
