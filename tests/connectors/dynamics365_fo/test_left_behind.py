"""What becomes of headers that stand without lines: left by a lost answer, refused, or emptied by a person?"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connectors.base import OutcomeState, Outgoing
from connectors.dynamics365_fo.desk import Desk
from connectors.dynamics365_fo.pending import InvoicePoster
from tests.cases.ledger_cases import UNCLEAR, codes
from tests.connectors.dynamics365_fo.drafts import MEALS, credit, debit, sent
from tests.connectors.dynamics365_fo.world import DynamicsWorld

KINDS = ("entry", "journal bill", "pending bill")
SETS = {
    "entry": ("LedgerJournalHeaders", "LedgerJournalLines", "Document"),
    "journal bill": ("VendInvoiceJournalHeaders", "VendInvoiceJournalLines", "Document"),
    "pending bill": ("VendorInvoiceHeaders", "VendorInvoiceLines", ""),
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def world(kind: str) -> DynamicsWorld:
    pattern = "pending" if kind == "pending bill" else "journal"
    made = DynamicsWorld(batch_numbers="automatic", invoice_pattern=pattern)
    made.do("set_number_sequence", code="JournalBatchNumber", user_changes=False)
    assert made.vendor
    made.job.is_on = False
    return made


def document(world: DynamicsWorld, kind: str) -> Outgoing:
    return world.outgoing(world.entry() if kind == "entry" else world.bill())


def headers(world: DynamicsWorld, kind: str, outgoing: Outgoing) -> list[dict[str, Any]]:
    names = ("IntegrationKey", "Description", "DocumentNumber")
    return [row for row in world.rows(SETS[kind][0]) if outgoing.stamp in (row.get(name) for name in names)]


def lines(world: DynamicsWorld, kind: str, header: dict[str, Any]) -> list[dict[str, Any]]:
    key = "HeaderReference" if kind == "pending bill" else "JournalBatchNumber"
    return world.rows(SETS[kind][1], **{key: header[key]})


def refused(world: DynamicsWorld, outgoing: Outgoing) -> Any:
    """A ledger that has looked before the account was shut."""
    ledger = world.open()
    assert ledger.preflight("usmf", [outgoing.document]) == [[]]
    world.do("suspend_account", account="600000")
    return ledger


def test_what_a_person_emptied_is_missed_and_not_filled_again(world: DynamicsWorld, kind: str) -> None:
    outgoing = document(world, kind)
    created = world.open().post("usmf", [outgoing])[0]
    [header] = headers(world, kind, outgoing)
    for row in lines(world, kind, header):
        number = row.get("InvoiceLineNumber" if kind == "pending bill" else "LineNumber")
        world.do("remove", set=SETS[kind][1], key=["usmf", created.number, number])
    known = replace(outgoing, ledger_id=created.ledger_id)
    for answer in (world.open().find("usmf", [known])[0], world.open().post("usmf", [known])[0]):
        assert (answer.state, codes(answer)) == (OutcomeState.CREATED, {"document_altered"})
    assert lines(world, kind, header) == []


@pytest.mark.parametrize("fault", UNCLEAR)
def test_a_refused_document_leaves_nothing_although_the_answer_to_its_removal_is_lost(
    world: DynamicsWorld, kind: str, fault: str
) -> None:
    outgoing = document(world, kind)
    ledger = refused(world, outgoing)
    arranged = world.faults.fail_write(2, fault)
    assert ledger.post("usmf", [outgoing])[0].state is OutcomeState.UNCERTAIN
    assert arranged.times == 0, "the fault must have been met"
    found = world.open().find("usmf", [outgoing])[0]
    assert found.state is OutcomeState.ABSENT
    assert headers(world, kind, outgoing) == []
    final = world.open().post("usmf", [outgoing])[0]
    assert final.state is OutcomeState.REJECTED
    assert final.error.cure == "inactive_account"  # type: ignore[union-attr]
    assert headers(world, kind, outgoing) == []


@pytest.mark.parametrize("way", ["find", "post"])
def test_a_header_whose_lines_are_refused_later_is_removed(world: DynamicsWorld, kind: str, way: str) -> None:
    """Its lines were never written; when they are, the account is shut, and nobody would ever be asked."""
    outgoing = document(world, kind)
    ledger = world.open()
    world.faults.fail_write(1, "drop")
    assert ledger.post("usmf", [outgoing])[0].state is OutcomeState.UNCERTAIN
    assert len(headers(world, kind, outgoing)) == 1
    world.do("suspend_account", account="600000")
    if way == "find":
        found = world.open().find("usmf", [outgoing])[0]
        assert (found.state, found.error.cure) == (OutcomeState.ABSENT, "inactive_account")  # type: ignore[union-attr]
    else:
        assert world.open().post("usmf", [outgoing])[0].state is OutcomeState.REJECTED
    assert headers(world, kind, outgoing) == []


def test_a_header_whose_lines_cannot_be_said_any_more_is_removed(world: DynamicsWorld, kind: str) -> None:
    cost = debit(MEALS, "10.00", "CostCenter=APO")
    made = world.entry(lines=(cost, credit(world.card, "10.00"))) if kind == "entry" else world.bill(lines=(cost,))
    outgoing = world.outgoing(made)
    world.faults.fail_write(1, "drop")
    assert world.open().post("usmf", [outgoing])[0].state is OutcomeState.UNCERTAIN
    world.do("set_dimension_format", ledger=["MainAccount", "Department"])
    assert world.open().find("usmf", [outgoing])[0].state is OutcomeState.ABSENT
    assert headers(world, kind, outgoing) == []


def test_many_refused_documents_are_removed_by_one_call(world: DynamicsWorld, kind: str) -> None:
    batch = [document(world, kind) for _ in range(10)]
    ledger = refused(world, batch[0])
    world.faults.writes.clear()
    assert {one.state for one in ledger.post("usmf", batch)} == {OutcomeState.REJECTED}
    assert len(world.faults.writes) == 3
    assert [headers(world, kind, one) for one in batch] == [[]] * 10


# --- an environment that has the field for outside keys and does not keep what is written there


@pytest.mark.parametrize("numbers", ["own", "automatic"])
@pytest.mark.parametrize("fault", UNCLEAR)
@pytest.mark.parametrize("write", [0, 1])
def test_a_key_that_is_not_kept_doubles_and_misses_nothing(numbers: str, fault: str, write: int) -> None:
    world = DynamicsWorld(batch_numbers=numbers)
    world.do("set_number_sequence", code="JournalBatchNumber", user_changes=numbers == "own")
    world.do("set", integration_key="drop")
    for _ in range(2):  # the second with what was learnt
        outgoing = world.outgoing(world.entry())
        world.faults.fail_write(min(write, numbers == "automatic"), fault)
        world.open().post("usmf", [outgoing])
        final = world.delivered(outgoing)
        assert (final.state, final.differences) == (OutcomeState.POSTED, ())
        marked = [row for row in world.rows("LedgerJournalHeaders") if row["JournalName"] == world.journal]
        assert len(world.rows("LedgerJournalLines", Document=outgoing.stamp)) == 1
        listed = {one.stamp: one.state for page in world.open().list_stamped("usmf", None) for one in page}
        assert listed[outgoing.stamp] == "posted"
    assert len(marked) == 2


def test_a_key_that_is_kept_leaves_the_description_to_people() -> None:
    world = DynamicsWorld()
    said = []
    for _ in range(2):
        outgoing, _ = sent(world, world.entry(text="Toner"))
        [row] = world.rows("LedgerJournalHeaders", IntegrationKey=outgoing.stamp)
        said.append((row["Description"] == outgoing.stamp, row["Description"]))
    assert said[0][0], "before it is known"
    assert said[1][1] == "Toner"
    assert Decimal(row["JournalTotalDebit"]) == Decimal("25.50")


@pytest.mark.parametrize("language", ["en-us", "de"])
def test_an_invoice_that_came_late_is_not_taken_for_refused(language: str) -> None:
    """The look before came too early; Dynamics refuses the second header in whatever language."""
    world = DynamicsWorld(invoice_pattern="pending")
    world.do("set", language=language)
    outgoing = world.outgoing(world.bill())
    world.faults.fail_write(1, "drop")
    assert world.open().post("usmf", [outgoing])[0].state is OutcomeState.UNCERTAIN
    told = InvoicePoster(Desk(world.open().client, "usmf")).post([outgoing])
    assert told[outgoing.key].state is OutcomeState.UNCERTAIN
    found = world.open().find("usmf", [outgoing])[0]
    assert (found.state, found.differences) == (OutcomeState.CREATED, ())
    [header] = headers(world, "pending bill", outgoing)
    assert len(lines(world, "pending bill", header)) == 2
