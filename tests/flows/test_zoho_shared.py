"""What if two connections lead to one organisation? Never posted twice, and its limits are counted once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from audit.setup_file.reading import SetupFileError
from connectors import ratelimit
from connectors.errors import RateLimitedError
from connectors.limits import limiter_for
from connectors.models import Connection
from connectors.ratelimit import SharedLimiter
from connectors.registry import connector_get
from connectors.services import connection_verify
from mappings.refusals import RefusedError
from mappings.services import flow_switch_off, flow_switch_on
from tests.factories import connection_make, tenant_make
from tests.flows.zoho import FLOW, US, ZohoBooksWorld, zoho_world

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def both() -> Iterator[tuple[ZohoBooksWorld, ZohoBooksWorld]]:
    """Two tenants whose connections lead to the same Brex account and the same organisation; the second's flow is
    off."""
    with zoho_world("zoho-one") as one:
        two = replace(one, slug="zoho-two", parts={**one.parts, "slug": "zoho-two", "name": "Two"})
        two.apply(flows=[{**FLOW, "state": "off"}])
        yield one, two


def test_two_tenants_cannot_post_the_same_money_into_one_organisation(
    both: tuple[ZohoBooksWorld, ZohoBooksWorld],
) -> None:
    one, two = both
    one.purchase("10.50")
    with pytest.raises(RefusedError, match="Another tenant of this installation posts the same records") as caught:
        flow_switch_on(two.flow("records"), by=None)
    assert "Zoho Books 927000001" in str(caught.value)
    assert "zoho-one" not in str(caught.value).lower(), "whose they are is nobody else's business"
    for made in both:
        made.run(2)
    assert set(one.stamps().values()) == {1}
    flow_switch_off(one.flow("records"), by=None)
    flow_switch_on(two.flow("records"), by=None)
    two.run(3)
    assert set(one.stamps().values()) == {1}, "what stands there under the same key is adopted"


def test_the_test_of_the_connection_says_that_another_tenant_has_it_too(
    both: tuple[ZohoBooksWorld, ZohoBooksWorld],
) -> None:
    checks = {one.name: one for one in connection_verify(both[1].connection("Zoho"))}
    assert checks["Account"].state == "ok"
    assert "calls are counted together" in checks["Account"].message


def test_a_second_connection_of_one_tenant_is_refused_by_name(both: tuple[ZohoBooksWorld, ZohoBooksWorld]) -> None:
    one = both[0]
    twin = {**next(row for row in one.parts["connections"] if row["name"] == "Zoho"), "name": "Zoho again"}
    with pytest.raises(SetupFileError, match=f"Zoho is a connection to account {US} already"):
        one.apply(connections=[*one.parts["connections"], twin])


def limiter(connection: Connection) -> SharedLimiter:
    made = limiter_for(
        connection, connector_get("zoho_books"), connection.credential, "https://www.zohoapis.com"
    )  # as a worker opens it
    assert isinstance(made, SharedLimiter)
    return made


def shared_connections(account: str) -> list[Connection]:
    """One in each of two tenants, the second with a name of its own in posting keys; each with its own consent."""
    made = []
    for slug, identity in (("first", account), ("second", "books")):
        given: dict[str, Any] = {"client_id": f"1000.{slug}", "client_secret": "s", "refresh_token": f"1000.{slug}"}
        row = connection_make(
            tenant_make(slug), "zoho_books", address="https://www.zohoapis.com", credentials=given, identity=identity
        )
        row.account = account
        row.save(update_fields=["account"])
        made.append(row)
    return made


def test_calls_are_counted_for_the_organisation_whoever_makes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (limiter(one) for one in shared_connections("927000101"))
    monkeypatch.setattr(ratelimit, "MOMENT", 0.0)
    first.acquire()
    second.acquire()
    with pytest.raises(RateLimitedError, match="Our own limit"):
        first.acquire()
    with pytest.raises(RateLimitedError, match="Our own limit"):
        second.acquire()


def test_calls_that_run_at_a_time_are_counted_for_the_organisation(monkeypatch: pytest.MonkeyPatch) -> None:
    connections = shared_connections("927000102")
    descriptor = connector_get("zoho_books")
    wide = replace(descriptor, limits=(replace(descriptor.limits[0], burst=90),))
    some = [limiter_for(connections[at % 2], wide, connections[at % 2].credential, "https://h") for at in range(5)]
    monkeypatch.setattr(ratelimit, "MOMENT", 0.0)
    for one in some[:4]:
        one.acquire()
    with pytest.raises(RateLimitedError):
        some[4].acquire()
    some[0].released()
    some[4].acquire()


def test_a_pause_that_zoho_asks_for_stops_both() -> None:
    first, second = (limiter(one) for one in shared_connections("927000103"))
    first.closed(MINUTE)
    with pytest.raises(RateLimitedError, match="asked for a pause") as caught:
        second.acquire()
    assert timedelta(seconds=50) < caught.value.retry_after <= MINUTE
