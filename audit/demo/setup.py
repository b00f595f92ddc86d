"""Which connections, flows, roles and rules has the demo company? Written as the same YAML that customers write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from connectors.brex.simulator import BrexSimulator
from connectors.brex.simulator.company import (
    CARD_CURRENCIES,
    CASH_ACCOUNTS,
    COST_CENTRE_FIELD_REMOTE_ID,
    COST_CENTRES,
    COUNTERPARTIES,
    DEPARTMENTS,
    GL_FIELD_REMOTE_ID,
    LEGAL_ENTITIES,
)
from connectors.brex.simulator.company_catalogue import CATEGORY_ACCOUNTS

TENANT = "cascade-robotics"
MEMBERS = ("administrator", "finance", "operations", "auditor")
COST_CODES = ("600000", "612000", "630000", "962000")
BREX, ODOO = "Brex", "Odoo"
PRIMARY_CARD = "primary"
CODED_IN_BREX = "Brex carries the ledger's own codes"

US_RECORDS, US_CASH, US_CARD, US_EXPENSES = (
    "US accounting records", "US cash account", "US card feed", "US expenses",
)  # fmt: skip
EU_RECORDS, EU_CARD, EU_EXPENSES = "EU accounting records", "EU card feed", "EU expenses"
OWNERS: Mapping[str, Mapping[str, str | None]] = {
    "US": {
        "F1": US_RECORDS, "F2": US_CARD, "F3": US_CASH, "F4": US_CASH, "F5": US_RECORDS, "F6": US_RECORDS,
        "F7": US_RECORDS, "F8": US_RECORDS,
    },
    "EU": {
        "F1": EU_EXPENSES, "F2": EU_CARD, "F3": EU_CARD, "F4": None, "F5": EU_EXPENSES, "F6": EU_EXPENSES,
        "F7": EU_EXPENSES, "F8": EU_RECORDS,
    },
}  # fmt: skip
"""Who posts which money. The parent runs on accounting records; the subsidiary on its expenses, and its own bank,
which Brex does not show, is the ledger's business."""


def setup_parts(
    brex: BrexSimulator,
    *,
    slug: str = TENANT,
    companies: Mapping[str, str],
    brex_address: str,
    ledger: Mapping[str, Any],
    post_from: date,
) -> dict[str, Any]:
    """The tenant of a set-up file, for the ids that this simulated Brex has, on accounts with the codes of Odoo's
    generic chart. `ledger` is the entry of its connection; secrets stay in the environment."""
    made = _Setup(brex, companies, post_from, str(ledger["name"]))
    return {
        "slug": slug,
        "name": "Cascade Robotics" if slug == TENANT else f"Cascade Robotics ({ledger['name']})",
        "time_zone": "America/Los_Angeles",
        "members": [{"user": role, "role": role} for role in MEMBERS],
        "connections": [
            {
                "name": BREX,
                "vendor": "brex",
                "address": brex_address,
                "credentials": {"user_token": {"env": "MLC_SECRET_BREX"}},
                "settings": {"integration_vendor": "ML_CONNECTOR", "integration_account_id": "demo"},
            },
            dict(ledger),
        ],
        "books": [made.books(key) for key in companies],
        "flows": [*made.flows_us(), *(made.flows_eu() if "EU" in companies else ()), *made.flows_back()],
        "rules": [rule for key in companies for rule in made.rules(key)],
    }


def setup_text(
    brex: BrexSimulator,
    *,
    companies: Mapping[str, str],
    brex_address: str,
    odoo_address: str,
    database: str,
    post_from: date,
    key_expires_on: date,
) -> str:
    """The set-up file of the company that keeps its books in Odoo."""
    ledger = {
        "name": ODOO,
        "vendor": "odoo",
        "address": odoo_address,
        "credentials": {
            "database": database,
            "api_key": {"env": "MLC_SECRET_ODOO"},
            "key_expires_on": key_expires_on.isoformat(),
        },
    }
    return file_of(
        setup_parts(brex, companies=companies, brex_address=brex_address, ledger=ledger, post_from=post_from)
    )


def file_of(parts: Mapping[str, Any]) -> str:
    """The set-up file of one tenant."""
    return yaml.safe_dump({"tenants": [dict(parts)]}, sort_keys=False, allow_unicode=True)


@dataclass(frozen=True, slots=True)
class _Setup:
    brex: BrexSimulator
    companies: Mapping[str, str]
    post_from: date
    ledger: str

    def books(self, key: str) -> dict[str, Any]:
        roles = [
            {"role": "EMREC", "account": "110600"},
            {"role": "CARD", "account": "201100" if key == "US" else "201110"},
            {"role": "CARD", "account": "201110", "what_for": "EUR"},
            {"role": "CARD", "account": "201120", "what_for": "JPY"},
        ]
        if key == "US":
            roles += [
                {"role": "CASH", "account": "101410", "what_for": self._cash_account("Operating")},
                {"role": "CASH", "account": "101411", "what_for": self._cash_account("Treasury reserve")},
            ]
        owners = [{"family": family, "flow": flow} for family, flow in OWNERS[key].items()]
        return {
            "ledger": self.ledger, "company": self.companies[key], "usual_roles": True, "roles": roles,
            "owners": {BREX: owners},
        }  # fmt: skip

    def flows_us(self) -> Iterable[dict[str, Any]]:
        """The parent runs on accounting records, beside the cash feed, and the card feed for what only it tells."""
        entity = [self._entity("US")]
        on_cards = {
            "legal_entities": entity,
            "accounts": [self._card_account("USD"), self._card_account("JPY"), PRIMARY_CARD],
        }
        on_cash = {"legal_entities": entity, "accounts": [self._cash_account(name) for name, *_ in CASH_ACCOUNTS]}
        yield self._flow(US_RECORDS, "accounting_records", "US", filter=on_cards)
        yield self._flow(US_CASH, "cash_transactions", "US", filter=on_cash)
        yield self._flow(US_CARD, "card_transactions", "US", filter=on_cards)
        yield self._flow(US_EXPENSES, "expenses", "US", filter={"legal_entities": entity})
        yield {
            "name": "US vendors", "source": BREX, "stream": "vendors", "ledger": self.ledger,
            "company": self.companies["US"], "document": "vendor", "policies": {"vendor": "create"}, "state": "on",
        }  # fmt: skip

    def flows_eu(self) -> Iterable[dict[str, Any]]:
        """The subsidiary runs on its expenses: claims and bills as vendor bills, card spend as bills that are paid."""
        entity = {"legal_entities": [self._entity("EU")]}
        as_bills = {"vendor": "create", "card_expense": "bill_and_payment"}
        on_card = {**entity, "accounts": [self._card_account("EUR")]}
        yield self._flow(EU_EXPENSES, "expenses", "EU", filter=entity, policies=as_bills)
        yield self._flow(EU_CARD, "card_transactions", "EU", filter=on_card, policies=as_bills)
        yield self._flow(EU_RECORDS, "accounting_records", "EU", filter=on_card, policies=as_bills)

    def flows_back(self) -> Iterable[dict[str, Any]]:
        """The ledger's accounts and cost centres are what people choose from in Brex."""
        for stream in ("accounts", "cost_centres"):
            yield {
                "name": f"{self.ledger} {stream.replace('_', ' ')} to Brex", "source": self.ledger, "stream": stream,
                "ledger": BREX, "company": self.companies["US"], "document": "reference", "state": "on",
            }  # fmt: skip

    def rules(self, key: str) -> Iterator[dict[str, Any]]:
        """Codes that Brex carries, categories, departments, and what payees and payers are."""
        for code in COST_CODES:
            yield self._rule(key, "account", GL_FIELD_REMOTE_ID, code, code, CODED_IN_BREX)
        for category, code in sorted(CATEGORY_ACCOUNTS.items()):
            if code in COST_CODES:
                yield self._rule(key, "account", "category", category, code, "chart of accounts, section 4")
        for code, _ in COST_CENTRES:
            yield self._rule(key, "cost_centre", COST_CENTRE_FIELD_REMOTE_ID, code, code, CODED_IN_BREX)
        departments = {str(one["name"]): str(one["id"]) for one in self.brex.store.departments}
        for name, code in DEPARTMENTS:
            why = "each department has its cost centre"
            yield self._rule(key, "cost_centre", "department", departments[name], code, why)
        if key == "US":
            for text, _, code in COUNTERPARTIES:
                account = "101404" if code == "TRANSIT" else code
                yield self._rule(key, "counterparty", "counterparty", text, account, "agreed with the controller")

    def _flow(self, name: str, stream: str, key: str, **more: Any) -> dict[str, Any]:
        return {
            "name": name, "source": BREX, "stream": stream, "ledger": self.ledger, "company": self.companies[key],
            "state": "on", "post_from": self.post_from.isoformat(), "cost_centre": "IT", **more,
        }  # fmt: skip

    def _rule(self, key: str, target: str, field: str, value: str, to: str, why: str) -> dict[str, Any]:
        return {
            "target": target, "when": {field: value}, "value": to, "ledger": self.ledger,
            "company": self.companies[key], "reason": why,
        }  # fmt: skip

    def _entity(self, key: str) -> str:
        name = next(entity[1] for entity in LEGAL_ENTITIES if entity[0] == key)
        return next(str(one["id"]) for one in self.brex.store.legal_entities if one["displayName"] == name)

    def _card_account(self, currency: str) -> str:
        position = CARD_CURRENCIES.index(currency)
        return str(list(self.brex.store.card_accounts)[position]["id"])

    def _cash_account(self, name: str) -> str:
        return next(str(one["id"]) for one in self.brex.store.cash_accounts if one["name"] == name)
