"""What if a vendor says later, or never? It is closed or broken for everyone, once, and work goes on when it opens."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta

import pytest
import redis
from django.utils import timezone

from audit.models import AuditEvent, LaneKind, Posting, PostingState, Problem, RecordState
from audit.sync.lanes import lanes_wake
from audit.sync.turns import lane_work
from config.env import for_redis_py
from connectors.models import Connection, ConnectionState
from connectors.services import connection_verify, credentials_replace
from tests.audit.scene import (
    assert_each_once,
    finish,
    post,
    posting_states,
    read,
    read_all,
    scene,
    states,
    tell,
    time_passes,
)
from tests.flows.world import TOKEN, World

pytestmark = pytest.mark.django_db(transaction=True)

RECORDS = 3


@pytest.fixture
def made() -> Iterator[World]:
    with scene("closed", records=RECORDS) as one:
        yield one
    vendors_open()


def open_codes() -> list[str]:
    return list(Problem.objects.filter(state="open").values_list("code", flat=True))


@pytest.mark.parametrize(
    ("retry_after", "least", "most"), [("120", 115, 125), (None, 1, 600), ("soon", 1, 600), ("-5", 0, 600)]
)
def test_a_429_closes_the_ledger_for_every_worker_and_counts_as_not_sent(
    made: World, retry_after: str | None, least: int, most: int
) -> None:
    read(made)
    made.odoo.fail(
        "status", "account.move/load", status=429, headers={"Retry-After": retry_after} if retry_after else {}
    )
    post(made)
    assert posting_states(made) == {PostingState.INTENDED: RECORDS}
    closed = made.connection("Odoo").closed_until
    assert closed is not None
    assert least <= (closed - timezone.now()).total_seconds() <= most
    calls = made.odoo.call_count
    for kind in LaneKind:
        lanes_wake(made.connection("Odoo").pk, kind)
        assert lane_work([kind], connection_id=made.connection("Odoo").pk) is False
    assert made.odoo.call_count == calls, "somebody called a vendor that had asked for silence"
    assert open_codes() == []
    assert made.connection("Odoo").state == ConnectionState.OK
    finish_after_closing(made)
    assert_each_once(made, RECORDS)


def vendors_open() -> None:
    """What a closing left in the shared cache is over; `time_passes` ends what the rows say."""
    cache = redis.Redis.from_url(for_redis_py(os.environ["REDIS_URL"]))
    for key in cache.scan_iter("mlc:limit:*"):
        cache.delete(key)
    cache.close()


def finish_after_closing(made: World) -> None:
    vendors_open()
    finish(made)


def test_a_429_while_reading_moves_no_mark_and_loses_nothing(made: World) -> None:
    made.brex.fail("status", "/v3/accounting/records", status=429, headers={"Retry-After": "60"}, times=1)
    read(made)
    assert states(made) == {}
    closed = made.connection("Brex").closed_until
    assert closed is not None
    assert timedelta(seconds=50) < closed - timezone.now() < timedelta(seconds=65)
    finish_after_closing(made)
    assert_each_once(made, RECORDS)


def test_a_429_while_telling_tells_everyone_once_in_the_end(made: World) -> None:
    read(made)
    post(made)
    made.brex.fail("status", "export-results", status=429, headers={"Retry-After": "60"})
    tell(made)
    assert {record["review_status"] for record in made.brex.store.records} == {"READY_FOR_EXPORT"}
    finish_after_closing(made)
    assert_each_once(made, RECORDS)
    assert {record["version"] for record in made.brex.store.records} == {2}


def test_a_wrong_ledger_key_breaks_the_connection_once_and_a_new_key_lets_everything_through(made: World) -> None:
    read(made)
    for name in list(made.odoo.api_keys):
        made.odoo.control("revoke_key", {"name": name})
    made.odoo.control("restart", {})
    post(made)
    post(made)
    broken = made.connection("Odoo")
    assert broken.state == ConnectionState.BROKEN
    assert states(made) == {RecordState.RECEIVED: RECORDS}, "no record pays for a connection's fault"
    assert not Posting.objects.filter(attempts__gt=1).exists()
    assert len(open_codes()) == 1
    calls = made.odoo.call_count
    finish(made)
    assert made.odoo.call_count == calls, "a broken connection is not tried again"
    assert len(open_codes()) == 1
    key = made.odoo.control("add_key", {"name": "fresh"})
    credentials_replace(made.connection("Odoo"), {"database": made.odoo.database, "api_key": key})
    connection_verify(made.connection("Odoo"))
    finish(made)
    assert_each_once(made, RECORDS)
    assert open_codes() == []
    assert AuditEvent.objects.filter(kind="problem.solved").count() == 1


def test_a_key_that_dies_between_two_calls_of_a_posting_leaves_each_document_once(made: World) -> None:
    read(made)
    made.odoo.fail("status", "account.move/action_post", status=401, times=3)
    post(made)
    assert made.connection("Odoo").state in (ConnectionState.BROKEN, ConnectionState.OK)
    assert set(posting_states(made)) <= {"uncertain", "intended"}
    Connection.objects.filter(name="Odoo").update(state=ConnectionState.OK)
    for _ in range(3):
        finish(made)
    assert_each_once(made, RECORDS)


def test_a_revoked_source_token_breaks_the_source_and_the_ledger_goes_on(made: World) -> None:
    read(made)
    made.brex.control("revoke_token", {"token": TOKEN})
    time_passes()
    read_all(made)
    assert made.connection("Brex").state == ConnectionState.BROKEN
    post(made)
    assert states(made) == {RecordState.POSTED: RECORDS}
    tell(made)
    assert {record["review_status"] for record in made.brex.store.records} == {"READY_FOR_EXPORT"}
    assert len(open_codes()) == 1
    token = made.brex.control("add_token", {})
    credentials_replace(made.connection("Brex"), {"user_token": token})
    connection_verify(made.connection("Brex"))
    finish(made)
    assert_each_once(made, RECORDS)
    assert open_codes() == []


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("status", {"status": 500}),
        ("status", {"status": 503, "headers": {"Retry-After": "5"}}),
        ("html", {"status": 502}),
        ("drop", {}),
    ],
)
def test_a_ledger_that_answers_nonsense_to_every_look_is_left_alone_for_a_while(
    made: World, kind: str, parts: dict[str, object]
) -> None:
    read(made)
    made.odoo.fail(kind, ".*", times=200, **parts)
    post(made)
    assert states(made) == {RecordState.RECEIVED: RECORDS}
    assert made.connection("Odoo").state != ConnectionState.BROKEN
    made.odoo.faults.clear()
    finish(made)
    assert_each_once(made, RECORDS)


@pytest.mark.parametrize(("kind", "parts"), [("html", {"status": 200}), ("truncated", {})])
def test_a_maintenance_page_in_the_ledgers_place_passes_by_itself(
    made: World, kind: str, parts: dict[str, object]
) -> None:
    read(made)
    made.odoo.fail(kind, "/web/version", times=200, **parts)
    post(made)
    assert made.connection("Odoo").state == ConnectionState.OK
    assert states(made) == {RecordState.RECEIVED: RECORDS}
    made.odoo.faults.clear()
    finish(made)
    assert_each_once(made, RECORDS)
    assert open_codes() == []
