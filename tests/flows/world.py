"""What does a whole small world look like? A tenant, a simulated Brex, a simulated Odoo, and flows between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import yaml

from audit.services import Tally, flow_sync, flow_tally
from audit.setup_file import setup_apply, setup_read
from connectors.brex.simulator import BrexSimulator
from connectors.models import Connection, Tenant
from connectors.odoo.simulator import OdooSimulator
from connectors.services import transport_register
from connectors.simulation import SimulatorTransport
from mappings.models import Flow
from tests.flows.kept import apply_once

TOKEN = "bxt_simulated_0123456789abcdef"

BOOKS: dict[str, Any] = {
    "ledger": "Odoo",
    "company": "1",
    "usual_roles": True,
    "roles": [{"role": "EMREC", "account": "121001"}],
}


@dataclass
class World:
    """Both simulators, and the tenant that connects them. `flow` names a flow of the set-up."""

    slug: str
    brex: BrexSimulator
    odoo: OdooSimulator
    environment: Mapping[str, str]
    parts: dict[str, Any] = field(default_factory=dict)

    def apply(self, **changes: Any) -> None:
        """Apply the set-up with some parts changed."""
        self.parts.update(changes)
        setup_apply(setup_read(yaml.safe_dump({"tenants": [self.parts]})), environment=self.environment)

    def set_up(self, **changes: Any) -> None:
        """Apply the set-up as a test's beginning: what it makes of an empty database is kept and put back."""
        self.parts.update(changes)
        apply_once(self.parts, self.apply)

    @property
    def tenant(self) -> Tenant:
        return Tenant.objects.get(slug=self.slug)

    def connection(self, name: str) -> Connection:
        return Connection.objects.select_related("tenant").get(tenant=self.tenant, name=name)

    def flow(self, name: str) -> Flow:
        return Flow.objects.select_related("source", "ledger", "tenant").get(tenant=self.tenant, name=name)

    def sync(self, name: str, seconds: float = 60.0) -> Tally:
        return flow_sync(self.flow(name), by="test", seconds=seconds)

    def tally(self, name: str) -> Tally:
        return flow_tally(self.flow(name))

    def purchase(self, amount: str, *, gl: str = "600000", day: str = "", **more: Any) -> dict[str, Any]:
        """A card purchase that is ready for export, both sides coded; answers the accounting record."""
        day = day or (datetime.now(UTC) - timedelta(days=5)).strftime("%Y-%m-%d")
        money = {"amount": Decimal(amount), "currency": "USD"}
        record: dict[str, Any] = self.brex.control(
            "add_record",
            {
                "record": {
                    "type": "CARD_EXPENSE_POST",
                    "review_status": "READY_FOR_EXPORT",
                    "source_type": "CARD",
                    "amount": money,
                    "erp_posting_date": f"{day}T00:00:00Z",
                    "posted_at": f"{day}T15:30:00Z",
                    "memo": "Toner",
                    "line_items": [
                        {"type": "DEBIT", "amount": money, "memo": "Toner", "accounting_field_values": [coded(gl)]},
                        {"type": "CREDIT", "amount": money, "memo": None, "accounting_field_values": [coded("201100")]},
                    ],
                    **more,
                }
            },
        )
        return record

    def moves(self, **conditions: Any) -> list[dict[str, Any]]:
        """The moves that Odoo itself holds, with their lines."""
        moves: list[dict[str, Any]] = self.odoo.state()["moves"]
        return [one for one in moves if all(one[name] == wanted for name, wanted in conditions.items())]


@contextmanager
def world(slug: str, **parts: Any) -> Iterator[World]:
    """A world of its own; its addresses are answered inside this process until the block ends."""
    brex = BrexSimulator(seed=7, user_token=TOKEN)
    odoo = OdooSimulator(seed=7)
    addresses = {f"simulator:{slug}-brex": brex, f"simulator:{slug}-odoo": odoo}
    for address, simulator in addresses.items():
        transport_register(address, SimulatorTransport(simulator))
    credentials = odoo.credentials()
    made = World(
        slug,
        brex,
        odoo,
        {"MLC_SECRET_BREX": TOKEN, "MLC_SECRET_ODOO": credentials["api_key"]},
        {
            "slug": slug,
            "name": slug.title(),
            "time_zone": "America/New_York",
            "connections": [
                {
                    "name": "Brex",
                    "vendor": "brex",
                    "address": f"simulator:{slug}-brex",
                    "credentials": {"user_token": {"env": "MLC_SECRET_BREX"}},
                },
                {
                    "name": "Odoo",
                    "vendor": "odoo",
                    "address": f"simulator:{slug}-odoo",
                    "credentials": {"database": credentials["database"], "api_key": {"env": "MLC_SECRET_ODOO"}},
                },
            ],
            **parts,
        },
    )
    try:
        yield made
    finally:
        for address in addresses:
            transport_register(address, None)


def coded(gl: str) -> dict[str, str]:
    """A line's coding to a GL account, as Brex carries it."""
    return {
        "brex_field_id": "extended_field_gl",
        "remote_field_id": "gl_account",
        "brex_field_value_id": f"efo_{gl}",
        "remote_field_value_id": gl,
    }
