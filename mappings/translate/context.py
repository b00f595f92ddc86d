"""What is handed to a translation, and what may come out of it? Plain data: no database, no vendor, no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict

from connectors.base import LedgerFacts, StandingBill
from connectors.documents import Account, Dimension, Document, NewVendor, Partner, Role
from connectors.money import Money
from connectors.records import Coded, Family, Link, RecordKind, SpendRecord


class Policies(BaseModel):
    """A flow's choices, stored as JSON on the flow; the defaults are those of the accounting policy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    closed_period: Literal["hold", "next_open_day"] = "hold"  # G7
    change_after_posting: Literal["hold", "reverse_and_repost"] = "hold"  # G17
    basis: Literal["accrual", "cash"] = "accrual"  # G18
    posting_day: Literal["settled", "incurred"] = "settled"  # G6
    chargeback: Literal["reverse", "dispute"] = "reverse"  # B7
    card_expense: Literal["entry", "bill_and_payment"] = "entry"  # B33
    vendor: Literal["match", "create", "default"] = "match"
    default_vendor: str = ""  # ledger id, for vendor = default
    vendor_threshold: int = 90
    vendor_margin: int = 8
    month_end_accrual: bool = False  # G19
    accrual_account: str = ""  # code of the account that a person chose for accruals
    approved_is_not_awaited: bool = True  # B1: in the feed approval is not awaited
    attach_receipts: bool = True
    tell_source: Literal["posted", "created", "never"] = "posted"  # G22
    taxed_entries_confirmed: bool = False  # G12


@dataclass(frozen=True, slots=True)
class RuleHit:
    """What a mapping rule answered, and why, in words: "rule 12: category Software, since 2026-01-01"."""

    value: str  # ledger external id
    code: str
    name: str
    group: str = ""  # plan, for a cost centre
    rule: int = 0
    because: str = ""
    is_active: bool = True


class Resolver(Protocol):
    """Answers from the mapping rules of one flow (and its tenant); the most specific rule wins."""

    def account(self, coding: Sequence[Coded], on: date) -> RuleHit | None:
        """The GL account of a line (target `account`)."""
        ...

    def cost_centres(self, coding: Sequence[Coded], on: date) -> Sequence[RuleHit]:
        """At most one cost centre per dimension kind (target `cost_centre`)."""
        ...

    def tax(self, coding: Sequence[Coded], on: date) -> RuleHit | None:
        """A tax code attached to gross amounts (target `tax`): `value` is the code, `name` the rate in percent."""
        ...

    def named(self, target: str, coding: Sequence[Coded], on: date) -> RuleHit | None:
        """Any other target: `counterparty` (B14-B16), `personal` (B29), `entity` ..."""
        ...

    def unmapped(self, target: str, coding: Sequence[Coded]) -> Coded | None:
        """The source value that a person should map when nothing was found (the first that rules may be keyed on)."""
        ...


@dataclass(frozen=True, slots=True)
class VendorAnswer:
    """`partner` when the match is good enough; otherwise the best candidates and why each was not taken."""

    partner: Partner | None = None
    because: str = ""
    candidates: tuple[tuple[str, str, int], ...] = ()  # ledger id, name, score
    pending_key: str = ""  # a NewVendor of ours that is not posted yet: wait for it
    may_create: bool = False


class PartnerBook(Protocol):
    """Vendors and employees of the ledger, matched to the source's: exact id, tax id, name, then fuzzy."""

    def vendor(self, *, id: str, name: str, tax_id: str, on: date, merchant: str = "") -> VendorAnswer:
        """`merchant` is the text of the card statement, which a rule may name as it stands."""
        ...

    def employee(self, *, id: str, name: str, email: str, on: date) -> VendorAnswer: ...


@dataclass(frozen=True, slots=True)
class Setup:
    """A flow with its role accounts, journals and rules, read once per `rules_version`.

    `roles` is keyed by role and what it is for: a card or cash account of the source, a currency, a tax code, or "".
    `may_write_cash` holds the source's cash accounts whose ledger account this flow's stream writes (F4)."""

    flow_id: int
    source: str  # vendor word
    stream: str
    company: str
    company_currency: str
    time_zone: str
    policies: Policies
    entry_journal: str
    bill_journal: str
    payment_journals: Mapping[str, str]  # money account id -> journal id
    roles: Mapping[tuple[Role, str], Account]
    resolver: Resolver
    partners: PartnerBook
    cost_centre_of_flow: tuple[Dimension, ...] = ()  # for FEE, DISC, INTINC, REWARD, FX, ROUND (G13)
    may_write_cash: frozenset[str] = frozenset()
    bank_imported: frozenset[str] = frozenset()  # cash accounts whose statements the ledger imports itself
    post_from: date | None = None  # G20
    entities: Mapping[str, str] = field(default_factory=dict)  # source legal entity -> ledger company
    several_companies: bool = False
    accounts_of_company: frozenset[str] = frozenset()  # source accounts that belong to this company alone (X5)
    ledger_says_company_only_lines: bool = True  # G9
    undoing_journal: str = ""  # of the entries that undo payments; empty: the payment's own
    accounts_by_code: Mapping[str, Account] = field(default_factory=dict)  # for lines that arrive coded (B37)
    cost_centres_by_code: Mapping[str, Dimension] = field(default_factory=dict)  # likewise, for coded cost centres
    repayments_are_recorded: bool = False  # B32: the owner of F1 tells CARD_REPAYMENT, so PAYBACK clears TRANSIT
    payout_tells_cost: bool = False  # B22: the stream knows no CLAIM_CASH; its CLAIM_PAID carries the cost

    def role(self, role: Role, *what_for: str) -> Account | None:
        """The most specific account of a role: the first of `what_for` that has one, else the general one."""
        for what in (*what_for, ""):
            if (role, what) in self.roles:
                return self.roles[role, what]
        return None


@dataclass(frozen=True, slots=True)
class PostedDocument:
    """A document of ours that stands in the ledger now."""

    key: str
    purpose: str
    document: Document
    ledger_id: str
    number: str
    is_settled: bool = False
    reverses: str = ""
    company_amount: Decimal | None = None  # of a payment in foreign currency, as the ledger booked it


@dataclass(frozen=True, slots=True)
class Linked:
    """Another record that shares an id with this one, or is its only possible twin."""

    via: Link
    record_id: int
    stream: str
    external_id: str
    record: SpendRecord
    state: str  # SyncRecord state
    documents: tuple[PostedDocument, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What was looked up for one record: kept with the decision, so that replay and preview need no vendor."""

    key: str  # of the record's main document, with its revision
    facts: LedgerFacts
    revision: int = 1  # of the documents that would be made now
    linked: tuple[Linked, ...] = ()
    twins: tuple[Linked, ...] = ()  # candidates by amount and date (G4), nearest first
    twin_deadline_passed: bool = False  # older than 10 days
    possible_duplicates: tuple[str, ...] = ()  # labels of records that look the same (G21)
    standing: tuple[PostedDocument, ...] = ()  # this record's own documents that stand in the ledger (B31, B34, G7)
    ledger_bills: tuple[StandingBill, ...] = ()  # what `Wants.bill_numbers` found
    open_items: tuple[PostedDocument, ...] = ()  # what `Wants.open_items` found: not yet settled
    choices: Mapping[str, str] = field(default_factory=dict)
    """What a person decided: `account` (ledger id or code, for all cost lines), `day` (post on this open day),
    `direction` = swap (the sign is right, turn the sides), `duplicate` = same or different, `kind` (a RecordKind),
    `partner_record` (record id of the link or twin, or `none`), `refund` = same_accounts or unlink (B5),
    `outcome` = won with `outcome_on` (B7)."""


@dataclass(frozen=True, slots=True)
class Wants:
    """What must be looked up before `translate` can decide; the engine fetches it for a whole batch at once."""

    rates: frozenset[tuple[str, date]] = frozenset()
    links: frozenset[Link] = frozenset()
    wants_twin: bool = False
    bill_numbers: frozenset[tuple[str, str]] = frozenset()  # source's vendor id, supplier's number
    open_items: frozenset[Role] = frozenset()  # roles whose open items may be settled (B32)
    wants_duplicates: bool = False  # records of the same employee, purchase day, currency and amount (G21)


@dataclass(frozen=True, slots=True)
class Draft:
    """One document to post for a record, in order. `purpose` becomes part of its key: "" for the main one, `pay` for
    the payment of the same record (B33), `personal` for a reclass (B31), `won` for a closed dispute (B7), `return`
    for a payment undone (B17), `fx` for a difference of its own (G9), `acc` for an accrual (G19)."""

    purpose: str
    document: Document


@dataclass(frozen=True, slots=True)
class Need:
    """One thing a person must decide or mend. `code` and `value` make the problem's fingerprint; `target` and
    `source_field` say which rule would fill a gap. Codes: docs of `mappings.errors`."""

    code: str
    message: str
    source_field: str = ""
    value: str = ""
    label: str = ""
    target: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Post:
    drafts: tuple[Draft, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hold:
    needs: tuple[Need, ...]
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Witness:
    """Another stream posts this money; `of` is the record that does, if it is known already."""

    reason: str
    of: int | None = None
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Skip:
    reason: str
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """Not final at the source, or waiting for another record of ours (`for_key`).

    `create` is a vendor that nobody has created yet; `look_again` says that time alone may change the answer."""

    reason: str
    for_key: str = ""
    rules: tuple[str, ...] = ()
    create: NewVendor | None = None
    look_again: bool = False


@dataclass(frozen=True, slots=True)
class Undo:
    """The event says that what was posted is void: mirror the standing documents on that day (B34)."""

    reason: str
    on: date
    rules: tuple[str, ...] = ()


Decision = Post | Hold | Witness | Skip | Wait | Undo

__all__ = [
    "Account",
    "Coded",
    "Decimal",
    "Decision",
    "Dimension",
    "Draft",
    "Family",
    "Hold",
    "Known",
    "Linked",
    "Money",
    "Need",
    "NewVendor",
    "Partner",
    "PartnerBook",
    "Policies",
    "Post",
    "PostedDocument",
    "RecordKind",
    "Resolver",
    "RuleHit",
    "Setup",
    "Skip",
    "StandingBill",
    "Undo",
    "VendorAnswer",
    "Wait",
    "Wants",
    "Witness",
]  # fmt: skip
