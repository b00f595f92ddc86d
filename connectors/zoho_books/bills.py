"""How do bills and vendor credits get into the books?"""

from __future__ import annotations

from connectors.base import Outcome, OutcomeState, Outgoing
from connectors.documents import VendorBill
from connectors.zoho_books.bodies import bill_body, credit_body
from connectors.zoho_books.client import one
from connectors.zoho_books.desk import BILLS, CREDITS, AlreadyThereError, Desk, absent, twice, with_differences
from connectors.zoho_books.mirrors import mirror_outcome
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
    return with_differences(_concluded(desk, outgoing, bill, row, is_new=True), desk.misplaced(body, row))


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


def _concluded(
    desk: Desk, outgoing: Outgoing, bill: VendorBill, row: BillRow | CreditRow, *, is_new: bool = False
) -> Outcome:
    outcome = desk.bill_outcome(outgoing, bill, row)
    if not bill.reverses or outcome.state is not OutcomeState.POSTED:
        return outcome
    return mirror_outcome(desk, outgoing, bill, row, is_new=is_new)
