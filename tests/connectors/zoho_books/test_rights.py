"""Does a test of the connection name the rights that it lacks, without using up the tokens that Zoho gives?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
import redis
from django.conf import settings

from connectors.base import Check
from connectors.models import Connection
from connectors.services import connection_context, connection_verify, transport_register
from connectors.simulation import SimulatorTransport
from connectors.zoho_books.simulator import Switches, ZohoBooksSimulator
from tests.factories import connection_make, tenant_make

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "simulator:rights"
FEW = ("ZohoBooks.settings.READ", "ZohoBooks.contacts.READ")
TIMES = 5


@pytest.fixture
def zoho() -> Iterator[ZohoBooksSimulator]:
    simulator = ZohoBooksSimulator(switches=Switches(requests_per_minute=None, requests_per_day=None))
    transport_register(ADDRESS, SimulatorTransport(simulator))
    yield simulator
    transport_register(ADDRESS, None)
    with redis.Redis.from_url(settings.REDIS_URL) as cache:
        cache.delete("mlc:limit:zoho_books:927000001:closed")


def connection(zoho: ZohoBooksSimulator, scopes: Sequence[str]) -> Connection:
    given = zoho.credentials()
    credentials = {name: given[name] for name in ("client_id", "client_secret")}
    credentials["refresh_token"] = zoho.control("add_refresh_token", {"scopes": list(scopes)})
    chosen = {"organization_id": "927000001"}
    return connection_make(tenant_make(), "zoho_books", address=ADDRESS, credentials=credentials, chosen=chosen)


def failed(checks: Sequence[Check]) -> dict[str, str]:
    return {one.name: one.message for one in checks if one.state == "failed"}


def test_what_may_not_be_read_is_named_however_often_it_is_tested(zoho: ZohoBooksSimulator) -> None:
    row = connection(zoho, FEW)
    for _ in range(TIMES):
        found = failed(connection_verify(row))
        assert set(found) == {
            "Journals", "Bills", "Expenses", "Vendor payments", "Vendor credits", "Chart of accounts",
            "Transaction locking",
        }  # fmt: skip
        assert found["Bills"].startswith("May not read bills (ZohoBooks.bills)")
        assert found["Vendor credits"].startswith("May not read vendor credits (ZohoBooks.debitnotes)")
        assert (row.state, row.reason) == ("broken", found["Journals"])


def test_a_missing_right_costs_one_new_token_for_all_that_it_concerns(zoho: ZohoBooksSimulator) -> None:
    row = connection(zoho, FEW)
    connection_verify(row)
    tokens = connection_context(row).tokens
    assert tokens is not None
    assert tokens.asked_within(timedelta(hours=1)) == 2


def test_what_zoho_lets_nobody_look_at_now_hides_nothing_that_it_refused(zoho: ZohoBooksSimulator) -> None:
    row = connection(zoho, FEW)
    zoho.control("refuse", {"path": "/vendorpayments", "code": 44, "status": 429, "headers": {"Retry-After": "9"}})
    checks = connection_verify(row)
    assert {"Journals", "Bills", "Expenses"} <= failed(checks).keys()
    told = {one.name: one.message for one in checks if one.state == "warning"}
    assert told["Vendor payments"].startswith("Not looked at: ")
    assert row.state == "broken"


@pytest.mark.parametrize(
    "refusal", [{"code": 44, "status": 429, "headers": {"Retry-After": "9"}}, {"status": 503, "times": 9}]
)
def test_a_zoho_that_is_merely_away_changes_no_state(zoho: ZohoBooksSimulator, refusal: dict[str, object]) -> None:
    row = connection(zoho, ["ZohoBooks.fullaccess.all"])
    connection_verify(row)
    assert row.state == "ok"
    zoho.control("refuse", {"path": "/bills", **refusal})
    assert list(failed(connection_verify(row))) == ["Connection"]
    assert row.state == "ok"
