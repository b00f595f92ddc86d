"""Does a right that only bills need keep a company's other spend from its books, and is a lost one taken for a loss?"""

from __future__ import annotations

import pytest
from django.core.management import call_command

from audit.models import PostingState, Problem
from connectors.dynamics365_fo.screens import SCREENS
from tests.flows.dynamics_stage import dynamics_stage

pytestmark = pytest.mark.django_db(transaction=True)


def test_entries_go_while_bills_are_held_by_the_name_of_what_they_need() -> None:
    with dynamics_stage(records=20, streams=("vendors", "accounting_records")) as made:
        made.fo.control("set_user", {"hidden": ["VendInvoiceJournalHeaders", "VendInvoiceJourBiEntities"]})
        made.sync()
        created = made.postings(state=PostingState.CREATED)
        assert set(created.values_list("document_type", flat=True)) == {"journal_entry"}
        problems = Problem.objects.filter(tenant=made.tenant, state="open", code="missing_entity")
        assert {one.facts["value"] for one in problems} == {"VendInvoiceJournalHeaders"}
        assert all(SCREENS["VendInvoiceJournalHeaders"] in one.message for one in problems)


def test_a_right_that_is_lost_makes_nothing_gone() -> None:
    with dynamics_stage(records=20, streams=("vendors", "accounting_records")) as made:
        made.sync()
        made.posts()
        made.sync()
        assert made.postings(state=PostingState.POSTED, document_type="vendor_bill").exists()
        made.fo.control("set_user", {"hidden": ["VendInvoiceJournalLines"]})
        [ledger] = [one["name"] for one in made.parts["connections"] if one["vendor"] == "dynamics365_fo"]
        call_command("adopt", ledger)
        assert not Problem.objects.filter(tenant=made.tenant, code="gone_from_ledger").exists()
