"""Does the Dynamics ledger keep its promises where a customer's sandbox posts by its own job? Counted in it by OData.

For a company of a sandbox that is there for tests: documents and vendors stay in it. Beside what the tests of journals
that nobody posts read, the variables below name what it holds:

- `DYNAMICS_POSTED_WITHIN`: the seconds after which a batch job (*Post journals*) came by for sure; every look waits for
  it. It comes often, and seldom enough that a journal can be changed before it does.
- Journal names that the job posts, without workflow, whose lines stay after posting: `DYNAMICS_POSTED_JOURNAL` (type
  Daily), `DYNAMICS_BILL_JOURNAL` (Vendor invoice recording), `DYNAMICS_PAYMENT_JOURNAL` (Vendor disbursement); and
  another one for bills that it leaves alone, `DYNAMICS_IDLE_BILL_JOURNAL`. Some line in company currency is there.
- Main accounts that need no dimensions: `DYNAMICS_EXPENSE_ACCOUNT`, `DYNAMICS_CARD_ACCOUNT`, `DYNAMICS_TAX_ACCOUNT`,
  `DYNAMICS_MONEY_ACCOUNT`, and a suspended one, `DYNAMICS_SUSPENDED_ACCOUNT`.
- `DYNAMICS_VENDOR_GROUP`, whose posting profile does not settle by itself.
- `DYNAMICS_FOREIGN_CURRENCY` with `DYNAMICS_FOREIGN_RATE`: what one unit of it is worth from January 2026 on.
  `DYNAMICS_UNRATED_CURRENCY` (GBP) is set up and has no rate, `DYNAMICS_MISSING_CURRENCY` (CHF) is not set up.
- `DYNAMICS_CLOSED_DAY` (2026-01-31): the last day of a closed month; all months after it are open, October 2026 among
  them, in which the documents are dated."""

from __future__ import annotations

import os
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from requests.adapters import HTTPAdapter

from connectors.dynamics365_fo.auth import DynamicsCredentials, DynamicsSettings
from tests.connectors.dynamics365_fo.odata_world import ODataWorld
from tests.connectors.dynamics365_fo.posted_cases import PostedCases
from tests.connectors.dynamics365_fo.posting_environment import Environment

pytestmark = pytest.mark.live("DYNAMICS_POSTED_WITHIN")


def said(name: str, usual: str | None = None) -> str:
    variable = f"DYNAMICS_{name}"
    return os.environ[variable] if usual is None else os.environ.get(variable, usual)


@pytest.fixture
def world() -> ODataWorld:
    credentials: dict[str, Any] = {name: said(name.upper()) for name in ("tenant", "client_id", "client_secret")}
    settings = {"batch_numbers": said("BATCH_NUMBERS", "automatic"), "vendor_group": said("VENDOR_GROUP")}
    environment = Environment(
        company=said("COMPANY").lower(),
        currency=said("CURRENCY"),
        journal=said("POSTED_JOURNAL"),
        bill_journal=said("BILL_JOURNAL"),
        idle_bill_journal=said("IDLE_BILL_JOURNAL"),
        payment_journal=said("PAYMENT_JOURNAL"),
        expense=said("EXPENSE_ACCOUNT"),
        card=said("CARD_ACCOUNT"),
        tax=said("TAX_ACCOUNT"),
        money=said("MONEY_ACCOUNT"),
        suspended=said("SUSPENDED_ACCOUNT"),
        foreign=(said("FOREIGN_CURRENCY"), Decimal(said("FOREIGN_RATE"))),
        without_rate=(said("UNRATED_CURRENCY", "GBP"), said("MISSING_CURRENCY", "CHF")),
        closed_through=date.fromisoformat(said("CLOSED_DAY", "2026-01-31")),
        posted_within=float(said("POSTED_WITHIN")),
    )
    return ODataWorld(
        said("URL"),
        HTTPAdapter(),
        DynamicsCredentials.model_validate(credentials),
        environment,
        DynamicsSettings.model_validate(settings),
    )


class TestAnEnvironmentThatPosts(PostedCases):
    """The shared suite; what is left out of it, and why, stands with the cases."""
