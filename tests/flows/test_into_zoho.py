"""Does Brex's spend reach Zoho Books once, whatever gets lost on the way? Counted in the organisation itself."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.core.management import call_command

from audit.models import Posting, Problem, RecordState, SyncRecord
from mappings.setup import setups_forget
from tests.audit.scene import bill, bill_payment, posting_states, states
from tests.flows.zoho import US, ZohoBooksWorld, zoho_world

pytestmark = pytest.mark.django_db(transaction=True)
WRITES = {
    "the vendor is made": r"/contacts$",
    "an entry is posted": r"/journals$",
    "a bill is posted": r"/bills$",
    "a payment is made": r"/vendorpayments$",
    "a receipt is attached": r"/attachment$",
}


@pytest.fixture
def made() -> Iterator[ZohoBooksWorld]:
    """A purchase with a receipt; a bill of a vendor that the ledger lacks; the payment of that bill."""
    with zoho_world("zoho") as one:
        receipt = one.brex.control("add_receipt", {})
        one.purchase("10.50", receipts=[{"id": receipt, "download_uris": []}])
        bill(one, "99.00")
        bill_payment(one, "99.00")
        yield one


def assert_all_once(made: ZohoBooksWorld) -> None:
    assert made.totals() == [Decimal("10.50")]
    [invoice], [payment] = made.held("bills"), made.held("payments")
    assert (invoice["status"], Decimal(str(invoice["balance"])), invoice["bill_number"]) == (
        "paid",
        0,
        "INV-expense_bill_1",
    )
    assert (Decimal(str(payment["amount"])), Decimal(str(payment["balance"]))) == (99, 0)
    assert set(made.stamps().values()) == {1}
    organisation = made.zoho.organisations[US]
    assert len(organisation.contacts.having("contact_name", "Bay Stationery")) == 1
    [journal] = made.held("journals")
    assert journal["status"] == "published"
    assert made.calls("POST", "/attachment") >= 1
    assert len(list(organisation.documents)) == 1
    assert states(made) == {RecordState.POSTED: 4}, "an entry, a bill, its payment, and the vendor made for it"
    assert posting_states(made) == {"posted": 4}
    assert {record["review_status"] for record in made.brex.store.records} == {"EXPORTED"}
    assert [one.message for one in Problem.objects.filter(state="open")] == []


def test_entries_bills_payments_vendors_and_receipts_arrive_once(made: ZohoBooksWorld) -> None:
    made.run()
    assert_all_once(made)
    posts = made.calls("POST")
    made.run(2)
    assert_all_once(made)
    assert made.calls("POST") == posts
    assert all(posting.attempts == 1 for posting in Posting.objects.all())


@pytest.mark.parametrize("path", WRITES.values(), ids=WRITES.keys())
@pytest.mark.parametrize("kind", ["commit_then_drop", "drop"])
def test_the_answer_of_a_write_is_lost(made: ZohoBooksWorld, path: str, kind: str) -> None:
    fault = made.zoho.fail(kind, path, method="POST")
    made.run(5)
    assert fault.times == 0, "the fault met no call"
    assert_all_once(made)


def test_many_journals_cost_little_more_than_a_call_each(made: ZohoBooksWorld) -> None:
    made.run()
    before, number = made.calls(), 60
    for at in range(number):
        made.purchase(f"{20 + at}.00")
    made.run(2)
    assert len(made.held("journals")) == number + 1
    assert (made.calls() - before) / number <= 1.2


def test_an_empty_installation_adopts_what_is_posted(made: ZohoBooksWorld) -> None:
    made.run()
    posted, stamps = made.calls("POST", "/journals"), made.stamps()
    call_command("flush", interactive=False, verbosity=0, inhibit_post_migrate=False)
    setups_forget()
    made.apply()
    made.run()
    assert made.stamps() == stamps
    assert made.calls("POST", "/journals") == posted
    assert posting_states(made)["posted"] >= 3
    assert set(Posting.objects.values_list("attempts", flat=True)) == {0}


def test_a_closed_period_of_journals_holds_the_journal_alone(made: ZohoBooksWorld) -> None:
    made.zoho.control("lock", {"through": "2099-12-31", "module": "accountant"})
    made.run(2)
    assert made.held("journals") == []
    held = SyncRecord.objects.get(tenant=made.tenant, state=RecordState.HELD)
    assert "is closed" in held.reason
    assert len(made.held("bills")) == 1


def test_a_day_without_calls_left_loses_nothing(made: ZohoBooksWorld) -> None:
    made.run(1)
    made.zoho.control("switch", {"requests_per_day": 0})
    made.purchase("33.00")
    made.run(2)
    assert Decimal("33.00") not in made.totals()
    assert made.connection("Zoho").state == "ok"
    made.tomorrow()
    made.run(3)
    assert made.totals().count(Decimal("33.00")) == 1
    assert set(made.stamps().values()) == {1}


def test_accounts_cost_centres_and_vendors_reach_brex() -> None:
    back = [
        {"name": f"{stream} back", "source": "Zoho", "stream": stream, "ledger": "Brex", "company": US,
         "document": "reference", "state": "on"}
        for stream in ("accounts", "cost_centres", "vendors")
    ]  # fmt: skip
    with zoho_world("zoho-back", flows=back, books=[], rules=[]) as made:
        made.run(2)
        fields = {
            str(one["name"]): {str(value["value"]) for value in made.brex.store.values_of(one["id"])}
            for one in made.brex.store.fields
        }
        assert any("Office Supplies" in value for value in fields["GL account"])
        assert any("Apollo" in value for value in fields["Cost center"])
        names = [str(one["company_name"]) for one in made.brex.store.vendors]
        assert names.count("Bluefin Legal LLP") == 1
        made.run(1)
        assert [str(one["company_name"]) for one in made.brex.store.vendors].count("Bluefin Legal LLP") == 1


def test_a_time_zone_that_nobody_knows_stops_nothing() -> None:
    """The days are then those of the tenant's own zone."""
    with zoho_world("zoho-zone") as made:
        made.zoho.control("switch", {"time_zone_told": "PST"})
        made.purchase("10.50")
        made.run(2)
        assert made.totals() == [Decimal("10.50")]
        assert {made.connection(name).state for name in ("Brex", "Zoho")} == {"ok"}
