"""Does the Dynamics ledger keep its promises against the simulated Dynamics?"""

from __future__ import annotations

import pytest

from connectors.base import OutcomeState
from tests.cases.ledger_cases import LedgerCases
from tests.cases.ledger_world import LedgerWorld
from tests.connectors.dynamics365_fo.dynamics_cases import (
    DocumentCases,
    FaultCases,
    HalfDoneCases,
    PendingCases,
    StateCases,
)
from tests.connectors.dynamics365_fo.world import DynamicsWorld


class TestUnderOurNumbers(LedgerCases, StateCases, DocumentCases, FaultCases):
    """The number sequence lets its users choose."""


class TestBillsAsPendingInvoices(PendingCases):
    @pytest.fixture
    def world(self) -> DynamicsWorld:
        return DynamicsWorld(invoice_pattern="pending")


class TestUnderTheNumbersOfDynamics(LedgerCases, HalfDoneCases):
    """It does not, so that nothing but our search keeps a journal from being written twice."""

    @pytest.fixture
    def world(self) -> DynamicsWorld:
        made = DynamicsWorld(batch_numbers="automatic")
        made.do("set_number_sequence", code="JournalBatchNumber", user_changes=False)
        return made

    def test_two_workers_at_once_leave_one_document(self, world: LedgerWorld) -> None:
        """Two may not work at once here; the second, after the first, finds what that one wrote."""
        assert not world.open().enforces_key
        batch = [world.outgoing(world.entry(f"{number}.00")) for number in range(1, 11)]
        for _ in range(2):
            answers = world.open().post(world.company, batch)
            assert {one.state for one in answers} == {OutcomeState.POSTED}
        assert [world.count(one) for one in batch] == [1] * 10
