"""What is written for a document? A journal of its own: a header with our mark and number, and its lines.

Entries become general journals, bills invoice journals, and payments journals of the type of their journal's name: in a
vendor payment journal a line marks the invoice that it settles when it is posted. The fields have other names in each
(https://learn.microsoft.com/en-us/dynamics365/fin-ops-core/fin-ops/data-entities/entity-general-journal)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, Final, Literal

from connectors.base import Outgoing
from connectors.contents import Posted
from connectors.documents import JournalEntry, Payment, VendorBill
from connectors.dynamics365_fo.accounts import Target, target, target_of
from connectors.dynamics365_fo.dimensions import Formats
from connectors.dynamics365_fo.literals import noon
from connectors.dynamics365_fo.pairing import paired
from connectors.dynamics365_fo.schema import JournalNameRow
from connectors.dynamics365_fo.schema_documents import (
    InvoiceJournalRow,
    InvoiceLineRow,
    JournalRow,
    LineRow,
    PaymentJournalRow,
    PaymentLineRow,
)
from connectors.dynamics365_fo.stamps import letters, number_of
from connectors.errors import UnsupportedError
from connectors.records import Side

# Characters; beyond them Dynamics cuts or refuses, which is not known.
LONGEST = {"text": 60, "invoice": 20, "invoice_text": 50}
LETTERS = 6  # of a number's hash


@dataclass(frozen=True, slots=True)
class Shape:
    """One of the kinds of journals: its sets, and the names of the fields that differ."""

    word: str  # begins the ids of its documents
    header: type[JournalRow]
    line: type[LineRow]
    has_key: bool  # IntegrationKey
    date: str
    debit: str
    credit: str
    currency: str
    text: str
    offset_text: str
    mark: str = "Document"
    dimensions: str = "DefaultDimensionDisplayValue"
    offset_dimensions: str = "OffsetDefaultDimensionDisplayValue"
    tax: tuple[str, str] = ("SalesTaxGroup", "ItemSalesTaxGroup")


GENERAL = Shape(
    "journal", JournalRow, LineRow, True,
    "TransDate", "DebitAmount", "CreditAmount", "CurrencyCode", "Text", "OffsetText",
)  # fmt: skip
INVOICE = Shape(
    "invoice-journal", InvoiceJournalRow, InvoiceLineRow, False,
    "Date", "Debit", "Credit", "Currency", "Description", "OffsetTransactionText",
)  # fmt: skip
PAYMENT = Shape(
    "payment-journal", PaymentJournalRow, PaymentLineRow, False,
    "TransactionDate", "DebitAmount", "CreditAmount", "CurrencyCode", "TransactionText", "OffsetTransactionText",
    "PaymentReference", "DefaultDimensionsForAccountDisplayValue", "DefaultDimensionsForOffsetAccountDisplayValue",
    ("TaxGroup", "TaxItemGroup"),
)  # fmt: skip
SHAPES = (GENERAL, INVOICE)
"""Kinds that every environment has."""
MARKING = "Payment"
"""The type of journal names whose lines can mark an invoice."""


class _Elsewhere(Enum):
    PENDING = "pending"


PENDING: Final = _Elsewhere.PENDING
"""Where a bill may stand beside journals: as a pending vendor invoice, or one that was pending and is in the books."""
Place = Shape | Literal[_Elsewhere.PENDING]


def places_of(document: Posted) -> tuple[Place, ...]:
    """Where a document may have been written to, whatever the settings and the type of its journal name are now."""
    if isinstance(document, VendorBill):
        return INVOICE, PENDING
    return (GENERAL, PAYMENT) if isinstance(document, Payment) else (GENERAL,)


def shape_of(document: Posted, journal: JournalNameRow | None) -> Shape:
    """The kind of journal that a document whose journal name is that becomes."""
    if isinstance(document, VendorBill):
        return INVOICE
    is_marking = isinstance(document, Payment) and journal is not None and journal.type == MARKING
    return PAYMENT if is_marking else GENERAL


@dataclass(frozen=True, slots=True)
class Part:
    """What of a payment goes to one invoice; without a number it settles what Dynamics or a person chooses."""

    invoice: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Header:
    """A header to be written. Where the field for outside keys is missing, or not known to keep what is written there,
    the mark is the whole description, so that it can be searched for as it is."""

    company: str
    journal: str
    mark: str
    number: str  # empty: Dynamics gives one
    description: str
    has_key: bool
    keeps_key: bool

    def body(self) -> dict[str, Any]:
        values = {"dataAreaId": self.company, "JournalBatchNumber": self.number, "JournalName": self.journal}
        values["Description"] = self.description if self.has_key and self.keeps_key else self.mark
        if self.has_key:
            values["IntegrationKey"] = self.mark
        return {name: value for name, value in values.items() if value}


def header_of(
    outgoing: Outgoing, document: Posted, shape: Shape, *, own_numbers: bool, has_key: bool, keeps_key: bool = True
) -> Header:
    return Header(
        company=document.company.lower(),
        journal=document.journal,
        mark=outgoing.stamp,
        number=number_of(outgoing.stamp) if own_numbers else "",
        description=cut(document.text or outgoing.key),
        has_key=shape.has_key and has_key,
        keeps_key=keeps_key,
    )


def lines_of(
    outgoing: Outgoing,
    document: Posted,
    number: str,
    formats: Formats,
    journal: JournalNameRow | None,
    parts: Sequence[Part] = (),
    rates: Sequence[Decimal | None] = (),
    *,
    shape: Shape | None = None,
) -> list[dict[str, Any]]:
    """The bodies of a document's lines, numbered from 1; `parts` are those of a payment, `rates` are what lines carry
    where the day's would be another, one for each if there is one; `shape` is that of the journal where it is there.
    Raises UnsupportedError and RejectedError."""
    shape = shape or shape_of(document, journal)
    if isinstance(document, JournalEntry):
        drafts = list(_entry(document, formats))
    elif isinstance(document, Payment):
        drafts = list(_payment(document, formats, parts if shape is PAYMENT else ()))
    else:
        drafts = list(_bill(document, formats))
    head = {"dataAreaId": document.company.lower(), "JournalBatchNumber": number}
    voucher = {"Voucher": number} if len(drafts) > 1 and shape is INVOICE and _is_voucher_ours(journal) else {}
    tail: dict[str, Any] = {shape.mark: outgoing.stamp, **dict.fromkeys(shape.tax, "")}
    if isinstance(document, Payment):
        tail["PaymentReference"] = outgoing.stamp
    if shape is GENERAL:
        tail["DocumentDate"] = noon(document.document_date)
    bodies = [
        {**head, "LineNumber": at, **voucher, **draft.body(shape, document.posting_date), **tail}
        for at, draft in enumerate(drafts, 1)
    ]
    for body, rate in zip(bodies, rates, strict=bool(rates)):
        if rate is not None:
            body["ExchRate"] = rate
    return bodies


def _is_voucher_ours(journal: JournalNameRow | None) -> bool:
    """Where vouchers are numbered at posting, those before are ours to choose and bind lines together."""
    return journal is not None and journal.voucher_allocation_at_posting == "Yes"


@dataclass(frozen=True, slots=True)
class _Draft:
    """A line before it has a number; `extra` holds the vendor's fields."""

    account: Target
    side: Side
    amount: Decimal
    currency: str
    text: str
    offset: Target | None = None
    offset_text: str = ""
    extra: Mapping[str, Any] | None = None

    def body(self, shape: Shape, day: date) -> dict[str, Any]:
        """In the order in which Dynamics should set the fields: type before account, currency before amount."""
        values: dict[str, Any] = {
            shape.date: noon(day),
            "AccountType": self.account.type,
            "AccountDisplayValue": self.account.account,
            shape.dimensions: self.account.default_dimensions,
            shape.currency: self.currency,
            shape.debit if self.side is Side.DEBIT else shape.credit: self.amount,
            shape.text: cut(self.text),
        }
        if self.offset is not None:
            values["OffsetAccountType"] = self.offset.type
            values["OffsetAccountDisplayValue"] = self.offset.account
            values[shape.offset_dimensions] = self.offset.default_dimensions
            values[shape.offset_text] = cut(self.offset_text)
        return {name: value for name, value in {**values, **(self.extra or {})}.items() if value != ""}


def _entry(entry: JournalEntry, formats: Formats) -> Iterator[_Draft]:
    for pair in paired(entry.lines):
        text, offset_text = pair.line.text or entry.text, pair.offset.text or entry.text
        account, offset = target_of(formats, pair.line), target_of(formats, pair.offset)
        yield _Draft(account, pair.side, pair.amount, entry.currency, text, offset, offset_text)


def _payment(payment: Payment, formats: Formats, parts: Sequence[Part]) -> Iterator[_Draft]:
    """One line, or one for each part: a line marks one invoice."""
    side = Side.CREDIT if payment.is_refund else Side.DEBIT
    vendor = target(formats, payment.payable, payment.partner, ())
    money = target(formats, payment.money, payment.partner, ())
    for part in parts or (Part("", payment.amount),):
        marks = {"MarkedInvoice": part.invoice, "MarkedInvoiceCompany": payment.company.lower()}
        extra = {**marks, "SettleVoucher": "SelectedTransact"} if part.invoice else None
        yield _Draft(vendor, side, part.amount, payment.currency, payment.text, money, payment.text, extra)


def _bill(bill: VendorBill, formats: Formats) -> Iterator[_Draft]:
    """One vendor transaction for the whole bill: with the cost as its offset where that is one line, else followed by
    the cost lines on the same voucher."""
    side = Side.DEBIT if bill.is_credit else Side.CREDIT
    vendor = target(formats, bill.payable, bill.partner, ())
    extra = {
        "Invoice": invoice_number(bill),
        "InvoiceDate": noon(bill.document_date),
        "DueDate": noon(bill.due_on),
    }
    if any(not line.amount for line in bill.lines):
        raise UnsupportedError("Dynamics books no line in company currency alone.")
    costs = bill.lines
    text = bill.text or bill.number
    if len(costs) == 1:
        only = costs[0]
        offset = target_of(formats, only)
        yield _Draft(vendor, side, only.amount, bill.currency, only.text or text, offset, only.text or text, extra)
        return
    yield _Draft(vendor, side, bill.total.amount, bill.currency, text, extra=extra)
    for line in costs:
        yield _Draft(target_of(formats, line), line.side, line.amount, bill.currency, line.text or text)


def invoice_number(bill: VendorBill) -> str:
    """A bill's number as Dynamics has room for it. A longer one ends in letters of its hash: numbers that differ only
    at their ends would else be one, and Dynamics posts each of a vendor's numbers once."""
    number, longest = bill.own_number, LONGEST["invoice"]
    return (
        number if len(number) <= longest else f"{number[: longest - LETTERS - 1].rstrip()}~{letters(number, LETTERS)}"
    )


def cut(text: str, of: str = "text") -> str:
    """A text as long as a line or a description may be; of pending invoices `of` is `invoice_text`."""
    return text[: LONGEST[of]].rstrip()
