"""Does a flow's set-up hold what translation needs, in a constant number of queries, and never another tenant's?"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from connectors.base import ReferenceItem
from connectors.documents import Role
from connectors.records import Coded, Family
from connectors.registry import connector_get
from mappings import setup as setups
from mappings.services import flow_switch_on, owner_set, role_account_set, rule_archive
from mappings.setup import setup_load, setups_forget
from tests.mappings.make import House, accounts, ready, vendor

DAY = date(2026, 2, 3)


def test_it_holds_roles_journals_rules_and_the_companys_currency(house: House) -> None:
    ready(house)
    setup = setup_load(house.flow("card_transactions", policies={"closed_period": "next_open_day"}))
    assert (setup.source, setup.company, setup.company_currency) == ("brex", "1", "USD")
    assert (setup.entry_journal, setup.bill_journal, setup.payment_journals) == ("3", "2", {"45": "6"})
    assert setup.policies.closed_period == "next_open_day"
    assert setup.role(Role.CARD).code == "201100"  # type: ignore[union-attr]
    assert setup.role(Role.FX, "loss").code == "641000"  # type: ignore[union-attr]
    assert setup.resolver.account((Coded("category", "rent"),), DAY).code == "612000"  # type: ignore[union-attr]
    assert setup.partners.vendor(id="", name="STAPLES", tax_id="", on=DAY).partner.id == "71"  # type: ignore[union-attr]
    assert setup.accounts_by_code["612000"].role is Role.EXP
    assert setup.accounts_by_code["201100"].role is Role.CARD


@pytest.mark.parametrize("says", [True, False])
def test_the_ledger_tells_whether_it_knows_lines_in_company_currency_alone(
    house: House, monkeypatch: pytest.MonkeyPatch, says: bool
) -> None:
    ready(house)
    told = replace(connector_get("odoo"), says_company_only_lines=says)
    known = {"odoo": told, "brex": connector_get("brex")}
    monkeypatch.setattr(setups, "connector_get", known.__getitem__)
    assert setup_load(house.flow("card_transactions")).ledger_says_company_only_lines is says


@pytest.mark.parametrize(("takes", "journal"), [(True, ""), (False, "3")])
def test_what_undoes_payments_goes_through_the_journal_of_entries_where_theirs_takes_none(
    house: House, monkeypatch: pytest.MonkeyPatch, takes: bool, journal: str
) -> None:
    ready(house)
    told = replace(connector_get("odoo"), payment_journals_take_entries=takes)
    known = {"odoo": told, "brex": connector_get("brex")}
    monkeypatch.setattr(setups, "connector_get", known.__getitem__)
    assert setup_load(house.flow("card_transactions")).undoing_journal == journal


def test_an_account_for_one_card_comes_before_the_general_one(house: House) -> None:
    ready(house)
    account = house.value("account", "211100")
    role_account_set(ledger=house.odoo, company="1", role=Role.CARD, what_for="card_2", account=account, by=None)
    setup = setup_load(house.flow("card_transactions"))
    assert setup.role(Role.CARD, "card_2", "USD").code == "211100"  # type: ignore[union-attr]
    assert setup.role(Role.CARD, "card_1", "USD").code == "201100"  # type: ignore[union-attr]


def test_an_archived_account_plays_no_role(house: House) -> None:
    ready(house)
    house.refresh("account", accounts("201100"))
    assert setup_load(house.flow("card_transactions")).role(Role.CARD) is None


def test_only_the_writer_of_cash_may_write_it_and_not_where_the_ledger_imports(house: House) -> None:
    ready(house)
    house.refresh(
        "source_account", [ReferenceItem("source_account", f"dpacc_{n}", "", f"Cash {n}", "cash") for n in (1, 2)], "",
        of="brex",
    )  # fmt: skip
    role_account_set(
        ledger=house.odoo, company="1", role=Role.CASH, what_for="dpacc_2", account=house.value("account", "101401"),
        has_statements=True, by=None,
    )  # fmt: skip
    feed, records = house.flow("cash_transactions"), house.flow("accounting_records")
    owner_set(source=house.brex, ledger=house.odoo, company="1", family=Family.CASH, flow=feed, by=None)
    assert setup_load(feed).may_write_cash == {"dpacc_1"}
    assert setup_load(feed).bank_imported == {"dpacc_2"}
    assert setup_load(records).may_write_cash == frozenset()


def test_the_owner_of_cash_is_that_of_the_day(house: House) -> None:
    ready(house)
    feed, records = house.flow("cash_transactions"), house.flow("accounting_records")
    scope = {"source": house.brex, "ledger": house.odoo, "company": "1", "family": Family.CASH, "by": None}
    role_account_set(
        ledger=house.odoo, company="1", role=Role.CASH, what_for="dpacc_1", account=house.value("account", "101401"),
        by=None,
    )  # fmt: skip
    owner_set(**scope, flow=records)
    owner_set(**scope, flow=feed, valid_from=DAY)
    assert setup_load(feed, on=date(2026, 2, 2)).may_write_cash == frozenset()
    assert setup_load(feed, on=DAY).may_write_cash == {"dpacc_1"}
    assert setup_load(records, on=DAY).may_write_cash == frozenset()


def test_claims_by_expenses_are_cost_when_paid_out_and_records_tell_repayments(house: House) -> None:
    records, expenses = house.flow("accounting_records"), house.flow("expenses")
    owner_set(source=house.brex, ledger=house.odoo, company="1", family=Family.CARD_SPEND, flow=records, by=None)
    assert (setup_load(records).payout_tells_cost, setup_load(expenses).payout_tells_cost) == (False, True)
    assert setup_load(expenses).repayments_are_recorded


def test_companies_are_told_apart_by_legal_entity(house: House) -> None:
    house.refresh("company", [ReferenceItem("company", n, "", n, facts={"currency": "USD"}) for n in ("1", "2")], "")
    alone = house.flow("card_transactions")
    assert not setup_load(alone).several_companies
    house.flow("expenses", company="2", filter={"legal_entities": ["le_2"]})
    setup = setup_load(house.flow("card_transactions", filter={"legal_entities": ["le_1"]}))
    assert setup.several_companies
    assert setup.entities == {"le_1": "1", "le_2": "2"}


def test_loading_costs_as_many_queries_for_many_rules_as_for_one(house: House) -> None:
    ready(house)
    flow = house.flow("card_transactions")
    with CaptureQueriesContext(database) as few:
        setup_load(flow)
    for number in range(40):
        house.rule({"category": f"c{number}"})
    house.refresh("vendor", [vendor(str(n), f"Vendor number {n}") for n in range(40)], "")
    setups_forget()
    with CaptureQueriesContext(database) as many:
        setup_load(flow)
    assert len(many) == len(few)
    assert len(few) <= 17


@pytest.mark.parametrize("change", ["rule", "archive", "role", "reference", "owner", "another flow on"])
def test_every_change_is_seen_by_the_next_load(house: House, change: str) -> None:
    ready(house)
    flow, records = house.flow("card_transactions"), house.flow("accounting_records")
    rule = house.rule({"category": "travel"})
    before = setup_load(flow)
    if change == "rule":
        house.rule({"category": "meals"})
    elif change == "archive":
        rule_archive(rule, by=None, reason="wrong")
    elif change == "role":
        account = house.value("account", "211100")
        role_account_set(ledger=house.odoo, company="1", role=Role.ACCR, what_for="EUR", account=account, by=None)
    elif change == "reference":
        house.refresh("vendor", [vendor("73", "New One")], "")
    elif change == "owner":
        owner_set(source=house.brex, ledger=house.odoo, company="1", family=Family.CASH, flow=records, by=None)
    else:
        flow_switch_on(records, by=None)
    assert setup_load(flow) is not before


def test_nothing_of_another_tenant_is_in_it(house: House, neighbour: House) -> None:
    ready(neighbour)
    neighbour.rule({"category": "travel"})
    setup = setup_load(house.flow("card_transactions"))
    assert setup.roles == {}
    assert setup.resolver.account((Coded("category", "travel"),), DAY) is None
