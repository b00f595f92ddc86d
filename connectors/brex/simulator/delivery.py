"""How does a simulated webhook leave: signed, retried on schedule, lost or forged when told to?

Scheme and schedule are Svix's (https://docs.svix.com/receiving/verifying-payloads/how-manual,
https://docs.svix.com/retries), which Brex's headers match.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import requests

from connectors.brex.simulator.state import Item
from connectors.outbox import Outbox

if TYPE_CHECKING:
    from connectors.brex.simulator.simulator import BrexSimulator

# (address, headers, body) -> (status, headers of the answer); 0 is "no answer"
Deliver = Callable[[str, Mapping[str, str], bytes], tuple[int, Mapping[str, str]]]

RETRY_AFTER_SECONDS = (5, 300, 1800, 7200, 18_000, 36_000, 36_000)
TIMEOUT_SECONDS = 15.0
DISABLE_AFTER = timedelta(days=5)
LEAST_AFTER_TIMEOUT_OR_429 = 60


@dataclass(slots=True)
class Message:
    """One message to one subscription, with every attempt made."""

    id: str
    subscription_id: str
    url: str
    principal: str
    body: bytes
    due_at: datetime
    variant: str = "plain"
    attempts: list[Item] = field(default_factory=list)
    status: str = "waiting"  # waiting | sending | delivered | failed | lost

    def as_json(self) -> Item:
        shown = {
            name: getattr(self, name) for name in ("id", "subscription_id", "url", "variant", "attempts", "status")
        }
        return {**shown, "body": self.body.decode("utf-8", "replace"), "due_at": self.due_at.isoformat()}


class WebhookSender(Outbox[Message]):
    """The messages to all subscriptions."""

    name = "brex-webhooks"

    def __init__(self, simulator: BrexSimulator, deliver: Deliver | None = None) -> None:
        super().__init__(simulator)
        self.simulator = simulator
        self.deliver = deliver or post
        self.jitter = 0.0
        self._random = Random(simulator.seed)  # noqa: S311 - repeatable on purpose

    def emit(self, event_type: str, payload: Item, **how: Any) -> list[Message]:
        """An event for every active subscription that asked for its type."""
        name = "companyId" if event_type == "ACCOUNTING_RECORD_READY_FOR_EXPORT" else "company_id"
        body = {"event_type": event_type, **payload, name: self.simulator.store.company.get("id", "")}
        wanted = [
            one
            for one in self.simulator.store.subscriptions
            if one["status"] == "ACTIVE" and (event_type in one["event_types"] or how.get("unasked"))
        ]
        return [
            self.send(one, json.dumps(body, ensure_ascii=False).encode(), how.get("variant", "plain")) for one in wanted
        ]

    def records_ready(self, ids: list[str]) -> list[Message]:
        """One event names many records; batches are cut at `webhook_batch`."""
        size, sent = self.simulator.switches.webhook_batch, []
        for start in range(0, len(ids), size):
            batch = {"accountingRecordIds": ids[start : start + size]}
            sent += self.emit("ACCOUNTING_RECORD_READY_FOR_EXPORT", batch)
        return sent

    def send(self, subscription: Item, body: bytes, variant: str = "plain", message_id: str = "") -> Message:
        message = Message(
            message_id or self.simulator.store.new_id("msg"),
            subscription["id"],
            subscription["url"],
            subscription["_principal"],
            body,
            self.simulator.clock.now(),
            variant,
        )
        return self.hold(message)

    def headers(self, message: Message) -> dict[str, str]:
        """Fresh timestamp and signatures, as each attempt carries them; the variant bends them."""
        now = self.simulator.clock.now()
        seconds = int(now.timestamp()) - (3600 if message.variant == "stale" else 0)
        keys = self.simulator.webhooks.signing_keys(message.principal)
        if message.variant == "forged":
            keys = [hashlib.sha256(b"somebody else").digest()]
        if message.variant == "secret_text_as_key":
            keys = [("whsec_" + base64.b64encode(one).decode()).encode() for one in keys]
        signatures = [f"v1,{sign(key, message.id, seconds, message.body)}" for key in keys]
        if message.variant == "unknown_version_first":
            signatures = ["v2,AAAA", "v1a,AAAA", *signatures]
        if message.variant == "malformed_signature":
            signatures = ["garbage"]
        values = {"id": message.id, "timestamp": str(seconds), "signature": " ".join(signatures)}
        if message.variant == "unsigned":
            del values["signature"]
        style = self.simulator.switches.webhook_headers
        headers = {"Content-Type": "application/json", "User-Agent": "Svix-Webhooks/1.76"}
        if style in ("webhook", "both"):
            headers.update({f"Webhook-{name.title()}": value for name, value in values.items()})
        if style in ("svix", "both"):
            headers.update({f"svix-{name}": value for name, value in values.items()})
        return headers

    def attempt(self, message: Message) -> None:
        subscription = self.simulator.store.subscriptions.get(message.subscription_id)
        if subscription is None or subscription["status"] != "ACTIVE":
            self.finish(message, "failed")
            return
        with self.simulator.lock:
            headers = self.headers(message)
        # Without the lock: the receiver may ask the simulator for the record before it answers.
        status, answer = self.deliver(subscription["url"], headers, message.body)
        with self.simulator.lock:
            message.attempts.append({"at": self.simulator.stamp(), "status": status})
            if 200 <= status < 300:
                subscription["_failing_since"] = None
                self.finish(message, "delivered")
                return
            self._note_failure(subscription)
            wait = self._wait(len(message.attempts), status, answer)
            if wait is None:
                self.finish(message, "failed")
                return
            message.due_at = self.simulator.clock.now() + timedelta(seconds=wait * self.time_scale)
            message.status = "waiting"

    def _wait(self, made: int, status: int, answer: Mapping[str, str]) -> float | None:
        """Seconds until the next attempt; None when there is none left or the receiver aborted the message."""
        lowered = {name.lower(): value for name, value in answer.items()}
        if lowered.get("webhook-delivery") == "abort-message" or made > len(RETRY_AFTER_SECONDS):
            return None
        nominal = float(RETRY_AFTER_SECONDS[made - 1])
        if status in (0, 429):
            nominal = max(nominal, LEAST_AFTER_TIMEOUT_OR_429)
        if lowered.get("retry-after", "").isdigit():
            nominal = min(max(nominal, float(lowered["retry-after"])), nominal * 2)
        return nominal * (1 + self._random.uniform(-self.jitter, self.jitter))

    def _note_failure(self, subscription: Item) -> None:
        now = self.simulator.clock.now()
        since = subscription["_failing_since"]
        if since is None:
            subscription["_failing_since"] = now.isoformat()
        elif now - datetime.fromisoformat(since) >= DISABLE_AFTER:
            subscription["status"] = "INACTIVE"


def sign(key: bytes, message_id: str, seconds: int, body: bytes) -> str:
    """Base64 of HMAC-SHA256 over `id.timestamp.body`."""
    signed = f"{message_id}.{seconds}.".encode() + body
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def post(url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Mapping[str, str]]:
    """Deliver over HTTP; a redirect is a failure, no answer is status 0."""
    try:
        answer = requests.post(url, data=body, headers=dict(headers), timeout=TIMEOUT_SECONDS, allow_redirects=False)
    except requests.RequestException:
        return 0, {}
    return answer.status_code, answer.headers
