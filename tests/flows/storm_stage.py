"""On what stage does a small storm play, in this process? The demo's company with other settings and policies."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import yaml

from audit.demo.companies import ids_of
from audit.demo.counting import BILL, ENTRY, PAYMENT, Count, Seen, count, plain
from audit.demo.dynamics_company import DynamicsCompany
from audit.demo.setup import BREX
from audit.demo.zoho_company import ORGANISATION, ZohoCompany
from audit.models import Posting
from audit.models.postings import OPEN_STATES
from audit.services import flow_sync, flow_sync_request
from audit.setup_file import setup_apply, setup_read
from connectors.models import Tenant
from connectors.services import transport_register
from connectors.simulation import SimulatorTransport
from mappings.models import Flow
from tests.audit.scene import time_passes
from tests.flows.storm_faults import LOST, UNDONE, Storm

_seeds = itertools.count(4200)  # the same seed gives the same tokens, which a process may still remember
SHARES = {LOST: 0.5, UNDONE: 0.1}
ROUNDS = 20
STREAMS = ("accounting_records", "vendors")


@dataclass
class StormStage:
    """One tenant whose ledger loses answers."""

    company: ZohoCompany | DynamicsCompany
    storm: Storm
    parts: dict[str, Any] = field(default_factory=dict)

    @property
    def tenant(self) -> Tenant:
        return Tenant.objects.get(slug=self.company.slug)

    def apply(self) -> None:
        environment = self.company.setup(datetime.now(UTC).date())[1]
        setup_apply(setup_read(yaml.safe_dump({"tenants": [self.parts]})), environment=environment)

    def run(self) -> None:
        """All that workers do, with time passing between, until nothing of ours is open."""
        first, *others = Flow.objects.filter(tenant=self.tenant).select_related("source", "ledger", "tenant")
        for flow in others:
            flow_sync_request(flow, by="test")
        for _ in range(ROUNDS):
            flow_sync(first, by="test", seconds=120.0)  # works the lanes of all flows between the two
            if not self.postings(state__in=OPEN_STATES).exists():
                return
            time_passes()

    def change(self) -> tuple[str, Decimal]:
        """Somebody edits the amount of a posted purchase in Brex a little: of one that is a bill, if there is any. Its
        id, and what it comes to now."""
        rows = self.postings(state="posted", record__kind="card_purchase", currency="USD").order_by(
            "-document_type", "id"
        )
        record = self.company.brex.store.records.get(rows.values_list("record__external_id", flat=True)[0]) or {}
        money = {**record["amount"], "amount": record["amount"]["amount"] + 1}
        changes = {"amount": money, "line_items": [{**line, "amount": money} for line in record["line_items"]]}
        self.company.brex.control("change_record", {"id": record["id"], "changes": changes})
        return record["id"], Decimal(money["amount"])

    def booked(self, record: str) -> list[Decimal]:
        """The amounts of a purchase's documents that are in the books and not taken back, as the ledger holds them."""
        rows = self.postings(record__external_id=record, state="posted", reverses=None)
        stamps = set(rows.exclude(document_type__in=("payment", "new_vendor")).values_list("stamp", flat=True))
        held = (*self.company.held(), *self._held_otherwise())
        return [one.total or Decimal(0) for one in held if one.stamp in stamps and one.is_in_books]

    def counted(self) -> Count:
        held = [*self.company.held(), *self._held_otherwise()]
        return count(self.tenant, held, ids_of(self.company.brex))

    def postings(self, **conditions: Any) -> Any:
        return Posting.objects.filter(tenant=self.tenant, **conditions)

    def _held_otherwise(self) -> Iterator[Seen]:
        """What the demo's company has none of: expenses, money that came back, and pending invoices, which stay in
        sight here."""
        if isinstance(self.company, ZohoCompany):
            books = self.company.zoho.organisations[ORGANISATION]
            codes = {row["currency_id"]: row["currency_code"] for row in books.currencies}
            for row in books.expenses:
                total = plain(Decimal(str(row["total"])))
                yield Seen(row["reference_number"], ORGANISATION, ENTRY, True, total, codes[row["currency_id"]])
            for row in books.refunds:
                credit = books.vendor_credits.get(row["payer_id"])
                payer = credit or books.payments.get(row["payer_id"]) or {}
                amount, currency = plain(Decimal(str(row["amount"]))), codes[payer["currency_id"]]
                yield Seen(row["reference_number"], ORGANISATION, PAYMENT if credit else ENTRY, True, amount, currency)
            return
        store = self.company.fo.store
        for row in store.table("VendorInvoiceHeaders").rows.values():
            lines = store.table("VendorInvoiceLines").by("HeaderReference", row["HeaderReference"])
            total = plain(abs(sum((one["NetAmount"] for one in lines), Decimal(0))))
            yield Seen(row["DocumentNumber"], row["dataAreaId"], BILL, bool(row["_posted"]), total, row["Currency"])


@contextmanager
def storm_stage(
    vendor: str,
    *,
    records: int,
    settings: Mapping[str, Any] | None = None,
    policies: Mapping[str, Any] | None = None,
    switches: Mapping[str, Any] | None = None,
) -> Iterator[StormStage]:
    """A company of its own; `switches` are those of the simulated ledger."""
    seed = next(_seeds)
    company = ZohoCompany.found(records, seed=seed) if vendor == "zoho" else DynamicsCompany.found(records, seed=seed)
    company.slug, company.names = f"storm-{seed}", (f"storm-{seed}-brex", f"storm-{seed}")
    company.brex.switches.requests_per_minute = None
    ledger = company.simulators[company.names[1]]
    if isinstance(company, ZohoCompany):
        given: dict[str, Any] = {"requests_per_minute": None, "requests_per_day": None}
        company.zoho.control("switch", {**given, **(switches or {})})
    else:
        company.fo.control("set", {"pending_invoice_vanishes": False, **(switches or {})})
    today = datetime.now(UTC).date()
    parts = company.parts(today)
    parts.pop("members")
    parts["flows"] = [one for one in parts["flows"] if one["stream"] in STREAMS]
    names = {one["name"] for one in parts["flows"]}
    for books in parts["books"]:
        books["owners"] = {BREX: [one for one in books["owners"][BREX] if one["flow"] in names]}
    parts["connections"][1]["settings"] |= settings or {}
    for flow in parts["flows"]:
        if flow.get("document", "spend") == "spend":
            flow["policies"] = {**flow.get("policies", {}), **(policies or {})}
    storm = Storm(seed, kills_left=0, kill_every=0, shares=SHARES).over(ledger)
    made = StormStage(company, storm, parts)
    for name, simulator in company.simulators.items():
        transport_register(f"simulator:{name}", SimulatorTransport(simulator))
    try:
        with company.prepare({}, today):
            made.apply()
            yield made
    finally:
        for name in company.simulators:
            transport_register(f"simulator:{name}", None)
