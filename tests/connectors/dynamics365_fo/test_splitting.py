"""Is a journal that *Post and transfer* took apart told from one that was copied?"""

from __future__ import annotations

from decimal import Decimal

import pytest

from connectors.base import OutcomeState, Outgoing
from tests.connectors.dynamics365_fo.drafts import MEALS, RENT, credit, debit, sent
from tests.connectors.dynamics365_fo.world import DynamicsWorld


def transferred(world: DynamicsWorld, amount: str = "5.00") -> tuple[Outgoing, str, str]:
    """Posted but for its second line, which was moved into another journal; both numbers."""
    world.job.is_on = False
    lines = (debit(MEALS, "10.00"), debit(RENT, "5.00"), credit(world.card, "15.00"))
    outgoing, created = sent(world, world.entry(lines=lines))
    world.do("remove", set="LedgerJournalLines", key=["usmf", created.number, Decimal(2)])
    values = {"dataAreaId": "usmf", "JournalName": "BrexJrn", "Description": "Transferred"}
    other = world.do("create", set="LedgerJournalHeaders", values=values)["JournalBatchNumber"]
    line = {
        "dataAreaId": "usmf", "JournalBatchNumber": other, "LineNumber": Decimal(1),
        "TransDate": "2026-10-12T12:00:00Z", "AccountType": "Ledger", "AccountDisplayValue": "612000---",
        "DebitAmount": Decimal(amount), "CurrencyCode": "USD", "OffsetAccountType": "Ledger",
        "OffsetAccountDisplayValue": "201100---", "Document": outgoing.stamp,
    }  # fmt: skip
    world.do("create", set="LedgerJournalLines", values=line)
    world.do("post_journals", numbers=[created.number])
    return outgoing, created.number, other


@pytest.mark.parametrize("numbers", ["own", "automatic"])
def test_parts_that_add_up_are_one_document(numbers: str) -> None:
    world = DynamicsWorld(batch_numbers=numbers)
    world.do("set_number_sequence", code="JournalBatchNumber", user_changes=numbers == "own")
    outgoing, first, second = transferred(world)
    for answer in (world.open().find("usmf", [outgoing])[0], world.open().post("usmf", [outgoing])[0]):
        assert (answer.state, answer.duplicates, answer.differences) == (OutcomeState.CREATED, (), ())
        assert f"not posted is {second}" in str(answer.error)
        assert first in str(answer.error)
    world.job.run()
    found = world.open().find("usmf", [outgoing])[0]
    assert (found.state, found.error, found.number) == (OutcomeState.POSTED, None, f"{first}, {second}")
    assert world.books(outgoing)["201100"] == Decimal("-15.00")


def test_parts_that_do_not_add_up_are_there_twice(world: DynamicsWorld) -> None:
    outgoing, _, _ = transferred(world, "6.00")
    assert world.open().find("usmf", [outgoing])[0].state is OutcomeState.TWICE


def test_a_copy_is_still_there_twice(world: DynamicsWorld) -> None:
    outgoing, _ = world.posted(world.entry())
    world.plant_twin(outgoing)
    found = world.open().find("usmf", [outgoing])[0]
    assert (found.state, len(found.duplicates)) == (OutcomeState.TWICE, 2)
