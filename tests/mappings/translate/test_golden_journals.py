"""Do the journals still read as an accountant signed them off? One file per rule; UPDATE_GOLDEN=1 writes them anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mappings.translate import render_journal
from tests.mappings.translate.test_policy_examples import CASES
from tests.mappings.translate.world import Story

GOLDEN = Path(__file__).parents[1] / "golden"
RULES = sorted({name for case in CASES for name in case.names}, key=lambda name: (name[0], int(name[1:])))


def journal_of(rule: str) -> str:
    """Every example of a rule, and what is posted for it."""
    pages = []
    for case in CASES:
        if rule in case.names:
            story = Story()
            case.tell(story)
            documents = [render_journal(document) for document in story.documents] or ["nothing is posted\n"]
            pages.append(f"# {case.name}\n# {case.example}\n\n" + "\n".join(documents))
    return "\n\n".join(pages)


@pytest.mark.parametrize("rule", RULES)
def test_the_journal_of_a_rule_is_as_it_was_signed_off(rule: str) -> None:
    golden = GOLDEN / f"{rule}.journal"
    journal = journal_of(rule)
    if os.environ.get("UPDATE_GOLDEN") == "1":
        golden.write_text(journal, encoding="utf-8")

    assert golden.read_text(encoding="utf-8") == journal


def test_there_is_no_journal_without_a_rule() -> None:
    assert {path.stem for path in GOLDEN.glob("*.journal")} == set(RULES)
