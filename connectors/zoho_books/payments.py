"""How does money settle bills?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connectors.base import Finding, Outcome, OutcomeState, Outgoing
from connectors.documents import Payment
from connectors.errors import RejectedError
from connectors.zoho_books.bodies import payment_body
from connectors.zoho_books.client import Json, one
from connectors.zoho_books.desk import PAYMENTS, AlreadyThereError, Desk, absent, twice, with_differences
from connectors.zoho_books.refunds import credit_refund_find, credit_refund_post, returns_of
from connectors.zoho_books.schema import PaymentRow


def payment_post(desk: Desk, outgoing: Outgoing, payment: Payment) -> Outcome:
    """Pay what is not paid, applied to its bills in order. Raises ConnectorErrors."""
    if payment.is_refund:
        return credit_refund_post(desk, outgoing, payment)
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
        return credit_refund_find(desk, outgoing, payment)
    rows = desk.stamped(PaymentRow, PAYMENTS, outgoing.stamp)
    if len(rows) > 1:
        return twice(outgoing, [f"{PAYMENTS.prefix}{row.payment_id}" for row in rows])
    if not rows:
        return absent(outgoing)
    row = desk.read(PaymentRow, PAYMENTS, rows[0].payment_id)
    if not row.balance or returns_of(desk, row.payment_id):
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
