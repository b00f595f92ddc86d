"""Does the Dynamics ledger keep its promises in a customer's sandbox? Its journals are deleted again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from requests.adapters import HTTPAdapter

from connectors.dynamics365_fo.auth import DynamicsCredentials, DynamicsSettings
from tests.connectors.dynamics365_fo.created_cases import CreatedCases, Sandbox, cleared

pytestmark = pytest.mark.live(needs="DYNAMICS_URL")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A journal name of type Daily without workflow, and two main accounts that need no dimensions."""
    names = {"tenant": "DYNAMICS_TENANT", "client_id": "DYNAMICS_CLIENT_ID", "client_secret": "DYNAMICS_CLIENT_SECRET"}
    credentials: dict[str, Any] = {name: os.environ[variable] for name, variable in names.items()}
    numbers = os.environ.get("DYNAMICS_BATCH_NUMBERS", "automatic")
    made = Sandbox(
        os.environ["DYNAMICS_URL"],
        HTTPAdapter(),
        DynamicsCredentials.model_validate(credentials),
        company=os.environ["DYNAMICS_COMPANY"].lower(),
        journal=os.environ["DYNAMICS_JOURNAL"],
        currency=os.environ["DYNAMICS_CURRENCY"],
        expense=os.environ["DYNAMICS_EXPENSE_ACCOUNT"],
        card=os.environ["DYNAMICS_CARD_ACCOUNT"],
        settings=DynamicsSettings.model_validate({"batch_numbers": numbers}),
    )
    with cleared(made):
        yield made


class TestASandbox(CreatedCases):
    """Whose posting job leaves this journal name alone."""
