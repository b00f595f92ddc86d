"""How are claims and bills settled, in parts, again, in another currency, and taken back?"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from connectors.documents import JournalEntry, Payment, Role, VendorBill
from connectors.records import Party, RecordKind
from mappings.translate import assemble_reversal, translate
from mappings.translate.context import Hold, Partner, RuleHit, StandingBill, Witness
from mappings.translate.reversal import UnknownCompanyAmountError
from tests.mappings.translate.cases_card import purchase
from tests.mappings.translate.cases_cash import EUROS, bill, cash, claim, claim_record
from tests.mappings.translate.world import (
    Story,
    a_setup,
    account,
    booked,
    coded,
    day,
    facts,
    known,
    line,
    post,
    posted,
    record,
    roles,
    rules,
    usd,
)

K = RecordKind


ONE_PAYABLE = a_setup(roles=roles(empay="211000"))


def test_a_claim_is_a_bill_where_employees_are_paid_from_the_suppliers_account() -> None:
    story = Story(setup=ONE_PAYABLE)
    claim(story)
    story.post(claim_record(K.CLAIM_PAID))

    owed, paid = story.documents
    assert isinstance(owed, VendorBill)
    assert (owed.partner.name, owed.number, owed.payable.role) == ("Ana Roux", "brex:r1", Role.EMPAY)
    assert isinstance(paid, Payment)
    assert paid.settles == ("brex:r1",)
    assert booked(paid) == ["EMPAY 80.00", "TRANSIT -80.00"]


def test_a_returned_payout_can_be_paid_again_and_only_once() -> None:
    story = Story()
    claim(story)
    for kind in (K.CLAIM_PAID, K.CLAIM_PAYOUT_RETURN, K.CLAIM_PAID):
        story.post(claim_record(kind))

    again = story.tell(claim_record(K.CLAIM_PAID))

    assert isinstance(again, Hold)
    assert again.needs[0].code == "possible_duplicate"


def test_a_claim_can_be_paid_in_parts_at_the_amount_at_which_it_stands() -> None:
    story = Story(facts=EUROS)
    claim(story, "80.00 EUR")
    for part in ("30.00 EUR", "50.00 EUR"):
        story.post(claim_record(K.CLAIM_PAID, part))

    company = [
        [line.company_amount for line in entry.lines if line.account.role is Role.EMPAY]
        for entry in story.documents
        if isinstance(entry, JournalEntry)
    ]
    assert company == [[Decimal("100.00")], [Decimal("37.50")], [Decimal("62.50")]]


def test_a_ledger_without_company_only_lines_gets_the_difference_as_its_own_entry() -> None:
    story = Story(setup=a_setup(ledger_says_company_only_lines=False), facts=EUROS)
    claim(story, "80.00 EUR")
    decision = story.post(claim_record(K.CLAIM_PAID, "80.00 EUR"))

    paid, difference = (draft.document for draft in decision.drafts)
    assert [draft.purpose for draft in decision.drafts] == ["", "fx"]
    assert isinstance(paid, JournalEntry)
    assert {line.company_amount for line in paid.lines} == {Decimal("100.00")}
    assert isinstance(difference, JournalEntry)
    assert (difference.currency, booked(difference)) == ("USD", ["TRANSIT 2.00", "FX -2.00"])


def test_a_claim_that_was_found_personal_is_given_back_against_the_employees_debt() -> None:
    story = Story()
    claim(story, lines=(line("50.00"), line("30.00", is_personal=True)))
    given_back = story.post(claim_record(K.CLAIM_GIVEN_BACK, "30.00")).drafts[0].document

    assert booked(given_back) == ["TRANSIT 30.00", "EMREC -30.00"]
    assert given_back.settles == ("brex:r1",)  # type: ignore[union-attr]


def test_a_payback_settles_the_one_open_item_that_fits() -> None:
    owed = post(purchase("100.00", lines=(line("70.00"), line("30.00", is_personal=True))))[0]
    other = post(purchase("45.00", personal_since=day("02-05")))[0]
    items = (posted(owed, "brex:r1"), posted(other, "brex:r2"))

    entry = post(cash(K.PAYBACK, "30.00"), open_items=items)[0]
    twice = translate(cash(K.PAYBACK, "30.00"), a_setup(), known(open_items=(items[0], posted(owed, "brex:r3"))))

    assert booked(entry) == ["CASH 30.00", "EMREC -30.00"]
    assert entry.settles == ("brex:r1",)  # type: ignore[union-attr]
    assert isinstance(twice, Hold)
    assert twice.needs[0].code == "ambiguous_link"


def test_a_bill_that_was_born_in_the_ledger_is_a_witness_and_its_payment_settles_it_there() -> None:
    there = StandingBill("42", "RS-1", Partner("p-rack"), account(Role.AP, "211000"), usd("242.00"), usd("242.00"))
    given = {"vendor": Party("v1", "Rackshop SARL"), "invoice_number": "rs 1"}

    seen = translate(record(K.BILL, "242.00", **given), a_setup(), known(ledger_bills=(there,)))
    paid = post(record(K.BILL_PAYMENT, "242.00", **given), ledger_bills=(there,))[0]

    assert isinstance(seen, Witness)
    assert isinstance(paid, Payment)
    assert paid.settles == ("ledger:42",)


def test_a_credit_of_the_same_number_is_not_the_bill() -> None:
    there = StandingBill("42", "RS-1", Partner("p-rack"), account(Role.AP, "211000"), usd("-242.00"), usd("-242.00"))
    given = {"vendor": Party("v1", "Rackshop SARL"), "invoice_number": "rs 1"}

    assert post(record(K.BILL, "242.00", **given), ledger_bills=(there,))[0].type == "vendor_bill"
    seen = translate(record(K.BILL, "-242.00", **given), a_setup(), known(ledger_bills=(there,)))
    assert isinstance(seen, Witness)


def test_the_due_date_is_never_before_the_bill() -> None:
    given = {"vendor": Party("v1", "Rackshop SARL")}

    late = post(record(K.BILL, due_moment=day("03-07"), **given))[0]
    early = post(record(K.BILL, due_moment=day("01-01"), **given))[0]

    assert [made.due_on for made in (late, early)] == [day("03-07"), day("02-05")]  # type: ignore[union-attr]


def test_a_bill_payment_and_its_funding_are_one_candidate_for_the_cash_line() -> None:
    story = Story()
    bill(story, "1000.00")
    story.post(record(K.BILL_PAYMENT, "1000.00", links=("bill:b1",)))
    story.tell(record(K.BILL_FUNDING, "1000.00", links=("bill:b1",)), setup=a_setup(may_write_cash=frozenset()))

    entry = story.post(cash(K.MONEY_OUT, "1000.00"), twins=tuple(story.seen[1:])).drafts[0].document

    assert booked(entry) == ["TRANSIT 1000.00", "CASH -1000.00"]
    assert entry.settles == ("brex:r2",)  # type: ignore[union-attr]


def test_money_to_a_vendor_settles_his_linked_bill() -> None:
    to_rackshop = RuleHit("p-rack", "", "Rackshop SARL", group="vendor")
    setup = a_setup(resolver=rules(names={("counterparty", "counterparty", "rack"): to_rackshop}))
    story = Story(setup=setup)
    bill(story, "1000.00")
    sent = cash(K.MONEY_OUT, "1000.00", coding=coded(counterparty="rack"), links=("bill:b1",))

    paid = story.post(sent).drafts[0].document
    unknown = translate(replace(sent, links=()), setup, known())

    assert isinstance(paid, Payment)
    assert booked(paid) == ["AP 1000.00", "CASH -1000.00"]
    assert isinstance(unknown, Hold)
    assert [need.code for need in unknown.needs] == ["missing_link"]


def test_the_payment_of_a_foreign_bill_is_undone_at_the_amount_that_the_ledger_booked() -> None:
    rated = facts(rates={("EUR", day("02-05")): "1.10"})
    story = Story(facts=rated)
    bill(story, "100.00 EUR")
    paid = story.post(record(K.BILL_PAYMENT, "100.00 EUR", links=("bill:b1",))).drafts[0].document

    back = assemble_reversal((posted(paid, company_amount=Decimal("108.00")),), on=day("03-01"), reason="returned")

    assert {line.company_amount for line in back[0].document.lines} == {Decimal("108.00")}  # type: ignore[union-attr]
    with pytest.raises(UnknownCompanyAmountError):
        assemble_reversal((posted(paid),), on=day("03-01"), reason="returned")


def test_a_bill_and_its_payment_are_taken_back_in_the_opposite_order() -> None:
    setup = a_setup({"card_expense": "bill_and_payment"})
    made = post(purchase("48.40", merchant="RACKSHOP LYON"), setup)
    standing = [posted(document, purpose=purpose) for document, purpose in zip(made, ("", "pay"), strict=True)]

    back = assemble_reversal(standing, on=day("03-01"), reason="void")

    assert [(draft.purpose, draft.document.type) for draft in back] == [("pay", "journal_entry"), ("", "vendor_bill")]
    credit = back[1].document
    assert isinstance(credit, VendorBill)
    assert (credit.is_credit, credit.reverses, credit.total) == (True, "brex:r1", usd("48.40"))


@pytest.mark.parametrize("own", ["", "entries"])
def test_what_undoes_a_payment_goes_through_the_journal_that_the_ledger_wants(own: str) -> None:
    story = Story(setup=a_setup(undoing_journal=own))
    bill(story, "1000.00")
    sent = story.post(cash(K.BILL_PAYMENT, "1000.00", links=("bill:b1",))).drafts[0].document
    assert isinstance(sent, Payment)

    [back] = assemble_reversal((posted(sent),), on=day("03-01"), reason="void", journal=story.setup.undoing_journal)

    assert isinstance(back.document, JournalEntry)
    assert back.document.journal == (own or sent.journal)
