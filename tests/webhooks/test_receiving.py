"""Does the address take what the vendor signed, once, and refuse the rest cheaply and without a hint?"""

from __future__ import annotations

from tests.webhooks.sender import Sender, event
from webhooks.models import WebhookDelivery


def test_an_authentic_delivery_is_stored_as_it_came(sender: Sender, woken: list[str]) -> None:
    raw = event("accr_1", "accr_2", note="Müller, 3.10")
    answer = sender.post(raw, "msg_42")
    assert (answer.status_code, answer.content) == (202, b"")
    row = sender.delivery
    assert bytes(row.body) == raw
    assert (row.message_id, row.verdict, row.state, row.repeats) == ("msg_42", "verified", "new", 0)
    assert row.tenant_id == sender.endpoint.tenant_id
    assert woken == ["webhooks.deliveries_work"]


def test_the_same_message_again_is_welcome_and_one(sender: Sender) -> None:
    assert [sender.post(event("accr_1"), "msg_42").status_code for _ in range(3)] == [202, 200, 200]
    assert WebhookDelivery.objects.count() == 1
    assert sender.delivery.repeats == 2
