"""What follows when somebody touches in Zoho what we posted, and Zoho tells us? A look, and a problem for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection as database
from django.test import Client
from django.utils import timezone

from audit.models import HighWaterMark, Hint, LaneKind, Posting, Problem
from audit.sync.recheck import STREAM
from connectors.models import Connection
from connectors.zoho_books.simulator.store import Item
from tests.audit.scene import bill, work
from tests.flows.zoho import US, ZohoBooksWorld, zoho_world
from webhooks.models import Endpoint, WebhookDelivery
from webhooks.services import endpoint_create
from webhooks.signing import secrets_keep
from webhooks.work import deliveries_work

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "s3cretToken2026"
ENTITIES = ("bill", "expense", "journal", "vendor_credit", "contact", "chart_of_account")


@dataclass
class House:
    """A purchase and a bill, both posted an hour ago, and Zoho's webhooks leading to our endpoint."""

    made: ZohoBooksWorld
    endpoint: Endpoint

    def deliver(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> int:
        parts = urlsplit(url)
        answer = Client().generic(
            method, f"{parts.path}?{parts.query}", body, content_type=headers["Content-Type"], headers=dict(headers)
        )
        return int(answer.status_code)

    def told(self) -> list[str]:
        """Zoho tells, the deliveries are worked, and what they ask for is looked up; what each said, by itself."""
        self.made.zoho.sender.flush()
        deliveries_work()
        said = list(WebhookDelivery.objects.order_by("id").values_list("events", flat=True))
        work(self.made, "Zoho", LaneKind.TELL)
        return said

    @property
    def zoho(self) -> Connection:
        return self.made.connection("Zoho")

    def held(self, table: str) -> Item:
        [row] = self.made.held(table)
        return row

    def touch(self, resource: str, record_id: str, **changes: Any) -> None:
        self.made.zoho.control("update", {"resource": resource, "id": record_id, "body": changes})

    def problems(self) -> dict[str, str]:
        return dict(Problem.objects.filter(state="open").values_list("code", "message"))


@pytest.fixture
def house() -> Iterator[House]:
    with zoho_world("zoho-told") as made:
        made.purchase("10.50")
        bill(made, "99.00")
        made.run(3)
        Posting.objects.update(posted_at=timezone.now() - timedelta(hours=1))
        endpoint = endpoint_create(connection=made.connection("Zoho"), by="test")
        secrets_keep(endpoint, [SECRET], by="test")
        one = House(made, endpoint)
        made.zoho.sender.deliver = one.deliver
        for entity in ENTITIES:
            url = f"http://127.0.0.1{endpoint.path}"
            made.zoho.control("add_webhook", {"entity": entity, "url": url, "secret": SECRET})
        yield one


def voided(house: House) -> None:
    house.made.zoho.control("act", {"resource": "bills", "id": house.held("bills")["bill_id"], "what": "void"})


def deleted(house: House) -> None:
    house.made.zoho.control("delete", {"resource": "journals", "id": house.held("journals")["journal_id"]})


def deleted_bill(house: House) -> None:
    house.made.zoho.control("delete", {"resource": "bills", "id": house.held("bills")["bill_id"]})


def moved(house: House) -> None:
    house.touch("journals", house.held("journals")["journal_id"], journal_date="2026-01-02")


def recoded(house: House) -> None:
    """To another account of the chart, the amounts as they were: a listing would not show it."""
    row = house.made.zoho.organisations[US].journals.get(house.held("journals")["journal_id"])
    assert row is not None
    other = house.made.zoho.organisations[US].account("612000")["account_id"]
    lines = [{**one, "account_id": other} if one["debit_or_credit"] == "debit" else one for one in row["line_items"]]
    house.touch("journals", row["journal_id"], line_items=lines)


TOUCHES = [
    (voided, "changed_in_ledger", "was cancelled in the ledger"),
    (deleted, "gone_from_ledger", "does not show it any more"),
    (deleted_bill, "gone_from_ledger", "does not show it any more"),
    (moved, "changed_in_ledger", "booked on 2026-01-02"),
    (recoded, "changed_in_ledger", "reads 0"),
]


@pytest.mark.parametrize(("touch", "code", "words"), TOUCHES, ids=[one[0].__name__ for one in TOUCHES])
def test_what_somebody_does_to_a_posted_document_is_told_to_a_person(
    house: House, touch: Any, code: str, words: str
) -> None:
    posts = house.made.calls("POST", "/books/v3/")
    touch(house)
    assert [one.partition(": ")[2] for one in house.told()] == ["looked up again"]
    assert set(house.problems()) == {code}
    assert words in house.problems()[code]
    assert not Hint.objects.filter(done_at=None, stream=STREAM).exists()
    house.made.run(2)
    assert house.made.calls("POST", "/books/v3/") == posts, "nothing is posted again by itself"
    assert Problem.objects.filter(state="open").count() == 1, "the listing finds the same and says it once"


def test_an_expense_that_somebody_changes_is_found(house: House) -> None:
    house.made.apply(connections=[
        {**one, "settings": {**one["settings"], "card_purchases_as": "expense"}} if one["name"] == "Zoho" else one
        for one in house.made.parts["connections"]
    ])  # fmt: skip
    house.made.purchase("12.00")
    house.made.run()
    Posting.objects.update(posted_at=timezone.now() - timedelta(hours=1))
    house.told()
    [expense] = list(house.made.zoho.organisations[US].expenses)
    house.touch("expenses", expense["expense_id"], amount="13.00")
    house.told()
    assert "sent was 12.00" in house.problems()["changed_in_ledger"]


def test_the_problem_ends_when_it_is_put_right(house: House) -> None:
    moved(house)
    house.told()
    assert set(house.problems()) == {"changed_in_ledger"}
    day = Posting.objects.get(document_type="journal_entry").posting_on
    house.touch("journals", house.held("journals")["journal_id"], journal_date=day.isoformat())
    house.told()
    assert house.problems() == {}


def test_a_bill_that_is_paid_there_is_no_problem(house: House) -> None:
    row = house.held("bills")
    organisation = house.made.zoho.organisations[US]
    house.made.zoho.control("create", {"resource": "vendorpayments", "body": {
        "vendor_id": row["vendor_id"], "amount": 99, "date": row["date"],
        "paid_through_account_id": organisation.account("101404")["account_id"],
        "bills": [{"bill_id": row["bill_id"], "amount_applied": 99}],
    }})  # fmt: skip
    house.made.zoho.control("send_webhook", {"entity": "bill", "record_id": row["bill_id"]})
    assert house.told()[-1] == "bill: looked up again"
    assert house.problems() == {}


def test_our_own_writing_costs_no_look(house: House) -> None:
    before = house.made.calls()
    house.made.purchase("20.00")
    house.made.run(2)
    spent = house.made.calls() - before
    assert house.told() == ["journal: nothing of ours to look up"]
    house.made.run(1)
    assert house.made.calls("GET", "reference_number") == 0
    assert house.made.calls() - before == spent


def test_many_deliveries_about_one_document_are_one_look(house: House) -> None:
    moved(house)
    record = {"entity": "journal", "record_id": house.held("journals")["journal_id"], "duplicates": 20}
    house.made.zoho.control("send_webhook", record)
    house.made.zoho.sender.flush()
    deliveries_work()
    assert Hint.objects.filter(stream=STREAM).count() == 1
    before = house.made.calls()
    work(house.made, "Zoho", LaneKind.TELL)
    assert house.made.calls() - before <= 5, "three searches, the journal, and the currencies"


def test_a_document_that_waits_for_its_approval_is_settled_when_it_is_approved(house: House) -> None:
    house.made.zoho.control("switch", {"bill_approval": True})
    bill(house.made, "55.00", vendor="Harbor Supplies")
    house.made.run()
    waiting = Posting.objects.get(state="created")
    assert waiting.settle_at is not None
    row = next(one for one in house.made.held("bills") if one["status"] == "pending_approval")
    Posting.objects.filter(pk=waiting.pk).update(settle_at=timezone.now() + timedelta(hours=1))
    house.made.zoho.control("act", {"resource": "bills", "id": row["bill_id"], "what": "approve"})
    house.told()
    work(house.made, "Zoho", LaneKind.POST)
    waiting.refresh_from_db()
    assert waiting.state == "posted"


STRANGE: list[tuple[str, Item, str]] = [
    ("a document that nobody of ours made", {"journal": {"journal_id": "1", "reference_number": "by hand"}},
     "journal: nothing to read"),
    ("a document of another tenant", {"journal": {"journal_id": "1", "reference_number": "mlc:brex:other:1"}},
     "journal: nothing of ours to look up"),
    ("another organisation's", {"organization_id": "200000051", "journal": {"reference_number": "own"}},
     "journal: of another account"),
    ("no reference", {"journal": {"journal_id": "1"}}, "journal: nothing to read"),
    ("an odd reference", {"journal": {"journal_id": "1", "reference_number": "mlc:\x00"}},
     "journal: nothing of ours to look up"),
    ("another kind", {"salesorder": {"salesorder_id": "1"}}, "salesorder: nothing to read"),
]  # fmt: skip


@pytest.mark.parametrize(("payload", "said"), [row[1:] for row in STRANGE], ids=[row[0] for row in STRANGE])
def test_what_is_not_ours_is_answered_at_once_kept_and_asked_nobody_about(
    house: House, payload: Item, said: str
) -> None:
    if "organization_id" in payload:
        payload["journal"]["reference_number"] = Posting.objects.filter(document_type="journal_entry").get().stamp
        Connection.objects.filter(pk=house.zoho.pk).update(account=US)
    before = house.made.calls()
    house.made.zoho.control("send_webhook", {"entity": "journal", "payload": payload})
    assert house.told() == [said]
    assert house.made.calls() == before, "Zoho was asked nothing"
    assert [one.attempts[-1][1] for one in house.made.zoho.sender.messages] == [202]
    assert not Hint.objects.filter(stream=STREAM).exists()
    stored = WebhookDelivery.objects.get()
    assert (stored.verdict, stored.state) == ("verified", "ignored"), "it can be worked again"


def test_a_delivery_names_no_document_of_another_connection(house: House) -> None:
    """Two tenants with organisations of their own: the stamp of one, in a delivery that the other's Zoho signed."""
    foreign = Posting.objects.get(document_type="journal_entry")
    with zoho_world("zoho-told-2") as other:
        other.run(1)
        endpoint = endpoint_create(connection=other.connection("Zoho"), by="test")
        secrets_keep(endpoint, [SECRET], by="test")
        other.zoho.sender.deliver = house.deliver
        url = f"http://127.0.0.1{endpoint.path}"
        other.zoho.control("add_webhook", {"entity": "journal", "url": url, "secret": SECRET})
        payload = {"journal": {"journal_id": foreign.entry_id, "reference_number": foreign.stamp}}
        other.zoho.control("send_webhook", {"entity": "journal", "payload": payload})
        other.zoho.sender.flush()
        deliveries_work()
    delivery = WebhookDelivery.objects.get()
    assert (delivery.events, delivery.tenant_id) == ("journal: nothing of ours to look up", other.tenant.pk)
    assert not Hint.objects.filter(stream=STREAM).exists()


def test_a_look_that_zoho_does_not_answer_is_made_again(house: House) -> None:
    moved(house)
    house.made.zoho.fail("status", r"/journals$", method="GET", status=503, times=9)
    house.told()
    assert house.problems() == {}
    assert Hint.objects.filter(stream=STREAM, done_at=None).count() == 1
    house.made.zoho.faults.clear()
    with database.cursor() as cursor:
        cursor.execute("UPDATE audit_lane SET due_at = now(), lease_until = NULL")
    work(house.made, "Zoho", LaneKind.TELL)
    assert set(house.problems()) == {"changed_in_ledger"}


def test_looks_wait_when_the_days_last_calls_are_for_posting(house: House) -> None:
    moved(house)
    soon = datetime.now(UTC) + timedelta(hours=3)
    Connection.objects.filter(pk=house.zoho.pk).update(calls_left=900, calls_allowed=5000, calls_until=soon)
    before = house.made.calls()
    house.told()
    assert house.made.calls() == before
    hint = Hint.objects.get(stream=STREAM)
    assert hint.done_at is None
    assert hint.due_at > timezone.now() + timedelta(minutes=50)


@pytest.mark.parametrize(
    ("entity", "payload", "kinds"),
    [
        ("contact", {"contact": {"contact_id": "77", "contact_type": "vendor"}}, {"vendor", "employee"}),
        ("chart_of_account", {"chart_of_account": {"account_id": "77"}}, {"account", "journal"}),
    ],
)
def test_lists_are_pulled_soon_after_one_of_their_values_changed(
    house: House, entity: str, payload: Item, kinds: set[str]
) -> None:
    lists = HighWaterMark.objects.filter(connection=house.zoho, stream__startswith="reference:")
    lists.update(due_at=timezone.now() + timedelta(hours=1), last_read_at=timezone.now() - timedelta(minutes=30))
    for _ in range(3):
        house.made.zoho.control("send_webhook", {"entity": entity, "payload": payload})
    house.told()
    due = {one.stream.partition(":")[2] for one in lists if one.due_at <= timezone.now()}
    assert due == kinds
    work(house.made, "Zoho", LaneKind.READ)
    house.made.zoho.control("send_webhook", {"entity": entity, "payload": payload})
    house.told()
    assert not [one for one in lists.all() if one.due_at <= timezone.now()], "not twice within some minutes"
