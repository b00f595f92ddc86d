"""Are consents and access tokens counted as Zoho counts them: by user and client, by refresh token, for everybody?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from connectors.base import AccessToken, Check
from connectors.errors import RateLimitedError
from connectors.models import Connection, Token
from connectors.registry import connector_get
from connectors.services import (
    authorization_finish,
    connection_context,
    connection_verify,
    consents_warning,
    transport_register,
)
from connectors.simulation import SimulatorTransport
from connectors.tokens import DatabaseTokenStore
from connectors.zoho_books.auth import SCOPES
from connectors.zoho_books.simulator import Switches, ZohoBooksSimulator
from tests.factories import connection_make, tenant_make, user_make

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "simulator:consents"
US, EU = "927000001", "927000002"
SAM = "sam.okafor@harbor.test"
HOUR = timedelta(hours=1)


@pytest.fixture
def zoho() -> Iterator[ZohoBooksSimulator]:
    switches = Switches(requests_per_minute=None, requests_per_day=None, codes_per_ten_minutes=1000)
    simulator = ZohoBooksSimulator(switches=switches)
    transport_register(ADDRESS, SimulatorTransport(simulator))
    yield simulator
    transport_register(ADDRESS, None)


def connection(zoho: ZohoBooksSimulator, slug: str, organization_id: str = US, **more: str) -> Connection:
    given: dict[str, Any] = zoho.credentials()
    credentials = {name: given[name] for name in ("client_id", "client_secret")} | more
    chosen = {"organization_id": organization_id}
    return connection_make(tenant_make(slug), "zoho_books", address=ADDRESS, credentials=credentials, chosen=chosen)


def consent(zoho: ZohoBooksSimulator, row: Connection, times: int = 1) -> None:
    person = user_make(row.tenant)
    for _ in range(times):
        code = zoho.control("self_client_code", {"scopes": list(SCOPES)})
        authorization_finish(row, {"code": code}, redirect_uri="", by=person)
        row.refresh_from_db()


def check(row: Connection, name: str = "Consents") -> Check:
    return next(one for one in connection_verify(row) if one.name == name)


def test_consents_of_one_user_are_counted_over_all_connections_and_tenants(zoho: ZohoBooksSimulator) -> None:
    first, second = connection(zoho, "one"), connection(zoho, "two", EU)
    consent(zoho, first)
    consent(zoho, second, 14)
    assert check(first).state == "ok"
    assert "15, 14 are newer than its own" in check(first).message
    assert "15, 0 are newer" in check(second).message
    consent(zoho, second)
    assert (check(first).state, check(second).state) == ("warning", "ok"), "the newest is the last to be dropped"
    assert "connect this connection again" in check(first).cure
    assert "16 consents were given by this user" in consents_warning(first)
    consent(zoho, second, 5)
    dead = next(one for one in connection_verify(first) if one.state == "failed")
    assert "replaced" in dead.message, "twenty newer ones: Zoho has dropped it, as was warned of"
    assert {one.state for one in connection_verify(second)} == {"ok"}


def test_another_user_or_client_has_consents_of_his_own(zoho: ZohoBooksSimulator) -> None:
    first, second = connection(zoho, "one"), connection(zoho, "two", "927000009")
    consent(zoho, first, 3)
    zoho.control("sign_in", {"email": SAM})
    consent(zoho, second, 2)
    assert "3, 0 are newer" in check(first).message
    assert "2, 0 are newer" in check(second).message
    assert SAM not in str(list(Connection.history.values_list("history_change_reason", flat=True))), (
        "only a mark is kept"
    )


def test_a_token_that_was_typed_in_is_nobodys_and_that_is_said(zoho: ZohoBooksSimulator) -> None:
    refresh = zoho.control("add_refresh_token", {"scopes": list(SCOPES)})
    row = connection(zoho, "one", refresh_token=refresh)
    assert check(row).state == "ok"
    assert "Whose consent it is is not known; 0 were given in this tenant" in check(row).message


def test_a_consent_is_good_although_its_user_may_not_be_seen(zoho: ZohoBooksSimulator) -> None:
    row = connection(zoho, "one")
    zoho.organisation.denied.add("settings.READ")
    consent(zoho, row)
    zoho.organisation.denied.clear()
    assert {one.state for one in connection_verify(row)} == {"ok"}
    assert "not known; 1 were given" in check(row).message


# --- access tokens: ten in ten minutes of a refresh token, fifteen live at a time


def asked(rows: list[Connection], *ago: timedelta) -> None:
    for row in rows:
        Token.objects.create(connection=row, asked_at=[timezone.now() - one for one in ago])


def fresh(_: AccessToken | None) -> AccessToken:
    return AccessToken("at", timezone.now() + HOUR)


def test_tokens_of_one_refresh_token_are_counted_together(zoho: ZohoBooksSimulator) -> None:
    """Two organisations of one user, connected by one refresh token that was typed in twice."""
    refresh = zoho.control("add_refresh_token", {"scopes": list(SCOPES)})
    us, eu = connection(zoho, "one", US, refresh_token=refresh), connection(zoho, "two", EU, refresh_token=refresh)
    other = connection(zoho, "three", refresh_token=zoho.control("add_refresh_token", {"scopes": list(SCOPES)}))
    limit = connector_get("zoho_books").token_limit
    assert limit is not None
    assert limit.calls < 10
    asked([us, eu], *[timedelta(minutes=minute) for minute in range(4)])
    for row in (us, eu):
        with pytest.raises(RateLimitedError, match="8 tokens were asked for lately"):
            DatabaseTokenStore(row.pk, limit=limit).refresh(fresh)
    assert DatabaseTokenStore(other.pk, limit=limit).refresh(fresh).value == "at"
    Token.objects.filter(connection=us).update(asked_at=[])
    assert DatabaseTokenStore(us.pk, limit=limit).refresh(fresh).value == "at"


def test_what_else_is_in_the_credentials_does_not_matter_for_that(zoho: ZohoBooksSimulator) -> None:
    refresh = zoho.control("add_refresh_token", {"scopes": list(SCOPES)})
    us = connection(zoho, "one", US, refresh_token=refresh, webhook_secret="secretOfTheFirst")
    eu = connection(zoho, "two", EU, refresh_token=refresh, webhook_secret="secretOfTheSecond")
    asked([us, eu], *[timedelta(minutes=minute) for minute in range(4)])
    for row in (us, eu):
        tokens = connection_context(row).tokens
        assert tokens is not None
        assert tokens.asked_within(HOUR) == 8
        with pytest.raises(RateLimitedError, match="8 tokens were asked for lately"):
            tokens.refresh(fresh)


def test_many_live_tokens_of_one_refresh_token_are_warned_of(zoho: ZohoBooksSimulator) -> None:
    refresh = zoho.control("add_refresh_token", {"scopes": list(SCOPES)})
    us, eu = connection(zoho, "one", US, refresh_token=refresh), connection(zoho, "two", EU, refresh_token=refresh)
    asked([us, eu], *[timedelta(minutes=20 + minute) for minute in range(4)])
    assert check(us, "Access tokens").state == "ok"
    Token.objects.filter(connection=eu).update(
        asked_at=[timezone.now() - timedelta(minutes=20 + minute) for minute in range(7)]
    )
    warned = check(us, "Access tokens")
    assert warned.state == "warning"
    assert "12 access tokens were asked for in the last hour; fifteen may live" in warned.message


def test_the_store_of_a_connection_counts_by_zohos_limit(zoho: ZohoBooksSimulator) -> None:
    row = connection(zoho, "one", refresh_token=zoho.control("add_refresh_token", {"scopes": list(SCOPES)}))
    tokens = connection_context(row).tokens
    assert isinstance(tokens, DatabaseTokenStore)
    for _ in range(8):
        tokens.refresh(fresh, rejected="at")
    with pytest.raises(RateLimitedError):
        tokens.refresh(fresh, rejected="at")
