"""What do the tests of the Odoo connector share? A simulated Odoo and the suite's hands in it."""

from __future__ import annotations

import pytest

from connectors.odoo.auth import OdooCredentials
from connectors.odoo.simulator import OdooSimulator
from connectors.simulation import SimulatorTransport
from tests.connectors.odoo.world import OdooWorld


@pytest.fixture
def simulator() -> OdooSimulator:
    return OdooSimulator()


@pytest.fixture
def world(simulator: OdooSimulator) -> OdooWorld:
    credentials = simulator.credentials()
    administrator = {**credentials, "login": "admin", "api_key": simulator.api_keys["admin"]}
    return OdooWorld(
        "http://127.0.0.1:9",
        SimulatorTransport(simulator),
        OdooCredentials.model_validate(credentials),
        OdooCredentials.model_validate(administrator),
    )
