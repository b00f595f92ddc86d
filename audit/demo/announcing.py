"""What does Brex announce when the rest is done? The records that a controller approves now, all in one webhook."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from audit.demo.watching import LOOK_SECONDS, DemoError, Standing, standing
from audit.models import CameBy, RecordVersion
from connectors.brex.simulator import BrexSimulator
from connectors.models import Tenant

WAITING = ("PREPARE", "REVIEW")
PATIENCE_SECONDS = 60.0


@dataclass(slots=True)
class Announced:
    """A batch of approved records, and how long it took until the webhook had brought them all."""

    tenant: Tenant
    records: int
    started: float
    seconds: float = 0.0

    def wait(self, is_handed_over: Callable[[], bool], look: Callable[[Standing], None]) -> None:
        """Until the delivery is worked and each of its records has been read. Raises DemoError."""
        while not (is_handed_over() and self.arrived() >= self.records):
            if time.monotonic() - self.started > PATIENCE_SECONDS:
                raise DemoError(f"Of {self.records} records that a webhook announced, {self.arrived()} were read.")
            look(standing([self.tenant]))
            time.sleep(LOOK_SECONDS)
        self.seconds = time.monotonic() - self.started

    def arrived(self) -> int:
        """Records that were read because a webhook named them."""
        rows = RecordVersion.objects.filter(tenant=self.tenant, came_by=CameBy.HINT)
        return rows.values("record").distinct().count()

    def as_dict(self) -> dict[str, Any]:
        return {"records": self.records, "read": self.arrived(), "seconds": Decimal(f"{self.seconds:.1f}")}


def announce(brex: BrexSimulator, tenant: Tenant) -> Announced:
    """Approve everything that is in review; Brex then posts one webhook that names the records."""
    with brex.lock:
        ids = [str(one["id"]) for one in brex.store.records if one["review_status"] in WAITING]
        started = time.monotonic()
        brex.control("approve", {"ids": ids})
    return Announced(tenant, len(ids), started)
