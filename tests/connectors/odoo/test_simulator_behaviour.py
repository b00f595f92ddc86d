"""Does the simulated Odoo behave as the real one? The same cases run against a server in tests/live."""

from __future__ import annotations

import pytest
import requests

from connectors.odoo.simulator import OdooSimulator
from connectors.simulation import SimulatorTransport
from tests.connectors.odoo.odoo_behaviour.access_cases import AccessCases
from tests.connectors.odoo.odoo_behaviour.analytic_cases import AnalyticCases, CurrencyCases
from tests.connectors.odoo.odoo_behaviour.bill_cases import BillCases
from tests.connectors.odoo.odoo_behaviour.clock_cases import ClockCases
from tests.connectors.odoo.odoo_behaviour.entry_cases import EntryCases
from tests.connectors.odoo.odoo_behaviour.journal_cases import JournalCases
from tests.connectors.odoo.odoo_behaviour.loading_cases import LoadCases
from tests.connectors.odoo.odoo_behaviour.lock_cases import LockCases
from tests.connectors.odoo.odoo_behaviour.payment_cases import PaymentCases
from tests.connectors.odoo.odoo_behaviour.reading_cases import ReadingCases
from tests.connectors.odoo.odoo_behaviour.rpc_cases import RpcCases
from tests.connectors.odoo.odoo_behaviour.target import Target
from tests.connectors.odoo.odoo_behaviour.transport_cases import TransportCases

URL = "http://odoo.test"


@pytest.fixture(scope="module")
def target() -> Target:
    simulator = OdooSimulator()
    session = requests.Session()
    session.mount(URL, SimulatorTransport(simulator))
    credentials = simulator.credentials()
    return Target(URL, credentials["database"], credentials["login"], simulator.api_keys, session)


class TestTransport(TransportCases):
    pass


class TestRpc(RpcCases):
    pass


class TestReading(ReadingCases):
    pass


class TestEntries(EntryCases):
    pass


class TestBills(BillCases):
    pass


class TestLocks(LockCases):
    pass


class TestAccess(AccessCases):
    pass


class TestAnalytic(AnalyticCases):
    pass


class TestCurrencies(CurrencyCases):
    pass


class TestPayments(PaymentCases):
    pass


class TestLoading(LoadCases):
    pass


class TestJournals(JournalCases):
    pass


class TestClock(ClockCases):
    pass
