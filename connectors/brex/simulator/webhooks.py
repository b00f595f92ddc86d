"""How are webhook subscriptions registered, and which secrets sign for whom?"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from werkzeug.wrappers import Response

from connectors.brex.simulator.auth import Token
from connectors.brex.simulator.call import ApiCall, Route, required_text
from connectors.brex.simulator.errors import ApiError, invalid, not_found
from connectors.brex.simulator.state import Item, public
from connectors.simulation import json_response

if TYPE_CHECKING:
    from connectors.brex.simulator.simulator import BrexSimulator

EVENT_TYPES = (
    "REFERRAL_CREATED", "REFERRAL_ACTIVATED", "REFERRAL_APPLICATION_STATUS_CHANGED", "TRANSFER_PROCESSED",
    "TRANSFER_FAILED", "EXPENSE_PAYMENT_UPDATED", "USER_UPDATED", "EMBEDDED_CARD_TRANSACTION_UPDATED",
    "EMBEDDED_CARD_UPDATED", "EMBEDDED_ACCOUNT_UPDATED", "EMBEDDED_CARD_SHIPPING_UPDATED", "EMBEDDED_DISPUTE_UPDATED",
    "PARTNERSHIP_INTEGRATION_CONNECTION_UPDATED", "EMBEDDED_CARD_AUTHORIZATION", "EMBEDDED_FRAUD_ALERT",
    "EMBEDDED_BILLING_GROUP_UPDATED", "EMBEDDED_LEGAL_ENTITY_UPDATED", "EMBEDDED_BILLING_STATEMENT_UPDATED",
    "EMBEDDED_USER_STATUS_UPDATED", "ACCOUNTING_RECORD_READY_FOR_EXPORT",
)  # fmt: skip
NEEDED_SCOPES = {
    "ACCOUNTING_RECORD_READY_FOR_EXPORT": ("accounting.record.read", "accounting.record.write"),
    "EXPENSE_PAYMENT_UPDATED": ("expenses.card.readonly", "expenses.card"),
    "TRANSFER_PROCESSED": ("transfers.readonly", "transfers"),
    "TRANSFER_FAILED": ("transfers.readonly", "transfers"),
    "USER_UPDATED": ("users.readonly", "users"),
}


class Secret:
    """One signing key and how long it still signs."""

    def __init__(self, key: bytes, status: str = "ACTIVE", ends: datetime | None = None) -> None:
        self.key, self.status, self.ends = key, status, ends

    def text(self, prefix: bool) -> str:
        return ("whsec_" if prefix else "") + base64.b64encode(self.key).decode()


class WebhooksApi:
    """`/v1/webhooks` and its secrets, per credential. https://developer.brex.com/openapi/webhooks_api"""

    def __init__(self, simulator: BrexSimulator) -> None:
        self.simulator = simulator
        self._secrets: dict[str, list[Secret]] = {}

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/v1/webhooks", self.list_all),
            Route("POST", "/v1/webhooks", self.create, key_required=True),
            Route("GET", "/v1/webhooks/secrets", self.list_secrets),
            Route("GET", "/v1/webhooks/groups", self.list_groups),
            Route("POST", "/v1/webhooks/groups", self.create_group, key_required=True),
            Route("GET", "/v1/webhooks/groups/<group_id>", self.get_group),
            Route("DELETE", "/v1/webhooks/groups/<group_id>", self.delete_group),
            Route("GET", "/v1/webhooks/<webhook_id>", self.get),
            Route("PUT", "/v1/webhooks/<webhook_id>", self.replace),
            Route("DELETE", "/v1/webhooks/<webhook_id>", self.delete),
        ]

    def list_all(self, call: ApiCall) -> Response:
        principal = call.token.principal
        return call.page_response(self.simulator.store.subscriptions, match=lambda one: one["_principal"] == principal)

    def create(self, call: ApiCall) -> Response:
        body, store = call.body(), self.simulator.store
        subscription = store.subscriptions.put(
            {
                "id": store.new_id("wsub"),
                **self._checked(call, body),
                "status": "ACTIVE",
                "_principal": call.token.principal,
                "_failing_since": None,
                "_seq": store.sequence(),
            }
        )
        return json_response(public(subscription))

    def get(self, call: ApiCall, webhook_id: str) -> Response:
        return json_response(public(self._find(call, webhook_id)))

    def replace(self, call: ApiCall, webhook_id: str) -> Response:
        subscription, body = self._find(call, webhook_id), call.body()
        if body.get("status") not in ("ACTIVE", "INACTIVE"):
            raise invalid("[status] is invalid")
        subscription.update(self._checked(call, body), status=body["status"], _failing_since=None)
        return json_response(public(subscription))

    def delete(self, call: ApiCall, webhook_id: str) -> Response:
        self.simulator.store.subscriptions.remove(self._find(call, webhook_id)["id"])
        return Response(status=200)

    def list_secrets(self, call: ApiCall) -> Response:
        prefix = self.simulator.switches.secret_prefix
        secrets = self.secrets_of(call.token.principal)
        return json_response([{"secret": one.text(prefix), "status": one.status} for one in secrets])

    def secrets_of(self, principal: str) -> list[Secret]:
        """Newest last; a key whose overlap has ended is listed as REVOKED and signs nothing."""
        if principal not in self._secrets:
            self._secrets[principal] = [self._new_secret(principal, 0)]
        now = self.simulator.clock.now()
        for one in self._secrets[principal]:
            if one.ends is not None and now >= one.ends:
                one.status = "REVOKED"
        return self._secrets[principal]

    def signing_keys(self, principal: str) -> list[bytes]:
        return [one.key for one in self.secrets_of(principal) if one.status != "REVOKED"]

    def rotate(self, principal: str) -> None:
        """Brex rotates: the old key signs on beside the new one until the overlap ends."""
        known = self.secrets_of(principal)
        ends = self.simulator.clock.now() + timedelta(hours=self.simulator.switches.secret_overlap_hours)
        for one in known:
            if one.status == "ACTIVE":
                one.status, one.ends = "PENDING_REVOKE", ends
        known.append(self._new_secret(principal, len(known)))

    def end_rotation(self, principal: str) -> None:
        for one in self.secrets_of(principal):
            if one.status == "PENDING_REVOKE":
                one.status, one.ends = "REVOKED", self.simulator.clock.now()

    def list_groups(self, call: ApiCall) -> Response:
        return call.page_response(self.simulator.store.groups)

    def create_group(self, call: ApiCall) -> Response:
        store = self.simulator.store
        name = required_text(call.body(), "name")
        return json_response(
            public(store.groups.put({"id": store.new_id("wg"), "name": name, "_seq": store.sequence()}))
        )

    def get_group(self, call: ApiCall, group_id: str) -> Response:
        found = self.simulator.store.groups.get(group_id)
        if found is None:
            raise not_found()
        return json_response(public(found))

    def delete_group(self, call: ApiCall, group_id: str) -> Response:
        if self.simulator.store.groups.remove(group_id) is None:
            raise not_found()
        return Response(status=200)

    def _new_secret(self, principal: str, number: int) -> Secret:
        return Secret(hashlib.sha256(f"{self.simulator.seed}:{principal}:{number}".encode()).digest())

    def _checked(self, call: ApiCall, body: Item) -> Item:
        url, types, group_id = required_text(body, "url"), body.get("event_types"), body.get("group_id")
        if not self._is_deliverable(url):
            raise invalid("[url] must be an HTTPS address")
        if not isinstance(types, list) or not types or any(one not in EVENT_TYPES for one in types):
            raise invalid("[event_types] is invalid")
        for one in types:
            self._need_event(call.token, one)
        if group_id is not None and group_id not in self.simulator.store.groups:
            raise invalid("[group_id] is invalid")
        return {"group_id": group_id, "url": url, "event_types": list(dict.fromkeys(types))}

    def _is_deliverable(self, url: str) -> bool:
        address, http = urlsplit(url), self.simulator.switches.webhook_http
        local = address.hostname in ("127.0.0.1", "::1", "localhost")
        plain = address.scheme == "http" and (http == "any" or (http == "loopback" and local))
        return bool(address.hostname) and (address.scheme == "https" or plain)

    def _need_event(self, token: Token, event_type: str) -> None:
        scopes = NEEDED_SCOPES.get(event_type)
        if scopes:
            self.simulator.gate.need_scope(token, scopes)
            if event_type == "EXPENSE_PAYMENT_UPDATED" and token.role not in ("CARD_ADMIN", "ACCOUNT_ADMIN"):
                raise ApiError(403, f"{event_type} needs the role CARD_ADMIN")
        elif event_type.startswith("EMBEDDED_"):
            raise ApiError(403, f"{event_type} is for embedded partners")

    def _find(self, call: ApiCall, webhook_id: str) -> Item:
        found = self.simulator.store.subscriptions.get(webhook_id)
        if found is None or found["_principal"] != call.token.principal:
            raise not_found()
        return found
