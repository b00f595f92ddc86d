"""What do the lines of a bill or vendor credit come to: totals, taxes, ledger lines?

Amounts are rounded half up to the currency's places, a tax on the sum of its lines.
"""

from __future__ import annotations

from decimal import Decimal

from connectors.zoho_books.simulator.call import ApiCall
from connectors.zoho_books.simulator.errors import ZohoError, invalid
from connectors.zoho_books.simulator.ledger import Posted
from connectors.zoho_books.simulator.parties import account_meant, account_name, contact_name, project_meant
from connectors.zoho_books.simulator.parties import project_name as project_name_of
from connectors.zoho_books.simulator.store import ONE, ZERO, Item, Organisation
from connectors.zoho_books.simulator.tagging import tags_read
from connectors.zoho_books.simulator.values import flag, items, number, text

HUNDRED = Decimal(100)


def lines_read(call: ApiCall, body: Item, known: Item | None, currency: Item) -> list[Item]:
    """Every line after a write: those sent, else those there were. A line without an account is refused (13009)."""
    sent = items(body, "line_items", least=1) if "line_items" in body or known is None else known["line_items"]
    before = {one["line_item_id"]: one for one in (known or {}).get("line_items", ())}
    return [_line(call, one, order, currency, before) for order, one in enumerate(sent, 1)]


def _line(call: ApiCall, body: Item, order: int, currency: Item, before: dict[str, Item]) -> Item:
    org = call.org
    known = before.get(str(body.get("line_item_id", "")), {})
    if not text(body, "account_id"):
        raise ZohoError(400, 13009, "The account field cannot be empty")
    account = account_meant(org, body, known_id=known.get("account_id", ""))
    rate = number(body, "rate", ZERO)
    if rate < 0 and call.simulator.switches.negative_bill_lines == "refuse":
        raise invalid("rate")
    quantity = number(body, "quantity", ONE)
    if quantity <= 0:
        raise invalid("quantity")
    tax_id = text(body, "tax_id")
    if tax_id and org.taxes.get(tax_id) is None:
        raise invalid("tax_id")
    customer_id = text(body, "customer_id")
    if customer_id and org.contacts.get(customer_id) is None:
        raise invalid("customer_id")
    return {
        "line_item_id": known.get("line_item_id") or org.new_id(),
        "item_id": "",
        "account_id": account["account_id"],
        "name": text(body, "name"),
        "description": text(body, "description"),
        "rate": rate,
        "quantity": quantity,
        "item_total": org.rounded(rate * quantity, currency),
        "tax_id": tax_id,
        "customer_id": customer_id,
        "is_billable": flag(body, "is_billable"),
        "project_id": project_meant(org, body),
        "location_id": "",
        "item_order": int(number(body, "item_order", Decimal(order))),
        "unit": "",
        "tags": tags_read(org, body, "line_item", "Purchases"),
    }


def totals(org: Organisation, row: Item, currency: Item) -> Item:
    """sub_total, tax_total, total and `_taxes` (tax id -> amount) of a document whose lines are read."""
    taxes: dict[str, Decimal] = {}
    for one in row["line_items"]:
        tax = org.taxes.get(one["tax_id"])
        if tax:
            share = tax["tax_percentage"] / HUNDRED
            base = one["item_total"] / (ONE + share) if row["is_inclusive_tax"] else one["item_total"]
            taxes[one["tax_id"]] = taxes.get(one["tax_id"], ZERO) + base * share
    amounts = {tax_id: org.rounded(amount, currency) for tax_id, amount in taxes.items()}
    tax_total = sum(amounts.values(), ZERO)
    lines = sum((one["item_total"] for one in row["line_items"]), ZERO)
    sub_total = lines - tax_total if row["is_inclusive_tax"] else lines
    total = sub_total + tax_total + row["adjustment"]
    if total < 0:
        raise invalid("total")
    return {"sub_total": sub_total, "tax_total": tax_total, "total": total, "_taxes": amounts}


def cost_lines(org: Organisation, row: Item, sign: int) -> list[Posted]:
    """The ledger lines of costs, taxes and adjustment: debits for `sign` 1, credits for -1."""
    rate, taxes = row["exchange_rate"], row["_taxes"]
    found = []
    for one in row["line_items"]:
        net = one["item_total"]
        if row["is_inclusive_tax"] and one["tax_id"]:
            share = org.taxes.get(one["tax_id"])["tax_percentage"] / HUNDRED  # type: ignore[index]
            net = org.rounded(net / (ONE + share), org.currencies.get(row["currency_id"]))
        found.append(
            Posted(
                one["account_id"],
                sign * org.rounded(net * rate),
                sign * net,
                description=one["description"] or one["name"],
                tags=tuple((tag["tag_id"], tag["tag_option_id"]) for tag in one["tags"]),
                project_id=one["project_id"],
            )
        )
    for tax_id, amount in taxes.items():
        tax = org.taxes.get(tax_id) or {}
        found.append(Posted(tax["_account_id"], sign * org.rounded(amount * rate), sign * amount))
    if row["adjustment"]:
        account_id = org.adjustment_account["account_id"]
        adjusted = row["adjustment"]
        found.append(Posted(account_id, sign * org.rounded(adjusted * rate), sign * adjusted))
    return found


def line_shown(org: Organisation, line: Item, rate: Decimal) -> Item:
    tax = org.taxes.get(line["tax_id"]) or {}
    return {
        **line,
        "account_name": account_name(org, line["account_id"]),
        "bcy_rate": org.rounded(line["rate"] * rate),
        "tax_name": tax.get("tax_name", ""),
        "tax_type": tax.get("tax_type", ""),
        "tax_percentage": tax.get("tax_percentage", ZERO),
        "customer_name": contact_name(org, line["customer_id"]),
        "project_name": project_name_of(org, line["project_id"]),
        "location_name": "",
        "item_custom_fields": [],
    }


def taxes_shown(org: Organisation, row: Item) -> list[Item]:
    named = [(org.taxes.get(tax_id) or {}, amount) for tax_id, amount in row["_taxes"].items()]
    return [
        {"tax_id": tax.get("tax_id", ""), "tax_name": tax.get("tax_name", ""), "tax_amount": amount}
        for tax, amount in named
    ]
