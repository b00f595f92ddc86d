"""Does it get slower with what is stored? A poll, a claim and an idle turn, at several sizes; and the claim rate."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from audit.models import CameBy, LaneKind, Posting, RecordVersion, SyncRecord
from audit.sync.due import received
from audit.sync.intake import Intake
from audit.sync.lanes import database_now, lanes_wake, later, lease_next
from audit.sync.routes import Routes
from audit.sync.turns import lane_work
from config.bench.database import costs, whole_reads
from config.bench.figures import Figure, Sizes, figure
from config.bench.filling import fill
from config.bench.flow import prepare
from config.bench.stage import Scene, answers_of, scene
from connectors.base import Item
from connectors.registry import connector_get

PAGE = 500
FLAT = ("flat: 1.5 times the smallest", 1.5)
LEAST_MS = 0.01  # less than a tick of a processor's clock may read as nothing


def measure(sizes: Sizes) -> Iterator[Figure]:
    """Each work at each number of stored records, told as it is finished; then the largest against the smallest."""
    with scene("growth") as one:
        prepare(one, min(PAGE, sizes.stored[0]))
        model = Posting.objects.filter(flow=one.flow).first()
        if model is None:
            raise RuntimeError("Nothing was posted that could be copied.")
        works = {
            f"poll of {PAGE} known records": _poller(one),
            "turn of a lane with nothing due": _idler(one),
            "claim of 100 due records": _claimer(one),
        }
        found: dict[str, list[Figure]] = {name: [] for name in works}
        stored = SyncRecord.objects.count()
        for wanted in sizes.stored:
            began = time.perf_counter()
            fill(model, stored + 1, wanted)
            stored = max(stored, wanted)
            yield figure(f"storing up to {wanted:,} for it", [time.perf_counter() - began], "s")
            for name, work in works.items():
                taken = [1000 * seconds for seconds in costs(work, sizes.runs, sizes.repeats)]
                found[name].append(figure(f"{name}, {wanted:,} stored", taken, "ms"))
                yield found[name][-1]
        for name, figures in found.items():
            yield figure(f"{name}, most stored against fewest", [figures[-1].value / figures[0].value], "times",
                         at_most=FLAT)  # fmt: skip
            reads = whole_reads(works[name])
            yield figure(f"{name}, statements that read a table whole", [float(len(reads))], "statements",
                         at_most=("none", 0.0))  # fmt: skip


def _poller(one: Scene) -> Callable[[], None]:
    """Storing a page that is known already: hashed, parsed, looked up, found unchanged."""
    connector = connector_get("brex")
    versions = RecordVersion.objects.filter(record__flow=one.flow).select_related("record")[:PAGE]
    items = [Item(version.record.external_id, version.payload) for version in versions]

    def poll() -> None:
        lanes_wake(one.flow.source_id, LaneKind.READ)
        lease = lease_next([LaneKind.READ], connection_id=one.flow.source_id)
        if lease is None:
            raise RuntimeError("The lane is somebody else's.")
        intake = Intake(
            connection=one.flow.source,
            connector=connector,
            spec=connector.streams[one.flow.stream],
            routes=Routes.of(one.flow.source),
            time_zone=one.flow.tenant.time_zone,
            lease=lease,
            actor="bench",
        )
        intake.store(items, CameBy.POLL)
        lease.release(None)
        if intake.counts.unchanged != len(items):
            raise RuntimeError("What is known was taken for new.")

    return poll


def _idler(one: Scene) -> Callable[[], None]:
    """A post lane that is woken for nothing: what is open, uncertain and due is looked for, and when it is due next."""

    def idle() -> None:
        SyncRecord.objects.filter(flow=one.flow, state="received", due_at__isnull=False).update(due_at=later(3600))
        lanes_wake(one.flow.ledger_id, LaneKind.POST)
        if not lane_work([LaneKind.POST], connection_id=one.flow.ledger_id, actor="bench"):
            raise RuntimeError("The lane is somebody else's.")

    return idle


def _claimer(one: Scene) -> Callable[[], None]:
    """Leasing a lane and reading its due records with their payloads, as each batch begins."""
    due = SyncRecord.objects.filter(flow=one.flow).order_by("id").values_list("id", flat=True)[:100]
    chosen = SyncRecord.objects.filter(id__in=list(due))

    def claim() -> None:
        chosen.update(state="received", due_at=database_now())
        lanes_wake(one.flow.ledger_id, LaneKind.POST)
        lease = lease_next([LaneKind.POST], connection_id=one.flow.ledger_id)
        if lease is None:
            raise RuntimeError("The lane is somebody else's.")
        rows = received(one.flow, lease.slot, 1, 100, database_now())
        payloads = RecordVersion.objects.filter(record_id__in=[row.pk for row in rows]).values_list("payload")
        if len(payloads) != len(chosen.all()):
            raise RuntimeError("Not all due records were claimed.")
        lease.release(None)

    return claim


def measure_claims(sizes: Sizes) -> Iterator[Figure]:
    """How many due records two processes claim in a second, from lanes that they compete for."""
    with scene("claims-a") as first, scene("claims-b") as second:
        rates, leases = [], []
        for one in (first, second):
            prepare(one, 10)
            model = Posting.objects.filter(flow=one.flow).first()
            if model is None:
                raise RuntimeError("Nothing was posted that could be copied.")
            fill(model, 1, sizes.claimed // 2)
        mine = SyncRecord.objects.filter(flow__in=[first.flow, second.flow])
        for _ in range(sizes.runs):
            mine.update(state="received", due_at=database_now())
            for one in (first, second):
                lanes_wake(one.flow.ledger_id, LaneKind.POST, slots=(0, 1))
            told = answers_of(*[("-m", "config.bench.worker", "claim", str(sizes.seconds))] * 2)
            seconds = max(answer["seconds"] for answer in told)
            rates.append(sum(answer["rows"] for answer in told) / seconds)
            leases.append(sum(answer["claims"] for answer in told) / seconds)
    yield figure("claimed by 2 processes, 100 at a time", rates, "records/s")
    yield figure("claimed by 2 processes", leases, "leases/s")
