"""How is each endpoint of Brex called? One method per endpoint we use; JSON as sent, with Decimal numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from connectors.base import ConnectionContext
from connectors.brex.auth import PROVIDER, build_auth
from connectors.brex.errors import RULES, read_body_error
from connectors.errors import PayloadError
from connectors.http import ApiClient, ApiResponse
from connectors.pagination import pages_by_cursor

Json = dict[str, Any]
Pages = Iterator[list[Json]]

PAGE = 1000  # https://developer.brex.com/docs/pagination
EXPENSES_PAGE = 100  # since February 2026: https://developer.brex.com/changelog
RECORDS_PAGE = 500
IDS_PER_CALL = 500
RESULTS_PER_CALL = 100  # the maximum is not documented
VALUES_PER_CALL = 1000
IDEMPOTENCY_KEY = "Idempotency-Key"
EXPANDED = ("merchant", "department", "location", "user")


def quoted(identifier: str) -> str:
    """An id as one part of a path, whatever is in it."""
    return quote(identifier, safe="")


def stamp(instant: datetime) -> str:
    """An instant for a query: UTC with milliseconds and Z."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z"


class BrexClient:
    """All raise ConnectorErrors. Reads are safe to repeat; of the writes, those that take a `key` are too, as Brex
    does not execute a second request with the same Idempotency-Key (https://developer.brex.com/docs/idempotency)."""

    def __init__(self, context: ConnectionContext) -> None:
        self.api = ApiClient(
            context,
            provider=PROVIDER,
            auth=build_auth(context),
            rules=RULES,
            read_body_error=read_body_error,
            trace_header="X-Brex-Trace-Id",
        )

    # --- https://developer.brex.com/openapi/team_api

    def me(self) -> Json:
        return _object(self.api.get("/v2/users/me"))

    def company(self) -> Json:
        return _object(self.api.get("/v2/company"))

    def users(self) -> Pages:
        return self._pages("/v2/users", {"limit": PAGE})

    def departments(self) -> Pages:
        return self._pages("/v2/departments", {"limit": PAGE})

    def locations(self) -> Pages:
        return self._pages("/v2/locations", {"limit": PAGE})

    def legal_entities(self) -> Pages:
        return self._pages("/v2/legal_entities", {"limit": PAGE})

    # --- https://developer.brex.com/openapi/accounting_api

    def records(self, since: datetime | None, until: datetime) -> Pages:
        params: Json = {"updated_at[lte]": stamp(until), "limit": RECORDS_PAGE}
        if since:
            params["updated_at[gte]"] = stamp(since)
        return self._pages("/v3/accounting/records", params)

    def records_by_id(self, ids: Sequence[str]) -> Pages:
        """At most 500 ids; unknown ones are absent."""
        return self._pages("/v3/accounting/records", {"ids": list(ids), "limit": max(100, len(ids))})

    def export_results(self, results: Sequence[Json]) -> list[str]:
        """All or nothing; not repeatable, as a told record is refused the second time."""
        path = "/v3/accounting/records/export-results"
        answer = _object(self.api.request("POST", path, json={"results": list(results)}, writes=True))
        return [str(one) for one in answer.get("updated_accounting_record_ids") or ()]

    def integration(self, vendor: str, vendor_account_id: str) -> Json:
        """Create ours, or get it if it is there: the same call, so it is safe to repeat."""
        body = {"vendor": vendor, "vendor_account_id": vendor_account_id}
        path = "/v3/accounting/integration"
        return _object(self.api.request("POST", path, json=body, writes=True, repeatable=True))

    # --- https://developer.brex.com/openapi/expenses_api

    def expenses(self, filters: Mapping[str, Any]) -> Pages:
        params = {**filters, "expand[]": EXPANDED, "load_custom_fields": "true", "limit": EXPENSES_PAGE}
        return self._pages("/v1/expenses", params)

    def expense(self, expense_id: str, expand: Sequence[str] = EXPANDED) -> Json:
        params = {"expand[]": expand, "load_custom_fields": "true"}
        return _object(self.api.get(f"/v1/expenses/{quoted(expense_id)}", params=params))

    # --- https://developer.brex.com/openapi/transactions_api

    def card_accounts(self) -> list[Json]:
        return _array(self.api.get("/v2/accounts/card"))

    def cash_accounts(self) -> Pages:
        """Declares neither cursor nor limit, so only a cursor that was given is sent back."""
        return self._pages("/v2/accounts/cash", {})

    def card_transactions(self, since: datetime | None) -> Pages:
        params = {"limit": PAGE, "expand[]": "expense_id", **_posted(since)}
        return self._pages("/v2/transactions/card/primary", params)

    def cash_transactions(self, account_id: str, since: datetime | None) -> Pages:
        return self._pages(f"/v2/transactions/cash/{quoted(account_id)}", {"limit": PAGE, **_posted(since)})

    # --- https://developer.brex.com/openapi/payments_api

    def vendors(self) -> Pages:
        return self._pages("/v1/vendors", {"limit": PAGE})

    def vendor(self, vendor_id: str) -> Json:
        return _object(self.api.get(f"/v1/vendors/{quoted(vendor_id)}"))

    def create_vendor(self, vendor: Json, key: str) -> Json:
        return _object(self._keyed("POST", "/v1/vendors", vendor, key))

    def transfers(self) -> Pages:
        return self._pages("/v1/transfers", {"limit": PAGE})

    def transfer(self, transfer_id: str) -> Json:
        return _object(self.api.get(f"/v1/transfers/{quoted(transfer_id)}"))

    def create_transfer(self, transfer: Json, key: str) -> Json:
        return _object(self._keyed("POST", "/v1/transfers", transfer, key))

    # --- https://developer.brex.com/openapi/fields_api

    def fields(self) -> Pages:
        return self._pages("/v1/fields", {"limit": PAGE})

    def field_values(self, field_id: str, brex_ids: Sequence[str] = ()) -> Pages:
        params: Json = {"limit": PAGE}
        if brex_ids:
            params["brex_id[]"] = list(brex_ids)
        return self._pages(f"/v1/fields/{quoted(field_id)}/values", params)

    def create_field(self, field: Json, key: str) -> Json:
        return _object(self._keyed("POST", "/v1/fields", field, key))

    def create_values(self, field_id: str, items: Sequence[Json], key: str) -> Json:
        """At most 1,000 values."""
        return _object(self._keyed("POST", f"/v1/fields/{quoted(field_id)}/values", {"items": list(items)}, key))

    def update_values(self, field_id: str, items: Sequence[Json]) -> Json:
        """At most 1,000 values; saying the same twice changes nothing."""
        path = f"/v1/fields/{quoted(field_id)}/values"
        return _object(self.api.request("PUT", path, json={"items": list(items)}, writes=True, repeatable=True))

    # --- https://developer.brex.com/openapi/webhooks_api

    def webhooks(self) -> Pages:
        return self._pages("/v1/webhooks", {"limit": PAGE})

    def create_webhook(self, url: str, event_types: Sequence[str], key: str) -> Json:
        return _object(self._keyed("POST", "/v1/webhooks", {"url": url, "event_types": list(event_types)}, key))

    def replace_webhook(self, webhook_id: str, url: str, event_types: Sequence[str]) -> Json:
        """A full replacement, so safe to repeat."""
        body = {"url": url, "event_types": list(event_types), "status": "ACTIVE"}
        return _object(
            self.api.request("PUT", f"/v1/webhooks/{quoted(webhook_id)}", json=body, writes=True, repeatable=True)
        )

    def webhook_secrets(self) -> list[Json]:
        return _array(self.api.get("/v1/webhooks/secrets"))

    # --- shared

    def _keyed(self, method: str, path: str, body: Json, key: str) -> ApiResponse:
        headers = {IDEMPOTENCY_KEY: key}
        return self.api.request(method, path, json=body, headers=headers, writes=True, repeatable=True)

    def _pages(self, path: str, params: Mapping[str, Any]) -> Pages:
        def fetch(cursor: str) -> tuple[list[Json], str | None]:
            page = _object(self.api.get(path, params={**params, "cursor": cursor} if cursor else params))
            items = page.get("items")
            if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
                raise PayloadError(f"Brex answered {path} without a list of items.")
            return items, page.get("next_cursor")

        return pages_by_cursor(fetch)


def _posted(since: datetime | None) -> dict[str, str]:
    """The filter is an instant but what it filters are days: from the middle of a day, that day would be missed."""
    if since is None:
        return {}
    day = since.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return {"posted_at_start": stamp(day)}


def _object(response: ApiResponse) -> Json:
    value = response.json()
    if not isinstance(value, dict):
        raise PayloadError("Brex answered something that is not a JSON object.", request_id=response.request_id)
    return value


def _array(response: ApiResponse) -> list[Json]:
    """Card accounts and webhook secrets come as a bare array and not as a page."""
    value = response.json()
    if not isinstance(value, list):
        raise PayloadError("Brex answered something that is not a JSON array.", request_id=response.request_id)
    return [one for one in value if isinstance(one, dict)]
