"""When does the service refuse for load, and in which shape?

Microsoft Learn, data-entities/service-protection-*.md: limits per user and application were removed with 10.0.36, the
resource-based ones remain. Where the text stands in the body is not documented, so the switches choose it.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .errors import RefusedError, envelope
from .messages import text

if TYPE_CHECKING:
    from .simulator import DynamicsSimulator

THROTTLE = "Microsoft.Dynamics.Platform.Integration.Services.OData.ThrottlingException"


class Limits:
    """Counts requests of one environment; all limits are off until a switch sets them.

    `count_under_way` is how many requests have come in and are not answered yet."""

    def __init__(self, simulator: DynamicsSimulator) -> None:
        self.simulator = simulator
        self.refused = 0
        self._counted = 0
        self._recent: dict[str, deque[float]] = defaultdict(deque)
        self.count_under_way = 0
        self._lock = threading.Lock()

    @contextmanager
    def under_way(self) -> Iterator[None]:
        with self._lock:
            self.count_under_way += 1
        try:
            yield
        finally:
            with self._lock:
                self.count_under_way -= 1

    def refusal(self, user: str) -> RefusedError | None:
        """Count one request of a user; the 429 to answer, or None."""
        switches, now = self.simulator.switches, self.simulator.clock.now().timestamp()
        self._counted += 1
        if switches.throttle_every and self._counted % switches.throttle_every == 0:
            return self.throttled()
        if switches.concurrent_requests is not None and self.count_under_way > switches.concurrent_requests:
            return self._refusal(text("concurrent", switches.language, value=switches.concurrent_requests), 1)
        if switches.requests_per_window is None:
            return None
        recent = self._recent[user]
        while recent and recent[0] <= now - switches.window_seconds:
            recent.popleft()
        if len(recent) < switches.requests_per_window:
            recent.append(now)
            return None
        values = {"value": switches.requests_per_window, "seconds": switches.window_seconds}
        wait = int(recent[0] + switches.window_seconds - now) + 1
        return self._refusal(text("window", switches.language, **values), wait)

    def throttled(self) -> RefusedError:
        """The 429 of resource-based throttling, as the switches shape it."""
        switches = self.simulator.switches
        seconds = switches.retry_after_seconds
        if seconds is not None and switches.retry_after_grows:
            seconds *= 2**self.refused
        return self._refusal(text("throttled", switches.language, value=seconds or 30), seconds)

    def _refusal(self, words: str, seconds: int | None) -> RefusedError:
        self.refused += 1
        shapes = {"envelope": envelope(words, THROTTLE, ""), "text": words, "none": None}
        headers = {} if seconds is None else {"Retry-After": str(seconds)}
        return RefusedError(429, shapes[self.simulator.switches.throttled_body], headers)
