"""How does the simulated Payments API keep vendors and their payment instruments?"""

from __future__ import annotations

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
_VENDOR_ROLES = ("ACCOUNT_ADMIN", "BOOKKEEPER", "AP_CLERK")


class VendorsApi:
    """`/v1/vendors`. https://developer.brex.com/openapi/payments_api"""

    def __init__(self, simulator: BrexSimulator) -> None:
        self.simulator = simulator

    def routes(self) -> list[Route]:
        read, write = ("vendors.readonly", "vendors"), ("vendors",)
        return [
            Route("GET", "/v1/vendors", self.list_vendors, read),
            Route("POST", "/v1/vendors", self.create_vendor, write, key_required=True),
            Route("GET", "/v1/vendors/<vendor_id>", self.get_vendor, read),
            Route("PUT", "/v1/vendors/<vendor_id>", self.change_vendor, write),
            Route("DELETE", "/v1/vendors/<vendor_id>", self.delete_vendor, write),
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
        vendor = self.add(name, optional_text(body, "email"), optional_text(body, "phone"), accounts)
        return json_response(public(vendor))

    def add(
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
