"""What does one worker do that is measured? `python -m config.bench.worker run|claim …`: says ready, waits, tells.

`run CONNECTION…` works the lanes of these connections until they are idle, as Celery's workers do. `claim SECONDS`
leases lanes and takes their due records for so long, without calling anybody.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import django

from config.celery import lasting_objects_freeze


def run(connection_ids: list[int]) -> dict[str, Any]:
    from audit.models import LaneKind
    from audit.services import is_idle
    from audit.sync.turns import lane_work

    busy, cpu = 0.0, time.process_time()
    started = ended = time.time()
    while True:
        worked = False
        for connection_id in connection_ids:
            for kind in LaneKind:
                began = time.perf_counter()
                if lane_work([kind], connection_id=connection_id, actor="bench"):
                    busy, worked, ended = busy + time.perf_counter() - began, True, time.time()
        if not worked:
            if is_idle(tuple(connection_ids)):
                return {"busy": busy, "cpu": time.process_time() - cpu, "started": started, "ended": ended}
            time.sleep(0.02)


def claim(seconds: float) -> dict[str, Any]:
    from audit.models import LaneKind, SyncRecord
    from audit.sync.due import received
    from audit.sync.lanes import database_now, lease_next
    from mappings.models import Flow

    flows = {flow.ledger_id: flow for flow in Flow.objects.all()}
    claims = rows = 0
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        lease = lease_next([LaneKind.POST])
        if lease is None:
            break
        taken = received(flows[lease.connection_id], lease.slot, 1, 100, database_now())
        with lease.commit():
            SyncRecord.objects.filter(id__in=[row.pk for row in taken]).update(due_at=None)
        lease.release(database_now() if taken else None)
        claims, rows = claims + 1, rows + len(taken)
    return {"claims": claims, "rows": rows, "seconds": time.perf_counter() - began}


def main(what: str, arguments: list[str]) -> None:
    django.setup()
    lasting_objects_freeze()
    print("ready", flush=True)  # noqa: T201 - it speaks to the process that started it
    sys.stdin.readline()
    told = run([int(one) for one in arguments]) if what == "run" else claim(float(arguments[0]))
    print(json.dumps(told), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
