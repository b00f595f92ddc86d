"""Does everything that we send to Brex have the shape that Brex published?"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from connectors.base import ExportResult, ReferenceItem, Window
from connectors.brex.connector import CONNECTOR
from connectors.brex.subscriptions import register_webhook, webhook_secrets
from connectors.brex.transfers import TransferOrder, transfer_send
from connectors.codec import json_load
from connectors.money import Money
from connectors.simulation import SimulatorTransport
from tests.connectors.brex.desk import NOW, client, company, context, source
from tests.published_schemas import PublishedApi, published

pytestmark = pytest.mark.published_schema

APIS = ("accounting_api", "expenses_api", "transactions_api", "payments_api", "team_api", "fields_api", "webhooks_api")


class Recording(SimulatorTransport):
    def __init__(self, simulator: Any) -> None:
        super().__init__(simulator)
        self.sent: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:  # type: ignore[override]
        self.sent.append(request)
        return super().send(request, *args, **options)


@pytest.fixture(scope="module")
def sent() -> list[requests.PreparedRequest]:
    """Every request of a run that uses every part of the connector."""
    simulator = company()
    transport = Recording(simulator)
    desk = source(simulator, transport=transport)
    desk.verify()
    for stream in CONNECTOR.streams:
        ids = [item.external_id for page in desk.read(stream, Window(NOW.replace(month=1), NOW)) for item in page]
        desk.fetch(stream, ids[:5])
    for kind in ("employee", "department", "location", "entity", "field", "field_value", "source_account", "company"):
        list(desk.reference(kind))
    ready = [one["id"] for one in simulator.store.records if one["review_status"] == "READY_FOR_EXPORT"]
    results = [ExportResult(one, "MOVE/1", "https://ledger.test/1") for one in ready[:3]]
    desk.tell("accounting_records", [*results, ExportResult(ready[3], failure="Account 6100 is archived")])
    list(desk.receipts_many("accounting_records", ready[:2]))
    desk.push(
        "account", [ReferenceItem("account", "1", "600000", "Renamed"), ReferenceItem("account", "2", "9", "New")]
    )
    desk.push("vendor", [ReferenceItem("vendor", "3", name="New Vendor", facts={"email": "a@b.test", "phone": "+1"})])
    register_webhook(context(simulator, transport=transport), "https://connector.test/hooks/1", ["USER_UPDATED"])
    register_webhook(context(simulator, transport=transport), "https://connector.test/hooks/1", ["TRANSFER_FAILED"])
    webhook_secrets(context(simulator, transport=transport))
    instrument = next(
        payment["details"]["payment_instrument_id"]
        for vendor in simulator.store.vendors
        for payment in vendor.get("payment_accounts") or ()
    )
    cash = next(iter(simulator.store.cash_accounts))["id"]
    transfer_send(
        client(simulator, transport=transport),
        TransferOrder("key-1", Money(Decimal("5.00"), "USD"), instrument, cash, "Bill 1", "INV 1", date(2026, 3, 4)),
    )
    return transport.sent


def api_of(method: str, path: str) -> PublishedApi:
    for name in APIS:
        try:
            published("brex", name)._operation(method, path)
        except LookupError:
            continue
        return published("brex", name)
    raise AssertionError(f"{method} {path} is published nowhere")


def calls(sent: list[requests.PreparedRequest]) -> list[tuple[str, str, str, Any, Any]]:
    found = []
    for one in sent:
        url = urlsplit(one.url or "")
        if not url.path.startswith("/files/"):
            found.append((one.method or "", url.path, url.query, one.body, one.headers))
    return found


def test_every_call_is_published(sent: list[requests.PreparedRequest]) -> None:
    made = {(method, path) for method, path, *_ in calls(sent)}
    assert len(made) > 25
    for method, path in made:
        assert api_of(method, path)


def test_every_body_is_as_published(sent: list[requests.PreparedRequest]) -> None:
    written = [call for call in calls(sent) if call[3]]
    assert {method for method, *_ in written} == {"POST", "PUT"}
    for method, path, _, body, headers in written:
        assert headers["Content-Type"] == "application/json"
        assert api_of(method, path).request_complaints(method, path, json_load(body)) == [], (method, path, body)


def test_every_parameter_is_published(sent: list[requests.PreparedRequest]) -> None:
    for method, path, query, *_ in calls(sent):
        operation = api_of(method, path)._operation(method, path)
        named = {one["name"] for one in operation.get("parameters", []) if one["in"] == "query"}
        for name, value in parse_qsl(query):
            assert {name, name.partition("[")[0], f"{name}[]"} & named, (path, name, sorted(named))
            schema = next((one["schema"] for one in operation["parameters"] if one["name"] == name), {})
            if name == "limit":
                assert int(value) <= int(schema.get("maximum", 1000))


def test_every_call_that_must_carry_a_key_carries_one(sent: list[requests.PreparedRequest]) -> None:
    checked = 0
    for method, path, _, _, headers in calls(sent):
        operation = api_of(method, path)._operation(method, path)
        for one in operation.get("parameters", []):
            if one["in"] == "header" and one.get("required"):
                assert headers.get(one["name"]), (method, path)
                checked += 1
    assert checked >= 4
