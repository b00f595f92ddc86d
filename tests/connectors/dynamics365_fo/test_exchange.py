"""Does a document keep its rate where the day's would be another, and is what cannot be said refused in words?"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from connectors.base import OutcomeState
from connectors.documents import Account, JournalEntry, Line, Role
from connectors.records import Side
from tests.cases.ledger_cases import codes
from tests.connectors.dynamics365_fo.drafts import lines_in, sent
from tests.connectors.dynamics365_fo.world import DynamicsWorld

OWED = Account(Role.CARDC, "201200", "201200")
LATER = date(2026, 10, 20)


def euros(world: DynamicsWorld, debit: Account, credit: Account, amount: str, company: str) -> JournalEntry:
    lines = tuple(
        Line(account, side, Decimal(amount), Decimal(company))
        for account, side in ((debit, Side.DEBIT), (credit, Side.CREDIT))
    )
    return world.entry(lines=lines, currency="EUR")


@pytest.fixture
def moved(world: DynamicsWorld) -> DynamicsWorld:
    """A euro is 1.25 dollars, and 1.20 from the middle of the month."""
    world.do("set_rate", source="EUR", target="USD", day="2026-10-15", rate="120")
    return world


def test_the_usual_rate_is_left_to_dynamics(world: DynamicsWorld) -> None:
    outgoing, outcome = world.posted(euros(world, world.expense, OWED, "80.00", "100.00"))
    assert [row["ExchRate"] for row in lines_in(world, outgoing)] == [Decimal(125)]
    assert outcome.differences == ()
    assert world.books(outgoing) == {"600000": Decimal(100), "201200": Decimal(-100)}


def test_a_reversal_keeps_the_rate_of_what_it_takes_back(moved: DynamicsWorld) -> None:
    outgoing, _ = moved.posted(euros(moved, moved.expense, OWED, "80.00", "100.00"))
    entry = outgoing.document
    assert isinstance(entry, JournalEntry)
    mirrored = replace(entry, lines=tuple(one.swapped() for one in entry.lines), posting_date=LATER)
    back, outcome = moved.posted(mirrored, key=f"{outgoing.key}:r")
    assert outcome.differences == ()
    assert {number: -amount for number, amount in moved.books(outgoing).items()} == moved.books(back)


def test_the_scale_of_rates_is_read_and_not_assumed(moved: DynamicsWorld) -> None:
    moved.do("set", rate_scale=1)
    [begun] = moved.rows("VendInvoiceJournalLines")
    key = ["usmf", begun["JournalBatchNumber"], begun["LineNumber"]]
    moved.do("edit", set="VendInvoiceJournalLines", key=key, changes={"ExchRate": Decimal(1)})
    document = replace(euros(moved, moved.expense, OWED, "80.00", "100.00"), posting_date=LATER)
    outgoing, outcome = moved.posted(document)
    assert [row["ExchRate"] for row in lines_in(moved, outgoing)] == [Decimal("1.25")]
    assert (moved.books(outgoing)["600000"], outcome.differences) == (Decimal(100), ())


def test_an_item_is_taken_out_at_what_it_stands_and_the_difference_is_a_document_of_its_own(
    moved: DynamicsWorld,
) -> None:
    """Rule G9: owed at 100.00, paid with what is worth 96.00 by then."""
    claim, _ = moved.posted(euros(moved, moved.expense, OWED, "80.00", "100.00"))
    paid, _ = moved.posted(replace(euros(moved, OWED, moved.money, "80.00", "100.00"), posting_date=LATER))
    gain = tuple(
        Line(account, side, Decimal("4.00"), Decimal("4.00"))
        for account, side in ((moved.money, Side.DEBIT), (moved.exchange, Side.CREDIT))
    )
    difference, _ = moved.posted(replace(moved.entry(lines=gain), posting_date=LATER))
    sums: dict[str, Decimal] = {}
    for one in (claim, paid, difference):
        for account, amount in moved.books(one).items():
            sums[account] = sums.get(account, Decimal(0)) + amount
    assert {account: amount for account, amount in sums.items() if amount} == {
        "600000": Decimal(100), "101404": Decimal(-96), "441000": Decimal(-4),
    }  # fmt: skip


def test_another_rate_than_was_sent_is_seen(moved: DynamicsWorld) -> None:
    moved.job.is_on = False
    document = replace(euros(moved, moved.expense, OWED, "80.00", "100.00"), posting_date=LATER)
    outgoing, created = sent(moved, document)
    assert (created.state, created.differences) == (OutcomeState.CREATED, ())
    key = ["usmf", created.number, Decimal(1)]
    moved.do("edit", set="LedgerJournalLines", key=key, changes={"ExchRate": Decimal(120)})
    assert codes(moved.open().find("usmf", [outgoing])[0]) == {"document_altered"}


def test_bills_keep_their_rate_and_pending_ones_are_refused(moved: DynamicsWorld) -> None:
    line = Line(moved.expense, Side.DEBIT, Decimal("80.00"), Decimal("100.00"))
    parts = {"lines": (line,), "currency": "EUR", "posting_date": LATER}
    outgoing, outcome = moved.posted(moved.bill(**parts))
    assert (moved.books(outgoing)["600000"], outcome.differences) == (Decimal(100), ())
    pending = DynamicsWorld(invoice_pattern="pending")
    pending.do("set_rate", source="EUR", target="USD", day="2026-10-15", rate="120")
    [[finding]] = pending.open().preflight("usmf", [pending.bill(**parts)])
    assert (finding.code, finding.value) == ("no_rate", "EUR")
    assert "booked at 1.25" in finding.message


def test_where_no_line_shows_how_rates_are_written_none_is_given(moved: DynamicsWorld) -> None:
    for name in ("VendInvoiceJournalLines", "LedgerJournalLines"):
        moved.simulator.store.table(name).rows.clear()
    document = replace(euros(moved, moved.expense, OWED, "80.00", "100.00"), posting_date=LATER)
    outgoing = moved.outgoing(document)
    outcome = moved.open().post("usmf", [outgoing])[0]
    assert outcome.state is OutcomeState.REJECTED
    assert "shows yet how rates are written" in str(outcome.error)
    assert moved.count(outgoing) == 0
