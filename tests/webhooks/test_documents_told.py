"""What does a ledger's word about documents cost, and what is left of it when a process dies? One question to the
database for all deliveries of a batch, and nothing half done."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.db import connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import HighWaterMark, Hint, Lane, Posting, SyncRecord
from audit.sync.recheck import STREAM, recheck_ask
from connectors.models import Tenant
from connectors.zoho_books.webhook import signature
from mappings.models import Flow, FlowState
from tests.factories import connection_make, tenant_make
from webhooks import work
from webhooks.models import DeliveryState, Endpoint, WebhookDelivery
from webhooks.services import endpoint_create
from webhooks.signing import secrets_keep
from webhooks.work import deliveries_work

SECRET = "s3cretToken2026"
MANY = 50
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


@dataclass
class Books:
    """A ledger with documents of ours, `posted` an hour ago or waiting for an approval, whose webhooks reach us."""

    endpoint: Endpoint
    flow: Flow

    def document(self, number: int, state: str) -> Posting:
        ledger, tenant, hour = self.flow.ledger, self.flow.tenant, timedelta(hours=1)
        ids = {"external_id": f"accr_{number}", "content_hash": "0" * 64, "flow": self.flow}
        record = SyncRecord.objects.create(
            tenant=tenant, connection=self.flow.source, stream="accounting_records", state="posting", **ids
        )
        return Posting.objects.create(
            tenant=tenant, record=record, flow=self.flow, ledger=ledger, company="1", key=f"brex:accr_{number}",
            stamp=f"mlc:brex:accr_{number}", document_type="journal_entry", document={}, document_hash="0" * 64,
            record_version=1, state=state, settle_at=timezone.now() + hour if state == "created" else None,
            posted_at=timezone.now() - hour if state == "posted" else None,
        )  # fmt: skip

    def documents(self, number: int) -> list[Posting]:
        """Every other one waits for its approval."""
        return [self.document(one, "created" if one % 2 else "posted") for one in range(number)]

    def tell(self, kind: str, **fields: Any) -> None:
        body = json.dumps({kind: fields}).encode()
        headers = {"X-Zoho-Webhook-Signature": signature(SECRET, [], body)}
        answer = Client().generic("POST", self.endpoint.path, body, content_type="application/json", headers=headers)
        assert answer.status_code == 202

    def touched(self, postings: list[Posting]) -> None:
        """One delivery for each document, each from another moment."""
        for number, one in enumerate(postings):
            self.tell("journal", journal_id=str(number), reference_number=one.stamp)

    def looked_up(self) -> set[str]:
        """The stamps of posted documents that are to be looked up, and of those that wait and are settled now."""
        hints = Hint.objects.filter(connection=self.flow.ledger, stream=STREAM, done_at=None)
        settled = Posting.objects.filter(ledger=self.flow.ledger, state="created", settle_at__lte=timezone.now())
        return {*hints.values_list("external_id", flat=True), *settled.values_list("stamp", flat=True)}


@pytest.fixture
def books(tenant: Tenant, woken: list[str]) -> Books:
    return books_make(tenant)


def books_make(tenant: Tenant) -> Books:
    source = connection_make(tenant, "brex", state="ok", address=f"simulator:{tenant.slug}")
    client = {"client_id": "1000.X", "client_secret": "s", "webhook_secret": SECRET}
    ledger = connection_make(
        tenant, "zoho_books", state="ok", address=f"simulator:{tenant.slug}-books", credentials=client
    )
    route = {"tenant": tenant, "source": source, "ledger": ledger, "company": "1", "stream": "accounting_records"}
    [flow] = Flow.objects.bulk_create([Flow(name="records", state=FlowState.DRY_RUN, **route)])
    HighWaterMark.objects.bulk_create(
        HighWaterMark(
            tenant=tenant,
            connection=ledger,
            stream=f"reference:{kind}",
            due_at=timezone.now() + timedelta(hours=1),
            last_read_at=timezone.now() - timedelta(minutes=30),
        )
        for kind in ("account", "journal")
    )
    endpoint = endpoint_create(connection=ledger, by="test")
    secrets_keep(endpoint, [SECRET], by="test")
    return Books(endpoint, flow)


def test_50_deliveries_about_documents_cost_no_more_statements_than_two(books: Books) -> None:
    postings = books.documents(2 + MANY)
    deliveries_work()  # what is asked once in a process is asked
    with CaptureQueriesContext(database) as few:
        books_told(books, postings[:2])
    with CaptureQueriesContext(database) as many:
        books_told(books, postings[2:])
    assert books.looked_up() == {one.stamp for one in postings}
    assert statements(many) == statements(few)


def books_told(books: Books, postings: list[Posting]) -> None:
    books.touched(postings)
    assert deliveries_work().total == len(postings)


def statements(seen: CaptureQueriesContext) -> int:
    """Those of the work alone: it begins with the deliveries that are locked."""
    texts = [one["sql"] for one in seen.captured_queries]
    begin = max(at for at, text in enumerate(texts) if "webhooks_webhookdelivery" in text and "SKIP LOCKED" in text)
    return len(texts) - begin


def test_each_delivery_says_what_became_of_its_own_document(books: Books) -> None:
    [ours] = books.documents(1)
    books.touched([ours])
    books.tell("journal", journal_id="8", reference_number="mlc:brex:somebody_elses")
    books.tell("journal", journal_id="9", reference_number="mlc:\x00")
    deliveries_work()
    rows = WebhookDelivery.objects.order_by("id").values_list("state", "events")
    assert list(rows) == [
        ("done", "journal: looked up again"),
        ("ignored", "journal: nothing of ours to look up"),
        ("ignored", "journal: nothing of ours to look up"),
    ]


def test_a_stamp_is_looked_for_in_the_books_of_its_own_delivery_alone(books: Books) -> None:
    """Both in one batch, so that one question is asked for both."""
    neighbour = books_make(tenant_make("globex"))
    [ours], [theirs] = books.documents(1), [neighbour.document(7, "posted")]
    books.touched([theirs])
    neighbour.touched([ours])
    assert deliveries_work().total == 2
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"ignored"}
    assert (books.looked_up(), neighbour.looked_up()) == (set(), set())


def test_a_body_that_fails_stops_none_of_the_others(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    postings = books.documents(3)
    real = work.asked_by

    def picky(row: WebhookDelivery, *given: Any) -> Any:
        if postings[1].stamp.encode() in bytes(row.body):
            raise ZeroDivisionError
        return real(row, *given)

    monkeypatch.setattr(work, "asked_by", picky)
    books.touched(postings)
    deliveries_work()
    assert books.looked_up() == {postings[0].stamp, postings[2].stamp}
    bad = WebhookDelivery.objects.get(state="failed")
    assert bad.due_at > timezone.now()


STEPS = ("asked_by", "recheck_wanted", "asked_text", "hints_add", "lanes_wake", "recheck_ask", "reference_soon",
         "rows_update")  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_process_that_dies_at_any_step_loses_no_delivery_and_leaves_nothing_half_done(
    books: Books, monkeypatch: pytest.MonkeyPatch, step: str, when: str
) -> None:
    postings = books.documents(2)
    books.touched(postings)
    books.tell("chart_of_account", account_id="77")
    lanes = set(Lane.objects.values_list("pk", "due_at"))
    real: Callable[..., Any] = getattr(work, step)

    def dying(*given: Any, **named: Any) -> None:
        if when == "after":
            real(*given, **named)
        raise KeyboardInterrupt

    monkeypatch.setattr(work, step, dying)
    with pytest.raises(KeyboardInterrupt):
        deliveries_work()
    assert (books.looked_up(), set(Lane.objects.values_list("pk", "due_at"))) == (set(), lanes)
    assert set(WebhookDelivery.objects.values_list("state", "attempts")) == {(DeliveryState.NEW, 0)}
    monkeypatch.undo()
    assert deliveries_work().total == 3
    assert books.looked_up() == {one.stamp for one in postings}
    assert not HighWaterMark.objects.filter(due_at__gt=timezone.now()).exists()
    assert set(WebhookDelivery.objects.values_list("state", "due_at")) == {(DeliveryState.DONE, None)}


@pytest.mark.django_db(transaction=True)
def test_who_works_a_lane_is_never_waited_for_with_its_postings_in_hand(books: Books) -> None:
    """A worker holds its lane's row when it writes down an answer. Were the posting taken before the lane is woken,
    each would wait for the other until the database ends one of them."""
    waiting = books.document(1, "created")
    books.touched([waiting])
    with transaction.atomic():
        recheck_ask([waiting])  # the lane exists
    thread = threading.Thread(target=closing(deliveries_work))
    with transaction.atomic():
        Lane.objects.select_for_update().get(connection=books.flow.ledger, kind="post")
        thread.start()
        until_somebody_waits()
        mine = Posting.objects.select_for_update(nowait=True).get(pk=waiting.pk)
        assert mine.state == "created"
    thread.join(20)
    assert WebhookDelivery.objects.get().state == "done"


def closing(work: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    return run


def until_somebody_waits() -> None:
    """For a lock; at most ten seconds."""
    for _ in range(200):
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(WAITING)
            if cursor.fetchone()[0]:
                return
        time.sleep(0.05)
    raise AssertionError("nobody waits")
