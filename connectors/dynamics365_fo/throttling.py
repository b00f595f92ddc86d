"""How does a client behave that was told to slow down? It waits longer each time, and goes at half its pace for long.

Dynamics names no budget; a 429 may come without saying how long to wait: then 30 seconds are the start, and who keeps
on pushing must wait longer (https://learn.microsoft.com/en-us/dynamics365/fin-ops-core/dev-itpro/data-entities/
service-protection-overview). What was told is kept by host for as long as the process lives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.answers import ApiResponse
from connectors.base.context import Limiter

FIRST, LONGEST = timedelta(seconds=30), timedelta(minutes=8)
FORGOTTEN_AFTER = timedelta(minutes=15)  # without another 429


@dataclass(frozen=True, slots=True)
class _Told:
    """When a host refused for load the last time, and how long we waited when it did not say for how long."""

    at: datetime
    wait: timedelta = timedelta()


_told: dict[str, _Told] = {}


class Gentle:
    """The connection's limiter, through which calls to one host go at half the pace for a while after a 429."""

    def __init__(self, inner: Limiter, host: str, now: Callable[[], datetime]) -> None:
        self.inner = inner
        self.host = host
        self.now = now

    def acquire(self, cost: int = 1, *, call: str = "") -> None:
        self.inner.acquire(cost * 2 if self._last() else cost, call=call)

    def closed(self, retry_after: timedelta) -> None:
        before = self._last()
        _told[self.host] = _Told(self.now(), before.wait if before else timedelta())
        self.inner.closed(retry_after)

    def released(self) -> None:
        if (released := getattr(self.inner, "released", None)) is not None:
            released()

    def wait(self, response: ApiResponse, now: datetime) -> timedelta:
        """How long an answer without Retry-After closes the vendor: twice as long as the one before."""
        before = self._last()
        if response.headers.get("Retry-After"):
            return FIRST
        wait = min(before.wait * 2 or FIRST, LONGEST) if before else FIRST
        _told[self.host] = _Told(now, wait)
        return wait

    def _last(self) -> _Told | None:
        told = _told.get(self.host)
        return told if told and self.now() - told.at <= FORGOTTEN_AFTER else None
