"""Is a document found where it was written to, after a setting or a journal name's type was changed?"""

from __future__ import annotations

from typing import Any

import pytest

from connectors.base import Outcome, OutcomeState, Outgoing
from connectors.documents import Document
from tests.cases.ledger_cases import UNCLEAR, codes
from tests.connectors.dynamics365_fo.drafts import sent
from tests.connectors.dynamics365_fo.world import MARKING, DynamicsWorld

PATTERNS = [("journal", "pending"), ("pending", "journal")]


@pytest.fixture(params=["own", "automatic"])
def world(request: pytest.FixtureRequest) -> DynamicsWorld:
    made = DynamicsWorld(batch_numbers=request.param)
    made.do("set_number_sequence", code="JournalBatchNumber", user_changes=request.param == "own")
    made.posted(made.new_vendor())
    assert made.vendor
    made.job.is_on = False
    return made


def choose(world: DynamicsWorld, **settings: Any) -> None:
    world.settings = world.settings.model_copy(update=settings)


def retype(world: DynamicsWorld, kind: str) -> None:
    world.do("edit", set="JournalNames", key=["usmf", MARKING], changes={"Type": kind})


def unclear(world: DynamicsWorld, document: Document, fault: str, write: int = 0) -> Outgoing:
    """A document whose answer is lost."""
    outgoing = world.outgoing(document)
    world.open().preflight("usmf", [document])
    world.faults.fail_write(write, fault)
    assert world.open().post("usmf", [outgoing])[0].state is OutcomeState.UNCERTAIN
    return outgoing


def standing(world: DynamicsWorld, outgoing: Outgoing) -> int:
    """How many documents of any kind bear the mark, in a header or in lines."""
    kinds = ("LedgerJournal", "VendInvoiceJournal", "VendorPaymentJournal")
    numbers: set[tuple[str, str]] = set()
    for kind in kinds:
        for row in (*world.rows(f"{kind}Headers"), *world.rows(f"{kind}Lines")):
            if outgoing.stamp in (row.get(name) for name in ("IntegrationKey", "Description", "Document",
                                                             "PaymentReference")):  # fmt: skip
                numbers.add((kind, row["JournalBatchNumber"]))
    return len(numbers) + len(world.rows("VendorInvoiceHeaders", DocumentNumber=outgoing.stamp))


def as_the_engine(world: DynamicsWorld, outgoing: Outgoing) -> Outcome:
    """What is looked up is sent again only where it is absent."""
    outcome = world.open().find("usmf", [outgoing])[0]
    return world.open().post("usmf", [outgoing])[0] if outcome.state is OutcomeState.ABSENT else outcome


@pytest.mark.parametrize(("before", "after"), PATTERNS)
@pytest.mark.parametrize("fault", UNCLEAR)
@pytest.mark.parametrize("write", [0, 1])
def test_a_bill_in_doubt_stays_one_when_bills_are_written_otherwise(
    world: DynamicsWorld, before: str, after: str, fault: str, write: int
) -> None:
    if write == 1 and before == "journal" and world.settings.batch_numbers == "own":
        return  # all of it is one write
    choose(world, invoice_pattern=before)
    outgoing = unclear(world, world.bill(), fault, write)
    choose(world, invoice_pattern=after)
    final = as_the_engine(world, outgoing)
    assert (final.state, final.differences) == (OutcomeState.CREATED, ())
    assert standing(world, outgoing) == 1


@pytest.mark.parametrize(("before", "after"), PATTERNS)
def test_bills_that_wait_are_not_taken_for_deleted(world: DynamicsWorld, before: str, after: str) -> None:
    choose(world, invoice_pattern=before)
    outgoing, created = sent(world, world.bill())
    choose(world, invoice_pattern=after)
    for answer in (world.open().find("usmf", [outgoing])[0], world.open().post("usmf", [outgoing])[0]):
        assert (answer.state, answer.ledger_id, answer.differences) == (created.state, created.ledger_id, ())
    assert standing(world, outgoing) == 1


@pytest.mark.parametrize(("before", "after"), [("Payment", "Daily"), ("Daily", "Payment")])
@pytest.mark.parametrize("fault", UNCLEAR)
@pytest.mark.parametrize("write", [0, 1])
def test_a_payment_in_doubt_stays_one_when_its_journal_name_gets_another_type(
    world: DynamicsWorld, before: str, after: str, fault: str, write: int
) -> None:
    if write == 1 and world.settings.batch_numbers == "own":
        return  # all of it is one write
    world.job.is_on = True
    bill, _ = world.posted(world.bill())
    world.job.is_on = False
    retype(world, before)
    outgoing = unclear(world, world.payment("121.00", bill.key), fault, write)
    retype(world, after)
    final = as_the_engine(world, outgoing)
    assert (final.state, final.differences) == (OutcomeState.CREATED, ())
    assert standing(world, outgoing) == 1


def test_a_bill_in_both_places_is_there_twice(world: DynamicsWorld) -> None:
    outgoing, created = sent(world, world.bill())
    header = {"dataAreaId": "usmf", "DocumentNumber": outgoing.stamp, "InvoiceNumber": "7",
              "InvoiceAccount": world.vendor.id, "VendorAccount": world.vendor.id}  # fmt: skip
    reference = world.do("create", set="VendorInvoiceHeaders", values=header)["HeaderReference"]
    found = world.open().find("usmf", [outgoing])[0]
    assert found.state is OutcomeState.TWICE
    assert set(found.duplicates) == {created.ledger_id, f"VendorInvoiceHeaders:{reference}"}


@pytest.mark.parametrize(
    ("hidden", "how"),
    [
        ("VendorInvoiceHeaders", "right"),
        ("VendorInvoiceHeaders", "set"),
        ("VendInvoiceJourBiEntities", "right"),
        ("VendorPaymentJournalHeaders", "set"),
        ("VendorInvoiceLines.ItemSalesTax", "field"),
    ],
)
def test_a_place_that_the_environment_does_not_show_is_none(world: DynamicsWorld, hidden: str, how: str) -> None:
    if how == "right":
        world.do("set_user", hidden=[hidden])
    elif how == "set":
        world.simulator.switches.missing_sets.append(hidden)
    else:
        world.simulator.switches.missing_fields.append(hidden)
    bill, created = sent(world, world.bill())
    assert (created.state, codes(created)) == (OutcomeState.CREATED, set())
    payment, paid = sent(world, world.payment("121.00", bill.key, journal="BrexJrn"))
    ledger = world.open()
    assert [one.state for one in ledger.find("usmf", [bill, payment])] == [created.state, paid.state]
    world.faults.calls.clear()
    ledger.find("usmf", [bill, payment])
    assert len(world.faults.calls) == 1, "asked once"


def test_looking_in_every_place_is_one_call(world: DynamicsWorld) -> None:
    batch = [world.outgoing(one) for one in (world.bill(), world.entry(), world.payment("1.00", world.key()))]
    ledger = world.open()
    ledger.facts("usmf", frozenset())
    world.faults.calls.clear()
    assert {one.state for one in ledger.find("usmf", batch)} == {OutcomeState.ABSENT}
    assert len(world.faults.calls) == 1
