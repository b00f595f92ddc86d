"""Does the most specific rule win, for every way of being more specific, and does its answer say why?"""

from __future__ import annotations

from datetime import date
from time import perf_counter
from typing import Any

import pytest

from connectors.records import Coded
from mappings.resolver import RuleResolver, RuleRow

DAY = date(2026, 3, 1)
SOFTWARE, RESEARCH, DELTA = Coded("category", "software"), Coded("department", "research"), Coded("merchant", "Delta")
LINE = (SOFTWARE, RESEARCH, DELTA)


def rule(number: int, *when: Coded, target: str = "account", **parts: Any) -> RuleRow:
    conditions = tuple((coded.field, coded.value) for coded in when)
    words = ", ".join(f"{name} {value}" for name, value in conditions)
    return RuleRow(number, target, conditions, words, **{"value": f"v{number}", "code": "", "name": "", **parts})


@pytest.mark.parametrize(
    ("rules", "winner"),
    [
        pytest.param([rule(1, SOFTWARE), rule(2, SOFTWARE, RESEARCH)], 2, id="more conditions before fewer"),
        pytest.param(
            [rule(1, SOFTWARE, RESEARCH, DELTA), rule(2, DELTA, is_of_flow=True)], 2, id="a flow's before a tenant's"
        ),
        pytest.param([rule(1, SOFTWARE, priority=5), rule(2, RESEARCH)], 1, id="the higher priority"),
        pytest.param(
            [rule(1, SOFTWARE, priority=9), rule(2, SOFTWARE, RESEARCH, priority=-9)], 2, id="conditions over priority"
        ),
        pytest.param(
            [rule(1, SOFTWARE, valid_from=date(2026, 1, 1)), rule(2, SOFTWARE, valid_from=date(2026, 2, 1))],
            2,
            id="the newest first day",
        ),
        pytest.param(
            [rule(1, SOFTWARE), rule(2, SOFTWARE, valid_from=date(2026, 3, 2))], 1, id="not before its first day"
        ),
        pytest.param([rule(1, SOFTWARE, valid_from=DAY), rule(2, SOFTWARE)], 1, id="on its first day already"),
        pytest.param([rule(1, SOFTWARE), rule(2, RESEARCH)], 2, id="the newer of two equals"),
        pytest.param([rule(1, Coded("category", "rent")), rule(2, DELTA)], 2, id="only rules whose conditions hold"),
        pytest.param(
            [rule(1, SOFTWARE, is_of_flow=True, valid_from=date(2026, 3, 2)), rule(2, SOFTWARE)],
            2,
            id="a flow's rule that is not in force yet steps aside",
        ),
    ],
)
def test_the_most_specific_rule_wins(rules: list[RuleRow], winner: int) -> None:
    for given in (rules, rules[::-1]):
        hit = RuleResolver(given).account(LINE, DAY)
        assert hit is not None
        assert hit.rule == winner


def test_the_answer_says_which_rule_and_why() -> None:
    row = RuleRow(12, "account", (("category", "c7"),), "category Software", "91", "6150", "Software",
                  valid_from=date(2026, 1, 1))  # fmt: skip
    hit = RuleResolver([row]).account((Coded("category", "c7"),), DAY)
    assert hit is not None
    assert hit.because == "6150 because rule 12: category Software, since 2026-01-01"
    assert (hit.value, hit.code, hit.name, hit.is_active) == ("91", "6150", "Software", True)


def test_nothing_matches_without_every_condition() -> None:
    resolver = RuleResolver([rule(1, SOFTWARE, RESEARCH)])
    assert resolver.account((SOFTWARE, DELTA), DAY) is None
    assert resolver.account((), DAY) is None
    assert resolver.tax((SOFTWARE, RESEARCH), DAY) is None


def test_rules_are_keyed_on_any_coded_field_even_one_given_twice() -> None:
    resolver = RuleResolver([rule(1, Coded("custom:project", "b")), rule(2, Coded("card_account", "ca_1"))])
    twice = (Coded("custom:project", "a"), Coded("custom:project", "b"))
    assert resolver.account(twice, DAY).rule == 1  # type: ignore[union-attr]
    assert resolver.account((Coded("card_account", "ca_1"),), DAY).rule == 2  # type: ignore[union-attr]


def test_each_plan_of_cost_centres_is_answered_on_its_own() -> None:
    centre = {"target": "cost_centre", "kind": "cost_centre"}
    resolver = RuleResolver(
        [
            rule(1, RESEARCH, group="Departments", **centre),
            rule(2, RESEARCH, SOFTWARE, group="Projects", **centre),
            rule(3, SOFTWARE, group="Projects", **centre),
        ]
    )
    assert [(hit.group, hit.rule) for hit in resolver.cost_centres(LINE, DAY)] == [("Departments", 1), ("Projects", 2)]


@pytest.mark.parametrize(
    ("target", "coding", "asked"),
    [
        ("account", (RESEARCH, SOFTWARE), "category"),
        ("account", (SOFTWARE, Coded("gl_account", "6100")), "gl_account"),
        ("cost_centre", (SOFTWARE, RESEARCH), "department"),
        ("cost_centre", (SOFTWARE, Coded("custom:team", "x")), "custom:team"),
        ("account", (Coded("category", ""), Coded("employee", "u1")), "employee"),
    ],
)
def test_a_person_is_asked_for_the_value_that_tells_most(target: str, coding: tuple[Coded, ...], asked: str) -> None:
    unmapped = RuleResolver([]).unmapped(target, coding)
    assert unmapped is not None
    assert unmapped.field == asked


def test_nobody_is_asked_about_nothing() -> None:
    assert RuleResolver([]).unmapped("account", (Coded("category", ""),)) is None


def test_a_look_up_costs_the_same_for_many_rules() -> None:
    def seconds(count: int) -> float:
        rules = [rule(n, Coded("category", f"c{n}")) for n in range(count)]
        rules += [rule(n, Coded("category", f"c{n}"), RESEARCH) for n in range(count)]
        resolver = RuleResolver(rules)
        best = 9.0
        for _ in range(5):
            started = perf_counter()
            for n in range(200):
                assert resolver.account((Coded("category", f"c{n % count}"), RESEARCH, DELTA), DAY) is not None
            best = min(best, perf_counter() - started)
        return best

    assert seconds(20_000) < 10 * seconds(20) + 0.02
