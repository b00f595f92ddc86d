"""How does the simulated Payments API keep vendors and move transfers through their states?"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from connectors.brex.simulator.call import ApiCall, Route, optional_text, required_text
from connectors.brex.simulator.errors import ApiError, invalid, not_found
from connectors.brex.simulator.state import Item, public
from connectors.simulation import json_response

if TYPE_CHECKING:
    from connectors.brex.simulator.simulator import BrexSimulator

REQUIRED_DETAILS = {
    "ACH": ("routing_number", "account_number", "account_type", "account_class"),
    "DOMESTIC_WIRE": ("routing_number", "account_number", "address"),
    "CHEQUE": ("recipient_name", "mailing_address"),
}
MEMO_LENGTH = {"ACH": 90, "DOMESTIC_WIRE": 90, "INTERNATIONAL_WIRE": 90, "CHEQUE": 40, "BOOK_TRANSFER": 90}
MOVES = {
    "PENDING_APPROVAL": ("SCHEDULED", "PROCESSING", "FAILED"),
    "SCHEDULED": ("PROCESSING", "FAILED"),
    "PROCESSING": ("PROCESSED", "FAILED"),
    "PROCESSED": (),
    "FAILED": (),
}
_VENDOR_ROLES = ("ACCOUNT_ADMIN", "BOOKKEEPER", "AP_CLERK")


class PaymentsApi:
    """`/v1/vendors`, `/v1/transfers`, linked accounts. https://developer.brex.com/openapi/payments_api"""

    def __init__(self, simulator: BrexSimulator) -> None:
        self.simulator = simulator

    def routes(self) -> list[Route]:
        read, write = ("vendors.readonly", "vendors"), ("vendors",)
        moves = ("transfers.readonly", "incoming_transfers", "transfers")
        return [
            Route("GET", "/v1/vendors", self.list_vendors, read),
            Route("POST", "/v1/vendors", self.create_vendor, write, key_required=True),
            Route("GET", "/v1/vendors/<vendor_id>", self.get_vendor, read),
            Route("PUT", "/v1/vendors/<vendor_id>", self.change_vendor, write),
            Route("DELETE", "/v1/vendors/<vendor_id>", self.delete_vendor, write),
            Route("GET", "/v1/transfers", self.list_transfers, moves),
            Route("POST", "/v1/transfers", self.create_transfer, ("transfers",), key_required=True),
            Route("GET", "/v1/transfers/<transfer_id>", self.get_transfer, moves),
            Route("GET", "/v1/linked_accounts", self.list_linked, ("linked_accounts.readonly",)),
        ]

    def list_vendors(self, call: ApiCall) -> Response:
        self._need_role(call)
        wanted, how = (call.one("name") or "").lower(), self.simulator.switches.vendor_name_matches

        def match(vendor: Item) -> bool:
            name = str(vendor["company_name"]).lower()
            return name == wanted if how == "exact" else name.startswith(wanted) if how == "prefix" else wanted in name

        return call.page_response(self.simulator.store.vendors, match=lambda one: not wanted or match(one))

    def get_vendor(self, call: ApiCall, vendor_id: str) -> Response:
        return json_response(public(self._vendor(call, vendor_id)))

    def create_vendor(self, call: ApiCall) -> Response:
        self._need_role(call)
        body = call.body()
        name = required_text(body, "company_name")
        self._check_unique(name)
        accounts = self._merge(body.get("payment_accounts"), [])
        vendor = self.new_vendor(name, optional_text(body, "email"), optional_text(body, "phone"), accounts)
        return json_response(public(vendor))

    def new_vendor(
        self, name: str, email: str | None = None, phone: str | None = None, accounts: list[Item] | None = None
    ) -> Item:
        store = self.simulator.store
        return store.vendors.put(
            {
                "id": store.new_id("pdcont"),
                "company_name": name,
                "email": email,
                "phone": phone,
                "payment_accounts": accounts or [],
                "_seq": store.sequence(),
            }
        )

    def change_vendor(self, call: ApiCall, vendor_id: str) -> Response:
        vendor, body = self._vendor(call, vendor_id), call.body()
        if body.get("company_name") is not None and body["company_name"] != vendor["company_name"]:
            self._check_unique(required_text(body, "company_name"))
        accounts = self._merge(body.get("payment_accounts"), vendor["payment_accounts"])
        changes = {name: optional_text(body, name) for name in ("company_name", "email", "phone")}
        vendor.update({name: value for name, value in changes.items() if value is not None})
        vendor["payment_accounts"] = accounts
        return json_response(public(vendor))

    def delete_vendor(self, call: ApiCall, vendor_id: str) -> Response:
        self.simulator.store.vendors.remove(self._vendor(call, vendor_id)["id"])
        return Response(status=200)

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
        transfer = self.new_transfer(
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

    def new_transfer(
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

    def move_transfer(self, transfer: Item, status: str, reason: str | None = None) -> None:
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

    def return_transfer(self, transfer: Item) -> str:
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

    def _merge(self, sent: Any, existing: list[Item]) -> list[Item]:
        """One instrument per type: sending a type again overwrites it whole and keeps its id."""
        if sent is not None and not isinstance(sent, list):
            raise invalid("[payment_accounts] is invalid")
        by_type = {one["details"]["type"]: one for one in existing}
        for one in sent or []:
            details = one.get("details") if isinstance(one, dict) else None
            needed = REQUIRED_DETAILS.get(details.get("type", "")) if isinstance(details, dict) else None
            if needed is None or not isinstance(details, dict) or any(not details.get(name) for name in needed):
                raise invalid("[payment_accounts.details] is invalid")
            if len(str(details.get("recipient_name", ""))) > 40:
                raise invalid("[recipient_name] is longer than 40 characters")
            old = by_type.get(details["type"])
            kept = old["details"]["payment_instrument_id"] if old else self.simulator.store.new_id("pdinstl")
            whole = {name: details[name] for name in ("type", *needed)}
            by_type[details["type"]] = {"details": {**whole, "payment_instrument_id": kept}}
        return list(by_type.values())

    def _check_unique(self, name: str) -> None:
        if any(one["company_name"].lower() == name.lower() for one in self.simulator.store.vendors):
            raise ApiError(self.simulator.switches.duplicate_vendor_status, "A vendor with this name already exists")

    def _vendor(self, call: ApiCall, vendor_id: str) -> Item:
        self._need_role(call)
        found = self.simulator.store.vendors.get(vendor_id)
        if found is None:
            raise not_found()
        return found

    def _need_role(self, call: ApiCall) -> None:
        if call.token.role not in _VENDOR_ROLES:
            raise ApiError(401, "Only account admin, ap clerks and bookkeepers can access contacts")


def _positive_usd(value: Any) -> int:
    amount = value.get("amount") if isinstance(value, dict) else None
    if isinstance(amount, bool) or not isinstance(amount, int) or amount <= 0 or value.get("currency", "USD") != "USD":
        raise invalid("[amount] is invalid: a positive amount in USD is required")
    return amount
