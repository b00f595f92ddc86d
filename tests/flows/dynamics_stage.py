"""On what stage does Brex meet Dynamics? The demo's company, smaller; an environment that posts on demand."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import yaml

from audit.demo.dynamics_company import DynamicsCompany
from audit.models import Posting, SyncRecord
from audit.services import Tally, flow_sync, flow_tally
from audit.setup_file import setup_apply, setup_read
from connectors.brex.simulator import BrexSimulator
from connectors.dynamics365_fo.simulator import DynamicsSimulator
from connectors.dynamics365_fo.stamps import is_stamp
from connectors.models import Connection, Tenant
from connectors.services import transport_register
from connectors.simulation import SimulatorTransport
from mappings.models import Flow
from tests.audit.scene import time_passes

ORDER = (
    "vendors",
    "accounting_records",
    "cash_transactions",
    "card_transactions",
    "expenses",
    "accounts",
    "cost_centres",
)
SIDES = ("DebitAmount", "CreditAmount")


@dataclass
class DynamicsStage:
    """One tenant between them."""

    company: DynamicsCompany
    parts: dict[str, Any] = field(default_factory=dict)

    @property
    def brex(self) -> BrexSimulator:
        return self.company.brex

    @property
    def fo(self) -> DynamicsSimulator:
        return self.company.fo

    def apply(self, **changes: Any) -> None:
        self.parts.update(changes)
        _, environment = self.company.setup(datetime.now(UTC).date())
        setup_apply(setup_read(yaml.safe_dump({"tenants": [self.parts]})), environment=environment)

    @property
    def tenant(self) -> Tenant:
        return Tenant.objects.get(slug=self.parts["slug"])

    def connection(self, name: str) -> Connection:
        return Connection.objects.get(tenant=self.tenant, name=name)

    def flows(self, *streams: str) -> list[Flow]:
        rows = Flow.objects.filter(tenant=self.tenant).select_related("source", "ledger", "tenant")
        wanted = [one for one in rows if not streams or one.stream in streams]
        return sorted(wanted, key=lambda one: (ORDER.index(one.stream), one.pk))

    def sync(self, *streams: str) -> dict[str, Tally]:
        """Run every flow until it is idle, and once more when those that wait for others look again."""
        for _ in range(2):
            for flow in self.flows(*streams):
                flow_sync(flow, by="test", seconds=180.0)
            time_passes()
        return {flow.name: flow_tally(flow) for flow in self.flows(*streams)}

    def posts(self) -> None:
        """The posting job of Dynamics comes by; payments settle what they mark, entries the vendors' oldest items."""
        with self.fo.lock:
            kinds = (("VendInvoiceJournal", False), ("LedgerJournal", True), ("VendorPaymentJournal", False))
            for kind, settles in kinds:
                rows = self.fo.store.table(f"{kind}Headers").rows.values()
                numbers = sorted(row["JournalBatchNumber"] for row in rows if row["IsPosted"] == "No")
                self.fo.switches.automatic_settlement = settles
                if numbers:
                    self.fo.control("post_journals", {"numbers": numbers})

    def rows(self, name: str) -> list[dict[str, Any]]:
        return [dict(row) for row in self.fo.store.table(name).rows.values()]

    def held(self) -> Counter[str]:
        """How often each mark of ours stands in Dynamics: nothing of ours is asked."""
        marks = [row["IntegrationKey"] for row in self.rows("LedgerJournalHeaders")]
        for name in ("VendInvoiceJournalHeaders", "VendorPaymentJournalHeaders"):
            marks += [row["Description"] for row in self.rows(name)]
        marks += [row.get("OurAccountNumber", "") for row in self.rows("VendorsV3")]
        return Counter(mark for mark in marks if is_stamp(mark))

    def unposted(self) -> int:
        kinds = ("LedgerJournalHeaders", "VendInvoiceJournalHeaders", "VendorPaymentJournalHeaders")
        return sum(row["IsPosted"] == "No" for kind in kinds for row in self.rows(kind))

    def moved(self) -> Decimal:
        """Debits of all lines in Dynamics, as they were written, whatever their currency."""
        vendor = [row for row in self.rows("VendInvoiceJournalLines") if row["AccountType"] == "Vend"]
        entries = [*self.rows("LedgerJournalLines"), *self.rows("VendorPaymentJournalLines")]
        amounts = [row.get(name) or 0 for row in entries for name in SIDES]
        return Decimal(sum(amounts + [row.get(name) or 0 for row in vendor for name in ("Debit", "Credit")]))

    def told(self) -> set[str]:
        """Records that Brex was told as exported."""
        return {str(one["id"]) for one in self.brex.store.records if one["review_status"] == "EXPORTED"}

    def offered(self) -> set[str]:
        """What people may choose from in Brex."""
        fields = [one["id"] for one in self.brex.store.fields]
        return {str(value["value"]) for one in fields for value in self.brex.store.values_of(one)}

    def states(self) -> Counter[tuple[str, str]]:
        rows = SyncRecord.objects.filter(tenant=self.tenant).exclude(stream="vendors")
        return Counter(rows.values_list("stream", "state"))

    def postings(self, **conditions: Any) -> Any:
        return Posting.objects.filter(tenant=self.tenant, **conditions)


@contextmanager
def dynamics_stage(*, records: int = 60, streams: Sequence[str] = (), **policies: Any) -> Iterator[DynamicsStage]:
    """A company of its own; `policies` are those of every flow of money."""
    seed = secrets.randbelow(2**40)
    word = f"{seed:010x}"
    today = datetime.now(UTC).date()
    company = DynamicsCompany.found(records, seed=seed)
    company.slug, company.names = f"dynamics-{word}", (word, f"{word}-fo")
    company.brex.switches.requests_per_minute = None
    company.books_prepare(today)
    addresses = {f"simulator:{name}": simulator for name, simulator in company.simulators.items()}
    for address, simulator in addresses.items():
        transport_register(address, SimulatorTransport(simulator))
    parts = company.parts(today)
    parts.pop("members")
    if streams:
        parts["flows"] = [one for one in parts["flows"] if one["stream"] in streams]
        names = {one["name"] for one in parts["flows"]}
        for books in parts["books"]:
            books["owners"]["Brex"] = [one for one in books["owners"]["Brex"] if one["flow"] in names]
    for flow in parts["flows"]:
        if flow.get("document", "spend") == "spend":
            flow["policies"] |= policies
    made = DynamicsStage(company, parts)
    try:
        made.apply()
        yield made
    finally:
        for address in addresses:
            transport_register(address, None)
