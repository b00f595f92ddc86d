"""The bench measures something, keeps its hands off other databases, and a batch's cost does not grow with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import psycopg
import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from audit.models import RecordState, SyncRecord
from config.bench.figures import figure
from config.management.commands.bench import line
from tests.audit.scene import BOOKS, FLOW, RULE
from tests.flows.world import World, world

PROJECT = Path(__file__).resolve().parent.parent.parent


def databases() -> set[str]:
    with psycopg.connect(os.environ["DATABASE_URL"]) as server:
        return {name for (name,) in server.execute("SELECT datname FROM pg_database")}


def test_the_bench_measures_each_part_and_leaves_nothing_behind() -> None:
    before = databases()
    done = subprocess.run(
        [sys.executable, "manage.py", "bench", "--quick", "--json"],
        cwd=PROJECT, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)["figures"]
    units = Counter(one["unit"] for one in figures)
    assert {"records/s", "calls a record", "deliveries/s", "leases/s", "s", "ms", "times"} <= set(units)
    assert all(one["value"] > 0 for one in figures if "receipts" not in one["name"])
    assert databases() == before


@pytest.mark.parametrize(
    ("aim", "value", "is_met"),
    [("at_least", 500.0, True), ("at_least", 499.0, False), ("at_most", 500.0, True), ("at_most", 501.0, False)],
)
def test_a_figure_says_whether_it_keeps_its_limit(aim: str, value: float, is_met: bool) -> None:
    limit = ("aim", 500.0)
    one = figure("x", [value], "records/s", **{aim: limit})  # type: ignore[arg-type]
    assert one.is_met is is_met
    assert ("kept" if is_met else "MISSED") in line(one)


def test_several_runs_are_told_by_their_median() -> None:
    assert figure("x", [1.0, 100.0, 3.0], "ms").value == 3.0


def statements(made: World, flow: str) -> int:
    with CaptureQueriesContext(database) as captured:
        made.sync(flow)
    return len(captured)


@pytest.mark.django_db(transaction=True)
def test_a_batch_costs_as_many_statements_with_ninety_records_as_with_nine() -> None:
    counts = []
    for number in (9, 90):
        with world(f"batch{number}") as made:
            made.apply(flows=[FLOW], books=[BOOKS], rules=[RULE])
            made.sync("records")
            for at in range(number):
                made.purchase(f"{10 + at}.50")
            counts.append(statements(made, "records"))
            assert SyncRecord.objects.filter(state=RecordState.POSTED, flow=made.flow("records")).count() == number
    assert counts[1] == counts[0]
