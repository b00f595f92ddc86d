"""How does money come back on a vendor credit, and what is told of a refund?"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from connectors.base import Finding, Outcome, OutcomeState, Outgoing
from connectors.documents import Payment
from connectors.errors import RetryableError, UnsupportedError
from connectors.zoho_books.bodies import TEXT
from connectors.zoho_books.client import Json, one
from connectors.zoho_books.desk import CREDITS, Desk, absent, twice
from connectors.zoho_books.errors import PROVIDER
from connectors.zoho_books.schema import CreditRow, RefundRow

RETURN = "return:"
CREDIT_REFUND = "creditrefund:"


def credit_refund_post(desk: Desk, outgoing: Outgoing, payment: Payment) -> Outcome:
    """Pay a credit back. Raises RetryableError where no list shows the credit, which may be seconds old, and
    ConnectorErrors; safe to repeat."""
    credit = _credit(desk, payment)
    if credit is None:
        raise not_listed(f"the credit {', '.join(payment.settles)}", "money back on it")
    found = _found(desk, outgoing, payment, credit)
    if found.state is not OutcomeState.ABSENT:
        return found
    body = {
        "date": payment.posting_date.isoformat(),
        "reference_number": outgoing.stamp,
        "amount": payment.amount,
        "account_id": payment.money.id,
        "description": payment.text[:TEXT],
    }
    if payment.currency != payment.company_currency:
        body["exchange_rate"] = desk.books.rate(payment.currency, payment.posting_date) or credit.exchange_rate
    answer = desk.client.write(desk.company, "POST", _path(credit), body)
    return _outcome(desk, outgoing, payment, credit, refund_made(answer, "vendor_credit_refund"))


def credit_refund_find(desk: Desk, outgoing: Outgoing, payment: Payment) -> Outcome:
    credit = _credit(desk, payment)
    return absent(outgoing) if credit is None else _found(desk, outgoing, payment, credit)


def _credit(desk: Desk, payment: Payment) -> CreditRow | None:
    if len(payment.settles) != 1:
        raise UnsupportedError("Zoho pays back one vendor credit at a time.", provider=PROVIDER)
    return desk.credit_of(payment.settles[0])


def _path(credit: CreditRow) -> str:
    return f"/vendorcredits/{credit.vendor_credit_id}/refunds"


def _found(desk: Desk, outgoing: Outgoing, payment: Payment, credit: CreditRow) -> Outcome:
    rows = desk.client.rows(RefundRow, desk.company, _path(credit), "vendor_credit_refunds")
    mine = [row for row in rows if row.reference_number == outgoing.stamp]
    if len(mine) > 1:
        return twice(outgoing, [refund_id(CREDIT_REFUND, credit.vendor_credit_id, row) for row in mine])
    return _outcome(desk, outgoing, payment, credit, mine[0]) if mine else absent(outgoing)


def _outcome(desk: Desk, outgoing: Outgoing, payment: Payment, credit: CreditRow, row: RefundRow) -> Outcome:
    foreign = payment.currency != payment.company_currency
    return Outcome(
        outgoing.key,
        OutcomeState.POSTED,
        ledger_id=refund_id(CREDIT_REFUND, credit.vendor_credit_id, row),
        number=credit.vendor_credit_number,
        link=desk.link(CREDITS, credit.vendor_credit_id),
        differences=refund_differences(payment.posting_date, payment.amount, row),
        company_amount=row.amount_bcy if foreign and row.amount_bcy else None,
    )


# --- refunds of either kind


def not_listed(what: str, waits: str) -> RetryableError:
    """Zoho's lists may show a document later than it is there (an unknown number of seconds)."""
    return RetryableError(f"No list of Zoho shows {what} yet: {waits} is sent as soon as one does.", provider=PROVIDER)


def returns_of(desk: Desk, payment_id: str) -> list[RefundRow]:
    """What came back of a payment."""
    path = f"/vendorpayments/{payment_id}/refunds"
    return desk.client.rows(RefundRow, desk.company, path, "vendorpayment_refunds")


def refund_made(answer: Json, key: str) -> RefundRow:
    """The refund of an answer; documented as a list, like none of its siblings."""
    value = answer.get(key)
    return one(RefundRow, {key: value[0] if isinstance(value, list) and value else value}, key, written=True)


def refund_id(prefix: str, parent: str, row: RefundRow) -> str:
    return f"{prefix}{parent}/{row.refund_id}"


def refund_differences(day: date, amount: Decimal, row: RefundRow) -> tuple[Finding, ...]:
    """Lists tell the amount in both currencies, the answer to a write only once."""
    read = row.amount or row.amount_fcy or row.amount_bcy
    found = []
    if row.date != day:
        found.append(Finding("date_moved", f"Sent for {day}, booked on {row.date}.", str(row.date)))
    if read != amount:
        found.append(Finding("document_altered", f"The amount reads {read}, sent was {amount}.", "amount"))
    return tuple(found)
