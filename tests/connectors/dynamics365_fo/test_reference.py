"""Is everything offered that may be chosen in Dynamics, under ids that postings understand?"""

from __future__ import annotations

from decimal import Decimal

import pytest

from connectors.base import ReferenceItem
from connectors.documents import Account, Line, Role
from connectors.errors import UnsupportedError
from connectors.records import Side
from tests.connectors.dynamics365_fo.world import DynamicsWorld


def items(world: DynamicsWorld, kind: str, company: str = "usmf") -> dict[str, ReferenceItem]:
    return {one.external_id: one for one in world.open().reference(kind, company)}


@pytest.mark.parametrize(
    ("kind", "external_id", "expected"),
    [
        ("account", "605110", ("605110", "Meals and entertainment", "Expense", True)),
        ("account", "606300", ("606300", "Travel (old chart)", "Expense", False)),
        ("account", "vendor", ("Vendor", "Vendor, by posting profile", "Vend", True)),
        ("account", "bank:USMF OPER", ("USMF OPER", "Cascade Robotics Inc, operating", "Bank", True)),
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


def banks(world: DynamicsWorld) -> dict[str, ReferenceItem]:
    return {name: row for name, row in items(world, "account").items() if name.startswith("bank:")}


def with_banks(world: DynamicsWorld, chosen: str = "") -> DynamicsWorld:
    """A second account, in euros, and a closed one; the settings name `chosen`."""
    for number, facts in (
        ("USMF EUR", {"CurrencyCode": "EUR", "ActiveTo": "2154-12-31T12:00:00Z"}),
        ("USMF ALL", {"CurrencyCode": "EUR", "AllowTransactionsInAdditionalCurrencies": "Yes"}),
        ("USMF OLD", {"CurrencyCode": "USD", "BankAccountStatus": "InactiveForAllTransactions"}),
    ):
        values = {"dataAreaId": "usmf", "BankAccountId": number, "Name": number.title()}
        world.simulator.store.insert("BankAccounts", {**values, "BankMainAccountIdDisplayValue": "101401---", **facts})
    world.settings = world.settings.model_copy(update={"bank_accounts": chosen})
    return world


def test_bank_accounts_are_those_of_the_company_with_their_currency(world: DynamicsWorld) -> None:
    found = banks(with_banks(world))
    assert {name: (row.is_active, row.facts.get("currency", "")) for name, row in found.items()} == {
        "bank:USMF OPER": (True, "USD"),
        "bank:USMF EUR": (True, "EUR"),
        "bank:USMF ALL": (True, ""),
        "bank:USMF OLD": (False, "USD"),
    }
    assert set(banks(with_banks(DynamicsWorld(), "usmf eur, NOWHERE"))) == {"bank:USMF EUR"}


@pytest.mark.parametrize("why", ["set", "field", "right"])
def test_where_bank_accounts_are_not_shown_the_settings_name_them(world: DynamicsWorld, why: str) -> None:
    if why == "set":
        world.simulator.switches.missing_sets.append("BankAccounts")
    elif why == "field":
        world.simulator.switches.missing_fields.append("BankAccounts.BankAccountStatus")
    else:
        world.do("set_user", hidden=["BankAccounts"])
    assert {name: row.name for name, row in banks(world).items()} == {"bank:USMF OPER": "Bank account USMF OPER"}
    assert seen_of(world, "bank:USMF OPER") == []
    assert seen_of(world, "bank:USMF EUR") == ["unknown_account"]


@pytest.mark.parametrize(
    ("bank", "currency", "codes"),
    [
        ("USMF OPER", "USD", []),
        ("usmf oper", "USD", []),
        ("USMF OPER", "EUR", ["account_currency"]),
        ("USMF EUR", "EUR", []),
        ("USMF ALL", "USD", []),
        ("USMF OLD", "USD", ["inactive_account"]),
        ("NOWHERE", "USD", ["unknown_account"]),
    ],
)
def test_a_bank_account_must_exist_be_in_use_and_take_the_currency(
    world: DynamicsWorld, bank: str, currency: str, codes: list[str]
) -> None:
    assert seen_of(with_banks(world), f"bank:{bank}", currency) == codes


def seen_of(world: DynamicsWorld, bank: str, currency: str = "USD") -> list[str]:
    """What preflight says of money on a bank account; where it says nothing, Dynamics posts it."""
    rate = Decimal(1) if currency == "USD" else world.foreign[1]
    card, cash = (Account(Role.CARD, "201100"), Account(Role.CASH, bank, bank))
    lines = tuple(
        Line(account, side, Decimal(9), Decimal(9) * rate)
        for account, side in ((card, Side.DEBIT), (cash, Side.CREDIT))
    )
    document = world.entry(lines=lines, currency=currency)
    [found] = world.open().preflight("usmf", [document])
    if not found:
        world.posted(document)
    return [one.code for one in found]
