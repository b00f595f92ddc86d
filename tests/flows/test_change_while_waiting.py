"""What becomes of a document that waits for its approval in the ledger, when the source changes it?"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from audit.models import Posting, Problem, RecordState, SyncRecord
from tests.audit.scene import money, posting_states, states
from tests.flows.zoho import FLOW, ZohoBooksWorld, zoho_world

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


def test_a_bill_whose_payment_waits_for_it_is_made_anew_with_it() -> None:
    policies = FLOW["policies"] | {"card_expense": "bill_and_payment"}
    with zoho_world("waiting", flows=[{**FLOW, "policies": policies}]) as made:
        made.zoho.control("switch", {"bill_approval": True})
        supplier = made.brex.control("add_vendor", {"company_name": "Zorba Tools"})
        record = made.purchase("25.50", vendor={"id": supplier["id"], "name": "Zorba Tools"})
        made.run(3)
        lines = [{**line, "amount": money("30.00")} for line in record["line_items"]]
        changes = {"amount": money("30.00"), "line_items": lines}
        made.brex.control("change_record", {"id": record["id"], "changes": changes})
        made.run(2)
        assert [one.code for one in problems()] == ["changed_while_waiting"]
        [waiting] = made.held("bills")
        made.zoho.control("delete", {"resource": "bills", "id": waiting["bill_id"]})
        made.run(3)
        [anew] = made.held("bills")
        made.zoho.control("act", {"resource": "bills", "id": anew["bill_id"], "what": "approve"})
        made.run(4)
        [paid], [payment] = made.held("bills"), made.held("payments")
        assert (paid["status"], Decimal(str(paid["total"])), Decimal(str(payment["amount"]))) == ("paid", 30, 30)
        assert problems() == []
        assert set(SyncRecord.objects.values_list("state", flat=True)) == {RecordState.POSTED}
