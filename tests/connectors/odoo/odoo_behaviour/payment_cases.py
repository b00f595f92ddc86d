"""How are bills paid: the wizard, direct payments, reconciliation, exchange differences?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest

from .entry_cases import refusal
from .target import CONTEXT, EU, EU_BOOKS, GBP, Target

D = Decimal
B = EU_BOOKS
NOTHING_LEFT = (
    "There's nothing left to pay for the selected journal items, so no payment registration is necessary. You've got "
    "your finances under control like a boss!"
)


def wizard(target: Target, bills: list[int], **vals: Any) -> list[int]:
    values = {"payment_date": "2026-11-15", "journal_id": B.bank_journal, **vals}
    context = {**CONTEXT, "active_model": "account.move", "active_ids": bills}
    return list(target.call("account.payment.register/create", vals_list=[values], context=context))


def pay(target: Target, bills: list[int], **vals: Any) -> dict[str, Any]:
    return dict(target.call("account.payment.register/action_create_payments", ids=wizard(target, bills, **vals)))


def paid(target: Target, bill: int) -> tuple[str, Decimal]:
    row = target.move(bill, "payment_state", "amount_residual")
    return row["payment_state"], row["amount_residual"]


def payment(target: Target, id: int, *fields: str) -> dict[str, Any]:
    return dict(target.call("account.payment/read", ids=[id], fields=list(fields), load=None)[0])


def direct(target: Target, vendor: int, amount: Any = 50, **vals: Any) -> int:
    values = {
        "payment_type": "outbound",
        "partner_type": "supplier",
        "partner_id": vendor,
        "amount": amount,
        "date": "2026-11-16",
        "journal_id": B.bank_journal,
        "memo": target.unique("memo"),
        **vals,
    }
    return int(target.call("account.payment/create", vals_list=[values])[0])


def open_lines(target: Target, *moves: int) -> list[int]:
    domain = [["move_id", "in", list(moves)], ["account_id", "=", B.payable], ["reconciled", "=", False]]
    return list(target.call("account.move.line/search", domain=domain, order="id"))


@contextmanager
def pound_rates(target: Target) -> Iterator[None]:
    """The pound at 0.8 for a euro in March and at 0.5 in November, in company 2 only."""
    rates = []
    try:
        for day, rate in (("2026-02-01", 0.8), ("2026-10-01", 0.5)):
            vals = {"name": day, "rate": rate, "currency_id": GBP, "company_id": EU}
            rates += target.call("res.currency.rate/create", user="admin", vals_list=[vals])
        yield
    finally:
        target.call("res.currency.rate/unlink", user="admin", ids=rates)


class PaymentCases:
    def test_the_wizard_pays_a_bill_whole(self, target: Target) -> None:
        bill, memo = target.posted_bill(115), target.unique("memo")
        action = pay(target, [bill], communication=memo)
        id = action.pop("res_id")
        assert action == {
            "name": "Payments",
            "type": "ir.actions.act_window",
            "res_model": "account.payment",
            "context": {"create": False},
            "view_mode": "form",
        }
        assert paid(target, bill) == ("paid", D(0))
        assert target.move(bill, "matched_payment_ids")["matched_payment_ids"] == [id]
        row = payment(
            target, id, "state", "memo", "amount", "name", "is_matched", "is_reconciled", "invoice_ids", "move_id"
        )
        assert row["name"].startswith("PBNK1/2026/0")
        assert (row["state"], row["memo"], row["amount"]) == ("in_process", memo, D(115))
        assert (row["is_matched"], row["is_reconciled"], row["invoice_ids"]) == (False, True, [bill])
        lines = target.lines(row["move_id"], "account_id", "debit", "credit", "name")
        assert [(line["account_id"], line["debit"], line["credit"]) for line in lines] == [
            (B.outstanding, D(0), D(115)),
            (B.payable, D(115), D(0)),
        ]
        assert lines[0]["name"] == f"Manual Payment: {memo}"
        domain = [
            ["memo", "=", memo],
            ["journal_id", "=", B.bank_journal],
            ["state", "not in", ["canceled", "rejected"]],
        ]
        assert target.call("account.payment/search", domain=domain) == [id]
        assert target.call("account.payment/action_validate", ids=[id]) is None
        assert payment(target, id, "state")["state"] == "paid"

    def test_a_partial_payment_leaves_the_rest_and_a_second_one_pays_it(self, target: Target) -> None:
        bill = target.posted_bill(100)
        pay(target, [bill], amount=40)
        assert paid(target, bill) == ("partial", D(60))
        second = pay(target, [bill], amount=70)["res_id"]
        assert paid(target, bill) == ("paid", D(0))
        line = target.lines(payment(target, second, "move_id")["move_id"], "amount_residual", "reconciled")[1]
        assert (line["amount_residual"], line["reconciled"]) == (D(10), False)

    def test_a_difference_is_written_off(self, target: Target) -> None:
        bill = target.posted_bill(100)
        id = pay(
            target,
            [bill],
            amount=95,
            payment_difference_handling="reconcile",
            writeoff_account_id=B.fees,
            writeoff_label="diff",
        )["res_id"]
        assert paid(target, bill) == ("paid", D(0))
        lines = target.lines(payment(target, id, "move_id")["move_id"], "account_id", "debit", "credit", "name")
        rows = [(line["account_id"], line["debit"], line["credit"]) for line in lines]
        assert rows == [(B.outstanding, D(0), D(95)), (B.payable, D(100), D(0)), (B.fees, D(0), D(5))]

    @pytest.mark.parametrize(("grouped", "amounts"), [(False, [D(10), D(20)]), (True, [D(30)])])
    def test_several_bills_are_paid_one_by_one_or_together(
        self, target: Target, grouped: bool, amounts: list[Decimal]
    ) -> None:
        vendor = target.vendor()
        bills = [target.posted_bill(amount, vendor=vendor) for amount in (10, 20)]
        action = pay(target, bills, group_payment=grouped)
        ids = [action["res_id"]] if grouped else action["domain"][0][2]
        assert sorted(payment(target, id, "amount")["amount"] for id in ids) == amounts
        assert [paid(target, bill) for bill in bills] == [("paid", D(0))] * 2

    def test_what_is_paid_is_not_paid_again(self, target: Target) -> None:
        bill = target.posted_bill()
        pay(target, [bill])
        with pytest.raises(Exception, match="nothing left to pay") as refused:
            wizard(target, [bill])
        assert refused.value.message == NOTHING_LEFT  # type: ignore[attr-defined]

    def test_the_wizard_needs_to_be_told_what_to_pay(self, target: Target) -> None:
        error = refusal(target, "account.payment.register/create", vals_list=[{"journal_id": B.bank_journal}])
        assert (
            error.message
            == "The register payment wizard should only be called on account.move or account.move.line records."
        )

    def test_a_draft_bill_can_be_paid_and_stays_a_draft(self, target: Target) -> None:
        bill = target.bill(15)
        pay(target, [bill])
        assert paid(target, bill) == ("paid", D(0))
        assert target.move(bill, "state")["state"] == "draft"

    def test_a_direct_payment_pays_only_when_reconciled(self, target: Target) -> None:
        vendor = target.vendor()
        bill = target.posted_bill(50, vendor=vendor)
        id = direct(target, vendor, invoice_ids=[[6, 0, [bill]]])
        row = payment(target, id, "state", "move_id", "name", "display_name")
        assert (row["state"], row["move_id"], row["name"], row["display_name"]) == (
            "draft",
            False,
            False,
            "Draft Payment",
        )
        assert target.call("account.payment/action_post", ids=[id]) is None
        assert target.call("account.payment/action_post", ids=[id]) is None
        assert paid(target, bill) == ("not_paid", D(50))
        lines = open_lines(target, bill, payment(target, id, "move_id")["move_id"])
        assert target.call("account.move.line/reconcile", ids=lines) is None
        assert paid(target, bill) == ("paid", D(0))
        numbers = target.call(
            "account.move.line/read", ids=lines, fields=["matching_number", "full_reconcile_id"], load=None
        )
        assert {row["matching_number"] for row in numbers} == {str(numbers[0]["full_reconcile_id"])}
        error = refusal(target, "account.move.line/reconcile", ids=lines)
        assert error.message == "You are trying to reconcile some entries that are already reconciled."

    def test_reconciling_moves_the_bills_write_date_and_the_rest_does_not(self, target: Target) -> None:
        vendor = target.vendor()
        bill = target.posted_bill(50, vendor=vendor)
        id = direct(target, vendor)
        before = target.move(bill, "write_date")
        target.call("account.payment/action_post", ids=[id])
        assert target.move(bill, "write_date") == before
        lines = open_lines(target, bill, payment(target, id, "move_id")["move_id"])
        target.call("account.move.line/reconcile", ids=lines)
        [line] = target.call("account.move.line/read", ids=lines[:1], fields=["write_date"])
        assert target.move(bill, "write_date")["write_date"] == line["write_date"]

    def test_a_payment_is_undone_by_unreconciling_resetting_and_cancelling(self, target: Target) -> None:
        vendor = target.vendor()
        bill = target.posted_bill(50, vendor=vendor)
        id = direct(target, vendor)
        target.call("account.payment/action_post", ids=[id])
        move = payment(target, id, "move_id")["move_id"]
        lines = open_lines(target, bill, move)
        target.call("account.move.line/reconcile", ids=lines)
        assert target.call("account.move.line/remove_move_reconcile", ids=lines) is None
        assert paid(target, bill) == ("not_paid", D(50))
        assert target.call("account.payment/action_draft", ids=[id]) is None
        assert target.call("account.payment/action_cancel", ids=[id]) is None
        assert payment(target, id, "state", "move_id") == {"id": id, "state": "canceled", "move_id": False}
        assert target.call("account.move/read", ids=[move], fields=["name"]) == []

    def test_a_refund_settles_a_bill_through_their_payable_lines(self, target: Target) -> None:
        vendor = target.vendor()
        bill, refund = (
            target.posted_bill(30, vendor=vendor),
            target.posted_bill(30, vendor=vendor, move_type="in_refund"),
        )
        target.call("account.move.line/reconcile", ids=open_lines(target, bill, refund))
        assert (paid(target, bill), paid(target, refund)) == (("reversed", D(0)), ("paid", D(0)))

    @pytest.mark.parametrize(
        ("vals", "message"),
        [
            ({"amount": -5}, "The operation cannot be completed: The payment amount cannot be negative."),
            ({"journal_id": B.general}, "Please define a payment method line on your payment."),
        ],
    )
    def test_it_refuses_a_payment(self, target: Target, vals: dict[str, Any], message: str) -> None:
        with pytest.raises(Exception, match="payment") as refused:
            direct(target, target.vendor(), **vals)
        assert refused.value.message == message  # type: ignore[attr-defined]

    def test_a_repeated_load_changes_a_posted_payment_but_not_its_entry(self, target: Target) -> None:
        name, vendor = f"mlc.{target.unique('pay')}", target.vendor()
        fields = ["id", "payment_type", "partner_type", "partner_id/.id", "amount", "date", "journal_id/.id", "memo"]

        def load(amount: str) -> list[int]:
            row = [name, "outbound", "supplier", str(vendor), amount, "2026-11-16", str(B.bank_journal), name]
            return list(target.call("account.payment/load", fields=fields, data=[row])["ids"])

        [id] = load("12.50")
        target.call("account.payment/action_post", ids=[id])
        assert load("13.50") == [id]
        row = payment(target, id, "amount", "state", "move_id")
        assert (row["amount"], row["state"]) == (D("13.5"), "in_process")
        assert target.lines(row["move_id"])[0]["credit"] == D("12.5")

    def test_a_bill_settled_at_another_rate_leaves_an_exchange_difference(self, target: Target) -> None:
        with pound_rates(target):
            bill = target.posted_bill(100, currency_id=GBP, invoice_date="2026-03-10", date="2026-03-10")
            pay(target, [bill])
            assert paid(target, bill) == ("paid", D(0))
            [partial] = target.call(
                "account.partial.reconcile/search_read",
                domain=[["credit_move_id.move_id", "=", bill], ["exchange_move_id", "!=", False]],
                fields=["amount", "debit_amount_currency", "exchange_move_id"],
                load=None,
            )
            assert (partial["amount"], partial["debit_amount_currency"]) == (D(125), D(100))
            exchange = partial["exchange_move_id"]
            row = target.move(exchange, "state", "journal_id", "amount_total")
            assert (row["state"], row["journal_id"][0]) == ("posted", B.exchange)
            lines = target.lines(exchange, "account_id", "debit", "credit", "name", "reconciled")
            rows = [(line["account_id"], line["debit"], line["credit"], line["reconciled"]) for line in lines]
            assert rows == [(B.payable, D(0), D(75), True), (B.fees + 2, D(75), D(0), False)]
            assert lines[0]["name"] == "Currency exchange rate difference"
            payable = target.lines(bill, "id", "reconciled", "matching_number")[-1]
            assert payable["reconciled"] is True
            target.call("account.move.line/remove_move_reconcile", ids=[payable["id"]])
            assert paid(target, bill) == ("not_paid", D(100))
            [mirror] = target.call(
                "account.move/search_read", domain=[["reversed_entry_id", "=", exchange]], fields=["ref", "state"]
            )
            name = target.move(exchange, "name")["name"]
            assert (mirror["ref"], mirror["state"]) == (f"Reversal of: {name}", "posted")
