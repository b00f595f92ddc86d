"""Does a real Odoo 19 still behave as our simulator? The cases are the simulator's own."""

from __future__ import annotations

import os

import pytest
import requests

from tests.connectors.odoo.odoo_behaviour.target import Target
from tests.connectors.odoo.test_simulator_behaviour import *  # noqa: F403

pytestmark = pytest.mark.live
KEYS = {
    "integration": "ODOO_API_KEY",
    "admin": "ODOO_API_KEY_ADMIN",
    "billing": "ODOO_API_KEY_BILLING_ONLY",
    "nobody": "ODOO_API_KEY_NO_ACCOUNTING",
    "archived": "ODOO_API_KEY_ARCHIVED_USER",
    "scoped": "ODOO_API_KEY_ODD_SCOPE",
    "expired": "ODOO_API_KEY_EXPIRED",
}


@pytest.fixture(scope="module")
def target() -> Target:
    keys = {name: os.environ[variable] for name, variable in KEYS.items()}
    return Target(os.environ["ODOO_URL"], os.environ["ODOO_DB"], os.environ["ODOO_LOGIN"], keys, requests.Session())
