"""How do journal entries come about: amounts, balance, numbers, life cycle?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from .target import EU_BOOKS, Refusal, Target, command

D = Decimal
MUST_BE_DRAFT = "must be in draft."
DELETING = (
    "The operation cannot be completed: Another model is using the record you are trying to delete.\n\n"
    "The troublemaker is: 'Journal Item' (account.move.line)\n"
    "Thanks to the following constraint: '{}' ({})\nHow about archiving the record instead?"
)
B = EU_BOOKS


def refusal(target: Target, *calls: Any, **arguments: Any) -> Refusal:
    with pytest.raises(Refusal) as refused:
        target.call(*calls, **arguments)
    return refused.value


class EntryCases:
    def test_a_draft_has_no_number_and_a_posted_entry_has_one_of_its_month(self, target: Target) -> None:
        ref = target.unique()
        move = target.entry(ref=ref, date="2026-11-12")
        draft = target.move(move, "name", "display_name", "state")
        assert (draft["name"], draft["display_name"], draft["state"]) == (False, f"Draft Entry ({ref})", "draft")
        assert target.post_moves(move) is False
        posted = target.move(move, "name", "display_name", "state", "date", "amount_total", "payment_state")
        assert posted["name"].startswith("MISC/2026/11/")
        assert len(posted["name"].rsplit("/", 1)[1]) == 4
        assert posted["display_name"] == f"{posted['name']} ({ref})"
        assert (posted["state"], posted["date"], posted["amount_total"]) == ("posted", "2026-11-12", D(10))

    def test_numbers_of_a_batch_follow_each_other(self, target: Target) -> None:
        moves = [target.entry() for _ in range(3)]
        target.post_moves(*moves)
        numbers = [int(target.move(move, "name")["name"].rsplit("/", 1)[1]) for move in moves]
        assert numbers == list(range(numbers[0], numbers[0] + 3))

    @pytest.mark.parametrize(
        ("given", "debit", "credit"),
        [
            ({"debit": D("-7")}, "0", "7"),
            ({"debit": 10, "credit": 10}, "0", "0"),
            ({"debit": D("10.005")}, "10.01", "0"),
            ({"balance": D("-3.5")}, "0", "3.5"),
            ({"credit": D("0.004")}, "0", "0"),
            ({}, "0", "0"),
        ],
    )
    def test_an_amount_is_rounded_and_put_on_its_side(
        self, target: Target, given: dict[str, Any], debit: str, credit: str
    ) -> None:
        counter = D(credit) - D(debit)
        lines = [[0, 0, {"account_id": B.expense, "name": "x", **_floats(given)}], command(B.card, float(counter))]
        [move] = target.call("account.move/create", vals_list=[{"journal_id": B.general, "line_ids": lines}])
        first = target.lines(move)[0]
        assert (first["debit"], first["credit"]) == (D(debit), D(credit))

    def test_a_residue_below_half_a_cent_is_dropped_and_half_a_cent_is_not(self, target: Target) -> None:
        assert target.entry([(B.expense, 10.001), (B.card, -10.000)])
        with pytest.raises(Refusal, match="The entry is not balanced"):
            target.entry([(B.expense, 10.005), (B.card, -10.000)])

    def test_a_line_without_an_amount_is_zero(self, target: Target) -> None:
        lines = [command(B.card, -12.5), [0, 0, {"account_id": B.expense, "name": "rest"}]]
        error = refusal(target, "account.move/create", vals_list=[{"journal_id": B.general, "line_ids": lines}])
        assert error.message == "The entry is not balanced."

    @pytest.mark.parametrize(
        ("vals", "status", "message"),
        [
            ({"line_ids": [command(B.expense, 5)]}, 422, "The entry is not balanced."),
            (
                {"line_ids": [[0, 0, {"name": "x", "debit": 5}], command(B.card, -5)]},
                422,
                "The operation cannot be completed: Missing required account on accountable line.",
            ),
            ({"line_ids": [command(999999, 5), command(B.card, -5)]}, 422, DELETING.format("Account", "account_id")),
            (
                {"line_ids": [command(B.expense, 5, partner_id=999999), command(B.card, -5)]},
                422,
                DELETING.format("Partner", "partner_id"),
            ),
            (
                {"journal_id": 9999},
                404,
                "Record does not exist or has been deleted.\n(Record: account.journal(9999,), User: 5)",
            ),
            (
                {"state": "posted"},
                422,
                "You cannot create a move already in the posted state. Please create a draft move and post it after.",
            ),
            ({"nope": 1}, 500, "Invalid field 'nope' in 'account.move'"),
            ({"line_ids": [command(B.expense, 5, nope=1)]}, 500, "Invalid field 'nope' on model 'account.move.line'"),
            (
                {"line_ids": [command(B.expense, 5, analytic_distribution={"1": "x"}), command(B.card, -5)]},
                500,
                "can't multiply sequence by non-int of type 'float'",
            ),
        ],
    )
    def test_it_refuses_to_create(self, target: Target, vals: dict[str, Any], status: int, message: str) -> None:
        error = refusal(target, "account.move/create", vals_list=[{"journal_id": B.general, **vals}])
        assert (error.status, error.message) == (status, message)

    def test_several_unbalanced_entries_are_listed(self, target: Target) -> None:
        wrong = {"journal_id": B.general, "line_ids": [command(B.expense, 5)]}
        error = refusal(target, "account.move/create", vals_list=[wrong, wrong])
        assert error.message == "The following entries are unbalanced:\n\n  - False\n  - False\n"

    def test_a_batch_is_created_in_order_and_all_or_nothing(self, target: Target) -> None:
        refs = [target.unique() for _ in range(3)]
        good = [
            {"journal_id": B.general, "ref": ref, "line_ids": [command(B.expense, 1), command(B.card, -1)]}
            for ref in refs
        ]
        wrong = [*good[:2], {**good[2], "line_ids": [command(B.expense, 1)]}]
        assert refusal(target, "account.move/create", vals_list=wrong).message == "The entry is not balanced."
        domain = [["ref", "in", refs]]
        assert target.call("account.move/search", domain=domain) == []
        made = target.call("account.move/create", vals_list=good)
        rows = target.call("account.move/read", ids=made, fields=["ref"])
        assert [row["ref"] for row in rows] == refs
        assert made == sorted(made)

    def test_a_failed_call_leaves_a_gap_in_the_ids(self, target: Target) -> None:
        first = target.entry()
        refusal(
            target, "account.move/create", vals_list=[{"journal_id": B.general, "line_ids": [command(B.expense, 5)]}]
        )
        assert target.entry() >= first + 2

    def test_posting_is_all_or_nothing(self, target: Target) -> None:
        posted, draft = target.entry(), target.entry()
        target.post_moves(posted)
        error = refusal(target, "account.move/action_post", ids=[draft, posted])
        name = target.move(posted, "name")["name"]
        assert (error.status, error.message) == (422, f"The entry {name} (id {posted}) must be in draft.")
        assert target.move(draft, "state")["state"] == "draft"

    def test_an_entry_without_lines_can_be_created_but_not_posted(self, target: Target) -> None:
        move = target.entry([])
        assert refusal(target, "account.move/action_post", ids=[move]).message == "Even magicians can't post nothing!"

    def test_without_date_and_journal_it_takes_today_and_the_first_general_journal(self, target: Target) -> None:
        [move] = target.call("account.move/create", vals_list=[{"ref": target.unique()}])
        row = target.move(move, "date", "journal_id", "move_type", "company_id", "write_date")
        assert row["date"] == row["write_date"][:10]
        assert (row["journal_id"][0], row["move_type"], row["company_id"][0]) == (B.general, "entry", B.company)

    def test_a_time_is_cut_from_a_date(self, target: Target) -> None:
        assert target.move(target.entry(date="2026-10-15T10:00:00Z"), "date")["date"] == "2026-10-15"

    def test_posted_books_are_read_only_on_the_move_but_not_on_its_lines(self, target: Target) -> None:
        move = target.entry()
        target.post_moves(move)
        error = refusal(target, "account.move/write", ids=[move], vals={"date": "2026-11-13"})
        assert error.message == "You cannot modify the following readonly fields on a posted move: date"
        assert target.call("account.move/write", ids=[move], vals={"ref": target.unique(), "narration": "x"}) is True
        line = target.move(move, "line_ids")["line_ids"][0]
        assert target.call("account.move.line/write", ids=[line], vals={"name": "edited", "account_id": B.fees}) is True
        row = target.lines(move, "name", "account_id")[0]
        assert (row["name"], row["account_id"]) == ("edited", B.fees)
        error = refusal(target, "account.move.line/write", ids=[line], vals={"debit": 11})
        assert error.message == "The entry is not balanced."

    def test_a_reset_entry_keeps_its_number_when_posted_again(self, target: Target) -> None:
        move = target.entry()
        target.post_moves(move)
        name = target.move(move, "name")["name"]
        assert target.call("account.move/button_draft", ids=[move]) is None
        draft = target.move(move, "name", "state")
        assert (draft["name"], draft["state"]) == (name, "draft")
        target.post_moves(move)
        assert target.move(move, "name")["name"] == name

    def test_a_reset_entry_that_changes_its_month_is_not_posted_under_its_old_number(self, target: Target) -> None:
        move = target.entry(date="2024-03-12")
        target.post_moves(move)
        name = target.move(move, "name")["name"]
        target.call("account.move/button_draft", ids=[move])
        target.call("account.move/write", ids=[move], vals={"date": "2024-04-12"})
        error = refusal(target, "account.move/action_post", ids=[move])
        assert error.message.startswith(
            f"The Date (04/12/2024) you've entered isn't aligned with the existing sequence number ({name}). "
        )
        target.call("account.move/unlink", ids=[move])

    def test_a_posted_entry_is_cancelled_with_its_number_and_not_deleted(self, target: Target) -> None:
        move = target.entry()
        target.post_moves(move)
        error = refusal(target, "account.move/unlink", ids=[move])
        assert error.message == (
            "You can't delete a posted journal item. Don\u2019t play games with your accounting records; reset the "
            "journal entry to draft before deleting it."
        )
        name = target.move(move, "name")["name"]
        assert target.call("account.move/button_cancel", ids=[move]) is None
        row = target.move(move, "state", "name")
        assert (row["state"], row["name"]) == ("cancel", name)
        error = refusal(target, "account.move/action_post", ids=[move])
        assert error.message.endswith(MUST_BE_DRAFT)

    def test_a_draft_is_deleted_with_its_lines(self, target: Target) -> None:
        move = target.entry()
        lines = target.move(move, "line_ids")["line_ids"]
        assert target.call("account.move/unlink", ids=[move]) is True
        assert target.call("account.move/read", ids=[move], fields=["name"]) == []
        assert target.call("account.move.line/search", domain=[["id", "in", lines]]) == []

    def test_a_given_name_becomes_the_pattern_of_its_journal(self, target: Target) -> None:
        code = f"Z{target.unique('').split('-')[1][-3:]}{target.unique('').rsplit('-')[-1]}"
        vals = {"code": code[:5], "name": "Pattern", "type": "general"}
        [journal] = target.call("account.journal/create", user="admin", vals_list=[vals])
        first = target.entry(journal_id=journal, name="OWN/2026/0001")
        second, third = target.entry(journal_id=journal), target.entry(journal_id=journal, name="OWN/2026/0001")
        target.post_moves(first)
        target.post_moves(second)
        assert [target.move(one, "name")["name"] for one in (first, second)] == ["OWN/2026/0001", "OWN/2026/0002"]
        error = refusal(target, "account.move/action_post", ids=[third])
        assert error.message == "The operation cannot be completed: Another entry with the same name already exists."

    def test_taxes_on_an_entry_that_balances_without_them_go_to_the_suspense_account(self, target: Target) -> None:
        move = target.entry(
            [
                (
                    B.expense,
                    100,
                ),
                (B.card, -100),
            ]
        )
        line = target.move(move, "line_ids")["line_ids"][0]
        target.call(
            "account.move/write", ids=[move], vals={"line_ids": [[1, line, {"tax_ids": [[6, 0, [B.purchase_tax]]]}]]}
        )
        amounts = sorted((row["account_id"], row["debit"], row["credit"]) for row in target.lines(move))
        assert amounts == sorted(
            [
                (B.expense, D(100), D(0)),
                (B.card, D(0), D(100)),
                (B.tax_paid, D(15), D(0)),
                (B.suspense, D(0), D(15)),
            ]
        )

    def test_taxes_on_an_entry_whose_counterpart_includes_them_stay_as_they_are(self, target: Target) -> None:
        taxed = [
            [0, 0, {"account_id": B.expense, "name": "net", "debit": 100, "tax_ids": [[6, 0, [B.purchase_tax]]]}],
            command(B.card, -115),
        ]
        [move] = target.call("account.move/create", vals_list=[{"journal_id": B.general, "line_ids": taxed}])
        assert sorted(row["account_id"] for row in target.lines(move)) == sorted([B.expense, B.card, B.tax_paid])

    def test_a_reversal_is_a_posted_mirror(self, target: Target) -> None:
        move = target.entry(date="2026-11-12")
        target.post_moves(move)
        context = {"allowed_company_ids": [B.company], "active_model": "account.move", "active_ids": [move]}
        vals = {"date": "2026-11-18", "reason": "wrong", "journal_id": B.general}
        wizard = target.call("account.move.reversal/create", vals_list=[vals], context=context)
        action = target.call("account.move.reversal/reverse_moves", ids=wizard)
        [mirror] = target.call("account.move/search", domain=[["reversed_entry_id", "=", move]])
        assert action["res_id"] == mirror
        row = target.move(mirror, "ref", "state", "date")
        name = target.move(move, "name")["name"]
        assert (row["ref"], row["state"], row["date"]) == (f"Reversal of: {name}, wrong", "posted", "2026-11-18")
        assert [(line["account_id"], line["debit"], line["credit"]) for line in target.lines(mirror)] == [
            (B.expense, D(0), D(10)),
            (B.card, D(10), D(0)),
        ]

    def test_a_hashed_journal_locks_its_entries(self, target: Target) -> None:
        number = target.unique("").rsplit("-")[-1]
        vals = {"code": f"H{target.unique('').split('-')[1][-3:]}{number}"[:5], "name": "Hashed", "type": "general"}
        [journal] = target.call("account.journal/create", user="admin", vals_list=[vals])
        target.call("account.journal/write", user="admin", ids=[journal], vals={"restrict_mode_hash_table": True})
        move = target.entry(journal_id=journal)
        target.post_moves(move)
        row = target.move(move, "inalterable_hash", "name", "line_ids")
        assert row["inalterable_hash"].startswith("$4$")
        assert (
            refusal(target, "account.move/button_draft", ids=[move]).message
            == "You cannot reset to draft a locked journal entry."
        )
        assert refusal(target, "account.move/unlink", ids=[move]).message == (
            "You cannot delete journal items belonging to a locked journal entry."
        )
        error = refusal(target, "account.move.line/write", ids=row["line_ids"][:1], vals={"name": "other"})
        assert error.message == (
            f"You cannot edit the following fields: Label.\nThe following entries are already hashed:\n{row['name']}"
        )


def _floats(given: dict[str, Any]) -> dict[str, Any]:
    return {name: float(value) for name, value in given.items()}
