"""Is a document still there that no search shows by its stamp? It is, if its id shows it: its reference was changed."""

from __future__ import annotations

from connectors.base import Finding, Outcome, Outgoing
from connectors.documents import JournalEntry, Payment, VendorBill
from connectors.zoho_books.desk import BILLS, CREDITS, EXPENSES, JOURNALS, PAYMENTS, Desk, with_differences
from connectors.zoho_books.errors import MissingError
from connectors.zoho_books.expenses import expense_outcome
from connectors.zoho_books.schema import BillRow, CreditRow, ExpenseRow, JournalRow, PaymentRow
from connectors.zoho_books.stored import REFERENCE


def read_by_id(desk: Desk, outgoing: Outgoing) -> Outcome | None:
    """The document under the id that it is known by, compared as any other; None when nobody knows its id, when it is
    a refund, which belongs to another document, and when Zoho does not have it. One call; may raise ConnectorErrors."""
    try:
        return _read(desk, outgoing)
    except MissingError:
        return None


def _read(desk: Desk, outgoing: Outgoing) -> Outcome | None:
    document, ledger_id = outgoing.document, outgoing.ledger_id
    kind, _, number = ledger_id.rpartition(":")
    prefix = f"{kind}:" if kind else ""
    if not number.isdigit():
        return None
    row: JournalRow | ExpenseRow | BillRow | CreditRow | PaymentRow
    if isinstance(document, JournalEntry) and prefix == EXPENSES.prefix:
        row = desk.read(ExpenseRow, EXPENSES, number)
        outcome = expense_outcome(desk, outgoing, document, row)
    elif isinstance(document, JournalEntry) and prefix == JOURNALS.prefix:
        row = desk.read(JournalRow, JOURNALS, number)
        outcome = desk.journal_outcome(outgoing, document, row)
    elif isinstance(document, VendorBill) and prefix in (BILLS.prefix, CREDITS.prefix):
        row = desk.read(CreditRow, CREDITS, number) if document.is_credit else desk.read(BillRow, BILLS, number)
        outcome = desk.bill_outcome(outgoing, document, row)
    elif isinstance(document, Payment) and prefix == PAYMENTS.prefix:
        row = desk.read(PaymentRow, PAYMENTS, number)
        outcome = desk.payment_outcome(outgoing, document, row)
    else:
        return None
    if row.reference_number == outgoing.stamp:
        return outcome
    said = f"The {REFERENCE} reads {row.reference_number or 'empty'}, sent was {outgoing.stamp}."
    return with_differences(outcome, [Finding("document_altered", said, REFERENCE)])
