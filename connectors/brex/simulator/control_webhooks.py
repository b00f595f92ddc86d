"""Which webhooks can a test make the simulated account send, bend or lose?"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from connectors.brex.simulator.state import Item

if TYPE_CHECKING:
    from connectors.brex.simulator.simulator import BrexSimulator


class WebhookControl:
    """The control actions around webhooks and their secrets."""

    def __init__(self, simulator: BrexSimulator) -> None:
        self.simulator = simulator

    def actions(self) -> dict[str, Callable[..., Any]]:
        return {
            "pending_payment": self.pending_payment,
            "rotate_webhook_secret": self.rotate_secret,
            "end_webhook_rotation": self.end_rotation,
            "send_webhook": self.send_webhook,
            "lose_webhooks": self.lose_webhooks,
            "webhook_pace": self.webhook_pace,
            "flush_webhooks": self.flush_webhooks,
        }

    def pending_payment(self, expense_id: str, payment_status: str = "PENDING", reason: str = "APPROVED") -> Item:
        """EXPENSE_PAYMENT_UPDATED: an authorization appeared, changed or was declined; its version grows each time."""
        expense = self.simulator.store.expenses[expense_id]
        expense["_payment_version"] = expense.get("_payment_version", 0) + 1
        merchant = expense["_merchant"]
        payload = {
            "expense_id": expense_id,
            "payment_status": payment_status,
            "payment_type": "PURCHASE" if payment_status == "PENDING" else "DECLINED",
            "card_id": next((one["id"] for one in self.simulator.store.cards), ""),
            "merchant": merchant,
            "payment_description": merchant["raw_descriptor"],
            "payment_status_reason": reason,
            "billing_amount": expense["billing_amount"],
            "original_amount": expense["original_amount"],
            "amount": expense["billing_amount"],
            "purchased_at": expense["purchased_at"],
            "payment_authorization_code": "A1",
            "version": expense["_payment_version"],
        }
        self.simulator.sender.emit("EXPENSE_PAYMENT_UPDATED", payload)
        return payload

    def rotate_secret(self, principal: str = "") -> None:
        self.simulator.webhooks.rotate(principal or f"user:{self.simulator.admin_id}")

    def end_rotation(self, principal: str = "") -> None:
        self.simulator.webhooks.end_rotation(principal or f"user:{self.simulator.admin_id}")

    def send_webhook(
        self,
        event_type: str = "ACCOUNTING_RECORD_READY_FOR_EXPORT",
        payload: dict[str, Any] | None = None,
        ids: list[str] | None = None,
        count: int = 1,
        variant: str = "plain",
        duplicates: int = 0,
        body: str | None = None,
        message_id: str = "",
        company_id: str | None = None,
    ) -> list[str]:
        """Any message to every active subscription, asked for or not; returns the message ids.

        `ids` (or `count` made-up ones) fill an accounting event; `payload` any other; `body` replaces it all.
        `variant`: plain, stale, forged, unsigned, malformed_signature, secret_text_as_key, unknown_version_first.
        `duplicates` more deliveries carry the same message id; `company_id` names another company.
        """
        content = dict(payload or {})
        if event_type == "ACCOUNTING_RECORD_READY_FOR_EXPORT" and payload is None:
            content["accountingRecordIds"] = ids or [self.simulator.store.new_id("accr") for _ in range(count)]
        name = "companyId" if event_type == "ACCOUNTING_RECORD_READY_FOR_EXPORT" else "company_id"
        content = {"event_type": event_type, **content, name: company_id or self.simulator.store.company["id"]}
        raw = (body if body is not None else json.dumps(content, ensure_ascii=False)).encode()
        sent = []
        for subscription in list(self.simulator.store.subscriptions):
            if subscription["status"] == "ACTIVE":
                message = self.simulator.sender.send(subscription, raw, variant, message_id)
                sent.append(message.id)
                for _ in range(duplicates):
                    self.simulator.sender.send(subscription, raw, variant, message.id)
        return sent

    def lose_webhooks(self, count: int = 1) -> None:
        """The next messages vanish: nothing is sent, nothing is retried."""
        self.simulator.sender.lose_next = count

    def webhook_pace(self, time_scale: float = 1.0, jitter: float = 0.0) -> None:
        self.simulator.sender.time_scale, self.simulator.sender.jitter = time_scale, jitter

    def flush_webhooks(self, newest_first: bool = False) -> int:
        """Wake the sender; `newest_first` turns what waits around, so that it arrives out of order."""
        waiting = [one for one in self.simulator.sender.messages if one.status == "waiting"]
        if newest_first:
            for place, message in enumerate(reversed(waiting)):
                message.due_at = self.simulator.clock.now() - timedelta(milliseconds=len(waiting) - place)
        return len(waiting)
