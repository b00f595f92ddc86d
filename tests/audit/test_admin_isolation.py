"""Is another tenant's engine room closed, by every address, action, filter and autocomplete? Do auditors only read?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection as database
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from audit import models
from audit.models import Exchange, FollowUp, Hint, Posting, Problem, RecordVersion, Sighting, SyncRecord
from audit.sync.seal import seal_pending
from connectors.models import Membership, Role, Tenant
from mappings.models import MappingRule, ReferenceValue
from tests.audit.office import enter, gap, page, record, standing_office
from tests.factories import connection_make, superuser_make, tenant_make, user_make
from tests.flows.world import World

pytestmark = pytest.mark.django_db

MODELS = (
    "syncrecord", "recordversion", "posting", "sighting", "problem", "mappinggap", "hold", "followup", "lane",
    "highwatermark", "hint", "syncrun", "exchange", "auditevent", "seal", "sealpart",
)  # fmt: skip
RECORD_ACTIONS = ("replay_one", "decide", "skip")
POSTING_ACTIONS = ("bind", "declare_absent")
PROBLEM_ACTIONS = ("map", "solve", "assign")


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with standing_office(django_db_blocker) as one:
        row = record(one, "posted")
        both = {"tenant": one.tenant, "connection": one.connection("Brex")}
        Hint.objects.create(**both, stream="accounting_records", external_id="accr_1")
        FollowUp.objects.create(**both, record=row, kind="attach", subject="receipt")
        Sighting.objects.create(
            tenant=one.tenant, ledger=one.connection("Odoo"), company="1", stamp="s", entry_id="1", state="posted"
        )
        Exchange.objects.create(
            tenant_id=one.tenant.pk, connection_id=one.connection("Brex").pk, method="GET", url="/v1", seconds=1
        )
        with database.cursor() as cursor:  # notes of rows that earlier tests emptied away
            cursor.execute("DELETE FROM audit_unsealed WHERE tenant_id IS DISTINCT FROM %s", [one.tenant.pk])
        seal_pending()
        yield one


@pytest.fixture
def stranger(made: World) -> Client:
    """The administrator of another tenant."""
    return enter(tenant_make("globex"), Role.ADMINISTRATOR)


def rows_of(name: str) -> list[Model]:
    model = next(one for one in vars(models).values() if getattr(getattr(one, "_meta", None), "model_name", "") == name)
    return list(model._default_manager.all())


def test_every_model_of_the_engine_room_is_registered() -> None:
    registered = {model._meta.model_name for model in admin.site._registry if model._meta.app_label == "audit"}
    assert registered == set(MODELS)


@pytest.mark.parametrize("name", MODELS)
def test_another_tenants_rows_do_not_exist(made: World, stranger: Client, name: str) -> None:
    rows = rows_of(name)
    assert rows, f"there is no {name} to hide"
    answer = stranger.get(page(name, "changelist"))
    assert answer.status_code == 200
    assert list(answer.context["cl"].queryset) == []
    assert made.tenant.name not in answer.content.decode()
    for row in rows[:3]:
        for way in ("change", "history", "delete"):
            assert stranger.get(page(name, way, row.pk)).status_code == 404, way
            assert stranger.post(page(name, way, row.pk), {"post": "yes"}).status_code in (403, 404), way
    member = enter(made.tenant, Role.AUDITOR).get(page(name, "changelist"))
    assert member.context["cl"].queryset.count() > 0


@pytest.mark.parametrize("method", ["get", "post"])
def test_another_tenants_actions_do_not_exist(made: World, stranger: Client, method: str) -> None:
    flow = made.flow("records")
    addresses = [page("syncrecord", name, record(made, "held").pk) for name in RECORD_ACTIONS]
    addresses += [page("posting", name, Posting.objects.order_by("id")[0].pk) for name in POSTING_ACTIONS]
    addresses += [page(model, name, gap(made).pk) for model in ("problem", "mappinggap") for name in PROBLEM_ACTIONS]
    addresses += [reverse(f"admin:mappings_flow_{name}", args=[flow.pk]) for name in ("sync_now", "preview_change")]
    before = list(SyncRecord.objects.order_by("id").values())
    for address in addresses:
        answer = getattr(stranger, method)(address, {"confirmed": "1", "reason": "mine"})
        assert answer.status_code == 404, address
    assert list(SyncRecord.objects.order_by("id").values()) == before


def test_list_actions_leave_another_tenants_rows_alone(made: World, stranger: Client) -> None:
    row, problem = record(made, "held"), gap(made)
    for across in ("0", "1"):
        form = {"action": "replay_selected", "_selected_action": [row.pk], "select_across": across, "confirmed": "1"}
        stranger.post(page("syncrecord", "changelist"), form)
        stranger.post(
            page("problem", "changelist"),
            {"action": "take_selected", "_selected_action": [problem.pk], "select_across": across},
        )
    row.refresh_from_db()
    problem.refresh_from_db()
    assert (row.state, problem.owner) == ("held", None)


def test_a_worker_here_who_is_an_auditor_there_acts_here_alone(made: World) -> None:
    """A selection that spans tenants is cut down to those where the user may work."""
    user = user_make(tenant_make("globex"), Role.ADMINISTRATOR)
    Membership.objects.create(user=user, tenant=made.tenant, role=Role.AUDITOR)
    client = Client()
    client.force_login(user)
    row = record(made, "held")
    assert client.get(page("syncrecord", "change", row.pk)).status_code == 200
    form = {"action": "replay_selected", "_selected_action": [row.pk], "confirmed": "1"}
    answer = client.post(page("syncrecord", "changelist"), form)
    assert "Nothing of this selection can be replayed." in answer.content.decode()
    for name in RECORD_ACTIONS:
        assert client.post(page("syncrecord", name, row.pk), {"confirmed": "1", "reason": "x"}).status_code == 403
    row.refresh_from_db()
    assert row.state == "held"


def test_filters_name_nothing_of_another_tenant(made: World, stranger: Client) -> None:
    for name in MODELS:
        text = stranger.get(page(name, "changelist")).content.decode()
        for word in (made.tenant.name, "Brex", "accounting records"):
            assert word not in text, (name, word)
    flow = made.flow("records")
    answer = stranger.get(page("syncrecord", "changelist") + f"?flow={flow.pk}")
    assert list(answer.context["cl"].queryset) == []


def test_autocompletes_offer_nothing_of_another_tenant(made: World, stranger: Client) -> None:
    query = {"app_label": "mappings", "model_name": "mappingrule", "field_name": "value"}
    address = reverse("admin:autocomplete")
    asked = {**query, "kinds": "account", "of_tenant": made.tenant.pk, "of_ledger": made.connection("Odoo").pk}
    assert stranger.get(address, asked).json()["results"] == []
    assert enter(made.tenant, Role.FINANCE).get(address, asked).json()["results"] != []


def test_a_value_of_another_tenant_fills_no_gap(made: World, stranger: Client) -> None:
    other = Tenant.objects.get(slug="globex")
    theirs = ReferenceValue.objects.create(
        tenant=other, connection=connection_make(other, "odoo"), company="1", kind="account", external_id="9", code="9"
    )
    finance = enter(made.tenant, Role.FINANCE)
    form = {"value": theirs.pk, "scope": "flow", "reason": "mine", "confirmed": "1"}
    answer = finance.post(page("mappinggap", "map", gap(made).pk), form)
    assert "Select a valid choice" in answer.content.decode()
    assert not MappingRule.objects.filter(value=theirs).exists()


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.AUDITOR])
def test_facts_are_never_typed(made: World, name: str, role: Role) -> None:
    client = enter(made.tenant, role)
    row = rows_of(name)[0]
    assert client.get(page(name, "add")).status_code == 403
    assert client.get(page(name, "change", row.pk)).status_code == 200
    assert client.post(page(name, "change", row.pk), {"state": "posted"}).status_code == 403
    assert client.post(page(name, "delete", row.pk), {"post": "yes"}).status_code == 403
    actions = client.get(page(name, "changelist")).context["cl"].model_admin.get_actions
    assert "delete_selected" not in actions(client.get(page(name, "changelist")).wsgi_request)


def test_an_auditor_reads_everything_and_acts_on_nothing(made: World) -> None:
    auditor = enter(made.tenant, Role.AUDITOR)
    row, posting, problem = record(made, "held"), Posting.objects.order_by("id")[0], gap(made)
    refused = [page("syncrecord", name, row.pk) for name in RECORD_ACTIONS]
    refused += [page("posting", name, posting.pk) for name in POSTING_ACTIONS]
    refused += [page("problem", name, problem.pk) for name in PROBLEM_ACTIONS]
    for address in refused:
        assert auditor.get(address).status_code == 403, address
        assert auditor.post(address, {"confirmed": "1", "reason": "x"}).status_code == 403, address
    form = {"action": "replay_selected", "_selected_action": [row.pk], "confirmed": "1"}
    auditor.post(page("syncrecord", "changelist"), form)
    row.refresh_from_db()
    assert row.state == "held"
    text = auditor.get(page("syncrecord", "change", row.pk)).content.decode()
    assert not [name for name in RECORD_ACTIONS if page("syncrecord", name, row.pk) in text]


def test_a_superuser_sees_all_and_still_types_no_facts(made: World) -> None:
    client = Client()
    client.force_login(superuser_make())
    for name in MODELS:
        row = rows_of(name)[0]
        assert client.get(page(name, "changelist")).context["cl"].queryset.count() > 0, name
        assert client.get(page(name, "change", row.pk)).status_code == 200, name
        assert client.get(page(name, "add")).status_code == 403, name
    assert client.get(reverse("admin:index")).context["states"]


def test_a_record_shows_no_version_of_another_record(made: World) -> None:
    first, second = SyncRecord.objects.order_by("id")[:2]
    RecordVersion.objects.filter(record=second).update(number=7)
    answer = enter(made.tenant).get(page("syncrecord", "change", first.pk) + "?version=7")
    assert answer.context["version"] is None


def test_the_menu_holds_only_what_one_may_open(made: World) -> None:
    mine = enter(made.tenant, Role.AUDITOR).get(reverse("admin:index")).content.decode()
    assert page("mappinggap", "changelist") in mine
    assert reverse("admin:auth_user_changelist") not in mine
    nobody = Client()
    nobody.force_login(user_make())
    theirs = nobody.get(reverse("admin:index")).content.decode()
    assert page("syncrecord", "changelist") not in theirs
    assert Problem.objects.exists()
