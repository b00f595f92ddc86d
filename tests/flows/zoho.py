"""What does a small world with Zoho Books look like? A simulated Brex, a simulated Zoho, and flows between them."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import redis
from django.conf import settings

from audit.models import LaneKind
from connectors.brex.simulator import BrexSimulator
from connectors.services import transport_register
from connectors.simulation import SimulatorTransport
from connectors.zoho_books.auth import SCOPES
from connectors.zoho_books.simulator import Switches, ZohoBooksSimulator
from tests.audit.scene import read_all, tell, time_passes, work
from tests.flows.world import TOKEN, World

US = "927000001"
_seeds = itertools.count(7)  # the same seed gives the same tokens, which a process may still remember
ROLES = {
    "AP": "211000", "CARD": "201100", "TRANSIT": "101404", "EMPAY": "230010", "EMREC": "110600", "FEE": "620000",
    "CASH": "101410", "FX": "641000",
}  # fmt: skip
FLOW: dict[str, Any] = {
    "name": "records", "source": "Brex", "stream": "accounting_records", "ledger": "Zoho", "company": US,
    "state": "on", "policies": {"attach_receipts": True, "vendor": "create"},
}  # fmt: skip
BOOKS: dict[str, Any] = {
    "ledger": "Zoho", "company": US, "roles": [{"role": role, "account": code} for role, code in ROLES.items()],
}  # fmt: skip
RULES = [
    {"target": "account", "when": {"gl_account": code}, "value": code, "ledger": "Zoho", "company": US}
    for code in ("600000", "612000")
]


@dataclass
class ZohoBooksWorld(World):
    """`odoo` is nobody here."""

    zoho: ZohoBooksSimulator = None  # type: ignore[assignment]

    def run(self, times: int = 4) -> None:
        """Everything that workers do until nothing is left, with time passing between."""
        for _ in range(times):
            time_passes()
            read_all(self)
            work(self, "Zoho", LaneKind.READ)
            work(self, "Zoho", LaneKind.POST)
            work(self, "Zoho", LaneKind.TELL)
            tell(self)

    def tomorrow(self) -> None:
        """A new day at Zoho, whose calls nobody has used."""
        self.zoho.control("switch", {"requests_per_day": None})
        with redis.Redis.from_url(settings.REDIS_URL) as cache:
            cache.delete(f"mlc:limit:zoho_books:{US}:closed")

    def held(self, table: str) -> list[dict[str, Any]]:
        """What the organisation itself holds of ours."""
        rows: list[dict[str, Any]] = list(self.zoho.state()["organisations"][US].get(table, []))
        return [row for row in rows if "mlc:" in f"{row.get('reference_number', '')}{row.get('notes', '')}"]

    def stamps(self) -> Counter[str]:
        rows = [*self.held("journals"), *self.held("bills"), *self.held("payments"), *self.held("vendor_credits")]
        return Counter(row["reference_number"] for row in rows)

    def totals(self) -> list[Decimal]:
        return sorted(Decimal(str(row["total"])) for row in self.held("journals"))

    def calls(self, method: str = "", path: str = "") -> int:
        return sum(
            (not method or one.method == method) and path in one.path and "/books/v3/" in one.path
            for one in self.zoho.calls
        )


@contextmanager
def zoho_world(slug: str, **parts: Any) -> Iterator[ZohoBooksWorld]:
    """A world of its own, set up; its addresses are answered inside this process until the block ends."""
    brex = BrexSimulator(seed=7, user_token=TOKEN)
    zoho = ZohoBooksSimulator(seed=next(_seeds), switches=Switches(requests_per_minute=None, requests_per_day=None))
    given = zoho.credentials()
    refresh = zoho.control("add_refresh_token", {"scopes": list(SCOPES)})
    addresses = {f"simulator:{slug}-brex": brex, f"simulator:{slug}-zoho": zoho}
    for address, simulator in addresses.items():
        transport_register(address, SimulatorTransport(simulator))
    connections = [
        {
            "name": "Brex", "vendor": "brex", "address": f"simulator:{slug}-brex",
            "credentials": {"user_token": {"env": "MLC_SECRET_BREX"}},
            "settings": {"integration_vendor": "ML_CONNECTOR", "integration_account_id": "demo"},
        },
        {
            "name": "Zoho", "vendor": "zoho_books", "address": f"simulator:{slug}-zoho",
            "settings": {"organization_id": US},
            "credentials": {
                "client_id": given["client_id"],
                "client_secret": {"env": "MLC_SECRET_ZOHO"},
                "refresh_token": {"env": "MLC_SECRET_ZOHO_REFRESH"},
            },
        },
    ]  # fmt: skip
    secrets = {"MLC_SECRET_BREX": TOKEN, "MLC_SECRET_ZOHO": given["client_secret"], "MLC_SECRET_ZOHO_REFRESH": refresh}
    base = {"slug": slug, "name": slug.title(), "time_zone": "America/New_York", "connections": connections}
    made = ZohoBooksWorld(slug, brex, None, secrets, base, zoho=zoho)  # type: ignore[arg-type]
    try:
        made.apply(**{"flows": [FLOW], "books": [BOOKS], "rules": RULES, **parts})
        yield made
    finally:
        for address in addresses:
            transport_register(address, None)
