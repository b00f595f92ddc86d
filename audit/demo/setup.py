"""Which connections, flows, roles and rules does the demo company have? Written as the same YAML that customers write."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import yaml

from audit.demo.books import COMPANIES
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
COST_CODES = ("600000", "612000", "630000", "962000")
BREX, ODOO = "Brex", "Odoo"
PRIMARY_CARD = "primary"


def setup_text(
    brex: BrexSimulator, *, brex_address: str, odoo_address: str, database: str, post_from: date, key_expires_on: date
) -> str:
    """The set-up file of the demo, for the ids that this simulated Brex has. Secrets stay in the environment."""
    tenant = {
        "slug": TENANT,
        "name": "Cascade Robotics",
        "time_zone": "America/Los_Angeles",
        "members": [{"user": role, "role": role} for role in ("administrator", "finance", "operations", "auditor")],
        "connections": [
            {
                "name": BREX,
                "vendor": "brex",
                "address": brex_address,
                "credentials": {"user_token": {"env": "MLC_SECRET_BREX"}},
                "settings": {"integration_vendor": "ML_CONNECTOR", "integration_account_id": "demo"},
            },
            {
                "name": ODOO,
                "vendor": "odoo",
                "address": odoo_address,
                "credentials": {
                    "database": database,
                    "api_key": {"env": "MLC_SECRET_ODOO"},
                    "key_expires_on": key_expires_on.isoformat(),
                },
            },
        ],
        "books": [_books(brex, "US"), _books(brex, "EU")],
        "flows": [*_flows_us(brex, post_from), *_flows_eu(brex, post_from), *_flows_back()],
        "rules": [*_rules(brex, "US"), *_rules(brex, "EU")],
    }
    return yaml.safe_dump({"tenants": [tenant]}, sort_keys=False, allow_unicode=True)


def _entity(brex: BrexSimulator, key: str) -> str:
    name = next(entity[1] for entity in LEGAL_ENTITIES if entity[0] == key)
    return next(str(one["id"]) for one in brex.store.legal_entities if one["displayName"] == name)


def _card_account(brex: BrexSimulator, currency: str) -> str:
    position = CARD_CURRENCIES.index(currency)
    return str(list(brex.store.card_accounts)[position]["id"])


def _cash_account(brex: BrexSimulator, name: str) -> str:
    return next(str(one["id"]) for one in brex.store.cash_accounts if one["name"] == name)


def _books(brex: BrexSimulator, key: str) -> dict[str, Any]:
    roles = [
        {"role": "EMREC", "account": "110600"},
        {"role": "CARD", "account": "201100" if key == "US" else "201110"},
        {"role": "CARD", "account": "201110", "what_for": "EUR"},
        {"role": "CARD", "account": "201120", "what_for": "JPY"},
    ]
    if key == "US":
        roles += [
            {"role": "CASH", "account": "101410", "what_for": _cash_account(brex, "Operating")},
            {"role": "CASH", "account": "101411", "what_for": _cash_account(brex, "Treasury reserve")},
        ]
    owners = {
        "US": [
            *({"family": family, "flow": "US accounting records"} for family in ("F1", "F5", "F6", "F7", "F8")),
            {"family": "F2", "flow": "US card feed"},
            *({"family": family, "flow": "US cash account"} for family in ("F3", "F4")),
        ],
        "EU": [
            *({"family": family, "flow": "EU card feed"} for family in ("F1", "F2", "F3")),
            *({"family": family, "flow": "EU expenses"} for family in ("F5", "F6", "F7")),
        ],
    }
    return {
        "ledger": ODOO, "company": COMPANIES[key], "usual_roles": True, "roles": roles, "owners": {BREX: owners[key]},
    }  # fmt: skip


def _flow(name: str, stream: str, company: str, post_from: date, **more: Any) -> dict[str, Any]:
    return {
        "name": name, "source": BREX, "stream": stream, "ledger": ODOO, "company": company, "state": "on",
        "post_from": post_from.isoformat(), "cost_centre": "IT", **more,
    }  # fmt: skip


def _flows_us(brex: BrexSimulator, post_from: date) -> Iterable[dict[str, Any]]:
    """The parent runs on accounting records, beside the cash feed, and the card feed for what only it tells."""
    company, entity = COMPANIES["US"], [_entity(brex, "US")]
    policies = {"vendor": "create"}
    cards = {"legal_entities": entity, "accounts": [_card_account(brex, "USD"), _card_account(brex, "JPY"), PRIMARY_CARD]}
    cash = {"legal_entities": entity, "accounts": [_cash_account(brex, name) for name, *_ in CASH_ACCOUNTS]}
    yield _flow("US accounting records", "accounting_records", company, post_from, filter=cards, policies=policies)
    yield _flow("US cash account", "cash_transactions", company, post_from, filter=cash)
    yield _flow("US card feed", "card_transactions", company, post_from, filter=cards)
    yield {
        "name": "US vendors", "source": BREX, "stream": "vendors", "ledger": ODOO, "company": company,
        "document": "vendor", "policies": policies, "state": "on",
    }  # fmt: skip


def _flows_eu(brex: BrexSimulator, post_from: date) -> Iterable[dict[str, Any]]:
    """The subsidiary has no accounting records: it runs on its expenses, paid spend as entries, claims as bills."""
    company, entity = COMPANIES["EU"], _entity(brex, "EU")
    yield _flow(
        "EU expenses", "expenses", company, post_from,
        filter={"legal_entities": [entity]}, policies={"vendor": "create"},
    )  # fmt: skip
    yield _flow(
        "EU card feed", "card_transactions", company, post_from,
        filter={"legal_entities": [entity], "accounts": [_card_account(brex, "EUR")]},
    )  # fmt: skip


def _flows_back() -> Iterable[dict[str, Any]]:
    """The ledger's accounts and cost centres are what people choose from in Brex."""
    for stream in ("accounts", "cost_centres"):
        yield {
            "name": f"Odoo {stream.replace('_', ' ')} to Brex", "source": ODOO, "stream": stream, "ledger": BREX,
            "company": COMPANIES["US"], "document": "reference", "state": "on",
        }  # fmt: skip


def _rules(brex: BrexSimulator, key: str) -> Iterable[dict[str, Any]]:
    company = COMPANIES[key]

    def rule(target: str, field: str, value: str, to: str, why: str) -> dict[str, Any]:
        return {
            "target": target, "when": {field: value}, "value": to, "ledger": ODOO, "company": company, "reason": why,
        }  # fmt: skip

    for code in COST_CODES:
        yield rule("account", GL_FIELD_REMOTE_ID, code, code, "Brex carries the ledger's own codes")
    for category, code in sorted(CATEGORY_ACCOUNTS.items()):
        if code in COST_CODES:
            yield rule("account", "category", category, code, "chart of accounts, section 4")
    for code, _ in COST_CENTRES:
        yield rule("cost_centre", COST_CENTRE_FIELD_REMOTE_ID, code, code, "Brex carries the ledger's own codes")
    departments = {str(one["name"]): str(one["id"]) for one in brex.store.departments}
    for name, code in DEPARTMENTS:
        yield rule("cost_centre", "department", departments[name], code, "each department has its cost centre")
    if key == "US":
        for text, _, code in COUNTERPARTIES:
            account = "101404" if code == "TRANSIT" else code
            yield rule("counterparty", "counterparty", text, account, "agreed with the controller")
