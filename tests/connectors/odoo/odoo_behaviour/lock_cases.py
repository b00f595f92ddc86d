"""What do lock dates do to postings and changes? Always tried in company 2, and always lifted again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from .entry_cases import refusal
from .target import EU, EU_BOOKS, Target

B = EU_BOOKS
LOCKS = ("fiscalyear_lock_date", "purchase_lock_date", "tax_lock_date", "sale_lock_date")
LOCKED = "You cannot add/modify entries prior to and inclusive of: Global Lock Date (06/30/2025)."


@contextmanager
def locked(target: Target, **dates: str) -> Iterator[None]:
    try:
        target.call("res.company/write", user="admin", ids=[EU], vals=dates)
        yield
    finally:
        target.call("res.company/write", user="admin", ids=[EU], vals=dict.fromkeys(LOCKS, False))


class LockCases:
    @pytest.mark.parametrize(
        ("date", "booked"), [("2025-03-11", "2025-07-31"), ("2025-06-30", "2025-07-31"), ("2025-07-01", "2025-07-01")]
    )
    def test_posting_into_a_locked_period_succeeds_and_moves_the_date(
        self, target: Target, date: str, booked: str
    ) -> None:
        with locked(target, fiscalyear_lock_date="2025-06-30"):
            move = target.entry(date=date)
            assert target.move(move, "date")["date"] == date
            assert target.post_moves(move) is False
        row = target.move(move, "date", "name", "state")
        assert (row["date"], row["state"]) == (booked, "posted")
        assert row["name"].startswith("MISC/2025/07/")

    def test_a_lock_up_to_now_moves_to_the_day_after_or_to_today(self, target: Target) -> None:
        probe = target.entry()
        today = target.move(probe, "write_date")["write_date"][:10]
        with locked(target, fiscalyear_lock_date="2098-12-31"):
            target.post_moves(probe)
        assert today < target.move(probe, "date")["date"] == "2099-01-01"
        target.call("account.move/button_draft", ids=[probe])
        target.call("account.move/unlink", ids=[probe])

    @pytest.mark.parametrize(
        ("lock", "taxed", "booked"),
        [
            ("purchase_lock_date", False, "2025-07-31"),
            ("tax_lock_date", False, "2025-03-10"),
            ("tax_lock_date", True, "2025-07-31"),
            ("sale_lock_date", False, "2025-03-10"),
            ("fiscalyear_lock_date", False, "2025-07-31"),
        ],
    )
    def test_a_bill_moves_by_the_locks_that_concern_it(
        self, target: Target, lock: str, taxed: bool, booked: str
    ) -> None:
        with locked(target, **{lock: "2025-06-30"}):
            bill = target.bill(invoice_date="2025-03-10", date="2025-03-10", taxes=[B.purchase_tax] if taxed else [])
            assert target.move(bill, "date")["date"] == "2025-03-10"
            target.post_moves(bill)
        row = target.move(bill, "date", "invoice_date")
        assert (row["date"], row["invoice_date"]) == (booked, "2025-03-10")

    def test_a_purchase_lock_does_not_touch_general_entries(self, target: Target) -> None:
        with locked(target, purchase_lock_date="2025-06-30"):
            move = target.entry(date="2025-03-11")
            target.post_moves(move)
        assert target.move(move, "date")["date"] == "2025-03-11"

    @pytest.mark.parametrize(
        ("path", "arguments"),
        [
            ("account.move/button_draft", {}),
            ("account.move/button_cancel", {}),
            ("account.move/unlink", {}),
            ("account.move.line/write", {"vals": {"account_id": B.fees}}),
            ("account.move.line/write", {"vals": {"partner_id": 1}}),
        ],
    )
    def test_an_entry_inside_the_lock_is_not_changed(
        self, target: Target, path: str, arguments: dict[str, Any]
    ) -> None:
        move = target.entry(date="2025-03-11")
        target.post_moves(move)
        lines = target.move(move, "line_ids")["line_ids"]
        with locked(target, fiscalyear_lock_date="2025-06-30"):
            error = refusal(target, path, ids=lines[:1] if "line" in path else [move], **arguments)
        assert (error.status, error.message) == (422, LOCKED)

    def test_texts_inside_the_lock_may_change(self, target: Target) -> None:
        move = target.entry(date="2025-03-11")
        target.post_moves(move)
        lines = target.move(move, "line_ids")["line_ids"]
        with locked(target, fiscalyear_lock_date="2025-06-30"):
            assert target.call("account.move/write", ids=[move], vals={"ref": target.unique()}) is True
            vals = {"name": "new", "analytic_distribution": {"1": 100}}
            assert target.call("account.move.line/write", ids=lines[:1], vals=vals) is True

    def test_a_lock_is_read_as_the_effective_one_and_not_written_by_the_integration(self, target: Target) -> None:
        with locked(target, fiscalyear_lock_date="2025-06-30"):
            [row] = target.call(
                "res.company/read", ids=[EU], fields=["user_fiscalyear_lock_date", "user_tax_lock_date"]
            )
        assert (row["user_fiscalyear_lock_date"], row["user_tax_lock_date"]) == ("2025-06-30", "1-01-01")
        error = refusal(target, "res.company/write", ids=[EU], vals={"fiscalyear_lock_date": "2025-06-30"})
        assert error.message.startswith("You are not allowed to modify 'Companies' (res.company) records.")
