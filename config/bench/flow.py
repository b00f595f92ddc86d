"""How many records a second go from Brex into Odoo, and how many calls does each cost?

Outside the vendors' own time is what is ours: the processor time of the workers and of the database, whose answers a
worker waits for. It says what a worker reaches beside its own database process, whatever else runs while it is
measured. Told beside it: the same by the clock, from which the time between sending a request and having its answer is
taken. Where the database's processes cannot be seen the clock is what counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Count, Sum

from audit.models import Exchange
from audit.services import flow_sync, flow_tally
from config.bench.database import processor_seconds
from config.bench.figures import Figure, Sizes, figure
from config.bench.stage import Scene, answers_of, scene
from connectors.models import Connection

AIM = ("aim, records/s", 500.0)
CALLS = ("aim, calls a record", 0.1)
RECEIPTS = r"/receipts|ir\.attachment"


def measure(sizes: Sizes) -> Iterator[Figure]:
    """End to end with one and two worker processes, and what of it is ours."""
    calls: dict[str, list[float]] = {"brex": [], "odoo": [], "receipts": []}
    for workers in (1, 2):
        taken: list[Taken] = []
        for number in range(sizes.runs):
            with scene(f"flow-{workers}-{number}") as one:
                taken.append(_run(one, sizes.records, workers, calls))
        said = f"Brex to Odoo, {workers} worker{'s' if workers > 1 else ''}"
        yield figure(f"{said}, end to end", [sizes.records / one.wall for one in taken], "records/s")
        clock = [sizes.records / max(one.busy - one.vendors, 0.001) for one in taken]
        used = [one.cpu + one.database for one in taken if one.database is not None]
        if used:
            rates = [sizes.records / seconds for seconds in used]
            yield figure(f"{said}, outside the vendors, each worker", rates, "records/s", at_least=AIM)
            yield figure(f"{said}, the same by the clock", clock, "records/s")
        else:
            yield figure(f"{said}, outside the vendors, each worker, by the clock", clock, "records/s", at_least=AIM)
        each = 1000 / sizes.records
        yield figure(f"{said}, processor time of the workers", [each * one.cpu for one in taken], "ms a record")
        if used:
            rest = [each * (one.database or 0) for one in taken]
            yield figure(f"{said}, processor time of the database", rest, "ms a record")
    yield figure("calls to Brex", calls["brex"], "calls a record", at_most=CALLS)
    yield figure("calls to Odoo", calls["odoo"], "calls a record", at_most=CALLS)
    yield figure("calls for receipts, told apart", calls["receipts"], "calls a record")


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds of one run: by the clock, of the workers' turns, of the vendors' answers, of processors."""

    wall: float
    busy: float
    vendors: float
    cpu: float
    database: float | None


def _run(one: Scene, records: int, workers: int, calls: dict[str, list[float]]) -> Taken:
    Connection.objects.filter(pk=one.flow.ledger_id).update(settings={"post_lanes": workers})
    one.seed(records)
    first = Exchange.objects.order_by("-id").values_list("id", flat=True).first() or 0
    program = ("-m", "config.bench.worker", "run", *map(str, one.connections))
    before = processor_seconds()
    told = answers_of(*[program] * workers)
    after = processor_seconds()
    wall = max(answer["ended"] for answer in told) - min(answer["started"] for answer in told)
    tally = flow_tally(one.flow)
    if tally.posted != records:
        raise RuntimeError(f"{tally.posted} of {records} records were posted: {tally.as_dict()}")
    exchanges = Exchange.objects.filter(id__gt=first, connection_id__in=one.connections)
    vendors = exchanges.aggregate(seconds=Sum("seconds"))["seconds"] or 0
    receipts = exchanges.filter(url__regex=RECEIPTS).count()
    by_side = dict(
        exchanges.exclude(url__regex=RECEIPTS)
        .values_list("connection_id")
        .annotate(number=Count("id"))
        .values_list("connection_id", "number")
    )
    calls["brex"].append(by_side.get(one.flow.source_id, 0) / records)
    calls["odoo"].append(by_side.get(one.flow.ledger_id, 0) / records)
    calls["receipts"].append(receipts / records)
    return Taken(
        wall=wall,
        busy=sum(answer["busy"] for answer in told),
        vendors=float(vendors),
        cpu=sum(answer["cpu"] for answer in told),
        database=None if before is None or after is None else after - before,
    )


def prepare(one: Scene, records: int) -> None:
    """So many records, posted by this process."""
    one.seed(records)
    flow_sync(one.flow, by="bench", seconds=120)
