"""What does each kind of payload of Brex mean? One line for each captured event; amounts by kind, not by sign."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.brex.parse import parse
from connectors.brex.streams import ACCOUNTING_RECORDS, CARD_TRANSACTIONS, CASH_TRANSACTIONS, STREAMS, VENDORS
from connectors.errors import PayloadError
from connectors.money import Money
from connectors.records import Coded, Link, Party, Receipt, RecordKind, Side, SpendRecord, VendorRecord
from tests.connectors.brex.desk import PAYLOADS, captured

# event: kind, family, amount, finality
MEANINGS = """
accounting_records.CARD_EXPENSE_POST: card_purchase F1 248.4 USD final
accounting_records.CARD_EXPENSE_POST.personal: card_purchase F1 45 USD final
accounting_records.CARD_EXPENSE_POST.in_review: card_purchase F1 45 USD waiting
accounting_records.CARD_EXPENSE_POST.brex_only_field: card_purchase F1 45 USD final
accounting_records.CARD_EXPENSE_REFUND: card_refund F1 50 USD final
accounting_records.CARD_EXPENSE_REPAYMENT: card_repayment F1 30 USD final
accounting_records.CARD_PAYMENT: card_payment F3 900 USD final
accounting_records.CARD_PAYMENT_REFUND: card_payment_return F3 900 USD final
accounting_records.REWARD_REDEMPTION: card_reward F2 25 USD final
accounting_records.REIMBURSEMENT_EXPENSE_APPROVAL: claim_approved F5 80 USD final
accounting_records.REIMBURSEMENT_EXPENSE_POST: claim_cash F5 80 USD final
accounting_records.REIMBURSEMENT_EXPENSE_REPAYMENT: claim_given_back F6 80 USD final
accounting_records.REIMBURSEMENT_EXPENSE_MONEY_MOVEMENT_PAYOUT: claim_paid F6 80 USD final
accounting_records.REIMBURSEMENT_EXPENSE_MONEY_MOVEMENT_PAYOUT_REVERSAL: claim_payout_return F6 80 USD final
accounting_records.REIMBURSEMENT_EXPENSE_MONEY_MOVEMENT_PAYIN: claim_funding F4 80 USD final
accounting_records.REIMBURSEMENT_EXPENSE_MONEY_MOVEMENT_REFUND: funding_return F4 80 USD final
accounting_records.BILL_EXPENSE: bill F7 242 USD final
accounting_records.BILL_EXPENSE.credit: bill F7 -50 USD final
accounting_records.BILL_EXPENSE_PAYMENT: bill_payment F8 242 USD final
accounting_records.BILL_EXPENSE_CARD_PAYMENT: bill_card_payment F8 242 USD final
accounting_records.BILL_MONEY_MOVEMENT_PAYIN: bill_funding F4 242 USD final
accounting_records.INVOICE: unknown F7 242 USD final
accounting_records.yen: card_purchase F1 1200 JPY final
card_transactions.PURCHASE: card_purchase F1 248.40 USD final
card_transactions.PURCHASE.split: card_purchase F1 100 USD final
card_transactions.PURCHASE.of_a_bill: bill_card_payment F8 300 USD final
card_transactions.PURCHASE.negative: card_purchase F1 -248.40 USD final
card_transactions.REFUND: card_refund F1 50 USD final
card_transactions.REFUND.positive: card_refund F1 -50 USD final
card_transactions.CHARGEBACK.credit: chargeback F2 -120 USD final
card_transactions.CHARGEBACK.taken_back: chargeback F2 120 USD final
card_transactions.REWARDS_CREDIT: card_reward F2 25 USD final
card_transactions.COLLECTION: card_payment F3 900 USD final
card_transactions.COLLECTION.returned: card_payment_return F3 900 USD final
card_transactions.BNPL_FEE: finance_fee F2 12 USD final
cash_transactions.PAYMENT.out: money_out F4 1250 USD final
cash_transactions.PAYMENT.in: money_in F4 5000 USD final
cash_transactions.PAYMENT.returned: payment_return F4 1250 USD final
cash_transactions.DIVIDEND: interest F4 31.07 USD final
cash_transactions.INTEREST: interest F4 31.07 USD final
cash_transactions.FEE: account_fee F4 15 USD final
cash_transactions.FEE.refunded: account_fee F4 -15 USD final
cash_transactions.TRANSACTION_FEES_COLLECTION: account_fee F4 15 USD final
cash_transactions.CARD_COLLECTION: card_payment F3 900 USD final
cash_transactions.CARD_COLLECTION.returned: card_payment_return F3 900 USD final
cash_transactions.REWARDS_REDEMPTION: cash_reward F4 40 USD final
cash_transactions.INTRA_CUSTOMER_ACCOUNT_BOOK_TRANSFER: own_transfer F4 700 USD final
cash_transactions.BOOK_TRANSFER: own_transfer F4 -700 USD final
cash_transactions.FBO_TRANSFER: operational F4 80 USD final
cash_transactions.BREX_OPERATIONAL_TRANSFER: operational F4 80 USD final
cash_transactions.PAYBACK: payback F4 30 USD final
cash_transactions.ADJUSTMENT: unknown F4 1 USD final
cash_transactions.STABLECOIN: unknown F4 1 USD final
cash_transactions.RECEIVABLES_OFFERS_ADVANCE: unknown F4 1 USD final
cash_transactions.no_amount: money_out F4 None final
cash_transactions.no_type: unknown F4 1 USD final
expenses.CARD.APPROVED.CLEARED: card_purchase F1 248.40 USD final
expenses.CARD.SETTLED.REFUNDED: card_purchase F1 248.40 USD final
expenses.CARD.APPROVED.PROCESSING: card_purchase F1 248.40 USD waiting
expenses.CARD.SUBMITTED.CLEARED: card_purchase F1 248.40 USD waiting
expenses.CARD.APPROVED.DECLINED: card_purchase F1 248.40 USD cancelled
expenses.CARD.VOID.CLEARED: card_purchase F1 248.40 USD cancelled
expenses.CARD.SPLIT.CLEARED: card_purchase F1 248.40 USD cancelled
expenses.CARD.OUT_OF_POLICY.CLEARED: unknown F1 248.40 USD final
expenses.CARD.APPROVED.CASH_ADVANCE: unknown F1 248.40 USD final
expenses.REIMBURSEMENT.APPROVED.NOT_STARTED: claim_approved F5 248.40 USD final
expenses.REIMBURSEMENT.CANCELED.CANCELED: claim_approved F5 248.40 USD cancelled
expenses.REIMBURSEMENT.items: claim_approved F5 248.40 USD final
expenses.REIMBURSEMENT.payout: claim_paid F6 248.40 USD final
expenses.BILLPAY.APPROVED.SCHEDULED: bill F7 248.40 USD final
expenses.CLAWBACK.APPROVED.CLEARED: unknown F1 248.40 USD final
expenses.UNSET.DRAFT.NOT_STARTED: unknown F1 248.40 USD waiting
"""
ROWS = [line.split(": ") for line in MEANINGS.strip().splitlines()]


def record_of(name: str) -> SpendRecord:
    record = parse(name.partition(".")[0], captured(name))
    assert isinstance(record, SpendRecord)
    return record


@pytest.mark.parametrize(("event", "meaning"), ROWS, ids=[row[0] for row in ROWS])
def test_an_event_means(event: str, meaning: str) -> None:
    record = record_of(event)
    assert f"{record.kind} {record.family} {record.amount} {record.finality}" == _normal(meaning)
    spec = STREAMS[record.stream]
    assert record.kind in spec.kinds
    assert record.family in spec.families


def _normal(meaning: str) -> str:
    kind, family, *amount, finality = meaning.split()
    money = Money(Decimal(amount[0]), amount[1]) if len(amount) == 2 else None
    return f"{kind} {family} {money} {finality}"


def test_every_captured_event_has_its_line() -> None:
    assert {path.stem for path in PAYLOADS.glob("*.json")} == {row[0] for row in ROWS} | {"vendors.vendor"}


# --- what a record carries


def test_an_accounting_record_carries_lines_and_what_its_expense_lends() -> None:
    record = record_of("accounting_records.CARD_EXPENSE_POST")
    assert record.external_id == "accr_1001"
    assert record.vendor_kind == "CARD_EXPENSE_POST"
    assert record.original == Money(Decimal("229.17"), "EUR")
    assert record.posting_moment == date(2026, 3, 3)  # exactly midnight UTC is a day
    assert record.document_moment == datetime(2026, 3, 2, 18, 11, 9, 120000, tzinfo=UTC)
    assert record.changed_at == datetime(2026, 3, 4, 8, 0, 1, 2000, tzinfo=UTC)
    assert record.source_account == "card_account_1"
    assert (record.billed_entity, record.spending_entity) == ("cule_1", "cule_1")
    assert (record.merchant, record.memo) == ("RACKSHOP LYON", "Test rack for Lyon site")
    assert record.person == Party("cuuser_55", "Ana Roux", "ana@acme.test")
    assert record.receipts == (Receipt("receipt_31"), Receipt("receipt_32"))
    assert record.coding == (
        Coded("category", "ELECTRONICS", "Electronics"),
        Coded("department", "dep_7", "Infrastructure"),  # the expense's, before the person's own
        Coded("merchant", "RACKSHOP LYON"),
        Coded("mcc", "5732"),
        Coded("custom:project", "APOLLO"),
        Coded("user_role", "EMPLOYEE"),
        Coded("employee", "cuuser_55", "Ana Roux"),
        Coded("employee_email", "ana@acme.test"),
    )
    assert [(line.side, str(line.amount), line.memo) for line in record.lines] == [
        (Side.DEBIT, "200.00 USD", "rack"),
        (Side.DEBIT, "48.40 USD", "VAT"),
        (Side.CREDIT, "248.40 USD", ""),
    ]
    assert record.lines[0].coding == (Coded("gl_account", "6100", "6100 Equipment"), Coded("cost_center", "CC-RD"))
    assert record.lines[0].original == Money(Decimal("184.51"), "EUR")
    assert record.links == (
        Link("source", "expense_cm3x1"),
        Link("expense", "expense_cm3x1"),
        Link("purchase", "expense_cm3x1"),
    )


def test_a_bill_carries_its_number_its_due_day_and_its_vendor() -> None:
    record = record_of("accounting_records.BILL_EXPENSE")
    assert (record.invoice_number, record.due_moment) == ("INV-0117", date(2026, 4, 2))
    assert record.vendor == Party("pdcont_01", "Rackshop SAS", "ap@rackshop.test")
    assert Coded("vendor", "pdcont_01", "Rackshop SAS") in record.coding
    assert Link("bill", "expense_cm3x1") in record.links
    assert record.source_account == ""


def test_fields_that_live_in_brex_only_are_custom_ones() -> None:
    record = record_of("accounting_records.CARD_EXPENSE_POST.brex_only_field")
    assert record.lines[0].coding == (Coded("custom:ef_123", "efo_77", "Apollo"),)


def test_a_user_id_in_base64_is_the_same_person() -> None:
    record = record_of("accounting_records.CARD_EXPENSE_POST.brex_only_field")
    assert record.person == Party("cuuser_55", "Ana Roux", "ana@acme.test")


def test_a_repayment_that_was_asked_for_makes_it_personal_since_then() -> None:
    record = record_of("accounting_records.CARD_EXPENSE_POST.personal")
    assert record.personal_since == datetime(2026, 3, 5, 10, 0, tzinfo=UTC)
    assert not record.is_partly_personal


def test_a_repayment_without_a_day_is_for_a_person_to_decide() -> None:
    payload = captured("accounting_records.CARD_EXPENSE_POST.personal")
    payload["lookups"]["expense"]["repayment"]["repayment_initiation_date"] = None
    record = parse(ACCOUNTING_RECORDS, payload)
    assert isinstance(record, SpendRecord)
    assert (record.personal_since, record.is_partly_personal) == (None, True)


def test_telling_brex_changes_nothing_that_is_parsed_but_the_change_time() -> None:
    payload = captured("accounting_records.CARD_EXPENSE_POST")
    told = copy.deepcopy(payload)
    told["item"].update(review_status="EXPORTED", version=4)
    assert parse(ACCOUNTING_RECORDS, told) == parse(ACCOUNTING_RECORDS, payload)


def test_a_split_purchase_carries_its_parts_and_which_of_them_is_personal() -> None:
    record = record_of("card_transactions.PURCHASE.split")
    assert [(line.id, str(line.amount), line.side, line.is_personal) for line in record.lines] == [
        ("expense_a", "70.00 USD", None, False),
        ("expense_b", "30.00 USD", None, True),
    ]
    assert record.lines[0].coding == (Coded("category", "LODGING", "Lodging"),)
    assert record.personal_since == datetime(2026, 3, 6, 9, 0, tzinfo=UTC)


def test_a_card_transaction_has_plain_days_and_every_link() -> None:
    record = record_of("card_transactions.PURCHASE")
    assert (record.posting_moment, record.document_moment) == (date(2026, 3, 2), date(2026, 3, 1))
    assert record.links == (
        Link("expense", "expense_cm3x1"),
        Link("purchase", "expense_cm3x1"),
        Link("operation", "op_1"),
    )
    assert Coded("gl_account", "6100", "6100 Equipment") in record.coding  # by the field's and the value's remote ids
    assert Coded("card", "card_4") in record.coding
    assert record.person == Party("cuuser_55", "Ana Roux", "ana@acme.test")
    assert record.original == Money(Decimal("229.17"), "EUR")


def test_a_purchase_of_a_bill_is_linked_to_the_bill() -> None:
    assert Link("bill", "expense_cm3x1") in record_of("card_transactions.PURCHASE.of_a_bill").links


def test_a_cash_payment_names_its_counterparty_and_its_account() -> None:
    record = record_of("cash_transactions.PAYMENT.out")
    assert record.source_account == "dpacc_1"
    assert record.vendor == Party("pdcont_01", "Rackshop SAS")
    assert record.links == (Link("transfer", "dptx_9"),)
    assert record.coding == (
        Coded("description", "Acme wire"),
        Coded("source_account", "dpacc_1", "Operating"),
        Coded("counterparty", "pdcont_01", "Rackshop SAS"),
        Coded("vendor", "pdcont_01", "Rackshop SAS"),
        Coded("payment_type", "ACH"),
    )


def test_a_cash_payment_without_a_transfer_is_known_by_its_description() -> None:
    assert Coded("counterparty", "Acme wire") in record_of("cash_transactions.PAYMENT.in").coding


def test_each_expense_posts_on_the_day_of_its_kind() -> None:
    card, claim = record_of("expenses.CARD.APPROVED.CLEARED"), record_of("expenses.REIMBURSEMENT.APPROVED.NOT_STARTED")
    payout = record_of("expenses.REIMBURSEMENT.payout")
    bought = datetime(2026, 3, 1, 16, 0, tzinfo=UTC)
    assert (card.posting_moment, card.document_moment) == (datetime(2026, 3, 2, 18, 11, 9, tzinfo=UTC), bought)
    assert (claim.posting_moment, claim.document_moment) == (datetime(2026, 3, 4, 9, 0, tzinfo=UTC), bought)
    assert (payout.posting_moment, payout.external_id) == (date(2026, 3, 9), "expense_cm3x1:pay")
    assert payout.links == claim.links == (Link("expense", "expense_cm3x1"), Link("claim", "expense_cm3x1"))
    assert (card.billed_entity, card.spending_entity) == ("cule_1", "cule_2")


def test_a_claim_of_several_items_is_as_old_as_its_latest() -> None:
    record = record_of("expenses.REIMBURSEMENT.items")
    assert record.document_moment == datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
    assert [(line.id, str(line.amount), line.side) for line in record.lines] == [
        ("expense_i1", "200.00 USD", None),
        ("expense_i2", "1.60 USD", Side.CREDIT),  # a discount
    ]
    assert Receipt("receipt_40") in record.receipts


def test_a_bill_of_the_expenses_names_its_merchant_as_vendor() -> None:
    assert record_of("expenses.BILLPAY.APPROVED.SCHEDULED").vendor == Party(name="RACKSHOP LYON")


def test_a_vendor_is_trimmed() -> None:
    assert parse(VENDORS, captured("vendors.vendor")) == VendorRecord(
        VENDORS, "pdcont_01", "Rackshop SAS", email="ap@rackshop.test"
    )


# --- what Brex may send one day, and what it should never send


def changed(name: str, place: str, value: Any) -> dict[str, Any]:
    payload = captured(name)
    at: Any = payload
    *parents, last = place.split(".")
    for part in parents:
        at = at[int(part)] if part.isdigit() else at[part]
    at[int(last) if last.isdigit() else last] = value
    return payload


RECORD, CARD, CASH, EXPENSE = (
    "accounting_records.CARD_EXPENSE_POST",
    "card_transactions.PURCHASE",
    "cash_transactions.PAYMENT.in",
    "expenses.CARD.APPROVED.CLEARED",
)


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [
        (RECORD, "item.type", "TELEPORTATION"),
        (RECORD, "item.type", None),
        (CARD, "item.type", "TELEPORTATION"),
        (CARD, "item.type", None),
        (CASH, "item.type", "TELEPORTATION"),
        (EXPENSE, "item.expense_type", "TELEPORTATION"),
        (EXPENSE, "item.expense_type", None),
        (EXPENSE, "item.status", "TELEPORTED"),
        (EXPENSE, "item.payment_status", "TELEPORTED"),
        (RECORD, "item.amount.amount", Decimal("248.405")),
        (RECORD, "item.line_items.0.amount.amount", Decimal("0.001")),
        (CARD, "item.amount.amount", Decimal("24840.5")),
    ],
)
def test_what_nobody_knows_is_held(name: str, place: str, value: Any) -> None:
    record = parse(name.partition(".")[0], changed(name, place, value))
    assert record.kind == RecordKind.UNKNOWN


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [
        (RECORD, "item.review_status", "PONDERING"),
        (RECORD, "item.source_type", "TELEPATHY"),
        (RECORD, "item.user.role", "WIZARD"),
        (RECORD, "item.brand_new_property", {"deep": [1, {}]}),
        (RECORD, "item.line_items.0.accounting_field_values.0.extra", 1),
        (CARD, "item.merchant", None),
        (CARD, "lookups.expense", None),
        (EXPENSE, "item.category", "SPACE_TRAVEL"),
        (EXPENSE, "item.merchant", None),
        (EXPENSE, "item.custom_fields", [{"key": "x", "value": {"value_type": "NEW", "data_type": "NEW", "data": {}}}]),
    ],
)
def test_what_is_new_elsewhere_does_not_matter(name: str, place: str, value: Any) -> None:
    record = parse(name.partition(".")[0], changed(name, place, value))
    assert record.kind == record_of(name).kind


def test_an_unknown_review_status_waits() -> None:
    record = parse(ACCOUNTING_RECORDS, changed(RECORD, "item.review_status", "PONDERING"))
    assert isinstance(record, SpendRecord)
    assert record.finality == "waiting"
    assert "PONDERING" in record.reason


@pytest.mark.parametrize(
    ("name", "place", "value", "says"),
    [
        (RECORD, "item.amount.amount", "248.40", "amount"),
        (RECORD, "item.amount.amount", True, "amount"),
        (RECORD, "item.amount.amount", Decimal("1e30"), "larger"),
        (RECORD, "item.amount.amount", Decimal("1e999999999"), "larger"),
        (RECORD, "item.amount.amount", 10**15, "larger"),
        (RECORD, "item.amount.currency", "XYZ", "XYZ"),
        (RECORD, "item.amount.currency", None, "currency"),
        (RECORD, "item.amount", "100 USD", "amount"),
        (RECORD, "item.erp_posting_date", "0001-01-01T00:00:00Z", "believable"),
        (RECORD, "item.erp_posting_date", "9999-12-31T00:00:00Z", "believable"),
        (RECORD, "item.erp_posting_date", "yesterday", "erp_posting_date"),
        (RECORD, "item.erp_posting_date", 20260303, "erp_posting_date"),
        (RECORD, "item.erp_posting_date", "2026-02-30", "erp_posting_date"),
        (RECORD, "item.line_items", "none", "line_items"),
        (RECORD, "item.user", ["Ana"], "user"),
        (CARD, "item.amount.amount", 10**18, "larger"),
        (CARD, "item.amount.currency", "ZZZ", "ZZZ"),
        (CARD, "item.posted_at_date", "2026-13-01", "posted_at_date"),
        (CARD, "lookups.expense.billing_amount.amount", "x", "billing_amount"),
        (EXPENSE, "item.purchased_at", "1899-01-01T00:00:00Z", "believable"),
        (EXPENSE, "item.billing_amount.amount", Decimal("Infinity"), "amount"),
        ("vendors.vendor", "item.company_name", None, "name"),
        ("vendors.vendor", "item.company_name", "   ", "name"),
    ],
)
def test_what_cannot_be_is_an_error_in_a_sentence(name: str, place: str, value: Any, says: str) -> None:
    with pytest.raises(PayloadError, match=says) as caught:
        parse(name.partition(".")[0], changed(name, place, value))
    assert str(caught.value).startswith(("Brex sent", "Vendor"))
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(("written", "currency"), [(1200, "JPY"), (12345, "KWD"), (24840, None)])
def test_minor_units_follow_the_currency(written: int, currency: str | None) -> None:
    payload = changed(CARD, "item.amount", {"amount": written, "currency": currency})
    record = parse(CARD_TRANSACTIONS, payload)
    expected = {"JPY": "1200 JPY", "KWD": "12.345 KWD", None: "248.40 USD"}[currency]
    assert isinstance(record, SpendRecord)
    assert str(record.amount) == expected


def test_a_day_in_another_zone_is_the_same_instant() -> None:
    record = parse(CASH_TRANSACTIONS, captured(CASH))
    instant = parse(ACCOUNTING_RECORDS, changed(RECORD, "item.posted_at", "2026-03-02T23:30:00-05:00"))
    assert isinstance(record, SpendRecord)
    assert isinstance(instant, SpendRecord)
    assert instant.document_moment == datetime(2026, 3, 3, 4, 30, tzinfo=UTC)
