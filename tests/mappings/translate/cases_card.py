"""Which card records lead to the examples B1 to B11 and B29 to B37?"""

from __future__ import annotations

from typing import Any

from connectors.records import Family, Finality, Party, RecordKind, Side, SpendRecord
from mappings.translate.context import Skip, Undo, Wait
from mappings.translate.reversal import assemble_reversal
from tests.mappings.translate.cases import Case, case
from tests.mappings.translate.world import Story, a_setup, coded, day, instant, line, money, posted, record
from tests.mappings.translate.world import usd as _usd

K = RecordKind
BOUGHT = ("expense:exp_1", "purchase:exp_1")
DISPUTE = a_setup({"chargeback": "dispute"})
AS_BILL = a_setup({"card_expense": "bill_and_payment"})


def purchase(amount: str = "100.00", on: str = "02-05", **given: Any) -> SpendRecord:
    return bought(K.CARD_PURCHASE, amount, on, **{"memo": "Client visit"} | given)


def refund(amount: str, on: str, **given: Any) -> SpendRecord:
    return bought(K.CARD_REFUND, amount, on, **{"coding": ()} | given)


def chargeback(amount: str, on: str) -> SpendRecord:
    return bought(K.CHARGEBACK, amount, on, family=Family.CARD_CREDIT, coding=())


def bought(kind: RecordKind, amount: str, on: str, **given: Any) -> SpendRecord:
    """A card record of the expense exp_1 at an airline that is no vendor of the ledger."""
    days = {"posting_moment": day(on), "document_moment": day(on)}
    return record(kind, amount, **days | {"merchant": "NORTHWIND AIR", "links": BOUGHT} | given)


def two_centres(**given: Any) -> SpendRecord:
    lines = (line("60.00", cost_center="A"), line("40.00", cost_center="B"))
    return purchase("100.00", "01-20", lines=lines, **given)


def refund_over_purchase(story: Story) -> None:
    story.tell(purchase("100.00"))
    story.documents.clear()
    assert story.tell(refund("130.00", "02-20")).needs[0].code == "refund_exceeds_purchase"
    story.post(refund("130.00", "02-20"), choices={"refund": "same_accounts"})


def dispute_won(story: Story) -> None:
    story.tell(purchase("120.00", "02-01"))
    story.documents.clear()
    story.post(chargeback("-120.00", "03-05"), setup=DISPUTE, choices={"outcome": "won", "outcome_on": "2026-04-10"})


def dispute_lost(story: Story) -> None:
    story.tell(purchase("120.00", "02-01"))
    story.post(chargeback("-120.00", "03-05"), setup=DISPUTE)
    story.documents.clear()
    story.post(chargeback("120.00", "04-10"), setup=DISPUTE)


def chargeback_and_back(story: Story) -> None:
    story.tell(purchase("120.00", "02-01"))
    story.documents.clear()
    story.post(chargeback("-120.00", "03-05"))
    story.post(chargeback("120.00", "04-10"))


def found_personal_later(story: Story) -> None:
    plain = purchase("30.00", "02-05")
    first = story.post(plain).drafts[0]
    story.documents.clear()
    again = purchase("30.00", "02-05", personal_since=day("03-03"), external_id="r1b")
    decision = story.post(again, standing=(posted(first.document),))
    assert [draft.purpose for draft in decision.drafts] == ["", "personal"]
    assert decision.drafts[0].document.lines == first.document.lines
    assert decision.drafts[1].document.posting_date == day("03-03")
    story.documents[:] = story.documents[1:]


def repaid(story: Story) -> None:
    story.tell(purchase("30.00", personal_since=day("02-05")))
    story.documents.clear()
    story.post(record(K.CARD_REPAYMENT, "30.00", links=BOUGHT))
    story.post(record(K.PAYBACK, "30.00", source_account="cash_a", family=Family.CASH),
               setup=a_setup(repayments_are_recorded=True))  # fmt: skip


def voided_later(story: Story) -> None:
    first = story.post(purchase("9.00", "02-05")).drafts[0]
    stands = posted(first.document)
    void = purchase(
        "9.00", "02-05", finality=Finality.CANCELLED, reason="VOID", changed_at=instant("2026-02-09T15:00+00:00")
    )
    undo = story.tell(void, standing=(stands,))
    assert isinstance(undo, Undo)
    story.documents += [draft.document for draft in assemble_reversal((stands,), on=undo.on, reason=undo.reason)]


def not_final(story: Story) -> None:
    assert isinstance(story.tell(purchase(finality=Finality.WAITING, reason="pending")), Wait)
    assert isinstance(story.tell(purchase(finality=Finality.CANCELLED, reason="DECLINED")), Skip)


def held_kinds(story: Story) -> None:
    for kind in ("ADJUSTMENT", "CRYPTO_BRIDGE", "CLAWBACK", "INVOICE", ""):
        assert story.tell(record(K.UNKNOWN, "5.00", vendor_kind=kind)).needs[0].code == "unknown_kind"
    assert story.tell(record(K.CARD_PURCHASE, None)).needs[0].code == "no_amount"


def bill_paid_by_card(story: Story) -> None:
    links = ("bill:exp_9", "expense:exp_9")
    story.post(record(K.BILL, "300.00", links=links, vendor=Party("v", "Rackshop SARL"), family=Family.BILL))
    story.post(record(K.BILL_CARD_PAYMENT, "300.00", links=links, family=Family.BILL_PAYMENT))
    seen = story.tell(record(K.CARD_PURCHASE, "300.00", links=("expense:exp_9",)))
    assert seen.of == 2


def one_side_given(story: Story) -> None:
    lines = (line("200.00", Side.DEBIT, gl_account="6100"), line("48.40", Side.DEBIT, gl_account="131000"))
    story.post(purchase("248.40", lines=lines, coding=()))


CASES: tuple[Case, ...] = (
    case("B1 purchase", "USD: EXP 48.40 = CARD 48.40", lambda s: s.post(purchase("48.40")), "B1"),
    case(
        "B2 split",
        "USD: EXP 33.34 [A] + EXP 33.33 [B] + EXP 33.33 [C] = CARD 100.00",
        lambda s: s.post(
            purchase(
                lines=tuple(
                    line(share=share, cost_center=name)
                    for name, share in (("A", "33.34"), ("B", "33.33"), ("C", "33.33"))
                )
            )
        ),
        "B2",
    ),
    case(
        "B3 foreign purchase",
        "USD: EXP 110.00 = CARD 110.00",
        lambda s: s.post(purchase("110.00", original=money("100.00 EUR"))),
        "B3",
    ),
    case(
        "B4 refund of a split purchase",
        "USD 01-20: EXP 60.00 [A] + EXP 40.00 [B] = CARD 100.00 ; 02-11: CARD 50.00 = EXP 30.00 [A] + EXP 20.00 [B]",
        lambda s: (s.post(two_centres()), s.post(refund("50.00", "02-11"))),
        "B4",
    ),
    case("B5 refund over purchase", "USD: CARD 130.00 = EXP 130.00", refund_over_purchase, "B5", on_posting=("B4",)),
    case(
        "B6 foreign refund",
        "USD 01-20: EXP 110.00 = CARD 110.00 ; 02-20: CARD 107.50 = EXP 107.50",
        lambda s: (
            s.post(purchase("110.00", "01-20", original=money("100.00 EUR"))),
            s.post(refund("107.50", "02-20", original=money("100.00 EUR"))),
        ),
        "B6",
    ),
    case(
        "B7 chargeback, taken back",
        "USD 03-05: CARD 120.00 = EXP 120.00 ; 04-10: EXP 120.00 = CARD 120.00",
        chargeback_and_back,
        "B7",
    ),
    case(
        "B7 dispute, won",
        "USD 03-05: CARD 120.00 = DISPUTE 120.00 ; 04-10: DISPUTE 120.00 = EXP 120.00",
        dispute_won,
        "B7",
    ),
    case("B7 dispute, lost", "USD 04-10: DISPUTE 120.00 = CARD 120.00", dispute_lost, "B7"),
    case(
        "B8 rewards",
        "USD: CARD 25.00 = REWARD 25.00 ; CASH 40.00 = REWARD 40.00",
        lambda s: (
            s.post(record(K.CARD_REWARD, "25.00")),
            s.post(record(K.CASH_REWARD, "40.00", source_account="cash_a")),
        ),
        "B8",
    ),
    case("B9 finance fee", "USD: FEE 12.00 = CARD 12.00", lambda s: s.post(record(K.FINANCE_FEE, "12.00")), "B9"),
    case(
        "B10 card payment, cash feed",
        "USD: CARD 900.00 = CASH 900.00",
        lambda s: s.post(record(K.CARD_PAYMENT, "900.00", source_account="cash_a")),
        "B10",
    ),
    case(
        "B10 card payment, bank import",
        "USD: CARD 900.00 = TRANSIT 900.00",
        lambda s: s.post(record(K.CARD_PAYMENT, "900.00"), setup=a_setup(may_write_cash=frozenset())),
        "B10",
    ),
    case(
        "B11 card payment returned",
        "USD: CASH 900.00 = CARD 900.00",
        lambda s: s.post(record(K.CARD_PAYMENT_RETURN, "900.00", source_account="cash_a")),
        "B11",
    ),
    case(
        "B11 by its sign",
        "USD: CASH 900.00 = CARD 900.00",
        lambda s: s.post(record(K.CARD_PAYMENT, "-900.00", source_account="cash_a")),
        "B11",
    ),
    case(
        "B27 bill paid by card",
        "USD: EXP 300.00 = AP 300.00 ; AP 300.00 = CARD 300.00",
        bill_paid_by_card,
        "B27",
    ),
    case(
        "B29 personal",
        "USD: EMREC 45.00 [Ana] = CARD 45.00",
        lambda s: s.post(purchase("45.00", personal_since=day("02-05"))),
        "B29",
    ),
    case(
        "B30 partly personal",
        "USD: EXP 70.00 + EMREC 30.00 [Ana] = CARD 100.00",
        lambda s: s.post(purchase(lines=(line("70.00"), line("30.00", is_personal=True)))),
        "B30",
    ),
    case("B31 found personal later", "USD: EMREC 30.00 [Ana] = EXP 30.00", found_personal_later, "B31"),
    case(
        "B32 repaid",
        "USD: TRANSIT 30.00 = EMREC 30.00 [Ana] ; CASH 30.00 = TRANSIT 30.00",
        repaid,
        "B32",
    ),
    case(
        "B33 as bill and payment",
        "USD: EXP 48.40 = AP 48.40 ; AP 48.40 = CARD 48.40",
        lambda s: s.post(purchase("48.40", merchant="RACKSHOP LYON"), setup=AS_BILL),
        "B33",
    ),
    case(
        "B33 refund",
        "USD: AP 8.40 = EXP 8.40 ; CARD 8.40 = AP 8.40",
        lambda s: s.post(
            refund("8.40", "02-11", merchant="RACKSHOP LYON", coding=coded(category="TRAVEL")), setup=AS_BILL
        ),
        "B33",
    ),
    case("B34 not final", "nothing", not_final, "B34"),
    case(
        "B34 voided later",
        "USD 02-05: EXP 9.00 = CARD 9.00 ; 02-09: CARD 9.00 = EXP 9.00",
        voided_later,
        "B34",
        on_posting=("B1", "G17"),
    ),
    case(
        "B35 tip",
        "USD: EXP 58.00 = CARD 58.00",
        lambda s: s.post(purchase("58.00", original=_usd("50.00"))),
        "B35",
    ),
    case("B36 held kinds", "nothing", held_kinds, "B36"),
    case("B37 one side given", "USD: EXP 200.00 + TAX 48.40 = CARD 248.40", one_side_given, "B37"),
)
