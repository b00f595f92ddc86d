"""Can a flow be switched on only when nothing is missing and nothing would be posted twice? All reasons at once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from connectors.base import ReferenceItem
from connectors.documents import Role
from connectors.models import Connection
from connectors.records import Family
from mappings import schedule
from mappings.models import FamilyOwner, Flow, RoleAccount
from mappings.owners import families_owned, families_shown, owners_propose
from mappings.readiness import flow_readiness
from mappings.refusals import RefusedError
from mappings.selectors import flows_for, owners_for
from mappings.services import (
    flow_archive,
    flow_dry_run,
    flow_save,
    flow_switch_off,
    flow_switch_on,
    flow_upsert,
    owner_set,
    reference_refresh,
    role_account_remove,
    role_account_set,
    role_defaults_apply,
)
from tests.mappings.make import House, ready
from tests.mappings.make import connection as connection_make

DAY = date(2026, 3, 1)
RECORDS, CARD, CASH, EXPENSES = "accounting_records", "card_transactions", "cash_transactions", "expenses"


def reasons_against(flow: Flow) -> str:
    with pytest.raises(RefusedError) as caught:
        flow_switch_on(flow, by=None)
    flow.refresh_from_db()
    assert flow.state == "off"
    return "\n".join(caught.value.reasons)


# --- what is missing ----------------------------------------------------------------------------------------------


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


# --- defaults -----------------------------------------------------------------------------------------------------


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


def test_families_follow_the_stream_and_the_kinds_it_is_limited_to(house: House) -> None:
    limited = house.flow(CARD, filter={"kinds": ["chargeback", "card_reward", "finance_fee"]})
    assert families_shown(limited) == {Family.CARD_CREDIT}
    assert families_shown(house.flow(CASH)) == {Family.CARD_PAYMENT, Family.CASH}


def test_the_default_owners_are_those_of_the_policy(house: House) -> None:
    for stream in (RECORDS, CARD, CASH, EXPENSES):
        house.flow(stream)
    owners = {one.family: one.flow.stream if one.flow else "" for one in owners_propose(house.brex, house.odoo, "1")}
    assert owners == {
        Family.CARD_SPEND: RECORDS,
        Family.CARD_CREDIT: CARD,
        Family.CARD_PAYMENT: CASH,
        Family.CASH: CASH,
        Family.CLAIM_COST: RECORDS,
        Family.CLAIM_PAYMENT: RECORDS,
        Family.BILL: RECORDS,
        Family.BILL_PAYMENT: RECORDS,
    }


def test_without_records_or_a_cash_feed_the_next_stream_owns(house: House) -> None:
    house.flow(CARD)
    house.flow(EXPENSES)
    owners = {one.family: one.flow.stream if one.flow else "" for one in owners_propose(house.brex, house.odoo, "1")}
    assert (owners[Family.CARD_SPEND], owners[Family.CARD_PAYMENT], owners[Family.BILL]) == (CARD, CARD, EXPENSES)


def test_records_alone_leave_cash_to_the_ledgers_bank_import(house: House) -> None:
    house.flow(RECORDS)
    owners = {one.family: one.flow for one in owners_propose(house.brex, house.odoo, "1")}
    assert owners[Family.CASH] is None


def test_switching_on_gives_ownerless_families_an_owner_and_takes_none_away(house: House) -> None:
    ready(house)
    records, card = house.flow(RECORDS), house.flow(CARD)
    flow_switch_on(card, by=None)
    flow_switch_on(records, by=None)
    owners = {row.family: row.flow for row in FamilyOwner.objects.all()}
    assert owners["F1"] == card
    assert owners["F5"] == records
    assert owners["F4"] is None
    assert families_owned(records) == {Family.CLAIM_COST, Family.CLAIM_PAYMENT, Family.BILL}


# --- never twice --------------------------------------------------------------------------------------------------


def owner(house: House, family: Family, flow: Flow | None, valid_from: date | None = None) -> FamilyOwner:
    return owner_set(
        source=house.brex, ledger=house.odoo, company="1", family=family, flow=flow, valid_from=valid_from, by=None
    )


def test_x1_two_owners_of_one_family_are_refused(house: House) -> None:
    ready(house)
    records, card = house.flow(RECORDS), house.flow(CARD)
    flow_switch_on(card, by=None)
    with pytest.raises(RefusedError, match="X1: card_transactions owns F1 from the beginning and has run"):
        owner(house, Family.CARD_SPEND, records)
    row = FamilyOwner.objects.get(family="F1")
    with pytest.raises(IntegrityError, match="mappings_owner_one_a_day"), transaction.atomic():
        FamilyOwner.objects.create(
            tenant=house.tenant, source=house.brex, ledger=house.odoo, company="1", family="F1", flow=records
        )
    assert FamilyOwner.objects.get(family="F1") == row


def test_x2_a_feed_for_an_account_whose_statements_the_ledger_imports_is_refused(house: House) -> None:
    ready(house)
    bank = house.value("account", "101401")
    role_account_set(
        ledger=house.odoo, company="1", role=Role.CASH, what_for="dpacc_1", account=bank, has_statements=True, by=None
    )
    assert "X2: the ledger imports the statements of 101401 Bank itself" in reasons_against(house.flow(CASH))
    flow_switch_on(house.flow(RECORDS), by=None)
    flow_switch_on(house.flow(CASH, "the other account", filter={"accounts": ["dpacc_2"]}), by=None)


def test_x3_card_purchases_that_another_source_posts_are_refused(house: House) -> None:
    ready(house)
    concur = connection_make(house.tenant, "sap_concur")
    reports = house.flow("reports", source=concur)
    role_account_remove(RoleAccount.objects.get(role=Role.CARDI), by=None)
    flow_switch_on(reports, by=None)
    assert "X3: reports already posts the purchases of these cards (201100 Credit Card" in reasons_against(
        house.flow(CARD)
    )
    limited = house.flow(CARD, "credits alone", filter={"kinds": ["chargeback", "card_payment"]})
    flow_switch_on(limited, by=None)


def test_x4_claims_at_approval_and_when_paid_together_are_refused(house: House) -> None:
    ready(house)
    flow_switch_on(house.flow(RECORDS), by=None)
    assert "X4: accounting_records posts reimbursements on accrual basis" in reasons_against(
        house.flow(EXPENSES, policies={"basis": "cash"})
    )


@pytest.mark.parametrize(
    ("first", "second", "is_refused"),
    [
        ({}, {}, True),
        ({"legal_entities": ["le_1"]}, {}, True),
        ({"legal_entities": ["le_1", "le_2"]}, {"legal_entities": ["le_2"]}, True),
        ({"legal_entities": ["le_1"]}, {"legal_entities": ["le_2"]}, False),
    ],
)
def test_x5_one_source_into_two_companies_needs_legal_entities(
    house: House, first: dict[str, Any], second: dict[str, Any], is_refused: bool
) -> None:
    ready(house)
    flow_switch_on(house.flow(CARD, filter=first), by=None)
    other = house.flow(CARD, "second company", company="2", filter=second)
    with pytest.raises(RefusedError) as caught:
        flow_switch_on(other, by=None)
    assert (
        any(reason.startswith("X5: card_transactions takes the same") for reason in caught.value.reasons) == is_refused
    )


def test_x6_an_owner_that_has_run_is_followed_by_another_from_a_day(house: House) -> None:
    ready(house)
    records, card = house.flow(RECORDS), house.flow(CARD)
    flow_switch_on(card, by=None)
    owner(house, Family.CARD_SPEND, records, DAY)
    with pytest.raises(RefusedError, match="begins later already"):
        owner(house, Family.CARD_SPEND, records, date(2026, 2, 1))
    owners, scope = owners_for(house.brex.pk), (house.brex.pk, house.odoo.pk, "1", Family.CARD_SPEND)
    assert owners.on(scope, date(2026, 2, 28)).flow_id == card.pk  # type: ignore[union-attr]
    assert owners.on(scope, DAY).flow_id == records.pk  # type: ignore[union-attr]


def test_an_owner_that_never_ran_may_be_exchanged(house: House) -> None:
    records, card = house.flow(RECORDS), house.flow(CARD)
    first = owner(house, Family.CARD_SPEND, card)
    assert owner(house, Family.CARD_SPEND, records).pk == first.pk
    assert owner(house, Family.CARD_SPEND, records).history.count() == 2


@pytest.mark.parametrize(
    ("family", "parts", "reason"),
    [
        (Family.CASH, {}, "does not show family F4"),
        (Family.CARD_SPEND, {"company": "2"}, "posts into another company"),
        (Family.CARD_SPEND, {"filter": {"kinds": ["chargeback"]}}, "does not show family F1"),
    ],
)
def test_a_stream_owns_only_what_it_shows_in_its_company(
    house: House, family: Family, parts: dict[str, Any], reason: str
) -> None:
    with pytest.raises(RefusedError, match=reason):
        owner(house, family, house.flow(CARD, **parts))


# --- states -------------------------------------------------------------------------------------------------------


def test_a_dry_run_needs_no_roles_but_never_posts_beside_another(house: House) -> None:
    assert flow_dry_run(house.flow(CARD), by=None).state == "dry_run"
    with pytest.raises(RefusedError, match="X5"):
        flow_dry_run(house.flow(CARD, "second", company="2"), by=None)


def test_a_flow_that_is_off_still_owns_its_families(house: House) -> None:
    flow = flow_switch_on(ready(house).flow(CARD), by=None)
    off = flow_switch_off(flow, by=None, reason="pause")
    assert (off.state, off.first_on_at) == ("off", flow.first_on_at)
    assert FamilyOwner.objects.get(family="F1").flow == flow


def test_only_a_flow_that_is_off_is_archived_and_its_route_is_free_again(house: House) -> None:
    flow = flow_switch_on(ready(house).flow(CARD), by=None)
    with pytest.raises(RefusedError, match="switch it off first"):
        flow_archive(flow, by=None)
    flow_archive(flow_switch_off(flow, by=None), by=None, reason="replaced")
    with pytest.raises(RefusedError, match="archived"):
        flow_switch_on(flow, by=None)
    assert house.flow(CARD, "its successor").pk != flow.pk
    assert [view.name for view in flows_for(house.brex.pk, CARD)] == ["its successor"]


def test_once_on_a_flows_route_is_fixed_and_its_policies_are_not(house: House) -> None:
    flow = flow_switch_on(ready(house).flow(CARD), by=None)
    flow.company = "2"
    with pytest.raises(RefusedError, match="its company can no longer change"):
        flow_save(flow, by=None)
    flow.refresh_from_db()
    flow.policies = {"closed_period": "next_open_day"}
    assert flow_save(flow, by=None).policy.closed_period == "next_open_day"
    assert flow.state == "on"


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"stream": "payroll"}, "has no stream payroll; it has"),
        ({"stream": "vendors"}, "The stream vendors does not become entries"),
        ({"document": "vendor"}, "does not become vendors"),
        ({"document": "reference"}, "Reference values are accounts, cost_centres, vendors"),
        ({"policies": {"closed_period": "sometimes"}}, "policies: closed_period"),
        ({"policies": {"colour": "red"}}, "policies: colour"),
        ({"filter": {"kinds": ["gift"]}}, "filter: kinds.0"),
        ({"filter": {"legal_entities": [" "]}}, "no empty value"),
        ({"journals": {"payments": 7}}, "journals: payments"),
    ],
)
def test_a_flow_that_cannot_be_is_refused(house: House, parts: dict[str, Any], reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        house.flow(**{"stream": CARD, **parts})
    assert not Flow.objects.exists()


def test_the_same_route_twice_is_refused_by_the_service_and_the_database(house: House) -> None:
    flow = house.flow(CARD, filter={"kinds": ["chargeback", "card_reward"]})
    twin = Flow(tenant=house.tenant, name="twin", source=house.brex, stream=CARD, ledger=house.odoo, company="1",
                filter={"kinds": ["card_reward", "chargeback"]})  # fmt: skip
    with pytest.raises(RefusedError, match="takes this stream and filter into this company already"):
        flow_save(twin, by=None)
    twin.filter = flow.filter
    with pytest.raises(IntegrityError, match="mappings_flow_route_uniq"), transaction.atomic():
        twin.save()


# --- tenants and schedules ----------------------------------------------------------------------------------------


def test_another_tenants_connections_are_refused(house: House, neighbour: House) -> None:
    neighbour.refresh("cost_centre", [ReferenceItem("cost_centre", "8", "ADM", "Administration", "1")])
    for parts in (
        {"source": neighbour.brex},
        {"ledger": neighbour.odoo},
        {"cost_centre": neighbour.value("cost_centre", "ADM")},
    ):
        with pytest.raises(RefusedError, match="There is no such"):
            house.flow(CARD, **parts)
    with pytest.raises(RefusedError, match="There is no such flow"):
        owner(house, Family.CARD_SPEND, neighbour.flow(CARD))
    with pytest.raises(RefusedError, match="There is no such ledger"):
        owner_set(source=house.brex, ledger=neighbour.odoo, company="1", family=Family.CASH, flow=None, by=None)
    assert not FamilyOwner.objects.exists()


def test_the_database_refuses_a_flow_that_mixes_tenants(house: House, neighbour: House) -> None:
    flow = house.flow(CARD)
    with pytest.raises(IntegrityError, match="tenant_fk"):
        _update_now(Flow, flow.pk, ledger_id=neighbour.odoo.pk)
    row = owner(house, Family.CARD_SPEND, flow)
    with pytest.raises(IntegrityError, match="tenant_fk"):
        _update_now(FamilyOwner, row.pk, flow_id=neighbour.flow(CARD).pk)


def _update_now(model: Any, pk: int, **columns: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        model.objects.filter(pk=pk).update(**columns)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_nothing_of_another_tenant_stands_against_a_switch(house: House, neighbour: House) -> None:
    flow_switch_on(ready(neighbour).flow(RECORDS), by=None)
    flow_switch_on(ready(house).flow(RECORDS), by=None)


def test_a_schedule_is_a_periodic_task_that_follows_the_flow(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    flow = ready(house).flow(CARD)
    monkeypatch.setattr(schedule, "_flow_task", "")
    with pytest.raises(RefusedError, match="No task reads sources"):
        schedule.flow_schedule(flow, every=schedule.timedelta(minutes=5))
    schedule.flow_task_set("tests.read")
    with pytest.raises(RefusedError, match="whole number of minutes"):
        schedule.flow_schedule(flow, every=schedule.timedelta(seconds=90))
    task = schedule.flow_schedule(flow, every=schedule.timedelta(minutes=5))
    assert (task.task, task.args, task.enabled) == ("tests.read", f"[{flow.pk}]", False)
    flow_switch_on(flow, by=None)
    assert PeriodicTask.objects.get(pk=task.pk).enabled
    flow_switch_off(flow, by=None)
    assert not PeriodicTask.objects.get(pk=task.pk).enabled
    flow.refresh_from_db()
    schedule.flow_unschedule(flow)
    assert not PeriodicTask.objects.filter(pk=task.pk).exists()


def test_upserting_the_same_flow_changes_nothing_and_a_difference_is_said_in_words(house: House) -> None:
    scope = {"tenant": house.tenant, "source": house.brex, "stream": CARD, "ledger": house.odoo, "company": "1"}
    first = flow_upsert(name="cards", by=None, policies={"vendor_threshold": 90}, **scope)
    assert (first.state, flow_upsert(name="cards", by=None, **scope).state) == ("created", "unchanged")
    changed = flow_upsert(name="cards", by=None, policies={"basis": "cash"}, post_from=DAY, **scope)
    assert changed.changes == ("policies: none -> basis cash", "post_from: none -> 2026-03-01")
    renamed = flow_upsert(name="our cards", by=None, policies={"basis": "cash"}, post_from=DAY, **scope)
    assert (renamed.row.pk, renamed.changes) == (first.row.pk, ("name: cards -> our cards",))


@pytest.mark.parametrize(("stream", "days"), [(RECORDS, 0), (CARD, 1)])
def test_what_an_archived_flow_owned_goes_to_the_next_flow_from_a_later_day(
    house: House, stream: str, days: int
) -> None:
    """Today where the same stream goes on; another stream would show again what is posted of today."""
    first = flow_switch_on(ready(house).flow(RECORDS, policies={"basis": "accrual"}), by=None)
    owned = set(first.owns.values_list("family", flat=True))
    flow_archive(flow_switch_off(first, by=None), by=None)
    second = flow_switch_on(house.flow(stream, name="second"), by=None)
    followed = {row.family: row.valid_from for row in FamilyOwner.objects.exclude(valid_from=None)}
    assert followed.keys() == owned & {family.value for family in families_shown(second)} != set()
    today = timezone.now().astimezone(house.tenant.zone).date()
    assert set(followed.values()) == {today + timedelta(days=days)}
    assert set(first.owns.values_list("valid_from", flat=True)) == {None}, "what it owned until then stays its own"


def test_what_an_archived_flow_that_never_ran_owned_is_free_from_the_beginning(house: House) -> None:
    ready(house)
    first = flow_dry_run(house.flow(RECORDS), by=None)
    flow_archive(flow_switch_off(first, by=None), by=None)
    second = flow_switch_on(house.flow(RECORDS, name="second"), by=None)
    assert not first.owns.exists()
    assert set(second.owns.values_list("valid_from", flat=True)) == {None}
