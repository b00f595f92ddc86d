"""What is a line of the card or cash feed? Signs become directions: card positive = we owe more, cash positive = in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from connectors.brex.parse_expense import expense_lines
from connectors.brex.schema import AccountRef, CardTransaction, CashTransaction, Expense, Transfer, read_labels
from connectors.brex.streams import CARD_TRANSACTIONS, CASH_TRANSACTIONS
from connectors.brex.values import (
    expense_coding,
    expense_person,
    first_of_each,
    is_repaid_undated,
    merchant_coding,
    minor_money,
    person_coding,
    personal_since,
    receipts,
)
from connectors.money import Money
from connectors.records import Coded, Family, Link, Party, RecordKind, SpendRecord


class Meaning(NamedTuple):
    """`usual` is the sign that the kind expects in the feed (+1, -1; 0: as it comes). With `opposite` the other sign
    is a kind of its own, otherwise it contradicts the kind and stays negative (rule G5)."""

    kind: RecordKind
    family: Family
    usual: int
    opposite: RecordKind | None = None


CARD_MEANINGS: Mapping[str, Meaning] = {
    "PURCHASE": Meaning(RecordKind.CARD_PURCHASE, Family.CARD_SPEND, 1),
    "REFUND": Meaning(RecordKind.CARD_REFUND, Family.CARD_SPEND, -1),
    "CHARGEBACK": Meaning(RecordKind.CHARGEBACK, Family.CARD_CREDIT, 0),
    "REWARDS_CREDIT": Meaning(RecordKind.CARD_REWARD, Family.CARD_CREDIT, -1),
    "COLLECTION": Meaning(RecordKind.CARD_PAYMENT, Family.CARD_PAYMENT, -1, RecordKind.CARD_PAYMENT_RETURN),
    "BNPL_FEE": Meaning(RecordKind.FINANCE_FEE, Family.CARD_CREDIT, 1),
}
CASH_MEANINGS: Mapping[str, Meaning] = {
    "PAYMENT": Meaning(RecordKind.MONEY_OUT, Family.CASH, -1, RecordKind.MONEY_IN),
    "CARD_COLLECTION": Meaning(RecordKind.CARD_PAYMENT, Family.CARD_PAYMENT, -1, RecordKind.CARD_PAYMENT_RETURN),
    "FEE": Meaning(RecordKind.ACCOUNT_FEE, Family.CASH, -1),
    "TRANSACTION_FEES_COLLECTION": Meaning(RecordKind.ACCOUNT_FEE, Family.CASH, -1),
    "INTEREST": Meaning(RecordKind.INTEREST, Family.CASH, 1),
    "DIVIDEND": Meaning(RecordKind.INTEREST, Family.CASH, 1),
    "REWARDS_REDEMPTION": Meaning(RecordKind.CASH_REWARD, Family.CASH, 1),
    "INTRA_CUSTOMER_ACCOUNT_BOOK_TRANSFER": Meaning(RecordKind.OWN_TRANSFER, Family.CASH, -1),
    "BOOK_TRANSFER": Meaning(RecordKind.OWN_TRANSFER, Family.CASH, -1),
    "FBO_TRANSFER": Meaning(RecordKind.OPERATIONAL, Family.CASH, -1),
    "BREX_OPERATIONAL_TRANSFER": Meaning(RecordKind.OPERATIONAL, Family.CASH, -1),
    "PAYBACK": Meaning(RecordKind.PAYBACK, Family.CASH, 1),
}


def _apply(meaning: Meaning, amount: Money | None) -> tuple[RecordKind, Money | None]:
    if amount is None or meaning.usual == 0:
        return meaning.kind, amount
    directed = amount if meaning.usual > 0 else -amount
    if directed.amount < 0 and meaning.opposite:
        return meaning.opposite, -directed
    return meaning.kind, directed


def parse_card_transaction(item: Mapping[str, Any], lookups: Mapping[str, Any]) -> SpendRecord:
    transaction = CardTransaction.model_validate(item)
    expense = Expense.model_validate(lookups["expense"]) if lookups.get("expense") else None
    meaning = CARD_MEANINGS.get(transaction.type, Meaning(RecordKind.UNKNOWN, Family.CARD_SPEND, 0))
    if transaction.type == "PURCHASE" and expense and expense.expense_type == "BILLPAY":  # rule B27
        meaning = Meaning(RecordKind.BILL_CARD_PAYMENT, Family.BILL_PAYMENT, 1)
    kind, amount = _apply(meaning, minor_money(transaction.amount))
    merchant = transaction.merchant or (expense.merchant if expense else None)
    person = expense_person(expense, lookups.get("user"))
    return SpendRecord(
        stream=CARD_TRANSACTIONS,
        external_id=transaction.id,
        kind=kind,
        family=meaning.family,
        vendor_kind=transaction.type,
        amount=amount,
        original=minor_money(expense.original_amount) if expense and kind == RecordKind.CARD_PURCHASE else None,
        posting_moment=transaction.posted_at_date,
        document_moment=transaction.initiated_at_date,
        source_account=str(lookups.get("card_account") or ""),
        billed_entity=expense.billing_entity_id if expense else "",
        spending_entity=expense.spending_entity_id if expense else "",
        merchant=merchant.raw_descriptor if merchant else "",
        memo=(expense.memo if expense else "") or transaction.description,
        person=person,
        coding=first_of_each(
            (
                *(merchant_coding(merchant.raw_descriptor, merchant.mcc) if merchant else ()),
                *expense_coding(expense, read_labels(lookups)),
                *((Coded("card", transaction.card_id),) if transaction.card_id else ()),
                *person_coding(person),
            )
        ),
        lines=expense_lines(expense, read_labels(lookups)) if kind == RecordKind.CARD_PURCHASE and expense else (),
        links=_card_links(transaction, kind),
        receipts=receipts(expense.receipts if expense else None),
        personal_since=personal_since(expense),
        is_partly_personal=is_repaid_undated(expense.repayment) if expense else False,
    )


def _card_links(transaction: CardTransaction, kind: RecordKind) -> tuple[Link, ...]:
    links = []
    if transaction.expense_id:
        links.append(Link("expense", transaction.expense_id))
        if kind in (RecordKind.CARD_PURCHASE, RecordKind.CARD_REFUND, RecordKind.CHARGEBACK):
            links.append(Link("purchase", transaction.expense_id))
        if kind == RecordKind.BILL_CARD_PAYMENT:
            links.append(Link("bill", transaction.expense_id))
    if transaction.card_transaction_operation_reference_id:
        links.append(Link("operation", transaction.card_transaction_operation_reference_id))
    return tuple(links)


def parse_cash_transaction(item: Mapping[str, Any], lookups: Mapping[str, Any]) -> SpendRecord:
    transaction = CashTransaction.model_validate(item)
    account = AccountRef.model_validate(lookups["cash_account"]) if lookups.get("cash_account") else None
    transfer = Transfer.model_validate(lookups["transfer"]) if lookups.get("transfer") else None
    meaning = CASH_MEANINGS.get(transaction.type, Meaning(RecordKind.UNKNOWN, Family.CASH, 0))
    kind, amount = _apply(meaning, minor_money(transaction.amount))
    if kind == RecordKind.MONEY_IN and transfer and transfer.amount and transfer.amount.amount > 0:
        kind = RecordKind.PAYMENT_RETURN  # money of an outgoing transfer that came back (rule B17)
    return SpendRecord(
        stream=CASH_TRANSACTIONS,
        external_id=transaction.id,
        kind=kind,
        family=meaning.family,
        vendor_kind=transaction.type,
        amount=amount,
        posting_moment=transaction.posted_at_date,
        document_moment=transaction.initiated_at_date,
        source_account=account.id if account else "",
        memo=transaction.description,
        vendor=_transfer_vendor(transfer),
        coding=first_of_each(_cash_coding(transaction, account, transfer)),
        links=(Link("transfer", transaction.transfer_id),) if transaction.transfer_id else (),
    )


def _transfer_vendor(transfer: Transfer | None) -> Party | None:
    if transfer is None or transfer.counterparty is None or transfer.counterparty.type != "VENDOR":
        return None
    return Party(id=transfer.counterparty.id, name=transfer.display_name)


def _cash_coding(transaction: CashTransaction, account: AccountRef | None, transfer: Transfer | None) -> list[Coded]:
    coding = [Coded("description", transaction.description)] if transaction.description else []
    if account:
        coding.append(Coded("source_account", account.id, account.name))
    if transfer:
        party = transfer.counterparty
        who = (party.id or party.payment_instrument_id) if party else ""
        if who or transfer.display_name:
            coding.append(Coded("counterparty", who or transfer.display_name, transfer.display_name))
        if party and party.type == "VENDOR" and party.id:
            coding.append(Coded("vendor", party.id, transfer.display_name))
        if transfer.payment_type:
            coding.append(Coded("payment_type", transfer.payment_type))
    elif transaction.description:
        coding.append(Coded("counterparty", transaction.description))
    return coding
