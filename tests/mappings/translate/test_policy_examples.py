"""Does every example of the accounting policy come out as it is written there?"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import pytest

from connectors.documents import Document, JournalEntry, Line, Payment, VendorBill
from mappings.translate.dispatch import RULES
from mappings.translate.journal_text import postings
from tests.mappings.translate import cases_card, cases_cash, cases_general
from tests.mappings.translate.cases import Case
from tests.mappings.translate.examples import ExampleDocument, ExampleLine, parse_example
from tests.mappings.translate.world import Story

CASES = (*cases_card.CASES, *cases_cash.CASES, *cases_general.CASES)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_posts_what_the_example_says(case: Case) -> None:
    story = Story()

    case.tell(story)

    examples = parse_example(case.example)
    assert len(story.documents) == len(examples)
    for document, example in zip(story.documents, examples, strict=True):
        assert_same(document, example)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_posting_names_its_rules(case: Case) -> None:
    story = Story()

    case.tell(story)

    if parse_example(case.example):
        named = {rule for document in story.documents for rule in getattr(document, "rules", ())}
        wanted = case.names if case.on_posting is None else case.on_posting
        assert set(wanted) <= named


def test_every_rule_has_an_example() -> None:
    shown = {name for case in CASES for name in case.names}

    assert shown == {f"B{number}" for number in range(1, 38)} | {f"G{number}" for number in range(1, 23)}


def test_the_table_of_kinds_shows_every_rule() -> None:
    implemented = {number for rule in RULES.values() for number in rule.numbers}

    assert implemented | {"B36"} == {f"B{number}" for number in range(1, 38)}


@pytest.mark.parametrize("text", ["USD: EXP 1.00 = CARD 2.00", "EXP 1.00 = CARD 1.00", "USD: EXP = CARD", "USD: EXP 1"])
def test_what_is_no_example_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not|does not balance"):
        parse_example(text)


def assert_same(document: Document, example: ExampleDocument) -> None:
    """Per role, side and what the example names of account, partner and cost centre; the rest is not stated there."""
    assert isinstance(document, JournalEntry | VendorBill | Payment)
    assert (document.currency, document.company_currency) == (example.currency, example.company_currency)
    if example.on:
        assert (document.posting_date.month, document.posting_date.day) == example.on
    lines = postings(document)
    assert _by_role(lines) == _by_role(example.lines)
    for tagged in example.lines:
        if tagged.tag:
            meant = [line for line in lines if line.account.role == tagged.role and tagged.tag in _tags(line)]
            total = sum((line.amount for line in meant if line.side is tagged.side), Decimal(0))
            assert total == _tag_total(example, tagged), tagged


def _tag_total(example: ExampleDocument, tagged: ExampleLine) -> Decimal:
    same = (
        line for line in example.lines if (line.role, line.side, line.tag) == (tagged.role, tagged.side, tagged.tag)
    )
    return sum((line.amount for line in same), Decimal(0))


def _by_role(lines: tuple[Line, ...] | tuple[ExampleLine, ...]) -> dict[tuple[str, str], list[Decimal]]:
    totals: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for line in lines:
        role = line.account.role if isinstance(line, Line) else line.role
        totals[str(role), str(line.side)][0] += line.amount
        totals[str(role), str(line.side)][1] += line.company_amount
    return dict(totals)


def _tags(line: Line) -> set[str]:
    """What an example may call the line by: its account, its partner or his first name, its cost centres."""
    code = line.account.code
    names = {code, code.rpartition(" ")[2], *(dimension.code for dimension in line.dimensions)}
    if line.partner:
        names |= {line.partner.name, line.partner.name.partition(" ")[0]}
    return names
