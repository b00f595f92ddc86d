"""Is the demo company believable: complete, linked, balanced where it should be, the same every time?"""

from __future__ import annotations

import base64
import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.brex.simulator import BrexSimulator
from connectors.brex.simulator import company as demo
from connectors.brex.simulator.company_objects import EXPONENT
from connectors.brex.simulator.expenses import EXPENSE_TYPES
from connectors.simulation import Clock, json_text

TODAY = date(2026, 11, 20)
RECORD_TYPES = {
    "CARD_EXPENSE_POST",
    "CARD_EXPENSE_REFUND",
    "CARD_EXPENSE_REPAYMENT",
    "CARD_PAYMENT",
    "CARD_PAYMENT_REFUND",
    "REWARD_REDEMPTION",
    "REIMBURSEMENT_EXPENSE_APPROVAL",
    "REIMBURSEMENT_EXPENSE_POST",
    "REIMBURSEMENT_EXPENSE_REPAYMENT",
    "REIMBURSEMENT_EXPENSE_MONEY_MOVEMENT_PAYOUT",
    "REIMBURSEMENT_EXPENSE_MONEY_MOVEMENT_PAYOUT_REVERSAL",
    "REIMBURSEMENT_EXPENSE_MONEY_MOVEMENT_PAYIN",
    "REIMBURSEMENT_EXPENSE_MONEY_MOVEMENT_REFUND",
    "BILL_EXPENSE",
    "BILL_EXPENSE_PAYMENT",
    "BILL_EXPENSE_CARD_PAYMENT",
    "BILL_MONEY_MOVEMENT_PAYIN",
    "INVOICE",
    "INVOICE_PAYMENT",
}
CARD_TYPES = {"PURCHASE", "REFUND", "CHARGEBACK", "REWARDS_CREDIT", "COLLECTION", "BNPL_FEE"}
CASH_TYPES = {
    "None",
    "PAYMENT",
    "DIVIDEND",
    "FEE",
    "ADJUSTMENT",
    "INTEREST",
    "CARD_COLLECTION",
    "REWARDS_REDEMPTION",
    "RECEIVABLES_OFFERS_ADVANCE",
    "FBO_TRANSFER",
    "RECEIVABLES_OFFERS_REPAYMENT",
    "RECEIVABLES_OFFERS_COLLECTION",
    "BREX_OPERATIONAL_TRANSFER",
    "BOOK_TRANSFER",
    "INTRA_CUSTOMER_ACCOUNT_BOOK_TRANSFER",
    "CRYPTO_BRIDGE",
    "STABLECOIN",
    "TRANSACTION_FEES_COLLECTION",
    "PAYBACK",
}


def company(today: date = TODAY, records: int = 1000) -> BrexSimulator:
    clock = Clock(datetime(today.year, today.month, today.day, 9, tzinfo=UTC))
    return BrexSimulator.demo(records=records, today=today, clock=clock)


@pytest.fixture(scope="module")
def cascade() -> BrexSimulator:
    return company()


def minor(amount: dict[str, Any]) -> int:
    return int(amount["amount"].scaleb(EXPONENT[amount["currency"]]))


def cash(simulator: BrexSimulator) -> list[dict[str, Any]]:
    return [one for account in simulator.store.cash_accounts for one in simulator.store.cash_of(account["id"])]


def total(record: dict[str, Any], side: str) -> Decimal:
    return sum((one["amount"]["amount"] for one in record["line_items"] if one["type"] == side), Decimal(0))


def test_the_plan_of_the_docstring_is_what_is_made(cascade: BrexSimulator) -> None:
    plan = demo.company_plan(cascade)
    totals = {name: sum(kinds.values()) for name, kinds in plan.items()}
    assert {
        name: totals[name] for name in ("accounting_records", "card_transactions", "cash_transactions", "expenses")
    } == {
        "accounting_records": 398,
        "card_transactions": 211,
        "cash_transactions": 117,
        "expenses": 277,
    }
    for number in ("398", "211", "117", "277"):
        assert f" {number} " in (demo.__doc__ or "")
    assert set(plan["accounting_records"]) == RECORD_TYPES
    assert set(plan["card_transactions"]) == CARD_TYPES
    assert set(plan["cash_transactions"]) == CASH_TYPES
    assert set(plan["expenses"]) == set(EXPENSE_TYPES)
    assert set(plan["review_status"]) == {"PREPARE", "REVIEW", "READY_FOR_EXPORT", "EXPORTED"}
    assert plan["review_status"]["READY_FOR_EXPORT"] > 370


def test_the_same_seed_and_day_make_the_same_company() -> None:
    first, second = company(records=200), company(records=200)
    other = BrexSimulator.demo(records=200, today=TODAY, seed=1, clock=Clock(datetime(2026, 11, 20, 9, tzinfo=UTC)))
    assert json_text(first.state()) == json_text(second.state())
    assert json_text(first.state()) != json_text(other.state())


@pytest.mark.parametrize("today", [date(2026, 1, 1), date(2026, 2, 28), date(2026, 3, 5), date(2026, 12, 31)])
@pytest.mark.parametrize("records", [100, 1500])
def test_any_day_of_the_year_and_any_size_will_do(today: date, records: int) -> None:
    simulator = company(today, records)
    first = demo.locked_until(today).replace(day=1).isoformat()
    for record in simulator.store.records:
        assert first <= record["erp_posting_date"][:10] < today.isoformat()
        assert record["updated_at"][:10] < today.isoformat()
    for one in [*simulator.store.card_transactions, *cash(simulator)]:
        assert first <= one["posted_at_date"] < today.isoformat()
        assert one["initiated_at_date"] <= one["posted_at_date"]


def test_the_size_scales(cascade: BrexSimulator) -> None:
    assert len(company(records=3000).store.records) > 2 * len(cascade.store.records)


def test_every_purchase_is_told_alike_by_record_expense_and_card_feed(cascade: BrexSimulator) -> None:
    by_expense = {one["_expense_id"]: one for one in cascade.store.card_transactions if one["type"] == "PURCHASE"}
    zero = 0
    for record in cascade.store.records:
        if record["type"] != "CARD_EXPENSE_POST":
            continue
        expense = cascade.store.expenses[record["source_id"]]
        transaction = by_expense[record["source_id"]]
        assert expense["billing_amount"] == transaction["amount"]
        if record["amount"]["amount"]:
            assert minor(record["amount"]) == transaction["amount"]["amount"]
        zero += not record["amount"]["amount"]
        assert record["erp_posting_date"][:10] == transaction["posted_at_date"]
        assert record["amount"]["currency"] == transaction["amount"]["currency"]
        if record["original_amount"]:
            assert minor(record["original_amount"]) == expense["original_amount"]["amount"]
            assert record["original_amount"]["currency"] != record["amount"]["currency"]
    assert zero == 1


def test_three_currencies_settle_and_foreign_ones_are_original(cascade: BrexSimulator) -> None:
    settled = Counter(one["amount"]["currency"] for one in cascade.store.records)
    assert set(settled) == {"USD", "EUR", "JPY"}
    assert min(settled.values()) > 15
    originals = {one["original_amount"]["currency"] for one in cascade.store.records if one["original_amount"]}
    assert originals == {"GBP", "CHF", "USD"}
    assert all(one["amount"]["amount"] % 1 == 0 for one in cascade.store.records if one["amount"]["currency"] == "JPY")


def test_records_balance_except_the_one_that_must_not(cascade: BrexSimulator) -> None:
    odd = []
    for record in cascade.store.records:
        debit, credit = total(record, "DEBIT"), total(record, "CREDIT")
        assert all(one["amount"]["amount"] >= 0 for one in record["line_items"])
        if debit and credit and debit != credit:
            odd.append(record)
        elif record["amount"]["amount"]:
            assert max(debit, credit) == abs(record["amount"]["amount"])
    assert len(odd) == 1
    one_sided = [one for one in cascade.store.records if not total(one, "DEBIT") or not total(one, "CREDIT")]
    assert 5 <= len(one_sided) <= 12


def test_what_a_person_must_look_at_is_there_and_rare(cascade: BrexSimulator) -> None:
    records = list(cascade.store.records)
    coded = [(one, v) for one in records for line in one["line_items"] for v in line["accounting_field_values"]]
    assert len({one["id"] for one, v in coded if v["remote_field_value_id"] == demo.UNMAPPED_GL}) == 4
    assert sum(one["category"] == demo.UNMAPPED_CATEGORY for one in cascade.store.expenses) == 3
    unknown = [one for one in records if one["vendor"] and one["vendor"]["name"] == demo.UNKNOWN_VENDOR]
    assert len(unknown) == 2
    assert demo.UNKNOWN_VENDOR not in {one["company_name"] for one in cascade.store.vendors}
    locked = demo.locked_until(TODAY).isoformat()
    assert locked == "2026-08-31"
    assert 12 <= sum(one["erp_posting_date"][:10] <= locked for one in records) <= 18
    assert any(v["remote_field_id"] is None for _, v in coded)
    assert any(one["erp_posting_date"].endswith("03:30:00Z") for one in records)
    assert any(minor(one["amount"]) < 0 for one in records)
    assert any(len(one["line_items"]) >= 4 for one in records)
    assert any(one["vendor"] is None for one in records)


def test_some_user_ids_are_base64_and_all_lead_to_a_user(cascade: BrexSimulator) -> None:
    plain, encoded = 0, 0
    for record in cascade.store.records:
        if not record["user"]:
            continue
        user_id = record["user"]["id"]
        if not user_id.startswith("cuuser_"):
            encoded += 1
            kind, _, user_id = base64.b64decode(user_id).decode().partition(":")
            assert kind == "User"
        else:
            plain += 1
        assert user_id in cascade.store.users
    assert encoded > 10
    assert plain > encoded


def test_gl_values_are_codes_of_the_ledger_and_cost_centres_its_plans(cascade: BrexSimulator) -> None:
    fields = {one["remote_id"]: one["id"] for one in cascade.store.fields}
    known = {code for code, _ in demo.GL_ACCOUNTS}
    centres = {code for code, _ in demo.COST_CENTRES}
    assert {one["remote_id"] for one in cascade.store.values_of(fields[demo.GL_FIELD_REMOTE_ID])} == known
    assert {one["remote_id"] for one in cascade.store.values_of(fields[demo.COST_CENTRE_FIELD_REMOTE_ID])} == centres
    assert centres == {"APO", "ZEU", "SAL", "IT"}
    for record in cascade.store.records:
        for line in record["line_items"]:
            for value in line["accounting_field_values"]:
                if value["remote_field_id"] == demo.GL_FIELD_REMOTE_ID:
                    assert value["remote_field_value_id"] in known


def test_every_category_but_one_has_an_account(cascade: BrexSimulator) -> None:
    seen = {one["category"] for one in cascade.store.expenses if one["category"]}
    assert seen - set(demo.CATEGORY_ACCOUNTS) == {demo.UNMAPPED_CATEGORY}
    assert set(demo.CATEGORY_ACCOUNTS.values()) <= {code for code, _ in demo.GL_ACCOUNTS} - {demo.UNMAPPED_GL}


def near(first: str, second: str) -> bool:
    return abs(date.fromisoformat(first[:10]) - date.fromisoformat(second[:10])) <= timedelta(days=5)


def test_card_payments_are_twins_in_card_feed_cash_feed_and_records(cascade: BrexSimulator) -> None:
    feed = [one for one in cascade.store.card_transactions if one["type"] == "COLLECTION"]
    bank = [one for one in cash(cascade) if one["type"] == "CARD_COLLECTION"]
    told = {
        one["source_id"]: one for one in cascade.store.records if one["type"] in ("CARD_PAYMENT", "CARD_PAYMENT_REFUND")
    }
    assert len(told) == len(feed)
    for one in feed:
        record = told[one["card_transaction_operation_reference_id"]]
        assert minor(record["amount"]) == abs(one["amount"]["amount"])
        assert (record["type"] == "CARD_PAYMENT_REFUND") == (one["amount"]["amount"] > 0)
        twins = [
            two for two in bank if two["amount"] == one["amount"] and near(two["posted_at_date"], one["posted_at_date"])
        ]
        assert len(twins) == (1 if one["amount"]["currency"] == "USD" else 0)
    assert sum(one["amount"]["currency"] == "USD" for one in feed) == len(bank)


def test_funding_of_claims_is_seen_once_in_the_cash_feed(cascade: BrexSimulator) -> None:
    bank = Counter(-one["amount"]["amount"] for one in cash(cascade) if one["type"] == "FBO_TRANSFER")
    kinds = ("REIMBURSEMENT_EXPENSE_MONEY_MOVEMENT_PAYIN", "REIMBURSEMENT_EXPENSE_MONEY_MOVEMENT_REFUND")
    told = Counter(
        minor(one["amount"]) * (1 if one["type"] == kinds[0] else -1)
        for one in cascade.store.records
        if one["type"] in kinds and one["amount"]["currency"] == "USD"
    )
    assert bank == told
    assert max(bank.values()) == 1


def test_a_bill_payment_names_its_transfer_and_its_bill(cascade: BrexSimulator) -> None:
    paid = {one["transfer_id"]: one for one in cash(cascade) if one["transfer_id"] in cascade.store.transfers}
    assert len(paid) == len(cascade.store.transfers) > 5
    bills = {one["invoice_number"]: one for one in cascade.store.records if one["type"] == "BILL_EXPENSE_PAYMENT"}
    for transfer in cascade.store.transfers:
        assert transfer["status"] == "PROCESSED"
        assert paid[transfer["id"]]["amount"]["amount"] == -transfer["amount"]["amount"]
        assert minor(bills[transfer["external_memo"]]["amount"]) == transfer["amount"]["amount"]
        assert transfer["counterparty"]["id"] in cascade.store.vendors


def test_split_children_sum_to_their_parent(cascade: BrexSimulator) -> None:
    parents = [one for one in cascade.store.expenses if one["status"] == "SPLIT"]
    assert len(parents) >= 5
    for parent in parents:
        children = [cascade.store.expenses[one] for one in parent["_children"]]
        assert sum(one["billing_amount"]["amount"] for one in children) == parent["billing_amount"]["amount"]
        assert {one["_parent_id"] for one in children} == {parent["id"]}


def test_balances_tie_to_the_transactions(cascade: BrexSimulator) -> None:
    for account in cascade.store.cash_accounts:
        moved = sum(one["amount"]["amount"] for one in cascade.store.cash_of(account["id"]) if one["amount"])
        assert account["current_balance"]["amount"] == account["_opening"] + moved
    for account in cascade.store.card_accounts:
        currency = account["current_balance"]["currency"]
        feed = [
            one["amount"]["amount"] for one in cascade.store.card_transactions if one["amount"]["currency"] == currency
        ]
        assert account["current_balance"]["amount"] == sum(feed)


def test_refunds_follow_their_purchases_whole_in_part_above_and_at_another_rate(cascade: BrexSimulator) -> None:
    purchases = {one["source_id"]: one for one in cascade.store.records if one["type"] == "CARD_EXPENSE_POST"}
    refunds = [one for one in cascade.store.records if one["type"] == "CARD_EXPENSE_REFUND"]
    ratios = []
    for refund in refunds:
        bought = purchases[refund["source_id"]]
        ratios.append(refund["amount"]["amount"] / bought["amount"]["amount"])
        assert refund["erp_posting_date"] >= bought["erp_posting_date"]
        assert refund["original_amount"] in (None, bought["original_amount"])
    assert 1 in ratios
    assert sum(one > 1 for one in ratios) == 1
    assert any(one < Decimal("0.6") for one in ratios)
    foreign = [one for one, refund in zip(ratios, refunds, strict=True) if refund["original_amount"]]
    assert foreign
    assert all(Decimal("0.9") < one < 1 for one in foreign)


def test_both_legal_entities_carry_spend_and_currency_tells_which(cascade: BrexSimulator) -> None:
    entities = {one["id"]: one for one in cascade.store.legal_entities}
    seen = Counter(entities[one["billing_entity_id"]]["displayName"] for one in cascade.store.expenses)
    assert min(seen.values()) > 40
    for one in cascade.store.expenses:
        entity = entities[one["billing_entity_id"]]
        assert (one["billing_amount"]["currency"] == "EUR") == (entity["_currency"] == "EUR")


def test_thousands_of_plain_records_are_seeded_and_a_page_starts_where_the_last_ended() -> None:
    simulator = BrexSimulator(seed=1)
    assert simulator.control(
        "seed_records", {"count": 5000, "streams": ["records", "expenses", "card_transactions"]}
    ) == {
        "records": 5000,
        "expenses": 5000,
        "card_transactions": 5000,
    }
    with pytest.raises(KeyError):
        simulator.control("seed_records", {"count": 1, "streams": ["cash"]})
    looked_at = 0
    last = list(simulator.store.records.scan(group="READY_FOR_EXPORT"))[-2]
    for _ in simulator.store.records.scan(after=simulator.store.records.key_of(last["id"]), group="READY_FOR_EXPORT"):
        looked_at += 1
    assert looked_at == 1
    for record in simulator.store.records:
        assert total(record, "DEBIT") == total(record, "CREDIT") == record["amount"]["amount"]
        assert simulator.store.expenses[record["source_id"]]["billing_amount"]["amount"] == minor(record["amount"])


def test_the_state_is_plain_json(cascade: BrexSimulator) -> None:
    state = json.loads(json_text(cascade.state()))
    assert state["counts"]["records"] == len(state["records"]) == 398
