"""What is said of a document that waits in Dynamics and that somebody changed there?"""

from __future__ import annotations

from typing import Any

import pytest

from audit.models import AuditEvent, Posting, PostingState, Problem
from tests.flows.dynamics_stage import DynamicsStage, dynamics_stage

pytestmark = pytest.mark.django_db(transaction=True)


def altered(made: DynamicsStage, posting: Posting) -> list[str]:
    rows = Problem.objects.filter(
        tenant=made.tenant, state="open", code="document_altered", facts__value__startswith=f"{posting.key}/"
    )
    return [one.message for one in rows]


def looked_at(made: DynamicsStage, posting: Posting) -> Posting:
    Posting.objects.filter(pk=posting.pk).update(settle_at="2020-01-01T00:00:00Z")
    made.sync()
    posting.refresh_from_db()
    return posting


def change(made: DynamicsStage, row: dict[str, Any], **changes: Any) -> None:
    key = [row["dataAreaId"], row["JournalBatchNumber"], row["LineNumber"]]
    made.fo.control("edit", {"set": "LedgerJournalLines", "key": key, "changes": changes})


def test_what_a_person_changed_is_told_while_the_document_waits_and_taken_back_when_it_is_put_right() -> None:
    with dynamics_stage(records=20, streams=("vendors", "accounting_records")) as made:
        made.sync()
        posting = made.postings(document_type="journal_entry", state=PostingState.CREATED).order_by("id")[0]
        row = next(one for one in made.rows("LedgerJournalLines") if one["JournalBatchNumber"] == posting.number)
        change(made, row, TransDate="2026-11-19T12:00:00Z")
        said = looked_at(made, posting).error
        assert posting.state == PostingState.CREATED
        assert said.startswith("Sent for "), said
        assert "stands on 2026-11-19" in said
        assert "is in Dynamics and not posted" in said
        [message] = altered(made, posting)
        assert "stands on 2026-11-19" in message
        told = AuditEvent.objects.filter(kind="notice.document_altered").count()
        looked_at(made, posting)
        assert AuditEvent.objects.filter(kind="notice.document_altered").count() == told, "told once"
        change(made, row, TransDate=row["TransDate"])
        assert "stands on" not in looked_at(made, posting).error
        assert altered(made, posting) == []
        change(made, row, AccountDisplayValue="612000---")
        made.posts()
        looked_at(made, posting)
        assert posting.state == PostingState.POSTED
        assert len(altered(made, posting)) == 2, "one account has more and one has less"


@pytest.mark.parametrize(("kind", "state"), [("new_vendor", "uncertain"), ("journal_entry", "created")])
def test_what_dynamics_would_take_twice_is_not_sent_a_third_time(kind: str, state: str) -> None:
    """A vendor that was sent and is absent again and again is a person's; a journal under our number is refused."""
    with dynamics_stage(records=8, streams=("vendors", "accounting_records")) as made:
        made.sync()
        posting = made.postings(document_type=kind).order_by("id")[0]
        if kind == "new_vendor":
            made.fo.control("remove", {"set": "VendorsV3", "key": [posting.company, posting.number]})
        else:
            made.fo.control("delete_journal", {"number": posting.number, "company": posting.company})
        Posting.objects.filter(pk=posting.pk).update(
            state=PostingState.UNCERTAIN, attempts=2, absences=1, posted_at=None, entry_id=""
        )
        assert looked_at(made, posting).state == state
        asked = Problem.objects.filter(tenant=made.tenant, state="open", code="uncertain_absent")
        assert asked.exists() == (kind == "new_vendor")
