"""What does work cost, the database's included? Processor time, and the tables that statements read whole."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.db import connection as database
from django.test.utils import CaptureQueriesContext

LARGE = frozenset({"audit_syncrecord", "audit_recordversion", "audit_posting", "audit_auditevent"})
PLANNED = ("SELECT", "UPDATE", "INSERT", "DELETE", "WITH")


def processor_seconds() -> float | None:
    """Processor time of all of PostgreSQL's processes so far, its writers' included; None where it is not to be seen:
    on another machine, or on one without /proc."""
    backend = _backend()
    if backend is None:
        return None
    server = int(backend[2])
    ticks = sum(_ticks(one, 11, 13) for one in _stats() if int(one[2]) == server)
    parent = _stat(server)
    return (ticks + (_ticks(parent, 11, 15) if parent else 0)) / os.sysconf("SC_CLK_TCK")


def costs(work: Callable[[], object], runs: int, repeats: int) -> list[float]:
    """Seconds of processor time, of this process and its database process, as an average of each run's repeats: by the
    clock, whatever else the machine does would count as ours. By the clock where the database is out of sight."""
    work()
    found = []
    for _ in range(runs):
        began, ours, theirs = time.perf_counter(), time.process_time(), _backend_seconds()
        for _ in range(repeats):
            work()
        seconds = time.perf_counter() - began
        if theirs is not None:
            seconds = time.process_time() - ours + (_backend_seconds() or 0) - theirs
        found.append(seconds / repeats)
    return found


def _backend_seconds() -> float | None:
    """Processor time of the one process that serves this connection."""
    backend = _backend()
    return _ticks(backend, 11, 13) / os.sysconf("SC_CLK_TCK") if backend else None


def _backend() -> list[str] | None:
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        stat = _stat(cursor.fetchone()[0])
    return stat if stat and stat[0] == "postgres" else None


def _stats() -> Iterator[list[str]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (one := _stat(int(folder.name))) is not None:
            yield one


def _stat(process: int) -> list[str] | None:
    """Name, state, parent and what follows in /proc/<pid>/stat; times are from 12 on, ended children's from 14."""
    try:
        head, _, rest = Path(f"/proc/{process}/stat").read_text().rpartition(")")
    except OSError:
        return None
    return [head.partition("(")[2], *rest.split()]


def _ticks(stat: list[str], first: int, last: int) -> int:
    return sum(int(one) for one in stat[first + 1 : last + 1])


def whole_reads(work: Callable[[], object]) -> list[str]:
    """The statements of some work whose plan reads a table of LARGE from its first row to its last."""
    with CaptureQueriesContext(database) as captured:
        work()
    found = []
    for query in captured.captured_queries:
        statement = str(query["sql"]).strip()
        if not statement.upper().startswith(PLANNED):
            continue
        with database.cursor() as cursor:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}".replace("%", "%%"), [])
            plan = cursor.fetchone()[0]
        if any(_is_whole(node) for node in _nodes((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])):
            found.append(statement)
    return found


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from _nodes(inner)


def _is_whole(node: dict[str, Any]) -> bool:
    return node["Node Type"] in ("Seq Scan", "Parallel Seq Scan") and node.get("Relation Name") in LARGE
