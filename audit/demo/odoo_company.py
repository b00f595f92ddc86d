"""The demo company that keeps its books in Odoo: two companies there, three currencies, one locked month."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta

from audit.demo.books import books_prepare, company_names_set, locks_kept
from audit.demo.counting import Seen
from audit.demo.ledger import DemoLedger, real_ledger, simulated_ledger
from audit.demo.odoo_documents import documents
from audit.demo.setup import TENANT, setup_text
from connectors.brex.simulator import BrexSimulator
from connectors.brex.simulator.company import locked_until, seed_company
from connectors.odoo.client import OdooClient
from connectors.simulation import Simulator

BREX_NAME, ODOO_NAME = "demo-brex", "demo-odoo"
SEED = 2026
KEY_ENDS_IN = timedelta(days=9)


@dataclass(slots=True)
class OdooCompany:
    """See `audit.demo.companies.DemoCompany`."""

    brex: BrexSimulator
    odoo: DemoLedger
    slug: str = TENANT
    ledger: str = "Odoo"
    address: str = ""  # where the simulated Odoo is served

    @classmethod
    def found(cls, records: int, environment: Mapping[str, str] | None = None) -> OdooCompany:
        """A company with about so many records; with an environment, its Odoo is the real one of ODOO_URL.

        Raises DemoError naming what the environment lacks."""
        brex = BrexSimulator(seed=SEED if environment is None else secrets.randbits(40))
        seed_company(brex, records=records)
        return cls(brex, simulated_ledger(SEED) if environment is None else real_ledger(environment))

    @property
    def books(self) -> Mapping[str, str]:
        return {company: key for key, company in self.odoo.companies.items()}

    @property
    def simulators(self) -> Mapping[str, Simulator]:
        served: dict[str, Simulator] = {BREX_NAME: self.brex}
        if self.odoo.simulator is not None:
            served[ODOO_NAME] = self.odoo.simulator
        return served

    @contextmanager
    def prepare(self, addresses: Mapping[str, str], today: date) -> Iterator[None]:
        self.address = addresses.get(ODOO_NAME, "")
        admin = self.admin()
        with locks_kept(admin, self.odoo.companies):
            if self.odoo.simulator is not None:
                company_names_set(admin, self.odoo.companies)
            books_prepare(admin, self.odoo.companies, lock_until=locked_until(today), today=today)
            yield

    def setup(self, today: date) -> tuple[str, Mapping[str, str]]:
        text = setup_text(
            self.brex,
            companies=self.odoo.companies,
            brex_address=f"simulator:{BREX_NAME}",
            odoo_address=self.odoo.address or f"simulator:{ODOO_NAME}",
            database=self.odoo.database,
            post_from=locked_until(today) - timedelta(days=40),
            key_expires_on=today + KEY_ENDS_IN,
        )
        return text, {"MLC_SECRET_BREX": self.brex.user_token, "MLC_SECRET_ODOO": self.odoo.api_key}

    def held(self) -> Iterator[Seen]:
        return documents(self.admin(), list(self.odoo.companies.values()))

    def admin(self) -> OdooClient:
        """The administrator's hands."""
        return self.odoo.admin(self.address)
