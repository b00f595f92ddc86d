"""Is it seen at once when Zoho stores otherwise what a document is found by?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connectors.base import LookupBlindError, Outcome, OutcomeState, Outgoing
from connectors.errors import ConfigurationError
from connectors.zoho_books import halt
from connectors.zoho_books.simulator import ZohoBooksSimulator
from connectors.zoho_books.stored import lost_keys
from tests.connectors.zoho_books.conftest import SimulatedWorld
from tests.connectors.zoho_books.world import ZohoWorld

CUT = 20


class KeyedWorld(SimulatedWorld):
    key_field = "cf_brex_id"


def of_kind(world: ZohoWorld, kind: str) -> Outgoing:
    """A document of a kind, whatever it settles in the books already."""
    if kind == "expense":
        world.settings = world.settings.model_copy(update={"card_purchases_as": "expense"})
        return world.outgoing(world.entry())
    if kind == "credit":
        return world.outgoing(world.bill(is_credit=True))
    if kind == "refund":
        credit, _ = world.posted(world.bill(is_credit=True))
        return world.outgoing(world.payment("121.00", credit.key, is_refund=True))
    return world.of_kind(kind)


@pytest.mark.parametrize("kind", ["entry", "expense", "bill", "credit", "payment", "refund"])
def test_a_reference_number_that_was_cut_is_told_and_nothing_more_is_sent(
    world: ZohoWorld, simulator: ZohoBooksSimulator, kind: str
) -> None:
    first = replace(of_kind(world, kind), is_first=True)
    second, third = (replace(world.outgoing(world.payment("1.00", world.key())), is_first=True) for _ in range(2))
    simulator.control("switch", {"references_cut_at": CUT})
    ledger = world.open()
    written, later = ledger.post(world.company, [first, second])
    assert written.ledger_id
    assert f"The reference number reads {first.stamp[:CUT]}, sent was {first.stamp}." in said_of(written)
    assert later.state is OutcomeState.NOT_SENT
    assert isinstance(later.error, ConfigurationError)
    world.faults.writes.clear()
    with pytest.raises(ConfigurationError, match="stores another reference number"):
        ledger.post(world.company, [third])
    assert world.faults.writes == []


def test_it_goes_on_when_an_hour_later_the_reference_number_is_kept(
    world: ZohoWorld, simulator: ZohoBooksSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator.control("switch", {"references_cut_at": CUT})
    ledger = world.open()
    ledger.post(world.company, [world.outgoing(world.entry())])
    simulator.control("switch", {"references_cut_at": None})
    outgoing = world.outgoing(world.entry())
    with pytest.raises(ConfigurationError):
        ledger.post(world.company, [outgoing])
    with pytest.raises(LookupBlindError):
        ledger.find(world.company, [outgoing])
    monkeypatch.setattr(halt, "HALTED_FOR", -1.0)
    outcome = ledger.post(world.company, [outgoing])[0]
    assert (outcome.state, outcome.differences) == (OutcomeState.POSTED, ())


@pytest.mark.parametrize("kind", ["bill", "payment", "vendor", "expense"])
def test_a_value_that_the_key_field_did_not_take_is_told(simulator: ZohoBooksSimulator, kind: str) -> None:
    world = KeyedWorld(simulator)
    first, second = (replace(of_kind(world, kind), is_first=True) for _ in range(2))
    simulator.control("switch", {"custom_field_values": "drop"})
    outcomes = world.open().post(world.company, [first, second])
    assert {one.state for one in outcomes} == {OutcomeState.POSTED}
    assert said_of(outcomes[0]) == [f"The key field reads empty, sent was {first.stamp}."]


@pytest.mark.parametrize("kind", ["entry", "expense", "bill", "credit", "payment"])
def test_what_was_stored_under_a_cut_reference_number_is_found_by_its_id(
    world: ZohoWorld, simulator: ZohoBooksSimulator, kind: str
) -> None:
    """And not taken for deleted; a reference number that a person changed is the same."""
    outgoing = of_kind(world, kind)
    simulator.control("switch", {"references_cut_at": CUT})
    written = world.open().post(world.company, [outgoing])[0]
    ledger = world.open()
    assert ledger.find(world.company, [outgoing])[0].state is OutcomeState.ABSENT
    [found] = ledger.find(world.company, [replace(outgoing, ledger_id=written.ledger_id)])
    assert (found.state, found.ledger_id) == (OutcomeState.POSTED, written.ledger_id)
    assert said_of(found) == said_of(written)
    [gone] = ledger.find(world.company, [replace(outgoing, ledger_id=f"{written.ledger_id}0")])
    assert gone.state is OutcomeState.ABSENT


@pytest.mark.parametrize(
    ("answer", "lost"),
    [
        ({"journal": {"reference_number": "mlc:a"}}, 0),
        ({"journal": {"reference_number": "mlc:"}}, 1),
        ({"journal": {"reference_number": None}}, 1),
        ({"vendorpayment_refund": [{"reference_number": "mlc:"}]}, 1),
        ({"vendorpayment_refund": [{"amount": 1}]}, 0),
        ({}, 0),
    ],
)
def test_what_an_answer_does_not_speak_of_is_not_lost(answer: dict[str, Any], lost: int) -> None:
    assert len(lost_keys({"reference_number": "mlc:a"}, {"code": 0, "message": "", **answer})) == lost


def said_of(outcome: Outcome) -> list[str]:
    return [one.message for one in outcome.differences]
