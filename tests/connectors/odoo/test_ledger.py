"""Does the Odoo ledger keep its promises against the simulated Odoo?"""

from __future__ import annotations

import pytest

from connectors.odoo.auth import OdooCredentials
from connectors.odoo.simulator import OdooSimulator
from connectors.simulation import SimulatorTransport
from tests.cases.ledger_cases import LedgerCases
from tests.connectors.odoo.odoo_cases import OdooCases, ProtocolCases
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


class TestSimulatedOdoo(LedgerCases, OdooCases):
    """The database as a fresh server has it."""


class TestSimulatedOdooOverXmlRpc(ProtocolCases):
    """The protocol of versions 16 to 18."""

    @pytest.fixture
    def world(self, world: OdooWorld) -> OdooWorld:
        world.speaks_xmlrpc = True
        return world
