"""Does money that came back leave the payment where it is, whatever Zoho's calls turn out to mean?"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from connectors.base import Outcome, OutcomeState, Outgoing
from connectors.zoho_books.auth import SCOPES
from connectors.zoho_books.simulator import ZohoBooksSimulator
from tests.connectors.zoho_books.conftest import SimulatedWorld
from tests.connectors.zoho_books.world import ZohoWorld


def paid(world: ZohoWorld) -> tuple[Outgoing, Outgoing, Outgoing]:
    """A bill, its payment, and the return of it that is to be booked."""
    bill, _ = world.posted(world.bill())
    payment, _ = world.posted(world.payment("121.00", bill.key))
    return bill, payment, replace(world.outgoing(world.returned(payment.key, "121.00")), is_first=True)


def post(world: ZohoWorld, outgoing: Outgoing) -> Outcome:
    return world.open().post(world.company, [outgoing])[0]


@pytest.mark.parametrize("meaning", ["unapply", "delete"])
def test_a_payment_stays_whatever_deleting_it_from_a_bill_means(
    simulator: ZohoBooksSimulator, world: ZohoWorld, meaning: str
) -> None:
    """Published is no more than "The payment has been deleted."."""
    simulator.control("switch", {"delete_of_bill_payment": meaning})
    bill, payment, back = paid(world)
    assert (post(world, back).state, world.count(payment)) == (OutcomeState.POSTED, 1)
    assert world.open_items(bill, world.payable) == Decimal("-121.00")
    [row] = world.rows(payment)
    assert (row["date"], row["balance"]) == ("2026-10-15", 0)


def test_the_right_to_delete_is_not_asked_for() -> None:
    assert not [one for one in SCOPES if one.endswith("DELETE")]


def test_a_return_that_was_never_sent_costs_five_calls(world: ZohoWorld) -> None:
    ledger, (_, _, back) = world.open(), paid(world)
    ledger.preflight(world.company, [back.document])
    world.faults.calls.clear()
    assert ledger.post(world.company, [back])[0].state is OutcomeState.POSTED
    assert len(world.faults.calls) == 5, world.faults.calls


def test_a_payment_of_several_bills_is_taken_off_all(world: ZohoWorld) -> None:
    bills = [world.posted(world.bill())[0] for _ in range(2)]
    payment, _ = world.posted(world.payment("242.00", *(one.key for one in bills)))
    world.posted(world.returned(payment.key, "242.00"))
    assert [world.open_items(one, world.payable) for one in bills] == [Decimal("-121.00")] * 2


def test_nothing_comes_back_on_a_payment_that_stays_on_its_bill(
    simulator: ZohoBooksSimulator, world: ZohoWorld
) -> None:
    simulator.control("switch", {"empty_bills_of_payment": "ignore"})
    bill, payment, back = paid(world)
    outcome = post(world, back)
    assert outcome.state is OutcomeState.REJECTED
    assert "take it off them in Zoho" in outcome.error.message  # type: ignore[union-attr]
    assert (world.count(back), world.open_items(bill, world.payable)) == (0, 0)
    simulator.control("switch", {"empty_bills_of_payment": "clear"})  # by a person, in Zoho's pages
    world.act("PUT", f"/vendorpayments/{world.rows(payment)[0]['payment_id']}", {"amount": 121, "bills": []})
    assert post(world, replace(back, is_first=False)).state is OutcomeState.POSTED
    assert world.count(payment) == 1


def test_a_payment_of_a_closed_month_says_that_its_month_is_in_the_way(world: ZohoWorld) -> None:
    bill, _ = world.posted(world.bill(posting_date=date(2026, 1, 10)))
    payment, _ = world.posted(world.payment("121.00", bill.key, posting_date=date(2026, 1, 20)))
    back = world.outgoing(world.returned(payment.key, "121.00"))
    with world.locked(date(2026, 1, 31)):
        outcome = post(world, back)
    assert outcome.state is OutcomeState.REJECTED
    assert outcome.error.cure == "closed_period"  # type: ignore[union-attr]
    assert "of 2026-01-20 off its bills" in outcome.error.message  # type: ignore[union-attr]
    assert post(world, back).state is OutcomeState.POSTED


def test_a_foreign_payment_keeps_its_rate_when_it_is_taken_off(world: ZohoWorld) -> None:
    currency, _ = world.foreign
    line = replace(world.bill().lines[0], amount=Decimal("100.00"), company_amount=Decimal("123.45"))
    bill, _ = world.posted(world.bill(lines=(line,), currency=currency))
    payment, told = world.posted(world.payment("100.00", bill.key, currency=currency))
    before = world.rows(payment)[0]["exchange_rate"]
    back = world.returned(payment.key, "100.00")
    lines = tuple(replace(one, company_amount=told.company_amount) for one in back.lines)
    world.posted(replace(back, currency=currency, lines=lines))
    assert world.rows(payment)[0]["exchange_rate"] == before


def test_what_undoes_money_back_on_a_credit_is_for_a_person(world: SimulatedWorld) -> None:
    credit, _ = world.posted(world.bill(is_credit=True))
    refund, _ = world.posted(world.payment("121.00", credit.key, is_refund=True))
    there = world.returned(refund.key, "121.00")
    undone = replace(there, lines=tuple(one.swapped() for one in there.lines))
    outcome = post(world, world.outgoing(undone))
    assert (outcome.state, outcome.error.code) == (OutcomeState.REJECTED, "unsupported")  # type: ignore[union-attr]


def test_a_return_that_zoho_refuses_leaves_the_payment_on_its_bill(
    simulator: ZohoBooksSimulator, world: ZohoWorld
) -> None:
    bill, payment, back = paid(world)
    simulator.control("refuse", {"path": "/refunds", "method": "POST", "code": 990_020, "message": "Not this account"})
    outcome = post(world, back)
    assert (outcome.state, world.count(back)) == (OutcomeState.REJECTED, 0)
    assert "Not this account" in outcome.error.message  # type: ignore[union-attr]
    assert (world.open_items(bill, world.payable), world.open_items(payment, world.payable)) == (0, 0)
    assert post(world, back).state is OutcomeState.POSTED


# --- lists that lag


def test_a_payment_that_no_list_shows_yet_comes_back_when_one_does(
    simulator: ZohoBooksSimulator, world: ZohoWorld
) -> None:
    simulator.control("switch", {"list_delay_seconds": 30.0})
    bill, _ = world.posted(world.bill())
    simulator.clock.advance(seconds=31)
    payment, _ = world.posted(world.payment("121.00", bill.key))
    back = replace(world.outgoing(world.returned(payment.key, "121.00")), is_first=True)
    early = post(world, back)
    assert early.state is OutcomeState.NOT_SENT
    assert f"No list of Zoho shows the payment {payment.key} yet" in early.error.message  # type: ignore[union-attr]
    simulator.clock.advance(seconds=31)
    assert post(world, replace(back, is_first=False)).state is OutcomeState.POSTED
    simulator.clock.advance(seconds=31)
    assert (world.count(back), world.count(payment)) == (1, 1)


def test_a_credit_that_no_list_shows_yet_is_paid_back_when_one_does(
    simulator: ZohoBooksSimulator, world: ZohoWorld
) -> None:
    """As both go in one batch (rule B33)."""
    world.vendor  # noqa: B018 - made before
    simulator.control("switch", {"list_delay_seconds": 30.0})
    credit = replace(world.outgoing(world.bill(is_credit=True)), is_first=True)
    refund = replace(world.outgoing(world.payment("121.00", credit.key, is_refund=True)), is_first=True)
    answers = world.open().post(world.company, [refund, credit])
    assert [one.state for one in answers] == [OutcomeState.NOT_SENT, OutcomeState.POSTED]
    assert f"No list of Zoho shows the credit {credit.key} yet" in answers[0].error.message  # type: ignore[union-attr]
    simulator.clock.advance(seconds=31)
    assert post(world, replace(refund, is_first=False)).state is OutcomeState.POSTED
    assert world.open_items(credit, world.payable) == 0
