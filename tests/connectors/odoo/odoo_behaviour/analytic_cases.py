"""How lenient are analytic distributions, and how are currencies converted?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest

from .entry_cases import refusal
from .target import APOLLO, EU, EUR, GBP, SALES, US, US_BOOKS, USD, ZEUS, Target, command, in_company

D = Decimal
B = US_BOOKS
JPY = 25
DEPARTMENTS = 2
SIGNS = (
    "The operation cannot be completed: The amount expressed in the secondary currency must be positive when account "
    "is debited and negative when account is credited. If the currency is the same as the one from the company, this "
    "amount must strictly be equal to the balance."
)


class AnalyticCases:
    @pytest.mark.parametrize(
        ("shares", "amounts"),
        [
            ({"1": 60, "2": 40}, [(APOLLO, D(-60)), (ZEUS, D(-40))]),
            ({"1": 150}, [(APOLLO, D(-150))]),
            ({"1": 50}, [(APOLLO, D(-50))]),
            ({"999999": 100}, []),
            ({"1,3": 100}, [(APOLLO, D(-100))]),
        ],
    )
    def test_what_is_given_is_booked_whatever_it_adds_up_to(self, target: Target, shares: Any, amounts: Any) -> None:
        move = target.entry([(B.expense, 100), (B.card, -100)], books=B)
        line = target.move(move, "line_ids", company=US)["line_ids"][0]
        target.call(
            "account.move.line/write", ids=[line], vals={"analytic_distribution": shares}, context=in_company(US)
        )
        target.post_moves(move, allowed_company_ids=[US])
        rows = target.call(
            "account.analytic.line/search_read",
            domain=[["move_line_id", "=", line]],
            fields=["account_id", "amount", "x_plan2_id"],
            order="id",
            load=None,
            context=in_company(US),
        )
        assert [(row["account_id"], row["amount"]) for row in rows] == amounts
        if "1,3" in shares:
            assert rows[0]["x_plan2_id"] == 3

    def test_shares_are_rounded_to_two_places(self, target: Target) -> None:
        lines = [command(B.expense, 10, analytic_distribution={"1": 33.333333, "2": 66.666667}), command(B.card, -10)]
        [move] = target.call(
            "account.move/create", vals_list=[{"journal_id": B.general, "line_ids": lines}], context=in_company(US)
        )
        row = target.lines(move, "analytic_distribution", company=US)[0]
        assert row["analytic_distribution"] == {"1": D("33.33"), "2": D("66.67")}

    def test_a_key_that_is_no_number_fails_at_posting(self, target: Target) -> None:
        lines = [command(82, 5, analytic_distribution={"abc": 100}), command(94, -5)]
        [move] = target.call("account.move/create", vals_list=[{"journal_id": 9, "line_ids": lines}])
        error = refusal(target, "account.move/action_post", ids=[move])
        assert (error.status, error.message) == (500, "invalid literal for int() with base 10: 'abc'")

    def test_a_mandatory_plan_is_enforced_only_when_asked(self, target: Target) -> None:
        with mandatory(target, DEPARTMENTS):
            strict, lenient = target.entry(), target.entry()
            error = refusal(
                target, "account.move/action_post", ids=[strict], context={**in_company(EU), "validate_analytic": True}
            )
            assert error.message == "One or more lines require a 100% analytic distribution."
            assert target.post_moves(lenient) is False
            lines = target.move(strict, "line_ids")["line_ids"]
            target.call("account.move.line/write", ids=lines, vals={"analytic_distribution": {str(SALES): 100}})
            assert target.post_moves(strict, validate_analytic=True) is False


@contextmanager
def mandatory(target: Target, plan: int) -> Iterator[None]:
    try:
        target.call("account.analytic.plan/write", ids=[plan], vals={"default_applicability": "mandatory"})
        yield
    finally:
        target.call("account.analytic.plan/write", ids=[plan], vals={"default_applicability": "optional"})


class CurrencyCases:
    @pytest.mark.parametrize(
        ("given", "debit", "amount_currency"),
        [
            ({"amount_currency": 80, "currency_id": EUR}, "100", "80"),
            ({"amount_currency": 80, "debit": 95, "currency_id": EUR}, "95", "80"),
            ({"debit": 100, "currency_id": EUR}, "100", "0"),
            ({"amount_currency": 50, "currency_id": GBP}, "50", "50"),
            ({"amount_currency": 50, "currency_id": JPY}, "50", "50"),
        ],
    )
    def test_a_line_in_another_currency(self, target: Target, given: Any, debit: str, amount_currency: str) -> None:
        lines = [[0, 0, {"account_id": B.expense, "name": "x", **given}], command(B.card, -float(debit))]
        vals = {"journal_id": B.general, "date": "2026-11-12", "line_ids": lines}
        [move] = target.call("account.move/create", vals_list=[vals], context=in_company(US))
        row = target.lines(move, "debit", "amount_currency", company=US)[0]
        assert (row["debit"], row["amount_currency"]) == (D(debit), D(amount_currency))
        assert target.post_moves(move, allowed_company_ids=[US]) is False

    def test_signs_must_agree(self, target: Target) -> None:
        lines = [command(B.expense, 5, amount_currency=-4, currency_id=EUR), command(B.card, -5)]
        error = refusal(
            target,
            "account.move/create",
            vals_list=[{"journal_id": B.general, "line_ids": lines}],
            context=in_company(US),
        )
        assert (error.status, error.message) == (422, SIGNS)

    def test_an_entry_in_one_foreign_currency_totals_in_it(self, target: Target) -> None:
        lines = [
            [0, 0, {"account_id": account, "name": "x", "amount_currency": amount, "currency_id": EUR}]
            for account, amount in ((B.expense, 80), (B.card, -80))
        ]
        vals = {"journal_id": B.general, "date": "2026-11-12", "line_ids": lines}
        [move] = target.call("account.move/create", vals_list=[vals], context=in_company(US))
        row = target.move(move, "amount_total", "amount_total_signed", company=US)
        assert (row["amount_total"], row["amount_total_signed"]) == (D(80), D(100))

    def test_a_bill_in_euro_is_converted_at_the_rate_of_its_day(self, target: Target) -> None:
        bill = target.bill(1000, books=B, currency_id=EUR)
        rows = target.lines(bill, "debit", "credit", "amount_currency", "currency_id", company=US)
        assert [(row["debit"], row["credit"], row["amount_currency"]) for row in rows] == [
            (D(1250), D(0), D(1000)),
            (D(0), D(1250), D(-1000)),
        ]
        row = target.move(bill, "amount_total", "amount_total_signed", "invoice_currency_rate", company=US)
        assert (row["amount_total"], row["amount_total_signed"], row["invoice_currency_rate"]) == (
            D(1000),
            D(-1250),
            D("0.8"),
        )

    def test_before_the_first_rate_the_first_rate_is_taken(self, target: Target) -> None:
        lines = [
            [0, 0, {"account_id": B.expense, "name": "x", "amount_currency": 80, "currency_id": EUR}],
            command(B.card, -100),
        ]
        vals = {"journal_id": B.general, "date": "2025-05-01", "line_ids": lines}
        [move] = target.call("account.move/create", vals_list=[vals], context=in_company(US))
        assert target.lines(move, company=US)[0]["debit"] == D(100)

    def test_a_rate_is_read_per_company(self, target: Target) -> None:
        [row] = target.call(
            "res.currency/read", ids=[EUR], fields=["rate", "inverse_rate", "date"], context=in_company(US)
        )
        assert (row["rate"], row["inverse_rate"], row["date"]) == (D("0.8"), D("1.25"), "2026-01-01")
        [row] = target.call(
            "res.currency/read", ids=[USD], fields=["rate", "date", "decimal_places", "active"], context=in_company(EU)
        )
        assert (row["rate"], row["date"], row["decimal_places"], row["active"]) == (D(1), False, 2, True)
