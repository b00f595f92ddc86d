"""Does a wake cost next to nothing, also while the broker is away?"""

from __future__ import annotations

import pytest
import redis
from django.conf import settings
from django.core.cache import cache

from tests.webhooks.sender import Sender, event
from webhooks import tasks, wake
from webhooks.models import WebhookDelivery


def test_many_deliveries_send_one_message(sender: Sender, woken: list[str]) -> None:
    for number in range(10):
        sender.post(event("accr_1"), f"msg_{number}")
    assert woken == ["webhooks.deliveries_work"]


def test_a_delivery_after_the_work_wakes_again(sender: Sender, woken: list[str]) -> None:
    sender.post(event("accr_1"), "msg_1")
    tasks.deliveries_work()
    woken.clear()
    sender.post(event("accr_2"), "msg_2")
    assert woken == ["webhooks.deliveries_work"]


def test_what_comes_unannounced_while_the_worker_ends_is_seen_by_its_last_look(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender.post(event("accr_1"), "msg_1")
    monkeypatch.setattr(tasks.time, "sleep", lambda _: sender.post(event("accr_2"), "msg_2"))
    assert tasks.deliveries_work() == 2
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"done"}


def test_a_message_that_got_lost_holds_the_next_one_up_for_a_second_at_most(sender: Sender, woken: list[str]) -> None:
    sender.post(event("accr_1"), "msg_1")
    client = redis.Redis.from_url(settings.REDIS_URL)
    left = client.pttl(cache.make_key(wake.KEY))
    client.close()
    assert 0 < left <= 1000


def test_without_a_broker_everything_is_stored_and_nothing_is_tried_for_a_while(
    sender: Sender, woken: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[float] = []
    now = [100.0]

    def away(*_: object, **__: object) -> None:
        tried.append(now[0])
        raise redis.exceptions.ConnectionError("refused")

    monkeypatch.setattr(wake, "clock", lambda: now[0])
    monkeypatch.setattr(cache, "add", away)
    for number, seconds in enumerate([100.0, 101.0, 129.9, 130.1, 131.0]):
        now[0] = seconds
        assert sender.post(event("accr_1"), f"msg_{number}").status_code == 202
    assert tried == [100.0, 130.1]
    assert WebhookDelivery.objects.count() == 5
    assert woken == []


def test_a_refused_delivery_wakes_nobody_twice(sender: Sender, woken: list[str]) -> None:
    for number in range(5):
        sender.post(event("accr_1"), f"msg_{number}", signature="v1,AAAA")
    assert woken == ["webhooks.deliveries_work"]


def test_allowing_the_next_wake_survives_a_broker_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise redis.exceptions.ConnectionError("refused")

    monkeypatch.setattr(cache, "delete", away)
    wake.wake_allow()
