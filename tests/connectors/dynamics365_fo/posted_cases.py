"""What must hold in an environment whose own job posts? The shared suite, but for what only a person can settle there.

Left out of it by name: the kind *settling entry*, and with it `test_a_payout_settles_the_claim_it_names`. Payouts are
general journals, in which nothing can be marked, and where the vendor posting profile settles by itself it would settle
the other documents of these tests too. What becomes of them instead stands here under the same name."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connectors.base import OutcomeState
from tests.cases.ledger_cases import KINDS, EnforcedKeyCases, LedgerCases, codes
from tests.cases.ledger_world import LedgerWorld

# Written or not: what can become of the answer on its way back is the client's matter, and every wait takes its time.
DONE_OR_NOT = ("commit_then_drop", "drop")
BOOKED = tuple(kind for kind in KINDS if kind != "settling entry")


class PostedCases(LedgerCases, EnforcedKeyCases):
    """Subclass it with a fixture `world`."""

    @pytest.mark.parametrize("kind", BOOKED)
    def test_a_document_posted_twice_is_one_document(self, world: LedgerWorld, kind: str) -> None:
        super().test_a_document_posted_twice_is_one_document(world, kind)

    @pytest.mark.parametrize("fault", DONE_OR_NOT)
    @pytest.mark.parametrize("kind", BOOKED)
    def test_an_unclear_end_of_any_write_leaves_one_document(self, world: LedgerWorld, kind: str, fault: str) -> None:
        super().test_an_unclear_end_of_any_write_leaves_one_document(world, kind, fault)

    def test_a_payout_settles_the_claim_it_names(self, world: LedgerWorld) -> None:
        """A person does: until then it is in the books, and said to settle nothing."""
        claim, _ = world.posted(world.claim())
        payout = world.outgoing(world.payout(claim.key))
        outcome = world.open().post(world.company, [payout])[0]
        assert (outcome.state, codes(outcome)) == (OutcomeState.POSTED, {"not_reconciled"})
        assert world.open_items(claim, world.employees) == -80

    def test_what_is_in_the_books_is_what_was_sent(self, world: LedgerWorld) -> None:
        bill, _ = world.posted(world.bill())
        payment, _ = world.posted(world.payment("121.00", bill.key))
        owed, costs = Decimal("121.00"), {world.expense.id: Decimal("100.00"), world.tax.id: Decimal("21.00")}
        assert world.books(bill) == {**costs, world.payable.id: -owed}
        assert world.books(payment) == {world.payable.id: owed, world.money.id: -owed}

    def test_two_workers_at_once_leave_one_document(self, world: LedgerWorld) -> None:
        """Where Dynamics gives the numbers two may not work at once; the second, after the first, finds it."""
        if world.open().enforces_key:
            super().test_two_workers_at_once_leave_one_document(world)
            return
        batch = [world.outgoing(world.entry(f"{number}.00")) for number in range(1, 11)]
        for _ in range(2):
            assert {one.state for one in world.open().post(world.company, batch)} == {OutcomeState.POSTED}
        assert [world.count(one) for one in batch] == [1] * 10
