"""How long until the next attempt? Doubling, capped, and jittered so that a thousand rows do not come back at once."""

from __future__ import annotations

from datetime import timedelta
from random import SystemRandom

_random = SystemRandom()


def backoff(attempt: int, *, first: float, cap: float) -> timedelta:
    """Between half and all of `first * 2^attempt`, at most `cap` seconds."""
    return timedelta(seconds=_random.uniform(0.5, 1.0) * min(cap, first * 2 ** min(attempt, 16)))
