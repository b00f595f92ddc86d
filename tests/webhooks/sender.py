"""How does a test deliver a webhook? Signed as Brex signs, at an endpoint whose connection has a flow."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.test import Client

from connectors.models import Tenant
from mappings.models import Flow, FlowState
from tests.factories import connection_make
from webhooks.models import Endpoint, WebhookDelivery
from webhooks.services import endpoint_create
from webhooks.signing import secrets_keep

CURRENT = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
OLD = "whsec_ZWZnaGlqa2xtbm9wcXJzdHV2d3h5ent8fX5/gIGCg4Q="
RECORDS = "ACCOUNTING_RECORD_READY_FOR_EXPORT"
ACCOUNT = "cuacc_9"


def signature(secret: str, message_id: str, timestamp: str, raw: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + raw
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def event(*ids: str, account: str = ACCOUNT, **more: Any) -> bytes:
    return json.dumps({"event_type": RECORDS, "accountingRecordIds": list(ids), "companyId": account, **more}).encode()


@dataclass
class Sender:
    """A vendor that posts to one endpoint; `secrets` are those it signs with."""

    endpoint: Endpoint
    secrets: list[str] = field(default_factory=lambda: [CURRENT])
    browser: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def headers(self, raw: bytes, message_id: str, shift: int = 0, **changes: str | None) -> dict[str, str]:
        timestamp = str(int(time.time()) + shift)
        given = {
            "Webhook-Id": message_id,
            "Webhook-Timestamp": timestamp,
            "Webhook-Signature": " ".join(signature(one, message_id, timestamp, raw) for one in self.secrets),
            **{f"Webhook-{name.title()}": value for name, value in changes.items()},
        }
        return {name: value for name, value in given.items() if value is not None}

    def post(self, raw: bytes, message_id: str = "msg_1", *, shift: int = 0, path: str = "", **changes: Any) -> Any:
        return self.send(raw, self.headers(raw, message_id, shift, **changes), path)

    def send(self, raw: bytes, headers: dict[str, str], path: str = "", media_type: str = "application/json") -> Any:
        answer: HttpResponse = self.browser.generic(
            "POST", path or self.endpoint.path, raw, content_type=media_type, headers=headers
        )
        return answer

    @property
    def delivery(self) -> WebhookDelivery:
        return WebhookDelivery.objects.get(endpoint=self.endpoint)


def house_make(
    tenant: Tenant, *, identity: str = ACCOUNT, streams: tuple[str, ...] = ("accounting_records",)
) -> Sender:
    """A working Brex connection whose streams flow into Odoo, and its endpoint with one secret."""
    source = connection_make(tenant, "brex", identity=identity, state="ok", address=f"simulator:{tenant.slug}")
    ledger = connection_make(tenant, "odoo", state="ok", address=f"simulator:{tenant.slug}-books")
    routed = {"tenant": tenant, "source": source, "ledger": ledger, "company": "1", "state": FlowState.DRY_RUN}
    Flow.objects.bulk_create([Flow(name=stream, stream=stream, **routed) for stream in streams])
    endpoint = endpoint_create(connection=source, by="test")
    secrets_keep(endpoint, [CURRENT], by="test")
    return Sender(endpoint)
