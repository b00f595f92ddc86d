"""Do the flows keep their promises into the simulated Odoo?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from connectors.base import ConnectionContext
from connectors.odoo.auth import OdooCredentials
from connectors.odoo.client import OdooClient
from connectors.odoo.simulator import OdooSimulator
from connectors.simulation import serve
from tests.flows.flow_cases import FlowCases
from tests.flows.stage import Books

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def simulated_books() -> Iterator[Books]:
    """Served over HTTP, so that a worker in another process reaches it."""
    odoo = OdooSimulator()
    with serve(odoo) as served:
        credentials = OdooCredentials.model_validate({"database": odoo.database, "api_key": odoo.api_keys["admin"]})
        context = ConnectionContext(served.url, credentials, allow_private_addresses=True)
        yield Books(served.url, odoo.database, odoo.api_keys["integration"], OdooClient(context))


@pytest.fixture
def books() -> Iterator[Books]:
    with simulated_books() as made:
        yield made


class TestIntoTheSimulatedOdoo(FlowCases):
    pass
