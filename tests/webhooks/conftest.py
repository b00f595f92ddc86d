"""What do tests of webhooks start from? A Brex connection with a flow, an endpoint with one secret, and a sender."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from connectors.models import Connection, Tenant
from tests.factories import tenant_make
from tests.webhooks.sender import Sender, house_make
from webhooks import lookup, wake
from webhooks.models import Endpoint


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Neither doors nor wakes of an earlier test."""
    lookup.doors_forget()
    monkeypatch.setattr(wake, "_silent_until", 0.0)
    cache.delete(wake.KEY)
    yield
    lookup.doors_forget()


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that were sent instead of sending them."""
    sent: list[str] = []
    monkeypatch.setattr("config.celery.Wake.apply_async", lambda task, *args, **options: sent.append(task.name))
    return sent


@pytest.fixture
def tenant(db: None) -> Tenant:
    return tenant_make("acme")


@pytest.fixture
def sender(tenant: Tenant, woken: list[str]) -> Sender:
    """Posts to the endpoint of one tenant, signed with the secret that it knows."""
    return house_make(tenant)


@pytest.fixture
def endpoint(sender: Sender) -> Endpoint:
    return sender.endpoint


@pytest.fixture
def connection(sender: Sender) -> Connection:
    return sender.endpoint.connection
