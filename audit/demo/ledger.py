"""Which Odoo does the demo post into: a simulated one, or the real one whose address and keys are given?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from audit.demo.watching import DemoError
from connectors.base import ConnectionContext
from connectors.odoo.auth import OdooCredentials
from connectors.odoo.client import OdooClient
from connectors.odoo.simulator import OdooSimulator

NEEDED = ("ODOO_URL", "ODOO_DB", "ODOO_API_KEY", "ODOO_API_KEY_ADMIN")


@dataclass(frozen=True, slots=True)
class DemoLedger:
    """An Odoo with two companies: `companies` are the American and the European one by Odoo's ids. `address` is
    empty where a simulator has to be served first."""

    address: str
    database: str
    api_key: str
    admin_key: str
    companies: Mapping[str, str]
    simulator: OdooSimulator | None = None

    def admin(self, served_at: str = "") -> OdooClient:
        """A client with the administrator's key, which sets up the books and counts; the flows never see that key."""
        credentials = OdooCredentials(database=self.database, api_key=self.admin_key)
        address = self.address or served_at
        return OdooClient(ConnectionContext(address=address, credentials=credentials, allow_private_addresses=True))


def simulated_ledger(seed: int) -> DemoLedger:
    """A fresh simulated Odoo."""
    simulator = OdooSimulator(seed=seed)
    keys = simulator.api_keys
    return DemoLedger("", simulator.database, keys["integration"], keys["admin"], {"US": "1", "EU": "2"}, simulator)


def real_ledger(environment: Mapping[str, str]) -> DemoLedger:
    """The Odoo of ODOO_URL, ODOO_DB, ODOO_API_KEY and ODOO_API_KEY_ADMIN, in its companies ODOO_COMPANY_ID and
    ODOO_EU_COMPANY_ID (1 and 2 where not given). Raises DemoError naming all that is missing."""
    missing = [name for name in NEEDED if not environment.get(name)]
    if missing:
        raise DemoError(f"--real-odoo needs {', '.join(missing)} in the environment.")
    url, database, key, admin_key = (environment[name] for name in NEEDED)
    companies = {"US": environment.get("ODOO_COMPANY_ID") or "1", "EU": environment.get("ODOO_EU_COMPANY_ID") or "2"}
    return DemoLedger(url, database, key, admin_key, companies)
