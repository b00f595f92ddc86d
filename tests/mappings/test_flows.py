"""How does a flow begin, change and end, and does it ever mix tenants?"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django_celery_beat.models import PeriodicTask

from connectors.base import ReferenceItem
from connectors.records import Family
from mappings import schedule
from mappings.models import FamilyOwner, Flow
from mappings.refusals import RefusedError
from mappings.selectors import flows_for
from mappings.services import (
    flow_archive,
    flow_save,
    flow_switch_off,
    flow_switch_on,
    flow_upsert,
    owner_set,
)
from tests.mappings.make import CARD, House, owner, ready

DAY = date(2026, 3, 1)


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
