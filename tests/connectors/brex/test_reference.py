"""Which values can rules be keyed on? The lists of a believable company, as the platform keeps them."""

from __future__ import annotations

import pytest

from connectors.base import ReferenceItem, Window
from connectors.brex.auth import BrexCredentials
from connectors.brex.reference import READERS, card_account_of
from connectors.brex.simulator import BrexSimulator, Switches
from tests.connectors.brex.desk import NOW, company, source


@pytest.fixture(scope="module")
def simulator() -> BrexSimulator:
    return company(records=60)


def items(simulator: BrexSimulator, kind: str) -> list[ReferenceItem]:
    return list(source(simulator).reference(kind))


@pytest.mark.parametrize("kind", sorted(READERS))
def test_each_kind_has_values_with_an_id_and_a_name(simulator: BrexSimulator, kind: str) -> None:
    found = items(simulator, kind)
    assert found
    assert {item.kind for item in found} == {kind}
    assert all(item.external_id and item.name for item in found)
    assert len({(item.group, item.external_id) for item in found}) == len(found)


def test_employees_carry_their_address_and_department(simulator: BrexSimulator) -> None:
    found = items(simulator, "employee")
    assert all("@" in item.code and item.facts["email"] == item.code for item in found)
    assert any(item.facts.get("department_id") for item in found)


def test_legal_entities_are_read_in_camel_case(simulator: BrexSimulator) -> None:
    found = items(simulator, "entity")
    assert [item.facts["is_default"] for item in found].count("true") == 1


def test_field_values_are_grouped_as_records_code_them(simulator: BrexSimulator) -> None:
    groups = {item.group for item in items(simulator, "field_value")}
    assert {"gl_account", "cost_center"} <= groups
    codes = {item.external_id for item in items(simulator, "field_value") if item.group == "gl_account"}
    assert "600000" in codes


def test_accounts_of_both_kinds_are_listed_with_their_currency(simulator: BrexSimulator) -> None:
    found = items(simulator, "source_account")
    assert {item.group for item in found} == {"card", "cash"}
    assert {item.facts["currency"] for item in found} >= {"USD", "EUR"}


def test_without_a_business_account_the_card_accounts_remain() -> None:
    simulator = company(records=60, switches=Switches(has_business_account=False))
    assert {item.group for item in items(simulator, "source_account")} == {"card"}


def test_all_categories_are_there(simulator: BrexSimulator) -> None:
    found = items(simulator, "category")
    assert len(found) == 48
    assert {one["category"] for one in simulator.store.expenses if one["category"]} <= {item.code for item in found}


def test_what_the_token_may_not_read_is_empty(simulator: BrexSimulator) -> None:
    token = simulator.control("add_token", {"scopes": ["expenses.card.readonly"]})
    desk = source(simulator, credentials=BrexCredentials(user_token=token))
    assert list(desk.reference("employee")) == []
    assert [item.external_id for item in desk.reference("source_account")] == ["primary"]


@pytest.mark.parametrize(
    ("currencies", "of_usd", "of_eur"),
    [
        ([], "primary", "primary"),
        (["USD"], "a0", "a0"),
        (["USD", "EUR"], "a0", "a1"),
        (["USD", "USD", "EUR"], "primary", "a2"),
        ([None, "EUR"], "a0", "a1"),
    ],
)
def test_a_charge_belongs_to_the_only_account_of_its_currency(
    currencies: list[str | None], of_usd: str, of_eur: str
) -> None:
    accounts = [
        {"id": f"a{number}", "current_balance": {"amount": 1, "currency": one} if one else None}
        for number, one in enumerate(currencies)
    ]
    assert (card_account_of(accounts, "USD"), card_account_of(accounts, "EUR")) == (of_usd, of_eur)


def test_charges_name_the_accounts_that_are_listed(simulator: BrexSimulator) -> None:
    listed = {item.external_id for item in items(simulator, "source_account") if item.group == "card"}
    for stream in ("accounting_records", "card_transactions", "expenses"):
        pages = source(simulator).read(stream, Window(None, NOW))
        named = {item.payload["lookups"].get("card_account") for page in pages for item in page} - {None}
        assert named
        assert named <= listed
