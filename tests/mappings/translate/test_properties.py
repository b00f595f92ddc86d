"""What holds for every record, whatever a source may send? Balance, exact totals, the same answer twice, mirrors."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from connectors.documents import (
    Dimension,
    Document,
    JournalEntry,
    Partner,
    Payment,
    Role,
    VendorBill,
    document_from_json,
    document_to_json,
)
from connectors.money import Money, minor_unit
from connectors.records import Finality, Link, RecordKind, RecordLine, Side, SpendRecord
from mappings.policies import signed_shares
from mappings.translate import assemble_reversal, document_differs, render_journal, translate
from mappings.translate.context import Hold, Known, Post, Setup
from mappings.translate.journal_text import postings
from tests.mappings.translate.cases_card import purchase, refund
from tests.mappings.translate.world import ANA, Story, a_setup, coded, day, facts, known, posted, record

CURRENCIES = ("USD", "EUR", "JPY", "KWD")
DAYS = st.dates(date(2025, 11, 1), date(2026, 4, 30))
CODINGS = st.sampled_from(
    [
        (),
        coded(category="TRAVEL"),
        coded(category="MEALS", cost_center="A"),
        coded(category="UNKNOWN"),
        coded(gl_account="6150", cost_center="B"),
        coded(gl_account="201100"),
        coded(gl_account="131000"),
        coded(cost_center="NOWHERE", category="TRAVEL"),
    ]
)
SIDES = st.sampled_from([None, Side.DEBIT, Side.CREDIT])


def units(low: int = 1, high: int = 10**9) -> st.SearchStrategy[int]:
    return st.integers(low, high)


@st.composite
def record_lines(draw: st.DrawFn, total: Money) -> tuple[RecordLine, ...]:
    """No lines, lines that sum to the total, or any lines."""
    count = draw(st.integers(0, 4))
    if not count:
        return ()
    if draw(st.booleans()):
        amounts = signed_shares(abs(total.amount), [Decimal(draw(units(1, 99))) for _ in range(count)], total.currency)
    else:
        amounts = [Money.from_minor(draw(units()), total.currency).amount for _ in range(count)]
    share = draw(st.booleans())
    return tuple(
        RecordLine(
            id=str(at),
            amount=None if share else Money(amount, total.currency),
            percentage=Decimal(100) / count if share else None,
            side=draw(SIDES),
            coding=draw(CODINGS),
            is_personal=draw(st.booleans()),
        )
        for at, amount in enumerate(amounts)
    )


KINDS = [kind for kind in RecordKind if kind is not RecordKind.VENDOR]
MOMENTS = st.one_of(DAYS, DAYS.map(lambda one: datetime(one.year, one.month, one.day, 3, 30, tzinfo=UTC)))


@st.composite
def records(draw: st.DrawFn) -> SpendRecord:
    total = Money.from_minor(draw(st.integers(-(10**9), 10**9)), draw(st.sampled_from(CURRENCIES)))
    one = record(
        draw(st.sampled_from(KINDS)),
        None,
        finality=draw(st.sampled_from([Finality.FINAL, Finality.FINAL, *Finality])),
        coding=draw(CODINGS),
        lines=draw(record_lines(total)),
        person=draw(st.sampled_from([ANA, None])),
        merchant=draw(st.sampled_from(["", "RACKSHOP LYON", "SOMEBODY"])),
        posting_moment=draw(st.one_of(st.none(), MOMENTS)),
        document_moment=draw(st.one_of(st.none(), MOMENTS)),
        source_account=draw(st.sampled_from(["", "cash_a", "card_1"])),
        personal_since=draw(st.one_of(st.none(), DAYS)),
        is_partly_personal=draw(st.booleans()),
        original=draw(st.sampled_from([None, Money(Decimal("7.00"), "EUR")])),
    )
    return replace(one, amount=draw(st.sampled_from([total, total, total, None])))


@st.composite
def setups(draw: st.DrawFn) -> Setup:
    policies = {
        "closed_period": draw(st.sampled_from(["hold", "next_open_day"])),
        "basis": draw(st.sampled_from(["accrual", "cash"])),
        "posting_day": draw(st.sampled_from(["settled", "incurred"])),
        "chargeback": draw(st.sampled_from(["reverse", "dispute"])),
        "card_expense": draw(st.sampled_from(["entry", "bill_and_payment"])),
    }
    return a_setup(policies, may_write_cash=draw(st.sampled_from([frozenset(), frozenset({"cash_a"})])))


class EveryRate(dict[tuple[str, date], Decimal]):
    """A ledger that has a rate for every day, and every one has six digits."""

    def get(self, key: tuple[str, date], default: Decimal | None = None) -> Decimal:  # type: ignore[override]
        return Decimal(1_000_003 + 37 * key[1].toordinal() % 600_000) / Decimal(1_000_000)


LOCKS = st.dictionaries(st.sampled_from(["journal_entry", "vendor_bill", "payment"]), DAYS)


@st.composite
def what_is_known(draw: st.DrawFn) -> Known:
    return known(facts=replace(facts(closed=draw(LOCKS)), rates=EveryRate()))


def documents(decision: object) -> list[JournalEntry | VendorBill | Payment]:
    drafts = decision.drafts if isinstance(decision, Post) else ()
    return [draft.document for draft in drafts if isinstance(draft.document, JournalEntry | VendorBill | Payment)]


ALONE = (
    RecordKind.CARD_PURCHASE,
    RecordKind.CARD_REFUND,
    RecordKind.CHARGEBACK,
    RecordKind.CARD_REWARD,
    RecordKind.FINANCE_FEE,
    RecordKind.CARD_PAYMENT,
    RecordKind.ACCOUNT_FEE,
    RecordKind.INTEREST,
    RecordKind.CLAIM_APPROVED,
    RecordKind.BILL,
)
"""Kinds that need no other record."""


@st.composite
def complete_records(draw: st.DrawFn) -> SpendRecord:
    """Records with nothing missing: they are posted, alone."""
    currency = draw(st.sampled_from(CURRENCIES))
    total = Money.from_minor(draw(units(100)), currency)
    parts = signed_shares(total.amount, [Decimal(draw(units(1, 99))) for _ in range(draw(st.integers(1, 4)))], currency)
    coding = st.sampled_from(
        [coded(category="TRAVEL"), coded(category="MEALS", cost_center="A"), coded(gl_account="6150")]
    )
    lines = tuple(RecordLine(str(at), Money(part, currency), coding=draw(coding)) for at, part in enumerate(parts))
    kind = draw(st.sampled_from(ALONE))
    one = record(
        kind,
        None,
        coding=draw(coding),
        lines=() if kind is RecordKind.CARD_PAYMENT else draw(st.sampled_from([(), lines])),
        merchant="RACKSHOP LYON",
        posting_moment=draw(MOMENTS),
        source_account="cash_a",
    )
    return replace(one, amount=total)


@settings(max_examples=150, deadline=None)
@given(st.one_of(records(), complete_records()), setups(), what_is_known())
def test_any_record_is_answered_and_what_is_posted_balances(one: SpendRecord, setup: Setup, looked_up: Known) -> None:
    decision = translate(one, setup, looked_up)

    assert translate(one, setup, looked_up) == decision
    assert not isinstance(decision, Hold) or decision.needs
    for document in documents(decision):
        assert document_from_json(document_to_json(document)) == document
        assert document.rules
        assert document.posting_date > looked_up.facts.closed_through.get(document.type, date.min)
        for attribute in ("amount", "company_amount"):
            lines = postings(document)
            assert not sum(getattr(line, attribute) * (1 if line.side is Side.DEBIT else -1) for line in lines)
        if document.currency == document.company_currency:
            assert all(line.amount == line.company_amount for line in postings(document))
        assert render_journal(document).endswith("\n")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(records(), complete_records()), min_size=2, max_size=5), setups(), st.booleans())
def test_records_of_one_event_are_answered_in_any_order(told: list[SpendRecord], setup: Setup, as_twins: bool) -> None:
    story = Story(setup=setup, facts=replace(facts(), rates=EveryRate()))
    for at, one in enumerate(told):
        shared = replace(one, external_id=f"r{at}", links=() if as_twins else (Link("expense", "exp_1"),))
        decision = story.tell(shared, twins=tuple(story.seen) if as_twins else ())
        for document in documents(decision):
            assert document_from_json(document_to_json(document)) == document
            assert not document.rules or set(document.rules) <= set(decision.rules) | {"G17"}


@settings(max_examples=60, deadline=None)
@given(units(), st.lists(units(1, 10**6), min_size=1, max_size=6), st.sampled_from(CURRENCIES))
def test_a_split_never_changes_the_total(total: int, weights: list[int], currency: str) -> None:
    amount = Money.from_minor(total, currency)
    cut = signed_shares(amount.amount, [Decimal(weight) for weight in weights], currency)
    lines = tuple(
        RecordLine(str(at), Money(part, currency), coding=coded(category="TRAVEL", cost_center="AB"[at % 2]))
        for at, part in enumerate(cut)
    )
    looked_up = known(facts=replace(facts(), rates=EveryRate()))

    decisions = [translate(replace(purchase(), amount=amount, lines=cutting), a_setup(), looked_up)
                 for cutting in ((), lines)]  # fmt: skip

    whole, split = (documents(decision)[0] for decision in decisions)
    card = [[line for line in one.lines if line.account.role is Role.CARD] for one in (whole, split)]
    assert [(line.amount, line.company_amount) for line in card[0]] == [
        (line.amount, line.company_amount) for line in card[1]
    ]
    assert sum(line.amount for line in split.lines if line.account.role is Role.EXP) == amount.amount


@given(units(0), st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=8), st.sampled_from(CURRENCIES))
def test_shares_sum_exactly_and_differ_by_less_than_two_units(total: int, weights: list[int], currency: str) -> None:
    assume(sum(weights) > 0)
    amount = Money.from_minor(total, currency).amount

    parts = signed_shares(amount, [Decimal(weight) for weight in weights], currency)

    assert sum(parts) == amount
    against = sum(1 for weight in weights if weight < 0)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - amount * weight / sum(weights)) <= minor_unit(currency) * (1 + against)


@settings(max_examples=50, deadline=None)
@given(units(1, 10**6), st.lists(units(1, 10**6), min_size=1, max_size=5))
def test_refunds_never_exceed_the_purchase_without_a_hold(bought: int, back: list[int]) -> None:
    story = Story()
    story.post(purchase(str(Money.from_minor(bought, "USD").amount)))
    refunded = Decimal(0)
    for at, amount in enumerate(back):
        money = Money.from_minor(amount, "USD").amount
        decision = story.tell(refund(str(money), f"02-{11 + at}"))
        refunded += money if isinstance(decision, Post) else 0
        assert isinstance(decision, Post) == (
            refunded + (0 if isinstance(decision, Post) else money) <= bought / Decimal(100)
        )

    assert refunded <= bought / Decimal(100)


MIRRORS = (
    (RecordKind.CARD_PURCHASE, 1, RecordKind.CARD_REFUND, 1),
    (RecordKind.CHARGEBACK, 1, RecordKind.CHARGEBACK, -1),
    (RecordKind.CARD_PAYMENT, 1, RecordKind.CARD_PAYMENT, -1),
    (RecordKind.CARD_PAYMENT, 1, RecordKind.CARD_PAYMENT_RETURN, 1),
    (RecordKind.CLAIM_FUNDING, 1, RecordKind.FUNDING_RETURN, 1),
    (RecordKind.BILL, 1, RecordKind.BILL, -1),
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(MIRRORS), units(), st.sampled_from(CURRENCIES))
def test_the_opposite_direction_gives_the_mirrored_document(
    mirror: tuple[RecordKind, int, RecordKind, int], amount: int, currency: str
) -> None:
    looked_up = known(facts=replace(facts(), rates=EveryRate()))
    there, back = (
        documents(translate(
            replace(record(kind, merchant="RACKSHOP LYON", source_account="cash_a"),
                    amount=Money.from_minor(sign * amount, currency)), a_setup(), looked_up))[0]
        for kind, sign in (mirror[:2], mirror[2:])
    )  # fmt: skip

    def booked(document: JournalEntry | VendorBill | Payment, *, swapped: bool) -> set[tuple[object, ...]]:
        return {
            (line.account, line.side.other if swapped else line.side, line.amount, line.company_amount, line.partner)
            for line in postings(document)
        }

    assert booked(there, swapped=True) == booked(back, swapped=False)


@settings(max_examples=60, deadline=None)
@given(complete_records(), setups(), st.integers(0, 40))
def test_a_reversal_takes_back_exactly_what_was_posted(one: SpendRecord, setup: Setup, later: int) -> None:
    looked_up = known(facts=replace(facts(), rates=EveryRate()))
    made = documents(translate(one, setup, looked_up))
    assert made or setup.policies.basis == "cash"
    standing = [
        posted(document, purpose=str(at), company_amount=Decimal("1.00") if isinstance(document, Payment) else None)
        for at, document in enumerate(made)
    ]

    back = [draft.document for draft in assemble_reversal(standing, on=day("05-01") + timedelta(later), reason="void")]

    for stands, undone in zip(standing, reversed(back), strict=True):
        assert isinstance(undone, JournalEntry | VendorBill)
        assert undone.reverses == stands.key
        assert document_differs(stands.document, stands.document) == ()
        assert document_differs(stands.document, undone)
        if not isinstance(stands.document, Payment):
            assert not any(net(stands.document, undone).values())


def net(*made: Document) -> dict[tuple[object, ...], Decimal]:
    """What documents leave on each account, partner and cost centre, in both currencies."""
    left: dict[tuple[object, ...], Decimal] = {}
    for document in made:
        assert isinstance(document, JournalEntry | VendorBill)
        for line in postings(document):
            for attribute in ("amount", "company_amount"):
                place = (attribute, line.account, line.partner, line.dimensions)
                signed = getattr(line, attribute) * (1 if line.side is Side.DEBIT else -1)
                left[place] = left.get(place, Decimal(0)) + signed
    return left


def test_a_change_is_what_the_policy_calls_one() -> None:
    old = documents(translate(purchase(), a_setup(), known()))[0]
    assert isinstance(old, JournalEntry)
    first, *others = old.lines
    other_account = replace(first, account=replace(first.account, id="id-9999"))
    changed = {
        "amount": replace(old, lines=tuple(replace(line, amount=line.amount + 1) for line in old.lines)),
        "account": replace(old, lines=(other_account, *others)),
        "dimension": replace(old, lines=(replace(first, dimensions=(Dimension("plan", "id-A"),)), *others)),
        "partner": replace(old, lines=(replace(first, partner=Partner("p-rack")), *others)),
        "currency": replace(old, currency="EUR"),
        "posting date": replace(old, posting_date=day("03-01")),
        "company": replace(old, company="2"),
    }
    same = replace(old, text="other words", rules=(), document_date=day("01-01"), lines=(*others, first))
    halves = tuple(replace(first, amount=half, company_amount=half) for half in (Decimal("60.00"), Decimal("40.00")))

    for name, new in changed.items():
        assert name in document_differs(old, new)
    assert document_differs(old, same) == ()
    assert document_differs(old, replace(old, lines=(*halves, *others))) == ()
