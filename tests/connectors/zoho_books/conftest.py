"""What do the tests of the Zoho Books connector share? A simulated Zoho and the suite's hands in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from connectors.auth import MemoryTokenStore
from connectors.simulation import SimulatorTransport
from connectors.zoho_books.auth import SCOPES, ZohoCredentials
from connectors.zoho_books.client import ZohoClient
from connectors.zoho_books.simulator import Switches, ZohoBooksSimulator
from tests.connectors.zoho_books.world import ZohoWorld

ADDRESS = "http://127.0.0.1:9"


def credentials_for(simulator: ZohoBooksSimulator, *scopes: str) -> ZohoCredentials:
    """Those of a consent to what the connector asks for, or to other scopes."""
    given = simulator.credentials()
    refresh = simulator.control("add_refresh_token", {"scopes": list(scopes or SCOPES)})
    return ZohoCredentials(client_id=given["client_id"], client_secret=given["client_secret"], refresh_token=refresh)


class SimulatedWorld(ZohoWorld):
    """The American organisation of the simulated company."""

    def __init__(self, simulator: ZohoBooksSimulator) -> None:
        self.simulator = simulator
        credentials = credentials_for(simulator)
        organization_id = simulator.credentials()["organization_id"]
        super().__init__(ADDRESS, SimulatorTransport(simulator), credentials, organization_id)
        person = credentials_for(simulator, "ZohoBooks.fullaccess.all")  # who also deletes
        self.admin = ZohoClient(self._context(person, self.inner, tokens=MemoryTokenStore()))

    @contextmanager
    def approval(self) -> Iterator[None]:
        self.simulator.control("switch", {"bill_approval": True})
        try:
            yield
        finally:
            self.simulator.control("switch", {"bill_approval": False})


@pytest.fixture
def simulator() -> ZohoBooksSimulator:
    """Without limits, which tests of their own are about."""
    made = ZohoBooksSimulator(switches=Switches(requests_per_minute=None, requests_per_day=None))
    pounds = made.organisation.currency("GBP")
    pounds["_rates"] = []
    return made


@pytest.fixture
def world(simulator: ZohoBooksSimulator) -> ZohoWorld:
    return SimulatedWorld(simulator)
