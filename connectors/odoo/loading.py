"""How is a document said to `load`? Columns and rows of text, with an external id for the document and each line."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, localcontext

from connectors.base import Outgoing
from connectors.codec import json_text
from connectors.documents import Dimension, JournalEntry, NewVendor, Payment, VendorBill
from connectors.odoo.stamps import external_id, line_external_id
from connectors.records import Side

ENTRY_HEAD = ("id", "move_type", "journal_id/.id", "date", "ref", "invoice_origin", "currency_id/.id", "narration")
ENTRY_LINE = ("id", "account_id/.id", "partner_id/.id", "name", "currency_id/.id", "amount_currency", "debit", "credit")
BILL_HEAD = (
    *ENTRY_HEAD,
    "partner_id/.id",
    "invoice_date",
    "invoice_date_due",
    "invoice_payment_term_id/.id",
    "invoice_currency_rate",
)
BILL_LINE = ("id", "account_id/.id", "name", "quantity", "price_unit", "tax_ids/.id")
PAYMENT = (
    "id",
    "payment_type",
    "partner_type",
    "partner_id/.id",
    "amount",
    "currency_id/.id",
    "date",
    "journal_id/.id",
    "memo",
    "destination_account_id/.id",
    "payment_method_line_id/.id",
)
PARTNER = ("id", "name", "ref", "is_company", "supplier_rank", "email", "phone", "vat")

Table = tuple[list[str], list[list[str]]]


def entries_table(batch: Sequence[tuple[Outgoing, JournalEntry]], currency_id: dict[str, int]) -> Table:
    """Journal entries: every line with both amounts, so that Odoo converts nothing (it would, silently, at 1:1)."""
    rows: list[list[str]] = []
    for outgoing, entry in batch:
        currency = str(currency_id[entry.currency])
        head = [
            external_id(outgoing.stamp),
            "entry",
            entry.journal,
            entry.posting_date.isoformat(),
            outgoing.stamp,
            outgoing.stamp,
            currency,
            entry.text,
        ]
        for number, line in enumerate(entry.lines, 1):
            is_debit = line.side is Side.DEBIT
            company_amount, nothing = _number(line.company_amount), _number(line.company_amount * 0)
            rows.append(
                [
                    *(head if number == 1 else [""] * len(head)),
                    line_external_id(outgoing.stamp, number),
                    line.account.id,
                    line.partner.id if line.partner else "",
                    line.text,
                    currency,
                    _number(line.amount if is_debit else -line.amount),
                    company_amount if is_debit else nothing,
                    nothing if is_debit else company_amount,
                    distribution(line.dimensions),
                ]
            )
    columns = [*ENTRY_HEAD, *(f"line_ids/{name}" for name in (*ENTRY_LINE, "analytic_distribution"))]
    return columns, rows


def bills_table(
    batch: Sequence[tuple[Outgoing, VendorBill]],
    currency_id: dict[str, int],
    *,
    has_rate: bool = True,
    numbers_once: bool = False,
) -> Table:
    """Vendor bills and credits. `date` is always sent, or Odoo books them on another day; the payment term is sent
    empty, or the partner's own would move the due date; tax is an ordinary line without a tax code (rule G12)."""
    rows: list[list[str]] = []
    for outgoing, bill in batch:
        head = [
            external_id(outgoing.stamp),
            "in_refund" if bill.is_credit else "in_invoice",
            bill.journal,
            bill.posting_date.isoformat(),
            bill.own_number if numbers_once else bill.number,
            outgoing.stamp,
            str(currency_id[bill.currency]),
            bill.text,
            bill.partner.id,
            bill.document_date.isoformat(),
            bill.due_on.isoformat(),
            "",
            currency_rate(bill),
        ]
        usual = Side.CREDIT if bill.is_credit else Side.DEBIT
        for number, line in enumerate(bill.lines, 1):
            rows.append(
                [
                    *(head if number == 1 else [""] * len(head)),
                    line_external_id(outgoing.stamp, number),
                    line.account.id,
                    line.text,
                    "1",
                    _number(line.amount if line.side is usual else -line.amount),
                    "",
                    distribution(line.dimensions),
                ]
            )
    columns = [*BILL_HEAD, *(f"invoice_line_ids/{name}" for name in (*BILL_LINE, "analytic_distribution"))]
    if has_rate:
        return columns, rows
    at = columns.index("invoice_currency_rate")
    return columns[:at] + columns[at + 1 :], [row[:at] + row[at + 1 :] for row in rows]


def payments_table(
    batch: Sequence[tuple[Outgoing, Payment]], currency_id: dict[str, int], method_line_id: dict[str, int]
) -> Table:
    """Payments; the account that the money goes through is that of the method line (by key of the payment)."""
    rows = [
        [
            external_id(outgoing.stamp),
            "inbound" if payment.is_refund else "outbound",
            "supplier",
            payment.partner.id,
            _number(payment.amount),
            str(currency_id[payment.currency]),
            payment.posting_date.isoformat(),
            payment.journal,
            outgoing.stamp,
            payment.payable.id,
            str(method_line_id[outgoing.key]),
        ]
        for outgoing, payment in batch
    ]
    return list(PAYMENT), rows


def partners_table(batch: Sequence[tuple[Outgoing, NewVendor]]) -> Table:
    """Vendors to create. `ref` holds the stamp: a partner has no other field by which he can be found again."""
    rows = [
        [
            external_id(outgoing.stamp),
            vendor.name,
            outgoing.stamp,
            "0" if vendor.is_employee else "1",
            "1",
            vendor.email,
            vendor.phone,
            vendor.tax_id,
        ]
        for outgoing, vendor in batch
    ]
    return list(PARTNER), rows


def currency_rate(bill: VendorBill) -> str:
    """Units of the bill's currency per unit of company currency, so that the total comes out at our amount.

    Odoo cuts the total into lines itself, to the cent otherwise than we at times (observed on Odoo 19.0)."""
    company_total = sum(
        (line.company_amount if line.side is Side.DEBIT else -line.company_amount for line in bill.lines), Decimal(0)
    )
    if bill.currency == bill.company_currency or not company_total:
        return "1"
    with localcontext() as context:
        context.prec = 17
        return format(bill.total.amount / abs(company_total), "f")


def distribution(dimensions: Sequence[Dimension]) -> str:
    """All of the line to one account of each plan; several cost centres are several lines (rule G13)."""
    if not dimensions:
        return ""
    key = ",".join(sorted({one.id for one in dimensions}, key=int))
    return json_text({key: 100})


def _number(value: Decimal) -> str:
    return format(value, "f")
