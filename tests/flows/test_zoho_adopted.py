"""What if Zoho holds our documents as the set-up of an earlier time made them, or holds them twice?"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from audit.models import HighWaterMark, LaneKind, Posting, PostingState, Problem, RecordState, SyncRecord
from audit.sync.adopt import adoption_ensure
from audit.sync.outcomes import CONFIRM_LAST
from audit.sync.replay import posting_bind, posting_declare_absent
from connectors.services import connection_ledger
from mappings.setup import setups_forget
from tests.audit.scene import posting_states, states, time_passes, work
from tests.flows.zoho import FLOW, US, ZohoBooksWorld, zoho_world

pytestmark = pytest.mark.django_db(transaction=True)
AS_BILL = {**FLOW, "policies": FLOW["policies"] | {"card_expense": "bill_and_payment"}}


def purchase(made: ZohoBooksWorld) -> dict[str, Any]:
    supplier = made.brex.control("add_vendor", {"company_name": "Zorba Tools"})
    return made.purchase("48.40", vendor={"id": supplier["id"], "name": "Zorba Tools"})


def installed_anew(made: ZohoBooksWorld, flow: dict[str, Any]) -> None:
    """The database is lost, and the new set-up makes other documents of the same records."""
    call_command("flush", interactive=False, verbosity=0, inhibit_post_migrate=False)
    setups_forget()
    made.apply(flows=[flow])


def test_what_stands_as_another_kind_of_document_is_not_posted_a_second_time() -> None:
    with zoho_world("kinds") as made:
        purchase(made)
        made.run()
        installed_anew(made, AS_BILL)
        made.run(6)
        assert (made.held("bills"), len(made.held("journals"))) == ([], 1)
        [problem] = Problem.objects.filter(state="open", code="found_otherwise")
        [journal] = made.held("journals")
        assert f"{journal['entry_number']}" in problem.message
        assert "a journal entry and not the vendor bill" in problem.message
        posting = Posting.objects.get(document_type="vendor_bill")
        posting_bind(posting, entry_id=journal["journal_id"], number="J", by="ana", reason="It is this journal.")
        made.run(3)
        assert not Problem.objects.filter(state="open", code="found_otherwise").exists()
        assert (made.held("payments"), len(made.held("journals"))) == ([], 1)
        assert [row.state for row in SyncRecord.objects.filter(kind="card_purchase")] == [RecordState.POSTED]


def test_once_it_is_gone_there_the_record_is_posted_as_it_would_be_now() -> None:
    with zoho_world("kinds") as made:
        purchase(made)
        made.run()
        installed_anew(made, AS_BILL)
        made.run(3)
        [journal] = made.held("journals")
        made.zoho.control("delete", {"resource": "journals", "id": journal["journal_id"]})
        [posting] = Posting.objects.filter(document_type="vendor_bill")
        posting_declare_absent(posting, by="ana", reason="I deleted the journal.")
        made.run(6)
        HighWaterMark.objects.filter(stream__startswith="stamped").update(
            due_at=timezone.now(), since=timezone.now() - timedelta(days=2)
        )
        made.run(6)
        assert [Decimal(str(one["total"])) for one in made.held("bills")] == [Decimal("48.40")]
        assert [row.state for row in SyncRecord.objects.filter(kind="card_purchase")] == [RecordState.POSTED]


def test_a_full_listing_finds_twins_of_two_kinds() -> None:
    with zoho_world("twins") as made:
        made.purchase("48.40")
        made.run(2)
        [journal] = made.held("journals")
        organisation = made.zoho.organisations[US]
        body = {
            "account_id": organisation.account("600000")["account_id"],
            "paid_through_account_id": organisation.account("201100")["account_id"],
            "date": journal["journal_date"],
            "amount": "48.40",
            "reference_number": journal["reference_number"],
        }
        made.zoho.control("create", {"resource": "expenses", "body": body})
        connection = made.connection("Zoho")
        adoption_ensure(None, connection, connection_ledger(connection), US, "test", in_full=True)
        [problem] = Problem.objects.filter(state="open", code="twice_in_ledger")
        assert journal["journal_id"] in problem.message


def test_what_waits_for_an_approval_is_looked_at_the_less_the_longer_it_waits() -> None:
    with zoho_world("waits") as made:
        made.zoho.control("switch", {"journal_approval": True})
        made.purchase("48.40")
        made.run(2)
        assert posting_states(made) == {PostingState.CREATED: 1}
        for waited, due in ((0, 0.25), (4, 1.0), (100, CONFIRM_LAST.total_seconds() / 3600)):
            Posting.objects.update(sent_at=timezone.now() - timedelta(hours=waited))
            time_passes()
            work(made, "Zoho", LaneKind.POST)
            [posting] = Posting.objects.all()
            assert posting.settle_at is not None
            hours = (posting.settle_at - timezone.now()).total_seconds() / 3600
            assert due - 0.02 < hours <= due


def test_a_payment_is_not_sent_for_a_bill_that_is_declared_absent_and_goes_with_the_next() -> None:
    with zoho_world("bound", flows=[AS_BILL]) as made:
        purchase(made)
        made.zoho.fail("drop", r"/bills$", method="POST", times=99)
        made.run(2)
        assert set(Posting.objects.values_list("purpose", "state")) >= {("", "uncertain"), ("pay", "intended")}
        made.zoho.faults.clear()
        posting = Posting.objects.get(document_type="vendor_bill")
        posting_declare_absent(posting, by="ana", reason="It is not there.")
        assert set(Posting.objects.filter(purpose="pay").values_list("state", flat=True)) == {"void"}
        made.run(4)
        assert len(made.held("bills")) == len(made.held("payments")) == 1
        assert states(made)[RecordState.POSTED] == 2, "the purchase and its vendor"


def test_a_payment_goes_when_its_bill_is_bound() -> None:
    with zoho_world("bound", flows=[AS_BILL]) as made:
        purchase(made)
        made.zoho.fail("commit_then_drop", r"/bills$", method="POST")
        while not made.held("bills"):
            made.run(1)
        posting = Posting.objects.get(document_type="vendor_bill")
        assert posting.state == PostingState.UNCERTAIN
        [written] = made.held("bills")
        posting_bind(posting, entry_id=f"bill:{written['bill_id']}", number="B", by="ana", reason="I see it there.")
        made.run(3)
        [written] = made.held("bills")
        assert (written["status"], len(made.held("payments"))) == ("paid", 1)
        assert states(made)[RecordState.POSTED] == 2, "the purchase and its vendor"
