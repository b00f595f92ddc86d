"""Does one odd id, or one part of a batch that fails, leave everything beside it alone?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connectors.answers import ApiResponse
from connectors.base import OutcomeState
from connectors.documents import Account, Document, Partner, Role
from connectors.dynamics365_fo.ledger import DynamicsLedger
from connectors.errors import TransportError
from tests.connectors.dynamics365_fo.drafts import MEALS, credit, debit
from tests.connectors.dynamics365_fo.world import DynamicsWorld


def blank(world: DynamicsWorld, where: str) -> Document:
    """A document in which an id has a blank at its end."""
    if where == "vendor":
        return world.bill(partner=Partner(f"{world.vendor.id} ", world.vendor.name))
    if where == "bank":
        return world.entry(lines=(debit(world.card, "9.00"), credit(Account(Role.CASH, "bank:USMF OPER "), "9.00")))
    if where == "account":
        return world.entry(lines=(debit(Account(Role.EXP, "605110 "), "9.00"), credit(world.card, "9.00")))
    return world.entry(lines=(debit(MEALS, "9.00", "CostCenter=APO "), credit(world.card, "9.00")))


@pytest.mark.parametrize("where", ["vendor", "account", "dimension", "bank"])
def test_a_blank_at_the_end_of_an_id_counts_for_nothing(world: DynamicsWorld, where: str) -> None:
    document = blank(world, where)
    assert world.open().preflight("usmf", [document]) == [[]]
    _, outcome = world.posted(document)
    assert outcome.differences == ()


@pytest.fixture
def slashed(world: DynamicsWorld) -> DynamicsWorld:
    """A vendor whose number holds a backslash."""
    world.do("set_number_sequence", code="VendorAccounts", user_changes=True)
    values = {
        "dataAreaId": "usmf", "VendorAccountNumber": "AB\\C", "VendorGroupId": "40",
        "VendorOrganizationName": "Backslash", "CurrencyCode": "USD",
    }  # fmt: skip
    world.do("create", set="VendorsV3", values=values)
    return world


@pytest.mark.parametrize("kind", ["bill", "payment"])
def test_a_vendor_that_no_line_can_name_is_told_before_and_the_others_go(slashed: DynamicsWorld, kind: str) -> None:
    world, odd = slashed, Partner("AB\\C", "Backslash")
    bill, _ = world.posted(world.bill())
    bad = world.bill(partner=odd) if kind == "bill" else replace(world.payment("121.00", bill.key), partner=odd)
    good = [world.outgoing(world.bill()), world.outgoing(world.bill())]
    documents = [bad, *(one.document for one in good)]
    found = world.open().preflight("usmf", documents)
    assert [[one.code for one in some] for some in found] == [["unsupported"], [], []]
    outcomes = world.open().post("usmf", [world.outgoing(bad), *good])
    assert [one.state for one in outcomes] == [OutcomeState.REJECTED, OutcomeState.POSTED, OutcomeState.POSTED]
    assert "backslash" in str(outcomes[0].error)


@pytest.mark.parametrize("numbers", ["own", "automatic"])
def test_what_cannot_be_said_when_it_is_written_is_refused_alone(monkeypatch: pytest.MonkeyPatch, numbers: str) -> None:
    """Preflight looks at the same; between it and the writing the formats may change."""
    world = DynamicsWorld(batch_numbers=numbers)
    world.do("set_number_sequence", code="JournalBatchNumber", user_changes=numbers == "own")
    lines = (debit(MEALS, "9.00", "CostCenter=APO"), credit(world.card, "9.00"))
    batch = [world.outgoing(world.entry(lines=lines)), world.outgoing(world.entry())]
    ledger = world.open()
    assert ledger.preflight("usmf", [one.document for one in batch]) == [[], []]
    formats = ledger._desk("usmf").books.formats
    poster = "connectors.dynamics365_fo.posting.JournalPoster._unrefused"
    monkeypatch.setattr(poster, lambda self, batch, outcomes: list(batch))
    object.__setattr__(formats, "ledger", ("MainAccount", "Department"))
    outcomes = ledger.post("usmf", batch)
    assert [one.state for one in outcomes] == [OutcomeState.REJECTED, OutcomeState.POSTED]
    assert [world.count(one) for one in batch] == [0, 1]


def failing_part(ledger: DynamicsLedger) -> DynamicsLedger:
    """Of every batch of readings a gateway answers the first part."""
    whole = ledger.client._sent

    def sent(parts: Any, writes: bool) -> ApiResponse:
        answer = whole(parts, writes)
        if writes:
            return answer
        body = answer.content.replace(b"HTTP/1.1 200 OK", b"HTTP/1.1 503 Service Unavailable", 1)
        return replace(answer, content=body, text=body.decode("utf-8", "replace"))

    ledger.client._sent = sent  # type: ignore[method-assign]
    return ledger


def test_a_reading_that_fails_inside_a_batch_may_be_asked_again(world: DynamicsWorld) -> None:
    entry, bill = world.outgoing(world.entry()), world.outgoing(world.bill())
    with pytest.raises(TransportError, match="not available"):
        failing_part(world.open()).preflight("usmf", [entry.document, bill.document])
    with pytest.raises(TransportError, match="not available"):
        failing_part(world.open()).find("usmf", [entry, bill])
