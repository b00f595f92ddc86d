"""How do a bill and the credit that mirrors it, or a credit and its bill, close each other?"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from connectors.base import Finding, Outcome, OutcomeState, Outgoing
from connectors.documents import VendorBill
from connectors.errors import RejectedError
from connectors.money import minor_unit
from connectors.zoho_books.desk import Desk
from connectors.zoho_books.schema import BillRow, CreditRow


def mirror_outcome(
    desk: Desk, outgoing: Outgoing, bill: VendorBill, row: BillRow | CreditRow, *, is_new: bool
) -> Outcome:
    """Apply the credit of the pair to the bill, as far as both are open, and tell what is left.

    In the books, but only created, while Zoho refuses that, or while no list shows the other one of a new one, which
    may be seconds old: a later look applies it. Raises ConnectorErrors; safe to repeat."""
    credit = row if isinstance(row, CreditRow) else desk.credit_of(bill.reverses)
    target = row if isinstance(row, BillRow) else desk.bill_of(bill.reverses)
    if credit is None or target is None:
        said = f"No list of Zoho shows {bill.reverses}, so that {_named(row)} does not close it."
        outcome = desk.bill_outcome(outgoing, bill, row, (Finding("not_reconciled", said, row.key),))
        return replace(outcome, state=OutcomeState.CREATED) if is_new else outcome
    amount = min(credit.balance, target.balance)
    if amount > 0:
        body = {"bills": [{"bill_id": target.bill_id, "amount_applied": amount}]}
        try:
            desk.client.write(desk.company, "POST", f"/vendorcredits/{credit.vendor_credit_id}/bills", body)
        except RejectedError as error:  # the bill or credit itself stands
            said = f"{_named(credit)} is not applied to {_named(target)}: {error.message}"
            outcome = desk.bill_outcome(outgoing, bill, row, (Finding("not_reconciled", said, row.key),))
            return replace(outcome, state=OutcomeState.CREATED)
    left = row.balance - amount
    if left <= 0:
        return desk.bill_outcome(outgoing, bill, row)
    return desk.bill_outcome(outgoing, bill, row, (_left(bill, row, left, target if row is credit else credit),))


def _left(bill: VendorBill, row: BillRow | CreditRow, left: Decimal, other: BillRow | CreditRow) -> Finding:
    """What stays open once the other one of the pair has nothing left."""
    value = f"{left.quantize(minor_unit(bill.currency))} {bill.currency}"
    is_credit = isinstance(row, CreditRow)
    cure = f"Apply the credit {'to another bill' if is_credit else 'that it needs'} in Zoho."
    said = f"{value} of {_named(row)} stays open, as {_named(other)} was settled otherwise. {cure}"
    return Finding("not_reconciled", said, row.key)


def _named(row: BillRow | CreditRow) -> str:
    return f"bill {row.bill_number}" if isinstance(row, BillRow) else f"vendor credit {row.vendor_credit_number}"
