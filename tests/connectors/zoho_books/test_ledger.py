"""Does the Zoho Books ledger keep its promises against the simulated Zoho?"""

from __future__ import annotations

import threading

from connectors.base import OutcomeState
from tests.cases.ledger_cases import LedgerCases
from tests.connectors.zoho_books.world import ZohoWorld
from tests.connectors.zoho_books.zoho_cases import ZohoCases


class TestSimulatedZoho(LedgerCases, ZohoCases):
    """The organisation as the simulated company has it."""

    def test_two_workers_at_once_leave_one_document(self, world: ZohoWorld) -> None:  # type: ignore[override]
        """Zoho enforces no key, so the engine lets one lane at a time post. Should two do it all the same, what is
        there twice is told, never passed over."""
        batch = [world.outgoing(world.entry(f"{number}.00")) for number in range(1, 7)]
        barrier = threading.Barrier(2)

        def work() -> None:
            ledger = world.open()
            barrier.wait()
            ledger.post(world.company, batch)

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expected = {1: OutcomeState.POSTED, 2: OutcomeState.TWICE}
        for one in batch:
            assert world.open().find(world.company, [one])[0].state is expected[world.count(one)]
