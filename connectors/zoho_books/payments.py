"""How does money settle a bill, come back on a credit, or return altogether, so that the bill is open again?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connectors.base import Finding, Outcome, OutcomeState, Outgoing
from connectors.documents import JournalEntry, Line, Payment, Role
from connectors.errors import RejectedError, UnsupportedError
from connectors.records import Side
from connectors.zoho_books.bodies import TEXT, exchange_rate, payment_body
from connectors.zoho_books.client import Json, one
from connectors.zoho_books.desk import (
    CREDITS,
    PAYMENTS,
    AlreadyThereError,
    Desk,
    absent,
    refused,
    twice,
    with_differences,
)
from connectors.zoho_books.errors import PROVIDER, MissingError
from connectors.zoho_books.schema import CreditRow, PaymentRow, RefundRow
from connectors.zoho_books.stamps import stamp_of

RETURN = "return:"
CREDIT_REFUND = "creditrefund:"


def payment_post(desk: Desk, outgoing: Outgoing, payment: Payment) -> Outcome:
    """Pay what is not paid, applied to its bills in order. Raises ConnectorErrors."""
    if payment.is_refund:
        return _credit_refund_post(desk, outgoing, payment)
    if not outgoing.is_first:
        found = payment_find(desk, outgoing, payment)
        if found.state is not OutcomeState.ABSENT:
            return found
    bills, missing = _targets(desk, payment, payment.amount)
    body = desk.placed(payment_body(outgoing, payment, bills))
    try:
        answer = desk.create("vendorpayment", "/vendorpayments", body, outgoing.stamp)
    except AlreadyThereError as error:
        found = payment_find(desk, outgoing, payment)
        if found.state is OutcomeState.ABSENT:
            raise error.refusal from error
        return found
    row = one(PaymentRow, answer, "vendorpayment", written=True)
    return with_differences(desk.payment_outcome(outgoing, payment, row, missing), desk.misplaced(body, row))


def payment_find(desk: Desk, outgoing: Outgoing, payment: Payment) -> Outcome:
    """The payment that bears the stamp, compared; what is left of it is applied to its bills now."""
    if payment.is_refund:
        return _credit_refund_find(desk, outgoing, payment)
    rows = desk.stamped(PaymentRow, PAYMENTS, outgoing.stamp)
    if len(rows) > 1:
        return twice(outgoing, [f"{PAYMENTS.prefix}{row.payment_id}" for row in rows])
    if not rows:
        return absent(outgoing)
    row = desk.read(PaymentRow, PAYMENTS, rows[0].payment_id)
    if not row.balance or _returns(desk, row.payment_id):
        return desk.payment_outcome(outgoing, payment, row)
    bills, missing = _targets(desk, payment, row.balance)
    if bills:
        body = payment_body(outgoing, payment, [*(_kept(one) for one in row.bills), *bills])
        path = f"/vendorpayments/{row.payment_id}"
        try:
            answer = desk.client.write(desk.company, "PUT", path, body, repeatable=True)
            row = one(PaymentRow, answer, "vendorpayment", written=True)
        except RejectedError as error:  # the payment itself stands
            missing = (*missing, Finding("not_reconciled", error.message, ""))
    return desk.payment_outcome(outgoing, payment, row, missing)


def _kept(applied: Any) -> Json:
    return {
        "bill_payment_id": applied.bill_payment_id,
        "bill_id": applied.bill_id,
        "amount_applied": applied.amount_applied,
    }


def _targets(desk: Desk, payment: Payment, amount: Decimal) -> tuple[list[Json], tuple[Finding, ...]]:
    """How much goes to which bill, and the bills that are not there or not open for it."""
    bills: list[Json] = []
    missing: list[Finding] = []
    left = amount
    for key in payment.settles:
        bill = desk.bill_of(key)
        if bill is None:
            missing.append(Finding("not_reconciled", f"{key} is not in Zoho's books, so it is not settled.", key))
            continue
        part = min(left, bill.balance)
        if part > 0:
            bills.append({"bill_id": bill.bill_id, "amount_applied": part})
            left -= part
    if left > 0 and not missing:
        missing.append(Finding("not_reconciled", f"{left} is not applied to any bill.", ""))
    return bills, tuple(missing)


# --- money back on a vendor credit


def _credit_refund_post(desk: Desk, outgoing: Outgoing, payment: Payment) -> Outcome:
    credit = _credit(desk, payment)
    if credit is None:
        raise refused(f"The credit {', '.join(payment.settles)} is not in Zoho's books.", "missing_link")
    found = _credit_refund(desk, outgoing, payment, credit)
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
    path = f"/vendorcredits/{credit.vendor_credit_id}/refunds"
    answer = desk.client.write(desk.company, "POST", path, body)
    return _credit_refund_outcome(desk, outgoing, payment, credit, _refund(answer, "vendor_credit_refund"))


def _credit_refund_find(desk: Desk, outgoing: Outgoing, payment: Payment) -> Outcome:
    credit = _credit(desk, payment)
    return absent(outgoing) if credit is None else _credit_refund(desk, outgoing, payment, credit)


def _credit(desk: Desk, payment: Payment) -> CreditRow | None:
    if len(payment.settles) != 1:
        raise UnsupportedError("Zoho pays back one vendor credit at a time.", provider=PROVIDER)
    return desk.credit_of(payment.settles[0])


def _credit_refund(desk: Desk, outgoing: Outgoing, payment: Payment, credit: CreditRow) -> Outcome:
    path = f"/vendorcredits/{credit.vendor_credit_id}/refunds"
    rows = desk.client.rows(RefundRow, desk.company, path, "vendor_credit_refunds")
    mine = [row for row in rows if row.reference_number == outgoing.stamp]
    if len(mine) > 1:
        return twice(outgoing, [_refund_id(CREDIT_REFUND, credit.vendor_credit_id, row) for row in mine])
    return _credit_refund_outcome(desk, outgoing, payment, credit, mine[0]) if mine else absent(outgoing)


def _credit_refund_outcome(
    desk: Desk, outgoing: Outgoing, payment: Payment, credit: CreditRow, row: RefundRow
) -> Outcome:
    foreign = payment.currency != payment.company_currency
    return Outcome(
        outgoing.key,
        OutcomeState.POSTED,
        ledger_id=_refund_id(CREDIT_REFUND, credit.vendor_credit_id, row),
        number=credit.vendor_credit_number,
        link=desk.link(CREDITS, credit.vendor_credit_id),
        differences=_refund_differences(payment.posting_date, payment.amount, row),
        company_amount=row.amount_bcy if foreign and row.amount_bcy else None,
    )


# --- a payment that came back


def is_return(entry: JournalEntry) -> bool:
    """Nothing but the return of a payment touches the payable account in an entry (accounting policy, G15)."""
    return bool(entry.reverses) and any(line.account.role is Role.AP for line in entry.lines)


def return_post(desk: Desk, outgoing: Outgoing, entry: JournalEntry) -> Outcome:
    """Take the payment off its bills, which are then open again, and book the money back on it.

    The payment itself stays: deleting it would take a posted document out of the books (G17). The refund of an
    unapplied payment makes the very entry. Raises ConnectorErrors; safe to repeat."""
    payment = _returned_payment(desk, entry)
    if payment is None:
        raise refused(f"The payment {entry.reverses} is not in Zoho's books.", "missing_link")
    found = _return(desk, outgoing, entry, payment)
    if found.state is not OutcomeState.ABSENT:
        return found
    money = _money_line(entry, payment)
    for applied in desk.read(PaymentRow, PAYMENTS, payment.payment_id).bills:
        _unapply(desk, applied.bill_id, applied.bill_payment_id)
    body = {
        "date": entry.posting_date.isoformat(),
        "reference_number": outgoing.stamp,
        "amount": money.amount,
        "to_account_id": money.account.id,
        "description": entry.text[:TEXT],
    }
    if entry.currency != entry.company_currency:
        body["exchange_rate"] = exchange_rate([money], entry.currency, entry.company_currency)
    path = f"/vendorpayments/{payment.payment_id}/refunds"
    answer = desk.client.write(desk.company, "POST", path, body)
    return _return_outcome(desk, outgoing, entry, payment, _refund(answer, "vendorpayment_refund"))


def return_find(desk: Desk, outgoing: Outgoing, entry: JournalEntry) -> Outcome:
    payment = _returned_payment(desk, entry)
    return absent(outgoing) if payment is None else _return(desk, outgoing, entry, payment)


def _returned_payment(desk: Desk, entry: JournalEntry) -> PaymentRow | None:
    rows = desk.stamped(PaymentRow, PAYMENTS, stamp_of(entry.reverses))
    return rows[0] if len(rows) == 1 else None


def _returns(desk: Desk, payment_id: str) -> list[RefundRow]:
    path = f"/vendorpayments/{payment_id}/refunds"
    return desk.client.rows(RefundRow, desk.company, path, "vendorpayment_refunds")


def _return(desk: Desk, outgoing: Outgoing, entry: JournalEntry, payment: PaymentRow) -> Outcome:
    mine = [row for row in _returns(desk, payment.payment_id) if row.reference_number == outgoing.stamp]
    if len(mine) > 1:
        return twice(outgoing, [_refund_id(RETURN, payment.payment_id, row) for row in mine])
    return _return_outcome(desk, outgoing, entry, payment, mine[0]) if mine else absent(outgoing)


def _return_outcome(
    desk: Desk, outgoing: Outgoing, entry: JournalEntry, payment: PaymentRow, row: RefundRow
) -> Outcome:
    return Outcome(
        outgoing.key,
        OutcomeState.POSTED,
        ledger_id=_refund_id(RETURN, payment.payment_id, row),
        number=payment.payment_number,
        link=desk.link(PAYMENTS, payment.payment_id),
        differences=_refund_differences(entry.posting_date, entry.total.amount, row),
    )


def _money_line(entry: JournalEntry, payment: PaymentRow) -> Line:
    """The one line that the money comes back on. Raises UnsupportedError for what a refund cannot say."""
    debits = [line for line in entry.lines if line.side is Side.DEBIT]
    credits = [line for line in entry.lines if line.side is Side.CREDIT]
    if len(debits) != 1 or len(credits) != 1 or credits[0].account.role is not Role.AP:
        raise UnsupportedError("Zoho can only book a payment back whole, to one account.", provider=PROVIDER)
    if debits[0].amount != payment.amount:
        raise UnsupportedError(
            f"{debits[0].amount} came back of a payment of {payment.amount}: which part of its bills is open again "
            "is for a person to say.",
            provider=PROVIDER,
        )
    return debits[0]


def _unapply(desk: Desk, bill_id: str, bill_payment_id: str) -> None:
    try:
        path = f"/bills/{bill_id}/payments/{bill_payment_id}"
        desk.client.write(desk.company, "DELETE", path, repeatable=True)
    except MissingError:
        return  # an earlier try came through


def _refund(answer: Json, key: str) -> RefundRow:
    """The refund of an answer; documented as a list, like none of its siblings."""
    value = answer.get(key)
    return one(RefundRow, {key: value[0] if isinstance(value, list) and value else value}, key, written=True)


def _refund_id(prefix: str, parent: str, row: RefundRow) -> str:
    return f"{prefix}{parent}/{row.refund_id}"


def _refund_differences(day: Any, amount: Decimal, row: RefundRow) -> tuple[Finding, ...]:
    """Lists tell the amount in both currencies, the answer to a write only once."""
    read = row.amount or row.amount_fcy or row.amount_bcy
    found = []
    if row.date != day:
        found.append(Finding("date_moved", f"Sent for {day}, booked on {row.date}.", str(row.date)))
    if read != amount:
        found.append(Finding("document_altered", f"The amount reads {read}, sent was {amount}.", "amount"))
    return tuple(found)
