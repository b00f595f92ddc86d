"""What do the tests of the Dynamics connector share? The suite's hands in a simulated environment."""

from __future__ import annotations

import pytest

from connectors.dynamics365_fo import throttling
from tests.connectors.dynamics365_fo.world import DynamicsWorld


@pytest.fixture
def world() -> DynamicsWorld:
    return DynamicsWorld()


@pytest.fixture(autouse=True)
def nobody_told_to_slow_down() -> None:
    """What one test was told of a host is nothing to the next."""
    throttling._told.clear()
