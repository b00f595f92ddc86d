"""Do deliveries become reasons to read, once, for the right account, and does a failure come around again?"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DataError
from django.utils import timezone

from audit.models import Hint, Lane, Problem
from mappings.models import Flow
from tests.factories import tenant_make
from tests.webhooks.sender import Sender, event, house_make
from webhooks import tasks, work
from webhooks.models import WebhookDelivery
from webhooks.services import delivery_replay
from webhooks.work import deliveries_work


def hinted() -> list[tuple[str, str]]:
    return sorted(Hint.objects.filter(done_at=None).values_list("stream", "external_id"))


def test_a_delivery_names_records_to_read_and_wakes_the_lane_that_reads_them(sender: Sender) -> None:
    sender.post(event("accr_1", "accr_2"))
    worked = deliveries_work()
    assert (worked.total, worked.connection_ids) == (1, {sender.endpoint.connection_id})
    assert hinted() == [("accounting_records", "accr_1"), ("accounting_records", "accr_2")]
    lane = Lane.objects.get(connection=sender.endpoint.connection, kind="read")
    assert lane.due_at is not None
    assert lane.due_at <= timezone.now()
    row = sender.delivery
    assert (row.state, row.due_at, row.attempts) == ("done", None, 1)
    assert row.events == "ACCOUNTING_RECORD_READY_FOR_EXPORT: 2 of accounting_records"


def test_hints_of_one_record_are_one_however_many_messages_name_it(sender: Sender) -> None:
    for number in range(5):
        sender.post(event("accr_1", f"accr_{number}"), f"msg_{number}")
    deliveries_work()
    sender.post(event("accr_1"), "msg_9")
    deliveries_work()
    assert [external_id for _, external_id in hinted()] == ["accr_0", "accr_1", "accr_2", "accr_3", "accr_4"]


def test_a_message_of_600_records_costs_a_handful_of_queries(sender: Sender, django_assert_max_num_queries) -> None:
    sender.post(event(*(f"accr_{number}" for number in range(600))))
    with django_assert_max_num_queries(9):
        deliveries_work()
    assert len(hinted()) == 600


def test_200_messages_cost_no_more_queries_than_one(sender: Sender, django_assert_max_num_queries) -> None:
    for number in range(200):
        sender.post(event(f"accr_{number}"), f"msg_{number}")
    with django_assert_max_num_queries(9):
        assert deliveries_work().total == 200
    assert len(hinted()) == 200
    assert deliveries_work().total == 0


def test_an_event_without_ids_asks_for_a_poll_of_its_stream(db: None, woken: list[str]) -> None:
    sender = house_make(tenant_make("acme"), streams=("cash_transactions",))
    sender.post(b'{"event_type": "TRANSFER_FAILED", "transfer_id": "dptx_9", "company_id": "cuacc_9"}')
    deliveries_work()
    assert hinted() == [("cash_transactions", "")]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b'{"event_type": "SOMETHING_NEW", "company_id": "cuacc_9"}', "SOMETHING_NEW: nothing to read"),
        (b'{"event_type": "TRANSFER_FAILED"}', "TRANSFER_FAILED: no flow reads cash_transactions"),
        (b'{"event_type": "NEW\\u0000\\ud800", "company_id": "cuacc_9"}', "NEW\ufffd\ufffd: nothing to read"),
    ],
)
def test_what_nobody_reads_is_kept_and_says_why(sender: Sender, raw: bytes, said: str) -> None:
    sender.post(raw)
    deliveries_work()
    assert (sender.delivery.state, sender.delivery.events, hinted()) == ("ignored", said, [])


def test_a_flow_that_is_off_is_not_read_for(sender: Sender) -> None:
    Flow.objects.update(state="off")
    sender.post(event("accr_1"))
    deliveries_work()
    assert (sender.delivery.state, hinted()) == ("ignored", [])


def test_another_companys_event_is_not_followed_and_becomes_one_problem(sender: Sender) -> None:
    for number in range(3):
        sender.post(event("accr_1", account="cuacc_stranger"), f"msg_{number}")
        deliveries_work()
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"ignored"}
    assert hinted() == []
    problem = Problem.objects.get()
    assert (problem.code, problem.connection_id) == ("foreign_webhook", sender.endpoint.connection_id)
    assert "cuacc_stranger" in problem.message


def test_an_account_that_no_text_can_hold_is_another_account(sender: Sender) -> None:
    sender.post(event("accr_1", account="\x00\udfff"))
    deliveries_work()
    assert (sender.delivery.state, Problem.objects.get().code) == ("ignored", "foreign_webhook")


def test_before_the_identity_is_known_the_signature_is_proof_enough(db: None, woken: list[str]) -> None:
    sender = house_make(tenant_make("acme"), identity="")
    sender.post(event("accr_1", account="cuacc_any"))
    deliveries_work()
    assert hinted() == [("accounting_records", "accr_1")]


# --- failures


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"<html>no</html>", "The webhook is not JSON."),
        (b'{"no": "type"}', "The webhook names no event type."),
        (event("x" * 201), "The webhook names a record by something that is no id."),
        (event("a\ud800b"), "The webhook names a record by something that is no id."),
        (event("a\x00b"), "The webhook names a record by something that is no id."),
    ],
)
def test_a_body_that_says_nothing_fails_alone_and_is_kept(sender: Sender, raw: bytes, error: str) -> None:
    sender.post(raw, "bad")
    sender.post(event("accr_1"), "good")
    deliveries_work()
    bad = WebhookDelivery.objects.get(message_id="bad")
    assert (bad.state, bad.error, bad.due_at) == ("failed", error, None)
    assert hinted() == [("accounting_records", "accr_1")]


def test_a_failure_of_ours_comes_around_again_later_and_not_for_ever(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("connectors.brex.webhook.BrexWebhooks.parse", broken)
    sender.post(event("accr_1"))
    for attempt in range(1, work.ATTEMPTS + 1):
        deliveries_work()
        row = sender.delivery
        assert (row.state, row.attempts, row.error) == ("failed", attempt, "An internal error: ZeroDivisionError.")
        assert deliveries_work().total == 0
        if attempt < work.ATTEMPTS:
            assert row.due_at > timezone.now()
            WebhookDelivery.objects.update(due_at=timezone.now())
    assert sender.delivery.due_at is None
    monkeypatch.undo()
    assert delivery_replay([row.pk], by="test") == 1
    deliveries_work()
    assert (sender.delivery.state, hinted()) == ("done", [("accounting_records", "accr_1")])


@pytest.mark.parametrize("fault", [DataError, ValueError])
def test_a_batch_that_cannot_be_written_is_worked_one_by_one(
    sender: Sender, monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    real = work.hints_add

    def picky(hints: list[tuple[int, int, str, str]]) -> None:
        if any(external_id == "accr_bad" for *_, external_id in hints):
            raise fault("no such thing")
        real(hints)

    monkeypatch.setattr(work, "hints_add", picky)
    for name in ("accr_1", "accr_bad", "accr_2"):
        sender.post(event(name), name)
    worked = deliveries_work()
    assert (worked.total, worked.connection_ids) == (3, {sender.endpoint.connection_id})
    assert [external_id for _, external_id in hinted()] == ["accr_1", "accr_2"]
    bad = WebhookDelivery.objects.get(message_id="accr_bad")
    assert (bad.state, bad.error) == ("failed", f"An internal error: {fault.__name__}.")
    assert bad.due_at > timezone.now()


@pytest.mark.parametrize("state", ["done", "ignored", "failed", "new"])
def test_a_redelivery_is_worked_again_only_if_the_work_had_failed(sender: Sender, state: str) -> None:
    sender.post(event("accr_1"))
    WebhookDelivery.objects.update(state=state, due_at=None)
    assert sender.post(event("accr_1")).status_code == 200
    assert deliveries_work().total == (state == "failed")


def test_what_is_not_proven_is_never_worked_nor_replayed(sender: Sender) -> None:
    sender.post(event("accr_1"), signature="v1,AAAA")
    assert delivery_replay(WebhookDelivery.objects.values_list("pk", flat=True), by="test") == 0
    assert deliveries_work().total == 0
    assert hinted() == []


# --- tasks


def test_the_task_works_until_nothing_is_left_and_wakes_readers(
    sender: Sender, woken: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "BATCH", 2)
    for number in range(5):
        sender.post(event(f"accr_{number}"), f"msg_{number}")
    woken.clear()
    assert tasks.deliveries_work() == 5
    assert woken == ["audit.lanes_drain"] * 3
    assert len(hinted()) == 5


def test_the_clock_finds_what_no_message_announced(sender: Sender, settings) -> None:
    sender.post(event("accr_1"))
    entry = settings.CELERY_BEAT_SCHEDULE["work webhooks"]
    assert entry["task"] == tasks.deliveries_work.name
    assert entry["schedule"] <= 5
    assert tasks.deliveries_work() == 1


def test_unproven_bodies_go_after_a_week_and_proven_ones_after_a_quarter(sender: Sender) -> None:
    for number, days in enumerate([6, 8, 89, 91]):
        sender.post(event("accr_1"), f"good{number}")
        sender.post(event("accr_1"), f"bad{number}", signature="v1,AAAA")
        rows = WebhookDelivery.objects.filter(message_id__endswith=str(number))
        rows.update(received_at=timezone.now() - timedelta(days=days))
    WebhookDelivery.objects.filter(message_id="good2").update(received_at=timezone.now() - timedelta(days=400))
    WebhookDelivery.objects.exclude(message_id="good2").update(due_at=None)
    assert tasks.housekeep() == 4
    kept = WebhookDelivery.objects.values_list("message_id", flat=True)
    assert sorted(kept) == ["bad0", "good0", "good1", "good2"]
