"""Can a person connect a vendor by consent, and nobody slip in another's answer, connection or session?"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from connectors import registry
from connectors.base import Authorization, ConnectionContext, Granted
from connectors.errors import AuthenticationError
from connectors.models import Connection, Credential, Role, Tenant
from connectors.services import credentials_replace
from tests.connectors import fake
from tests.factories import connection_make, tenant_make, user_make

pytestmark = pytest.mark.django_db
BACK = "/admin/connectors/connection/authorized/"
asked: list[tuple[str, dict[str, str]]] = []


def consent_url(context: ConnectionContext, redirect_uri: str, state: str) -> str:
    return f"https://vendor.example/consent?back={redirect_uri}&state={state}"


def exchange(context: ConnectionContext, redirect_uri: str, answer: Mapping[str, str]) -> Granted:
    asked.append((redirect_uri, dict(answer)))
    if answer.get("code") != "good":
        raise AuthenticationError("The vendor does not know this code.")
    return Granted({"api_key": "key-of-the-consent"}, "https://eu.vendor.example" if "eu" in answer else "")


@pytest.fixture
def consenting(fake_vendor: fake.FakeVendor, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    asked.clear()
    authorization = Authorization(consent_url, exchange, "Mind the cap.", most=4, pasted="Console code")
    monkeypatch.setattr(fake, "CONNECTOR", dataclasses.replace(fake.CONNECTOR, authorization=authorization))
    registry.connector_get.cache_clear()
    yield
    registry.connector_get.cache_clear()


@pytest.fixture
def admin(tenant: Tenant, client: Client) -> Client:
    client.force_login(user_make(tenant, Role.ADMINISTRATOR))
    return client


def begun(client: Client, connection: Connection) -> str:
    """The state of a consent that was begun in the browser."""
    page = client.get(reverse("admin:connectors_connection_authorize", args=[connection.pk]))
    address = page.context["consent_url"]
    assert address in page.content.decode().replace("&amp;", "&")
    assert "Mind the cap." in page.content.decode()
    return parse_qs(urlsplit(address).query)["state"][0]


def key_of(connection: Connection) -> str:
    return str(Credential.objects.get(connection=connection).reveal()["api_key"])


def test_a_consent_becomes_the_credential_once(admin: Client, connection: Connection, consenting: None) -> None:
    state = begun(admin, connection)
    answer = admin.get(BACK, {"state": state, "code": "good"}, follow=True)
    assert "is connected" in answer.content.decode()
    assert key_of(connection) == "key-of-the-consent"
    assert asked == [(f"http://testserver{BACK}", {"state": state, "code": "good"})]
    again = admin.get(BACK, {"state": state, "code": "good"}, follow=True)
    assert "begin again" in again.content.decode()
    assert len(asked) == 1


def test_it_is_said_when_the_vendor_may_begin_to_drop_consents(
    admin: Client, connection: Connection, consenting: None
) -> None:
    place = reverse("admin:connectors_connection_authorize", args=[connection.pk])
    said = []
    for number in range(3):
        said.append("consents were given" in admin.get(place).content.decode())
        credentials_replace(connection, {"api_key": f"key-of-{number}-elsewhere"})
        admin.post(place, {"code": "good"})
    assert "3 consents were given" in admin.get(place).content.decode()
    assert said == [False, False, False]


def test_the_connection_moves_to_where_the_account_lives(
    admin: Client, connection: Connection, consenting: None
) -> None:
    state = begun(admin, connection)
    admin.get(BACK, {"state": state, "code": "good", "eu": "1"})
    connection.refresh_from_db()
    assert (connection.address, connection.state) == ("https://eu.vendor.example", "new")
    assert key_of(connection) == "key-of-the-consent"


def test_a_code_may_be_pasted(admin: Client, connection: Connection, consenting: None) -> None:
    place = reverse("admin:connectors_connection_authorize", args=[connection.pk])
    answer = admin.post(place, {"code": " good "}, follow=True)
    assert "is connected" in answer.content.decode()
    assert asked == [("", {"code": "good"})]
    refused = admin.post(place, {"code": "bad"}, follow=True)
    assert "does not know this code" in refused.content.decode()
    assert key_of(connection) == "key-of-the-consent"


@pytest.mark.parametrize("change", ["another state", "no state", "of another session", "too late", "of another person"])
def test_an_answer_that_was_not_asked_for_here_and_now_is_refused(
    admin: Client, tenant: Tenant, connection: Connection, consenting: None, change: str
) -> None:
    with time_machine.travel("2026-06-09T12:00:00Z", tick=False) as clock:
        other = Client()
        admin.force_login(user_make(tenant, Role.ADMINISTRATOR))
        state = begun(admin, connection)
        if change == "another state":
            state = begun(admin, connection)[:-2] + "xx"
        elif change == "no state":
            state = ""
        elif change == "of another session":
            other.cookies.update(admin.cookies)
            other.force_login(user_make(tenant, Role.ADMINISTRATOR))
            admin = other
        elif change == "too late":
            clock.shift(901)
        else:
            other.force_login(user_make(tenant, Role.ADMINISTRATOR))
            session = other.session
            session["connectors_authorization"] = state
            session.save()
            admin = other
        answer = admin.get(BACK, {"state": state, "code": "good"}, follow=True)
    assert "begin again" in answer.content.decode()
    assert asked == []
    assert key_of(connection) == "key-0123456789abcdef"


def test_a_refusal_at_the_vendor_changes_nothing(admin: Client, connection: Connection, consenting: None) -> None:
    answer = admin.get(BACK, {"state": begun(admin, connection), "error": "access_denied"}, follow=True)
    assert "does not know this code" in answer.content.decode()
    assert key_of(connection) == "key-0123456789abcdef"


@pytest.mark.parametrize("role", [Role.FINANCE, Role.OPERATIONS, Role.AUDITOR])
def test_only_administrators_connect(
    client: Client, tenant: Tenant, connection: Connection, consenting: None, role: Role
) -> None:
    client.force_login(user_make(tenant, role))
    place = reverse("admin:connectors_connection_authorize", args=[connection.pk])
    assert client.get(place).status_code in (302, 403)
    assert client.post(place, {"code": "good"}).status_code in (302, 403)
    assert asked == []


def test_the_connection_of_another_tenant_is_not_there(
    client: Client, connection: Connection, consenting: None
) -> None:
    stranger = tenant_make("stranger")
    client.force_login(user_make(stranger, Role.ADMINISTRATOR))
    place = reverse("admin:connectors_connection_authorize", args=[connection.pk])
    assert client.get(place).status_code in (302, 403, 404)
    assert client.post(place, {"code": "good"}).status_code in (302, 403, 404)
    mine = connection_make(stranger, "fake", address="https://x.example", credentials={"api_key": "key-of-theirs"})
    assert asked == []
    assert begun(client, mine)


def test_a_vendor_without_consents_offers_none(admin: Client, connection: Connection) -> None:
    page = admin.get(reverse("admin:connectors_connection_change", args=[connection.pk])).content.decode()
    assert "/authorize" not in page
