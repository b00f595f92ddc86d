"""Do the cases for a customer's sandbox hold in the simulated Dynamics?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.dynamics365_fo.auth import DynamicsSettings
from connectors.dynamics365_fo.simulator import DynamicsSimulator
from connectors.simulation import SimulatorTransport
from tests.connectors.dynamics365_fo.created_cases import CreatedCases, Sandbox, cleared
from tests.connectors.dynamics365_fo.test_auth import credentials_of
from tests.connectors.dynamics365_fo.world import HOST, DynamicsWorld


@pytest.fixture(params=["own", "automatic"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    simulator = DynamicsSimulator()
    made = Sandbox(
        HOST, SimulatorTransport(simulator), credentials_of(simulator), company="usmf", journal="GenJrn",
        currency="USD", expense="605110", card="201100", settings=DynamicsSettings(batch_numbers=request.param),
    )  # fmt: skip
    with cleared(made):
        yield made


class TestWhereNobodyPosts(CreatedCases):
    def test_nothing_is_left_behind(self, sandbox: Sandbox) -> None:
        outgoing = sandbox.entry("1.00")
        sandbox.open().post("usmf", [outgoing])
        sandbox.clear()
        assert sandbox.lines(outgoing) == []


@pytest.mark.parametrize(
    ("numbers", "pattern", "enforced", "is_shared"),
    [
        ("own", "journal", {"journal_entry", "payment", "vendor_bill"}, True),
        ("own", "pending", {"journal_entry", "payment"}, False),
        ("automatic", "journal", set(), False),
        ("automatic", "pending", set(), False),
    ],
)
def test_a_key_is_enforced_for_journals_under_our_own_numbers_alone(
    numbers: str, pattern: str, enforced: set[str], is_shared: bool
) -> None:
    ledger = DynamicsWorld(batch_numbers=numbers, invoice_pattern=pattern).open()
    kinds = ("journal_entry", "payment", "vendor_bill", "new_vendor")
    assert {one for one in kinds if ledger.enforces(one)} == enforced
    assert ledger.enforces_key is is_shared
