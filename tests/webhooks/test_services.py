"""Are endpoints registered where and how they should be, and do they turn without losing a message?"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db import connection as database
from django.utils import timezone

from audit.models import AuditEvent
from connectors.models import Connection, Tenant
from mappings.refusals import RefusedError
from tests.factories import connection_make, tenant_make
from tests.webhooks.sender import Sender, event
from tests.webhooks.simulated import brex
from webhooks import tasks
from webhooks.lookup import doors_forget
from webhooks.models import Endpoint, WebhookDelivery
from webhooks.services import (
    delivery_replay,
    endpoint_create,
    endpoint_register,
    endpoint_rotate,
    endpoint_switch,
    endpoint_update,
)


def test_registering_subscribes_fetches_the_secrets_and_can_be_repeated(tenant: Tenant, woken: list[str]) -> None:
    with brex(tenant) as (simulator, connection):
        endpoint = endpoint_create(connection=connection, by="dana")
        for _ in range(2):
            endpoint_register(endpoint, by="dana")
        subscription = next(iter(simulator.store.subscriptions))
        assert len(list(simulator.store.subscriptions)) == 1
    assert subscription["url"] == f"http://127.0.0.1:8000/hooks/{endpoint.opaque}/"
    assert (endpoint.state, endpoint.subscription_id) == ("active", subscription["id"])
    assert endpoint.secrets.count() == 1
    kinds = AuditEvent.objects.filter(actor="dana").order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["endpoint.created", "endpoint.registered", "endpoint.secrets", "endpoint.registered"]


def test_only_chosen_events_are_asked_for(tenant: Tenant, woken: list[str]) -> None:
    with brex(tenant) as (simulator, connection):
        endpoint = endpoint_create(connection=connection, event_types=["TRANSFER_FAILED", "TRANSFER_FAILED"], by="x")
        endpoint_register(endpoint, by="x")
        assert next(iter(simulator.store.subscriptions))["event_types"] == ["TRANSFER_FAILED"]
        endpoint_update(endpoint, event_types=["TRANSFER_PROCESSED"], by="x")
        assert endpoint.state == "new"
        endpoint_register(endpoint, by="x")
        assert [one["event_types"] for one in simulator.store.subscriptions] == [["TRANSFER_PROCESSED"]]


def test_a_real_vendor_is_given_https_addresses_only(tenant: Tenant) -> None:
    connection = connection_make(tenant, address="https://platform.brexapis.com", state="ok")
    endpoint = endpoint_create(connection=connection, by="x")
    with pytest.raises(RefusedError, match="https://"):
        endpoint_register(endpoint, by="x")
    assert Endpoint.objects.get().state == "new"


def test_what_the_vendor_says_against_it_is_the_reason(tenant: Tenant) -> None:
    with brex(tenant) as (simulator, connection):
        endpoint = endpoint_create(connection=connection, event_types=["EMBEDDED_CARD_UPDATED"], by="x")
        with pytest.raises(RefusedError):
            endpoint_register(endpoint, by="x")
        assert list(simulator.store.subscriptions) == []


@pytest.mark.parametrize("state", ["broken", "off"])
def test_a_connection_that_does_not_work_is_not_registered(tenant: Tenant, state: str) -> None:
    endpoint = endpoint_create(connection=connection_make(tenant, state=state), by="x")
    with pytest.raises(RefusedError, match="test it first"):
        endpoint_register(endpoint, by="x")


def test_a_vendor_without_webhooks_gets_no_endpoint(tenant: Tenant) -> None:
    with pytest.raises(RefusedError, match="Odoo"):
        endpoint_create(connection=connection_make(tenant, "odoo"), by="x")


def test_a_new_address_answers_at_once_and_the_old_one_until_its_grace_ends(sender: Sender) -> None:
    before = sender.endpoint.path
    sender.post(event("accr_0"), "msg_0")
    endpoint_rotate(sender.endpoint, by="dana")
    assert sender.endpoint.path != before
    assert sender.post(event("accr_1"), "msg_1", path=before).status_code == 202
    assert sender.post(event("accr_1"), "msg_1").status_code == 200
    Endpoint.objects.update(previous_until=timezone.now() - timedelta(seconds=1))
    doors_forget()
    assert sender.post(event("accr_2"), "msg_2", path=before).status_code == 404
    assert sender.post(event("accr_2"), "msg_2").status_code == 202
    tasks.housekeep()
    assert Endpoint.objects.get().previous_opaque is None


def test_a_second_rotation_closes_the_first_address(sender: Sender) -> None:
    first = sender.endpoint.path
    endpoint_rotate(sender.endpoint, by="x")
    second = sender.endpoint.path
    endpoint_rotate(sender.endpoint, by="x")
    statuses = [sender.post(event("accr_1"), path=path).status_code for path in (first, second, sender.endpoint.path)]
    assert statuses == [404, 202, 200]


def test_an_archived_connection_receives_nothing(sender: Sender) -> None:
    Connection.objects.update(archived_at=timezone.now())
    assert sender.post(event("accr_1")).status_code == 404


def test_switching_on_again_answers_again(sender: Sender) -> None:
    endpoint_switch(sender.endpoint, is_on=False, by="x")
    endpoint_switch(sender.endpoint, is_on=True, by="x")
    assert sender.post(event("accr_1")).status_code == 202


def test_a_replay_is_noted_for_each_delivery_and_is_new_work(sender: Sender) -> None:
    sender.post(event("accr_1"))
    tasks.deliveries_work()
    row = sender.delivery
    assert delivery_replay([row.pk, 10**12], by="olga") == 1
    assert sender.delivery.state == "new"
    assert AuditEvent.objects.get(kind="delivery.replayed").actor == "olga"
    assert tasks.deliveries_work() == 1


# --- the database itself


def test_the_database_refuses_an_endpoint_of_another_tenants_connection(sender: Sender) -> None:
    Endpoint.objects.update(tenant=tenant_make("globex"))
    with pytest.raises(IntegrityError, match="webhooks_endpoint_connection_id_tenant_fk"):
        database.check_constraints()


def test_the_database_refuses_a_delivery_of_another_tenant(sender: Sender) -> None:
    sender.post(event("accr_1"))
    WebhookDelivery.objects.update(tenant=tenant_make("globex"))
    with pytest.raises(IntegrityError, match="webhooks_webhookdelivery_endpoint_id_tenant_fk"):
        database.check_constraints()


@pytest.mark.parametrize(
    "change",
    [
        {"state": "odd"},
        {"verdict": "odd"},
        {"verdict": "unverified"},  # while it is new, it may not lose its proof
    ],
)
def test_the_database_refuses_states_that_are_none(sender: Sender, change: dict[str, str]) -> None:
    sender.post(event("accr_1"))
    with pytest.raises(IntegrityError), transaction.atomic():
        WebhookDelivery.objects.update(**change)
