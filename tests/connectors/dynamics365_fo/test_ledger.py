"""Does the Dynamics ledger keep its promises against the simulated Dynamics?"""

from __future__ import annotations

import threading
from collections import Counter
from random import Random

import pytest

from connectors.base import OutcomeState
from tests.cases.fault_transport import NetworkFault
from tests.cases.ledger_cases import UNCLEAR, EnforcedKeyCases, LedgerCases
from tests.cases.ledger_world import LedgerWorld
from tests.connectors.dynamics365_fo.document_cases import DocumentCases
from tests.connectors.dynamics365_fo.fault_cases import FaultCases, OwnNumberCases
from tests.connectors.dynamics365_fo.half_done_cases import HalfDoneCases
from tests.connectors.dynamics365_fo.pending_cases import PendingCases
from tests.connectors.dynamics365_fo.settling_cases import SettlingCases, WatchedCases
from tests.connectors.dynamics365_fo.state_cases import StateCases
from tests.connectors.dynamics365_fo.world import DynamicsWorld


class TestUnderOurNumbers(
    LedgerCases, EnforcedKeyCases, StateCases, DocumentCases, SettlingCases, FaultCases, OwnNumberCases
):
    """The number sequence lets its users choose."""


@pytest.mark.parametrize(("numbers", "workers"), [("own", 3), ("automatic", 1)])
def test_workers_whose_every_other_write_is_lost_lose_and_double_nothing(numbers: str, workers: int) -> None:
    """Each with its own share of the documents, as lanes have it."""
    world = DynamicsWorld(batch_numbers=numbers)
    world.job.is_on = False
    documents = [world.outgoing(world.entry(f"{at}.00")) for at in range(1, 301)]
    chance = Random(7)
    arranged = world.faults._due

    def due(path: str, writes: bool) -> NetworkFault | None:
        is_lost = writes and chance.random() < 0.5
        return NetworkFault(chance.choice(UNCLEAR)) if is_lost else arranged(path, writes)

    world.faults._due = due  # type: ignore[method-assign]
    done: dict[str, OutcomeState] = {}
    ledgers = [world.open() for _ in range(workers)]

    def work(slot: int) -> None:
        mine = documents[slot::workers]
        states = {one.key: OutcomeState.NOT_SENT for one in mine}
        while set(states.values()) != {OutcomeState.CREATED}:
            look = [one for one in mine if states[one.key] is OutcomeState.UNCERTAIN][:50]
            send = [one for one in mine if states[one.key] in (OutcomeState.NOT_SENT, OutcomeState.ABSENT)][:50]
            answers = [*ledgers[slot].find("usmf", look), *ledgers[slot].post("usmf", send)]
            states.update({one.key: one.state for one in answers})
        done.update(states)

    threads = [threading.Thread(target=work, args=(slot,)) for slot in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == len(documents)
    marks = Counter(row["IntegrationKey"] for row in world.rows("LedgerJournalHeaders"))
    lines = Counter(row["Document"] for row in world.rows("LedgerJournalLines"))
    assert marks == lines == Counter(one.stamp for one in documents)


class TestPaymentsThroughGeneralJournals(WatchedCases):
    """Where nothing can be marked: a posted payment settles what the vendor posting profile says, or a person."""

    @pytest.fixture
    def world(self) -> DynamicsWorld:
        made = DynamicsWorld()
        made.payment_journal = "BrexJrn"
        return made


class TestBillsAsPendingInvoices(PendingCases):
    @pytest.fixture
    def world(self) -> DynamicsWorld:
        return DynamicsWorld(invoice_pattern="pending")


class TestUnderTheNumbersOfDynamics(LedgerCases, StateCases, DocumentCases, SettlingCases, FaultCases, HalfDoneCases):
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
