"""Is a bill that somebody deleted still a witness, or a reason to hold another?"""

from __future__ import annotations

import pytest

from connectors.zoho_books.simulator import ZohoBooksSimulator
from tests.connectors.zoho_books.world import ZohoWorld


def delete(simulator: ZohoBooksSimulator, ledger_id: str) -> None:
    """A person does: the connector may not."""
    kind, number = ledger_id.split(":")
    resource = "bills" if kind == "bill" else "vendorcredits"
    simulator.control("delete", {"resource": resource, "id": number})


@pytest.mark.parametrize("is_credit", [False, True])
def test_what_was_deleted_is_no_witness_any_more(
    world: ZohoWorld, simulator: ZohoBooksSimulator, is_credit: bool
) -> None:
    number = f"S-{world.word}"
    typed = world.type_bill(number, "50.00", is_credit=is_credit)
    ledger = world.open()
    assert [one.ledger_id for one in ledger.bills(world.company, [number])] == [typed]
    delete(simulator, typed)
    assert ledger.bills(world.company, [number]) == []


def test_what_was_deleted_holds_no_other_of_its_number(world: ZohoWorld, simulator: ZohoBooksSimulator) -> None:
    number = f"S-{world.word}"
    first, second = (world.type_bill(one, "50.00") for one in (number, f"{number}/b"))
    ledger = world.open()
    held = ledger.preflight(world.company, [world.bill(number=number), world.bill(number=f"{number}/b")])
    assert [[one.value for one in some] for some in held] == [[first], [second]]
    delete(simulator, first)
    held = ledger.preflight(world.company, [world.bill(number=number), world.bill(number=f"{number}/b")])
    assert [[one.value for one in some] for some in held] == [[], [second]]


def test_one_of_two_of_a_number_still_holds(world: ZohoWorld, simulator: ZohoBooksSimulator) -> None:
    number = f"S {world.word}"
    typed = [world.type_bill(one, "50.00") for one in (number, number.replace(" ", "-"))]
    ledger = world.open()
    for gone in typed:
        [[held]] = ledger.preflight(world.company, [world.bill(number=number)])
        assert held.code == "duplicate_reference"
        delete(simulator, gone)
    assert ledger.preflight(world.company, [world.bill(number=number)]) == [[]]


def test_only_what_is_answered_is_read(world: ZohoWorld) -> None:
    numbers = [f"S-{world.word}-{one}" for one in range(4)]
    for number in numbers:
        world.type_bill(number, "50.00")
    ledger = world.open()
    ledger.bills(world.company, ["none"])
    world.faults.calls.clear()
    [found] = ledger.bills(world.company, numbers[:1])
    assert len([one for one in world.faults.calls if "/bills" in one or "/vendorcredits" in one]) == 2 + 1
    assert found.payable.id == world.payable.id
    world.faults.calls.clear()
    ledger.preflight(world.company, [world.bill(number=f"N-{world.word}")])
    assert [one for one in world.faults.calls if "/bills/" in one] == []
