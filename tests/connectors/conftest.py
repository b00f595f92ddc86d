"""What do the tests of the platform share? A fake vendor in the registry, a tenant, a connection to the fake."""

from collections.abc import Iterator

import pytest

from connectors import http, registry
from connectors.models import Connection, Tenant
from tests.connectors import fake
from tests.factories import connection_make, tenant_make


@pytest.fixture
def fake_vendor(monkeypatch: pytest.MonkeyPatch) -> Iterator[fake.FakeVendor]:
    """The registry with nothing but the fake, and what the fake answers."""
    monkeypatch.setattr(registry, "CONNECTORS", {"fake": "tests.connectors.fake.CONNECTOR"})
    monkeypatch.setattr(fake, "VENDOR", fake.FakeVendor())
    registry.connector_get.cache_clear()
    yield fake.VENDOR
    registry.connector_get.cache_clear()


@pytest.fixture
def tenant(db: None) -> Tenant:
    return tenant_make("acme")


@pytest.fixture
def connection(tenant: Tenant, fake_vendor: fake.FakeVendor) -> Connection:
    return connection_make(
        tenant, "fake", address="https://api.vendor.example", credentials={"api_key": "key-0123456789abcdef"}
    )


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between tries of a call, noted instead of slept."""
    slept: list[float] = []
    monkeypatch.setattr(http.time, "sleep", slept.append)
    return slept
