"""What does the simulated organisation hold, counted as an auditor would?"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from connectors.zoho_books.simulator.call import numbers
from connectors.zoho_books.simulator.store import ZERO, Item, Organisation

DOCUMENTS = ("journals", "bills", "vendor_credits", "payments", "expenses")
ID_FIELDS = {
    "journals": "journal_id",
    "bills": "bill_id",
    "vendor_credits": "vendor_credit_id",
    "payments": "payment_id",
    "expenses": "expense_id",
    "contacts": "contact_id",
}
KINDS = {
    "journals": "journal",
    "bills": "bill",
    "vendor_credits": "vendor_credit",
    "payments": "vendor_payment",
    "expenses": "expense",
}


def stamped(org: Organisation, stamp: str) -> list[tuple[str, Item]]:
    """Every document and contact that carries the stamp: as its reference number, in its notes, or in any custom
    field; with the name of its table."""
    found = []
    for name in (*DOCUMENTS, "contacts"):
        for row in org.tables()[name]:
            values = [row.get("reference_number"), row.get("bill_number"), *row["_custom"].values()]
            if stamp in values or stamp in str(row.get("notes") or ""):
                found.append((name, row))
    return found


def books_of(org: Organisation, stamp: str) -> dict[str, Decimal]:
    """Signed base amounts by account id of everything in the books under a stamp."""
    amounts: dict[str, Decimal] = {}
    for name, row in stamped(org, stamp):
        entry = org.ledger.get(KINDS.get(name, ""), row[ID_FIELDS[name]])
        for line in entry.lines if entry else ():
            amounts[line.account_id] = amounts.get(line.account_id, ZERO) + line.amount
    return {account: amount for account, amount in amounts.items() if amount}


def stamps(org: Organisation) -> dict[str, int]:
    """How many documents carry each reference number: more than one is a double."""
    counts: Counter[str] = Counter()
    for name in DOCUMENTS:
        counts.update(row["reference_number"] for row in org.tables()[name] if row["reference_number"])
    return dict(counts)


def trial_balance(org: Organisation) -> dict[str, Decimal]:
    """Base balances by account code (its name where it has none), debit positive."""
    found: dict[str, Decimal] = {}
    for account_id, amount in org.ledger.balances().items():
        account: Item = org.accounts.get(account_id) or {}
        name = account.get("account_code") or account.get("account_name") or account_id
        found[name] = found.get(name, ZERO) + amount
    return found


def organisation_state(org: Organisation) -> dict[str, Any]:
    balances = trial_balance(org)
    tables = org.tables()
    return {
        "name": org.name,
        "counts": {name: len(table) for name, table in tables.items() if len(table)},
        "stamps": stamps(org),
        "trial_balance": numbers(balances),
        "difference": numbers(sum(balances.values(), ZERO)),
        "entries": len(org.ledger.entries),
        **{name: [_plain(org, row) for row in table] for name, table in tables.items() if name in ID_FIELDS},
    }


def _plain(org: Organisation, row: Item) -> Item:
    kept = numbers({name: value for name, value in row.items() if name != "_custom"})
    return {**kept, "custom": row["_custom"], "last_modified_time": org.stamp(row["_modified"])}
