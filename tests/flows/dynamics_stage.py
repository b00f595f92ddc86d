"""On what stage does Brex meet Dynamics? A small company in a simulated Brex; an environment that posts on demand."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import yaml

from audit.demo.setup import setup_text
from audit.models import Posting, SyncRecord
from audit.services import Tally, flow_sync, flow_tally
from audit.setup_file import setup_apply, setup_read
from connectors.brex.simulator import BrexSimulator
from connectors.brex.simulator.company import EMPLOYEES, locked_until, seed_company
from connectors.dynamics365_fo.simulator import DynamicsSimulator
from connectors.dynamics365_fo.stamps import is_stamp
from connectors.models import Connection, Tenant
from connectors.services import transport_register
from connectors.simulation import SimulatorTransport
from mappings.models import Flow
from tests.audit.scene import time_passes

TOKEN = "bxt_simulated_0123456789abcdef"
COMPANIES = {"US": "usmf", "EU": "demf"}
ORDER = (
    "vendors",
    "accounting_records",
    "cash_transactions",
    "card_transactions",
    "expenses",
    "accounts",
    "cost_centres",
)
ACCOUNTS = {"110600": "122000", "201110": "201000", "201120": "251000", "211000": "Vendor"}
JOURNALS = {
    "entry": "GenJrn",
    "bill": "APInvoice",
    "payments": {"101404": "GenJrn", "201100": "GenJrn", "201000": "GenJrn"},
}
ROLES = {"TRANSIT": "101404", "FEE": "620000", "INTINC": "450000", "REWARD": "442000", "TAX": "131000"}
SIDES = ("DebitAmount", "CreditAmount")
BANKS = {"usmf": "USMF OPER", "demf": "DEMF OPER"}


@dataclass
class DynamicsStage:
    """One tenant between them."""

    word: str
    brex: BrexSimulator
    fo: DynamicsSimulator
    parts: dict[str, Any] = field(default_factory=dict)

    def apply(self, **changes: Any) -> None:
        self.parts.update(changes)
        environment = {"MLC_SECRET_BREX": TOKEN, "MLC_SECRET_FO": self.fo.client_secret}
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
        """The posting job of Dynamics comes by; payments settle the vendors' oldest items."""
        with self.fo.lock:
            for kind, settles in (("VendInvoiceJournalHeaders", False), ("LedgerJournalHeaders", True)):
                rows = self.fo.store.table(kind).rows.values()
                numbers = sorted(row["JournalBatchNumber"] for row in rows if row["IsPosted"] == "No")
                self.fo.switches.automatic_settlement = settles
                if numbers:
                    self.fo.control("post_journals", {"numbers": numbers})

    def rows(self, name: str) -> list[dict[str, Any]]:
        return [dict(row) for row in self.fo.store.table(name).rows.values()]

    def held(self) -> Counter[str]:
        """How often each mark of ours stands in Dynamics: nothing of ours is asked."""
        marks = [row["IntegrationKey"] for row in self.rows("LedgerJournalHeaders")]
        marks += [row["Description"] for row in self.rows("VendInvoiceJournalHeaders")]
        marks += [row.get("OurAccountNumber", "") for row in self.rows("VendorsV3")]
        return Counter(mark for mark in marks if is_stamp(mark))

    def unposted(self) -> int:
        kinds = ("LedgerJournalHeaders", "VendInvoiceJournalHeaders")
        return sum(row["IsPosted"] == "No" for kind in kinds for row in self.rows(kind))

    def moved(self) -> Decimal:
        """Debits of all lines in Dynamics, as they were written, whatever their currency."""
        vendor = [row for row in self.rows("VendInvoiceJournalLines") if row["AccountType"] == "Vend"]
        amounts = [row.get(name) or 0 for row in self.rows("LedgerJournalLines") for name in SIDES]
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
    brex = BrexSimulator(seed=seed, user_token=TOKEN)
    brex.switches.requests_per_minute = None
    seed_company(brex, records=records, today=today)
    fo = DynamicsSimulator(seed=seed)
    for company in COMPANIES.values():
        fo.control("set_number_sequence", {"code": "JournalBatchNumber", "company": company, "user_changes": True})
        fo.control("close_through", {"day": locked_until(today).isoformat(), "company": company})
        _add_employees(fo, company)
    _recode(brex)
    addresses = {f"simulator:{word}": brex, f"simulator:{word}-fo": fo}
    for address, simulator in addresses.items():
        transport_register(address, SimulatorTransport(simulator))
    made = DynamicsStage(word, brex, fo, _parts(word, brex, fo, today, streams, policies))
    try:
        made.apply()
        yield made
    finally:
        for address in addresses:
            transport_register(address, None)


def _add_employees(fo: DynamicsSimulator, company: str) -> None:
    """People whom the company owes are vendors there."""
    for first, last, *_ in EMPLOYEES:
        values = {"dataAreaId": company, "VendorGroupId": "40", "VendorPartyType": "Person"}
        values |= {"PersonFirstName": first, "PersonLastName": last, "CurrencyCode": "USD"}
        values["PrimaryEmailAddress"] = f"{first.lower()}.{last.lower()}@cascade.test"
        fo.control("create", {"set": "VendorsV3", "values": values})


def _recode(brex: BrexSimulator) -> None:
    """Brex carries the codes of the ledger that it is connected with."""
    for record in brex.store.records:
        bank = BANKS["demf" if record.get("amount", {}).get("currency") == "EUR" else "usmf"]
        codes = {**ACCOUNTS, "101410": bank, "101411": bank}
        for line in record.get("line_items") or ():
            for value in line.get("accounting_field_values") or ():
                if value.get("remote_field_value_id") in codes:
                    value["remote_field_value_id"] = codes[value["remote_field_value_id"]]


def _parts(
    word: str, brex: BrexSimulator, fo: DynamicsSimulator, today: Any, streams: Sequence[str], policies: dict[str, Any]
) -> dict[str, Any]:
    """The demo company's set-up, with Dynamics where it has Odoo."""
    text = setup_text(
        brex,
        companies=COMPANIES,
        brex_address=f"simulator:{word}",
        odoo_address=f"simulator:{word}-fo",
        database="none",
        post_from=locked_until(today) - timedelta(days=40),
        key_expires_on=today,
    ).replace("Odoo", "Dynamics")
    parts: dict[str, Any] = yaml.safe_load(text)["tenants"][0]
    parts.pop("members")
    parts["slug"] = f"dynamics-{word}"
    parts["connections"][1] = {
        "name": "Dynamics",
        "vendor": "dynamics365_fo",
        "address": f"simulator:{word}-fo",
        "credentials": {
            "tenant": fo.tenant,
            "client_id": fo.client_id,
            "client_secret": {"env": "MLC_SECRET_FO"},
        },
        "settings": {"vendor_group": "40", "bank_accounts": ", ".join(BANKS.values())},
    }
    for books in parts["books"]:
        others = [
            ("TRANSIT", "101404"),
            ("FEE", "620000"),
            ("INTINC", "450000"),
            ("REWARD", "442000"),
            ("TAX", "131000"),
        ]
        roles = [{"role": role, "account": account} for role, account in others]
        roles += [{"role": "FX", "account": "441000", "what_for": "gain"}]
        roles += [{"role": "FX", "account": "641000", "what_for": "loss"}]
        for one in books["roles"]:
            account = BANKS[books["company"]] if one["role"] == "CASH" else ACCOUNTS.get(one["account"], one["account"])
            roles.append({**one, "account": account})
        books["roles"] = roles
    for flow in parts["flows"]:
        if flow.get("document", "spend") == "spend":
            flow |= {"journals": JOURNALS, "cost_centre": "CostCenter=IT"}
            flow["policies"] = {"attach_receipts": False, **flow.get("policies", {}), **policies}
    for rule in parts["rules"]:
        if rule["target"] == "cost_centre":
            rule["value"] = f"CostCenter={rule['value']}"
    if streams:
        parts["flows"] = [one for one in parts["flows"] if one["stream"] in streams]
        names = {one["name"] for one in parts["flows"]}
        for books in parts["books"]:
            books["owners"]["Brex"] = [one for one in books["owners"]["Brex"] if one["flow"] in names]
    return parts
