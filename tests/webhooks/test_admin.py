"""Does the admin set endpoints up, show no secret, replay what it says, and keep tenants and roles apart?"""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from connectors.models import Role, Tenant
from tests.factories import connection_make, superuser_make, tenant_make, user_make
from tests.webhooks.sender import CURRENT, Sender, event, house_make
from tests.webhooks.simulated import brex
from webhooks import tasks
from webhooks.admin import endpoints
from webhooks.models import Endpoint, EndpointSecret, WebhookDelivery


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def admin(tenant: Tenant) -> Client:
    return browser(user_make(tenant))


@pytest.fixture
def operations(tenant: Tenant) -> Client:
    return browser(user_make(tenant, Role.OPERATIONS))


@pytest.fixture
def others(sender: Sender) -> Sender:
    made = house_make(tenant_make("globex"))
    made.post(event("accr_globex"), "msg_globex")
    return made


def url(model: str, page: str, *args: object) -> str:
    return reverse(f"admin:webhooks_{model}_{page}", args=args)


def replay_url(*rows: WebhookDelivery) -> str:
    return f"{url('webhookdelivery', 'replay_selected')}?ids={','.join(str(row.pk) for row in rows)}"


# --- endpoints


def test_what_is_to_be_done_by_hand_sets_off_screens_and_believes_no_markup(
    admin: Client, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = ("Open *Settings > Webhooks*.", "<b>Tick</b> the secret.")
    monkeypatch.setattr(endpoints, "connector_get", lambda vendor: SimpleNamespace(webhook_steps=steps))
    text = admin.get(url("endpoint", "change", endpoint.pk)).content.decode()
    assert "1. Open <em>Settings &gt; Webhooks</em>." in text
    assert "2. &lt;b&gt;Tick&lt;/b&gt; the secret." in text


def test_an_endpoint_is_made_and_registered_in_two_steps(admin: Client, tenant: Tenant, woken: list[str]) -> None:
    with brex(tenant) as (simulator, connection):
        fields = {"tenant": tenant.pk, "connection": connection.pk, "event_types": "TRANSFER_FAILED"}
        assert admin.post(url("endpoint", "add"), fields).status_code == 302
        row = Endpoint.objects.get()
        page = admin.get(url("endpoint", "register", row.pk)).content.decode()
        assert row.url in page
        assert list(simulator.store.subscriptions) == []
        assert admin.post(url("endpoint", "register", row.pk)).status_code == 302
        assert [one["url"] for one in simulator.store.subscriptions] == [row.url]
        assert admin.post(url("endpoint", "refresh_secrets", row.pk)).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.event_types) == ("active", ["TRANSFER_FAILED"])


def test_what_stands_against_registering_is_shown(admin: Client, tenant: Tenant) -> None:
    connection = connection_make(tenant, address="https://platform.brexapis.com", state="ok")
    admin.post(url("endpoint", "add"), {"tenant": tenant.pk, "connection": connection.pk, "event_types": ""})
    row = Endpoint.objects.get()
    page = admin.post(url("endpoint", "register", row.pk))
    assert "MLC_PUBLIC_URL must begin with https://" in page.content.decode()


def test_a_vendor_without_webhooks_is_refused_at_its_field(admin: Client, tenant: Tenant) -> None:
    connection = connection_make(tenant, "odoo")
    page = admin.post(url("endpoint", "add"), {"tenant": tenant.pk, "connection": connection.pk, "event_types": ""})
    assert "sends no webhooks" in page.content.decode()
    assert not Endpoint.objects.exists()


def test_no_page_holds_a_secret(admin: Client, sender: Sender) -> None:
    sender.post(event("accr_1"))
    secret = EndpointSecret.objects.get()
    for page in (
        url("endpoint", "changelist"),
        url("endpoint", "change", sender.endpoint.pk),
        url("endpoint", "history", sender.endpoint.pk),
        url("endpoint", "refresh_secrets", sender.endpoint.pk),
        url("webhookdelivery", "changelist"),
        url("webhookdelivery", "change", sender.delivery.pk),
    ):
        answer = admin.get(page)
        text = answer.content.decode()
        assert answer.status_code == 200, page
        assert CURRENT.removeprefix("whsec_") not in text, page
        assert str(secret.value) not in text, page
        assert secret.fingerprint not in text, page
    assert (
        f"…eHyA fingerprint {secret.fingerprint[:12]}"
        in admin.get(url("endpoint", "change", sender.endpoint.pk)).content.decode()
    )


@pytest.mark.parametrize(("page", "state"), [("switch_off", "off"), ("rotate", "new")])
def test_a_button_acts_only_after_the_confirmation(admin: Client, sender: Sender, page: str, state: str) -> None:
    Endpoint.objects.update(state="active")
    before = sender.endpoint.opaque
    assert admin.get(url("endpoint", page, sender.endpoint.pk)).status_code == 200
    assert Endpoint.objects.get().state == "active"
    assert admin.post(url("endpoint", page, sender.endpoint.pk)).status_code == 302
    row = Endpoint.objects.get()
    assert row.state == state
    assert (row.opaque != before) == (page == "rotate")


def test_other_events_are_asked_for_by_registering_again(admin: Client, sender: Sender) -> None:
    Endpoint.objects.update(state="active")
    admin.post(url("endpoint", "change", sender.endpoint.pk), {"event_types": "TRANSFER_FAILED,TRANSFER_PROCESSED"})
    row = Endpoint.objects.get()
    assert (row.event_types, row.state) == (["TRANSFER_FAILED", "TRANSFER_PROCESSED"], "new")


# --- deliveries


def test_a_body_is_shown_escaped_and_cut(operations: Client, sender: Sender) -> None:
    sender.post(b"<script>alert(1)</script>" + b"y" * 9000)
    page = operations.get(url("webhookdelivery", "change", sender.delivery.pk)).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page
    assert 3000 < page.count("y" * 100) * 100 <= 4000


def test_a_body_that_is_no_text_is_shown_all_the_same(operations: Client, sender: Sender) -> None:
    sender.post(b"\xff\xfe\x00")
    assert operations.get(url("webhookdelivery", "change", sender.delivery.pk)).status_code == 200


def test_nobody_edits_adds_or_deletes_a_delivery(sender: Sender) -> None:
    sender.post(event("accr_1"))
    row = sender.delivery
    client = browser(superuser_make())
    assert client.post(url("webhookdelivery", "change", row.pk), {"message_id": "other"}).status_code == 403
    assert client.get(url("webhookdelivery", "add")).status_code == 403
    assert client.post(url("webhookdelivery", "delete", row.pk), {"post": "yes"}).status_code == 403
    assert client.post(url("endpoint", "delete", sender.endpoint.pk), {"post": "yes"}).status_code == 403
    assert sender.delivery.message_id == "msg_1"


def test_a_replay_says_what_it_will_touch_and_then_does_it(operations: Client, sender: Sender) -> None:
    sender.post(event("accr_1", "accr_2"), "msg_1")
    sender.post(event("accr_2", "accr_3"), "msg_2")
    sender.post(event("accr_4"), "msg_3", signature="v1,AAAA")
    tasks.deliveries_work()
    rows = list(WebhookDelivery.objects.all())
    action = {"action": "replay_selected", "_selected_action": [row.pk for row in rows]}
    answer = operations.post(url("webhookdelivery", "changelist"), action)
    page = operations.get(answer.url).content.decode()
    name = sender.endpoint.connection.name
    assert f"{name}: 2 deliveries, 3 records of accounting_records" in page
    assert "1 delivery not proven to be the vendor&#x27;s stay" in page
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"done", "ignored"}
    assert operations.post(answer.url).status_code == 302
    assert dict(WebhookDelivery.objects.values_list("message_id", "state")) == {
        "msg_1": "new",
        "msg_2": "new",
        "msg_3": "ignored",
    }


def test_one_delivery_is_replayed_from_its_page(operations: Client, sender: Sender) -> None:
    sender.post(b"no JSON")
    tasks.deliveries_work()
    row = sender.delivery
    page = operations.get(url("webhookdelivery", "replay", row.pk)).content.decode()
    assert "1 delivery could not be read and will fail again." in page
    operations.post(url("webhookdelivery", "replay", row.pk))
    assert sender.delivery.state == "new"


@pytest.mark.parametrize("role", [Role.FINANCE, Role.AUDITOR])
def test_readers_see_and_touch_nothing(sender: Sender, tenant: Tenant, role: Role) -> None:
    sender.post(event("accr_1"))
    tasks.deliveries_work()
    client = browser(user_make(tenant, role))
    row = sender.delivery
    assert client.get(url("webhookdelivery", "change", row.pk)).status_code == 200
    assert client.get(url("endpoint", "change", sender.endpoint.pk)).status_code == 200
    for address in (
        url("webhookdelivery", "replay", row.pk),
        replay_url(row),
        *(
            url("endpoint", page, sender.endpoint.pk)
            for page in ("register", "rotate", "switch_off", "refresh_secrets")
        ),
    ):
        client.post(address)
    assert sender.delivery.state == "done"
    endpoint = Endpoint.objects.get()
    assert (endpoint.opaque, endpoint.state, endpoint.secrets_asked_at) == (sender.endpoint.opaque, "new", None)


def test_other_tenants_rows_do_not_exist(admin: Client, operations: Client, others: Sender) -> None:
    row = others.delivery
    for client in (admin, operations):
        for page in (url("webhookdelivery", "changelist"), url("endpoint", "changelist")):
            text = client.get(page).content.decode()
            assert "msg_globex" not in text
            assert others.endpoint.connection.name not in text
        for address in (
            url("webhookdelivery", "change", row.pk),
            url("webhookdelivery", "replay", row.pk),
            url("webhookdelivery", "history", row.pk),
            *(url("endpoint", page, others.endpoint.pk) for page in ("change", "rotate", "register", "switch_off")),
        ):
            assert client.get(address).status_code in (302, 403, 404), address
            assert client.post(address).status_code in (302, 403, 404), address
        client.post(replay_url(row))
        assert row.message_id not in client.get(replay_url(row)).content.decode()
        assert others.endpoint.connection.name not in client.get(replay_url(row)).content.decode()
    WebhookDelivery.objects.filter(pk=row.pk).update(state="done", due_at=None)
    operations.post(replay_url(row))
    action = {"action": "replay_selected", "_selected_action": [row.pk]}
    operations.post(url("webhookdelivery", "changelist"), action)
    assert others.delivery.state == "done"
    assert Endpoint.objects.get(pk=others.endpoint.pk).opaque == others.endpoint.opaque


def test_an_endpoint_cannot_be_made_on_another_tenants_connection(
    admin: Client, tenant: Tenant, others: Sender
) -> None:
    before = Endpoint.objects.count()
    for owner in (tenant.pk, others.endpoint.tenant_id):
        fields = {"tenant": owner, "connection": others.endpoint.connection_id, "event_types": ""}
        assert admin.post(url("endpoint", "add"), fields).status_code == 200
    assert Endpoint.objects.count() == before
