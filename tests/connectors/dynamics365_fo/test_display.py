"""Are accounts with dimensions written so that Dynamics reads what was meant, and is it asked where we cannot know?"""

from __future__ import annotations

from typing import Any

import pytest

from connectors.base import OutcomeState, Outgoing
from connectors.documents import Account, Document, Role
from connectors.dynamics365_fo.dimensions import Formats
from connectors.errors import UnsupportedError
from tests.connectors.dynamics365_fo.drafts import MEALS, credit, debit, lines_in
from tests.connectors.dynamics365_fo.world import DynamicsWorld

ODD = "R\\D"


def spend(world: DynamicsWorld, *dimensions: str, account: Account = MEALS, amount: str = "10.00") -> Document:
    return world.entry(lines=(debit(account, amount, *dimensions), credit(world.card, amount)))


def plant_value(world: DynamicsWorld, value: str) -> str:
    values = {"FinancialDimension": "CostCenter", "LegalEntityId": "", "DimensionValue": value, "Description": "Odd"}
    world.simulator.store.insert("FinancialDimensionValues", {**values, "IsSuspended": "No"})
    return f"CostCenter={value}"


def asked(world: DynamicsWorld) -> list[str]:
    return [path for path in world.faults.calls if "DisplayValue" in path]


def accounts(world: DynamicsWorld, outgoing: Outgoing) -> list[tuple[str, str]]:
    return [(row["AccountDisplayValue"], row["OffsetAccountDisplayValue"]) for row in lines_in(world, outgoing)]


@pytest.fixture
def always() -> DynamicsWorld:
    return DynamicsWorld(display_values="actions")


def test_a_value_that_the_rule_cannot_write_is_told_by_dynamics(world: DynamicsWorld) -> None:
    document = spend(world, plant_value(world, ODD), "BusinessUnit=001")
    assert world.open().preflight("usmf", [document]) == [[]]
    outgoing, outcome = world.posted(document)
    assert [one for one, _ in accounts(world, outgoing)] == [f"605110-001--{ODD}"]
    assert world.open().find("usmf", [outgoing]) == [outcome]


def test_dynamics_may_double_a_backslash(world: DynamicsWorld) -> None:
    world.do("set", backslash_escapes_itself=True)
    outgoing, _ = world.posted(spend(world, plant_value(world, ODD)))
    assert [one for one, _ in accounts(world, outgoing)] == ["605110---R\\\\D"]


def test_usual_values_cost_no_call(world: DynamicsWorld) -> None:
    world.posted(spend(world, "CostCenter=OPS-01", "BusinessUnit=002"))
    assert asked(world) == []


@pytest.mark.parametrize("missing", [{"dimension_actions": False}, {}])
def test_what_nobody_can_write_is_said_before_anything_is_sent(world: DynamicsWorld, missing: dict[str, Any]) -> None:
    """Without the action for a backslash; for half a delimiter the action tells a text that reads otherwise."""
    value = ODD
    if missing:
        world.do("set", **missing)
    else:
        world.do("set_dimension_format", delimiter="DoubleHyphen", ledger=["MainAccount", "CostCenter", "Department"])
        value = "A-"
    document = spend(world, plant_value(world, value), "Department=ENG")
    [[finding]] = world.open().preflight("usmf", [document])
    assert finding.code == "unsupported"
    assert value in finding.message
    outgoing = world.outgoing(document)
    assert world.open().post("usmf", [outgoing])[0].state is OutcomeState.REJECTED
    assert world.count(outgoing) == 0


def test_a_text_is_asked_for_once_and_anew_when_the_format_was_changed(always: DynamicsWorld) -> None:
    ledger = always.open()
    batch = [always.outgoing(spend(always, "CostCenter=APO", amount=f"{n}.00")) for n in range(1, 6)]
    assert {one.state for one in ledger.post("usmf", batch)} == {OutcomeState.POSTED}
    assert len(asked(always)) == 2  # the cost's account and the card's
    assert accounts(always, batch[0]) == [("605110---APO", "201100---")]
    always.do("set_dimension_format", ledger=["CostCenter", "MainAccount"])
    other = always.outgoing(spend(always, "CostCenter=APO"))
    assert always.open().post("usmf", [other])[0].state is OutcomeState.POSTED
    assert accounts(always, other) == [("APO-605110", "-201100")]


@pytest.mark.parametrize("delimiter", ["Hyphen", "Period", "DoubleHyphen", "DoubleTilde", "Bar"])
def test_asked_or_joined_by_rule_the_texts_are_the_same(world: DynamicsWorld, delimiter: str) -> None:
    always = DynamicsWorld(display_values="actions")
    written = []
    for one in (world, always):
        one.do("set_dimension_format", delimiter=delimiter)
        bank = Account(Role.CASH, "bank:USMF OPER", "USMF OPER")
        lines = (debit(MEALS, "9.00", "CostCenter=OPS-01", "BusinessUnit=002"), credit(bank, "9.00", "CostCenter=APO"))
        outgoing, _ = one.posted(one.entry(lines=lines))
        [row] = lines_in(one, outgoing)
        written.append([row.get(name) for name in row if "DisplayValue" in name])
    assert written[0] == written[1]


def test_an_environment_without_the_actions_is_served_by_the_rule(always: DynamicsWorld) -> None:
    always.do("set", dimension_actions=False)
    ledger = always.open()
    batch = [always.outgoing(spend(always, f"BusinessUnit=00{n}", amount=f"{n}.00")) for n in (1, 2, 3)]
    assert {one.state for one in ledger.post("usmf", batch)} == {OutcomeState.POSTED}
    assert len(asked(always)) == 1
    assert accounts(always, batch[0]) == [("605110-001--", "201100---")]


@pytest.mark.parametrize("pattern", ["journal", "pending"])
def test_nothing_is_sent_while_dynamics_cannot_be_asked(pattern: str) -> None:
    world = DynamicsWorld(display_values="actions", invoice_pattern=pattern)
    ledger, outgoing = world.open(), world.outgoing(world.bill())
    world.faults.fail("status", "DimensionCombinations", status=503, times=20)
    assert ledger.post("usmf", [outgoing])[0].state is OutcomeState.NOT_SENT
    assert world.count(outgoing) == 0
    assert world.rows("VendorInvoiceHeaders", DocumentNumber=outgoing.stamp) == []


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"CostCenter": "CC7", "BusinessUnit": "001"}, "605110-001--CC7"),
        ({"CostCenter": "OPS-01"}, "605110---OPS\\-01"),
        ({"CostCenter": "USMF OPER"}, "605110---USMF OPER"),
        ({}, "605110---"),
    ],
)
def test_the_rule_joins_in_order_and_escapes(values: dict[str, str], text: str) -> None:
    formats = Formats("-", ("MainAccount", "BusinessUnit", "Department", "CostCenter"), ("BusinessUnit",))
    assert formats.account("605110", values) == text
    wanted = ["605110", *(values.get(name, "") for name in formats.ledger[1:])]
    while wanted and not wanted[-1]:
        wanted.pop()
    assert list(formats.segments(text)) == wanted


def test_a_text_that_says_otherwise_is_not_taken() -> None:
    def liar(kind: str, values: object) -> str:
        return "605110-002"

    formats = Formats("-", ("MainAccount", "BusinessUnit"), (), teller=liar, asks_always=True)
    with pytest.raises(UnsupportedError, match="says otherwise"):
        formats.account("605110", {"BusinessUnit": "001"})
