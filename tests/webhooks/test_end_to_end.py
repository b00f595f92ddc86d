"""Does an event at the vendor end as a record here, over real HTTP, also when the road is bad?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection as database
from pytest_django.live_server_helper import LiveServer

from audit.models import CameBy, Hint, LaneKind, Problem, RecordVersion, SyncRecord
from audit.sync.lanes import lanes_wake
from audit.sync.turns import lane_work
from connectors.services import connection_verify
from tests.flows.world import BOOKS, World, world
from webhooks import tasks
from webhooks.lookup import doors_forget
from webhooks.models import Endpoint, WebhookDelivery
from webhooks.services import endpoint_create, endpoint_register

FLOW = {
    "name": "records", "source": "Brex", "stream": "accounting_records", "ledger": "Odoo", "company": "1",
    "state": "on",
}  # fmt: skip
RULE = {"target": "account", "when": {"gl_account": "600000"}, "value": "600000", "ledger": "Odoo", "company": "1"}


@pytest.fixture
def made(transactional_db: None, woken: list[str], live_server: LiveServer, settings) -> Iterator[World]:
    """A world whose Brex was read once and knows our address."""
    settings.MLC_PUBLIC_URL = live_server.url
    with world("hooks") as one:
        books = {**BOOKS, "roles": [{"role": "EMREC", "account": "110500"}]}
        one.set_up(flows=[FLOW], books=[books], rules=[RULE])
        connection_verify(one.connection("Brex"))
        read(one)
        endpoint_register(endpoint_create(connection=one.connection("Brex"), by="test"), by="test")
        yield one


def read(one: World) -> None:
    lanes_wake(one.connection("Brex").pk, LaneKind.READ)
    while lane_work([LaneKind.READ], connection_id=one.connection("Brex").pk):
        pass


def deliver(one: World, **message: object) -> None:
    one.brex.control("send_webhook", message)
    one.brex.sender.flush()


def test_an_event_at_brex_becomes_a_record_that_was_read_by_its_id(made: World) -> None:
    record = made.purchase("48.20")
    deliver(made, ids=[record["id"]], message_id="msg_1")
    assert [message.status for message in made.brex.sender.messages if message.id == "msg_1"] == ["delivered"]
    assert tasks.deliveries_work() >= 1
    assert Hint.objects.filter(external_id=record["id"], done_at=None).exists()
    while lane_work([LaneKind.READ], connection_id=made.connection("Brex").pk):
        pass
    stored = SyncRecord.objects.get(external_id=record["id"])
    assert RecordVersion.objects.get(record=stored).came_by == CameBy.HINT
    assert not Hint.objects.filter(done_at=None).exists()


def test_of_everything_that_may_come_only_the_vendors_own_words_are_followed(made: World) -> None:
    record = made.purchase("48.20")
    made.brex.sender.flush()  # the event of the purchase itself
    WebhookDelivery.objects.all().delete()
    for variant in ("stale", "forged", "unsigned", "malformed_signature", "secret_text_as_key"):
        deliver(made, ids=[record["id"]], variant=variant, message_id=f"msg_{variant}")
    deliver(made, event_type="SOMETHING_NEW", message_id="msg_unknown")
    deliver(made, ids=["accr_theirs"], company_id="cuacc_theirs", message_id="msg_theirs")
    deliver(made, body="plainly no JSON: Größe", message_id="msg_text")
    deliver(made, ids=[record["id"]], variant="unknown_version_first", duplicates=2, message_id="msg_good")
    tasks.deliveries_work()
    found = {row.message_id: (row.verdict, row.state, row.repeats) for row in WebhookDelivery.objects.all()}
    assert found == {
        "msg_stale": ("stale", "ignored", 0),
        "msg_forged": ("unverified", "ignored", 0),
        "msg_unsigned": ("unverified", "ignored", 0),
        "msg_malformed_signature": ("unverified", "ignored", 0),
        "msg_secret_text_as_key": ("unverified", "ignored", 0),
        "msg_unknown": ("verified", "ignored", 0),
        "msg_theirs": ("verified", "ignored", 0),
        "msg_text": ("verified", "failed", 0),
        "msg_good": ("verified", "done", 2),
    }
    assert list(Hint.objects.filter(done_at=None).values_list("external_id", flat=True)) == [record["id"]]
    assert Problem.objects.filter(code="foreign_webhook").count() == 1


def test_a_lost_delivery_comes_by_the_senders_next_attempt(made: World) -> None:
    """Our side forgets its secrets: the sender is told to try again, and does."""
    endpoint = Endpoint.objects.get()
    with database.cursor() as cursor:
        cursor.execute("DELETE FROM webhooks_endpointsecret")
        cursor.execute("UPDATE webhooks_endpoint SET secrets_asked_at = now() - interval '2 minutes'")
    doors_forget()
    record = made.purchase("48.20")
    deliver(made, ids=[record["id"]], message_id="msg_1")
    assert not endpoint.deliveries.filter(message_id="msg_1").exists()
    assert tasks.secrets_work() == 1
    made.brex.clock.advance(seconds=6)
    made.brex.sender.flush()
    assert endpoint.deliveries.get(message_id="msg_1").verdict == "verified"
