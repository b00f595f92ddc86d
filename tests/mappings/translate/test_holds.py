"""What does a person get to see when something is missing? One hold that names all of it, and never a guess."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors.documents import Role
from connectors.records import Family, Finality, Party, RecordKind, Side
from mappings.errors import PROBLEM_CODES
from mappings.translate import dispatch, translate
from mappings.translate.context import Decision, Hold, Post, RuleHit, Skip, Undo, Wait, Witness
from tests.mappings.translate.cases_cash import bill, cash, claim, claim_record
from tests.mappings.translate.world import (
    Partners,
    Story,
    a_setup,
    coded,
    day,
    facts,
    instant,
    known,
    line,
    posted,
    record,
    roles,
    rules,
)

K = RecordKind
CLOSED = facts(closed={"journal_entry": day("02-28")})
TO_CARD = RuleHit("id-201100", "201100", "Card")


def asked(decision: Decision) -> list[str]:
    """The codes of a hold, or what else was decided."""
    return [need.code for need in decision.needs] if isinstance(decision, Hold) else [type(decision).__name__]


def test_it_holds_with_everything_that_is_missing_at_once() -> None:
    lines = (line("10.00", category="X"), line("20.00", category="Y", cost_center="Q"), line("30.00", category="Z"))
    one = record(K.CARD_PURCHASE, "60.00", lines=lines)

    decision = translate(one, a_setup(roles=roles(without=[Role.CARD])), known(facts=CLOSED))

    assert isinstance(decision, Hold)
    assert [(need.code, need.value) for need in decision.needs] == [
        ("missing_mapping", "X"),
        ("missing_mapping", "Y"),
        ("missing_mapping", "Z"),
        ("missing_role", "1:CARD:USD"),
        ("closed_period", "1:2026-02-28"),
    ]


def test_a_gap_says_which_rule_would_fill_it() -> None:
    decision = translate(record(K.CARD_PURCHASE, coding=coded(category="LODGING")), a_setup(), known())

    assert isinstance(decision, Hold)
    need = decision.needs[0]
    assert (need.source_field, need.value, need.target) == ("category", "LODGING", "account")
    assert "LODGING" in need.message


def refund_of_nothing(story: Story) -> Decision:
    return story.tell(record(K.CARD_REFUND, coding=()))


def payout_twice(story: Story) -> Decision:
    claim(story)
    story.post(claim_record(K.CLAIM_PAID))
    return story.tell(claim_record(K.CLAIM_PAID))


def paid_twice(story: Story) -> Decision:
    bill(story, "100.00")
    story.post(record(K.BILL_PAYMENT, "100.00", links=("bill:b1",)))
    return story.tell(record(K.BILL_PAYMENT, "100.00", links=("bill:b1",)))


def overpaid(story: Story) -> Decision:
    bill(story, "100.00")
    return story.tell(record(K.BILL_PAYMENT, "100.01", links=("bill:b1",)))


def two_twins(story: Story) -> Decision:
    for source in ("cash_b", "cash_c"):
        story.tell(cash(K.OWN_TRANSFER, "-700.00", source_account=source))
    return story.tell(cash(K.OWN_TRANSFER, "700.00"), twins=tuple(story.seen))


def other_company(story: Story) -> Decision:
    story.tell(cash(K.OWN_TRANSFER, "-700.00", source_account="cash_b", billed_entity="ent_2", links=("transfer:t",)))
    return story.tell(cash(K.OWN_TRANSFER, "700.00", links=("transfer:t",)))


def part_of_a_payout_came_back(story: Story) -> Decision:
    claim(story)
    story.post(claim_record(K.CLAIM_PAID))
    return story.tell(claim_record(K.CLAIM_PAYOUT_RETURN, "79.00"))


def two_claims(story: Story) -> Decision:
    claim(story)
    claim(story)
    return story.tell(claim_record(K.CLAIM_PAID))


def told(kind: RecordKind, amount: str | None = "80.00", **given: Any) -> Callable[[Story], Decision]:
    """A single record in the usual set-up, or in `setup`, with what is `known`."""
    return lambda story: story.tell(
        record(kind, amount, **{name: value for name, value in given.items() if name not in ("setup", "known")}),
        setup=given.get("setup"),
        **given.get("known", {}),
    )


HELD: tuple[tuple[str, Callable[[Story], Decision], list[str]], ...] = (
    ("an unknown kind", told(K.UNKNOWN), ["unknown_kind"]),
    ("no amount", told(K.CARD_PURCHASE, None), ["no_amount"]),
    ("digits beyond the currency", told(K.UNKNOWN, None, reason="1.234 USD has digits beyond"), ["extra_decimals"]),
    ("no date", told(K.CARD_PURCHASE, posting_moment=None), ["no_date"]),
    ("a purchase that pays us", told(K.CARD_PURCHASE, "-1.00"), ["sign_contradicts_kind"]),
    ("a refund that charges us", told(K.CARD_REFUND, "-1.00"), ["sign_contradicts_kind"]),
    ("a fee with money in", told(K.ACCOUNT_FEE, "-15.00", source_account="cash_a"), ["sign_contradicts_kind"]),
    ("interest with money out", told(K.INTEREST, "-3.00", source_account="cash_a"), ["sign_contradicts_kind"]),
    ("no rule", told(K.CARD_PURCHASE, coding=coded(category="LODGING")), ["missing_mapping"]),
    ("no coding at all", told(K.CARD_PURCHASE, coding=()), ["missing_mapping"]),
    (
        "a rule into a control account",
        told(K.CARD_PURCHASE, coding=coded(gl_account="201100"), setup=a_setup()),
        ["missing_mapping"],
    ),
    (
        "an archived account",
        told(K.CARD_PURCHASE, setup=a_setup(resolver=rules(archived=frozenset({"6100"})))),
        ["inactive_value"],
    ),
    (
        "an unknown cost centre",
        told(K.CARD_PURCHASE, coding=coded(category="TRAVEL", cost_center="NOWHERE")),
        ["missing_mapping"],
    ),
    ("lines over the total", told(K.CARD_PURCHASE, "80.00", lines=(line("80.02"),)), ["parts_do_not_sum"]),
    (
        "a cent, but no rounding account",
        told(K.CARD_PURCHASE, "80.00", lines=(line("79.99"),), setup=a_setup(roles=roles(without=[Role.ROUND]))),
        ["parts_do_not_sum"],
    ),
    ("shares of 99 %", told(K.CARD_PURCHASE, lines=(line(share="50"), line(share="49"))), ["parts_do_not_sum"]),
    ("lines in two currencies", told(K.CARD_PURCHASE, lines=(line("1.00"), line("9.00 EUR"))), ["parts_do_not_sum"]),
    ("partly personal, but what", told(K.CARD_PURCHASE, is_partly_personal=True), ["partly_personal"]),
    (
        "personal, of an unknown person",
        told(K.CARD_PURCHASE, personal_since=day("02-05"), person=None),
        ["missing_employee"],
    ),
    ("the claim of a stranger", told(K.CLAIM_APPROVED, person=Party("cu_x", "Xi Lo")), ["missing_employee"]),
    ("a bill of a stranger", told(K.BILL, vendor=Party("v9", "Nobody Ltd")), ["missing_vendor"]),
    ("a bill of nobody", told(K.BILL), ["missing_vendor"]),
    (
        "a card expense as bill, of a stranger",
        told(K.CARD_PURCHASE, merchant="NOBODY", setup=a_setup({"card_expense": "bill_and_payment"})),
        ["missing_vendor"],
    ),
    ("a refund without purchase or coding", refund_of_nothing, ["missing_mapping"]),
    ("a payout without claim", told(K.CLAIM_PAID, links=("claim:exp_2",)), ["missing_link"]),
    ("a payout of a claim that is paid", payout_twice, ["possible_duplicate"]),
    ("a payout of one of two claims", two_claims, ["ambiguous_link"]),
    ("a payout that came back in part", part_of_a_payout_came_back, ["parts_do_not_sum"]),
    ("a payment without bill", told(K.BILL_PAYMENT, links=("bill:b1",)), ["missing_link"]),
    ("a payment of a bill that is paid", paid_twice, ["possible_duplicate"]),
    ("a payment over the bill", overpaid, ["parts_do_not_sum"]),
    ("a card payment of an unknown bill", told(K.BILL_CARD_PAYMENT, links=("bill:b1",)), ["missing_link"]),
    ("a repayment of an unknown purchase", told(K.CARD_REPAYMENT), ["missing_link"]),
    ("a payback without open item", told(K.PAYBACK, source_account="cash_a"), ["missing_link"]),
    ("money out to nobody known", told(K.MONEY_OUT, source_account="cash_a"), ["missing_mapping"]),
    ("money in from nobody known", told(K.MONEY_IN, source_account="cash_a"), ["missing_mapping"]),
    (
        "money out into the card's account",
        told(
            K.MONEY_OUT,
            source_account="cash_a",
            coding=coded(counterparty="card"),
            setup=a_setup(resolver=rules(names={("counterparty", "counterparty", "card"): TO_CARD})),
        ),
        ["missing_mapping"],
    ),
    ("two possible other sides", two_twins, ["ambiguous_link"]),
    ("a transfer into another company", other_company, ["intercompany"]),
    ("money back of an unknown payment", told(K.PAYMENT_RETURN, source_account="cash_a"), ["missing_link"]),
    (
        "a transfer of Brex's own that nobody explains",
        told(K.OPERATIONAL, source_account="cash_a", known={"twin_deadline_passed": True}),
        ["missing_link"],
    ),
    (
        "what may be posted already",
        told(K.CARD_PURCHASE, known={"possible_duplicates": ("x",)}),
        ["possible_duplicate"],
    ),
    ("a closed day", told(K.CARD_PURCHASE, known={"facts": CLOSED}), ["closed_period"]),
    (
        "a move over the fiscal year end",
        told(
            K.CARD_PURCHASE,
            posting_moment=date(2025, 12, 30),
            setup=a_setup({"closed_period": "next_open_day"}),
            known={"facts": facts(closed={"journal_entry": date(2025, 12, 31)})},
        ),
        ["fiscal_year_end"],
    ),
    ("no rate", told(K.CARD_PURCHASE, "80.00 EUR"), ["no_rate"]),
    (
        "an inactive currency without rate",
        told(K.CARD_PURCHASE, "80.00 EUR", known={"facts": facts(active=frozenset({"USD"}))}),
        ["inactive_currency", "no_rate"],
    ),
    ("other decimals", told(K.CARD_PURCHASE, known={"facts": facts(decimals={"USD": 3})}), ["decimals_differ"]),
    ("no account for fees", told(K.FINANCE_FEE, setup=a_setup(roles=roles(without=[Role.FEE]))), ["missing_role"]),
    (
        "lines that contradict the kind",
        told(K.CARD_PURCHASE, lines=(line("80.00", Side.CREDIT, gl_account="6100"),)),
        ["parts_do_not_sum"],
    ),
    (
        "lines with the card on the wrong side",
        told(
            K.CARD_PURCHASE,
            lines=(line("80.00", Side.DEBIT, gl_account="201100"), line("80.00", Side.CREDIT, gl_account="6100")),
        ),
        ["one_sided_lines", "parts_do_not_sum"],
    ),
    (
        "accrual flow, cash basis source",
        told(K.CLAIM_CASH),
        ["unknown_kind"],
    ),
)  # fmt: skip


@pytest.mark.parametrize(("tell", "codes"), [row[1:] for row in HELD], ids=[row[0] for row in HELD])
def test_it_holds(tell: Callable[[Story], Decision], codes: list[str]) -> None:
    assert asked(tell(Story())) == codes


def test_every_need_has_a_sentence_for_people() -> None:
    emitted = {
        code
        for path in Path(dispatch.__file__).parent.glob("*.py")
        for code in re.findall(r"""need\(\s*"([a-z_]+)\"""", path.read_text(encoding="utf-8"), re.IGNORECASE)
    }

    assert {"missing_mapping", "closed_period", "no_amount"} <= emitted
    assert emitted <= PROBLEM_CODES.keys()
    assert {code for _, _, codes in HELD for code in codes} <= PROBLEM_CODES.keys()


def test_a_persons_choice_frees_a_hold() -> None:
    for one, choices in (
        (record(K.UNKNOWN, "5.00"), {"kind": "finance_fee"}),
        (record(K.CARD_PURCHASE, coding=()), {"account": "6150"}),
        (record(K.ACCOUNT_FEE, "-15.00", source_account="cash_a"), {"direction": "swap"}),
        (record(K.INTEREST, "-3.00", source_account="cash_a"), {"direction": "swap"}),
    ):
        assert isinstance(translate(one, a_setup(), known(choices=choices)), Post), choices
    closed = translate(record(K.CARD_PURCHASE), a_setup(), known(facts=CLOSED, choices={"day": "2026-03-02"}))
    assert isinstance(closed, Post)
    assert closed.drafts[0].document.posting_date == day("03-02")  # type: ignore[union-attr]


def test_a_fee_that_is_given_back_swaps_its_sides() -> None:
    one = record(K.ACCOUNT_FEE, "-15.00", source_account="cash_a")
    decision = translate(one, a_setup(), known(choices={"direction": "swap"}))

    assert isinstance(decision, Post)
    sides = {line.account.role: line.side for line in decision.drafts[0].document.lines}  # type: ignore[union-attr]
    assert sides == {Role.CASH: Side.DEBIT, Role.FEE: Side.CREDIT}


def test_the_same_duplicate_is_a_witness_and_a_different_one_is_posted() -> None:
    double = {"possible_duplicates": ("card purchase pste_1",)}

    same = translate(record(K.CARD_PURCHASE), a_setup(), known(**double, choices={"duplicate": "same"}))
    different = translate(record(K.CARD_PURCHASE), a_setup(), known(**double, choices={"duplicate": "different"}))

    assert isinstance(same, Witness)
    assert isinstance(different, Post)


def test_it_skips_zero_test_users_and_the_other_basis() -> None:
    cash_basis = a_setup({"basis": "cash"})
    for one, setup in (
        (record(K.CARD_PURCHASE, "0.00"), a_setup()),
        (record(K.CARD_PURCHASE, is_test=True), a_setup()),
        (record(K.CLAIM_APPROVED), cash_basis),
        (record(K.CLAIM_PAID), cash_basis),
        (record(K.BILL), cash_basis),
        (record(K.CLAIM_FUNDING), a_setup(may_write_cash=frozenset(), bank_imported=frozenset({"cash_a"}))),
    ):
        assert isinstance(translate(one, setup, known()), Skip), one.kind


def test_on_cash_basis_the_expense_feeds_payout_is_the_cost() -> None:
    setup = a_setup({"basis": "cash"}, payout_tells_cost=True)

    decision = translate(record(K.CLAIM_PAID), setup, known())

    assert isinstance(decision, Post)
    assert {line.account.role for line in decision.drafts[0].document.lines} == {Role.EXP, Role.TRANSIT}  # type: ignore[union-attr]


def test_what_was_posted_and_is_void_now_is_undone_on_the_day_of_the_change() -> None:
    first = translate(record(K.CARD_PURCHASE), a_setup(), known())
    assert isinstance(first, Post)
    stands = (posted(first.drafts[0].document),)
    void = record(K.CARD_PURCHASE, finality=Finality.CANCELLED, changed_at=instant("2026-03-01T03:30+00:00"))

    open_day = translate(void, a_setup(), known(standing=stands))
    closed = translate(void, a_setup(), known(standing=stands, facts=CLOSED))
    moved = translate(void, a_setup({"closed_period": "next_open_day"}), known(standing=stands, facts=CLOSED))

    assert isinstance(open_day, Undo)
    assert open_day.on == day("02-28")
    assert asked(closed) == ["closed_period"]
    assert isinstance(moved, Undo)
    assert moved.on == day("03-01")


def test_a_lock_that_came_later_does_not_disturb_what_stands() -> None:
    first = translate(record(K.CARD_PURCHASE), a_setup(), known())
    assert isinstance(first, Post)

    again = translate(
        record(K.CARD_PURCHASE), a_setup(), known(facts=CLOSED, standing=(posted(first.drafts[0].document),))
    )

    assert again == first


def test_a_vendor_that_is_being_created_is_waited_for() -> None:
    one = record(K.BILL, vendor=Party("v9", "Nobody Ltd"))
    pending = translate(one, a_setup(partners=Partners(pending={"Nobody Ltd": "brex:vend_9"})), known())
    missing = translate(one, a_setup(partners=Partners(may_create=True)), known())

    assert isinstance(pending, Wait)
    assert pending.for_key == "brex:vend_9"
    assert isinstance(missing, Wait)
    assert missing.create is not None
    assert missing.create.name == "Nobody Ltd"


def test_the_chargeback_of_the_card_feed_makes_the_refund_record_a_witness() -> None:
    story = Story()
    links = ("expense:exp_1",)
    story.post(record(K.CARD_PURCHASE, links=links))
    story.post(record(K.CHARGEBACK, "-80.00", links=links, family=Family.CARD_CREDIT, coding=()))

    decision = story.tell(record(K.CARD_REFUND, links=links, stream="accounting_records"))

    assert isinstance(decision, Witness)
    assert decision.of == 2


def test_the_funding_is_a_witness_of_the_cash_feed() -> None:
    elsewhere = a_setup(may_write_cash=frozenset())
    story = Story(setup=elsewhere)
    story.tell(cash(K.OPERATIONAL, "80.00"))

    seen = story.tell(record(K.CLAIM_FUNDING), twins=(story.seen[-1],))
    unseen = story.tell(record(K.CLAIM_FUNDING))
    late = story.tell(record(K.CLAIM_FUNDING), twin_deadline_passed=True)

    assert isinstance(seen, Witness)
    assert seen.of == 1
    assert isinstance(unseen, Witness)
    assert asked(late) == ["missing_link"]


def test_an_operational_transfer_posts_only_as_the_twin_of_a_funding() -> None:
    story = Story()
    story.tell(record(K.CLAIM_FUNDING), setup=a_setup(may_write_cash=frozenset()))

    alone = story.tell(cash(K.OPERATIONAL, "80.00"))
    twin = story.tell(cash(K.OPERATIONAL, "80.00"), twins=(story.seen[0],))

    back = story.tell(cash(K.OPERATIONAL, "-80.00"), twins=(story.seen[0],))

    assert isinstance(alone, Wait)
    assert alone.look_again
    assert isinstance(back, Wait)
    assert isinstance(twin, Post)
