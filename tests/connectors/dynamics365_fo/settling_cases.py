"""Does money that is gone leave nothing to be paid? Marked, watched, and said where it does not."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connectors.base import OutcomeState
from connectors.documents import Partner
from tests.cases.ledger_cases import codes
from tests.connectors.dynamics365_fo.drafts import lines_in, sent
from tests.connectors.dynamics365_fo.world import DynamicsWorld

OTHER = Decimal("-121.00")


class SettlingCases:
    """Subclass it with a fixture `world` whose payments go through a vendor payment journal."""

    def test_a_payment_marks_its_bill_and_settles_it_and_no_older_one(self, world: DynamicsWorld) -> None:
        older, _ = world.posted(world.bill())
        bill, _ = world.posted(world.bill())
        payment, outcome = world.posted(world.payment("121.00", bill.key))
        [row] = lines_in(world, payment)
        assert (row["MarkedInvoice"], row["MarkedInvoiceCompany"]) == (bill.document.number[:20], "usmf")  # type: ignore[union-attr]
        assert (row["AccountType"], row["AccountDisplayValue"], row["OffsetAccountDisplayValue"]) == (
            "Vend", world.vendor.id, "101404---",
        )  # fmt: skip
        assert (world.open_items(bill, world.payable), world.open_items(older, world.payable)) == (0, OTHER)
        assert outcome.ledger_id == f"payment-journal:{outcome.number}"

    def test_one_payment_of_two_bills_marks_each_with_its_part(self, world: DynamicsWorld) -> None:
        first, _ = world.posted(world.bill())
        second, _ = world.posted(world.bill())
        payment, _ = world.posted(world.payment("200.00", first.key, second.key))
        parts = [(row["MarkedInvoice"], row["DebitAmount"]) for row in lines_in(world, payment)]
        numbers = [one.document.number[:20] for one in (first, second)]  # type: ignore[union-attr]
        assert parts == [(numbers[0], Decimal("121.00")), (numbers[1], Decimal("79.00"))]
        assert world.open_items(first, world.payable) == 0
        assert world.open_items(second, world.payable) == Decimal("-42.00")

    def test_money_back_is_settled_with_its_credit(self, world: DynamicsWorld) -> None:
        credit, _ = world.posted(world.bill(is_credit=True))
        world.posted(world.payment("121.00", credit.key, is_refund=True))
        assert world.open_items(credit, world.payable) == 0

    def test_what_is_more_than_the_bill_is_not_marked_and_waits(self, world: DynamicsWorld) -> None:
        bill, _ = world.posted(world.bill())
        payment, outcome = sent(world, world.payment("150.00", bill.key))
        assert [row.get("MarkedInvoice") or "" for row in lines_in(world, payment)][1:] == [""]
        assert (outcome.state, codes(outcome)) == (OutcomeState.CREATED, {"not_reconciled"})
        assert "29.00 USD of it is not settled" in str(outcome.error)

    def test_what_a_person_settles_otherwise_is_said(self, world: DynamicsWorld) -> None:
        """The bill's settlement is undone and the payment set off against another one."""
        other, _ = world.posted(world.bill())
        bill, _ = world.posted(world.bill())
        payment, _ = world.posted(world.payment("121.00", bill.key))
        rows = {one.key: world.rows("VendTransBiEntities", DocumentNum=one.stamp)[0] for one in (bill, other)}
        for one, settled in ((bill, Decimal(0)), (other, OTHER)):
            key = ["usmf", rows[one.key]["SourceKey"]]
            world.do("edit", set="VendTransBiEntities", key=key, changes={"SettleAmountCur": settled})
        found = world.open().find("usmf", [payment])[0]
        assert (found.state, codes(found)) == (OutcomeState.CREATED, {"not_reconciled"})
        assert "settles something else" in str(found.error)

    def test_a_mark_that_dynamics_takes_and_does_not_follow_is_seen(self, world: DynamicsWorld) -> None:
        bill, _ = world.posted(world.bill())
        world.job.is_on = False
        payment, created = sent(world, world.payment("121.00", bill.key))
        assert created.state is OutcomeState.CREATED
        [owed] = world.rows("VendTransBiEntities", DocumentNum=bill.stamp)  # a person pays it meanwhile
        changes = {"SettleAmountCur": OTHER, "SettleAmountMST": OTHER}
        world.do("edit", set="VendTransBiEntities", key=["usmf", owed["SourceKey"]], changes=changes)
        world.job.run()
        found = world.open().find("usmf", [payment])[0]
        assert (found.state, codes(found)) == (OutcomeState.CREATED, {"not_reconciled"})

    def test_a_payout_that_nothing_settles_is_in_the_books_and_said(self, world: DynamicsWorld) -> None:
        """Entries are general journals, in which nothing can be marked."""
        world.job.settles = False
        claim, _ = world.posted(world.claim())
        _, outcome = sent(world, world.payout(claim.key))
        assert (outcome.state, codes(outcome)) == (OutcomeState.POSTED, {"not_reconciled"})
        assert "80.00 USD of it is not settled" in outcome.differences[0].message

    def test_a_bill_that_is_taken_back_is_set_off_or_said(self, world: DynamicsWorld) -> None:
        bill, _ = world.posted(world.bill())
        back = world.bill(is_credit=True, reverses=bill.key)
        _, outcome = sent(world, back)
        assert (outcome.state, codes(outcome)) == (OutcomeState.POSTED, {"not_reconciled"})

    @pytest.mark.parametrize("missing", ["VendorPaymentJournalHeaders", "right"])
    def test_an_environment_without_payment_journals_is_told_so(self, world: DynamicsWorld, missing: str) -> None:
        if missing == "right":
            world.do("set_user", hidden=["VendorPaymentJournalHeaders"])
        else:
            world.simulator.switches.missing_sets.append(missing)
        [[finding]] = world.open().preflight("usmf", [world.payment("5.00", world.key())])
        assert (finding.code, finding.value) == ("wrong_journal_type", world.payment_journal)
        entry, _ = world.posted(world.entry())
        listed = {one.stamp for page in world.open().list_stamped("usmf", None) for one in page}
        assert entry.stamp in listed

    def test_a_payment_to_another_vendor_than_the_bills_marks_nothing(self, world: DynamicsWorld) -> None:
        bill, _ = world.posted(world.bill())
        payment, outcome = sent(world, world.payment("121.00", bill.key, partner=Partner("US-101")))
        assert [row.get("MarkedInvoice") or "" for row in lines_in(world, payment)] == [""]
        assert outcome.state is OutcomeState.CREATED


class WatchedCases:
    """Subclass it with a fixture `world` whose payments go through a general journal."""

    def test_a_payment_is_not_done_before_it_settles_something(self, world: DynamicsWorld) -> None:
        bill, _ = world.posted(world.bill())
        world.job.is_on = False
        outgoing, created = sent(world, world.payment("121.00", bill.key))
        assert (created.state, codes(created)) == (OutcomeState.CREATED, set())
        world.do("set", automatic_settlement=False)
        world.do("post_journals", numbers=[created.number])
        unsettled = world.open().find(world.company, [outgoing])[0]
        assert (unsettled.state, codes(unsettled)) == (OutcomeState.CREATED, {"not_reconciled"})
        [row] = world.rows("VendTransBiEntities", JournalNum=created.number)
        key = [row["dataAreaId"], row["SourceKey"]]
        assert "settle it under" in str(unsettled.error).lower()
        [owed] = world.rows("VendTransBiEntities", DocumentNum=bill.stamp)
        world.do("edit", set="VendTransBiEntities", key=key, changes={"SettleAmountCur": Decimal("121.00")})
        key = [owed["dataAreaId"], owed["SourceKey"]]
        world.do("edit", set="VendTransBiEntities", key=key, changes={"SettleAmountCur": Decimal("-121.00")})
        assert world.open().find(world.company, [outgoing])[0].state is OutcomeState.POSTED

    def test_the_vendors_oldest_bill_is_not_the_one_that_was_paid(self, world: DynamicsWorld) -> None:
        """Automatic settlement takes the oldest item first: the paid bill stays open, which is said."""
        older, _ = world.posted(world.bill())
        bill, _ = world.posted(world.bill())
        _, outcome = sent(world, world.payment("121.00", bill.key))
        assert (world.open_items(older, world.payable), world.open_items(bill, world.payable)) == (0, OTHER)
        assert (outcome.state, codes(outcome)) == (OutcomeState.CREATED, {"not_reconciled"})
        assert "settles something else" in str(outcome.error)

    def test_a_payment_that_settles_its_bill_is_posted(self, world: DynamicsWorld) -> None:
        bill, _ = world.posted(world.bill())
        world.posted(world.payment("121.00", bill.key))
        assert world.open_items(bill, world.payable) == 0
