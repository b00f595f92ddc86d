"""How do bills and vendor credits get into the books, and a credit that mirrors a bill close it?"""

from __future__ import annotations

from connectors.base import Finding, Outcome, OutcomeState, Outgoing
from connectors.documents import VendorBill
from connectors.errors import RejectedError
from connectors.zoho_books.bodies import bill_body, credit_body
from connectors.zoho_books.client import one
from connectors.zoho_books.desk import BILLS, CREDITS, AlreadyThereError, Desk, absent, twice, with_differences
from connectors.zoho_books.schema import BillRow, CreditRow


def bill_post(desk: Desk, outgoing: Outgoing, bill: VendorBill) -> Outcome:
    """Post what is not there, and apply a mirroring credit. Raises ConnectorErrors."""
    if not outgoing.is_first:
        found = bill_find(desk, outgoing, bill)
        if found.state is not OutcomeState.ABSENT:
            return found
    try:
        return _made(desk, outgoing, bill)
    except AlreadyThereError as error:
        found = bill_find(desk, outgoing, bill)  # ours, if an earlier try of it came through
        if found.state is OutcomeState.ABSENT:
            raise error.refusal from error
        return found


def _made(desk: Desk, outgoing: Outgoing, bill: VendorBill) -> Outcome:
    currency_id = desk.books.currency(bill.currency).currency_id
    row: BillRow | CreditRow
    if bill.is_credit:
        body = desk.placed(credit_body(outgoing, bill, currency_id))
        # Where credits are numbered by Zoho, the supplier's own number is refused without this.
        answer = desk.client.write(desk.company, "POST", "/vendorcredits", body, ignore_auto_number_generation="true")
        row = one(CreditRow, answer, "vendor_credit", written=True)
    else:
        body = desk.placed(bill_body(outgoing, bill, currency_id))
        row = one(BillRow, desk.create("bill", "/bills", body, outgoing.stamp), "bill", written=True)
    return with_differences(_concluded(desk, outgoing, bill, row), desk.misplaced(body, row))


def bill_find(desk: Desk, outgoing: Outgoing, bill: VendorBill) -> Outcome:
    """The bill or credit that bears the stamp, compared; what it should close and has not, it closes now."""
    module = CREDITS if bill.is_credit else BILLS
    kind: type[BillRow] | type[CreditRow] = CreditRow if bill.is_credit else BillRow
    rows = desk.stamped(kind, module, outgoing.stamp)
    if len(rows) > 1:
        return twice(outgoing, [f"{module.prefix}{row.key}" for row in rows])
    if not rows:
        return absent(outgoing)
    return _concluded(desk, outgoing, bill, desk.read(kind, module, rows[0].key))


def _concluded(desk: Desk, outgoing: Outgoing, bill: VendorBill, row: BillRow | CreditRow) -> Outcome:
    outcome = desk.bill_outcome(outgoing, bill, row)
    if not bill.reverses or outcome.state is not OutcomeState.POSTED:
        return outcome
    return desk.bill_outcome(outgoing, bill, row, _applied(desk, bill, row))


def _applied(desk: Desk, bill: VendorBill, row: BillRow | CreditRow) -> tuple[Finding, ...]:
    """Apply a credit to the bill that it mirrors, or the credit that a bill mirrors to the bill."""
    credit = row if isinstance(row, CreditRow) else desk.credit_of(bill.reverses)
    target = row if isinstance(row, BillRow) else desk.bill_of(bill.reverses)
    if credit is None or target is None:
        return (Finding("not_reconciled", f"{bill.reverses} is not in Zoho's books, so it is not closed.", ""),)
    amount = min(credit.balance, target.balance)
    if amount > 0:
        body = {"bills": [{"bill_id": target.bill_id, "amount_applied": amount}]}
        try:
            desk.client.write(desk.company, "POST", f"/vendorcredits/{credit.vendor_credit_id}/bills", body)
        except RejectedError as error:  # the bill or credit itself stands
            return (Finding("not_reconciled", error.message, row.key),)
    left = row.balance - amount
    if left > 0:
        return (Finding("not_reconciled", f"{left} stays open.", row.key),)
    return ()
