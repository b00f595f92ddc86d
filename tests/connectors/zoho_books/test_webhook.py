"""Is a delivery Zoho's own, and what is read on it?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from audit.models import Hint
from connectors.zoho_books.simulator import ZohoBooksSimulator
from connectors.zoho_books.webhook import FORM, QUERY, ZohoWebhooks, signature
from tests.cases.webhook_cases import NOW, WebhookCases
from tests.factories import connection_make, tenant_make
from webhooks.models import Endpoint, WebhookDelivery
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
    assert stored.events == "contact: no flow reads vendors"
    assert not Hint.objects.exists()
