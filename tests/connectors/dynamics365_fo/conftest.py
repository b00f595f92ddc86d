"""What do the tests of the Dynamics connector share? The suite's hands in a simulated environment."""

from __future__ import annotations

import pytest

from tests.connectors.dynamics365_fo.world import DynamicsWorld


@pytest.fixture
def world() -> DynamicsWorld:
    return DynamicsWorld()
