"""Does the Dynamics ledger keep its promises against the simulated Dynamics?"""

from __future__ import annotations

from tests.cases.ledger_cases import LedgerCases


class TestSimulatedDynamics(LedgerCases):
    """Under batch numbers of our own."""
