"""Is a set-up that a process keeps ever another than that of its version? Changed, taken back and emptied meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections, transaction
from pytest_django import DjangoAssertNumQueries

from connectors.documents import Role
from connectors.models import Tenant
from connectors.records import Coded
from mappings import selectors
from mappings.models import Flow, ReferenceValue
from mappings.services import flow_save, role_account_set
from mappings.setup import setup_load
from tests.mappings.make import House, house_make, ready

pytestmark = pytest.mark.django_db(transaction=True)
TRAVEL = (Coded("category", "travel"),)
DAY = datetime(2026, 2, 3, tzinfo=UTC).date()


def elsewhere(work: Callable[[], Any]) -> None:
    """Do and commit something on a connection of its own."""

    def on_its_own() -> None:
        try:
            work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(on_its_own).result()


def test_an_unchanged_set_up_costs_one_query(house: House, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    flow = house.flow("card_transactions")
    first = setup_load(flow)
    with django_assert_num_queries(1):
        assert setup_load(flow) is first


def test_what_changes_while_it_is_read_is_in_it_wholly(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """One transaction sets a role and adds a rule between the reading of the rules and that of the roles."""
    ready(house)
    flow = house.flow("card_transactions")
    real = selectors.rule_rows
    calls: list[Flow] = []

    @transaction.atomic
    def change() -> None:
        house.rule({"category": "travel"})
        account = house.value("account", "211100")
        role_account_set(ledger=house.odoo, company="1", role=Role.CARD, account=account, by=None)

    def then_changed(of: Flow) -> Any:
        rows = real(of)
        if not calls:
            calls.append(of)
            elsewhere(change)
        return rows

    monkeypatch.setattr("mappings.setup.rule_rows", then_changed)
    setup = setup_load(flow)
    assert setup.role(Role.CARD).code == "211100"  # type: ignore[union-attr]
    assert setup.resolver.account(TRAVEL, DAY) is not None, "the role of after the change, and the rules of before it"
    assert setup_load(flow) is setup


def test_rules_that_never_stand_still_are_not_kept(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    flow = house.flow("card_transactions")
    real = selectors.rule_rows

    def then_changed(of: Flow) -> Any:
        rows = real(of)
        elsewhere(lambda: house.rule({"category": f"c{len(rows)}"}))
        return rows

    monkeypatch.setattr("mappings.setup.rule_rows", then_changed)
    unsettled = setup_load(flow)
    monkeypatch.undo()
    assert setup_load(flow) is not unsettled
    assert setup_load(flow) is setup_load(flow)


def test_what_was_taken_back_is_forgotten_though_the_version_comes_again(house: House) -> None:
    flow = house.flow("card_transactions")
    setup_load(flow)
    with transaction.atomic():
        house.rule({"category": "travel"})
        assert setup_load(flow).resolver.account(TRAVEL, DAY) is not None
        transaction.set_rollback(True)
    assert setup_load(flow).resolver.account(TRAVEL, DAY) is None
    house.rule({"category": "meals"})  # the same version as the one that was taken back
    assert setup_load(flow).resolver.account(TRAVEL, DAY) is None


def test_what_was_written_and_not_counted_yet_is_not_kept(house: House) -> None:
    flow = house.flow("card_transactions")
    with transaction.atomic():
        ReferenceValue.objects.filter(kind="company").update(facts={"currency": "EUR"})
        assert setup_load(flow).company_currency == "EUR"
        transaction.set_rollback(True)
    assert setup_load(flow).company_currency == "USD"


def test_emptied_tables_that_count_anew_bring_no_set_up_back() -> None:
    """The same flow id and version again, of another flow: as after a restore under a running worker."""
    for accounts in (["dpacc_1"], ["dpacc_2"]):
        call_command("flush", interactive=False, verbosity=0)
        flow = house_make("acme").flow("cash_transactions", filter={"accounts": accounts})
        assert setup_load(flow).accounts_of_company == set(accounts)


def test_a_change_that_commits_after_a_later_one_is_seen(house: House) -> None:
    """A long listing archives a vendor at the moment it began; a vendor learnt meanwhile bears a later moment."""
    flow = house.flow("card_transactions")
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    ReferenceValue.objects.filter(kind="vendor").update(changed_at=early)
    ReferenceValue.objects.filter(kind="vendor", external_id="72").update(changed_at=late)
    assert setup_load(flow).partners.vendor(id="", name="Staples", tax_id="", on=DAY).partner is not None
    vendors = ReferenceValue.objects.filter(kind="vendor", external_id="71")
    vendors.update(is_active=False, changed_at=early.replace(hour=12))
    flow_save(flow, by=None)
    assert setup_load(flow).partners.vendor(id="", name="Staples", tax_id="", on=DAY).partner is None


def test_the_tenants_time_zone_is_that_of_now(house: House) -> None:
    flow = house.flow("card_transactions")
    assert setup_load(flow).time_zone == "America/New_York"
    Tenant.objects.filter(pk=house.tenant.pk).update(time_zone="Asia/Tokyo")
    assert setup_load(flow).time_zone == "Asia/Tokyo"
