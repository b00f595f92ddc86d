"""How is a document said to Zoho? Bodies of journals, bills, credits, payments, refunds and contacts.

Only documented fields are sent: Zoho drops what it does not know without a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from connectors.base import Outgoing
from connectors.documents import Dimension, JournalEntry, Line, NewVendor, Payment, VendorBill
from connectors.errors import UnsupportedError
from connectors.money import minor_unit
from connectors.records import Side
from connectors.zoho_books.errors import PROVIDER

Json = dict[str, Any]
TEXT = 500  # no length is documented for the texts of journals; a bill's line takes 2000
RATE_DIGITS = Decimal("0.0000000001")


def journal_body(outgoing: Outgoing, entry: JournalEntry, currency_id: str) -> Json:
    """A journal that is in the books at once: without `status` it would be too, but who reads this should know.

    Raises UnsupportedError for a line in company currency alone: a journal has one currency and one rate (G9)."""
    body: Json = {
        "journal_date": entry.posting_date.isoformat(),
        "reference_number": outgoing.stamp,
        "notes": entry.text[:TEXT],
        "status": "published",
        "currency_id": currency_id,
        "line_items": [_journal_line(line) for line in entry.lines],
    }
    if entry.currency != entry.company_currency:
        body["exchange_rate"] = exchange_rate(entry.lines, entry.currency, entry.company_currency)
    return body


def bill_body(outgoing: Outgoing, bill: VendorBill, currency_id: str) -> Json:
    """A bill. It has one date, which decides the period; the day on the paper goes into the notes where it differs."""
    return {
        **_bill_head(outgoing, bill, currency_id),
        "bill_number": bill.own_number,
        "due_date": max(bill.due_on, bill.posting_date).isoformat(),
    }


def credit_body(outgoing: Outgoing, bill: VendorBill, currency_id: str) -> Json:
    """A vendor credit under the supplier's own number."""
    return {**_bill_head(outgoing, bill, currency_id), "vendor_credit_number": bill.own_number}


def payment_body(outgoing: Outgoing, payment: Payment, bills: Sequence[Mapping[str, Any]]) -> Json:
    """A payment and the bills that it settles. No rate is sent: the ledger books its own (G9)."""
    return {
        "vendor_id": payment.partner.id,
        "amount": payment.amount,
        "date": payment.posting_date.isoformat(),
        "paid_through_account_id": payment.money.id,
        "reference_number": outgoing.stamp,
        "description": payment.text[:TEXT],
        "bills": list(bills),
    }


def vendor_body(outgoing: Outgoing, vendor: NewVendor) -> Json:
    """A contact is a customer unless it says otherwise. The stamp is in the notes, where a search finds it."""
    body: Json = {
        "contact_name": vendor.name.strip()[:200],
        "company_name": vendor.name.strip()[:200],
        "contact_type": "vendor",
        "notes": outgoing.stamp,
    }
    if vendor.email or vendor.phone:
        person = {"email": vendor.email, "phone": vendor.phone, "is_primary_contact": True}
        body["contact_persons"] = [{name: value for name, value in person.items() if value}]
    return body


def exchange_rate(lines: Sequence[Line], currency: str, company_currency: str) -> Decimal:
    """Company currency per unit of a document's currency, so that its total comes out at our amount.

    Raises UnsupportedError when one rate cannot give what the lines say, but for a minor unit that each rounds."""
    total = sum((line.amount for line in lines), Decimal(0))
    company_total = sum((line.company_amount for line in lines), Decimal(0))
    if not total or any(not line.amount for line in lines):
        raise UnsupportedError(
            "Zoho has no lines in company currency alone: such a difference is a journal of its own.", provider=PROVIDER
        )
    with localcontext() as context:
        context.prec = 30
        rate = (company_total / total).quantize(RATE_DIGITS).normalize()
        unit = minor_unit(company_currency)
        for line in lines:
            valued = (line.amount * rate).quantize(unit, rounding=ROUND_HALF_UP)
            if abs(valued - line.company_amount) > unit:
                raise UnsupportedError(
                    f"A journal in {currency} has one rate in Zoho; {line.amount} at {line.company_amount} "
                    f"{company_currency} does not fit the others.",
                    provider=PROVIDER,
                )
    return rate


def tags(dimensions: Sequence[Dimension]) -> list[Json]:
    return [{"tag_id": one.kind, "tag_option_id": one.id} for one in dimensions]


def _journal_line(line: Line) -> Json:
    body: Json = {
        "account_id": line.account.id,
        "debit_or_credit": line.side.value,
        "amount": line.amount,
        "description": line.text[:TEXT],
    }
    if line.partner:
        body["customer_id"] = line.partner.id  # the contact of a line, customer or vendor
    if line.dimensions:
        body["tags"] = tags(line.dimensions)
    return body


def _bill_head(outgoing: Outgoing, bill: VendorBill, currency_id: str) -> Json:
    usual = Side.CREDIT if bill.is_credit else Side.DEBIT
    dated = f"Dated {bill.document_date}. " if bill.document_date != bill.posting_date else ""
    body: Json = {
        "vendor_id": bill.partner.id,
        "reference_number": outgoing.stamp,
        "date": bill.posting_date.isoformat(),
        "currency_id": currency_id,
        "notes": f"{dated}{bill.text}"[:TEXT],
        "line_items": [
            {
                "account_id": line.account.id,
                "description": line.text[:TEXT],
                "rate": line.amount if line.side is usual else -line.amount,
                "quantity": 1,
                **({"tags": tags(line.dimensions)} if line.dimensions else {}),
            }
            for line in bill.lines
        ],
    }
    if bill.currency != bill.company_currency:
        body["exchange_rate"] = exchange_rate(bill.lines, bill.currency, bill.company_currency)
    return body
