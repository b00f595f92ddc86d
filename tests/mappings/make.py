"""How do tests of mappings make a tenant that is ready to post?"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.base import ReferenceItem
from connectors.documents import Role
from connectors.models import Connection, Tenant
from connectors.money import Money
from connectors.records import Family, Finality, RecordKind, SpendRecord
from mappings.models import FamilyOwner, Flow, MappingRule, ReferenceValue
from mappings.refusals import RefusedError
from mappings.services import (
    flow_switch_on,
    flow_upsert,
    owner_set,
    reference_refresh,
    role_account_set,
    role_defaults_apply,
    rule_create,
)

_numbers = itertools.count(1)
RECORDS, CARD, CASH, EXPENSES = "accounting_records", "card_transactions", "cash_transactions", "expenses"

CHART = (
    # id, code, name, type, reconcilable
    ("45", "101401", "Bank", "asset_cash", False),
    ("49", "101404", "Outstanding Payments", "asset_current", True),
    ("5", "121000", "Account Receivable", "asset_receivable", True),
    ("9", "131000", "Tax Paid", "asset_current", False),
    ("51", "141000", "Owed by employees", "asset_current", True),
    ("44", "201100", "Credit Card", "liability_credit_card", False),
    ("15", "211000", "Account Payable", "liability_payable", True),
    ("16", "211100", "Bills to receive", "liability_current", True),
    ("27", "441000", "Foreign Exchange Gain", "income_other", False),
    ("28", "450000", "Other Income", "income_other", False),
    ("32", "600000", "Expenses", "expense", False),
    ("35", "612000", "Rent", "expense", False),
    ("36", "620000", "Bank Fees", "expense", False),
    ("38", "641000", "Foreign Exchange Loss", "expense", False),
)
JOURNALS = (("2", "BILL", "purchase", ""), ("3", "MISC", "general", ""), ("6", "BNK1", "bank", "45"))


@dataclass
class House:
    """One tenant: Brex, Odoo, flows by stream and a way to find values by code."""

    tenant: Tenant
    brex: Connection
    odoo: Connection
    flows: dict[str, Flow] = field(default_factory=dict)

    def value(self, kind: str, word: str) -> ReferenceValue:
        values = ReferenceValue.objects.filter(connection__tenant=self.tenant, kind=kind)
        return values.filter(code=word).first() or values.get(external_id=word)

    def flow(self, stream: str, name: str = "", **parts: Any) -> Flow:
        made = flow_upsert(
            tenant=self.tenant,
            name=name or stream,
            by=None,
            **{"source": self.brex, "stream": stream, "ledger": self.odoo, "company": "1", **parts},
        ).row
        self.flows[name or stream] = made
        return made

    def rule(self, when: dict[str, str], code: str = "612000", **parts: Any) -> MappingRule:
        target = parts.pop("target", "account")
        kind = parts.pop("kind", target)
        return rule_create(
            tenant=self.tenant, target=target, when=when, value=self.value(kind, code), by=None, reason="test", **parts
        )

    def refresh(self, kind: str, items: list[ReferenceItem], company: str = "1", *, of: str = "odoo") -> Any:
        return reference_refresh(connection=getattr(self, of), company=company, kind=kind, items=items)


def connection(tenant: Tenant, vendor: str) -> Connection:
    number = next(_numbers)
    return Connection.objects.create(
        tenant=tenant, vendor=vendor, name=f"{vendor} {number}", address=f"simulator:{vendor}", identity=f"id-{number}"
    )


def house_make(slug: str) -> House:
    tenant = Tenant.objects.create(name=slug.title(), slug=slug, time_zone="America/New_York")
    house = House(tenant, connection(tenant, "brex"), connection(tenant, "odoo"))
    house.refresh("company", [ReferenceItem("company", "1", "", "Main", facts={"currency": "USD"})], "")
    house.refresh("account", accounts())
    house.refresh("journal", [ReferenceItem("journal", id, code, code, group, facts={"default_account": account})
                              for id, code, group, account in JOURNALS])  # fmt: skip
    house.refresh("vendor", [vendor("71", "Staples Inc"), vendor("72", "Delta Air Lines, Inc.")], "")
    return house


def ready(house: House, *, emrec: bool = True) -> House:
    """All usual roles and one cost rule, so that every flow may be switched on."""
    role_defaults_apply(ledger=house.odoo, company="1", by=None)
    if emrec:
        account = house.value("account", "141000")
        role_account_set(ledger=house.odoo, company="1", role=Role.EMREC, account=account, by=None)
    house.rule({"category": "rent"})
    return house


def accounts(*left_out: str) -> list[ReferenceItem]:
    return [
        ReferenceItem("account", id, code, name, facts={"type": type, "reconcile": "yes" if reconcile else "no"})
        for id, code, name, type, reconcile in CHART
        if code not in left_out
    ]


def vendor(id: str, name: str, code: str = "", **facts: str) -> ReferenceItem:
    return ReferenceItem("vendor", id, code, name, facts=facts)


def record(stream: str = "card_transactions", **parts: Any) -> SpendRecord:
    fields: dict[str, Any] = {
        "external_id": f"r{next(_numbers)}",
        "kind": RecordKind.CARD_PURCHASE,
        "family": Family.CARD_SPEND,
        "vendor_kind": "PURCHASE",
        "finality": Finality.FINAL,
        "amount": Money(Decimal("25.50"), "USD"),
        "posting_moment": date(2026, 2, 3),
    }
    return SpendRecord(stream=stream, **(fields | parts))


def owner(house: House, family: Family, flow: Flow | None, valid_from: date | None = None) -> FamilyOwner:
    return owner_set(
        source=house.brex, ledger=house.odoo, company="1", family=family, flow=flow, valid_from=valid_from, by=None
    )


def reasons_against(flow: Flow) -> str:
    with pytest.raises(RefusedError) as caught:
        flow_switch_on(flow, by=None)
    flow.refresh_from_db()
    assert flow.state == "off"
    return "\n".join(caught.value.reasons)
