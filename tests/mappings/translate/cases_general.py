"""Which records lead to the examples of the general rules G1 to G22?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connectors.documents import Account, Role
from connectors.records import Family, Party, RecordKind, SpendRecord
from mappings.flow_settings import FlowFilter
from mappings.routing import FlowView, Owners, OwnerView, Routed, WitnessOf, route
from mappings.translate import accrual_reversed, accrue, assemble_reversal, document_differs, translate
from mappings.translate.context import Partner, Skip, StandingBill, Witness
from tests.mappings.translate.cases import Case, case
from tests.mappings.translate.cases_card import purchase, refund
from tests.mappings.translate.cases_cash import EUROS, bill, cash, claim, claim_record
from tests.mappings.translate.world import (
    Story,
    a_setup,
    account,
    coded,
    day,
    facts,
    instant,
    known,
    line,
    money,
    posted,
    record,
    rules,
    usd,
)

K = RecordKind


def owned_by(owner: str, *streams: str) -> tuple[list[FlowView], Owners]:
    """Flows for streams of one connection, and the one of them that owns card spending and card payments."""
    flows = [
        FlowView(at, name, 1, name, FlowFilter(), 2, "1", "journal_entry", "on") for at, name in enumerate(streams, 1)
    ]
    view = OwnerView(1 + streams.index(owner), None, owner, "on", owner)
    return flows, Owners.of(((1, 2, "1", family), view) for family in (Family.CARD_SPEND, Family.CARD_PAYMENT))


def once(story: Story, owner: str, *records: SpendRecord) -> None:
    """Only the record whose stream owns the family is posted; the others are witnesses."""
    flows, owners = owned_by(owner, *(one.stream for one in records))
    for one in records:
        routed = route(one, flows, owners)
        if one.stream == owner:
            assert isinstance(routed, Routed)
            story.post(one)
        else:
            assert isinstance(routed, WitnessOf)


def three_streams(story: Story) -> None:
    one = purchase("25.50")
    streams = ("accounting_records", "card_transactions", "expenses")
    once(story, "accounting_records", *(replace(one, stream=stream) for stream in streams))


def twin_feeds(story: Story) -> None:
    in_cash = cash(K.CARD_PAYMENT, "500.00", posting_moment=day("01-30"), stream="cash_transactions")
    in_card = record(K.CARD_PAYMENT, "500.00", posting_moment=day("02-02"))
    in_cash, in_card = (replace(one, family=Family.CARD_PAYMENT) for one in (in_cash, in_card))
    once(story, "cash_transactions", in_cash, in_card)


def next_open_day(story: Story) -> None:
    story.facts = facts(closed={"journal_entry": day("01-31")})
    story.setup = a_setup({"closed_period": "next_open_day"})
    decision = story.post(purchase("20.00", "01-28"))
    entry = decision.drafts[0].document
    assert "(dated 2026-01-28)" in entry.lines[0].text
    assert entry.document_date == day("01-28")


def foreign_claim(story: Story) -> None:
    story.facts = EUROS
    claim(story, "80.00 EUR")
    story.post(claim_record(K.CLAIM_PAID, "80.00 EUR"))


def shares_in_yen(story: Story) -> None:
    story.facts = facts(currency="JPY")
    thirds = tuple(line(f"{part} EUR") for part in ("10.00", "10.00", "10.00"))
    story.post(purchase("100 JPY", lines=thirds), setup=a_setup(company_currency="JPY"))
    story.facts = facts(rates={("EUR", day("02-05")): "1.0999"})
    parts = tuple(line(f"{part} EUR") for part in ("33.34", "33.33", "33.33"))
    story.post(record(K.CLAIM_APPROVED, "100.00 EUR", lines=parts))


def off_by_one(story: Story) -> None:
    setup = a_setup(company_currency="EUR")
    story.post(record(K.CLAIM_APPROVED, "100.00 EUR", lines=(line("99.99 EUR"),)), setup=setup)
    assert "rounding" in story.documents[0].lines[1].text
    held = story.tell(record(K.CLAIM_APPROVED, "100.00 EUR", lines=(line("99.98 EUR"),)), setup=setup)
    assert held.needs[0].code == "parts_do_not_sum"


def taxed(story: Story) -> None:
    by_rule = rules(taxes={("category", "TRAVEL"): ("VAT19", "19")})
    changes: dict[str, Any] = {"company_currency": "EUR", "resolver": by_rule}
    one = purchase("119.00 EUR")
    held = story.tell(one, setup=a_setup(**changes))
    assert held.needs[0].code == "tax_differs"
    story.post(one, setup=a_setup({"taxed_entries_confirmed": True}, **changes))


def several_centres(story: Story) -> None:
    lines = (line("60.00", cost_center="APO"), line("40.00", cost_center="ZEU"))
    story.post(purchase("100.00", lines=lines))


def bill_and_payment(story: Story) -> None:
    bill(story, "100.00")
    story.post(record(K.BILL_PAYMENT, "100.00", links=("bill:b1",)))


def other_companies(story: Story) -> None:
    several = a_setup(several_companies=True, entities={"ent_1": "1", "ent_2": "2"})
    for given in ({}, {"billed_entity": "ent_2"}, {"billed_entity": "ent_1", "spending_entity": "ent_2"}):
        decision = story.tell(purchase("10.00", **given), setup=several)
        assert decision.needs[0].code == "intercompany", given


def recoded(story: Story) -> None:
    first = story.post(purchase("80.00", "02-10", coding=coded(category="TRAVEL"))).drafts[0].document
    again = translate(purchase("80.00", "02-10", coding=coded(category="SOFTWARE")), story.setup, known("brex:r1:2"))
    second = again.drafts[0].document
    assert document_differs(first, second) == ("account", "dimension", "partner")
    story.documents += [one.document for one in assemble_reversal((posted(first),), on=day("02-10"), reason="recoded")]
    story.documents.append(second)


def accrual_basis(story: Story) -> None:
    claim(story)
    story.post(claim_record(K.CLAIM_PAID))


def cash_basis(story: Story) -> None:
    story.post(record(K.CLAIM_CASH, posting_moment=day("02-03")), setup=a_setup({"basis": "cash"}))


def accrued(story: Story) -> None:
    held = purchase("75.00", "01-28", coding=())
    setup = a_setup({"month_end_accrual": True})
    decision = accrue(held, setup, known(), account=account(Role.EXP, "6150"), on=day("01-31"))
    entry = posted(decision.drafts[0].document, purpose="acc")
    story.documents += [entry.document, *(draft.document for draft in accrual_reversed(entry))]
    story.rules += decision.rules
    real = translate(replace(held, coding=coded(category="TRAVEL")), setup, known(standing=(entry,)))
    assert real.drafts[0].document.posting_date == day("02-01")


def before_go_live(story: Story) -> None:
    decision = story.tell(purchase("10.00", "01-31"), setup=a_setup(post_from=day("02-01")))
    assert isinstance(decision, Skip)
    assert decision.rules == ("G20",)


def possible_duplicates(story: Story) -> None:
    decision = story.tell(record(K.CLAIM_APPROVED), possible_duplicates=("card purchase pste_1",))
    assert decision.needs[0].code == "possible_duplicate"
    ours = record(K.BILL, "242.00", vendor=Party("v1", "Rackshop SARL"), invoice_number="rs 1")
    same = StandingBill("42", "RS-1", Partner("p-rack"), account_ap(), usd("250.00"), usd("250.00"))
    assert story.tell(ours, ledger_bills=(same,)).needs[0].code == "possible_duplicate"
    equal = replace(same, total=usd("242.00"))
    assert isinstance(story.tell(ours, ledger_bills=(equal,)), Witness)
    cancelled = replace(same, is_cancelled=True)
    story.post(ours, ledger_bills=(cancelled,))
    story.documents.clear()


def account_ap() -> Account:
    return a_setup().accounts_by_code["211000"]


def created_is_not_posted(story: Story) -> None:
    sent = story.post(purchase("10.00", "02-10")).drafts[0].document
    moved = replace(sent, posting_date=day("03-01"))
    assert document_differs(sent, moved) == ("posting date",)
    story.documents.clear()


CASES: tuple[Case, ...] = (
    case(
        "G1 exact money",
        "JPY: EXP 1200 = CARD 1200 ; KWD: EXP 12.345 = CARD 12.345",
        lambda s: (
            s.post(purchase("1200 JPY"), setup=a_setup(company_currency="JPY")),
            s.post(purchase("12.345 KWD"), setup=a_setup(company_currency="KWD")),
        ),
        "G1",
        on_posting=(),
    ),
    case(
        "G2 balance, G9 exchange difference",
        "EUR/USD: EMPAY 80.00 (100.00) = TRANSIT 80.00 (98.00) + FX 0.00 (2.00)",
        lambda s: (foreign_claim(s), s.documents.pop(0)),
        "G2",
        on_posting=("G9",),
    ),
    case("G3 once", "USD: EXP 25.50 = CARD 25.50", three_streams, "G3", on_posting=()),
    case("G4 twins", "USD 01-30: CARD 500.00 = CASH 500.00", twin_feeds, "G4", on_posting=()),
    case(
        "G5 direction",
        "USD: EXP 10.00 = CARD 10.00 ; CARD 4.00 = EXP 4.00",
        lambda s: (s.post(purchase("10.00")), s.post(refund("4.00", "02-06"))),
        "G5",
        on_posting=(),
    ),
    case(
        "G6 dates",
        "USD 01-31: EXP 20.00 = CARD 20.00",
        lambda s: s.post(record(K.CARD_PURCHASE, "20.00", posting_moment=instant("2026-02-01T03:30+00:00"))),
        "G6",
        on_posting=(),
    ),
    case("G7 closed period", "USD 02-01: EXP 20.00 = CARD 20.00", next_open_day, "G7"),
    case(
        "G8 currency",
        "USD: EXP 248.40 = CARD 248.40",
        lambda s: s.post(purchase("248.40", original=money("229.17 EUR"))),
        "G8",
        on_posting=("B3",),
    ),
    case(
        "G9 exchange difference",
        "EUR/USD: EXP 80.00 (100.00) = EMPAY 80.00 (100.00) ; "
        "EMPAY 80.00 (100.00) = TRANSIT 80.00 (98.00) + FX 0.00 (2.00)",
        foreign_claim,
        "G9",
    ),
    case(
        "G10 shares",
        "JPY: EXP 34 + EXP 33 + EXP 33 = CARD 100 ; "
        "EUR/USD: EXP 33.34 (36.67) + EXP 33.33 (36.66) + EXP 33.33 (36.66) = EMPAY 100.00 (109.99)",
        shares_in_yen,
        "G10",
    ),
    case("G11 differences", "EUR: EXP 99.99 + ROUND 0.01 = EMPAY 100.00", off_by_one, "G11"),
    case("G12 tax", "EUR: EXP 100.00 + TAX 19.00 = CARD 119.00", taxed, "G12"),
    case("G13 dimensions", "USD: EXP 60.00 [APO] + EXP 40.00 [ZEU] = CARD 100.00", several_centres, "G13"),
    case(
        "G14 partners",
        "USD: EXP 30.00 = EMPAY 30.00 [Ana Roux]",
        lambda s: s.post(record(K.CLAIM_APPROVED, "30.00")),
        "G14",
    ),
    case(
        "G15 document kinds",
        "USD: EXP 100.00 = AP 100.00 ; AP 100.00 = TRANSIT 100.00",
        bill_and_payment,
        "G15",
        on_posting=("B25", "B26"),
    ),
    case("G16 company", "nothing", other_companies, "G16"),
    case(
        "G17 change after posting",
        "USD 02-10: EXP 80.00 [6100] = CARD 80.00 ; 02-10: CARD 80.00 = EXP 80.00 [6100] ; "
        "02-10: EXP 80.00 [6150] = CARD 80.00",
        recoded,
        "G17",
        on_posting=("B1",),
    ),
    case(
        "G18 accrual basis", "USD 01-20: EXP 80.00 = EMPAY 80.00 ; 02-03: EMPAY 80.00 = TRANSIT 80.00", accrual_basis,
        "G18", on_posting=("B18", "B19"),
    ),
    case("G18 cash basis", "USD 02-03: EXP 80.00 = TRANSIT 80.00", cash_basis, "G18"),
    case("G19 accrual", "USD 01-31: EXP 75.00 = ACCR 75.00 ; 02-01: ACCR 75.00 = EXP 75.00", accrued, "G19"),
    case("G20 go-live", "nothing", before_go_live, "G20"),
    case("G21 duplicates", "nothing", possible_duplicates, "G21"),
    case("G22 created is not posted", "nothing", created_is_not_posted, "G22"),
)  # fmt: skip
