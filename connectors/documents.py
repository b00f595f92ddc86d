"""What do we want a ledger to hold? Documents that cannot exist unbalanced, frozen before they leave the house."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from connectors.money import Money
from connectors.records import Side


class Role(StrEnum):
    """Account roles a flow posts to (accounting policy, section 1)."""

    EXP = "EXP"
    TAX = "TAX"
    CARD = "CARD"
    CASH = "CASH"
    TRANSIT = "TRANSIT"
    AP = "AP"
    EMPAY = "EMPAY"
    EMREC = "EMREC"
    ADV = "ADV"
    CARDC = "CARDC"
    CARDI = "CARDI"
    COPD = "COPD"
    PAYCLR = "PAYCLR"
    FEE = "FEE"
    INTINC = "INTINC"
    REWARD = "REWARD"
    FX = "FX"
    DISC = "DISC"
    ROUND = "ROUND"
    DISPUTE = "DISPUTE"
    ACCR = "ACCR"


class UnbalancedError(ValueError):
    """Debits and credits differ, in the document's currency or in the company's."""


@dataclass(frozen=True, slots=True)
class Account:
    """A ledger account by the ledger's own id; `code` is for people and goldens."""

    role: Role
    id: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Partner:
    """A ledger partner by the ledger's own id."""

    id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Dimension:
    """A cost centre: `kind` is the ledger's dimension (an analytic plan, a tag, a financial dimension)."""

    kind: str
    id: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: positive amounts and a side (rule G5). `amount` is in the document's currency, `company_amount` in
    the company's; only an FX or ROUND line may have amount 0.00 and a company amount (rule G2)."""

    account: Account
    side: Side
    amount: Decimal
    company_amount: Decimal
    partner: Partner | None = None
    dimensions: tuple[Dimension, ...] = ()
    text: str = ""
    because: tuple[str, ...] = ()  # "6150 because rule 12: category Software, since 2026-01-01"

    def swapped(self) -> Line:
        return replace(self, side=self.side.other)


def _check_lines(lines: tuple[Line, ...], currency: str, company_currency: str) -> None:
    for line in lines:
        Money(line.amount, currency)
        Money(line.company_amount, company_currency)
        if line.amount < 0 or line.company_amount < 0:
            raise UnbalancedError("A line's amounts are positive; its side gives the direction.")
        if line.amount == 0 and line.account.role not in (Role.FX, Role.ROUND):
            raise UnbalancedError(
                f"Only an exchange or rounding line may be company currency alone, not {line.account.role}."
            )


def _signed(lines: tuple[Line, ...], attribute: str) -> Decimal:
    return sum((getattr(line, attribute) * (1 if line.side is Side.DEBIT else -1) for line in lines), Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """A balanced journal entry. Raises UnbalancedError when it would not balance in either currency."""

    company: str
    journal: str
    currency: str
    company_currency: str
    posting_date: date
    document_date: date
    lines: tuple[Line, ...]
    text: str = ""
    rules: tuple[str, ...] = ()
    reverses: str = ""  # key of the document that this one mirrors
    settles: tuple[str, ...] = ()  # keys of our documents whose open items this one's lines are reconciled with
    type: Literal["journal_entry"] = "journal_entry"

    def __post_init__(self) -> None:
        if len(self.lines) < 2:
            raise UnbalancedError("An entry has at least two lines.")
        _check_lines(self.lines, self.currency, self.company_currency)
        for attribute, currency in (("amount", self.currency), ("company_amount", self.company_currency)):
            difference = _signed(self.lines, attribute)
            if difference:
                raise UnbalancedError(f"Debits and credits differ by {difference} {currency}.")

    @property
    def total(self) -> Money:
        debits = (line.amount for line in self.lines if line.side is Side.DEBIT)
        return Money(sum(debits, Decimal(0)), self.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorBill:
    """A vendor bill, or with `is_credit` a vendor credit. `lines` are cost and explicit tax lines, debit for a bill
    (a negative part is a credit line); their signed sum is the total owed on `payable`, which is positive."""

    company: str
    journal: str
    currency: str
    company_currency: str
    posting_date: date
    document_date: date
    due_on: date
    partner: Partner
    payable: Account
    number: str  # the supplier's number
    apart: str = ""  # what follows it where the ledger has the number already and takes it but once
    lines: tuple[Line, ...]
    is_credit: bool = False
    text: str = ""
    rules: tuple[str, ...] = ()
    reverses: str = ""  # key of the bill or credit that this one mirrors; the two are reconciled
    type: Literal["vendor_bill"] = "vendor_bill"

    def __post_init__(self) -> None:
        if not self.lines:
            raise UnbalancedError("A bill has at least one line.")
        _check_lines(self.lines, self.currency, self.company_currency)
        if self.total.amount <= 0:
            raise UnbalancedError("A bill's total is positive; a negative one is a vendor credit.")

    @property
    def total(self) -> Money:
        signed = _signed(self.lines, "amount")
        return Money(-signed if self.is_credit else signed, self.currency)

    @property
    def own_number(self) -> str:
        """The supplier's number, told apart from those of other bills and of earlier revisions of this one."""
        return f"{self.number}-{self.apart}" if self.apart else self.number


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money to a vendor (or back, `is_refund`) that settles bills; posted only when reconciled with all of them."""

    company: str
    journal: str  # the journal whose payments go through `money`
    currency: str
    company_currency: str
    posting_date: date
    document_date: date
    partner: Partner
    payable: Account
    money: Account  # TRANSIT, CARD or CASH
    amount: Decimal
    settles: tuple[str, ...]  # keys of our bills, or `ledger:<id>` for bills born in the ledger
    is_refund: bool = False
    text: str = ""
    rules: tuple[str, ...] = ()
    type: Literal["payment"] = "payment"

    def __post_init__(self) -> None:
        if Money(self.amount, self.currency).amount <= 0:
            raise UnbalancedError("A payment's amount is positive.")

    @property
    def total(self) -> Money:
        return Money(self.amount, self.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVendor:
    """A partner to create in the ledger; a hundred bills waiting on it make one."""

    company: str
    name: str
    email: str = ""
    phone: str = ""
    tax_id: str = ""
    is_employee: bool = False
    rules: tuple[str, ...] = ()
    type: Literal["new_vendor"] = "new_vendor"


Document = JournalEntry | VendorBill | Payment | NewVendor

_ADAPTER: TypeAdapter[Document] = TypeAdapter(Annotated[Document, Field(discriminator="type")])


def document_to_json(document: Document) -> dict[str, Any]:
    """Plain JSON with amounts as decimal text; the exact reverse of `document_from_json`."""
    value = _ADAPTER.dump_python(document, mode="json")
    return dict(value)


def document_from_json(value: dict[str, Any]) -> Document:
    """The frozen document again. Raises ValueError if it is not one of ours, or would not balance."""
    return _ADAPTER.validate_python(value, strict=False)


def reversal_of(entry: JournalEntry, *, key: str, number: str, reason: str, posting_date: date) -> JournalEntry:
    """The mirrored entry: sides swapped, every amount, dimension and partner kept (rule G17)."""
    return replace(
        entry,
        posting_date=posting_date,
        lines=tuple(line.swapped() for line in entry.lines),
        text=f"Reversal of {number}, {key}: {reason}",
        rules=tuple(dict.fromkeys((*entry.rules, "G17"))),
        reverses=key,
        settles=(),
    )
