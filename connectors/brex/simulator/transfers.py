"""How does the simulated Payments API take transfers and move them through their states?"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from connectors.brex.simulator.call import ApiCall, Route, required_text
from connectors.brex.simulator.errors import invalid, not_found
from connectors.brex.simulator.state import Item, public
from connectors.simulation import json_response

if TYPE_CHECKING:
    from connectors.brex.simulator.simulator import BrexSimulator

MEMO_LENGTH = {"ACH": 90, "DOMESTIC_WIRE": 90, "INTERNATIONAL_WIRE": 90, "CHEQUE": 40, "BOOK_TRANSFER": 90}
MOVES = {
    "PENDING_APPROVAL": ("SCHEDULED", "PROCESSING", "FAILED"),
    "SCHEDULED": ("PROCESSING", "FAILED"),
    "PROCESSING": ("PROCESSED", "FAILED"),
    "PROCESSED": (),
    "FAILED": (),
}


class TransfersApi:
    """`/v1/transfers` and linked accounts. https://developer.brex.com/openapi/payments_api"""

    def __init__(self, simulator: BrexSimulator) -> None:
        self.simulator = simulator

    def routes(self) -> list[Route]:
        read = ("transfers.readonly", "incoming_transfers", "transfers")
        return [
            Route("GET", "/v1/transfers", self.list_transfers, read),
            Route("POST", "/v1/transfers", self.create_transfer, ("transfers",), key_required=True),
            Route("GET", "/v1/transfers/<transfer_id>", self.get_transfer, read),
            Route("GET", "/v1/linked_accounts", self.list_linked, ("linked_accounts.readonly",)),
        ]

    def list_transfers(self, call: ApiCall) -> Response:
        return call.page_response(self.simulator.store.transfers)

    def list_linked(self, call: ApiCall) -> Response:
        return call.page_response(self.simulator.store.linked_accounts)

    def get_transfer(self, call: ApiCall, transfer_id: str) -> Response:
        found = self.simulator.store.transfers.get(transfer_id)
        if found is None:
            raise not_found()
        return json_response(public(found))

    def create_transfer(self, call: ApiCall) -> Response:
        body, switches = call.body(), self.simulator.switches
        vendor, rail, counterparty = self._counterparty(body.get("counterparty"))
        amount = _positive_usd(body.get("amount"))
        memo = required_text(body, "external_memo", MEMO_LENGTH[rail])
        origin = body.get("originating_account")
        account_ids = {one["id"] for one in self.simulator.store.cash_accounts}
        if not isinstance(origin, dict) or origin.get("type") != "BREX_CASH" or origin.get("id") not in account_ids:
            raise invalid("[originating_account] is invalid")
        if body.get("approval_type") not in (None, "MANUAL"):
            raise invalid("[approval_type] is invalid")
        description = required_text(body, "description")
        self.simulator.gate.count_transfer(call.token, rail)
        transfer = self.add(
            amount,
            origin["id"],
            rail,
            counterparty,
            description=description,
            external_memo=memo,
            display_name=vendor["company_name"] if vendor else None,
            status="PENDING_APPROVAL" if body.get("approval_type") else switches.new_transfer_status,
            creator=call.token.user_id,
        )
        return json_response(public(transfer))

    def add(
        self,
        amount: int,
        account_id: str,
        rail: str,
        counterparty: Item | None,
        *,
        description: str = "",
        external_memo: str = "",
        display_name: str | None = None,
        status: str = "PROCESSING",
        creator: str | None = None,
        created_on: str | None = None,
    ) -> Item:
        store, today = self.simulator.store, self.simulator.clock.now().date()
        return store.transfers.put(
            {
                "id": store.new_id("dptx"),
                "counterparty": counterparty,
                "description": description,
                "payment_type": rail,
                "amount": {"amount": amount, "currency": "USD"},
                "process_date": None,
                "originating_account": {"type": "BREX_CASH", "id": account_id},
                "status": status,
                "cancellation_reason": None,
                "estimated_delivery_date": (today + timedelta(days=4)).isoformat(),
                "creator_user_id": creator,
                "created_at": created_on or today.isoformat(),
                "display_name": display_name,
                "external_memo": external_memo,
                "is_ppro_enabled": False if rail == "INTERNATIONAL_WIRE" else None,
                "_seq": store.sequence(),
            }
        )

    def move(self, transfer: Item, status: str, reason: str | None = None) -> None:
        """One step of the status machine; a final state moves the money and emits one webhook."""
        if status not in MOVES[transfer["status"]]:
            raise invalid(f"a transfer cannot go from {transfer['status']} to {status}")
        transfer["status"], transfer["cancellation_reason"] = status, reason
        today = self.simulator.clock.now().date().isoformat()
        if status == "PROCESSED":
            transfer["process_date"] = today
            self.simulator.add_cash(
                transfer["originating_account"]["id"],
                "PAYMENT",
                -transfer["amount"]["amount"],
                today,
                f"{transfer['display_name'] or 'Transfer'} {transfer['external_memo']}",
                transfer_id=transfer["id"],
            )
        if status in ("PROCESSED", "FAILED"):
            self._tell(f"TRANSFER_{status}", transfer["id"], transfer["payment_type"], None)

    def give_back(self, transfer: Item) -> str:
        """The rail gives a processed transfer back: a new id that no call can fetch, money in, one webhook."""
        kind = {"ACH": "ACH_RETURN", "CHEQUE": "CHEQUE_RETURN"}.get(transfer["payment_type"], "WIRE_RETURN")
        return_id = self.simulator.store.new_id("dptx")
        self.simulator.add_cash(
            transfer["originating_account"]["id"],
            "PAYMENT",
            transfer["amount"]["amount"],
            self.simulator.clock.now().date().isoformat(),
            f"RETURN {transfer['display_name'] or ''} {transfer['external_memo']}",
            transfer_id=return_id,
        )
        self._tell("TRANSFER_PROCESSED", return_id, kind, transfer["id"])
        return return_id

    def _tell(self, event: str, transfer_id: str, payment_type: str, return_for: str | None) -> None:
        payload = {"transfer_id": transfer_id, "payment_type": payment_type, "return_for_id": return_for}
        self.simulator.sender.emit(event, payload)

    def _counterparty(self, value: Any) -> tuple[Item | None, str, Item]:
        """Vendor, rail and the counterparty as a transfer shows it."""
        if not isinstance(value, dict):
            raise invalid("[counterparty] is required")
        if value.get("type") == "BOOK_TRANSFER":
            recipient = value.get("recipient")
            if not isinstance(recipient, dict) or not recipient.get("id"):
                raise invalid("[counterparty.recipient] is invalid")
            return None, "BOOK_TRANSFER", {"type": "BOOK_TRANSFER", "deposit_account_id": recipient["id"]}
        if value.get("type") != "VENDOR":
            raise invalid("[counterparty.type] is invalid")
        wanted = value.get("payment_instrument_id")
        for vendor in self.simulator.store.vendors:
            for account in vendor["payment_accounts"]:
                details = account["details"]
                if details["payment_instrument_id"] == wanted:
                    shown = {"type": "VENDOR", "id": vendor["id"], "payment_instrument_id": wanted}
                    shown["routing_number"] = details.get("routing_number")
                    shown["account_number"] = details.get("account_number")
                    return vendor, details["type"], shown
        raise invalid("[counterparty.payment_instrument_id] is invalid")


def _positive_usd(value: Any) -> int:
    amount = value.get("amount") if isinstance(value, dict) else None
    if isinstance(amount, bool) or not isinstance(amount, int) or amount <= 0 or value.get("currency", "USD") != "USD":
        raise invalid("[amount] is invalid: a positive amount in USD is required")
    return amount
