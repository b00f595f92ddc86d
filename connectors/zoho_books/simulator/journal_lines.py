"""What is a line of a journal: checked, in base currency, shown?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connectors.zoho_books.simulator.call import ApiCall
from connectors.zoho_books.simulator.errors import Unknown, ZohoError, invalid, refused
from connectors.zoho_books.simulator.parties import (
    CONTROL_TYPES,
    account_meant,
    account_name,
    contact_meant,
    contact_name,
    project_meant,
    project_name,
)
from connectors.zoho_books.simulator.store import ZERO, Item, Organisation
from connectors.zoho_books.simulator.tagging import tags_read
from connectors.zoho_books.simulator.values import number, text


def line_read(call: ApiCall, body: Item, order: int, currency: Item, rate: Decimal, before: dict[str, Item]) -> Item:
    """A line after a write; `before` has the lines there were, by id. A debit or credit of more than nothing."""
    known = before.get(str(body.get("line_id", "")), {})
    account = account_meant(call.org, body, known_id=known.get("account_id", ""))
    if body.get("debit_or_credit") not in ("debit", "credit"):
        raise invalid("debit_or_credit")
    amount = call.org.rounded(number(body, "amount"), currency)
    if amount <= 0:
        raise invalid("amount")
    contact = contact_meant(call.org, body, "customer_id")
    if contact is None and account["account_type"] in CONTROL_TYPES:
        raise refused(Unknown.CONTACT, f"Select a contact for the account {account['account_name']}")
    tax_id = text(body, "tax_id")
    if tax_id and call.org.edition == "IN":
        raise ZohoError(400, 110942, "Tax not supported.")
    return {
        "line_id": known.get("line_id") or call.org.new_id(),
        "account_id": account["account_id"],
        "customer_id": contact["contact_id"] if contact else "",
        "description": text(body, "description"),
        "debit_or_credit": body["debit_or_credit"],
        "amount": amount,
        "bcy_amount": call.org.rounded(amount * rate),
        "tax_id": tax_id if call.simulator.switches.journal_tax == "keep" else "",
        "project_id": project_meant(call.org, body),
        "location_id": "",
        "item_order": order,
        "tags": tags_read(call.org, body, "line_item", "Journal"),
    }


def balanced_total(lines: list[Item]) -> Decimal:
    """The sum of one side. Raises 990001 where the sides differ in the journal's currency."""
    debit = sum((one["amount"] for one in lines if one["debit_or_credit"] == "debit"), ZERO)
    credit = sum((one["amount"] for one in lines if one["debit_or_credit"] == "credit"), ZERO)
    if debit != credit:
        raise refused(Unknown.UNBALANCED, "Debits and credits are not equal.")
    return debit


def sign_of(line: Item) -> int:
    """1 for a debit, -1 for a credit."""
    return 1 if line["debit_or_credit"] == "debit" else -1


def line_shown(org: Organisation, line: Item) -> dict[str, Any]:
    return {
        **line,
        "account_name": account_name(org, line["account_id"]),
        "customer_name": contact_name(org, line["customer_id"]),
        "project_name": project_name(org, line["project_id"]),
        "location_name": "",
        "tax_name": "",
        "tax_type": "",
        "tax_percentage": "",
    }
