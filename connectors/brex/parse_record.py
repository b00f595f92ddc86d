"""What is an accounting record? Its kind by its type, its lines as coded, its merchant from the expense beneath it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from connectors.brex.schema import AccountingRecord, Expense, Labels, RecordLineItem, read_labels
from connectors.brex.streams import ACCOUNTING_RECORDS
from connectors.brex.values import (
    KNOWN_FIELDS,
    expense_coding,
    field_coding,
    first_of_each,
    is_repaid_undated,
    major_money,
    person_coding,
    personal_since,
    receipts,
    record_person,
    repayment_since,
)
from connectors.money import Money
from connectors.records import Coded, Family, Finality, Link, Party, RecordKind, RecordLine, Side, SpendRecord

READY = ("READY_FOR_EXPORT", "EXPORTED")


class Meaning(NamedTuple):
    """Kind and family of a type. `is_backward`: the type itself says that money goes the other way; the sign of such
    amounts is not documented, so both signs mean the same."""

    kind: RecordKind
    family: Family
    is_backward: bool = False


MEANINGS: Mapping[str, Meaning] = {
    "CARD_EXPENSE_POST": Meaning(RecordKind.CARD_PURCHASE, Family.CARD_SPEND),
    "CARD_EXPENSE_REFUND": Meaning(RecordKind.CARD_REFUND, Family.CARD_SPEND, True),
    "CARD_EXPENSE_REPAYMENT": Meaning(RecordKind.CARD_REPAYMENT, Family.CARD_SPEND, True),
    "CARD_PAYMENT": Meaning(RecordKind.CARD_PAYMENT, Family.CARD_PAYMENT),
    "CARD_PAYMENT_REFUND": Meaning(RecordKind.CARD_PAYMENT_RETURN, Family.CARD_PAYMENT, True),
    "REWARD_REDEMPTION": Meaning(RecordKind.CARD_REWARD, Family.CARD_CREDIT, True),
    "REIMBURSEMENT_EXPENSE_APPROVAL": Meaning(RecordKind.CLAIM_APPROVED, Family.CLAIM_COST),
    "REIMBURSEMENT_EXPENSE_POST": Meaning(RecordKind.CLAIM_CASH, Family.CLAIM_COST),
    "REIMBURSEMENT_EXPENSE_REPAYMENT": Meaning(RecordKind.CLAIM_GIVEN_BACK, Family.CLAIM_PAYMENT, True),
    "REIMBURSEMENT_EXPENSE_MONEY_MOVEMENT_PAYOUT": Meaning(RecordKind.CLAIM_PAID, Family.CLAIM_PAYMENT),
    "REIMBURSEMENT_EXPENSE_MONEY_MOVEMENT_PAYOUT_REVERSAL": Meaning(
        RecordKind.CLAIM_PAYOUT_RETURN, Family.CLAIM_PAYMENT, True
    ),
    "REIMBURSEMENT_EXPENSE_MONEY_MOVEMENT_PAYIN": Meaning(RecordKind.CLAIM_FUNDING, Family.CASH),
    "REIMBURSEMENT_EXPENSE_MONEY_MOVEMENT_REFUND": Meaning(RecordKind.FUNDING_RETURN, Family.CASH, True),
    "BILL_EXPENSE": Meaning(RecordKind.BILL, Family.BILL),
    "BILL_EXPENSE_PAYMENT": Meaning(RecordKind.BILL_PAYMENT, Family.BILL_PAYMENT),
    "BILL_EXPENSE_CARD_PAYMENT": Meaning(RecordKind.BILL_CARD_PAYMENT, Family.BILL_PAYMENT),
    "BILL_MONEY_MOVEMENT_PAYIN": Meaning(RecordKind.BILL_FUNDING, Family.CASH),
}
FAMILIES_OF_UNKNOWN = {"REIMBURSEMENT": Family.CLAIM_COST, "BILL": Family.BILL}

EXPENSE_TYPES = frozenset(name for name in MEANINGS if "_EXPENSE_" in name and name.startswith(("CARD", "REIMB")))
"""Types whose source is surely an expense, so that it can be asked for by id."""


def stage(review_status: str) -> str:
    """`ready` before and after we tell Brex, so that telling it makes no new version."""
    return "ready" if review_status in READY else review_status or "unknown"


def parse_accounting_record(item: Mapping[str, Any], lookups: Mapping[str, Any]) -> SpendRecord:
    record = AccountingRecord.model_validate(item)
    expense = Expense.model_validate(lookups["expense"]) if lookups.get("expense") else None
    labels = read_labels(lookups)
    family = FAMILIES_OF_UNKNOWN.get(record.source_type, Family.CARD_SPEND)
    meaning = MEANINGS.get(record.type, Meaning(RecordKind.UNKNOWN, family))
    amount = major_money(record.amount)
    person = record_person(record.user)
    vendor = record.vendor
    is_ready = stage(record.review_status) == "ready"
    merchant = expense.merchant.raw_descriptor if expense and expense.merchant else ""
    return SpendRecord(
        stream=ACCOUNTING_RECORDS,
        external_id=record.id,
        kind=meaning.kind,
        family=meaning.family,
        vendor_kind=record.type,
        finality=Finality.FINAL if is_ready else Finality.WAITING,
        reason="" if is_ready else f"Brex has not released it for export yet ({record.review_status or 'no status'}).",
        amount=_direction(amount, meaning),
        original=_direction(major_money(record.original_amount), meaning),
        posting_moment=record.erp_posting_date,
        document_moment=record.posted_at,
        changed_at=record.updated_at,
        source_account=str(lookups.get("card_account") or "") if record.source_type == "CARD" else "",
        billed_entity=expense.billing_entity_id if expense else "",
        spending_entity=expense.spending_entity_id if expense else "",
        merchant=merchant,
        memo=record.memo,
        person=person,
        vendor=Party(vendor.id, vendor.name, vendor.email, vendor.phone) if vendor else None,
        coding=first_of_each((*_lent_coding(record, expense), *_own_coding(record), *person_coding(person))),
        lines=tuple(_line(line, labels) for line in record.line_items),
        links=_links(record, expense),
        receipts=receipts(record.receipts, expense.receipts if expense else None),
        invoice_number=record.invoice_number,
        due_moment=record.due_at,
        personal_since=personal_since(expense),
        is_partly_personal=_is_partly_personal(expense),
    )


def _direction(amount: Money | None, meaning: Meaning) -> Money | None:
    return abs(amount) if amount and meaning.is_backward else amount


def _lent_coding(record: AccountingRecord, expense: Expense | None) -> list[Coded]:
    """What the expense knows and the record does not; accounts and cost centres are the lines' own to tell."""
    of_lines = {ref.brex_field_id for line in record.line_items for ref in line.accounting_field_values}
    told = {*KNOWN_FIELDS, *(f"custom:{field}" for field in of_lines)}
    return [coded for coded in expense_coding(expense, {}) if coded.field not in told]


def _own_coding(record: AccountingRecord) -> list[Coded]:
    coding = []
    if record.user:
        if record.user.department_id:
            coding.append(Coded("department", record.user.department_id, record.user.department_name))
        if record.user.location_id:
            coding.append(Coded("location", record.user.location_id, record.user.location_name))
        if record.user.role:
            coding.append(Coded("user_role", record.user.role))
    if record.vendor:
        coding.append(Coded("vendor", record.vendor.id, record.vendor.name))
    return coding


def _line(line: RecordLineItem, labels: Labels) -> RecordLine:
    amount = major_money(line.amount)
    side = {"DEBIT": Side.DEBIT, "CREDIT": Side.CREDIT}.get(line.type)
    if amount and amount.amount < 0:  # documented as always positive; a negative one is the other side
        amount, side = -amount, side.other if side else None
    return RecordLine(
        id=line.id,
        amount=amount,
        side=side,
        coding=tuple(field_coding(line.accounting_field_values, labels)),
        memo=line.memo,
        original=major_money(line.original_amount),
    )


def _links(record: AccountingRecord, expense: Expense | None) -> tuple[Link, ...]:
    if not record.source_id:
        return ()
    kinds = ["source"]
    if record.type in EXPENSE_TYPES or record.source_type == "BILL":
        kinds.append("expense")
    if record.source_type == "REIMBURSEMENT":
        kinds.append("claim")
    elif record.source_type == "BILL":
        kinds.append("bill")
    elif record.type in ("CARD_EXPENSE_POST", "CARD_EXPENSE_REFUND", "CARD_EXPENSE_REPAYMENT"):
        kinds.append("purchase")
        if expense and expense.expense_type == "BILLPAY":  # a bill that was paid by card (rule B27)
            kinds.append("bill")
    return tuple(Link(kind, record.source_id) for kind in kinds)


def _is_partly_personal(expense: Expense | None) -> bool:
    """Some items of the expense are to be repaid and others not, and the record's lines do not say which."""
    if expense is None:
        return False
    items = expense.expense_line_items or ()
    flagged = [bool(repayment_since(item.repayment)) for item in items]
    return is_repaid_undated(expense.repayment) or (any(flagged) and not all(flagged))
