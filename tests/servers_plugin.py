"""Which PostgreSQL and Valkey do the tests run on?

Those of DATABASE_URL and REDIS_URL, else embedded ones in a temporary folder. A plugin and not a conftest hook,
because pytest-django reads the settings before any conftest is loaded. Workers of xdist inherit the addresses; each
has a database of its own on both servers.
"""

import contextlib
import os
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from config import trial
from config.env import for_redis_py

_running = contextlib.ExitStack()
_versions: list[str] = []


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        os.environ["REDIS_URL"] = _own_database(
            for_redis_py(os.environ["REDIS_URL"]), int(worker.removeprefix("gw")) + 1
        )
        return
    _running.enter_context(trial.throwaway_servers())
    with psycopg.connect(os.environ["DATABASE_URL"]) as database:
        _versions.append(f"PostgreSQL {database.info.parameter_status('server_version')}")
    with redis.Redis.from_url(for_redis_py(os.environ["REDIS_URL"])) as broker:
        facts = broker.info("server")
        _versions.append(f"Valkey {facts['valkey_version']}" if "valkey_version" in facts else "Redis")


def _own_database(redis_url: str, number: int) -> str:
    """The same server, another of its 16 databases: a worker process started by one test takes no other test's task."""
    if redis_url.startswith("unix://"):
        return f"{redis_url.partition('?')[0]}?db={number}"
    return urlsplit(redis_url)._replace(path=f"/{number}").geturl()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    _running.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.section("servers")
    terminalreporter.line(", ".join(_versions))
