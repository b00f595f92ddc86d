"""Is it said before it happens that nobody could prove a webhook?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.brex.connector import CONNECTOR
from tests.webhooks.sender import Sender
from webhooks import checks
from webhooks.models import Endpoint, EndpointSecret


def found(*messages: object) -> list[str]:
    return [getattr(one, "id", "") for one in messages]


def test_every_vendor_of_the_registry_verifies_what_it_sends() -> None:
    assert checks.check_signatures() == []


def test_a_vendor_that_is_subscribed_to_and_not_verified_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "connector_get", lambda key: replace(CONNECTOR, webhook=None))
    assert set(found(*checks.check_signatures())) == {"mlc.E201"}


def test_a_registered_endpoint_without_a_secret_is_a_warning(sender: Sender) -> None:
    Endpoint.objects.update(state="active")
    assert checks.check_endpoints(databases=["default"]) == []
    EndpointSecret.objects.all().delete()
    warnings = checks.check_endpoints(databases=["default"])
    assert found(*warnings) == ["mlc.W202"]
    assert checks.check_endpoints(databases=None) == []
    Endpoint.objects.update(state="off")
    assert checks.check_endpoints(databases=["default"]) == []
