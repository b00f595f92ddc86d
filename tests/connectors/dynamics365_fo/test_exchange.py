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
from tests.connectors.dynamics365_fo.drafts import MEALS, RENT, lines_in, sent
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


def foreign(world: DynamicsWorld, currency: str, *parts: tuple[Account, str, str]) -> JournalEntry:
    """Costs against the card, in a foreign currency: account, amount, company amount."""
    lines = tuple(Line(account, Side.DEBIT, Decimal(amount), Decimal(own)) for account, amount, own in parts)
    amount, own = (sum((Decimal(part[at]) for part in parts), Decimal(0)) for at in (1, 2))
    return world.entry(lines=(*lines, Line(world.card, Side.CREDIT, amount, own)), currency=currency)


SHARES = (("33.34", "36.67"), ("33.33", "36.67"), ("33.33", "36.66"))


def test_shares_that_sum_up_are_booked_as_they_are_cut(world: DynamicsWorld) -> None:
    """Rule G10: by the rate of the day the second line would be 36.66, and the card 109.99."""
    world.do("set_rate", source="EUR", target="USD", day="2026-10-01", rate="110")
    accounts = (MEALS, RENT, world.expense)
    parts = [(account, amount, own) for account, (amount, own) in zip(accounts, SHARES, strict=True)]
    outgoing, outcome = world.posted(foreign(world, "EUR", *parts))
    booked = {"605110": "36.67", "612000": "36.67", "600000": "36.66", "201100": "-110.00"}
    assert world.books(outgoing) == {number: Decimal(amount) for number, amount in booked.items()}
    assert outcome.differences == ()
    given = [row["ExchRate"] for row in lines_in(world, outgoing)]
    assert [given[0], given[2]] == [Decimal(110)] * 2


def test_shares_of_a_bill_sum_up_to_what_is_owed(world: DynamicsWorld) -> None:
    world.do("set_rate", source="EUR", target="USD", day="2026-10-01", rate="110")
    lines = tuple(
        Line(account, Side.DEBIT, Decimal(amount), Decimal(own))
        for account, (amount, own) in zip((MEALS, RENT, world.expense), SHARES, strict=True)
    )
    outgoing, outcome = world.posted(world.bill(lines=lines, currency="EUR"))
    assert (world.books(outgoing)["605110"], outcome.differences) == (Decimal("36.67"), ())
    [row] = world.rows("VendTransBiEntities", JournalNum=outcome.number)
    assert (row["AmountCur"], row["AmountMST"]) == (Decimal("-100.00"), Decimal("-110.00"))


@pytest.mark.parametrize("scale", [1, 100])
def test_a_large_amount_is_booked_to_the_cent(world: DynamicsWorld, scale: int) -> None:
    write_rates_per(world, scale)
    outgoing, outcome = world.posted(foreign(world, "JPY", (MEALS, "10000000", "73456.78")))
    assert world.books(outgoing) == {"605110": Decimal("73456.78"), "201100": Decimal("-73456.78")}
    assert outcome.differences == ()


def write_rates_per(world: DynamicsWorld, scale: int | str) -> None:
    if scale in (1, 100):
        world.do("set", rate_scale=scale)
    for row in world.rows("VendInvoiceJournalLines"):
        found = world.simulator.store.find(
            "VendInvoiceJournalLines", "usmf", row["JournalBatchNumber"], row["LineNumber"]
        )
        world.simulator.store.update("VendInvoiceJournalLines", found, {"ExchRate": Decimal(scale)})


def test_a_scale_that_nobody_writes_rates_in_is_not_trusted(world: DynamicsWorld) -> None:
    write_rates_per(world, "112.5")
    [[finding]] = world.open().preflight("usmf", [foreign(world, "EUR", (MEALS, "80.00", "98.00"))])
    assert finding.code == "no_rate"
    assert "shows yet how rates are written" in finding.message


def test_an_unknown_scale_is_asked_for_once_a_minute(world: DynamicsWorld) -> None:
    write_rates_per(world, "112.5")
    ledger = world.open()
    ledger.facts("usmf", frozenset())
    world.faults.calls.clear()
    documents = [foreign(world, "EUR", (MEALS, "80.00", "98.00")) for _ in range(20)]
    assert all(ledger.preflight("usmf", documents))  # type: ignore[arg-type]
    assert len(world.faults.calls) == 2


@pytest.mark.parametrize("pattern", ["journal", "pending"])
def test_half_a_cent_is_rounded_up_as_dynamics_does(pattern: str) -> None:
    """2.50 at 1.25 is 3.125: no rate is needed for 3.13."""
    world = DynamicsWorld(invoice_pattern=pattern)
    line = Line(MEALS, Side.DEBIT, Decimal("2.50"), Decimal("3.13"))
    bill = world.bill(lines=(line,), currency="EUR")
    assert world.open().preflight("usmf", [bill]) == [[]]
    if pattern == "journal":
        outgoing, _ = world.posted(bill)
        assert [row["ExchRate"] for row in lines_in(world, outgoing)] == [Decimal(125)]


def test_a_rate_in_words_is_short(world: DynamicsWorld) -> None:
    pending = DynamicsWorld(invoice_pattern="pending")
    line = Line(MEALS, Side.DEBIT, Decimal("80.00"), Decimal("98.33"))
    [[finding]] = pending.open().preflight("usmf", [pending.bill(lines=(line,), currency="EUR")])
    assert "booked at 1.229125 and" in finding.message


def test_pending_shares_may_be_off_by_a_cent_each_while_the_whole_is_right() -> None:
    world = DynamicsWorld(invoice_pattern="pending")
    world.do("set_rate", source="EUR", target="USD", day="2026-10-01", rate="110")
    lines = tuple(
        Line(account, Side.DEBIT, Decimal(amount), Decimal(own))
        for account, (amount, own) in zip((MEALS, RENT, world.expense), SHARES, strict=True)
    )
    assert world.open().preflight("usmf", [world.bill(lines=lines, currency="EUR")]) == [[]]


def test_a_table_that_is_corrected_later_alters_nothing(world: DynamicsWorld) -> None:
    outgoing, outcome = world.posted(foreign(world, "EUR", (MEALS, "33.33", "41.66")))
    assert outcome.differences == ()
    world.do("set_rate", source="EUR", target="USD", day="2026-10-01", rate="126")
    assert world.open().find("usmf", [outgoing])[0].differences == ()


def test_lines_that_do_not_meet_in_company_currency_are_told(world: DynamicsWorld) -> None:
    """No pair of an amount can be 66.00 on one account and 66.01 on the other."""
    lines = (
        Line(MEALS, Side.DEBIT, Decimal("60.00"), Decimal("66.00")),
        Line(RENT, Side.DEBIT, Decimal("40.00"), Decimal("44.00")),
        Line(world.card, Side.CREDIT, Decimal("60.00"), Decimal("66.01")),
        Line(world.money, Side.CREDIT, Decimal("40.00"), Decimal("43.99")),
    )
    [[finding]] = world.open().preflight("usmf", [world.entry(lines=lines, currency="EUR")])
    assert (finding.code, finding.value) == ("no_rate", "EUR")


def test_a_line_split_over_two_offsets_keeps_both_in_company_currency(world: DynamicsWorld) -> None:
    lines = (
        Line(MEALS, Side.DEBIT, Decimal("100.00"), Decimal("110.00")),
        Line(RENT, Side.DEBIT, Decimal("1.00"), Decimal("1.10")),
        Line(world.card, Side.CREDIT, Decimal("60.00"), Decimal("66.01")),
        Line(world.money, Side.CREDIT, Decimal("41.00"), Decimal("45.09")),
    )
    outgoing, outcome = world.posted(world.entry(lines=lines, currency="EUR"))
    assert outcome.differences == ()
    booked = {"605110": "110.00", "612000": "1.10", "201100": "-66.01", "101404": "-45.09"}
    assert world.books(outgoing) == {number: Decimal(amount) for number, amount in booked.items()}
