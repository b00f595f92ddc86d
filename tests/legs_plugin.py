"""Which legs of the suite ran, and which could not?

Tests marked ``live`` or ``published_schema`` need something that the project does not ship. Where it is missing they
are left out, and the last lines say so; nobody has to read a list of skips to learn what was not proven.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
BESIDE = PROJECT.parent / "shared" / "contracts" / "specs"
# They start whole stacks or run whole flows: begun last, one would keep a process busy while the others are done.
LONGEST = (
    "tests/flows/test_killed_servers.py",
    "tests/audit/test_demo.py",
    "tests/flows/test_flows.py",
    "tests/config/test_bench.py",
    "tests/config/test_supervisor.py",
    "tests/audit/test_lost_answers.py",
    "tests/audit/test_memory.py",
    "tests/audit/test_two_workers.py",
)
DATABASE_FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "live_server"}

LIVE = ("ODOO_URL", "ZOHO_URL", "DYNAMICS_URL", "DYNAMICS_POSTED_WITHIN")
"""Where live systems stand, and what one of them does; a test says which it needs as `live("DYNAMICS_URL")`, the first
where it says nothing."""

_ran: Counter[str] = Counter()


def missing(leg: str, needs: str = LIVE[0]) -> str | None:
    """What this leg lacks here, or None when it can run; `needs` is the variable with a live system's address."""
    if leg == "live":
        return None if os.environ.get(needs) else f"{needs} is not set"
    schemas = os.environ.get("MLC_PUBLISHED_SCHEMAS")
    if schemas and not Path(schemas).is_dir():
        return f"MLC_PUBLISHED_SCHEMAS names no folder: {schemas}"
    return None if schemas else "MLC_PUBLISHED_SCHEMAS does not name the folder with the vendors' schemas"


LEGS = {"live": "live systems", "published_schema": "vendors' published schemas"}


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    if not os.environ.get("MLC_PUBLISHED_SCHEMAS") and BESIDE.is_dir():
        os.environ["MLC_PUBLISHED_SCHEMAS"] = str(BESIDE)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--only-database", action="store_true", help="only the tests that use the database")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    kept, gone = [], []
    for item in items:
        item.user_properties += [("leg", leg) for leg in LEGS if item.get_closest_marker(leg)]
        cannot = [leg for leg in LEGS if (mark := item.get_closest_marker(leg)) and missing(leg, *mark.args)]
        unwanted = config.getoption("--only-database") and not _uses_database(item)
        (gone if cannot or unwanted else kept).append(item)
    if gone:
        config.hook.pytest_deselected(items=gone)
    kept.sort(key=lambda item: LONGEST.index(path) if (path := item.nodeid.partition("::")[0]) in LONGEST else 99)
    items[:] = kept


def _uses_database(item: pytest.Item) -> bool:
    fixtures: Iterable[str] = getattr(item, "fixturenames", ())
    return bool(item.get_closest_marker("django_db") or DATABASE_FIXTURES.intersection(fixtures))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call":
        _ran.update([str(leg) for name, leg in report.user_properties if name == "leg"] or ["everything else"])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.section("legs")
    terminalreporter.line(f"ran:     the project's own suite, {_ran['everything else']} tests")
    for leg, name in LEGS.items():
        reasons = [missing(leg, system) for system in (LIVE if leg == "live" else ("",))]
        if None in reasons:
            terminalreporter.line(f"ran:     {name}, {_ran[leg]} tests")
        for reason in filter(None, reasons):
            terminalreporter.line(f"not run: {name} ({reason})")
