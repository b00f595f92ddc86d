"""How does a simulated webhook leave: its body, its signature, its retries, its accidents?

The signature is that of https://www.zoho.com/billing/kb/webhooks/securing-webhooks.html: sorted parameters of query
and form, key and value run together, then the raw body; HMAC-SHA256 in lowercase hex. There is no timestamp and no
event id. How often and when Zoho tries again is not known; here it is three times, after 1, 5 and 15 minutes.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests

from connectors.outbox import Outbox
from connectors.simulation import json_text
from connectors.zoho_books.simulator.call import numbers
from connectors.zoho_books.simulator.store import Item, Organisation
from connectors.zoho_books.simulator.webhooks import fires

if TYPE_CHECKING:
    from connectors.zoho_books.simulator.simulator import ZohoBooksSimulator

SIGNATURE = "X-Zoho-Webhook-Signature"
FORM = "application/x-www-form-urlencoded"
TIMEOUT_SECONDS = 10.0
# (method, address, headers, body) -> status of the answer; 0 is "no answer"
Deliver = Callable[[str, str, Mapping[str, str], bytes], int]


@dataclass(slots=True)
class Message:
    """One delivery to one webhook, with the status of every attempt."""

    id: str
    organisation_id: str
    webhook_id: str
    entity: str
    entity_id: str
    event: str
    body: bytes
    due_at: datetime
    variant: str = "plain"
    attempts: list[tuple[datetime, int]] = field(default_factory=list)
    status: str = "waiting"  # waiting | sending | success | failed | lost

    def as_history(self, org: Organisation) -> Item:
        last = org.stamp(self.attempts[-1][0]) if self.attempts else ""
        return {
            "history_id": self.id,
            "webhook_id": self.webhook_id,
            "entity": self.entity,
            "entity_id": self.entity_id,
            "event": self.event,
            "status": self.status,
            "response_code": self.attempts[-1][1] if self.attempts else 0,
            "retry_count": max(0, len(self.attempts) - 1),
            "last_execution_time": last,
            "next_retry_time": org.stamp(self.due_at) if self.status == "waiting" and self.attempts else "",
        }


class WebhookSender(Outbox[Message]):
    """The messages of all organisations."""

    name = "zoho-webhooks"

    def __init__(self, simulator: ZohoBooksSimulator, deliver: Deliver | None = None) -> None:
        super().__init__(simulator)
        self.simulator = simulator
        self.deliver = deliver or post
        self.variant = "plain"

    def emit(self, org: Organisation, entity: str, what: str, record_id: str, payload: Item) -> list[Message]:
        """A change, for every webhook that is told of it."""
        wanted = [one for one in org.webhooks if fires(self.simulator, org, one, entity, what)]
        return [self.send(org, one, entity, what, record_id, payload) for one in wanted]

    def send(
        self, org: Organisation, webhook: Item, entity: str, what: str, record_id: str, payload: Item, variant: str = ""
    ) -> Message:
        body, now = _body(webhook, payload), self.simulator.clock.now()
        key = webhook["webhook_id"]
        message = Message(org.new_id(), org.id, key, entity, record_id, what, body, now, variant or self.variant)
        return self.hold(message)

    def request_of(self, message: Message) -> tuple[str, str, dict[str, str], bytes]:
        """Method, address, headers and body of one attempt; the variant bends the signature."""
        org = self.simulator.organisations[message.organisation_id]
        webhook = org.webhooks.get(message.webhook_id) or {}
        pairs = [(one["param_name"], str(one["param_value"])) for one in webhook["query_parameters"]]
        joint = "&" if "?" in webhook["url"] else "?"
        url = webhook["url"] + (joint + urlencode(pairs) if pairs else "")
        is_form = webhook["body_type"] == "form"
        headers = {str(one["param_name"]): str(one["param_value"]) for one in webhook["headers"]}
        headers |= {"Content-Type": FORM if is_form else "application/json", "User-Agent": "ZohoBooks"}
        if webhook["secret"] and message.variant != "unsigned":
            secret = "somebodyelse" if message.variant == "forged" else webhook["secret"]
            form = message.body.decode() if is_form else ""
            signature = sign(secret, urlsplit(url).query, form, b"" if is_form else message.body)
            headers[SIGNATURE] = signature.upper() if message.variant == "upper_case" else signature
        return webhook["method"], url, headers, message.body

    def attempt(self, message: Message) -> None:
        org = self.simulator.organisations[message.organisation_id]
        with self.simulator.lock:
            if org.webhooks.get(message.webhook_id) is None:
                self.finish(message, "failed")
                return
            request = self.request_of(message)
        # Without the lock: the receiver may ask the simulator for the record before it answers.
        status = self.deliver(*request)
        with self.simulator.lock:
            message.attempts.append((self.simulator.clock.now(), status))
            waits = self.simulator.switches.webhook_retry_minutes
            if 200 <= status < 300:
                self.finish(message, "success")
            elif len(message.attempts) > len(waits):
                self.finish(message, "failed")
            else:
                minutes = waits[len(message.attempts) - 1] * self.time_scale
                message.due_at = self.simulator.clock.now() + timedelta(minutes=minutes)
                message.status = "waiting"


def sign(secret: str, query: str, form: str, raw: bytes) -> str:
    """The signature over decoded parameters, sorted by key, and the body of a JSON delivery."""
    pairs = sorted(
        (*parse_qsl(query, keep_blank_values=True), *parse_qsl(form, keep_blank_values=True)), key=lambda one: one[0]
    )
    text = "".join(name + value for name, value in pairs)
    return hmac.new(secret.encode(), text.encode() + raw, hashlib.sha256).hexdigest()


def post(method: str, url: str, headers: Mapping[str, str], body: bytes) -> int:
    """Deliver over HTTP; a redirect is a failure, no answer is status 0."""
    try:
        answer = requests.request(
            method, url, data=body, headers=dict(headers), timeout=TIMEOUT_SECONDS, allow_redirects=False
        )
    except requests.RequestException:
        return 0
    return answer.status_code


def _body(webhook: Item, payload: Item) -> bytes:
    """The whole record as JSON, the chosen fields as a form, or the text that was configured."""
    if webhook["body_type"] == "raw":
        return str(webhook["raw_data"]).encode()
    if webhook["body_type"] == "form":
        return urlencode([(one["param_name"], str(one["param_value"])) for one in _fields(webhook, payload)]).encode()
    return json_text(numbers(payload)).encode()


def _fields(webhook: Item, payload: Item) -> Iterable[Item]:
    """Configured pairs; a value such as `${BILL.bill_id}` is taken from the record."""
    record: Item = next(iter(payload.values()))
    for one in webhook["form_data"]:
        value = str(one["param_value"])
        if value.startswith("${") and value.endswith("}"):
            value = str(numbers(record.get(value[2:-1].rpartition(".")[2], "")))
        yield {"param_name": one["param_name"], "param_value": value}
