"""Is a delivery Zoho's own, and what is read on it?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.admin import site
from django.test import Client

from audit.models import Hint
from connectors.zoho_books.simulator import ZohoBooksSimulator
from connectors.zoho_books.webhook import FORM, QUERY, ZohoWebhooks, signature
from tests.cases.webhook_cases import NOW, WebhookCases
from tests.factories import connection_make, tenant_make
from webhooks.admin.endpoints import EndpointAdmin
from webhooks.models import Endpoint, WebhookDelivery
from webhooks.services import registration_reasons
from webhooks.signing import secrets_refresh
from webhooks.work import deliveries_work

SECRET = "s3cretToken2026"
BILL = b'{"bill":{"bill_id":"460000000098765","status":"open","total":120.5}}'
CONTACT = b'{"contact":{"contact_id":"460000000012345","contact_type":"vendor","contact_name":"Atelier"}}'
BODY_ALONE = "d21a996de02ab4219b3e9ac43c8453aedb4546e6a54cf53e0099694dcd12d38f"
WITH_QUERY = "c141b40b9eb169f266af17ccfefa0f942635358fb6220bf64ff546879d3e60f5"
WITH_FORM = "e83de76b85cd9820da177c55fedebe233f6f6a9e1076a9510093ab793214a5a2"
HEADER = "X-Zoho-Webhook-Signature"


class TestZohoWebhooks(WebhookCases):
    receiver = ZohoWebhooks()
    secret = SECRET
    other_secret = "another0Secret"
    body = CONTACT
    known_ids = ("460000000012345",)
    unknown_kind = b'{"salesorder":{"salesorder_id":"460000000000001"}}'
    has_tolerance = False
    has_message_id = False
    signs_with_every_secret = False

    def signed(self, raw: bytes, secrets: list[str], at: datetime, message_id: str = "msg_1") -> dict[str, str]:
        """Zoho signs with one secret, the one that stands there."""
        return {HEADER: signature(secrets[-1], [], raw)}


@pytest.mark.parametrize(
    ("raw", "parts", "expected"),
    [
        (BILL, {}, BODY_ALONE),
        (BILL, {QUERY: "source=zoho&conn=42"}, WITH_QUERY),
        (
            b"bill_id=460000000098765&status=paid+in+full",
            {QUERY: "conn=42", "Content-Type": f"{FORM}; charset=UTF-8"},
            WITH_FORM,
        ),
    ],
)
def test_the_signatures_that_zoho_would_make_are_taken(raw: bytes, parts: dict[str, str], expected: str) -> None:
    receiver = ZohoWebhooks()
    assert receiver.verify(raw, {HEADER: expected, **parts}, [SECRET], NOW) == expected
    other = {HEADER: expected, **parts, QUERY: f"{parts.get(QUERY, '')}&more=1"}
    assert TestZohoWebhooks().accepts(raw, other, [SECRET]) is False


@pytest.mark.parametrize(
    ("raw", "kind", "stamps", "account"),
    [
        (b'{"journal":{"reference_number":"mlc:brex:1","last_modified_time":"2026-06-09T16:27:31-0400"}}',
         "journal", ("mlc:brex:1",), ""),
        (b'{"organization_id":"7","bill":{"reference_number":"mlc:brex:1"}}', "bill", ("mlc:brex:1",), "7"),
        (b'{"bill":{"organization_id":"7","reference_number":"mlc:brex:1"}}', "bill", ("mlc:brex:1",), "7"),
        (b'{"expense":{"reference_number":"Lunch"}}', "expense", (), ""),
        (b'{"vendor_credit":{"reference_number":"mlc:brex:1"}}', "vendor_credit", ("mlc:brex:1",), ""),
        (b'{"vendorpayment":{"reference_number":"mlc:brex:1"}}', "vendorpayment", (), ""),
        (b"vendor_id=5&bill_id=1&reference_number=mlc%3Abrex%3A1&organization_id=7", "bill", ("mlc:brex:1",), "7"),
        (b'{"journal":{"reference_number":null}}', "journal", (), ""),
    ],
)  # fmt: skip
def test_documents_are_ours_by_their_reference(raw: bytes, kind: str, stamps: tuple[str, ...], account: str) -> None:
    """A payment is not: to look one up is to settle what it should have settled, and a person may have undone that."""
    [event] = ZohoWebhooks().parse(raw)
    assert (event.kind, event.stamps, event.account) == (kind, stamps, account)
    assert (event.changed_at is not None) is (b"last_modified" in raw)


@pytest.mark.parametrize(
    ("raw", "kind", "stream", "ids"),
    [
        (CONTACT, "contact", "vendors", ("460000000012345",)),
        (b'{"contact":{"contact_id":"1","contact_type":"customer"}}', "contact", "", ()),
        (b"contact_id=77&contact_type=vendor", "contact", "vendors", ("77",)),
        (BILL, "bill", "", ()),
        (b'{"journal":{"journal_id":"1"}}', "journal", "", ()),
        (b'{"expense":{"expense_id":"1"}}', "expense", "", ()),
    ],
)
def test_vendors_are_read_and_everything_else_is_recorded(
    raw: bytes, kind: str, stream: str, ids: tuple[str, ...]
) -> None:
    [event] = ZohoWebhooks().parse(raw)
    assert (event.kind, event.stream, event.external_ids) == (kind, stream, ids)


@pytest.fixture
def endpoint(db: None) -> Iterator[Endpoint]:
    given = ZohoBooksSimulator().credentials()
    credentials: dict[str, Any] = {name: given[name] for name in ("client_id", "client_secret", "refresh_token")}
    connection = connection_make(
        tenant_make("acme"),
        "zoho_books",
        address="https://www.zohoapis.com",
        credentials={**credentials, "webhook_secret": SECRET},
    )
    made = Endpoint.objects.create(tenant=connection.tenant, connection=connection)
    assert secrets_refresh(made, by="test", is_urgent=True)
    return made


def test_a_delivery_is_proven_over_its_query_and_kept_once(endpoint: Endpoint, client: Client) -> None:
    place, query = endpoint.path, {"conn": "42", "source": "zoho"}
    headers = {HEADER: signature(SECRET, query.items(), CONTACT)}

    def status(address: str) -> int:
        return client.post(address, CONTACT, content_type="application/json", headers=headers).status_code

    whole = f"{place}?{urlencode(query)}"
    assert [status(whole), status(whole), status(place)] == [202, 200, 401]
    stored = WebhookDelivery.objects.get(verdict="verified")
    assert stored.headers[QUERY] == "conn=42&source=zoho"
    assert deliveries_work().total == 1
    stored.refresh_from_db()
    assert stored.events == "contact: lists of vendor, employee"
    assert not Hint.objects.exists()


def test_the_page_says_what_to_enter_in_zoho(endpoint: Endpoint) -> None:
    """Registering is refused, as Zoho publishes no event names, and every step and value is told instead."""
    told = EndpointAdmin(Endpoint, site).by_hand(endpoint)
    for words in (
        "Settings &gt; Automation &gt; Workflow Actions &gt; Webhooks",
        "Journal, Bill, Expense, Vendor Credit and Vendor",
        "Method POST",
        "12 to 50 letters and digits",
        "Webhook secret in the credentials",
        "default payload",
        "Workflow Rules",
        "Created or Edited",
        "Deleted",
    ):
        assert words in told
    assert "enter the address there by hand" in " ".join(registration_reasons(endpoint))
