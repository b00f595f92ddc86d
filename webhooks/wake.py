"""How does a worker hear at once that there is work? By a message that may get lost: the schedule finds it anyway.

One message serves all deliveries until the worker says `wake_allow` before its last look. Asking the cache is a third
of what a delivery costs here, so a process that has just asked does not ask again for `LINGER_SECONDS`; the worker
waits as long before that last look, and so sees what was stored meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from celery import Task
from django.core.cache import cache
from redis.exceptions import RedisError

KEY = "webhooks:wake"
ONCE_IN_SECONDS = 1
PAUSE_SECONDS = 30.0
LINGER_SECONDS = 0.1

logger = structlog.get_logger(__name__)
clock: Callable[[], float] = time.monotonic
_silent_until = 0.0


def wake(task: Task) -> bool:
    """Send the task unless it was sent just now; never raises. After a failure nothing is tried for a while.

    Answers whether a message was sent."""
    global _silent_until
    if clock() < _silent_until:
        return False
    _silent_until = clock() + LINGER_SECONDS
    try:
        if not cache.add(KEY, 1, timeout=ONCE_IN_SECONDS):
            return False
        task.apply_async(retry=False, expires=PAUSE_SECONDS)
    except Exception as error:  # the delivery is stored: nothing that happens here may turn its answer into a refusal
        _silent_until = clock() + PAUSE_SECONDS
        logger.warning("webhook_wake_failed", pause_seconds=PAUSE_SECONDS, error=type(error).__name__)
        return False
    return True


def wake_allow() -> None:
    """Said by the worker before its last look: what is stored after that look may wake one again."""
    try:
        cache.delete(KEY)
    except RedisError:
        return  # it expires by itself
