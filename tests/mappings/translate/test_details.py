"""What do the rules say beyond their examples? Lines as coded, cards, month end, vendors, look-ups."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connectors.documents import Dimension, JournalEntry, NewVendor, Role, VendorBill
from connectors.records import Family, Finality, Link, Party, RecordKind, Side, VendorRecord
from mappings.translate import accrual_reversed, accrue, translate, wants
from mappings.translate.context import Hold, Post, Skip
from tests.mappings.translate.cases_card import chargeback, purchase, refund
from tests.mappings.translate.cases_cash import cash
from tests.mappings.translate.world import (
    Partners,
    Story,
    a_setup,
    account,
    booked,
    coded,
    day,
    facts,
    known,
    line,
    money,
    post,
    posted,
    record,
    roles,
    rules,
)

K = RecordKind


def test_both_sides_given_post_as_they_are_coded() -> None:
    lines = (
        line("60.00", Side.DEBIT, gl_account="6100", cost_center="A"),
        line("45.00", Side.DEBIT, gl_account="6150"),
        line("5.00", Side.CREDIT, gl_account="6200"),
        line("100.00", Side.CREDIT, gl_account="201100"),
    )

    entry = post(purchase(lines=lines, coding=()))[0]

    assert sorted(booked(entry)) == ["CARD -100.00", "EXP -5.00", "EXP 45.00", "EXP 60.00"]
    assert "B37" in entry.rules


def test_an_uncoded_line_with_the_whole_amount_is_the_cards_own() -> None:
    lines = (line("100.00", Side.DEBIT, gl_account="6100"), line("100.00", Side.CREDIT))

    assert booked(post(purchase(lines=lines, coding=()))[0]) == ["EXP 100.00", "CARD -100.00"]


@pytest.mark.parametrize(
    ("given", "number"),
    [
        ({}, "INV-7"),
        ({"revision": 2}, "INV-7-R2"),
        ({"choices": {"duplicate": "different"}}, "INV-7-QLZ6"),
        ({"choices": {"duplicate": "different"}, "revision": 3}, "INV-7-QLZ6R3"),
    ],
)
def test_a_bill_that_the_ledger_would_take_for_another_is_told_apart_by_its_number(
    given: dict[str, Any], number: str
) -> None:
    told = record(K.BILL, vendor=Party("v1", "Rackshop SARL"), invoice_number="INV-7", family=Family.BILL)
    [document] = post(told, **given)
    assert isinstance(document, VendorBill)
    assert (document.number, document.own_number) == ("INV-7", number)


def test_a_bill_without_a_number_has_its_key_which_tells_its_revision() -> None:
    told = record(K.BILL, vendor=Party("v1", "Rackshop SARL"), family=Family.BILL)
    [document] = post(told, key="brex:r1:2", revision=2)
    assert isinstance(document, VendorBill)
    assert document.own_number == "brex:r1:2"


def test_lines_that_name_another_card_are_held() -> None:
    two_cards = roles() | {(Role.CARD, "card_1"): account(Role.CARD, "201200")}
    lines = (line("100.00", Side.DEBIT, gl_account="6100"), line("100.00", Side.CREDIT, gl_account="201100"))

    held = translate(purchase(lines=lines, source_account="card_1"), a_setup(roles=two_cards), known())

    assert isinstance(held, Hold)
    assert [need.code for need in held.needs] == ["one_sided_lines"]


def test_whole_entries_without_the_card_are_held_with_one_reason() -> None:
    lines = (line("100.00", Side.DEBIT, gl_account="6100"), line("100.00", Side.CREDIT, gl_account="6200"))

    held = translate(purchase(lines=lines, coding=()), a_setup(), known())

    assert isinstance(held, Hold)
    assert [need.code for need in held.needs] == ["one_sided_lines"]


def test_the_only_card_is_meant_where_the_record_names_none() -> None:
    one_card = roles(without=[Role.CARD]) | {(Role.CARD, "card_1"): account(Role.CARD, "201200")}
    two_cards = one_card | {(Role.CARD, "card_2"): account(Role.CARD, "201300")}

    entry = post(purchase("10.00"), a_setup(roles=one_card))[0]
    held = translate(purchase("10.00"), a_setup(roles=two_cards), known())

    assert entry.lines[1].account.code == "201200"  # type: ignore[union-attr]
    assert isinstance(held, Hold)
    assert [need.code for need in held.needs] == ["missing_role"]


def test_a_coded_cash_line_goes_to_transit_where_another_stream_writes_the_account() -> None:
    lines = (line("900.00", Side.DEBIT, gl_account="201100"), line("900.00", Side.CREDIT, gl_account="CASH B"))
    paid = record(K.CARD_PAYMENT, "900.00", lines=lines, coding=())

    by_records = a_setup(may_write_cash=frozenset({"cash_b"}))
    by_another = a_setup(may_write_cash=frozenset({"cash_a"}))

    assert booked(post(paid, by_records)[0]) == ["CARD 900.00", "CASH -900.00"]
    assert booked(post(paid, by_another)[0]) == ["CARD 900.00", "TRANSIT -900.00"]


def test_a_card_payment_that_is_coded_to_a_cost_is_held() -> None:
    lines = (line("900.00", Side.DEBIT, gl_account="201100"), line("900.00", Side.CREDIT, gl_account="6100"))

    held = translate(record(K.CARD_PAYMENT, "900.00", lines=lines, coding=()), a_setup(), known())

    assert isinstance(held, Hold)
    assert held.needs[0].code == "one_sided_lines"


def test_a_rule_about_a_gl_code_wins_over_the_code_itself() -> None:
    renumbered = rules()
    setup = a_setup(
        resolver=replace(renumbered, accounts={("gl_account", "6100"): "6199"}),
        accounts_by_code={"6100": account(Role.EXP, "6100"), "6200": account(Role.EXP, "6200")},
    )

    by_rule, by_code = (post(purchase(coding=coded(gl_account=code)), setup)[0] for code in ("6100", "6200"))

    assert [entry.lines[0].account.code for entry in (by_rule, by_code)] == ["6199", "6200"]  # type: ignore[union-attr]


def test_foreign_lines_are_shared_out_over_the_settled_amount() -> None:
    lines = (line("30.00 EUR", cost_center="A"), line("70.00 EUR", cost_center="B"))
    entry = post(purchase("110.00", lines=lines, original=None))[0]

    assert booked(entry) == ["EXP 33.00", "EXP 77.00", "CARD -110.00"]
    assert {"B2", "G10"} <= set(entry.rules)


def test_company_amounts_of_costs_sum_to_the_total_at_the_days_rate() -> None:
    rated = facts(rates={("EUR", day("02-05")): "1.0999"})
    lines = (line("60.00 EUR"), line("50.00 EUR"), line("10.00 EUR", Side.CREDIT))

    entry = post(purchase("100.00 EUR", lines=lines), facts=rated)[0]

    assert isinstance(entry, JournalEntry)
    company = {f"{line.account.role} {line.amount}": line.company_amount for line in entry.lines}
    assert company["CARD 100.00"] == Decimal("109.99")
    assert company["EXP 60.00"] + company["EXP 50.00"] - company["EXP 10.00"] == Decimal("109.99")


def test_a_refund_follows_a_reclass_of_its_purchase() -> None:
    story = Story()
    story.post(purchase("100.00", lines=(line("70.00"), line("30.00", is_personal=True))))

    entry = story.post(refund("50.00", "02-11")).drafts[0].document

    assert booked(entry) == ["CARD 50.00", "EXP -35.00", "EMREC -15.00"]


def test_an_unlinked_refund_uses_its_own_coding() -> None:
    story = Story()
    story.post(purchase("100.00"))

    unlinked = story.post(refund("50.00", "02-11", coding=coded(category="MEALS")), choices={"refund": "unlink"})

    assert unlinked.drafts[0].document.lines[1].account.code == "6200"  # type: ignore[union-attr]


def test_refunds_are_measured_in_the_original_currency_if_both_have_it() -> None:
    story = Story()
    story.post(purchase("110.00", original=money("100.00 EUR")))

    more_dollars = story.tell(refund("112.00", "02-20", original=money("100.00 EUR")))
    more_euros = story.tell(refund("0.01", "02-21", original=money("0.01 EUR")))

    assert isinstance(more_dollars, Post)
    assert isinstance(more_euros, Hold)


def test_a_dispute_is_taken_back_only_once() -> None:
    setup = a_setup({"chargeback": "dispute"})
    story = Story(setup=setup)
    story.post(purchase("120.00"))
    story.post(chargeback("-120.00", "03-05"))
    lost = story.post(chargeback("120.00", "04-10")).drafts[0].document

    again = story.tell(chargeback("120.00", "04-11"))

    assert lost.settles == ("brex:r2",)  # type: ignore[union-attr]
    assert isinstance(again, Hold)


def test_a_card_expense_with_a_personal_part_stays_an_entry() -> None:
    setup = a_setup({"card_expense": "bill_and_payment"})
    lines = (line("70.00"), line("30.00", is_personal=True))

    made = post(purchase("100.00", lines=lines, merchant="RACKSHOP LYON"), setup)

    assert [document.type for document in made] == ["journal_entry"]


def test_only_the_personal_lines_are_moved_when_they_are_found_later() -> None:
    lines = (line("70.00", category="MEALS"), line("30.00", category="TRAVEL", cost_center="A"))
    plain = purchase("100.00", lines=lines, coding=())
    first = post(plain)[0]
    flagged = (lines[0], replace(lines[1], is_personal=True))

    again = translate(
        replace(plain, lines=flagged, personal_since=day("03-03")), a_setup(), known(standing=(posted(first),))
    )

    assert isinstance(again, Post)
    reclass = again.drafts[1].document
    assert isinstance(reclass, JournalEntry)
    assert booked(reclass) == ["EMREC 30.00", "EXP -30.00"]
    assert [one.code for one in reclass.lines[1].dimensions] == ["A"]
    assert reclass.posting_date == day("03-03")


def test_a_matched_merchant_is_the_partner_of_the_cost_only() -> None:
    entry = post(purchase("48.40", merchant="RACKSHOP LYON"))[0]

    assert isinstance(entry, JournalEntry)
    partners = {line.account.role: line.partner and line.partner.id for line in entry.lines}
    assert partners == {Role.EXP: "p-rack", Role.CARD: None}


def test_flows_cost_centre_stands_on_fees_only() -> None:
    setup = a_setup(cost_centre_of_flow=(Dimension("plan", "id-A", "A"),))
    entry = post(record(K.FINANCE_FEE, "12.00"), setup)[0]

    assert isinstance(entry, JournalEntry)
    assert [len(line.dimensions) for line in entry.lines] == [1, 0]
    assert "G13" in entry.rules


def test_only_settled_spending_of_the_month_is_accrued_and_only_where_the_flow_says_so() -> None:
    chosen = account(Role.EXP, "6150")
    allowed = a_setup({"month_end_accrual": True})
    for one, setup in (
        (purchase("75.00", "01-28"), a_setup()),
        (purchase("75.00", "02-01"), allowed),
        (purchase("75.00", "01-28", finality=Finality.WAITING), allowed),
    ):
        assert isinstance(accrue(one, setup, known(), account=chosen, on=day("01-31")), Skip)
    with pytest.raises(ValueError, match="is no accrual"):
        accrual_reversed(posted(post(purchase())[0]))


def test_a_vendor_of_the_source_is_created_once_and_only_if_nothing_comes_near() -> None:
    new = VendorRecord("vendors", "vend_9", "Nobody Ltd", email="ap@nobody.example")
    here = VendorRecord("vendors", "vend_1", "Rackshop SARL")

    created = translate(new, a_setup(partners=Partners(may_create=True)), known())
    held = translate(new, a_setup(), known())

    assert isinstance(created, Post)
    assert created.drafts[0].document == NewVendor(
        company="1", name="Nobody Ltd", email="ap@nobody.example", rules=("G14",)
    )
    assert isinstance(held, Hold)
    assert (held.needs[0].code, held.needs[0].value) == ("missing_vendor", "vend_9")
    assert isinstance(translate(here, a_setup(), known()), Skip)
    assert isinstance(translate(replace(here, is_active=False), a_setup(), known()), Skip)


def test_it_asks_for_what_it_needs_before_it_decides() -> None:
    foreign = wants(purchase("10.00 EUR"), a_setup())
    home = wants(cash(K.MONEY_OUT, "10.00"), a_setup())
    billed = wants(record(K.BILL, vendor=Party("v1", "Rackshop"), invoice_number="RS-1", family=Family.BILL), a_setup())

    assert foreign.rates == {("EUR", day("02-05"))}
    assert foreign.links == {Link("expense", "exp_1"), Link("purchase", "exp_1")}
    assert not foreign.wants_twin
    assert (home.rates, home.wants_twin) == (frozenset(), True)
    assert billed.bill_numbers == {("v1", "RS-1")}
    assert wants(cash(K.PAYBACK, "10.00"), a_setup()).open_items == {Role.EMREC}
    assert wants(record(K.CLAIM_APPROVED), a_setup()).wants_duplicates
    assert wants(VendorRecord("vendors", "v", "V"), a_setup()).links == frozenset()
