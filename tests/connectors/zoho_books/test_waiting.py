"""What does it cost to look after documents that wait for an approval?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from connectors.base import Outcome, OutcomeState, Outgoing
from connectors.errors import RateLimitedError
from connectors.zoho_books.ledger import ZohoLedger
from connectors.zoho_books.simulator import ZohoBooksSimulator
from tests.connectors.zoho_books.world import ZohoWorld

MANY = 6
CREATED, POSTED = OutcomeState.CREATED, OutcomeState.POSTED
KINDS = ("entry", "bill", "credit")


@dataclass
class ShortDay:
    """A budget that says what is left."""

    rest: int

    def noted(self, left: int, allowed: int, seconds: int) -> None: ...

    def left(self) -> tuple[int, int]:
        return self.rest, 1000


@pytest.fixture
def approvals(simulator: ZohoBooksSimulator) -> ZohoBooksSimulator:
    simulator.control("switch", {"journal_approval": True, "bill_approval": True, "credit_approval": True})
    return simulator


def known(world: ZohoWorld, kind: str, count: int = MANY) -> list[Outgoing]:
    """Documents that wait, as the engine asks about them: by their ids too."""
    batch = [world.of_kind(kind) for _ in range(count)]
    outcomes = world.open().post(world.company, [replace(one, is_first=True) for one in batch])
    assert {one.state for one in outcomes} == {CREATED}
    return [replace(one, ledger_id=outcome.ledger_id) for one, outcome in zip(batch, outcomes, strict=True)]


def release(world: ZohoWorld, one: Outgoing) -> None:
    """Somebody approves it, and it is in the books."""
    prefix, _, number = one.ledger_id.rpartition(":")
    module = {"": "journals", "bill": "bills", "credit": "vendorcredits"}[prefix]
    if module == "journals":
        for step in ("submit", "approve", "status/publish"):
            world.act("POST", f"/journals/{number}/{step}")
    else:
        world.act("POST", f"/{module}/{number}/approve")


def states(outcomes: Sequence[Outcome]) -> list[OutcomeState]:
    return [one.state for one in outcomes]


@pytest.mark.usefixtures("approvals")
@pytest.mark.parametrize("kind", KINDS)
def test_all_of_a_kind_are_asked_about_at_once(world: ZohoWorld, kind: str) -> None:
    batch = known(world, kind)
    ledger = world.open()
    world.faults.calls.clear()
    outcomes = ledger.find(world.company, batch)
    assert [(one.state, one.ledger_id) for one in outcomes] == [(CREATED, one.ledger_id) for one in batch]
    assert all(one.link for one in outcomes)
    assert len(world.faults.calls) == 1


@pytest.mark.usefixtures("approvals")
@pytest.mark.parametrize("kind", KINDS)
def test_what_was_approved_is_read_and_compared(world: ZohoWorld, kind: str) -> None:
    batch = known(world, kind)
    release(world, batch[2])
    ledger = world.open()
    outcomes = ledger.find(world.company, batch)
    assert states(outcomes) == [CREATED, CREATED, POSTED, CREATED, CREATED, CREATED]
    assert outcomes[2].differences == ()
    assert outcomes[2] == world.open().find(world.company, [replace(batch[2], ledger_id="")])[0]


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_deleted_while_it_waited_is_absent(world: ZohoWorld, approvals: ZohoBooksSimulator, kind: str) -> None:
    batch = known(world, kind)
    resource = {"entry": "journals", "bill": "bills", "credit": "vendorcredits"}[kind]
    approvals.control("delete", {"resource": resource, "id": batch[0].ledger_id.rpartition(":")[2]})
    outcomes = world.open().find(world.company, batch)
    assert states(outcomes) == [OutcomeState.ABSENT] + [CREATED] * (MANY - 1)


def test_where_the_list_takes_no_ids_each_is_looked_up(
    world: ZohoWorld, approvals: ZohoBooksSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = known(world, "entry", 2)
    known(world, "entry", 2)
    monkeypatch.setattr("connectors.zoho_books.client.PAGE", 1)
    approvals.control("switch", {"ignored_filters": ["journal_ids"]})
    assert states(world.open().find(world.company, batch)) == [CREATED, CREATED]


@pytest.mark.usefixtures("approvals")
def test_late_in_a_short_day_nobody_is_asked_about_what_waited(world: ZohoWorld) -> None:
    batch = known(world, "entry")
    budget = ShortDay(900)
    ledger = ZohoLedger(world._context(world.credentials, world.faults, budget=budget))
    ledger.find(world.company, batch)
    release(world, batch[0])
    fresh = world.outgoing(world.entry())
    budget.rest = 199
    world.faults.calls.clear()
    outcomes = ledger.find(world.company, [*batch, fresh])
    assert states(outcomes) == [CREATED] * MANY + [OutcomeState.ABSENT]
    assert isinstance(outcomes[0].error, RateLimitedError)
    assert outcomes[0].error.message == "199 of the day's 1000 calls are left; they are kept for posting."
    assert [one for one in world.faults.calls if fresh.stamp.replace(":", "%3A") not in one] == []
    budget.rest = 900
    assert states(ledger.find(world.company, batch)) == [POSTED] + [CREATED] * (MANY - 1)
