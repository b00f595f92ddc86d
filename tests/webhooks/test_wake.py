"""Does a wake cost next to nothing, also while the broker is away?"""

from __future__ import annotations

import pytest
import redis
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
