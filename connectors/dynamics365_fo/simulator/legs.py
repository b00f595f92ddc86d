"""What does a journal or a pending invoice book: which amount on which account, when, under which voucher?"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from .company_catalogue import PAYABLE_ACCOUNT, RECEIVABLE_ACCOUNT, TAX_ACCOUNT
from .dimensions import Combination, delimiter, split, structure_of
from .invoices import invoice_lines, sales_tax
from .journals import INVOICE, JournalKind, lines_of
from .logic import Session
from .rates import rate_on, rounded
from .store import Row, money


@dataclass(slots=True)
class Leg:
    """One side of a transaction; debit is positive. `vendor` and `bank` are set where their ledgers move too."""

    where: Combination
    amount: Decimal
    currency: str
    day: str
    voucher: str
    text: str
    kind: str  # Ledger, Vend, Bank, Cust
    is_typed: bool = True  # whether a person or caller named the account
    rate: Decimal = Decimal(0)  # as the line carries it; 0: of the day
    vendor: str = ""
    bank: str = ""
    invoice: str = ""
    document: str = ""
    document_day: str = ""
    due_day: str = ""
    reference: str = ""
    accounting: Decimal = Decimal(0)
    reporting: Decimal = Decimal(0)
    line: Row = field(default_factory=dict)


def journal_legs(session: Session, kind: JournalKind, header: Row) -> list[Leg]:
    legs = []
    for line in lines_of(session, kind, header):
        amount = money(line.get(kind.debit)) - money(line.get(kind.credit))
        own_side = (line["AccountType"], line.get("_account"), line.get("_default"), line.get(kind.text, ""), amount)
        offset_text = line.get("OffsetText") or line.get("OffsetTransactionText") or line.get(kind.text, "")
        other_side = (line["OffsetAccountType"], line.get("_offset"), line.get("_offset_default"), offset_text, -amount)
        legs += [_leg(session, kind, header, line, *side) for side in (own_side, other_side) if side[1] is not None]
    return legs


def _leg(
    session: Session,
    kind: JournalKind,
    header: Row,
    line: Row,
    account_type: str,
    account: Any,
    default: Any,
    text: str,
    amount: Decimal,
) -> Leg:
    company = header["dataAreaId"]
    where = account
    if account_type != "Ledger":
        main = {"Vend": PAYABLE_ACCOUNT, "Cust": RECEIVABLE_ACCOUNT}.get(account_type)
        main = main or _behind(session, company, account.account)
        where = fitting(session, company, Combination(main, default.values if default else {}))
    return Leg(
        where=where,
        amount=amount,
        currency=line[kind.currency],
        day=line[kind.date],
        voucher=line["Voucher"],
        text=text,
        kind=account_type,
        bank=account.account if account_type == "Bank" else "",
        is_typed=account_type == "Ledger",
        rate=money(line.get("ExchRate")),
        vendor=account.account if account_type == "Vend" else "",
        invoice=line.get("Invoice", ""),
        document=line.get("Document", ""),
        document_day=str(line.get("DocumentDate" if kind is not INVOICE else "InvoiceDate", line[kind.date])),
        due_day=str(line.get("DueDate", line[kind.date])),
        reference=line.get("PaymentReference", ""),
        line=line,
    )


def _behind(session: Session, company: str, bank: str) -> str:
    """The main account of a bank account."""
    row = session.store.find("BankAccounts", company, bank) or {}
    return split(str(row["BankMainAccountIdDisplayValue"]), delimiter(session))[0]


def invoice_legs(session: Session, header: Row, voucher: str) -> list[Leg]:
    """A pending invoice: its lines by their accounts, the vendor for the sum."""
    company, day = header["dataAreaId"], str(header.get("Date") or header.get("InvoiceDate", ""))
    whole = Decimal(0)
    legs = []
    common = {
        "currency": header["Currency"],
        "day": day,
        "voucher": voucher,
        "document": header.get("DocumentNumber", ""),
    }
    for line in invoice_lines(session, header):
        default = line.get("_default") or header.get("_default") or Combination()
        account: Combination = line.get("_account") or Combination()
        where = fitting(session, company, Combination(account.account, {**default.values, **account.values}))
        amount = money(line.get("NetAmount"))
        whole += amount
        text = line.get("LineDescription", "")
        legs.append(Leg(where, amount, text=text, kind="Ledger", line=line, **common))
        if tax := sales_tax(session, line):
            whole += tax
            on_tax = fitting(session, company, Combination(TAX_ACCOUNT, where.values))
            legs.append(Leg(on_tax, tax, text="Sales tax", kind="Ledger", is_typed=False, **common))
    where = fitting(session, company, Combination(PAYABLE_ACCOUNT, (header.get("_default") or Combination()).values))
    vendor = Leg(where, -whole, text=header.get("InvoiceDescription", ""), kind="Vend", is_typed=False, **common)
    vendor.vendor, vendor.invoice = header["InvoiceAccount"], header["InvoiceNumber"]
    vendor.document_day, vendor.due_day = str(header.get("InvoiceDate", day)), str(header.get("DueDate", day))
    return [*legs, vendor]


def fitting(session: Session, company: str, what: Combination) -> Combination:
    """A combination that defaults made: dimensions that the account's structure does not have fall away."""
    structure = structure_of(session, company, what.account) or {}
    segments = {structure.get(f"SegmentName{number:02d}") for number in range(1, 12)}
    return Combination(what.account, {name: value for name, value in what.values.items() if name in segments})


def value_legs(session: Session, company: str, legs: list[Leg]) -> list[tuple[str, str, str]]:
    """Work out accounting and reporting amounts; answers (currency, other, day) where there is no rate."""
    ledger = session.store.find("Ledgers", company) or {}
    missing = []
    for leg in legs:
        own, reporting = str(ledger["AccountingCurrency"]), str(ledger.get("ReportingCurrency") or "")
        rate = leg.rate / session.switches.rate_scale if leg.rate and leg.currency != own else None
        rate = rate or rate_on(session, ledger["ExchangeRateType"], leg.currency, own, leg.day)
        other = rate_on(session, ledger["ExchangeRateType"], leg.currency, reporting or own, leg.day)
        if rate is None or other is None:
            missing.append((leg.currency, own if rate is None else reporting, leg.day[:10]))
            continue
        leg.accounting = rounded(session, leg.amount * rate, own)
        leg.reporting = rounded(session, leg.amount * other, reporting or own)
    return missing
