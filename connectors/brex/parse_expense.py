"""What is an expense? A card purchase, a claim (its cost, and later its payout) or a bill, and whether it is final."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from connectors.brex.schema import Expense, Labels, read_labels
from connectors.brex.streams import EXPENSES, PAYMENT_PART
from connectors.brex.values import (
    expense_coding,
    expense_person,
    first_of_each,
    is_repaid_undated,
    minor_money,
    person_coding,
    personal_since,
    receipts,
    repayment_since,
)
from connectors.records import Family, Finality, Link, Moment, Party, RecordKind, RecordLine, Side, SpendRecord

APPROVED = ("APPROVED", "SETTLED")
GONE = ("VOID", "CANCELED")
UNFINISHED = ("DRAFT", "SUBMITTED")
PAID = ("CLEARED", "REFUNDED")  # the refund is a record of its own (rule B34)
UNPAID = ("NOT_STARTED", "PROCESSING", "SCHEDULED", "AWAITING_PAYMENT", "REFUNDING", "")
REFUSED = ("DECLINED", "CANCELED")


class Verdict(NamedTuple):
    kind: RecordKind
    finality: Finality
    reason: str = ""


FAMILIES = {
    "CARD": Family.CARD_SPEND,
    "REIMBURSEMENT": Family.CLAIM_COST,
    "BILLPAY": Family.BILL,
}


def parse_expense(item: Mapping[str, Any], lookups: Mapping[str, Any]) -> SpendRecord:
    expense = Expense.model_validate(item)
    labels = read_labels(lookups)
    is_payout = lookups.get("part") == "payment"
    verdict = _payout_verdict(expense) if is_payout else _verdict(expense)
    person = expense_person(expense, lookups.get("user"))
    merchant = expense.merchant.raw_descriptor if expense.merchant else ""
    is_bill = expense.expense_type == "BILLPAY"
    posting, document = _dates(expense, is_payout)
    return SpendRecord(
        stream=EXPENSES,
        external_id=expense.id + (PAYMENT_PART if is_payout else ""),
        kind=verdict.kind,
        family=Family.CLAIM_PAYMENT if is_payout else FAMILIES.get(expense.expense_type, Family.CARD_SPEND),
        vendor_kind=" ".join(part for part in (expense.expense_type, expense.status, expense.payment_status) if part),
        finality=verdict.finality,
        reason=verdict.reason,
        amount=minor_money(expense.billing_amount),
        original=minor_money(expense.original_amount),
        posting_moment=posting,
        document_moment=document,
        changed_at=expense.updated_at,
        source_account=str(lookups.get("card_account") or "") if expense.expense_type == "CARD" else "",
        billed_entity=expense.billing_entity_id,
        spending_entity=expense.spending_entity_id,
        merchant=merchant,
        memo=expense.memo,
        person=person,
        vendor=Party(name=merchant) if is_bill and merchant else None,
        coding=first_of_each((*expense_coding(expense, labels), *person_coding(person))),
        lines=expense_lines(expense, labels),
        links=_links(expense, str(lookups.get("parent") or "")),
        receipts=receipts(expense.receipts, *(line.receipts for line in expense.expense_line_items or ())),
        personal_since=personal_since(expense),
        is_partly_personal=is_repaid_undated(expense.repayment),
    )


def _verdict(expense: Expense) -> Verdict:
    """Kind and finality of the expense itself, by B1, B18, B25, B34 and B36."""
    status, payment = expense.status, expense.payment_status
    kind = {
        "CARD": RecordKind.CARD_PURCHASE,
        "REIMBURSEMENT": RecordKind.CLAIM_APPROVED,
        "BILLPAY": RecordKind.BILL,
    }.get(expense.expense_type, RecordKind.UNKNOWN)
    if status == "SPLIT":
        return Verdict(kind, Finality.CANCELLED, "Split in Brex: its parts are posted instead.")
    if status in GONE:
        return Verdict(kind, Finality.CANCELLED, f"{status} in Brex.")
    if status in UNFINISHED:
        return Verdict(kind, Finality.WAITING, f"Not approved in Brex yet ({status}).")
    if kind == RecordKind.UNKNOWN or status not in APPROVED:
        return Verdict(
            RecordKind.UNKNOWN, Finality.FINAL, f"Brex calls it {expense.expense_type or 'nothing'} {status}."
        )
    if expense.expense_type != "CARD":
        return Verdict(kind, Finality.FINAL)
    if payment in PAID:
        return Verdict(kind, Finality.FINAL)
    if payment in REFUSED:
        return Verdict(kind, Finality.CANCELLED, f"The card payment is {payment} in Brex.")
    if payment in UNPAID:
        return Verdict(kind, Finality.WAITING, f"The card payment has not cleared yet ({payment or 'no status'}).")
    return Verdict(RecordKind.UNKNOWN, Finality.FINAL, f"Brex calls the payment {payment}.")


def _payout_verdict(expense: Expense) -> Verdict:
    if expense.payment_status in PAID:
        return Verdict(RecordKind.CLAIM_PAID, Finality.FINAL)
    if expense.payment_status in REFUSED:
        return Verdict(RecordKind.CLAIM_PAID, Finality.CANCELLED, f"The payout is {expense.payment_status} in Brex.")
    return Verdict(RecordKind.CLAIM_PAID, Finality.WAITING, f"The payout is {expense.payment_status or 'not known'}.")


def _dates(expense: Expense, is_payout: bool) -> tuple[Moment | None, Moment | None]:
    """Posting and document date: see section 4 of the accounting policy; the document is as old as its latest item."""
    bought = [line.purchased_at for line in expense.expense_line_items or () if line.purchased_at]
    if expense.purchased_at:
        bought.append(expense.purchased_at)
    document = max(bought, key=lambda moment: moment.isoformat(), default=None)
    posting = expense.payment_posted_at if is_payout or expense.expense_type == "CARD" else expense.approved_at
    return posting, document


def expense_lines(expense: Expense, labels: Labels) -> tuple[RecordLine, ...]:
    """Items of an expense, or parts of a split one. Only the cost side is told: an item against the direction of the
    whole (a discount) is a credit."""
    lines = []
    for part in expense.expense_line_items or ():
        amount, original = minor_money(part.billing_amount), minor_money(part.original_amount)
        stated = amount or original
        is_discount = stated is not None and stated.amount < 0
        lines.append(
            RecordLine(
                id=part.id,
                amount=abs(stated) if stated else None,
                side=Side.CREDIT if is_discount else None,
                coding=first_of_each(expense_coding(part, labels)),
                memo=part.memo,
                original=abs(original) if original else None,
                is_personal=bool(repayment_since(part.repayment)),
            )
        )
    return tuple(lines)


def _links(expense: Expense, parent: str) -> tuple[Link, ...]:
    links = [Link("expense", expense.id)]
    by_type = {"CARD": "purchase", "REIMBURSEMENT": "claim", "BILLPAY": "bill"}.get(expense.expense_type)
    if by_type:
        links.append(Link(by_type, expense.id))
    if parent:
        links.append(Link("parent", parent))
    return tuple(links)
