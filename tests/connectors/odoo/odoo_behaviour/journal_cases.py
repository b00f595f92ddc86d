"""What comes with a new journal, whose accounts do payments go through, and at which rate are bills booked?"""

from __future__ import annotations

import xmlrpc.client
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest

from .target import CONTEXT, EU, EU_BOOKS, GBP, US, Target, in_company

D = Decimal
B = EU_BOOKS
PAYMENT = (
    "id",
    "payment_type",
    "partner_type",
    "partner_id/.id",
    "amount",
    "currency_id/.id",
    "date",
    "journal_id/.id",
    "memo",
    "payment_method_line_id/.id",
)


@contextmanager
def journal(target: Target, kind: str) -> Iterator[dict[str, Any]]:
    """A new journal as it reads, deleted with the account that came with it."""
    word = target.unique("Journal")
    vals = {"name": word, "code": word[-5:].replace("-", ""), "type": kind}
    [id] = target.call("account.journal/create", user="admin", vals_list=[vals])
    fields = ["default_account_id", "suspense_account_id", "payment_sequence"]
    fields += ["inbound_payment_method_line_ids", "outbound_payment_method_line_ids"]
    [row] = target.call("account.journal/read", user="admin", ids=[id], fields=fields, load=None)
    try:
        yield {**row, "name": word}
    finally:
        target.call("account.journal/unlink", user="admin", ids=[id])
        mine = target.call("account.account/search", user="admin", domain=[["name", "=", word]])
        if mine:
            target.call("account.account/unlink", user="admin", ids=mine)


def loaded(target: Target, row: list[str]) -> dict[str, Any]:
    """The payment after a `load`."""
    answer = target.call("account.payment/load", fields=list(PAYMENT), data=[row])
    assert answer["messages"] == []
    fields = ["state", "amount", "outstanding_account_id", "move_id", "name"]
    return dict(target.call("account.payment/read", ids=answer["ids"], fields=fields, load=None)[0])


def payment_row(target: Target) -> list[str]:
    [line] = target.call(
        "account.payment.method.line/search",
        domain=[["journal_id", "=", B.bank_journal], ["payment_type", "=", "outbound"]],
    )
    name = target.unique("pay")
    vendor = str(target.vendor())
    money = ["50", "126", "2026-11-16", str(B.bank_journal)]
    return [f"mlc.{name}", "outbound", "supplier", vendor, *money, name, str(line)]


def in_pounds(target: Target, rate: Decimal, *amounts: str, **vals: Any) -> int:
    lines = [
        [0, 0, {"name": "x", "quantity": 1, "price_unit": D(one), "account_id": B.expense, "tax_ids": [[6, 0, []]]}]
        for one in amounts
    ]
    return target.bill(currency_id=GBP, invoice_currency_rate=rate, invoice_line_ids=lines, **vals)


class JournalCases:
    @pytest.mark.parametrize(("kind", "prefix"), [("bank", "1014"), ("cash", "1015")])
    def test_a_new_money_journal_brings_an_account_and_both_payment_methods(
        self, target: Target, kind: str, prefix: str
    ) -> None:
        with journal(target, kind) as row:
            [account] = target.call(
                "account.account/read",
                ids=[row["default_account_id"]],
                fields=["name", "code", "account_type", "reconcile"],
            )
            assert (account["name"], account["account_type"], account["reconcile"]) == (
                row["name"],
                "asset_cash",
                False,
            )
            assert account["code"].startswith(prefix)
            assert len(account["code"]) == 6
            assert row["suspense_account_id"] == B.suspense
            methods = [*row["inbound_payment_method_line_ids"], *row["outbound_payment_method_line_ids"]]
            read = target.call(
                "account.payment.method.line/read",
                ids=methods,
                fields=["name", "payment_type", "payment_account_id"],
            )
            assert [(one["name"], one["payment_type"], one["payment_account_id"]) for one in read] == [
                ("Manual Payment", "inbound", False),
                ("Manual Payment", "outbound", False),
            ]

    def test_a_new_card_journal_takes_the_charts_card_account(self, target: Target) -> None:
        with journal(target, "credit") as row:
            assert row["default_account_id"] == B.card
            assert len(row["outbound_payment_method_line_ids"]) == 1

    def test_a_new_general_journal_has_neither(self, target: Target) -> None:
        with journal(target, "general") as row:
            assert (row["default_account_id"], row["outbound_payment_method_line_ids"]) == (False, [])

    def test_the_accounts_of_payments_are_known_by_name(self, target: Target) -> None:
        names = target.call("account.account/get_external_id", ids=[B.outstanding])
        assert names == {str(B.outstanding): f"account.{EU}_account_journal_payment_credit_account_id"}

    def test_external_ids_cannot_be_asked_for_over_xml_rpc(self, target: Target) -> None:
        with pytest.raises(xmlrpc.client.Fault) as refused:
            target.rpc("account.account", "get_external_id", [B.outstanding], context=CONTEXT)
        assert refused.value.faultCode == 1
        assert "TypeError: dictionary key must be string" in refused.value.faultString

    def test_a_partner_has_the_accounts_of_the_company_that_looks(self, target: Target) -> None:
        vendor = target.vendor()

        def account(company: int) -> Any:
            fields = ["property_account_payable_id"]
            rows = target.call("res.partner/read", ids=[vendor], fields=fields, load=None, context=in_company(company))
            return rows[0]["property_account_payable_id"]

        assert (account(US), account(EU)) == (15, B.payable)
        target.call("res.partner/write", ids=[vendor], vals={"property_account_payable_id": 72})
        assert (account(US), account(EU)) == (15, 72)

    def test_loading_a_draft_payment_again_takes_its_account_away(self, target: Target) -> None:
        row = payment_row(target)
        first = loaded(target, row)
        assert (first["state"], first["outstanding_account_id"]) == ("draft", B.outstanding)
        again = loaded(target, row)
        assert (again["id"], again["state"], again["outstanding_account_id"]) == (first["id"], "draft", False)
        target.call("account.payment/action_post", ids=[first["id"]])
        [read] = target.call("account.payment/read", ids=[first["id"]], fields=["state", "move_id", "name"])
        assert (read["state"], read["move_id"]) == ("in_process", False)
        assert read["name"].startswith("PAY0")

    def test_loading_a_posted_payment_changes_it_and_not_its_entry(self, target: Target) -> None:
        row = payment_row(target)
        first = loaded(target, row)
        target.call("account.payment/action_post", ids=[first["id"]])
        again = loaded(target, [*row[:4], "60", *row[5:]])
        assert (again["state"], again["amount"], again["outstanding_account_id"]) == ("in_process", D(60), False)
        assert target.move(again["move_id"], "amount_total")["amount_total"] == D(50)
        target.call("account.payment/write", ids=[first["id"]], vals={"amount": 70})
        [read] = target.call("account.payment/read", ids=[first["id"]], fields=["amount"])
        assert read["amount"] == D(70)
        assert target.move(again["move_id"], "amount_total")["amount_total"] == D(50)

    @pytest.mark.parametrize(
        ("company_total", "amounts", "balances"),
        [
            ("164.60", ("100", "33.33"), ("123.45", "41.15")),
            ("109.99", ("33.34", "33.33", "33.33"), ("36.67", "36.66", "36.66")),
            ("110.01", ("33.34", "33.33", "33.33"), ("36.67", "36.67", "36.67")),
            ("11.11", (*["0.01"] * 6, "10"), (*["0.01"] * 6, "11.05")),
            ("13.57", ("10", "-3.33", "5.55"), ("11.11", "-3.70", "6.16")),
            ("12.34", ("1.11",) * 9, ("1.38", *["1.37"] * 8)),
            ("12.38", ("1.11",) * 9, (*["1.37"] * 4, *["1.38"] * 5)),
        ],
    )
    def test_a_bill_is_booked_at_the_rate_sent_and_its_rounding_spread(
        self, target: Target, company_total: str, amounts: tuple[str, ...], balances: tuple[str, ...]
    ) -> None:
        total = sum((D(one) for one in amounts), D(0))
        rows = target.lines(in_pounds(target, total / D(company_total), *amounts), "debit", "credit")
        assert [row["debit"] - row["credit"] for row in rows] == [*map(D, balances), -D(company_total)]

    @pytest.mark.parametrize(
        ("vals", "rate"),
        [
            ({"ref": "other", "date": "2026-11-12"}, D("0.5")),
            ({"invoice_date": "2026-11-10"}, D(1)),
            ({"currency_id": GBP}, D(1)),
            ({"journal_id": B.bills}, D(1)),
        ],
    )
    def test_the_rate_sent_is_forgotten_when_the_day_is_written(
        self, target: Target, vals: dict[str, Any], rate: Decimal
    ) -> None:
        bill = in_pounds(target, D("0.5"), "10")
        assert target.move(bill, "amount_total_signed")["amount_total_signed"] == D(-20)
        target.call("account.move/write", ids=[bill], vals=vals)
        assert target.move(bill, "invoice_currency_rate")["invoice_currency_rate"] == rate
