"""Does the Dynamics ledger keep its promises where bills are pending invoices?"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from connectors.base import OutcomeState
from connectors.documents import Line
from connectors.records import Side
from tests.cases.ledger_cases import LedgerCases
from tests.cases.ledger_world import LedgerWorld
from tests.connectors.dynamics365_fo.pending_world import PendingWorld
from tests.connectors.dynamics365_fo.settling_cases import SettlingCases


class TestBillsThatArePostedAsInvoices(LedgerCases, SettlingCases):
    """Nothing but our search keeps an invoice from being written twice, whatever numbers the journals have."""

    @pytest.fixture(params=["own", "automatic"])
    def world(self, request: pytest.FixtureRequest) -> PendingWorld:
        made = PendingWorld(batch_numbers=request.param)
        made.do("set_number_sequence", code="JournalBatchNumber", user_changes=request.param == "own")
        return made

    def test_two_workers_at_once_leave_one_document(self, world: LedgerWorld) -> None:
        """Two may not work at once here; the second, after the first, finds what that one wrote."""
        assert not world.open().enforces_key
        bill = world.bill()
        batch = [world.outgoing(replace(bill, number=f"{bill.number}-{number}")) for number in range(1, 11)]
        for _ in range(2):
            answers = world.open().post(world.company, batch)
            assert {one.state for one in answers} == {OutcomeState.POSTED}
        assert [world.count(one) for one in batch] == [1] * 10

    def test_what_a_foreign_payment_came_to_is_told(self, world: LedgerWorld) -> None:
        """A pending invoice is given no rate: its bill is booked at that of the day."""
        currency, rate = world.foreign
        value = Decimal("100.00")
        line = Line(world.expense, Side.DEBIT, value, value * rate)
        bill, told = world.posted(world.bill(lines=(line,), currency=currency))
        payment, paid = world.posted(world.payment("100.00", bill.key, currency=currency))
        assert (told.company_amount, paid.company_amount) == (None, value * rate)
        assert world.open().find(world.company, [payment])[0].company_amount == value * rate
        assert world.open_items(bill, world.payable) == 0
