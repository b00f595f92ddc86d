"""Do a bill and its mirror close each other, whatever order they come in and whatever Zoho refuses?"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from connectors.base import Outcome, OutcomeState, Outgoing
from connectors.documents import VendorBill
from connectors.zoho_books.simulator import ZohoBooksSimulator
from tests.cases.ledger_world import DAY
from tests.connectors.zoho_books.world import ZohoWorld


def mirror(world: ZohoWorld, bill: Outgoing) -> Outgoing:
    document = bill.document
    assert isinstance(document, VendorBill)
    lines = tuple(one.swapped() for one in document.lines)
    turned = replace(document, posting_date=DAY, due_on=DAY, is_credit=not document.is_credit, lines=lines)
    return replace(world.outgoing(replace(turned, reverses=bill.key), f"{bill.key}:r"), is_first=True)


def said(outcome: Outcome) -> str:
    return " ".join(one.message for one in outcome.differences)


def test_what_opens_a_bill_again_goes_before_the_credit_that_closes_it(world: ZohoWorld) -> None:
    bill, _ = world.posted(world.bill())
    payment, _ = world.posted(world.payment("121.00", bill.key))
    credit, back = mirror(world, bill), world.outgoing(world.returned(payment.key, "121.00"))
    answers = world.open().post(world.company, [credit, back])
    assert [(one.state, one.differences) for one in answers] == [(OutcomeState.POSTED, ())] * 2
    assert (world.open_items(bill, world.payable), world.open_items(credit, world.payable)) == (0, 0)


def test_a_credit_that_zoho_does_not_apply_is_not_done_and_is_applied_later(
    simulator: ZohoBooksSimulator, world: ZohoWorld
) -> None:
    bill, _ = world.posted(world.bill())
    credit = mirror(world, bill)
    simulator.control("refuse", {"path": "/vendorcredits/[0-9]+/bills", "code": 990_006, "message": "Not now"})
    outcome = world.open().post(world.company, [credit])[0]
    assert outcome.state is OutcomeState.CREATED
    number = bill.document.number  # type: ignore[union-attr]
    assert said(outcome).startswith(f"vendor credit {number} is not applied to bill {number}: ")
    assert "Not now" in said(outcome)
    found = world.open().find(world.company, [credit])[0]
    assert (found.state, found.differences) == (OutcomeState.POSTED, ())
    assert (world.open_items(bill, world.payable), world.open_items(credit, world.payable)) == (0, 0)


def test_a_credit_of_a_bill_that_no_list_shows_yet_is_applied_later(
    simulator: ZohoBooksSimulator, world: ZohoWorld
) -> None:
    world.vendor  # noqa: B018 - made before
    simulator.control("switch", {"list_delay_seconds": 30.0})
    bill, _ = world.posted(world.bill())
    credit = mirror(world, bill)
    outcome = world.open().post(world.company, [credit])[0]
    assert outcome.state is OutcomeState.CREATED
    assert f"No list of Zoho shows {bill.key}" in said(outcome)
    simulator.clock.advance(seconds=31)
    found = world.open().find(world.company, [credit])[0]
    assert (found.state, found.differences) == (OutcomeState.POSTED, ())
    assert (world.open_items(bill, world.payable), world.open_items(credit, world.payable)) == (0, 0)


def test_the_mirror_of_a_bill_that_was_deleted_waits_for_nobody(world: ZohoWorld) -> None:
    bill, posted = world.posted(world.bill())
    world.act("DELETE", f"/bills/{posted.ledger_id.removeprefix('bill:')}")
    credit = mirror(world, bill)
    assert world.open().post(world.company, [credit])[0].state is OutcomeState.CREATED
    found = world.open().find(world.company, [credit])[0]
    assert (found.state, [one.code for one in found.differences]) == (OutcomeState.POSTED, ["not_reconciled"])


@pytest.mark.parametrize("is_credit", [False, True])
def test_what_stays_open_is_told_with_its_number_and_currency(world: ZohoWorld, is_credit: bool) -> None:
    """A bill that was paid in part, or a credit of which money came back."""
    bill, _ = world.posted(world.bill(is_credit=is_credit))
    world.posted(world.payment("21.00", bill.key, is_refund=is_credit))
    outcome = world.open().post(world.company, [mirror(world, bill)])[0]
    number = bill.document.number  # type: ignore[union-attr]
    names = [f"vendor credit {number}", f"bill {number}"]
    mine, other = reversed(names) if is_credit else names
    assert outcome.state is OutcomeState.POSTED
    assert said(outcome).startswith(f"21.00 USD of {mine} stays open, as {other} was settled otherwise. Apply the")
    assert world.open_items(bill, world.payable) == Decimal(0)
