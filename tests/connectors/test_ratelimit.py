"""Do all workers together stay within what the vendor allows, with the shared cache and without it?"""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import redis

from connectors import limits, ratelimit
from connectors.base import Limit
from connectors.errors import RateLimitedError
from connectors.models import Connection
from connectors.ratelimit import SharedLimiter
from connectors.registry import connector_get
from connectors.services import connection_context

SECOND = timedelta(seconds=1)


@pytest.fixture
def cache() -> Iterator[redis.Redis]:
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        yield client


@pytest.fixture
def scope() -> str:
    return uuid.uuid4().hex


def limiter(cache: redis.Redis, scope: str, *limits: Limit, **options: object) -> SharedLimiter:
    return SharedLimiter(cache, scope, [(scope, limit) for limit in limits], **options)  # type: ignore[arg-type]


def taken_at_once(one: SharedLimiter, most: int = 1000) -> int:
    """How many calls go without waiting."""
    for count in range(most):
        try:
            one.acquire()
        except RateLimitedError:
            return count
    return most


def test_workers_share_one_bucket(cache: redis.Redis, scope: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratelimit, "MOMENT", 0)
    hour = Limit(100, timedelta(hours=1))
    first, second = limiter(cache, scope, hour), limiter(cache, scope, hour)
    assert taken_at_once(first, 12) == 12
    assert taken_at_once(second) == 8
    with pytest.raises(RateLimitedError) as caught:
        first.acquire()
    assert timedelta(seconds=30) < caught.value.retry_after < timedelta(seconds=60)


def test_no_window_ever_holds_more_calls_than_allowed(cache: redis.Redis, scope: str) -> None:
    """Four workers at full speed against 40 calls a second, counted over every window of a second."""
    limit = Limit(40, SECOND)
    times: list[float] = []
    end = time.monotonic() + 2.2

    def work() -> None:
        mine = limiter(cache, scope, limit)
        while time.monotonic() < end:
            mine.acquire()
            times.append(time.monotonic())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times.sort()
    fullest = max(sum(start <= at < start + 1 for at in times) for start in times)
    assert fullest <= 42  # two calls may be stamped late by a busy machine
    assert len(times) >= 60


def test_few_calls_flow_one_by_one(cache: redis.Redis, scope: str) -> None:
    one = limiter(cache, scope, Limit(4, SECOND))
    started = time.monotonic()
    for _ in range(4):
        one.acquire()
    assert 0.7 < time.monotonic() - started < 1.5


def test_a_small_burst_leaves_nearly_all_calls_to_a_steady_flow(
    cache: redis.Redis, scope: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ratelimit, "MOMENT", 0)
    assert taken_at_once(limiter(cache, scope, Limit(100, timedelta(hours=1), burst=2))) == 2
    assert ratelimit._bucket(Limit(100, timedelta(minutes=1), burst=2)) == (2, 98 / 60)


def test_several_limits_hold_together_and_nothing_is_taken_in_vain(
    cache: redis.Redis, scope: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ratelimit, "MOMENT", 0)
    both = limiter(cache, scope, Limit(1000, timedelta(hours=1)), Limit(10, timedelta(hours=1)))
    assert taken_at_once(both) == 2
    wide = limiter(cache, scope, Limit(1000, timedelta(hours=1)))
    assert taken_at_once(wide) == 198


def test_only_so_many_calls_run_at_a_time(cache: redis.Redis, scope: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratelimit, "MOMENT", 0)
    single = Limit(1000, SECOND, parallel=1)
    first, second = limiter(cache, scope, single), limiter(cache, scope, single)
    first.acquire()
    with pytest.raises(RateLimitedError):
        second.acquire()
    first.released()
    second.acquire()
    second.released()


def test_a_caller_that_died_gives_its_place_back_in_time(
    cache: redis.Redis, scope: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ratelimit, "SLOT_SECONDS", 1)
    single = Limit(1000, SECOND, parallel=1)
    limiter(cache, scope, single).acquire()
    started = time.monotonic()
    limiter(cache, scope, single).acquire()
    assert 0.5 < time.monotonic() - started < 2


def test_a_429_closes_it_for_all_workers_and_is_written_down(cache: redis.Redis, scope: str) -> None:
    written: list[datetime] = []
    first = limiter(cache, scope, Limit(100, SECOND), on_closed=written.append)
    second = limiter(cache, scope, Limit(100, SECOND))
    second.acquire()
    first.closed(timedelta(seconds=30))
    for one in (first, second):
        with pytest.raises(RateLimitedError, match="asked for a pause") as caught:
            one.acquire()
        assert timedelta(seconds=28) < caught.value.retry_after <= timedelta(seconds=31)
    assert timedelta(seconds=28) < written[0] - datetime.now(UTC) <= timedelta(seconds=30)


def test_a_pause_ends(cache: redis.Redis, scope: str) -> None:
    one = limiter(cache, scope, Limit(100, SECOND))
    one.closed(timedelta(seconds=0.2))
    time.sleep(0.3)
    one.acquire()


def test_without_the_cache_it_goes_on_at_a_cautious_rate(scope: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratelimit, "MOMENT", 0.3)
    gone = limits._cache("redis://127.0.0.1:1")
    one = limiter(gone, scope, Limit(80, SECOND))
    started = time.monotonic()
    for _ in range(6):
        one.acquire()
    assert 0.4 < time.monotonic() - started < 1.5  # 10 a second: an eighth
    one.closed(timedelta(seconds=60))
    with pytest.raises(RateLimitedError):
        one.acquire()


def test_what_the_row_says_holds_when_the_cache_was_lost(cache: redis.Redis, scope: str) -> None:
    one = limiter(cache, scope, Limit(100, SECOND), closed_until=datetime.now(UTC) + timedelta(seconds=60))
    with pytest.raises(RateLimitedError):
        one.acquire()


def test_a_connections_429_is_on_its_row(connection: Connection) -> None:
    context = connection_context(connection)
    context.limiter.closed(timedelta(seconds=90))
    connection.refresh_from_db()
    assert connection.closed_until
    assert timedelta(seconds=85) < connection.closed_until - datetime.now(UTC) <= timedelta(seconds=90)
    connection_context(connection).limiter.closed(timedelta(seconds=5))
    later = connection.closed_until
    connection.refresh_from_db()
    assert connection.closed_until == later


TRANSFER = "POST /v1/transfers"


@pytest.mark.parametrize("has_cache", [True, False])
def test_a_limit_of_one_call_holds_that_call_back_and_no_other(
    cache: redis.Redis, scope: str, monkeypatch: pytest.MonkeyPatch, has_cache: bool
) -> None:
    monkeypatch.setattr(ratelimit, "MOMENT", 0)
    shared = cache if has_cache else redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.1)
    one = limiter(shared, scope, Limit(10_000, SECOND), Limit(10, timedelta(hours=24), call=TRANSFER))
    for _ in range(2 if has_cache else 1):  # a fifth of the day's calls at once; alone, a process takes one
        one.acquire(call=TRANSFER)
    with pytest.raises(RateLimitedError) as caught:
        one.acquire(call=TRANSFER)
    assert caught.value.retry_after > timedelta(hours=1)
    for call in ("GET /v1/transfers", "POST /v1/vendors", ""):
        time.sleep(0.002)
        one.acquire(call=call)


def test_transfers_are_counted_by_the_day_whichever_worker_orders_them() -> None:
    daily = [limit for limit in connector_get("brex").limits if limit.call]
    assert [(one.call, one.calls, one.period) for one in daily] == [(TRANSFER, 1000, timedelta(hours=24))]


def test_where_a_vendor_says_that_it_is_crowded_fewer_calls_run_for_some_minutes(
    cache: redis.Redis, scope: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For all workers alike, half as many each time, and never none."""
    monkeypatch.setattr(ratelimit, "MOMENT", 0)
    wide = Limit(1000, SECOND, parallel=4, burst=500)
    workers = [limiter(cache, scope, wide) for _ in range(6)]

    def running() -> int:
        count = 0
        for one in workers:
            try:
                one.acquire()
            except RateLimitedError:
                continue
            count += 1
        for one in workers:
            one.released()
        return count

    found = [running()]
    for _ in range(3):
        workers[0].crowded()
        found.append(running())
    assert found == [4, 2, 1, 1]
    key = f"mlc:limit:{scope}:crowded"
    assert 290_000 < cache.pttl(key) <= 300_000
    cache.delete(key)
    assert running() == 4
