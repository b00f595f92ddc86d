"""Which vendor answers when an endpoint is registered? A simulated Brex inside this process, posting to the view."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from django.test import Client

from connectors.brex.simulator import BrexSimulator
from connectors.models import Connection, Tenant
from connectors.services import transport_register
from connectors.simulation import SimulatorTransport
from tests.factories import connection_make

TOKEN = "bxt_simulated_0123456789abcdef"


def post_here(url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Mapping[str, str]]:
    """Deliver to the view without a network."""
    given = {name: value for name, value in headers.items() if name != "Content-Type"}
    answer = Client().generic("POST", urlsplit(url).path, body, headers["Content-Type"], headers=given)
    return answer.status_code, answer.headers


@contextmanager
def brex(tenant: Tenant, **parts: Any) -> Iterator[tuple[BrexSimulator, Connection]]:
    """A simulated account and a working connection to it."""
    address = f"simulator:{tenant.slug}-account"
    simulator = BrexSimulator(user_token=TOKEN, deliver=post_here, **parts)
    transport_register(address, SimulatorTransport(simulator))
    company = simulator.store.company["id"]
    try:
        yield (
            simulator,
            connection_make(tenant, address=address, identity=company, state="ok", credentials={"user_token": TOKEN}),
        )
    finally:
        transport_register(address, None)
