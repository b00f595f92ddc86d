"""What did a source say happened? Canonical records, the same for every source; plain Python, pure data.

A source's `parse` turns a stored payload into one of these and decides nothing about accounts. Amounts carry the
direction that the *kind* expects: positive is the usual case, negative contradicts the kind (rule G5).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from connectors.money import Money

Moment = date | datetime
"""A plain day, or an instant (aware, UTC) that becomes a day in the ledger company's time zone (rule G6)."""


class Family(StrEnum):
    """Families of money events; each has one owner for a source account and ledger company."""

    CARD_SPEND = "F1"
    CARD_CREDIT = "F2"
    CARD_PAYMENT = "F3"
    CASH = "F4"
    CLAIM_COST = "F5"
    CLAIM_PAYMENT = "F6"
    BILL = "F7"
    BILL_PAYMENT = "F8"
    REFERENCE = "REF"


class RecordKind(StrEnum):
    """What happened, in accountants' terms; the comment names the rule of the accounting policy."""

    CARD_PURCHASE = "card_purchase"  # B1-B3, B29, B30
    CARD_REFUND = "card_refund"  # B4-B6
    CHARGEBACK = "chargeback"  # B7: negative = credit given, positive = taken back
    CARD_REWARD = "card_reward"  # B8, credit on the card
    CASH_REWARD = "cash_reward"  # B8, money on the cash account
    FINANCE_FEE = "finance_fee"  # B9
    CARD_PAYMENT = "card_payment"  # B10
    CARD_PAYMENT_RETURN = "card_payment_return"  # B11
    ACCOUNT_FEE = "account_fee"  # B12
    INTEREST = "interest"  # B13
    OWN_TRANSFER = "own_transfer"  # B14, seen from an account: positive = money out
    MONEY_IN = "money_in"  # B15
    MONEY_OUT = "money_out"  # B16
    PAYMENT_RETURN = "payment_return"  # B17
    CLAIM_APPROVED = "claim_approved"  # B18
    CLAIM_PAID = "claim_paid"  # B19
    CLAIM_FUNDING = "claim_funding"  # B20
    BILL_FUNDING = "bill_funding"  # B20
    FUNDING_RETURN = "funding_return"  # B20
    CLAIM_PAYOUT_RETURN = "claim_payout_return"  # B21
    CLAIM_CASH = "claim_cash"  # B22, cost when paid
    CLAIM_GIVEN_BACK = "claim_given_back"  # B23
    BILL = "bill"  # B25, B28 when negative
    BILL_PAYMENT = "bill_payment"  # B26
    BILL_CARD_PAYMENT = "bill_card_payment"  # B27
    CARD_REPAYMENT = "card_repayment"  # B32, record
    PAYBACK = "payback"  # B32, cash feed
    OPERATIONAL = "operational"  # B20: FBO and operational transfers, only as a twin
    VENDOR = "vendor"  # a vendor of the source
    UNKNOWN = "unknown"  # B36: always held


class Finality(StrEnum):
    """Whether the source is done with it."""

    FINAL = "final"
    WAITING = "waiting"  # not settled, coded or approved yet: no due time until a new version
    CANCELLED = "cancelled"  # declined, void: skipped, or reversed if it was posted (B34)


class Side(StrEnum):
    DEBIT = "debit"
    CREDIT = "credit"

    @property
    def other(self) -> Side:
        return Side.CREDIT if self is Side.DEBIT else Side.DEBIT


@dataclass(frozen=True, slots=True)
class Coded:
    """One coding of a record or line: `field` is stable (`category`, `gl_account`, `department`, `cost_center`,
    `location`, `merchant`, `mcc`, `employee`, `vendor`, `custom:<name>`), `value` its id or code,
    `label` for people."""

    field: str
    value: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Party:
    """A person or a supplier as the source names it."""

    id: str = ""
    name: str = ""
    email: str = ""
    phone: str = ""
    tax_id: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A shared id that ties records of different streams: kind is `expense`, `transfer`, `operation`, `bill`,
    `purchase`, `claim` or `parent`."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """A file at the source; the download address is fetched when it is needed, as it expires."""

    id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class RecordLine:
    """One line as the source gives it. `amount` is positive; `side` is None where only the economic side is told.

    `percentage` is set instead of an amount where the source gives only shares (rule B2)."""

    id: str
    amount: Money | None
    side: Side | None = None
    coding: tuple[Coded, ...] = ()
    memo: str = ""
    original: Money | None = None
    percentage: Decimal | None = None
    is_personal: bool = False


@dataclass(frozen=True, slots=True)
class SpendRecord:
    """One money event of one stream. Both amounts and all dates are kept; `family` says who may post it."""

    stream: str
    external_id: str
    kind: RecordKind
    family: Family
    vendor_kind: str  # the vendor's own word, for people and for B36
    finality: Finality = Finality.FINAL
    reason: str = ""  # why it is waiting or cancelled, in the source's words
    amount: Money | None = None  # settled; None: the source gave none (held, B36)
    original: Money | None = None  # as spent
    posting_moment: Moment | None = None
    document_moment: Moment | None = None
    changed_at: datetime | None = None
    source_account: str = ""  # card or cash account at the source
    billed_entity: str = ""
    spending_entity: str = ""
    merchant: str = ""
    memo: str = ""
    person: Party | None = None
    vendor: Party | None = None
    coding: tuple[Coded, ...] = ()
    lines: tuple[RecordLine, ...] = ()
    links: tuple[Link, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    invoice_number: str = ""
    due_moment: Moment | None = None
    personal_since: Moment | None = None  # repayment asked for (B29, B31)
    is_partly_personal: bool = False  # flagged without amounts (B30)
    is_test: bool = False
    version: str = ""

    @property
    def label(self) -> str:
        who = self.merchant or (self.vendor.name if self.vendor else "") or (self.person.name if self.person else "")
        return " · ".join(part for part in (who, self.memo) if part)[:200] or self.external_id


@dataclass(frozen=True, slots=True)
class VendorRecord:
    """A vendor as the source or the ledger keeps it, for matching and for creation when missing."""

    stream: str
    external_id: str
    name: str
    email: str = ""
    phone: str = ""
    tax_id: str = ""
    is_active: bool = True

    kind: RecordKind = RecordKind.VENDOR
    family: Family = Family.REFERENCE
    finality: Finality = Finality.FINAL

    @property
    def label(self) -> str:
        return self.name


Record = SpendRecord | VendorRecord
