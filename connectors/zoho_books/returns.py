"""How does a payment return altogether, so that its bills are open again?

The payment itself stays: deleting it would take a posted document out of the books (G17). It is taken off its bills,
and the refund of what is unapplied then makes the very entry. `DELETE /bills/{id}/payments/{id}` is not used for that:
it is published as "Delete a payment made to a bill", and may do so (https://www.zoho.com/books/api/v3/bills/)."""

from __future__ import annotations

from connectors.base import Outcome, OutcomeState, Outgoing
from connectors.documents import JournalEntry, Line, Role
from connectors.errors import RejectedError, UnsupportedError
from connectors.records import Side
from connectors.zoho_books.bodies import TEXT, exchange_rate
from connectors.zoho_books.client import Json
from connectors.zoho_books.desk import PAYMENTS, Desk, absent, failed, refused, twice
from connectors.zoho_books.errors import PROVIDER
from connectors.zoho_books.refunds import RETURN, not_listed, refund_differences, refund_id, refund_made, returns_of
from connectors.zoho_books.schema import PaymentRow, RefundRow
from connectors.zoho_books.stamps import stamp_of


def is_return(entry: JournalEntry) -> bool:
    """Nothing but the return of a payment touches the payable account in an entry (accounting policy, G15)."""
    return bool(entry.reverses) and any(line.account.role is Role.AP for line in entry.lines)


def return_post(desk: Desk, outgoing: Outgoing, entry: JournalEntry) -> Outcome:
    """Take the payment off its bills, see that it is, and book the money back on it.

    Raises RetryableError where no list shows the payment, which may be seconds old, and ConnectorErrors; safe to
    repeat."""
    money = _money_line(entry)
    payment = _returned(desk, entry)
    if payment is None:
        raise not_listed(f"the payment {entry.reverses}", "its return")
    if not outgoing.is_first:
        found = _found(desk, outgoing, entry, payment)
        if found.state is not OutcomeState.ABSENT:
            return found
    payment = desk.read(PaymentRow, PAYMENTS, payment.payment_id)
    if money.amount != payment.amount:
        raise UnsupportedError(
            f"{money.amount} came back of a payment of {payment.amount}: which part of its bills is open again "
            "is for a person to say.",
            provider=PROVIDER,
        )
    before = desk.client.writes
    if payment.bills:
        after = _taken_off(desk, payment)
        if wrong := _amiss(payment, after):
            return failed(outgoing, OutcomeState.REJECTED, refused(wrong))
    body = {
        "date": entry.posting_date.isoformat(),
        "reference_number": outgoing.stamp,
        "amount": money.amount,
        "to_account_id": money.account.id,
        "description": entry.text[:TEXT],
    }
    if entry.currency != entry.company_currency:
        body["exchange_rate"] = exchange_rate([money], entry.currency, entry.company_currency)
    try:
        answer = desk.client.write(desk.company, "POST", f"/vendorpayments/{payment.payment_id}/refunds", body)
    except RejectedError:
        if payment.bills:
            bills = [{"bill_id": one.bill_id, "amount_applied": one.amount_applied} for one in payment.bills]
            _applied(desk, payment, bills)
            desk.client.writes = before  # all is as it was
        raise
    return _outcome(desk, outgoing, entry, payment, refund_made(answer, "vendorpayment_refund"))


def return_find(desk: Desk, outgoing: Outgoing, entry: JournalEntry) -> Outcome:
    payment = _returned(desk, entry)
    return absent(outgoing) if payment is None else _found(desk, outgoing, entry, payment)


def _returned(desk: Desk, entry: JournalEntry) -> PaymentRow | None:
    """The payment as lists show it. Raises RejectedError where it is there twice."""
    rows = desk.stamped(PaymentRow, PAYMENTS, stamp_of(entry.reverses))
    if len(rows) > 1:
        numbers = ", ".join(row.payment_number for row in rows)
        raise refused(f"The payment {entry.reverses} is there several times: {numbers}.", "missing_link")
    return rows[0] if rows else None


def _taken_off(desk: Desk, payment: PaymentRow) -> PaymentRow:
    """The payment as it reads once it is applied to nothing."""
    try:
        _applied(desk, payment, [])
    except RejectedError as error:
        desk.books.forget()
        day = payment.date
        is_closed = day is not None and any(lock.closes("payment", day) for lock in desk.books.locks())
        raise refused(
            f"Zoho does not take payment {payment.payment_number} of {day} off its bills, as its return needs: "
            f"{error.message}",
            "closed_period" if is_closed else error.cure,
        ) from error
    return desk.read(PaymentRow, PAYMENTS, payment.payment_id)


def _applied(desk: Desk, payment: PaymentRow, bills: list[Json]) -> None:
    """Apply the payment to these bills and no others; all else of it is sent as it was."""
    body: Json = {
        "vendor_id": payment.vendor_id,
        "amount": payment.amount,
        "date": payment.date.isoformat() if payment.date else "",
        "paid_through_account_id": payment.paid_through_account_id,
        "reference_number": payment.reference_number,
        "description": payment.description,
        "location_id": payment.location_id,
        "exchange_rate": payment.exchange_rate if payment.exchange_rate != 1 else "",
    }
    body = {name: value for name, value in body.items() if value != ""} | {"bills": bills}
    desk.client.write(desk.company, "PUT", f"{PAYMENTS.path}/{payment.payment_id}", body, repeatable=True)


def _amiss(before: PaymentRow, after: PaymentRow) -> str:
    """What stands against booking money back on a payment that was taken off its bills; empty if nothing does."""
    facts = ("reference_number", "vendor_id", "amount", "date", "paid_through_account_id")
    if changed := [name for name in facts if getattr(before, name) != getattr(after, name)]:
        return (
            f"Zoho changed {', '.join(changed)} of payment {before.payment_number} when it was taken off its bills: "
            "set it right in Zoho, then book its return there."
        )
    if after.bills:
        return (
            f"Zoho leaves payment {before.payment_number} on its bills: take it off them in Zoho, and have the return "
            "sent again."
        )
    return ""


def _found(desk: Desk, outgoing: Outgoing, entry: JournalEntry, payment: PaymentRow) -> Outcome:
    mine = [row for row in returns_of(desk, payment.payment_id) if row.reference_number == outgoing.stamp]
    if len(mine) > 1:
        return twice(outgoing, [refund_id(RETURN, payment.payment_id, row) for row in mine])
    return _outcome(desk, outgoing, entry, payment, mine[0]) if mine else absent(outgoing)


def _outcome(desk: Desk, outgoing: Outgoing, entry: JournalEntry, payment: PaymentRow, row: RefundRow) -> Outcome:
    return Outcome(
        outgoing.key,
        OutcomeState.POSTED,
        ledger_id=refund_id(RETURN, payment.payment_id, row),
        number=payment.payment_number,
        link=desk.link(PAYMENTS, payment.payment_id),
        differences=refund_differences(entry.posting_date, entry.total.amount, row),
    )


def _money_line(entry: JournalEntry) -> Line:
    """The one line that the money comes back on. Raises UnsupportedError for what a refund cannot say."""
    debits = [line for line in entry.lines if line.side is Side.DEBIT]
    credits = [line for line in entry.lines if line.side is Side.CREDIT]
    if len(debits) != 1 or len(credits) != 1 or credits[0].account.role is not Role.AP:
        raise UnsupportedError("Zoho can only book a payment back whole, to one account.", provider=PROVIDER)
    return debits[0]
