"""What must be there before a flow may be switched on? Whatever is missing is named at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from connectors.base import ReferenceItem
from connectors.documents import Role
from connectors.models import Connection
from mappings.models import FamilyOwner, RoleAccount
from mappings.readiness import flow_readiness
from mappings.services import (
    flow_switch_on,
    reference_refresh,
    role_account_remove,
    role_account_set,
    role_defaults_apply,
)
from tests.mappings.make import CARD, EXPENSES, RECORDS, House, ready, reasons_against
from tests.mappings.make import connection as connection_make


def test_a_bare_flow_is_refused_with_everything_that_is_missing(house: House) -> None:
    reasons = reasons_against(house.flow(RECORDS))
    for role in ("AP", "CARD", "EMPAY", "TRANSIT"):
        assert f"No account plays the role {role} in this company." in reasons
    assert "No rule leads to a cost account of this company." in reasons


def test_a_flow_that_is_ready_is_switched_on_and_says_who_did_it(house: House) -> None:
    flow = flow_switch_on(ready(house).flow(RECORDS), by=None, reason="go-live")
    assert (flow.state, flow.first_on_at is not None) == ("on", True)
    assert flow.history.latest().history_change_reason == "go-live"
    assert flow_switch_on(flow, by=None).history.count() == flow.history.count()


@pytest.mark.parametrize("role", [Role.CARD, Role.TRANSIT, Role.AP, Role.EMPAY])
def test_one_missing_role_refuses_the_switch_and_is_named(house: House, role: Role) -> None:
    flow = ready(house).flow(RECORDS)
    role_account_remove(RoleAccount.objects.get(role=role), by=None)
    assert reasons_against(flow) == f"No account plays the role {role} in this company."


def test_a_role_that_some_records_need_is_named_without_refusing(house: House) -> None:
    ready(house, emrec=False)
    flow = house.flow(CARD)
    assert [(one.what, one.is_blocking) for one in flow_readiness(flow)] == [(Role.EMREC, False)]
    flow_switch_on(flow, by=None)


def test_each_card_account_needs_its_account_or_a_general_one(house: House) -> None:
    ready(house)
    cards = [
        ReferenceItem("source_account", "card_1", "", "Main card", "card", facts={"currency": "USD"}),
        ReferenceItem("source_account", "card_2", "", "Euro card", "card", facts={"currency": "EUR"}),
    ]
    house.refresh("source_account", cards, "", of="brex")
    general = RoleAccount.objects.get(role=Role.CARD)
    account = general.account
    role_account_remove(general, by=None)
    role_account_set(ledger=house.odoo, company="1", role=Role.CARD, what_for="USD", account=account, by=None)
    flow = house.flow(CARD)
    assert reasons_against(flow) == "No account plays the role CARD for Euro card."
    role_account_set(ledger=house.odoo, company="1", role=Role.CARD, what_for="card_2", account=account, by=None)
    flow_switch_on(flow, by=None)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"is_active": False}, "archived in the ledger"),
        ({"facts": {"type": "expense", "reconcile": "yes"}}, "its type is expense"),
        ({"facts": {"type": "asset_current", "reconcile": "no"}}, "must allow reconciliation"),
        ({"facts": {"type": "asset_current", "reconcile": "yes", "currency": "EUR"}}, "takes EUR alone, not USD"),
    ],
)
def test_an_account_that_stopped_fitting_its_role_refuses_the_switch(
    house: House, changes: dict[str, Any], reason: str
) -> None:
    flow = ready(house).flow(RECORDS)
    house.odoo.reference_values.filter(code="101404").update(**changes)
    assert reason in reasons_against(flow)


@pytest.mark.parametrize(
    ("policies", "reason"),
    [
        ({"chargeback": "dispute"}, "role DISPUTE"),
        ({"vendor": "default", "default_vendor": "404"}, "default vendor 404 is not in the ledger"),
    ],
)
def test_a_policy_asks_for_what_it_needs(house: House, policies: dict[str, Any], reason: str) -> None:
    assert reason in reasons_against(ready(house).flow(CARD, policies=policies))


def test_cash_basis_needs_no_payable_to_employees(house: House) -> None:
    ready(house)
    role_account_remove(RoleAccount.objects.get(role=Role.EMPAY), by=None)
    flow_switch_on(house.flow(EXPENSES, policies={"basis": "cash"}), by=None)


@pytest.mark.parametrize(
    ("stream", "document", "way", "company"),
    [
        ("accounts", "reference", "odoo to brex", "1"),
        ("cost_centres", "reference", "odoo to brex", "1"),
        ("vendors", "vendor", "odoo to brex", "1"),
        ("vendors", "vendor", "brex to odoo", "1"),
    ],
)
def test_lists_and_vendors_need_no_roles_but_a_company_that_has_books(
    house: House, stream: str, document: str, way: str, company: str
) -> None:
    source, ledger = (house.odoo, house.brex) if way == "odoo to brex" else (house.brex, house.odoo)
    route = {"document": document, "source": source, "ledger": ledger}
    assert flow_switch_on(house.flow(stream, **route, company=company), by=None).state == "on"
    assert f"{house.odoo} has no company 9." == reasons_against(house.flow(stream, "elsewhere", **route, company="9"))
    assert not FamilyOwner.objects.exists()


def test_a_company_that_is_not_there_refuses_the_switch(house: House) -> None:
    assert "has no company 9" in reasons_against(ready(house).flow(CARD, company="9"))


def test_a_connection_that_is_off_refuses_the_switch(house: House) -> None:
    flow = ready(house).flow(CARD)
    Connection.objects.filter(pk=house.odoo.pk).update(state="off")
    assert "is switched off" in reasons_against(flow)


def test_readiness_costs_as_many_queries_for_many_roles(house: House) -> None:
    flow = ready(house).flow(RECORDS)
    with connection.execute_wrapper(counted := Counted()):
        flow_readiness(flow)
    few, counted.number = counted.number, 0
    for number in range(20):
        account = house.value("account", "201100")
        role_account_set(
            ledger=house.odoo, company="1", role=Role.CARD, what_for=f"c{number}", account=account, by=None
        )
    with connection.execute_wrapper(counted):
        flow_readiness(flow)
    assert counted.number == few


class Counted:
    number = 0

    def __call__(self, execute: Any, *args: Any) -> Any:
        self.number += 1
        return execute(*args)


def test_the_usual_accounts_are_offered_and_only_free_roles_take_them(house: House) -> None:
    own = house.value("account", "211100")
    role_account_set(ledger=house.odoo, company="1", role=Role.CARD, account=own, by=None)
    role_defaults_apply(ledger=house.odoo, company="1", by=None)
    roles = {(row.role, row.what_for): row.account.code for row in RoleAccount.objects.select_related("account")}
    assert roles["CARD", ""] == "211100"
    assert (roles["TRANSIT", ""], roles["FX", "gain"], roles["FX", "loss"]) == ("101404", "441000", "641000")
    assert ("EMREC", "") not in roles  # has to be created first
    assert role_defaults_apply(ledger=house.odoo, company="1", by=None) == []


def test_a_chart_without_codes_offers_its_usual_accounts_by_name(house: House) -> None:
    books = connection_make(house.tenant, "zoho_books")
    items = [
        ReferenceItem("account", id, "", name, kind, True, {"type": kind, "reconcile": "yes"})
        for id, name, kind in (
            ("1", "Accounts payable", "accounts_payable"),
            ("2", "Bank Fees and Charges", "expense"),
            ("3", "Employee Reimbursements", "expense"),  # of a type that cannot owe anybody anything
        )
    ]
    reference_refresh(connection=books, company="927", kind="account", items=items)
    role_defaults_apply(ledger=books, company="927", by=None)
    roles = {row.role: row.account.name for row in RoleAccount.objects.filter(ledger=books).select_related("account")}
    assert roles == {"AP": "Accounts payable", "FEE": "Bank Fees and Charges"}
