"""Is a pending invoice that a person changes and posts told from one that was booked as it was sent?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connectors.base import Outcome, OutcomeState, Outgoing
from connectors.documents import Line
from connectors.records import Side
from tests.cases.ledger_cases import codes
from tests.connectors.dynamics365_fo.drafts import MEALS, RENT, credit, debit, sent
from tests.connectors.dynamics365_fo.world import DynamicsWorld

SHOWN = ("GeneralJournalEntryBiEntities", "GeneralJournalAccountEntryBiEntities")


@pytest.fixture
def world() -> DynamicsWorld:
    return DynamicsWorld(invoice_pattern="pending")


def waiting(world: DynamicsWorld) -> tuple[Outgoing, Outcome]:
    lines = (
        debit(MEALS, "110.00", "CostCenter=OPS-01"),
        credit(MEALS, "10.00", "CostCenter=OPS-01"),
        debit(RENT, "7.00", "Department=ENG"),
        debit(world.tax, "21.00"),
    )
    return sent(world, world.bill(lines=lines))


def booked(world: DynamicsWorld, outgoing: Outgoing, number: str) -> Outcome:
    [told] = world.do("post_invoices", references=[number])
    assert told["posted"], told
    return world.open().find("usmf", [outgoing])[0]


@pytest.mark.parametrize("currency", ["USD", "EUR"])
def test_what_nobody_touched_is_as_it_was_sent(world: DynamicsWorld, currency: str) -> None:
    value = Decimal({"USD": "100.00", "EUR": "125.00"}[currency])
    lines = (Line(MEALS, Side.DEBIT, Decimal("100.00"), value),)
    outgoing, created = sent(world, world.bill(lines=lines, currency=currency))
    outcome = booked(world, outgoing, created.number)
    assert (outcome.state, outcome.differences) == (OutcomeState.POSTED, ())
    outgoing, created = waiting(world)
    assert booked(world, outgoing, created.number).differences == ()


@pytest.mark.parametrize(
    ("header", "changes", "code", "words"),
    [
        (True, {"Date": "2026-11-01T12:00:00Z"}, "date_moved", "booked on 2026-11-01"),
        (True, {"DueDate": "2026-12-24T12:00:00Z"}, "document_altered", "due date reads 2026-12-24"),
        (True, {"InvoiceDate": "2026-10-09T12:00:00Z"}, "document_altered", "document date reads 2026-10-09"),
        (False, {"MainAccountDisplayValue": "612000---"}, "document_altered", "USD on 605110 reads -10.00"),
        (False, {"MainAccountDisplayValue": "605110---APO"}, "document_altered", "605110 with OPS-01 differs by 110"),
    ],
)
def test_what_a_person_changes_and_posts_is_seen(
    world: DynamicsWorld, header: bool, changes: dict[str, Any], code: str, words: str
) -> None:
    outgoing, created = waiting(world)
    key = ["usmf", created.number, *([] if header else [Decimal(1)])]
    world.do("edit", set="VendorInvoiceHeaders" if header else "VendorInvoiceLines", key=key, changes=changes)
    outcome = booked(world, outgoing, created.number)
    assert (outcome.state, codes(outcome)) == (OutcomeState.POSTED, {code})
    assert words in " ".join(one.message for one in outcome.differences)


def test_a_dimension_that_the_structure_of_an_account_does_not_have_is_no_change(world: DynamicsWorld) -> None:
    outgoing, created = sent(
        world, world.bill(lines=(debit(MEALS, "9.00"), debit(world.tax, "1.00", "CostCenter=APO")))
    )
    assert booked(world, outgoing, created.number).differences == ()


def taxed(world: DynamicsWorld) -> None:
    """A vendor and accounts whose set-up lets Dynamics add tax."""
    key = ["usmf", world.vendor.id]
    world.do("edit", set="VendorsV3", key=key, changes={"SalesTaxGroupCode": "FULL"})
    world.do("set", item_sales_tax="FULL")


def test_tax_is_a_line_of_ours_and_none_is_added(world: DynamicsWorld) -> None:
    taxed(world)
    outgoing, created = sent(world, world.bill())
    assert (created.state, created.differences) == (OutcomeState.CREATED, ())
    outcome = booked(world, outgoing, created.number)
    assert (outcome.state, outcome.differences) == (OutcomeState.POSTED, ())
    [row] = world.rows("VendTransBiEntities", DocumentNum=outgoing.stamp)
    assert row["AmountCur"] == Decimal("-121.00")


def test_tax_that_dynamics_adds_all_the_same_is_seen_before_and_after(world: DynamicsWorld) -> None:
    taxed(world)
    world.do("set", empty_is_set=False)
    outgoing, created = sent(world, world.bill())
    assert codes(created) == {"document_altered"}
    assert "tax is added again" in created.differences[0].message
    outcome = booked(world, outgoing, created.number)
    assert (outcome.state, codes(outcome)) == (OutcomeState.POSTED, {"document_altered"})
    assert "USD on 131000 reads 33.10, sent was 21.00" in " ".join(one.message for one in outcome.differences)


def test_an_invoice_that_is_not_in_the_general_ledger_is_not_in_the_books(world: DynamicsWorld) -> None:
    outgoing, created = waiting(world)
    world.do("post_invoices", references=[created.number])
    table = world.simulator.store.table(SHOWN[0])
    [entry] = [row for row in table.rows.values() if row["DocumentNumber"] == outgoing.stamp]
    world.simulator.store.update(SHOWN[0], entry, {"SubledgerVoucher": ""})
    outcome = world.open().find("usmf", [outgoing])[0]
    assert outcome.state is OutcomeState.CREATED
    assert "does not show in the general ledger yet" in str(outcome.error)


@pytest.mark.parametrize("hidden", SHOWN)
def test_accounts_that_cannot_be_seen_are_not_taken_for_right(world: DynamicsWorld, hidden: str) -> None:
    world.do("set_user", hidden=[hidden])
    outgoing, created = waiting(world)
    outcome = booked(world, outgoing, created.number)
    assert (outcome.state, codes(outcome)) == (OutcomeState.POSTED, {"document_altered"})
    assert "security role" in outcome.differences[0].message


def test_many_booked_invoices_are_compared_by_three_calls(world: DynamicsWorld) -> None:
    batch = [waiting(world) for _ in range(25)]
    world.do("post_invoices", references=[created.number for _, created in batch])
    ledger = world.open()
    ledger.facts("usmf", frozenset())
    world.faults.calls.clear()
    answers = ledger.find("usmf", [outgoing for outgoing, _ in batch])
    assert {(one.state, one.differences) for one in answers} == {(OutcomeState.POSTED, ())}
    assert len(world.faults.calls) == 3
