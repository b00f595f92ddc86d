"""What does Celery do for webhooks? It looks into the table; a lost or doubled message changes only the timing."""

from __future__ import annotations

import time

from celery import shared_task

from audit.models import LaneKind
from audit.tasks import lanes_drain
from webhooks import signing, work
from webhooks.retention import deliveries_forget
from webhooks.wake import LINGER_SECONDS, wake_allow

SECONDS = 30.0
READ = LaneKind.READ.value


@shared_task(name="webhooks.deliveries_work")
def deliveries_work() -> int:
    """Work what is due, let the next delivery wake a worker again, and look once more for what came meanwhile."""
    total = _rounds()
    if total:
        wake_allow()
        time.sleep(LINGER_SECONDS)
        total += _rounds()
    if signing.endpoints_to_ask():
        secrets_work.apply_async(queue=READ, expires=SECONDS)  # ticks and seals must not wait for a vendor's answer
    return total


@shared_task(name="webhooks.secrets_work")
def secrets_work() -> int:
    """Ask the vendors whose secrets are old or failed a delivery."""
    endpoints = signing.endpoints_to_ask()
    return sum(signing.secrets_refresh(endpoint, by="engine") for endpoint in endpoints)


@shared_task(name="webhooks.housekeep")
def housekeep() -> int:
    """Forget what is old."""
    return deliveries_forget()


def _rounds() -> int:
    started, total = time.monotonic(), 0
    while time.monotonic() - started < SECONDS:
        worked = work.deliveries_work(work.BATCH)
        total += worked.total
        if worked.connection_ids:
            lanes_drain.apply_async(args=[[READ]], queue=READ, expires=SECONDS)
        if worked.total < work.BATCH:
            break
    return total
