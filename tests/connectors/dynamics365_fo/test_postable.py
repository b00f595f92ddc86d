"""Is what Dynamics will not post seen before it is written, and told while it waits?"""

from __future__ import annotations

from datetime import date

import pytest

from connectors.base import OutcomeState
from connectors.documents import Account, Document, Role
from tests.connectors.dynamics365_fo.drafts import MEALS, credit, debit, sent
from tests.connectors.dynamics365_fo.world import DynamicsWorld


def document_of(world: DynamicsWorld, kind: str) -> Document:
    if kind == "entry":
        return world.entry(lines=(debit(MEALS, "9.00"), credit(world.card, "9.00")))
    if kind == "owed":
        return world.claim()
    if kind == "paid out":
        payable = Account(Role.EMPAY, "vendor", "Vendor")
        return world.entry(lines=(debit(payable, "9.00", partner=world.vendor), credit(world.money, "9.00")))
    if kind == "bill":
        return world.bill()
    bill, _ = world.posted(world.bill())
    return world.payment("121.00", bill.key)


def test_a_side_that_the_account_does_not_take_is_seen(world: DynamicsWorld) -> None:
    world.do("edit", set="MainAccounts", key=["Shared", "605110"], changes={"DebitCreditRequirement": "Credit"})
    bad, good = document_of(world, "entry"), world.entry(lines=(credit(MEALS, "9.00"), debit(world.card, "9.00")))
    [[finding], []] = world.open().preflight("usmf", [bad, good])
    assert (finding.code, finding.value) == ("wrong_side", "605110")
    assert "Main accounts" in finding.message
    _, outcome = sent(world, bad)
    assert outcome.state is OutcomeState.REJECTED


def test_a_side_that_the_account_of_the_money_does_not_take_is_seen(world: DynamicsWorld) -> None:
    payment = document_of(world, "payment")
    world.do("edit", set="MainAccounts", key=["Shared", "101404"], changes={"DebitCreditRequirement": "Debit"})
    assert [one.code for one in world.open().preflight("usmf", [payment])[0]] == ["wrong_side"]


@pytest.mark.parametrize(
    ("hold", "kind", "is_stopped"),
    [
        ("Payment", "payment", True),
        ("Payment", "paid out", True),
        ("Payment", "bill", False),
        ("Payment", "owed", False),
        ("Invoice", "bill", True),
        ("Invoice", "owed", True),
        ("Invoice", "payment", False),
        ("All", "payment", True),
        ("All", "bill", True),
        ("Never", "bill", False),
    ],
)
def test_a_hold_stops_what_it_is_for(world: DynamicsWorld, hold: str, kind: str, is_stopped: bool) -> None:
    document = document_of(world, kind)
    world.do("edit", set="VendorsV3", key=["usmf", world.vendor.id], changes={"OnHoldStatus": hold})
    found = world.open().preflight("usmf", [document])[0]
    assert [one.code for one in found] == (["inactive_partner"] if is_stopped else [])
    outgoing, outcome = sent(world, document)
    assert outcome.state is (OutcomeState.REJECTED if is_stopped else OutcomeState.POSTED), outcome
    assert world.count(outgoing) == (0 if is_stopped else 1)


@pytest.mark.parametrize(
    ("shut", "kind", "module"),
    [
        ({"Vend": "None"}, "owed", "Accounts payable"),
        ({"Vend": "None"}, "bill", "Accounts payable"),
        ({"Ledger": "None"}, "entry", "General ledger"),
        ({"Vend": "None"}, "entry", ""),
    ],
)
def test_a_period_that_a_module_is_shut_out_of_is_told_with_its_screen(
    world: DynamicsWorld, shut: dict[str, str], kind: str, module: str
) -> None:
    document = document_of(world, kind)
    world.do("set_period", day="2026-10-12", status="Open", **shut)
    found = world.open().preflight("usmf", [document])[0]
    assert [one.code for one in found] == (["closed_period"] if module else [])
    for one in found:
        assert module in one.message
        assert "Ledger calendars" in one.message
        assert "usmf" in one.message


def test_a_closed_period_is_closed_for_every_module(world: DynamicsWorld) -> None:
    with world.locked(date(2026, 10, 31)):
        [[finding]] = world.open().preflight("usmf", [world.entry()])
    assert "closed or on hold for every module in usmf" in finding.message


@pytest.mark.parametrize("change", ["side", "hold", "module"])
def test_what_came_between_is_told_while_it_waits(world: DynamicsWorld, change: str) -> None:
    document = document_of(world, "owed" if change != "side" else "entry")
    world.job.is_on = False
    outgoing, created = sent(world, document)
    assert "have not come to it yet" in str(created.error)
    if change == "side":
        world.do("edit", set="MainAccounts", key=["Shared", "605110"], changes={"DebitCreditRequirement": "Credit"})
    elif change == "hold":
        world.do("edit", set="VendorsV3", key=["usmf", world.vendor.id], changes={"OnHoldStatus": "Invoice"})
    else:
        world.do("set_period", day="2026-10-12", status="Open", Vend="None")
    told = str(world.open().find("usmf", [outgoing])[0].error)
    assert {"side": "takes credits alone", "hold": "on hold", "module": "Accounts payable"}[change] in told
    assert "have not come to it yet" not in told
    assert not world.job.run()[0]["posted"]
