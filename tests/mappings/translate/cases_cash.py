"""Which lines of cash accounts, reimbursements and bills lead to the examples B12 to B28?"""

from __future__ import annotations

from typing import Any

from connectors.documents import Payment
from connectors.records import Family, Party, RecordKind, Side, SpendRecord
from mappings.translate.context import RuleHit, Skip
from tests.mappings.translate.cases import Case, case
from tests.mappings.translate.world import Story, a_setup, coded, day, facts, line, record, rules

K = RecordKind
CASH_BASIS = a_setup({"basis": "cash"})
TO_OWN_BANK = RuleHit("TRANSIT", "TRANSIT", "own bank")
TO_COST = RuleHit("id-6200", "6200", "Meals", group="account")
BY_RULE = a_setup(
    resolver=rules(
        names={
            ("counterparty", "counterparty", "own bank"): TO_OWN_BANK,
            ("counterparty", "counterparty", "caterer"): TO_COST,
        }
    )
)
EUROS = facts(rates={("EUR", day(on)): rate for on, rate in (("01-20", "1.25"), ("02-03", "1.225"))})
FIFTY = facts(rates={("EUR", day("01-20")): "1.10", ("EUR", day("02-03")): "1.13"})


def cash(kind: RecordKind, amount: str, **given: Any) -> SpendRecord:
    memo = kind.value.replace("_", " ")
    usual = {"source_account": "cash_a", "family": Family.CASH, "coding": (), "person": None, "memo": memo}
    return record(kind, amount, **usual | given)


def own_accounts(story: Story) -> None:
    incoming = cash(K.OWN_TRANSFER, "-700.00", source_account="cash_b", links=("transfer:t1",))
    story.tell(incoming)
    story.post(cash(K.OWN_TRANSFER, "700.00", links=("transfer:t1",)))
    assert story.tell(incoming).of == 2


def paid_to_bill(story: Story) -> None:
    seen = story.seen
    bill(story, "1000.00")
    story.post(record(K.BILL_PAYMENT, "1000.00", links=("bill:b1",)))
    story.documents.clear()
    story.post(cash(K.MONEY_OUT, "1000.00"), twins=(seen[-1],))


def returned(story: Story) -> None:
    paid_to_bill(story)
    payment, sent = story.seen[-2:]
    story.documents.clear()
    back = cash(K.PAYMENT_RETURN, "1000.00", posting_moment=day("03-02"))
    decision = story.post(back, linked=(sent,), twins=(payment,))
    assert [draft.purpose for draft in decision.drafts] == ["", "return"]
    assert decision.drafts[1].document.reverses == payment.documents[0].key
    story.documents.reverse()


def bill(story: Story, amount: str, **given: Any) -> None:
    links = ("bill:b1",)
    given = {"vendor": Party("v1", "Rackshop SARL"), "invoice_number": "RS-1", "family": Family.BILL} | given
    story.tell(record(K.BILL, amount, links=links, **given))


def claim(story: Story, amount: str = "80.00", on: str = "01-20", **given: Any) -> None:
    given = {"merchant": "HOTEL ADLER", "document_moment": day("01-15"), "family": Family.CLAIM_COST} | given
    links = ("claim:exp_2", "expense:exp_2")
    story.post(record(K.CLAIM_APPROVED, amount, links=links, posting_moment=day(on), **given))


def claim_record(kind: RecordKind, amount: str = "80.00", on: str = "02-03", **given: Any) -> SpendRecord:
    moment = day(on)
    return record(
        kind, amount, links=("claim:exp_2",), posting_moment=moment, document_moment=moment, coding=(), **given
    )


def after_claim(story: Story, *records: SpendRecord, amount: str = "80.00") -> None:
    claim(story, amount)
    story.documents.clear()
    for one in records:
        story.post(one)


def payout_reversed(story: Story) -> None:
    claim(story)
    story.post(claim_record(K.CLAIM_PAID))
    story.documents.clear()
    reversal = story.post(claim_record(K.CLAIM_PAYOUT_RETURN, on="02-10")).drafts[0].document
    assert reversal.posting_date == day("02-10")


def cash_basis(story: Story) -> None:
    story.setup = CASH_BASIS
    assert isinstance(story.tell(record(K.CLAIM_APPROVED)), Skip)
    assert isinstance(story.tell(record(K.CLAIM_PAID)), Skip)
    assert isinstance(story.tell(record(K.BILL)), Skip)
    story.post(record(K.CLAIM_CASH, links=("claim:exp_2",)))
    back = story.post(claim_record(K.CLAIM_PAYOUT_RETURN)).drafts[0].document
    assert {line.account.role: line.side for line in back.lines} == {"TRANSIT": Side.DEBIT, "EXP": Side.CREDIT}
    story.documents.pop()


def foreign_claim(story: Story) -> None:
    story.facts = FIFTY
    claim(story, "50.00 EUR")
    story.documents.clear()
    story.post(claim_record(K.CLAIM_PAID, "50.00 EUR"))


def taxed_bill(story: Story) -> None:
    bill(story, "242.00", lines=(line("200.00"), line("42.00", gl_account="131000")))


def bill_paid(story: Story) -> None:
    taxed_bill(story)
    story.documents.clear()
    paid = story.post(record(K.BILL_PAYMENT, "242.00", links=("bill:b1",))).drafts[0].document
    assert isinstance(paid, Payment)
    assert paid.settles == ("brex:r1",)


CASES: tuple[Case, ...] = (
    case("B12 account fee", "USD: FEE 15.00 = CASH 15.00", lambda s: s.post(cash(K.ACCOUNT_FEE, "15.00")), "B12"),
    case("B13 interest", "USD: CASH 31.07 = INTINC 31.07", lambda s: s.post(cash(K.INTEREST, "31.07")), "B13"),
    case("B14 own accounts", "USD: CASH 700.00 [B] = CASH 700.00 [A]", own_accounts, "B14"),
    case(
        "B14 to a bank",
        "USD: TRANSIT 700.00 = CASH 700.00",
        lambda s: s.post(cash(K.OWN_TRANSFER, "700.00", coding=coded(counterparty="own bank")), setup=BY_RULE),
        "B14",
    ),
    case(
        "B15 from the own bank",
        "USD: CASH 5000.00 = TRANSIT 5000.00",
        lambda s: s.post(cash(K.MONEY_IN, "5000.00", coding=coded(counterparty="own bank")), setup=BY_RULE),
        "B15",
    ),
    case("B16 linked", "USD: TRANSIT 1000.00 = CASH 1000.00", paid_to_bill, "B16", on_posting=("B16", "G4")),
    case(
        "B16 by rule",
        "USD: EXP 64.00 = CASH 64.00",
        lambda s: s.post(cash(K.MONEY_OUT, "64.00", coding=coded(counterparty="caterer")), setup=BY_RULE),
        "B16",
    ),
    case("B17 payment returned", "USD: TRANSIT 1000.00 = AP 1000.00 ; CASH 1000.00 = TRANSIT 1000.00", returned, "B17"),
    case("B18 claim approved", "USD: EXP 80.00 = EMPAY 80.00 [Ana]", claim, "B18"),
    case(
        "B19 paid out",
        "USD: EMPAY 80.00 [Ana] = TRANSIT 80.00",
        lambda s: after_claim(s, claim_record(K.CLAIM_PAID)),
        "B19",
    ),
    case(
        "B20 funding",
        "USD: TRANSIT 80.00 = CASH 80.00",
        lambda s: s.post(cash(K.CLAIM_FUNDING, "80.00")),
        "B20",
    ),
    case(
        "B20 funding, back",
        "USD: CASH 80.00 = TRANSIT 80.00",
        lambda s: s.post(cash(K.FUNDING_RETURN, "80.00")),
        "B20",
    ),
    case("B21 payout reversed", "USD: TRANSIT 80.00 = EMPAY 80.00 [Ana]", payout_reversed, "B21"),
    case("B22 cash basis", "USD: EXP 80.00 = TRANSIT 80.00", cash_basis, "B22"),
    case(
        "B23 claim given back",
        "USD: TRANSIT 80.00 = EXP 80.00",
        lambda s: after_claim(s, claim_record(K.CLAIM_GIVEN_BACK)),
        "B23",
    ),
    case(
        "B24 claim in foreign currency",
        "EUR/USD: EMPAY 50.00 (55.00) + FX 0.00 (1.50) = TRANSIT 50.00 (56.50)",
        foreign_claim,
        "B24",
    ),
    case("B25 bill", "USD: EXP 200.00 + TAX 42.00 = AP 242.00", taxed_bill, "B25"),
    case("B26 bill payment", "USD: AP 242.00 = TRANSIT 242.00", bill_paid, "B26"),
    case("B28 bill credit", "USD: AP 50.00 = EXP 50.00", lambda s: bill(s, "-50.00"), "B28"),
)
