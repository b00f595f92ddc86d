"""What becomes of a document that waits for its approval in the ledger, when the source changes it?"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from audit.models import Posting, Problem, RecordState, SyncRecord
from tests.audit.scene import money, posting_states, states
from tests.flows.zoho import ZohoBooksWorld, zoho_world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def made() -> Iterator[ZohoBooksWorld]:
    with zoho_world("waiting") as one:
        one.zoho.control("switch", {"journal_approval": True})
        yield one


def changed(made: ZohoBooksWorld, **changes: Any) -> dict[str, Any]:
    """A purchase that waits in Zoho and is changed at Brex; answers the journal."""
    record = made.purchase("25.50")
    made.run(2)
    assert posting_states(made) == {"created": 1}
    lines = [{**line, "amount": money("30.00")} for line in record["line_items"]]
    made.brex.control(
        "change_record", {"id": record["id"], "changes": changes or {"amount": money("30.00"), "line_items": lines}}
    )
    made.run(2)
    [journal] = made.held("journals")
    return journal


def problems() -> list[Problem]:
    return list(Problem.objects.filter(state="open"))


def test_a_person_is_told_and_what_he_deletes_there_is_made_anew(made: ZohoBooksWorld) -> None:
    journal = changed(made)
    assert made.totals() == [Decimal("25.50")], "nothing is deleted behind anybody's back"
    [problem] = problems()
    assert problem.code == "changed_while_waiting"
    assert f"{journal['entry_number']}" in problem.message
    assert "amount" in problem.message
    assert SyncRecord.objects.get().reason == problem.message
    made.zoho.control("delete", {"resource": "journals", "id": journal["journal_id"]})
    made.run(3)
    assert made.totals() == [Decimal("30.00")]
    assert problems() == []
    assert sorted(Posting.objects.values_list("state", "amount")) == [
        ("created", Decimal("30.0000")), ("void", Decimal("25.5000")),
    ]  # fmt: skip


def test_posted_as_it_stands_it_was_changed_after_posting(made: ZohoBooksWorld) -> None:
    journal = changed(made)
    for step in ("submit", "approve", "publish"):
        made.zoho.control("act", {"resource": "journals", "id": journal["journal_id"], "what": step})
    made.run(3)
    assert [one.code for one in problems()] == ["changed_after_posting"]
    assert states(made) == {RecordState.HELD: 1}


def test_a_change_of_words_asks_nobody(made: ZohoBooksWorld) -> None:
    changed(made, memo="Toner and paper")
    assert problems() == []
    assert made.totals() == [Decimal("25.50")]
