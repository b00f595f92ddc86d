"""How does a simulated webhook leave: signed, retried on schedule, lost or forged when told to?

Scheme and schedule are Svix's (https://docs.svix.com/receiving/verifying-payloads/how-manual,
https://docs.svix.com/retries), which Brex's headers match.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import requests

from connectors.brex.simulator.state import Item

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


class WebhookSender:
    """Holds the messages; a thread sends what is due (`start`, `stop`), or a test does by `flush`.

    `time_scale` shortens the waits between attempts (0.001: five seconds become five milliseconds); due times follow
    the simulator's clock, so advancing it makes retries due.
    """

    def __init__(self, simulator: BrexSimulator, deliver: Deliver | None = None) -> None:
        self.simulator = simulator
        self.deliver = deliver or post
        self.time_scale = 1.0
        self.jitter = 0.0
        self.lose_next = 0
        self.messages: list[Message] = []
        self._open: list[Message] = []
        self._random = Random(simulator.seed)  # noqa: S311 - repeatable on purpose
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopping = False

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
        self.messages.append(message)
        if self.lose_next > 0:
            self.lose_next -= 1
            message.status = "lost"
        else:
            self._open.append(message)
        with self._wake:
            self._wake.notify()
        return message

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

    def flush(self) -> int:
        """Send everything that is due by the simulator's clock, in this thread; returns the number of attempts."""
        made = 0
        while (message := self._next_due()) is not None:
            self._attempt(message)
            made += 1
        return made

    def start(self) -> None:
        if self._thread is None:
            self._stopping = False
            self._thread = threading.Thread(target=self._loop, name="brex-webhooks", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(timeout=TIMEOUT_SECONDS + 1)
            self._thread = None

    def wake(self) -> None:
        with self._wake:
            self._wake.notify()

    def _loop(self) -> None:
        while not self._stopping:
            self.flush()
            with self._wake:
                if not self._stopping:
                    self._wake.wait(timeout=self._pause())

    def _pause(self) -> float:
        dues = [one.due_at for one in list(self._open)]
        if not dues:
            return 5.0
        return min(max((min(dues) - self.simulator.clock.now()).total_seconds(), 0.005), 0.5)

    def _next_due(self) -> Message | None:
        now = self.simulator.clock.now()
        with self.simulator.lock:
            due = [one for one in self._open if one.due_at <= now and one.status == "waiting"]
            if not due:
                return None
            message = min(due, key=lambda one: one.due_at)
            message.status = "sending"
            return message

    def _attempt(self, message: Message) -> None:
        subscription = self.simulator.store.subscriptions.get(message.subscription_id)
        if subscription is None or subscription["status"] != "ACTIVE":
            self._finish(message, "failed")
            return
        with self.simulator.lock:
            headers = self.headers(message)
        # Without the lock: the receiver may ask the simulator for the record before it answers.
        status, answer = self.deliver(subscription["url"], headers, message.body)
        with self.simulator.lock:
            message.attempts.append({"at": self.simulator.stamp(), "status": status})
            if 200 <= status < 300:
                subscription["_failing_since"] = None
                self._finish(message, "delivered")
                return
            self._note_failure(subscription)
            wait = self._wait(len(message.attempts), status, answer)
            if wait is None:
                self._finish(message, "failed")
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

    def _finish(self, message: Message, status: str) -> None:
        message.status = status
        if message in self._open:
            self._open.remove(message)


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
