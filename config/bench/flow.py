"""How many records a second go from Brex into Odoo, and how many calls does each cost?

The vendors' own time is what passes between sending a request and having its answer; what is left of a worker's time
is ours, the database's included.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Sum

from audit.models import Exchange
from audit.services import flow_sync, flow_tally
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
        end_to_end, outside, cpu = [], [], []
        for number in range(sizes.runs):
            with scene(f"flow-{workers}-{number}") as one:
                wall, busy, used, vendors = _run(one, sizes.records, workers, calls)
            end_to_end.append(sizes.records / wall)
            outside.append(sizes.records / max(busy - vendors, 0.001))
            cpu.append(1000 * used / sizes.records)
        said = f"{workers} worker{'s' if workers > 1 else ''}"
        yield figure(f"Brex to Odoo, {said}, end to end", end_to_end, "records/s")
        yield figure(f"Brex to Odoo, {said}, outside the vendors, each worker", outside, "records/s", at_least=AIM)
        yield figure(f"Brex to Odoo, {said}, CPU of the workers", cpu, "ms a record")
    yield figure("calls to Brex", calls["brex"], "calls a record", at_most=CALLS)
    yield figure("calls to Odoo", calls["odoo"], "calls a record", at_most=CALLS)
    yield figure("calls for receipts, told apart", calls["receipts"], "calls a record")


def _run(one: Scene, records: int, workers: int, calls: dict[str, list[float]]) -> tuple[float, float, float, float]:
    """Wall time, busy time and CPU of the workers, and the vendors' time, in seconds."""
    Connection.objects.filter(pk=one.flow.ledger_id).update(settings={"post_lanes": workers})
    one.seed(records)
    first = Exchange.objects.order_by("-id").values_list("id", flat=True).first() or 0
    program = ("-m", "config.bench.worker", "run", *map(str, one.connections))
    told = answers_of(*[program] * workers)
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
    return wall, sum(answer["busy"] for answer in told), sum(answer["cpu"] for answer in told), float(vendors)


def prepare(one: Scene, records: int) -> None:
    """So many records, posted by this process."""
    one.seed(records)
    flow_sync(one.flow, by="bench", seconds=120)
