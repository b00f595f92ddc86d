"""Which PostgreSQL and Valkey do the tests run on?

Those of DATABASE_URL and REDIS_URL, else embedded ones in a temporary folder. A plugin and not a conftest hook,
because pytest-django reads the settings before any conftest is loaded. Workers of xdist inherit the addresses.
"""

import contextlib
import os

import pytest

from config import trial

_running = contextlib.ExitStack()


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ:
        _running.enter_context(trial.throwaway_servers())


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    _running.close()
