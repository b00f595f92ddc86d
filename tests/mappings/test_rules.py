"""Do rules come, change and go with a trace, and is every bad or foreign one refused?"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from connectors.base import ReferenceItem
from connectors.documents import Role
from connectors.records import Coded
from mappings.models import AccountMapping, MappingRule
from mappings.refusals import RefusedError
from mappings.selectors import rules_pointing_at_archived
from mappings.services import (
    role_account_set,
    rule_archive,
    rule_create,
    rule_update,
    rules_apply,
    rules_plan,
    vendor_accept,
)
from mappings.setup import setup_as_of, setup_load
from mappings.signals import rules_changed
from tests.mappings.make import House, accounts, ready

DAY = date(2026, 3, 1)
RENT = (Coded("category", "rent"),)


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"when": {}}, "one to three conditions"),
        ({"when": {"a": "1", "b": "2", "c": "3", "d": "4"}}, "one to three conditions"),
        ({"when": {"category": " "}}, "not empty"),
        ({"code": "201100"}, "control or bank account"),
        ({"code": "101401"}, "control or bank account"),
        ({"target": "tax", "kind": "account"}, "is a account"),
        ({"target": "personal", "kind": "account"}, "does not play the role EMREC"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(house: House, parts: dict[str, Any], reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        house.rule(parts.pop("when", {"category": "x"}), **parts)
    assert not MappingRule.objects.exists()


def test_no_cost_goes_to_an_account_with_a_role_whichever_came_first(house: House) -> None:
    fees = house.value("account", "620000")
    rule = house.rule({"category": "fees"}, "620000")
    with pytest.raises(RefusedError, match="sends cost there"):
        role_account_set(ledger=house.odoo, company="1", role=Role.FEE, account=fees, by=None)
    rule_archive(rule, by=None, reason="")
    role_account_set(ledger=house.odoo, company="1", role=Role.FEE, account=fees, by=None)
    with pytest.raises(RefusedError, match="plays the role FEE"):
        house.rule({"category": "fees"}, "620000")


def test_a_second_rule_for_the_same_day_is_refused_and_another_day_is_not(house: House) -> None:
    house.rule({"category": "rent"})
    with pytest.raises(RefusedError, match="already a rule for category rent"):
        house.rule({"category": "rent"}, "600000")
    house.rule({"category": "rent"}, "600000", valid_from=DAY)
    resolver = setup_load(house.flow("card_transactions")).resolver
    assert resolver.account(RENT, DAY).code == "600000"  # type: ignore[union-attr]
    assert resolver.account(RENT, date(2026, 2, 28)).code == "612000"  # type: ignore[union-attr]


def test_a_tenants_rule_exists_once_for_each_ledger_company(house: House) -> None:
    house.refresh("company", [ReferenceItem("company", n, "", n, facts={"currency": "USD"}) for n in "12"], "")
    house.refresh("account", [ReferenceItem("account", "135", "612000", "Rent", facts={"type": "expense"})], "2")
    house.rule({"category": "rent"})
    other = house.odoo.reference_values.get(external_id="135")
    rule_create(tenant=house.tenant, target="account", when={"category": "rent"}, value=other, by=None, reason="")
    first, second = house.flow("card_transactions"), house.flow("expenses", company="2")
    assert setup_load(first).resolver.account(RENT, DAY).value == "35"  # type: ignore[union-attr]
    assert setup_load(second).resolver.account(RENT, DAY).value == "135"  # type: ignore[union-attr]


def test_a_flows_rule_answers_for_that_flow_alone(house: House) -> None:
    feed, expenses = house.flow("card_transactions"), house.flow("expenses")
    house.rule({"category": "rent"}, flow=feed)
    assert setup_load(feed).resolver.account(RENT, DAY) is not None
    assert setup_load(expenses).resolver.account(RENT, DAY) is None


def test_who_changed_what_and_why_is_kept_and_the_rules_of_any_day_answer(house: House) -> None:
    flow, person = house.flow("card_transactions"), get_user_model().objects.create_user("fin")
    rule = house.rule({"category": "rent"})
    before = timezone.now()
    rule_update(rule, by=person, reason="moved out", value=house.value("account", "600000"))
    changed = timezone.now()
    rule_archive(rule, by=person, reason="no offices left")
    first, second, third = rule.history.order_by("history_id")
    assert (second.history_user, second.history_change_reason) == (person, "moved out")
    assert [row.value.code for row in (first, second)] == ["612000", "600000"]
    assert third.archived_at
    assert setup_as_of(flow, before).resolver.account(RENT, DAY).code == "612000"  # type: ignore[union-attr]
    assert setup_as_of(flow, changed).resolver.account(RENT, DAY).code == "600000"  # type: ignore[union-attr]
    assert setup_load(flow).resolver.account(RENT, DAY) is None


def test_an_archived_rule_stays_archived(house: House) -> None:
    rule = rule_archive(house.rule({"category": "rent"}), by=None, reason="")
    assert rule_archive(rule, by=None, reason="").archived_at == rule.archived_at
    with pytest.raises(RefusedError, match="archived"):
        rule_update(rule, by=None, reason="", priority=3)
    house.rule({"category": "rent"}, "600000")


def test_rules_that_point_at_archived_values_are_flagged_before_they_fail(house: House) -> None:
    rule = house.rule({"category": "rent"})
    house.refresh("account", accounts("612000"))
    assert list(rules_pointing_at_archived([house.tenant.pk])) == [rule]
    hit = setup_load(house.flow("card_transactions")).resolver.account(RENT, DAY)
    assert hit is not None
    assert not hit.is_active
    with pytest.raises(RefusedError, match="archived in the ledger"):
        house.rule({"category": "rooms"})


def test_an_accepted_vendor_is_a_rule_and_accepting_again_changes_it(house: House) -> None:
    ready(house)
    flow = house.flow("expenses")
    accept = {"tenant": house.tenant, "source_id": "bv_1", "name": "Stapels", "by": None, "reason": "same tax id"}
    vendor_accept(**accept, partner=house.value("vendor", "71"))
    vendor_accept(**accept, partner=house.value("vendor", "72"))
    vendor_accept(**accept, partner=house.value("vendor", "72"))
    answer = setup_load(flow).partners.vendor(id="bv_1", name="Stapels", tax_id="", on=DAY)
    assert answer.partner.id == "72"  # type: ignore[union-attr]
    assert MappingRule.objects.filter(target="vendor").get().history.count() == 2


# --- what others hear ---------------------------------------------------------------------------------------------


def test_changes_are_told_once_committed_to_the_flows_they_concern(
    house: House, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    feed, expenses = house.flow("card_transactions"), house.flow("expenses")
    heard: list[dict[str, Any]] = []

    def hear(sender: type, **facts: Any) -> None:
        heard.append(facts)

    rules_changed.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            house.rule({"category": "rent"}, flow=feed)
            assert heard == []
        with django_capture_on_commit_callbacks(execute=True):
            house.rule({"category": "meals"})
    finally:
        rules_changed.disconnect(hear)
    assert [(one["flow_ids"], one["what"], one["targets"]) for one in heard] == [
        ((feed.pk,), "rules", ("account",)),
        ((feed.pk, expenses.pk), "rules", ("account",)),
    ]
    assert heard[0]["tenant_id"] == house.tenant.pk


# --- tenants ------------------------------------------------------------------------------------------------------


def test_another_tenants_parts_are_refused_without_a_word_about_them(house: House, neighbour: House) -> None:
    foreign, flow = neighbour.value("account", "612000"), neighbour.flow("card_transactions")
    rule = house.rule({"category": "rent"})
    for attempt in (
        lambda: rule_create(tenant=house.tenant, target="account", when={"a": "b"}, value=foreign, by=None, reason=""),
        lambda: house.rule({"category": "x"}, flow=flow),
        lambda: rule_update(rule, by=None, reason="", value=foreign),
        lambda: rule_update(rule, by=None, reason="", flow=flow),
        lambda: vendor_accept(
            tenant=house.tenant, source_id="v", name="n", partner=neighbour.value("vendor", "71"), by=None, reason=""
        ),
        lambda: role_account_set(ledger=house.odoo, company="1", role=Role.AP, account=foreign, by=None),
        lambda: rules_plan(tenant=house.tenant, ledger=neighbour.odoo, company="1", rows=[]),
    ):
        with pytest.raises(RefusedError, match="There is no such"):
            attempt()
    assert MappingRule.objects.get() == rule


@pytest.mark.parametrize("column", ["value", "flow", "ledger"])
def test_the_database_refuses_a_rule_that_mixes_tenants(house: House, neighbour: House, column: str) -> None:
    rule = house.rule({"category": "rent"})
    strangers = {
        "value": neighbour.value("account", "612000").pk,
        "flow": neighbour.flow("card_transactions").pk,
        "ledger": neighbour.odoo.pk,
    }
    with pytest.raises(IntegrityError):
        _update_now(rule, **{f"{column}_id": strangers[column]})


@pytest.mark.parametrize("when", [{}, {"a": "1", "b": "2", "c": "3", "d": "4"}, ["a"], "a"])
def test_the_database_refuses_other_than_one_to_three_conditions(house: House, when: Any) -> None:
    rule = house.rule({"category": "rent"})
    with pytest.raises(IntegrityError, match="mappings_rule_one_to_three_conditions"), transaction.atomic():
        MappingRule.objects.filter(pk=rule.pk).update(when=when)


def _update_now(rule: MappingRule, **columns: Any) -> None:
    """Update a row and check the deferred constraints, as a commit does."""
    with transaction.atomic(), connection.cursor() as cursor:
        MappingRule.objects.filter(pk=rule.pk).update(**columns)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


# --- imports ------------------------------------------------------------------------------------------------------


def test_an_import_says_what_it_would_do_and_then_does_it_with_history(house: House) -> None:
    flow, person = house.flow("card_transactions"), get_user_model().objects.create_user("fin")
    house.rule({"category": "rent"})
    house.rule({"category": "meals"})
    rows = [
        {"target": "account", "when": "category=rent", "value": "612000"},
        {"target": "account", "when": "category=meals", "value": "600000", "reason": "as agreed"},
        {"target": "account", "when": "category=travel; department=d1", "value": "32", "valid_from": "2026-01-01"},
        {"target": "vendor", "when": "merchant=Delta", "value": "72", "flow": "card_transactions", "priority": "5"},
    ]
    scope = {"tenant": house.tenant, "ledger": house.odoo, "company": "1", "rows": rows}
    plan = rules_plan(**scope)
    assert (len(plan.create), len(plan.change), plan.unchanged, plan.mistakes) == (2, 1, 1, [])
    version = flow.rules_version
    rules_apply(**scope, by=person, reason="the year's mapping")
    flow.refresh_from_db()
    assert flow.rules_version == version + 3  # two rules above, one import
    meals = MappingRule.objects.get(when={"category": "meals"})
    assert (meals.value.code, meals.reason) == ("600000", "as agreed")
    last = meals.history.latest()
    assert (last.history_user, last.history_change_reason) == (person, "the year's mapping")
    assert MappingRule.history.filter(history_type="+", history_user=person).count() == 2
    assert rules_apply(**scope, by=person, reason="again").unchanged == 4


@pytest.mark.parametrize(
    ("row", "mistake"),
    [
        ({"target": "colour", "when": "a=b", "value": "612000"}, "colour is no target"),
        ({"target": "account", "when": "category", "value": "612000"}, "one to three of field=value"),
        ({"target": "account", "when": "a=1;b=2;c=3;d=4", "value": "612000"}, "one to three of field=value"),
        ({"target": "account", "when": "a=1;a=2", "value": "612000"}, "one to three of field=value"),
        ({"target": "account", "when": "a=1", "value": "999"}, "no active account 999"),
        ({"target": "account", "when": "a=1", "value": "201100"}, "control or bank account"),
        ({"target": "account", "when": "a=1", "value": "612000", "valid_from": "1.2.2026"}, "write it like 2026-01-31"),
        ({"target": "account", "when": "a=1", "value": "612000", "priority": "high"}, "not a whole number"),
        ({"target": "account", "when": "a=1", "value": "612000", "priority": "99999"}, "out of range"),
        ({"target": "account", "when": "a=1", "value": "612000", "flow": "nowhere"}, "no flow nowhere"),
        ({"target": "account", "when": "a=1", "value": "612000", "colour": "red"}, "no column colour"),
        ({"target": "account", "when": "category=ok", "value": "612000"}, "of row 1"),
    ],
)
def test_one_mistake_stops_an_import_and_is_named_with_its_row(house: House, row: dict[str, str], mistake: str) -> None:
    good = {"target": "account", "when": "category=ok", "value": "612000"}
    scope = {"tenant": house.tenant, "ledger": house.odoo, "company": "1", "rows": [good, row]}
    assert rules_plan(**scope).mistakes[0][0] == 2
    with pytest.raises(RefusedError, match=mistake) as caught:
        rules_apply(**scope, by=None, reason="")
    assert caught.value.reasons[0].startswith("Row 2: ")
    assert not MappingRule.objects.exists()


def test_the_proxies_are_one_table(house: House) -> None:
    house.rule({"category": "rent"})
    assert AccountMapping.objects.get().conditions == "category rent"
