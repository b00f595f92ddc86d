"""What does each limit of Zoho stop, for how long, and what goes first when a day runs out?"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
import redis
from django.conf import settings
from django.contrib.admin import site

from audit.models import HighWaterMark, LaneKind
from connectors.admin.connections import ConnectionAdmin
from connectors.models import Connection
from tests.audit.scene import read_all, time_passes, work
from tests.flows.zoho import FLOW, US, ZohoBooksWorld, zoho_world

pytestmark = pytest.mark.django_db(transaction=True)
CLOSED = f"mlc:limit:zoho_books:{US}:closed"


@pytest.fixture
def cache() -> Iterator[redis.Redis]:
    with redis.Redis.from_url(settings.REDIS_URL) as made:
        made.delete(CLOSED)
        yield made
        made.delete(CLOSED)


@pytest.fixture
def made(cache: redis.Redis) -> Iterator[ZohoBooksWorld]:
    with zoho_world("zoho-limits") as one:
        one.run(1)
        yield one


def post(made: ZohoBooksWorld) -> None:
    time_passes()
    read_all(made)
    work(made, "Zoho", LaneKind.POST)


@pytest.mark.parametrize(
    ("code", "headers", "least", "most"),
    [
        (1070, {}, 0, 5),
        (44, {}, 50, 60),
        (44, {"Retry-After": "20"}, 10, 20),
        (43, {}, 3590, 3600),
        (45, {"X-Rate-Limit-Reset": "7200"}, 7190, 7200),
        (45, {}, 1, 86_400),  # until a midnight
    ],
)
def test_a_refused_call_stops_the_organisation_for_as_long_as_its_code_asks(
    made: ZohoBooksWorld, cache: redis.Redis, code: int, headers: dict[str, str], least: int, most: int
) -> None:
    made.purchase("10.50")
    refusal = {"path": "/journals$", "method": "POST", "code": code, "status": 429, "headers": headers}
    made.zoho.control("refuse", refusal)
    post(made)
    assert made.held("journals") == []
    left = cache.pttl(CLOSED) / 1000
    assert least <= max(left, 0) <= most
    assert made.connection("Zoho").state == "ok", "nothing that a person must mend"
    if code != 1070:
        before = made.calls()
        post(made)
        assert made.calls() == before, "nobody calls while it is closed, whatever the lanes' clocks say"
    cache.delete(CLOSED)
    post(made)
    assert made.totals() == [Decimal("10.50")]
    assert set(made.stamps().values()) == {1}


def test_the_days_last_calls_are_for_posting_and_the_rest_is_shown(made: ZohoBooksWorld) -> None:
    back = {"name": "vendors back", "source": "Zoho", "stream": "vendors", "ledger": "Brex", "company": US,
            "document": "reference", "state": "on"}  # fmt: skip
    made.apply(flows=[FLOW, back])
    made.zoho.control("switch", {"requests_per_day": 5000})
    used = made.zoho.control("use_calls", {"calls": 4200})
    made.purchase("10.50")
    post(made)
    lists = HighWaterMark.objects.filter(connection=made.connection("Zoho"), stream__startswith="reference:")
    lists.update(due_at="2026-01-01T00:00:00Z", last_read_at=None)
    before = made.calls("GET", "/chartofaccounts"), made.calls("GET", "/contacts")
    time_passes()
    work(made, "Zoho", LaneKind.READ)
    assert (made.calls("GET", "/chartofaccounts"), made.calls("GET", "/contacts")) == before, "no list was read"
    assert not lists.exclude(last_read_at=None).exists()
    made.purchase("11.50")
    post(made)
    assert made.totals() == [Decimal("10.50"), Decimal("11.50")], "posting goes on"
    shown = ConnectionAdmin(Connection, site).calls_of_the_day(made.connection("Zoho"))
    left = int(shown.partition(" ")[0])
    assert 0 < left <= 5000 - used
    assert "of 5000 are left until" in shown
    made.zoho.control("switch", {"requests_per_day": 100_000})
    made.purchase("12.50")
    post(made)
    time_passes()
    Connection.objects.filter(pk=made.connection("Zoho").pk).update(calls_left=90_000, calls_allowed=100_000)
    work(made, "Zoho", LaneKind.READ)
    assert lists.exclude(last_read_at=None).exists(), "the lists are read when there are calls again"
