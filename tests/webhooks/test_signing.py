"""Do we know the vendor's secrets in time, forget those he dropped, and go on when he cannot be asked?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection as database
from django.utils import timezone

from audit.models import AuditEvent, Exchange
from connectors.brex.simulator import BrexSimulator
from connectors.models import Connection, Tenant
from tests.webhooks.sender import CURRENT, OLD, Sender, event
from tests.webhooks.simulated import brex
from webhooks import tasks
from webhooks.models import Endpoint, EndpointSecret, WebhookDelivery
from webhooks.services import endpoint_create, endpoint_register, endpoint_switch
from webhooks.signing import endpoints_to_ask, secrets_keep, secrets_refresh


@pytest.fixture
def account(tenant: Tenant, woken: list[str]) -> Iterator[tuple[BrexSimulator, Endpoint]]:
    with brex(tenant) as (simulator, connection):
        yield simulator, endpoint_register(endpoint_create(connection=connection, by="test"), by="test")


def age(endpoint: Endpoint, **fields: timedelta | None) -> None:
    now = timezone.now()
    Endpoint.objects.filter(pk=endpoint.pk).update(
        **{name: None if value is None else now - value for name, value in fields.items()}
    )


def lasts() -> dict[str, str]:
    return dict(EndpointSecret.objects.values_list("last4", "state"))


def test_secrets_are_stored_sealed_and_told_apart_by_fingerprint_and_end(endpoint: Endpoint) -> None:
    secrets_keep(endpoint, [CURRENT, OLD, CURRENT], by="test")
    assert lasts() == {"eHyA": "usable", "Cg4Q": "usable"}
    with database.cursor() as cursor:
        cursor.execute("SELECT string_agg(s::text, ' ') FROM webhooks_endpointsecret s")
        stored = cursor.fetchone()[0]
    assert CURRENT.removeprefix("whsec_") not in stored
    assert {one.plain() for one in EndpointSecret.objects.all()} == {CURRENT, OLD}
    assert CURRENT[6:18] not in " ".join(AuditEvent.objects.values_list("message", flat=True))


def test_a_secret_that_the_vendor_drops_is_forgotten_and_one_that_returns_is_used(endpoint: Endpoint) -> None:
    secrets_keep(endpoint, [OLD], by="test")
    assert sorted(lasts().values()) == ["retired", "usable"]
    assert EndpointSecret.objects.get(state="retired").value is None
    secrets_keep(endpoint, [CURRENT], by="test")
    assert [one.plain() for one in EndpointSecret.objects.filter(state="usable")] == [CURRENT]
    assert AuditEvent.objects.filter(kind="endpoint.secrets").count() == 3


def test_a_vendor_that_names_none_takes_none_away(sender: Sender) -> None:
    secrets_keep(sender.endpoint, [], by="test")
    assert sender.post(event("accr_1")).status_code == 202
    assert Endpoint.objects.get().secrets_error == "The vendor named no secret."


def test_secrets_of_a_day_ago_are_asked_for_again(account: tuple[BrexSimulator, Endpoint]) -> None:
    _, endpoint = account
    assert endpoints_to_ask() == []
    age(endpoint, secrets_fetched_at=timedelta(hours=25), secrets_asked_at=timedelta(hours=25))
    assert tasks.secrets_work() == 1
    assert endpoints_to_ask() == []


def test_after_a_refusal_the_vendor_is_asked_once_and_not_again_within_a_minute(
    account: tuple[BrexSimulator, Endpoint],
) -> None:
    simulator, endpoint = account
    age(endpoint, secrets_asked_at=timedelta(seconds=61))
    before = Exchange.objects.count()
    for number in range(3):
        simulator.control("send_webhook", {"variant": "forged", "message_id": f"forged{number}"})
        simulator.sender.flush()
        tasks.secrets_work()
    assert Exchange.objects.count() == before + 1
    age(endpoint, secrets_asked_at=timedelta(seconds=61))
    tasks.secrets_work()
    assert Exchange.objects.count() == before + 2


def test_rotation_costs_no_delivery_also_if_nobody_asked_in_time(account: tuple[BrexSimulator, Endpoint]) -> None:
    """Brex rotates and ends the overlap before we ask: the first delivery is refused, kept, and proven afterwards."""
    simulator, endpoint = account
    simulator.control("rotate_webhook_secret", {})
    simulator.control("send_webhook", {"ids": ["accr_1"], "message_id": "msg_overlap"})
    simulator.sender.flush()
    assert WebhookDelivery.objects.get().verdict == "verified"
    simulator.control("end_webhook_rotation", {})
    simulator.control("send_webhook", {"ids": ["accr_2"], "message_id": "msg_after"})
    simulator.control("send_webhook", {"ids": ["accr_3"], "message_id": "msg_forged", "variant": "forged"})
    simulator.sender.flush()
    found = dict(WebhookDelivery.objects.values_list("message_id", "verdict"))
    assert found == {"msg_overlap": "verified", "msg_after": "unverified", "msg_forged": "unverified"}
    age(endpoint, secrets_asked_at=timedelta(seconds=61))
    assert tasks.secrets_work() == 1
    found = dict(WebhookDelivery.objects.values_list("message_id", "verdict"))
    assert found == {"msg_overlap": "verified", "msg_after": "verified", "msg_forged": "unverified"}
    assert WebhookDelivery.objects.get(message_id="msg_after").due_at is not None
    simulator.clock.advance(seconds=6)
    simulator.sender.flush()  # the sender tries again, and is told that it is known
    assert WebhookDelivery.objects.get(message_id="msg_after").repeats == 1
    assert sorted(lasts().values()) == ["retired", "usable"]


def test_what_the_sender_has_repeated_is_not_proven_twice(sender: Sender) -> None:
    sender.secrets = [OLD]
    assert [sender.post(event("accr_1"), "msg_1").status_code for _ in range(2)] == [401, 401]
    secrets_keep(sender.endpoint, [CURRENT, OLD], by="test")
    assert sorted(WebhookDelivery.objects.values_list("verdict", flat=True)) == ["unverified", "verified"]
    assert sender.post(event("accr_1"), "msg_1").status_code == 200


@pytest.mark.parametrize("status", [401, 403, 500, 503])
def test_while_the_vendor_cannot_be_asked_what_is_known_stays_good(
    account: tuple[BrexSimulator, Endpoint], status: int
) -> None:
    simulator, endpoint = account
    simulator.fail("status", "/v1/webhooks/secrets", status=status, times=20)
    assert secrets_refresh(endpoint, by="test", is_urgent=True) is False
    endpoint.refresh_from_db()
    assert endpoint.secrets_error
    simulator.control("send_webhook", {"ids": ["accr_1"]})
    simulator.sender.flush()
    assert WebhookDelivery.objects.get().verdict == "verified"
    age(endpoint, secrets_fetched_at=timedelta(days=2), secrets_asked_at=timedelta(minutes=5))
    assert endpoints_to_ask() == []
    age(endpoint, secrets_asked_at=timedelta(minutes=61))
    assert endpoints_to_ask() == [endpoint]


def test_nobody_is_asked_for_endpoints_and_connections_that_are_off(account: tuple[BrexSimulator, Endpoint]) -> None:
    _, endpoint = account
    age(endpoint, secrets_fetched_at=None, secrets_asked_at=None)
    assert endpoints_to_ask() == [endpoint]
    endpoint_switch(endpoint, is_on=False, by="test")
    assert endpoints_to_ask() == []
    endpoint_switch(endpoint, is_on=True, by="test")
    Connection.objects.update(state="off")
    assert endpoints_to_ask() == []


def test_no_exchange_that_is_kept_holds_a_secret(account: tuple[BrexSimulator, Endpoint]) -> None:
    secret = EndpointSecret.objects.get().plain()
    kept = " ".join(f"{one.url} {one.request_body} {one.response_body}" for one in Exchange.objects.all())
    assert "/v1/webhooks/secrets" in kept
    assert secret.removeprefix("whsec_") not in kept
