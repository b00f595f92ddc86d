"""Does the Odoo ledger keep its promises against the simulated Odoo?"""

from __future__ import annotations

import pytest

from tests.cases.ledger_cases import LedgerCases
from tests.connectors.odoo.odoo_cases import OdooCases, ProtocolCases
from tests.connectors.odoo.world import OdooWorld


class TestSimulatedOdoo(LedgerCases, OdooCases):
    """The database as a fresh server has it."""


class TestSimulatedOdooOverXmlRpc(ProtocolCases):
    """The protocol of versions 16 to 18."""

    @pytest.fixture
    def world(self, world: OdooWorld) -> OdooWorld:
        world.speaks_xmlrpc = True
        return world
