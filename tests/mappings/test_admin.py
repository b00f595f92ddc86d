"""Can people map and route in the admin, with every refusal on the page, and see nothing of another tenant?"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from connectors.documents import Role
from connectors.models import Role as Person
from connectors.records import Family
from mappings import schedule
from mappings.models import AccountMapping, FamilyOwner, Flow, MappingRule, RoleAccount
from mappings.services import flow_switch_on, owner_set
from tests.factories import user_make
from tests.mappings.make import House, accounts, ready

MODELS = ("flow", "familyowner", "roleaccount", "referencevalue", "accountmapping", "costcentremapping",
          "vendormapping", "fieldmapping")  # fmt: skip
FLOW = {
    "name": "cards", "stream": "card_transactions", "company": "1", "document": "spend", "policy_basis": "accrual",
    "policy_closed_period": "next_open_day", "policy_vendor_threshold": "95", "policy_vendor_margin": "8",
    "kinds": ["chargeback", "card_reward"], "legal_entities": "le_1, le_2", "payment_journals": "45=6",
}  # fmt: skip


def url(model: str, page: str, *args: Any) -> str:
    return reverse(f"admin:mappings_{model}_{page}", args=args)


def enter(house: House, role: Person) -> Client:
    client = Client()
    client.force_login(user_make(house.tenant, role))
    return client


@pytest.fixture
def finance(house: House) -> Client:
    return enter(house, Person.FINANCE)


@pytest.fixture
def administrator(house: House) -> Client:
    return enter(house, Person.ADMINISTRATOR)


def rule_form(house: House, **parts: Any) -> dict[str, Any]:
    return {
        "tenant": house.tenant.pk, "target": "account", "field_1": "category", "value_1": "rent", "label_1": "Rent",
        "value": house.value("account", "612000").pk, "priority": "0", "reason": "as agreed", **parts,
    }  # fmt: skip


# --- pages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_every_list_opens_for_its_members_and_is_empty_for_others(house: House, neighbour: House, model: str) -> None:
    for one in (house, neighbour):
        flow = ready(one).flow("card_transactions")
        owner_set(source=one.brex, ledger=one.odoo, company="1", family=Family.CARD_SPEND, flow=flow, by=None)
    page = enter(house, Person.AUDITOR).get(url(model, "changelist"))
    assert page.status_code == 200
    assert {row.tenant_id for row in page.context["cl"].queryset} <= {house.tenant.pk}
    assert neighbour.tenant.name not in page.content.decode()


def test_every_model_of_mappings_is_registered() -> None:
    registered = {model._meta.model_name for model in admin.site._registry if model._meta.app_label == "mappings"}
    assert registered == set(MODELS)


def test_an_auditor_reads_every_page_and_changes_none(house: House) -> None:
    ready(house)
    flow = house.flow("card_transactions", filter={"kinds": ["chargeback"]})
    owner = owner_set(source=house.brex, ledger=house.odoo, company="1", family=Family.CARD_CREDIT, flow=flow, by=None)
    rows = {
        "flow": flow, "familyowner": owner, "roleaccount": RoleAccount.objects.first(),
        "referencevalue": house.value("account", "612000"), "accountmapping": MappingRule.objects.get(),
    }  # fmt: skip
    auditor = enter(house, Person.AUDITOR)
    for model, row in rows.items():
        assert auditor.get(url(model, "change", row.pk)).status_code == 200
        assert auditor.get(url(model, "add")).status_code == 403
        assert auditor.post(url(model, "change", row.pk), {}).status_code == 403
    for action in ("flow_switch_on", "flow_switch_off", "flow_archive", "accountmapping_archive"):
        row = rows[action.split("_")[0]]
        assert auditor.post(reverse(f"admin:mappings_{action}", args=[row.pk])).status_code == 403
    assert Flow.objects.get().state == "off"


def test_another_tenants_rows_are_not_found_by_any_address(house: House, neighbour: House) -> None:
    flow = ready(neighbour).flow("card_transactions")
    owner = owner_set(
        source=neighbour.brex, ledger=neighbour.odoo, company="1", family=Family.CARD_SPEND, flow=flow, by=None
    )
    administrator = enter(house, Person.ADMINISTRATOR)
    for model, row in {
        "flow": flow, "familyowner": owner, "roleaccount": RoleAccount.objects.first(),
        "referencevalue": neighbour.value("account", "612000"), "accountmapping": MappingRule.objects.get(),
    }.items():  # fmt: skip
        assert row is not None
        for page in ("change", "history"):
            assert administrator.get(url(model, page, row.pk)).status_code == 404
    for action in ("switch_on", "dry_run", "switch_off", "archive", "propose_owners", "usual_accounts"):
        assert administrator.post(reverse(f"admin:mappings_flow_{action}", args=[flow.pk])).status_code == 404
    assert Flow.objects.get().state == "off"


# --- rules --------------------------------------------------------------------------------------------------------


def test_finance_adds_a_rule_and_its_history_names_them(house: House, finance: Client) -> None:
    answer = finance.post(url("accountmapping", "add"), rule_form(house))
    assert answer.status_code == 302, answer.context["errors"]
    rule = MappingRule.objects.get()
    assert (rule.when, rule.labels, rule.reason) == ({"category": "rent"}, {"category": "Rent"}, "as agreed")
    assert rule.created_by is not None
    assert rule.history.get().history_user == rule.created_by
    assert str(rule.created_by).startswith("finance")


def test_a_changed_rule_keeps_its_conditions_and_its_history(house: House, finance: Client) -> None:
    rule = house.rule({"category": "rent", "department": "d1"}, labels={"department": "Research"})
    page = finance.get(url("accountmapping", "change", rule.pk)).context["adminform"].form
    shown = {name: page.initial.get(name) for name in ("field_1", "value_2", "label_2")}
    assert shown == {"field_1": "category", "value_2": "d1", "label_2": "Research"}
    form = rule_form(house, field_2="department", value_2="d1", value=house.value("account", "600000").pk)
    assert finance.post(url("accountmapping", "change", rule.pk), form).status_code == 302
    rule.refresh_from_db()
    assert (rule.value.code, rule.when) == ("600000", {"category": "rent", "department": "d1"})
    assert rule.history.count() == 2
    assert "as agreed" in finance.get(url("accountmapping", "history", rule.pk)).content.decode()


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ({"value_1": ""}, "A condition has a field and a value."),
        ({"field_1": "", "value_1": ""}, "at least one condition"),
        ({"field_2": "category", "value_2": "x"}, "There is a condition on category already."),
        ({"target": "tax"}, "Select a valid choice"),
        ({"code": "201100"}, "control or bank account"),
        ({"field_1": "category", "value_1": "taken"}, "already a rule for category"),
    ],
)
def test_a_rule_that_cannot_be_comes_back_with_the_reason(
    house: House, finance: Client, parts: dict[str, Any], text: str
) -> None:
    house.rule({"category": "taken"})
    if code := parts.pop("code", ""):
        parts["value"] = house.value("account", code).pk
    answer = finance.post(url("accountmapping", "add"), rule_form(house, **parts))
    assert answer.status_code == 200
    assert text in str(answer.context["errors"])
    assert MappingRule.objects.count() == 1


def test_no_form_takes_another_tenants_parts(house: House, neighbour: House, finance: Client) -> None:
    flow = neighbour.flow("card_transactions")
    for parts in (
        {"tenant": neighbour.tenant.pk},
        {"value": neighbour.value("account", "612000").pk},
        {"flow": flow.pk},
    ):
        answer = finance.post(url("accountmapping", "add"), rule_form(house, **parts))
        assert answer.status_code == 200
        assert "not one of the available choices" in str(answer.context["errors"])
    assert not MappingRule.objects.exists()


def test_a_person_of_two_tenants_cannot_mix_them(house: House, neighbour: House) -> None:
    client, user = Client(), user_make(house.tenant, Person.FINANCE)
    user.memberships.create(tenant=neighbour.tenant, role=Person.FINANCE)
    client.force_login(user)
    form = rule_form(house, value=neighbour.value("account", "612000").pk)
    assert "belongs to another tenant" in str(client.post(url("accountmapping", "add"), form).context["errors"])
    form = {"ledger": house.odoo.pk, "company": "1", "role": "AP", "account": neighbour.value("account", "211000").pk}
    assert "belongs to another tenant" in str(client.post(url("roleaccount", "add"), form).context["errors"])
    assert not RoleAccount.objects.exists()


def test_archiving_asks_first_and_keeps_the_reason(house: House, finance: Client) -> None:
    rule = house.rule({"category": "rent"})
    address = reverse("admin:mappings_accountmapping_archive", args=[rule.pk])
    assert "records that need one are held" in finance.get(address).content.decode()
    assert MappingRule.objects.get().archived_at is None
    finance.post(address, {"reason": "wrong account"})
    rule.refresh_from_db()
    assert rule.archived_at
    assert rule.history.latest().history_change_reason == "wrong account"
    assert finance.post(url("accountmapping", "change", rule.pk), rule_form(house)).status_code == 403


def test_lists_show_rules_in_force_and_flag_those_whose_value_is_gone(house: House, finance: Client) -> None:
    house.rule({"category": "rent"})
    house.rule({"category": "meals"}, "600000")
    house.refresh("account", accounts("612000"))
    page = finance.get(url("accountmapping", "changelist"), {"state": "gone"})
    assert [rule.conditions for rule in page.context["cl"].queryset] == ["category rent"]
    selected = {"action": "archive_selected", "_selected_action": [rule.pk for rule in AccountMapping.objects.all()]}
    finance.post(url("accountmapping", "changelist"), selected)
    assert not finance.get(url("accountmapping", "changelist")).context["cl"].queryset.exists()
    assert finance.get(url("accountmapping", "changelist"), {"state": "archived"}).context["cl"].queryset.count() == 2


# --- what is offered ----------------------------------------------------------------------------------------------


def test_a_rule_is_offered_the_active_accounts_of_its_tenant_and_flow(
    house: House, neighbour: House, finance: Client
) -> None:
    house.refresh("account", accounts("600000"))
    flow = house.flow("card_transactions")
    page = finance.get(url("accountmapping", "add"), {"flow": flow.pk}).content.decode()
    address = _offered_address(page)
    answer = finance.get(f"{address}&{_field('accountmapping', 'value', term='61')}").json()["results"]
    assert [one["text"] for one in answer] == [f"612000 Rent · {house.odoo.name} 1"]
    for said in (f"of_tenant={neighbour.tenant.pk}", "of_tenant=x", "of_ledger=9999999999999999999999"):
        address = f"{reverse('admin:autocomplete')}?{said}&{_field('accountmapping', 'value', term='61')}"
        assert finance.get(address).json()["results"] == []


def _offered_address(page: str) -> str:
    start = page.index('data-ajax--url="') + len('data-ajax--url="')
    return page[start : page.index('"', start)].replace("&amp;", "&")


def _field(model: str, name: str, **more: str) -> str:
    return urlencode({"app_label": "mappings", "model_name": model, "field_name": name, **more})


# --- flows --------------------------------------------------------------------------------------------------------


def test_an_administrator_adds_a_flow_with_policies_and_filter(house: House, administrator: Client) -> None:
    form = {**FLOW, "tenant": house.tenant.pk, "source": house.brex.pk, "ledger": house.odoo.pk}
    answer = administrator.post(url("flow", "add"), form)
    assert answer.status_code == 302, answer.context["errors"]
    flow = Flow.objects.get()
    assert flow.filter == {"kinds": ["card_reward", "chargeback"], "legal_entities": ["le_1", "le_2"]}
    assert (flow.policy.closed_period, flow.policy.vendor_threshold) == ("next_open_day", 95)
    assert flow.uses_journals.payments == {"45": "6"}
    assert (flow.state, flow.history.count()) == ("off", 1)
    page = administrator.get(url("flow", "change", flow.pk)).context["adminform"].form
    assert page.initial["legal_entities"] == "le_1, le_2"
    assert page.initial["policy_vendor_threshold"] == 95


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ({"stream": "vendors"}, "does not become entries"),
        ({"payment_journals": "45"}, "Write account=journal"),
        ({"every_minutes": "5"}, "No task reads sources"),
        ({"policy_vendor_threshold": "many"}, "Enter a whole number"),
        ({"legal_entities": "le_9"}, "takes this stream and filter into this company already"),
    ],
)
def test_a_flow_that_cannot_be_comes_back_with_the_reason(
    house: House, administrator: Client, monkeypatch: pytest.MonkeyPatch, parts: dict[str, Any], text: str
) -> None:
    monkeypatch.setattr(schedule, "_flow_task", "")
    house.flow("card_transactions", filter={"kinds": FLOW["kinds"], "legal_entities": ["le_9"]})
    form = {**FLOW, "tenant": house.tenant.pk, "source": house.brex.pk, "ledger": house.odoo.pk, **parts}
    answer = administrator.post(url("flow", "add"), form)
    assert answer.status_code == 200
    assert text in str(answer.context["errors"])
    assert Flow.objects.count() == 1


def test_a_flow_of_another_tenants_connections_is_refused(
    house: House, neighbour: House, administrator: Client
) -> None:
    form = {**FLOW, "tenant": house.tenant.pk, "source": neighbour.brex.pk, "ledger": house.odoo.pk}
    assert "not one of the available choices" in str(administrator.post(url("flow", "add"), form).context["errors"])


def test_a_schedule_is_set_and_taken_away_on_the_flows_page(
    house: House, administrator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "_flow_task", "tests.read")
    flow = house.flow("card_transactions")
    form = {**FLOW, "name": flow.name, "source": house.brex.pk, "ledger": house.odoo.pk, "every_minutes": "5"}
    assert administrator.post(url("flow", "change", flow.pk), form).status_code == 302
    flow.refresh_from_db()
    assert flow.schedule is not None
    assert flow.schedule.interval.every == 5
    administrator.post(url("flow", "change", flow.pk), {**form, "every_minutes": ""})
    flow.refresh_from_db()
    assert flow.schedule is None


def test_switching_on_shows_every_reason_and_does_nothing(house: House, administrator: Client) -> None:
    flow = house.flow("card_transactions")
    address = reverse("admin:mappings_flow_switch_on", args=[flow.pk])
    for page in (administrator.get(address), administrator.post(address)):
        text = page.content.decode()
        assert "No account plays the role CARD in this company." in text
        assert "No rule leads to a cost account of this company." in text
    flow.refresh_from_db()
    assert flow.state == "off"
    assert "No account plays the role CARD" in administrator.get(url("flow", "change", flow.pk)).content.decode()


def test_a_flow_is_made_ready_and_switched_on_by_clicks_alone(house: House, administrator: Client) -> None:
    flow = house.flow("card_transactions")
    house.rule({"category": "rent"})
    accounts_page = reverse("admin:mappings_flow_usual_accounts", args=[flow.pk])
    assert "TRANSIT: 101404 Outstanding Payments" in administrator.get(accounts_page).content.decode()
    administrator.post(accounts_page)
    assert RoleAccount.objects.filter(role=Role.CARD).exists()
    administrator.post(reverse("admin:mappings_flow_propose_owners", args=[flow.pk]))
    assert FamilyOwner.objects.get(family="F1").flow == flow
    answer = administrator.post(reverse("admin:mappings_flow_switch_on", args=[flow.pk]), {"reason": "go-live"})
    assert answer.status_code == 302
    flow.refresh_from_db()
    assert (flow.state, flow.history.latest().history_change_reason) == ("on", "go-live")


def test_operations_may_pause_a_flow_and_not_change_it(house: House) -> None:
    flow = flow_switch_on(ready(house).flow("card_transactions"), by=None)
    operations = enter(house, Person.OPERATIONS)
    assert operations.post(reverse("admin:mappings_flow_switch_off", args=[flow.pk])).status_code == 302
    assert operations.post(reverse("admin:mappings_flow_archive", args=[flow.pk])).status_code == 403
    assert operations.get(url("flow", "change", flow.pk)).status_code == 200
    assert operations.post(url("flow", "change", flow.pk), FLOW).status_code == 403
    flow.refresh_from_db()
    assert flow.state == "off"


# --- roles and owners ---------------------------------------------------------------------------------------------


def test_a_role_is_given_changed_and_taken_away_with_history(house: House, finance: Client) -> None:
    form = {"ledger": house.odoo.pk, "company": "1", "role": "CARD", "account": house.value("account", "201100").pk}
    assert finance.post(url("roleaccount", "add"), form).status_code == 302
    row = RoleAccount.objects.get()
    assert row.tenant == house.tenant
    wrong = finance.post(url("roleaccount", "change", row.pk), {"account": house.value("account", "612000").pk})
    assert "its type is expense" in str(wrong.context["errors"])
    finance.post(url("roleaccount", "delete", row.pk), {"post": "yes"})
    assert not RoleAccount.objects.exists()
    assert RoleAccount.history.filter(role="CARD").latest().history_type == "-"


def test_an_owner_is_added_and_refusals_are_on_the_page(house: House, finance: Client) -> None:
    flow = flow_switch_on(ready(house).flow("card_transactions"), by=None)
    form = {"source": house.brex.pk, "ledger": house.odoo.pk, "company": "1", "family": "F1", "flow": ""}
    assert "X1: card_transactions owns F1" in str(finance.post(url("familyowner", "add"), form).context["errors"])
    assert finance.post(url("familyowner", "add"), {**form, "valid_from": "2026-04-01"}).status_code == 302
    page = finance.get(url("familyowner", "changelist"), {"q": ""}).context["cl"].result_list
    assert [row.flow for row in page if row.family == "F1"] == [flow, None]
    assert finance.post(url("familyowner", "change", FamilyOwner.objects.latest("pk").pk), form).status_code == 403
