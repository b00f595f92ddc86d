"""How does simulated Brex hold the one accounting integration of an account?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from connectors.brex.simulator.call import ApiCall, Route
from connectors.brex.simulator.errors import ApiError, invalid
from connectors.brex.simulator.state import Item, public
from connectors.simulation import json_response

if TYPE_CHECKING:
    from connectors.brex.simulator.simulator import BrexSimulator


class IntegrationsApi:
    """`/v3/accounting/integration`: create, disconnect, reactivate; there is no way to read it."""

    def __init__(self, simulator: BrexSimulator) -> None:
        self.simulator = simulator

    def routes(self) -> list[Route]:
        base, scopes = "/v3/accounting/integration", ("accounting.integration.write",)
        return [
            Route("POST", base, self.create_integration, scopes),
            Route("POST", f"{base}/<integration_id>/disconnect", self.disconnect, scopes),
            Route("POST", f"{base}/<integration_id>/reactivate", self.reactivate, scopes),
        ]

    def create_integration(self, call: ApiCall) -> Response:
        body = call.body()
        vendor, account = body.get("vendor"), body.get("vendor_account_id")
        if not isinstance(vendor, str) or not vendor or not isinstance(account, str) or not account:
            raise invalid("vendor and vendor_account_id are required.")
        known = self.simulator.switches.integration_vendors
        if known and vendor not in known:
            raise invalid("vendor is not a known integration vendor.")
        active = self._active()
        if active is not None and active["vendor"] != vendor:
            raise _other_vendor(active, vendor)
        if active is not None and active["vendor_account_id"] != account:
            details = {
                "existing_integration_id": active["id"],
                "existing_vendor_account_id": active["vendor_account_id"],
                "requested_vendor_account_id": account,
            }
            words = "Cannot create integration. An active integration exists with a different vendor account ID."
            raise ApiError(409, words, code="VENDOR_ACCOUNT_ID_MISMATCH", details=details)
        if active is None:
            active = self.simulator.store.integrations.put(
                {
                    "id": self.simulator.store.new_id("int"),
                    "vendor": vendor,
                    "vendor_account_id": account,
                    "status": "ACTIVE",
                    "created_at": self.simulator.stamp(),
                    "_seq": self.simulator.store.sequence(),
                }
            )
        return json_response(self._show_integration(active))

    def disconnect(self, call: ApiCall, integration_id: str) -> Response:
        integration = self._integration(integration_id)
        if integration["status"] != "ACTIVE":
            details = {"integration_id": integration_id, "current_status": integration["status"]}
            words = "Cannot disconnect integration. Integration is not active."
            raise ApiError(409, words, code="INTEGRATION_NOT_ACTIVE", details=details)
        integration["status"] = "DISABLED"
        return json_response(self._show_integration(integration))

    def reactivate(self, call: ApiCall, integration_id: str) -> Response:
        integration = self._integration(integration_id)
        active = self._active()
        if active is not None:
            raise _other_vendor(active, integration["vendor"])
        integration["status"] = "ACTIVE"
        return json_response(self._show_integration(integration))

    def _active(self) -> Item | None:
        return next((one for one in self.simulator.store.integrations if one["status"] == "ACTIVE"), None)

    def _integration(self, integration_id: str) -> Item:
        found = self.simulator.store.integrations.get(integration_id)
        if found is None:
            raise ApiError(404, "Integration not found.")
        return found

    def _show_integration(self, integration: Item) -> Item:
        # The schema requires `integration_id`, every example shows `id`; both are sent unless a switch says otherwise.
        shown, names = public(integration), self.simulator.switches.integration_id_names
        if names != "id":
            shown["integration_id"] = shown["id"]
        if names == "integration_id":
            del shown["id"]
        return shown


def _other_vendor(active: Item, vendor: str) -> ApiError:
    details = {"existing_integration_id": active["id"], "existing_vendor": active["vendor"], "requested_vendor": vendor}
    words = "Cannot create or recreate integration. An active integration with a different vendor already exists."
    return ApiError(409, words, code="ACTIVE_INTEGRATION_EXISTS", details=details)
