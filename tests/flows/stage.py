"""On what stage do the flows play? A small company in a simulated Brex, and books in an Odoo, simulated or real."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml

from audit.demo.books import books_prepare, locks_kept
from audit.demo.companies import ids_of
from audit.demo.counting import Count, count
from audit.demo.odoo_documents import documents
from audit.demo.setup import setup_text
from audit.models import SyncRecord
from audit.services import Tally, flow_sync, flow_tally
from audit.setup_file import setup_apply, setup_read
from connectors.brex.simulator import BrexSimulator
from connectors.brex.simulator.company import locked_until, seed_company
from connectors.models import Connection, Tenant
from connectors.odoo.client import OdooClient
from connectors.services import transport_register
from connectors.simulation import SimulatorTransport
from mappings.models import Flow
from tests.audit.scene import time_passes

TOKEN = "bxt_simulated_0123456789abcdef"
COMPANIES = {"US": "1", "EU": "2"}
RECORDS = 120
NAMES = ("vendors", "accounting_records", "cash_transactions", "card_transactions", "expenses")


@dataclass(frozen=True)
class Books:
    """An Odoo as the stage needs it: where it is, the integration's key, and the hands of an administrator."""

    address: str
    database: str
    api_key: str
    admin: OdooClient


@dataclass
class Stage:
    """One tenant between them. `word` is in every reference of this run and in none of any other."""

    word: str
    brex: BrexSimulator
    books: Books
    parts: dict[str, Any] = field(default_factory=dict)

    def apply(self, **changes: Any) -> None:
        self.parts.update(changes)
        environment = {"MLC_SECRET_BREX": TOKEN, "MLC_SECRET_ODOO": self.books.api_key}
        setup_apply(setup_read(yaml.safe_dump({"tenants": [self.parts]})), environment=environment)

    @property
    def tenant(self) -> Tenant:
        return Tenant.objects.get(slug=self.parts["slug"])

    def connection(self, name: str) -> Connection:
        return Connection.objects.get(tenant=self.tenant, name=name)

    def flows(self, *streams: str) -> list[Flow]:
        """The flows of these streams (all), in the order in which each finds what it waits for."""
        rows = Flow.objects.filter(tenant=self.tenant).select_related("source", "ledger", "tenant")
        order = [*NAMES, "accounts", "cost_centres"]
        wanted = [one for one in rows if not streams or one.stream in streams]
        return sorted(wanted, key=lambda one: (order.index(one.stream), one.pk))

    def sync(self, *streams: str) -> dict[str, Tally]:
        """Run every flow until it is idle, and once more when those that wait for others look again."""
        for _ in range(2):
            for flow in self.flows(*streams):
                flow_sync(flow, by="test", seconds=180.0)
            time_passes()
        return {flow.name: flow_tally(flow) for flow in self.flows(*streams)}

    def counted(self) -> Count:
        """Our postings against what Odoo itself holds of this run, asked with an administrator's key."""
        held = documents(self.books.admin, list(COMPANIES.values()))
        return count(self.tenant, held, ids_of(self.brex))

    def held(self) -> Counter[tuple[str, str]]:
        """Which Odoo record bears which reference of this run: nothing of ours is asked."""
        found: Counter[tuple[str, str]] = Counter()
        ids = ids_of(self.brex)
        for model, name in (("account.move", "invoice_origin"), ("account.payment", "memo"), ("res.partner", "ref")):
            for company in COMPANIES.values() if model != "res.partner" else ("1",):
                domain: list[Any] = [[name, "like", "brex:"]]
                if model != "res.partner":
                    domain.append(["company_id", "=", int(company)])
                rows = self.books.admin.call(
                    model, "search_read", company=company, domain=domain, fields=[name], order="id"
                )
                found.update((model, row[name]) for row in rows if record_of(row[name]) in ids)
        return found

    def states(self) -> Counter[tuple[str, str, str]]:
        """Where the records stand, by stream, and why some are held; vendors aside, who are found by name once they
        are made."""
        rows = SyncRecord.objects.filter(tenant=self.tenant).exclude(stream="vendors")
        return Counter(
            (stream, state, reason if state == "held" else "")
            for stream, state, reason in rows.values_list("stream", "state", "reason")
        )


def record_of(stamp: str) -> str:
    """`brex:expense_1:pay` is of the record expense_1."""
    return [*stamp.split(":"), ""][1]


@contextmanager
def stage(
    books: Books, *, records: int = RECORDS, flows: Sequence[Mapping[str, Any]] | None = None, seed: int | None = None
) -> Iterator[Stage]:
    """A company of its own in every run, so that no run meets the references of another in a real Odoo.

    The books are made ready with an administrator's key; what other tests rely on is put back."""
    seed = secrets.randbelow(2**40) if seed is None else seed
    word = f"{seed:010x}"
    brex = BrexSimulator(seed=seed, user_token=TOKEN)
    brex.switches.requests_per_minute = None
    today = datetime.now(UTC).date()
    seed_company(brex, records=records, today=today)
    brex.control("add_vendor", {"company_name": f"Atelier {word}", "email": f"{word}@atelier.test"})
    for one in brex.store.records:
        if one.get("invoice_number"):
            one["invoice_number"] = f"{one['invoice_number']}/{word}"
    address = f"simulator:{word}"
    transport_register(address, SimulatorTransport(brex))
    text = setup_text(
        brex,
        companies=COMPANIES,
        brex_address=address,
        odoo_address=books.address,
        database=books.database,
        post_from=locked_until(today) - timedelta(days=40),
        key_expires_on=today + timedelta(days=90),
    )
    parts = yaml.safe_load(text)["tenants"][0]
    parts.pop("members")
    made = Stage(word, brex, books, {**parts, "slug": f"flows-{word}"})
    try:
        with locks_kept(books.admin, COMPANIES), habits_kept(books.admin):
            books_prepare(books.admin, COMPANIES, lock_until=locked_until(today), today=today)
            made.apply(**({} if flows is None else {"flows": list(flows), "books": [], "rules": []}))
            yield made
    finally:
        transport_register(address, None)


@contextmanager
def habits_kept(admin: OdooClient) -> Iterator[None]:
    """Put back which account the banks' payments go through, whether the yen is used, and at which rates."""
    lines: list[dict[str, Any]] = []
    for company in COMPANIES.values():
        domain = [["journal_id.code", "=", "BNK1"], ["journal_id.company_id", "=", int(company)]]
        for row in admin.call(
            "account.payment.method.line", "search_read", company=company, domain=domain, fields=["payment_account_id"]
        ):
            lines.append({**row, "company": company})
    archived = {"active_test": False}
    [yen] = admin.call(
        "res.currency", "search_read", domain=[["name", "=", "JPY"]], fields=["active"], context=archived
    )
    rates = rates_of(admin, yen["id"])
    try:
        yield
    finally:
        for row in lines:
            account = row["payment_account_id"][0] if row["payment_account_id"] else False
            vals = {"payment_account_id": account}
            admin.call(
                "account.payment.method.line", "write", company=row["company"], ids=[row["id"]], writes=True, vals=vals
            )
        admin.call("res.currency", "write", ids=[yen["id"]], writes=True, vals={"active": yen["active"]})
        for company, added in rates_of(admin, yen["id"]).items():
            if ours := added - rates[company]:
                admin.call("res.currency.rate", "unlink", company=company, ids=sorted(ours), writes=True)


def rates_of(admin: OdooClient, currency: int) -> dict[str, set[int]]:
    """The rates of a currency by company: a line in it is converted by them even while it is out of use."""
    domain = [["currency_id", "=", currency]]
    return {
        company: set(
            admin.call(
                "res.currency.rate", "search", company=company, domain=[*domain, ["company_id", "=", int(company)]]
            )
        )
        for company in COMPANIES.values()
    }
