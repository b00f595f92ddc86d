"""Does the Zoho Books ledger keep its promises against a real organisation? Counted in Zoho itself.

For an organisation in US dollars that is there for tests: documents stay in it. Its chart has accounts with the codes
that the suite's world names, EUR at 1.25 from 2026-01-01 on and GBP without a rate, and the tags of the cases."""

from __future__ import annotations

import os

import pytest
from requests.adapters import HTTPAdapter

from connectors.zoho_books.auth import ZohoCredentials
from tests.cases.ledger_cases import LedgerCases, SearchedKeyCases
from tests.connectors.zoho_books.world import ZohoWorld
from tests.connectors.zoho_books.zoho_cases import ZohoCases

pytestmark = pytest.mark.live("ZOHO_URL")


@pytest.fixture
def world() -> ZohoWorld:
    names = ("client_id", "client_secret", "refresh_token")
    credentials = ZohoCredentials.model_validate({name: os.environ[f"ZOHO_{name.upper()}"] for name in names})
    return ZohoWorld(os.environ["ZOHO_URL"], HTTPAdapter(), credentials, os.environ["ZOHO_ORGANIZATION_ID"])


class TestRealZoho(LedgerCases, SearchedKeyCases, ZohoCases):
    """With references of its own in every run."""
