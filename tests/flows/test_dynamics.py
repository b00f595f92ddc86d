"""What becomes of a company's spend in the simulated Dynamics? Created by us, posted by Dynamics, counted there."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db.models import Sum

from audit.models import FollowUp, FollowUpKind, FollowUpState, PostingState, Problem, SyncRecord
from mappings.setup import setups_forget
from tests.flows.dynamics_stage import DynamicsStage, dynamics_stage

pytestmark = pytest.mark.django_db(transaction=True)
ALL_KINDS = {"journal_entry", "vendor_bill", "payment", "new_vendor"}


def own_records(made: DynamicsStage) -> set[str]:
    """Accounting records that have a document of their own."""
    rows = made.postings(record__stream="accounting_records", document_type__in=ALL_KINDS - {"new_vendor"})
    return set(rows.values_list("record__external_id", flat=True))


def assert_once(made: DynamicsStage) -> None:
    """Each document of ours once in Dynamics, with our amount, and nothing there that we do not know."""
    held = made.held()
    assert set(held.values()) == {1}
    ours = made.postings(state__in=[PostingState.CREATED, PostingState.POSTED])
    assert set(held) == set(ours.values_list("stamp", flat=True))
    total = ours.exclude(document_type="new_vendor").aggregate(all=Sum("amount"))["all"] or Decimal(0)
    assert made.moved() == total


def test_every_flow_posts_each_record_once_and_brex_is_told_when_dynamics_posted() -> None:
    with dynamics_stage(records=20) as made:
        made.sync()
        assert_once(made)
        assert own_records(made)
        assert not own_records(made) & made.told(), "created is not posted"
        for _ in range(3):  # what waits for a document in the books comes a round later
            made.posts()
            tallies = made.sync()
        assert made.unposted() == 0
        assert_once(made)
        assert set(made.postings(state=PostingState.POSTED).values_list("document_type", flat=True)) == ALL_KINDS
        assert own_records(made) <= made.told()
        assert [name for name, tally in tallies.items() if not tally.ties] == []
        assert not SyncRecord.objects.filter(tenant=made.tenant, state="failed").exists()
        altered = Problem.objects.filter(tenant=made.tenant, state="open", code="document_altered")
        assert [one.message for one in altered] == []
        assert any("Meals and entertainment" in value for value in made.offered())
        assert any("Apollo" in value for value in made.offered())
        held, states = made.held(), made.states()
        made.sync()
        assert (made.held(), made.states()) == (held, states)


def test_an_empty_installation_adopts_what_stands_in_dynamics() -> None:
    with dynamics_stage(records=20, streams=("vendors", "accounting_records")) as made:
        made.sync()
        made.posts()
        made.sync()
        held, states = made.held(), made.states()
        assert held
        call_command("flush", interactive=False, verbosity=0, inhibit_post_migrate=False)
        setups_forget()  # ids are counted anew, as in another process
        made.apply()
        made.sync()
        assert made.held() == held
        assert made.states() == states
        assert set(made.postings().values_list("attempts", flat=True)) == {0}


def test_brex_is_told_of_what_is_created_where_the_flow_says_so() -> None:
    with dynamics_stage(records=20, streams=("vendors", "accounting_records"), tell_source="created") as made:
        made.sync()
        made.sync()
        created = made.postings(state=PostingState.CREATED, record__stream="accounting_records")
        assert created.exists()
        closed = created.filter(record__state="posted").values_list("record__external_id", flat=True)
        assert set(closed)
        assert set(closed) <= made.told()


def test_receipts_reach_pending_invoices_and_of_others_it_is_said_where_they_stay() -> None:
    with dynamics_stage(records=40, streams=("expenses",), attach_receipts=True) as made:
        for one in made.parts["connections"]:
            if one["vendor"] == "dynamics365_fo":
                one["settings"] = {**one["settings"], "invoice_pattern": "pending"}
        made.apply()
        for one in made.brex.store.expenses:
            if one["expense_type"] == "CARD" and (one.get("billing_amount") or {}).get("currency") == "EUR":
                one["receipts"] = [{"id": made.brex.files.add_receipt("receipt.pdf", f"Paper of {one['id']}")}]
        made.sync()
        steps = FollowUp.objects.filter(tenant=made.tenant, kind=FollowUpKind.ATTACH)
        attached, stayed = (steps.filter(state=state) for state in (FollowUpState.DONE, FollowUpState.DROPPED))
        papers = {row["HeaderReference"] for row in made.rows("VendorInvoiceDocumentAttachments")}
        waiting = {row["HeaderReference"]: row["DocumentNumber"] for row in made.rows("VendorInvoiceHeaders")}
        stamps = made.postings(record__follow_ups__in=attached).values_list("stamp", flat=True)
        assert papers
        assert {waiting[one] for one in papers} == set(stamps) & set(waiting.values())
        assert stayed.exists()
        assert all("stays at the source" in one.reason for one in stayed)
        assert not steps.filter(state=FollowUpState.DUE).exists()
