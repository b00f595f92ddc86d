"""Which kinds of records does Brex offer, and how is each read?"""

from __future__ import annotations

from datetime import timedelta

from connectors.base import StreamSpec
from connectors.records import Family, RecordKind

ACCOUNTING_RECORDS = "accounting_records"
CARD_TRANSACTIONS = "card_transactions"
CASH_TRANSACTIONS = "cash_transactions"
EXPENSES = "expenses"
VENDORS = "vendors"

ACCOUNTING_API = "accounting_api"
CASH_ACCOUNT = "cash_account"

PAYMENT_PART = ":pay"
"""A reimbursement that was paid out is two events of one expense; the payout's external id ends so."""

_EXPENSE_VOLATILE = (
    "updated_at",
    "exported_at",
    "dashboard_url",
    "review",
    "receipts.*.download_uris",
    "budget",
    "policy",
)

STREAMS = {
    spec.key: spec
    for spec in (
        StreamSpec(
            key=ACCOUNTING_RECORDS,
            label="Accounting records",
            families=(
                Family.CARD_SPEND,
                Family.CARD_CREDIT,
                Family.CARD_PAYMENT,
                Family.CASH,
                Family.CLAIM_COST,
                Family.CLAIM_PAYMENT,
                Family.BILL,
                Family.BILL_PAYMENT,
            ),
            kinds=(
                RecordKind.CARD_PURCHASE,
                RecordKind.CARD_REFUND,
                RecordKind.CARD_REPAYMENT,
                RecordKind.CARD_PAYMENT,
                RecordKind.CARD_PAYMENT_RETURN,
                RecordKind.CARD_REWARD,
                RecordKind.CLAIM_APPROVED,
                RecordKind.CLAIM_CASH,
                RecordKind.CLAIM_GIVEN_BACK,
                RecordKind.CLAIM_PAID,
                RecordKind.CLAIM_PAYOUT_RETURN,
                RecordKind.CLAIM_FUNDING,
                RecordKind.FUNDING_RETURN,
                RecordKind.BILL,
                RecordKind.BILL_PAYMENT,
                RecordKind.BILL_CARD_PAYMENT,
                RecordKind.BILL_FUNDING,
                RecordKind.UNKNOWN,
            ),
            reading="changed",
            overlap=timedelta(hours=1),
            # The review status is ours to change (a told record becomes EXPORTED, its version grows); what matters
            # of it is kept in lookups.stage.
            volatile=("item.updated_at", "item.version", "item.review_status", "item.receipts.*.download_uris"),
            feature=ACCOUNTING_API,
            is_told=True,
            has_receipts=True,
        ),
        StreamSpec(
            key=CARD_TRANSACTIONS,
            label="Card transactions",
            families=(Family.CARD_SPEND, Family.CARD_CREDIT, Family.CARD_PAYMENT, Family.BILL_PAYMENT),
            kinds=(
                RecordKind.CARD_PURCHASE,
                RecordKind.BILL_CARD_PAYMENT,
                RecordKind.CARD_REFUND,
                RecordKind.CHARGEBACK,
                RecordKind.CARD_REWARD,
                RecordKind.CARD_PAYMENT,
                RecordKind.CARD_PAYMENT_RETURN,
                RecordKind.FINANCE_FEE,
                RecordKind.UNKNOWN,
            ),
            reading="posted",
            overlap=timedelta(days=7),
            has_receipts=True,
        ),
        StreamSpec(
            key=CASH_TRANSACTIONS,
            label="Cash transactions",
            families=(Family.CARD_PAYMENT, Family.CASH),
            kinds=(
                RecordKind.CARD_PAYMENT,
                RecordKind.CARD_PAYMENT_RETURN,
                RecordKind.ACCOUNT_FEE,
                RecordKind.INTEREST,
                RecordKind.CASH_REWARD,
                RecordKind.OWN_TRANSFER,
                RecordKind.OPERATIONAL,
                RecordKind.MONEY_IN,
                RecordKind.MONEY_OUT,
                RecordKind.PAYMENT_RETURN,
                RecordKind.PAYBACK,
                RecordKind.UNKNOWN,
            ),
            reading="posted",
            overlap=timedelta(days=7),
            feature=CASH_ACCOUNT,
        ),
        StreamSpec(
            key=EXPENSES,
            label="Expenses (reimbursements, bills, card expenses)",
            families=(Family.CARD_SPEND, Family.CLAIM_COST, Family.CLAIM_PAYMENT, Family.BILL),
            kinds=(
                RecordKind.CARD_PURCHASE,
                RecordKind.CLAIM_APPROVED,
                RecordKind.CLAIM_PAID,
                RecordKind.BILL,
                RecordKind.UNKNOWN,
            ),
            reading="changed",
            overlap=timedelta(hours=1),
            volatile=(
                *(f"item.{name}" for name in _EXPENSE_VOLATILE),
                *(f"item.expense_line_items.*.{name}" for name in _EXPENSE_VOLATILE),
                "lookups.parent",
            ),
            has_receipts=True,
        ),
        StreamSpec(
            key=VENDORS,
            label="Vendors",
            families=(Family.REFERENCE,),
            kinds=(RecordKind.VENDOR,),
            reading="scan",
            overlap=timedelta(0),
            poll_every=timedelta(hours=6),
            volatile=("item.payment_accounts",),
            is_reference=True,
        ),
    )
}
