"""What is `write_date`, when does it move, and how is it compared?"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest

from .loading_cases import load, rows
from .target import Refusal, Target

FORM = "%Y-%m-%d %H:%M:%S"


def shifted(stamp: str, seconds: int) -> str:
    return (datetime.strptime(stamp, FORM) + timedelta(seconds=seconds)).strftime(FORM)  # noqa: DTZ007


class ClockCases:
    @pytest.mark.parametrize(
        ("sign", "seconds", "found"),
        [
            ("=", 0, True),
            (">=", 0, True),
            ("<=", 0, True),
            ("<", 0, False),
            (">", 0, False),
            ("<", 1, True),
            (">", -1, True),
            ("=", -1, False),
            (">=", 1, False),
        ],
    )
    def test_datetimes_are_compared_by_the_whole_second(
        self, target: Target, sign: str, seconds: int, found: bool
    ) -> None:
        [id] = target.call("res.partner/create", vals_list=[{"name": target.unique()}])
        [row] = target.call("res.partner/read", ids=[id], fields=["write_date"])
        mark = shifted(row["write_date"], seconds)
        domain = [["id", "=", id], ["write_date", sign, mark]]
        assert target.call("res.partner/search", domain=domain) == ([id] if found else [])
        with_t = [["id", "=", id], ["write_date", sign, mark.replace(" ", "T")]]
        assert target.call("res.partner/search", domain=with_t) == ([id] if found else [])

    def test_all_rows_of_a_call_share_its_start(self, target: Target) -> None:
        ids = target.call("res.partner/create", vals_list=[{"name": target.unique()} for _ in range(3)])
        stamps = {row["write_date"] for row in target.call("res.partner/read", ids=ids, fields=["write_date"])}
        assert len(stamps) == 1

    @pytest.mark.parametrize(
        ("path", "arguments", "moves_it"),
        [
            ("account.move/write", {"vals": {"narration": "x"}}, True),
            ("account.move/write", {"vals": {}}, False),
            ("account.move.line/write", {"vals": {"name": "new label"}}, True),
            ("res.partner/write", {"vals": {"phone": "1"}}, False),
        ],
    )
    def test_what_moves_a_bills_write_date(self, target: Target, path: str, arguments: Any, moves_it: bool) -> None:
        vendor = target.vendor()
        bill = target.posted_bill(vendor=vendor)
        row = target.move(bill, "write_date", "line_ids")
        wait_for_the_next_second(target, row["write_date"])
        ids = {"account.move": [bill], "account.move.line": row["line_ids"][:1], "res.partner": [vendor]}
        target.call(path, ids=ids[path.split("/")[0]], **arguments)
        assert (target.move(bill, "write_date")["write_date"] > row["write_date"]) is moves_it

    def test_of_four_simultaneous_loads_of_one_external_id_one_record_remains(self, target: Target) -> None:
        name = f"mlc.{target.unique('race')}"
        answers: list[Any] = []
        workers = [threading.Thread(target=lambda: answers.append(load(target, rows(name)))) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        made = {answer["ids"][0] for answer in answers if answer["ids"]}
        texts = {answer["messages"][0]["message"] for answer in answers if not answer["ids"]}
        assert len(made) == 1
        assert texts <= {"could not serialize access due to concurrent update\n"}
        assert target.call("account.move/search", domain=[["ref", "=", name]]) == list(made)
        assert len(target.lines(made.pop())) == 2

    def test_of_four_simultaneous_posts_one_wins(self, target: Target) -> None:
        move = target.entry()
        answers: list[Any] = []

        def post() -> None:
            try:
                answers.append(target.post_moves(move))
            except Refusal as refused:
                answers.append(refused.message)

        workers = [threading.Thread(target=post) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        name = target.move(move, "name")["name"]
        assert sorted(map(str, answers)) == ["False", *[f"The entry {name} (id {move}) must be in draft."] * 3]


def wait_for_the_next_second(target: Target, stamp: str) -> None:
    """Until Odoo's clock has left the second of `stamp`; its answers carry the time."""
    for _ in range(200):
        answer = target.post("/json/2/res.users/context_get", {})
        now = datetime.strptime(answer.headers["Date"], "%a, %d %b %Y %H:%M:%S GMT")  # noqa: DTZ007
        if now.strftime(FORM) > stamp:
            return
        threading.Event().wait(0.02)
    raise AssertionError("Odoo's clock stands still")
