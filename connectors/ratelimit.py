"""How many calls may all workers together make? A token bucket in the shared cache, one round trip per call."""

from __future__ import annotations

import contextlib
import math
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import redis

from connectors.base import Limit
from connectors.errors import RateLimitedError

MOMENT = 3.0  # seconds that a caller may be kept waiting
BURST = 0.2  # of a period's calls may go at once; the rest flows, so that no window ever holds more than allowed
SHARERS = 8  # how many processes might share a limit that cannot be counted together
CACHE_REST = 5.0  # seconds in which a cache that failed is not asked again

SLOT_SECONDS = 180  # a call that has not given its slot back by then has died
SLOT_PAUSE = 200  # milliseconds between looks for a free slot
CROWDED = timedelta(minutes=5)  # how long fewer calls run at a time after a vendor said that they were too many

# KEYS: closed, calls under way, how many may be while it is crowded, one bucket per limit. ARGV: cost, most calls at a
# time (0: any), name of the slot, its seconds, pause; then capacity and calls per second of each bucket.
# Answers milliseconds to wait; 0 = taken from all buckets. Closed answers as a negative number.
SCRIPT = """
local shut = redis.call('PTTL', KEYS[1])
if shut > 0 then return -shut end
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local cost, most, wait, left = tonumber(ARGV[1]), tonumber(ARGV[2]), 0, {}
if most > 0 then
  most = math.min(most, tonumber(redis.call('GET', KEYS[3]) or most))
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
  if redis.call('ZCARD', KEYS[2]) >= most then return tonumber(ARGV[5]) end
end
for at = 4, #KEYS do
  local capacity, rate = tonumber(ARGV[at * 2 - 2]), tonumber(ARGV[at * 2 - 1])
  local stored = redis.call('HMGET', KEYS[at], 'left', 'at')
  local tokens = capacity
  if stored[1] then
    tokens = math.min(capacity, tonumber(stored[1]) + math.max(0, now - tonumber(stored[2])) * rate)
  end
  left[at] = tokens - cost
  if left[at] < 0 then wait = math.max(wait, -left[at] / rate) end
end
if wait > 0 then return math.ceil(wait * 1000) end
for at = 4, #KEYS do
  redis.call('HSET', KEYS[at], 'left', tostring(left[at]), 'at', string.format('%.6f', now))
  redis.call('PEXPIRE', KEYS[at], math.ceil(tonumber(ARGV[at * 2 - 2]) / tonumber(ARGV[at * 2 - 1]) * 1000) + 1000)
end
if most > 0 then
  redis.call('ZADD', KEYS[2], now + tonumber(ARGV[4]), ARGV[3])
  redis.call('EXPIRE', KEYS[2], ARGV[4])
end
return 0
"""

# KEYS: how many may run at a time while it is crowded. ARGV: how many may otherwise, for how many milliseconds.
CROWD = """
local most = math.max(1, math.floor(tonumber(redis.call('GET', KEYS[1]) or ARGV[1]) / 2))
redis.call('SET', KEYS[1], most, 'PX', ARGV[2])
"""


@dataclass(slots=True)
class _LocalBucket:
    capacity: float
    rate: float
    left: float
    at: float


@dataclass(frozen=True, slots=True)
class _Bucket:
    """One limit: the calls that it counts (empty: all), its key in the cache, and what this process may take alone."""

    call: str
    key: str
    capacity: float
    rate: float
    local: _LocalBucket


class SharedLimiter:
    """Counts each limit under its own scope (vendor and what he counts by). Without the cache each process takes an
    eighth. `scope` is what a 429 closes.

    `closed_until` is what the connection's row said when it was opened, `on_closed` writes it there again."""

    def __init__(
        self,
        cache: redis.Redis,
        scope: str,
        limits: Sequence[tuple[str, Limit]],
        *,
        closed_until: datetime | None = None,
        on_closed: Callable[[datetime], None] | None = None,
    ) -> None:
        self._cache = cache
        self._script = cache.register_script(SCRIPT)
        self._crowd = cache.register_script(CROWD)
        self._keys = [f"mlc:limit:{scope}:{name}" for name in ("closed", "running", "crowded")]
        self._parallel = min((limit.parallel for _, limit in limits if limit.parallel), default=0)
        self._slot = secrets.token_hex(8)
        self._buckets: list[_Bucket] = []
        for counted_by, limit in limits:
            capacity, rate = _bucket(limit)
            key = f"mlc:limit:{counted_by}:{limit.calls}/{limit.period.total_seconds():g}"
            local = _LocalBucket(1.0, rate / SHARERS, 1.0, time.monotonic())
            self._buckets.append(
                _Bucket(limit.call, f"{key}:{limit.call}" if limit.call else key, capacity, rate, local)
            )
        self._closed_until = closed_until
        self._on_closed = on_closed
        self._cache_rests_until = 0.0

    def acquire(self, cost: int = 1, *, call: str = "") -> None:
        """Return when the call may go. Raises RateLimitedError when closed, or when it would take over a moment."""
        buckets = [one for one in self._buckets if one.call in ("", call)]
        if self._closed_until:
            self._refuse_while((self._closed_until - datetime.now(UTC)).total_seconds())
        give_up = time.monotonic() + MOMENT
        while (wait := self._take(cost, buckets)) > 0:
            if time.monotonic() + wait > give_up:
                raise RateLimitedError("Our own limit of calls is used up.", retry_after=timedelta(seconds=wait))
            time.sleep(wait)

    def released(self) -> None:
        """The call is over: its place among those that may run at a time is free."""
        if self._parallel:
            with contextlib.suppress(redis.RedisError):
                self._cache.zrem(self._keys[1], self._slot)

    def crowded(self) -> None:
        """The vendor had too many calls at a time, ours or others': half as many of ours run for some minutes."""
        if self._parallel:
            with contextlib.suppress(redis.RedisError):
                self._crowd(keys=[self._keys[2]], args=[self._parallel, int(CROWDED.total_seconds() * 1000)])

    def closed(self, retry_after: timedelta) -> None:
        """Closed for everyone until then, whatever the buckets say."""
        until = datetime.now(UTC) + retry_after
        self._closed_until = max(until, self._closed_until or until)
        try:
            self._cache.set(self._keys[0], 1, px=max(1, int(retry_after.total_seconds() * 1000)))
        except redis.RedisError:
            self._cache_rests_until = time.monotonic() + CACHE_REST
        if self._on_closed:
            self._on_closed(self._closed_until)

    def _take(self, cost: int, buckets: Sequence[_Bucket]) -> float:
        if time.monotonic() >= self._cache_rests_until:
            try:
                head: list[int | str] = [cost, self._parallel, self._slot, SLOT_SECONDS, SLOT_PAUSE]
                amounts = [amount for one in buckets for amount in (one.capacity, one.rate)]
                keys = [*self._keys, *(one.key for one in buckets)]
                wait = int(self._script(keys=keys, args=[*head, *amounts])) / 1000
            except redis.RedisError:
                self._cache_rests_until = time.monotonic() + CACHE_REST
            else:
                self._refuse_while(-wait)
                return wait
        return self._take_locally(cost, [one.local for one in buckets])

    def _take_locally(self, cost: int, buckets: Sequence[_LocalBucket]) -> float:
        now = time.monotonic()
        for bucket in buckets:
            bucket.left = min(bucket.capacity, bucket.left + (now - bucket.at) * bucket.rate)
            bucket.at = now
        # a cost above the capacity of 1 runs the bucket into debt, or it could never be paid
        wait = max(((min(cost, bucket.capacity) - bucket.left) / bucket.rate for bucket in buckets), default=0.0)
        if wait > 0:
            return wait
        for bucket in buckets:
            bucket.left -= cost
        return 0

    def _refuse_while(self, seconds: float) -> None:
        if seconds > 0:
            raise RateLimitedError("The vendor asked for a pause.", retry_after=timedelta(seconds=math.ceil(seconds)))


def _bucket(limit: Limit) -> tuple[float, float]:
    """Capacity and refill per second: together, over a period, what is allowed; few calls flow one by one."""
    seconds = limit.period.total_seconds()
    capacity = limit.burst or limit.calls * BURST
    if capacity < 1:
        return 1.0, limit.calls / seconds
    return capacity, (limit.calls - capacity) / seconds
