"""Do the flows keep their promises into a real Odoo 19? Brex is simulated, with ids of its own in every run."""

from __future__ import annotations

import os

import pytest

from connectors.base import ConnectionContext
from connectors.odoo.auth import OdooCredentials
from connectors.odoo.client import OdooClient
from tests.flows.flow_cases import FlowCases
from tests.flows.stage import Books

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def books() -> Books:
    address, database = os.environ["ODOO_URL"], os.environ["ODOO_DB"]
    key = os.environ["ODOO_API_KEY_ADMIN"]
    credentials = OdooCredentials.model_validate({"database": database, "api_key": key})
    admin = OdooClient(ConnectionContext(address, credentials, allow_private_addresses=True))
    return Books(address, database, os.environ["ODOO_API_KEY"], admin)


class TestIntoARealOdoo(FlowCases):
    """Companies 1 and 2 of the prepared database."""
