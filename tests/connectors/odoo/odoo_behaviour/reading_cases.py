"""What do searches select, in which order, and in which form do values arrive?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from .target import CONTEXT, EU, Refusal, Target, in_company

ZULU = "2026-11-20T00:00:00Z"


class ReadingCases:
    def test_values_have_odoos_formats(self, target: Target) -> None:
        move = target.entry()
        row = target.move(
            move, "name", "journal_id", "line_ids", "date", "amount_total", "partner_id", "write_date", "checked"
        )
        assert row["name"] is False
        assert row["journal_id"] == [9, "Miscellaneous Operations"]
        assert [type(id) for id in row["line_ids"]] == [int, int]
        assert (row["date"], row["amount_total"], row["partner_id"]) == ("2026-11-12", Decimal("10.0"), False)
        assert len(row["write_date"]) == len("2026-11-20 09:02:30")
        assert row["checked"] is False

    def test_load_null_gives_bare_ids(self, target: Target) -> None:
        [row] = target.call("account.journal/read", ids=[9], fields=["company_id"], load=None)
        assert row == {"id": 9, "company_id": EU}

    def test_missing_ids_are_left_out_of_a_read(self, target: Target) -> None:
        assert target.call("account.move/read", ids=[999999], fields=["name"]) == []

    @pytest.mark.parametrize(
        ("domain", "names"),
        [
            ([["name", "=", "{0} A"]], ["A"]),
            ([["name", "in", ["{0} A", "{0} B"]]], ["A", "B"]),
            ([["name", "in", []]], []),
            ([["name", "=like", "{0}%"]], ["A", "B", "c"]),
            ([["name", "like", "{0} a"]], []),
            ([["name", "ilike", "{0} a"]], ["A"]),
            ([["name", "=like", "{0} _"], ["name", "!=", "{0} A"]], ["B", "c"]),
            ([["name", "=like", "{0}%"], ["ref", "=", False]], ["c"]),
            ([["name", "=like", "{0}%"], ["ref", "!=", False]], ["A", "B"]),
            ([["name", "=like", "{0}%"], ["ref", "not in", ["r1"]]], ["B", "c"]),
            (["|", ["name", "=", "{0} A"], ["name", "=", "{0} c"]], ["A", "c"]),
            (["&", ["name", "=like", "{0}%"], "!", ["ref", "=", "r1"]], ["B", "c"]),
            ([["name", "=like", "{0}%"], ["supplier_rank", ">", 0]], ["A"]),
            ([["name", "=like", "{0}%"], ["supplier_rank", "=", 0]], ["B", "c"]),
            ([["name", "=like", "{0}%"], ["is_company", "=", True]], ["B"]),
            ([["name", "=like", "{0}%"], ["parent_id.ref", "=", "r2"]], ["c"]),
            ([["name", "=like", "{0}%"], ["parent_id", "any", [["is_company", "=", True]]]], ["c"]),
            ([["name", "=like", "{0}%"], ["parent_id", "=", "{0} B"]], ["c"]),
        ],
    )
    def test_a_domain_selects(self, target: Target, domain: list[Any], names: list[str]) -> None:
        word = target.unique("dom")
        make = [
            {"name": f"{word} A", "ref": "r1", "supplier_rank": 1},
            {"name": f"{word} B", "ref": "r2", "is_company": True},
        ]
        [_, parent] = target.call("res.partner/create", vals_list=make)
        target.call("res.partner/create", vals_list=[{"name": f"{word} c", "parent_id": parent}])
        found = target.call("res.partner/search_read", domain=_filled(domain, word), fields=["name"], order="id")
        assert [row["name"].rsplit(" ", 1)[1] for row in found] == names

    @pytest.mark.parametrize(
        ("domain", "name", "message"),
        [
            (["&", ["id", "=", 17]], "ValueError", "Domain() malformed domain ['&', ['id', '=', 17]]"),
            (["name"], "ValueError", "Domain() invalid item in domain: 'name'"),
            ([["name", "~~", "x"]], "ValueError", "Invalid operator in condition ('name', '~~', 'x')"),
            (
                [["partner_id.nope", "=", 1]],
                "ValueError",
                "Invalid field res.partner.nope in condition ('nope', '=', 1)",
            ),
            ([["write_date", ">", ZULU]], "ValueError", f"expecting only datetimes with no timezone: '{ZULU}'"),
            ([["date", "=", "x"]], "ValueError", "Invalid term 'x' in expression date: 'x'"),
            ("x", "TypeError", "Domain() invalid argument type for domain: 'x'"),
        ],
    )
    def test_a_wrong_domain_is_a_500(self, target: Target, domain: Any, name: str, message: str) -> None:
        with pytest.raises(Refusal) as refused:
            target.call("account.move/search_read", domain=domain, fields=["id"])
        assert (refused.value.status, refused.value.name, refused.value.message) == (500, f"builtins.{name}", message)

    def test_order_limit_and_offset(self, target: Target) -> None:
        word = target.unique("order")
        made = target.call(
            "res.partner/create",
            vals_list=[{"name": f"{word} {n}", "ref": r} for n, r in ((1, "b"), (2, "a"), (3, "b"))],
        )
        domain = [["name", "=like", f"{word}%"]]

        def ids(**more: Any) -> list[int]:
            return list(target.call("res.partner/search", domain=domain, **more))

        assert ids(order="id desc") == made[::-1]
        assert ids(order="ref, id desc") == [made[1], made[2], made[0]]
        assert ids(order="id", limit=2, offset=1) == made[1:]
        assert [ids(order="id", limit=none) for none in (0, False, None)] == [made] * 3
        assert target.call("res.partner/search_count", domain=domain) == 3

    @pytest.mark.parametrize(
        ("order", "status", "start"),
        [
            ("nope", 500, "Invalid field 'nope' on model 'account.move'"),
            ("id foo", 422, 'Invalid "order" specified (id foo).'),
        ],
    )
    def test_a_wrong_order_is_refused(self, target: Target, order: str, status: int, start: str) -> None:
        with pytest.raises(Refusal) as refused:
            target.call("account.move/search_read", domain=[], fields=["id"], order=order)
        assert (refused.value.status, refused.value.message.startswith(start)) == (status, True)

    def test_archived_records_are_hidden_unless_asked_for(self, target: Target) -> None:
        word = target.unique("gone")
        target.call("res.partner/create", vals_list=[{"name": word, "active": False}])
        domain = [["name", "=", word]]
        assert target.call("res.partner/search", domain=domain) == []
        assert len(target.call("res.partner/search", domain=domain, context={**CONTEXT, "active_test": False})) == 1
        assert len(target.call("res.partner/search", domain=[*domain, ["active", "=", False]])) == 1

    def test_partners_without_named_fields_are_forbidden_to_the_integration(self, target: Target) -> None:
        with pytest.raises(Refusal) as refused:
            target.call("res.partner/search_read", domain=[["id", "=", 1]])
        assert (refused.value.status, refused.value.name) == (403, "odoo.exceptions.AccessError")

    def test_lines_are_found_through_their_move(self, target: Target) -> None:
        ref = target.unique()
        move = target.entry(ref=ref)
        rows = target.call(
            "account.move.line/search_read", domain=[["move_id.ref", "=", ref]], fields=["move_id"], load=None
        )
        assert [row["move_id"] for row in rows] == [move, move]

    def test_an_account_shows_its_code_only_in_its_own_company(self, target: Target) -> None:
        def code(*companies: int) -> Any:
            context = {"allowed_company_ids": list(companies), "lang": "en_US"}
            return target.call("account.account/read", ids=[82], fields=["code"], context=context)[0]["code"]

        assert (code(2, 1), code(1, 2)) == ("600000", False)
        found = target.call("account.account/search", domain=[["code", "=", "600000"]], context=in_company(1))
        assert found == [32]

    def test_absent_lock_dates_read_as_year_one(self, target: Target) -> None:
        [row] = target.call("res.company/read", ids=[EU], fields=["user_hard_lock_date", "hard_lock_date"])
        assert (row["user_hard_lock_date"], row["hard_lock_date"]) == ("1-01-01", False)


def _filled(domain: Any, word: str) -> Any:
    if isinstance(domain, list):
        return [_filled(item, word) for item in domain]
    return domain.format(word) if isinstance(domain, str) else domain
