"""Does the Odoo ledger keep its promises against the simulated Odoo?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.odoo.simulator import OdooSimulator
from connectors.odoo.versions import Version
from tests.cases.ledger_cases import EnforcedKeyCases, LedgerCases
from tests.connectors.odoo.odoo_cases import OdooCases, ProtocolCases
from tests.connectors.odoo.world import OdooWorld


class TestSimulatedOdoo(LedgerCases, EnforcedKeyCases, OdooCases):
    """The database as a fresh server has it."""


class TestSimulatedOdooOverXmlRpc(ProtocolCases):
    """The protocol of versions 16 to 18."""

    @pytest.fixture
    def world(self, world: OdooWorld) -> OdooWorld:
        world.version = Version(18, "18.0")
        return world


@pytest.mark.parametrize(("number", "written"), [(17, "INV-7-R2"), (18, "INV-7")])
def test_a_revision_bears_a_number_of_its_own_where_odoo_takes_one_but_once(
    world: OdooWorld, simulator: OdooSimulator, number: int, written: str
) -> None:
    world.version = Version(number, f"{number}.0")
    simulator.control("switch", {"block_duplicate_bill_ref": number < 18})
    bill = world.bill(number="INV-7")
    world.posted(bill)
    again, _ = world.posted(replace(bill, apart="R2"))
    [move] = world.read("account.move", [["invoice_origin", "=", again.stamp]], "ref")
    assert move["ref"] == written
