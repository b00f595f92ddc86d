"""What does `load` do with external ids: create, update, refuse, all or nothing?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from .entry_cases import refusal
from .target import EU_BOOKS, Target

D = Decimal
B = EU_BOOKS
FIELDS = [
    "id",
    "move_type",
    "date",
    "ref",
    "journal_id/.id",
    "line_ids/id",
    "line_ids/account_id/.id",
    "line_ids/name",
    "line_ids/debit",
    "line_ids/credit",
    "line_ids/partner_id/.id",
    "line_ids/analytic_distribution",
]
BILL_FIELDS = [
    "id",
    "move_type",
    "partner_id/.id",
    "ref",
    "invoice_date",
    "date",
    "invoice_origin",
    "invoice_line_ids/id",
    "invoice_line_ids/name",
    "invoice_line_ids/quantity",
    "invoice_line_ids/price_unit",
    "invoice_line_ids/account_id/.id",
    "invoice_line_ids/tax_ids/.id",
]
NO_BOOKS = "You cannot modify the following readonly fields on a posted move: date, line_ids"


def rows(name: str, debit: str = "10", credit: str = "10", **cells: Any) -> list[list[Any]]:
    """An entry of two lines, each with its own external id."""
    head = {
        "type": "entry",
        "date": "2026-11-12",
        "journal": str(B.general),
        "account": str(B.expense),
        "partner": "",
        "analytic": '{"1": 60}',
        **cells,
    }
    return [
        [
            name,
            head["type"],
            head["date"],
            name,
            head["journal"],
            f"{name}_1",
            head["account"],
            "Toner",
            debit,
            "0",
            head["partner"],
            head["analytic"],
        ],
        ["", "", "", "", "", f"{name}_2", str(B.card), "card", "0", credit, "", ""],
    ]


def load(
    target: Target, data: list[list[Any]], fields: list[str] | None = None, model: str = "account.move", **more: Any
) -> Any:
    return target.call(f"{model}/load", fields=fields or FIELDS, data=data, **more)


def message(answer: Any) -> str:
    assert answer["ids"] is False
    return str(answer["messages"][0]["message"])


class LoadCases:
    def test_an_external_id_is_created_once_and_updated_afterwards(self, target: Target) -> None:
        name = f"mlc.{target.unique('e')}"
        first = load(target, rows(name))
        assert (first["messages"], first["nextrow"]) == ([], 0)
        assert load(target, rows(name))["ids"] == first["ids"]
        [move] = first["ids"]
        assert load(target, rows(name, "12.5", "12.5"))["ids"] == [move]
        lines = target.lines(move, "debit", "credit", "analytic_distribution", "name")
        assert [(line["debit"], line["credit"], line["name"]) for line in lines] == [
            (D("12.5"), D(0), "Toner"),
            (D(0), D("12.5"), "card"),
        ]
        assert lines[0]["analytic_distribution"] == {"1": D(60)}
        assert target.call("account.move/get_external_id", ids=[move]) == {str(move): name}

    def test_lines_without_external_ids_pile_up(self, target: Target) -> None:
        name = f"mlc.{target.unique('p')}"
        bare = [[cell if place != 5 else "" for place, cell in enumerate(row)] for row in rows(name)]
        [move] = load(target, bare)["ids"]
        load(target, bare)
        assert len(target.lines(move)) == 4

    def test_a_table_is_loaded_in_order_or_not_at_all(self, target: Target) -> None:
        names = [f"mlc.{target.unique('b')}" for _ in range(3)]
        wrong = rows(names[0]) + rows(names[1], debit="11") + rows(names[2])
        assert message(load(target, wrong)) == "The entry is not balanced."
        assert target.call("account.move/search", domain=[["ref", "in", names]]) == []
        made = load(target, [row for name in names for row in rows(name)])["ids"]
        assert [row["ref"] for row in target.call("account.move/read", ids=made, fields=["ref"])] == names

    def test_a_posted_entry_refuses_the_whole_table(self, target: Target) -> None:
        posted, fresh = f"mlc.{target.unique('q')}", f"mlc.{target.unique('q')}"
        made = load(target, rows(posted))["ids"]
        target.post_moves(*made)
        answer = load(target, rows(posted) + rows(fresh))
        assert answer["messages"][0] == {
            "rows": {"from": 0, "to": 1},
            "record": 0,
            "type": "error",
            "message": NO_BOOKS,
        }
        assert target.call("account.move/search", domain=[["ref", "=", fresh]]) == []

    def test_a_cancelled_entry_is_answered_with_success_and_left_cancelled(self, target: Target) -> None:
        name = f"mlc.{target.unique('c')}"
        made = load(target, rows(name))["ids"]
        target.call("account.move/button_cancel", ids=made)
        assert load(target, rows(name))["ids"] == made
        assert target.move(made[0], "state")["state"] == "cancel"

    @pytest.mark.parametrize(
        ("cells", "expected"),
        [
            ({"debit": "abc"}, "'abc' does not seem to be a number for field 'Journal Items/Debit'"),
            ({"date": "20x"}, "'20x' does not seem to be a valid date for field 'Date'"),
            (
                {"account": "999999"},
                "No matching record found for database id '999999' in field 'Journal Items/Account'",
            ),
            ({"journal": "x"}, "Invalid database id 'x' for the field 'Journal'"),
            (
                {"partner": "999999"},
                "No matching record found for database id '999999' in field 'Journal Items/Partner'",
            ),
            ({"analytic": "{"}, "'{' does not seem to be a valid JSON for field 'Journal Items/Analytic Distribution'"),
            ({"type": "foo"}, "Value 'foo' not found in selection field 'Type'"),
            ({"debit": "11"}, "The entry is not balanced."),
        ],
    )
    def test_wrong_data_is_an_answer_with_messages(self, target: Target, cells: dict[str, str], expected: str) -> None:
        assert message(load(target, rows(f"mlc.{target.unique('w')}", **cells))) == expected

    def test_a_space_in_an_external_id_is_refused(self, target: Target) -> None:
        text = message(load(target, rows("mlc.a b")))
        assert text.startswith(
            'new row for relation "ir_model_data" violates check constraint "ir_model_data_name_nospaces"\n'
        )

    @pytest.mark.parametrize("mark", [".", ":", "/", "-", "%", "é", "x" * 150])
    def test_other_characters_are_accepted_in_an_external_id(self, target: Target, mark: str) -> None:
        assert load(target, [[f"mlc.{target.unique('m')}{mark}z", "Name"]], ["id", "name"], "res.partner")["ids"]

    def test_an_external_id_belongs_to_one_model(self, target: Target) -> None:
        name = f"mlc.{target.unique('o')}"
        load(target, rows(name))
        text = message(load(target, [[name, "Foo"]], ["id", "name"], "res.partner"))
        assert text.startswith(
            f"For external id {name} when trying to create/update a record of model res.partner found record of "
            "different model account.move ("
        )

    def test_an_external_id_without_a_dot_gets_a_module(self, target: Target) -> None:
        name = target.unique("nodot")
        [id] = load(target, [[name, "Foo"]], ["id", "name"], "res.partner")["ids"]
        assert target.call("res.partner/get_external_id", ids=[id]) == {str(id): f"__import__.{name}"}

    def test_a_deleted_record_takes_its_external_id_along(self, target: Target) -> None:
        name = f"mlc.{target.unique('d')}"
        [first] = load(target, rows(name))["ids"]
        target.call("account.move/unlink", ids=[first])
        [second] = load(target, rows(name))["ids"]
        assert second > first
        assert len(target.lines(second)) == 2

    def test_the_same_external_id_twice_in_one_table_is_one_record_and_the_last_row_wins(self, target: Target) -> None:
        name = f"mlc.{target.unique('t')}"
        made = load(target, [[name, "First"], [name, "Last"]], ["id", "name"], "res.partner")["ids"]
        assert made[0] == made[1]
        assert target.call("res.partner/read", ids=made[:1], fields=["name"])[0]["name"] == "Last"

    def test_a_line_of_another_move_cannot_be_claimed(self, target: Target) -> None:
        first, second = f"mlc.{target.unique('f')}", f"mlc.{target.unique('s')}"
        load(target, rows(first))
        claiming = rows(second)
        claiming[0][5] = f"{first}_1"
        assert message(load(target, claiming)) == "The entry is not balanced."

    def test_a_shorter_table_leaves_surplus_lines_and_is_refused(self, target: Target) -> None:
        name = f"mlc.{target.unique('s')}"
        longer = [*rows(name, "10", "5"), ["", "", "", "", "", f"{name}_3", str(B.card), "card", "0", "5", "", ""]]
        [move] = load(target, longer)["ids"]
        assert message(load(target, rows(name))) == "The entry is not balanced."
        assert len(target.lines(move)) == 3

    def test_an_account_is_found_by_its_code(self, target: Target) -> None:
        fields = [name if name != "line_ids/account_id/.id" else "line_ids/account_id" for name in FIELDS]
        data = rows(f"mlc.{target.unique('k')}", account="600000")
        data[1][6] = "201100"
        [move] = load(target, data, fields)["ids"]
        assert [line["account_id"] for line in target.lines(move)] == [B.expense, B.card]

    @pytest.mark.parametrize("head", ["nope", "line_ids/nope"])
    def test_an_unknown_column_is_an_error_of_the_call(self, target: Target, head: str) -> None:
        error = refusal(target, "account.move/load", fields=[head], data=[["x"]])
        assert (error.status, error.message) == (500, "Invalid field name 'nope'")

    def test_an_object_where_json_text_belongs_is_an_error_of_the_call(self, target: Target) -> None:
        data = rows(f"mlc.{target.unique('j')}", analytic={"1": 60})
        error = refusal(target, "account.move/load", fields=FIELDS, data=data)
        assert (error.status, error.message) == (500, "the JSON object must be str, bytes or bytearray, not dict")

    def test_a_missing_right_is_a_message(self, target: Target) -> None:
        answer = load(target, rows(f"mlc.{target.unique('r')}"), user="nobody", context={"lang": "en_US"})
        assert message(answer).startswith(("You are not allowed to create 'Journal Entry'", "No matching record found"))

    def test_a_bill_is_loaded_with_its_taxes_and_loaded_again_without(self, target: Target) -> None:
        name = f"mlc.{target.unique('l')}"
        data = [
            [
                name,
                "in_invoice",
                str(target.vendor()),
                name,
                "2026-10-20",
                "2026-10-20",
                f"origin {name}",
                f"{name}_1",
                "Paper",
                "2",
                "50",
                str(B.expense),
                str(B.purchase_tax),
            ],
            ["", "", "", "", "", "", "", f"{name}_2", "More", "1", "7.5", str(B.expense), ""],
        ]
        [bill] = load(target, data, BILL_FIELDS)["ids"]
        fields = ("amount_total", "amount_tax", "date", "invoice_date", "invoice_origin")
        row = target.move(bill, *fields)
        assert [row[name] for name in fields] == [D("122.5"), D(15), "2026-10-20", "2026-10-20", f"origin {name}"]
        found = target.call("account.move/search", domain=[["invoice_origin", "in", [f"origin {name}"]]])
        assert found == [bill]
        data[0][12] = ""
        assert load(target, data, BILL_FIELDS)["ids"] == [bill]
        row = target.move(bill, "amount_total", "amount_tax", "line_ids")
        assert (row["amount_total"], row["amount_tax"], len(row["line_ids"])) == (D("107.5"), D(0), 3)

    def test_a_vendor_is_loaded_and_keeps_what_is_not_sent(self, target: Target) -> None:
        name = f"mlc.{target.unique('v')}"
        fields = ["id", "name", "is_company", "supplier_rank", "ref", "vat"]
        [vendor] = load(target, [[name, "Staples", "TRUE", "1", "BREX-1", "98-7654321"]], fields, "res.partner")["ids"]
        assert load(target, [[name, "Staples Inc"]], ["id", "name"], "res.partner")["ids"] == [vendor]
        [row] = target.call(
            "res.partner/read", ids=[vendor], fields=["name", "is_company", "supplier_rank", "ref", "vat"]
        )
        assert row == {
            "id": vendor,
            "name": "Staples Inc",
            "is_company": True,
            "supplier_rank": 1,
            "ref": "BREX-1",
            "vat": "98-7654321",
        }
        assert message(load(target, [[f"{name}x", ""]], ["id", "name"], "res.partner")) == "Contacts require a name"
