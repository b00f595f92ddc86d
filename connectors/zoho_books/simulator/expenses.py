"""How does spend that is already paid come into the simulated books?

https://www.zoho.com/books/api/v3/expenses/. Observed live: created with 201, the status spelled `nonbillable`, no
filter for what was modified since.
"""

from __future__ import annotations

from decimal import Decimal

from connectors.zoho_books.simulator.attachments import documents_of
from connectors.zoho_books.simulator.call import ApiCall
from connectors.zoho_books.simulator.errors import invalid
from connectors.zoho_books.simulator.ledger import Entry, Posted
from connectors.zoho_books.simulator.listing import Listing
from connectors.zoho_books.simulator.locking import check_open
from connectors.zoho_books.simulator.parties import (
    account_meant,
    account_name,
    contact_meant,
    contact_name,
    currency_facts,
    currency_meant,
    location_meant,
    project_meant,
    project_name,
    rate_meant,
)
from connectors.zoho_books.simulator.payments import MONEY_TYPES
from connectors.zoho_books.simulator.posting import balanced
from connectors.zoho_books.simulator.resource import Resource
from connectors.zoho_books.simulator.store import ONE, ZERO, Item, Organisation, Table
from connectors.zoho_books.simulator.tagging import tags_read, tags_shown
from connectors.zoho_books.simulator.values import day, flag, items, number, text

HUNDRED = Decimal(100)
FIELDS = ("account_id", "amount", "description", "tax_id", "tags", "location_id")


class ExpensesApi(Resource):
    path, entity, key, id_field = "expenses", "expense", "expense", "expense_id"
    scope, label = "expenses", "Expense"
    created = "The expense has been recorded."
    updated = "Expense information has been updated."
    deleted = "The expense has been deleted."
    upsertable = True

    @property
    def listing(self) -> Listing:
        return LISTING

    def table(self, org: Organisation) -> Table:
        return org.expenses

    def read(self, call: ApiCall, body: Item, known: Item | None) -> Item:
        org, old = call.org, known or {}
        limit = call.simulator.switches.text_limit
        merged = {**{name: old.get(name) for name in ("paid_through_account_id", "vendor_id", "customer_id")}, **body}
        on = day(body, "date", old.get("date", ""))
        known_through = old.get("paid_through_account_id", "")
        through = account_meant(org, merged, "paid_through_account_id", known_through)
        if through["account_type"] not in MONEY_TYPES:
            raise invalid("paid_through_account_id")
        vendor = contact_meant(org, merged, "vendor_id", "vendor")
        customer = contact_meant(org, merged, "customer_id", "customer")
        currency = currency_meant(org, body, org.currencies.get(old.get("currency_id", "")) or org.base)
        same = currency["currency_id"] == old.get("currency_id")
        row: Item = {
            "transaction_type": "expense",
            "date": on,
            "paid_through_account_id": through["account_id"],
            "vendor_id": vendor["contact_id"] if vendor else "",
            "customer_id": customer["contact_id"] if customer else "",
            "reference_number": text(body, "reference_number", old.get("reference_number", ""), limit=limit),
            "description": text(body, "description", old.get("description", ""), limit=limit),
            "currency_id": currency["currency_id"],
            "exchange_rate": rate_meant(call, body, currency, on, old.get("exchange_rate") if same else None),
            "is_inclusive_tax": flag(body, "is_inclusive_tax", old.get("is_inclusive_tax", False)),
            "is_billable": flag(body, "is_billable", old.get("is_billable", False)),
            "project_id": project_meant(org, {"project_id": old.get("project_id"), **body}),
            "location_id": location_meant(call, {**old, **body}),
            "tags": tags_read(org, {"tags": body.get("tags", old.get("tags"))}, "transaction", "Purchases"),
        }
        row["status"] = "unbilled" if row["is_billable"] and customer else "nonbillable"
        row["line_items"] = self._lines(call, body, known, currency)
        row.update(_totals(org, row, currency))
        check_open(call, "purchase", on, old.get("date", ""))
        return row

    def save(self, org: Organisation, row: Item) -> None:
        rate = row["exchange_rate"]
        lines = [
            Posted(
                one["account_id"],
                org.rounded(one["_net"] * rate),
                one["_net"],
                row["vendor_id"],
                one["description"],
                tuple((tag["tag_id"], tag["tag_option_id"]) for tag in one["tags"]),
                row["project_id"],
            )
            for one in row["line_items"]
        ]
        for tax_id, amount in row["_taxes"].items():
            tax = org.taxes.get(tax_id) or {}
            lines.append(Posted(tax["_account_id"], org.rounded(amount * rate), amount))
        paid = org.rounded(row["total"] * rate)
        lines.append(Posted(row["paid_through_account_id"], -paid, -row["total"], row["vendor_id"]))
        code = currency_facts(org, row)["currency_code"]
        found = balanced(org, lines)
        org.ledger.post(Entry("expense", row["expense_id"], row["date"], code, row["reference_number"], found))

    def check_delete(self, call: ApiCall, row: Item) -> None:
        check_open(call, "purchase", row["date"])

    def drop(self, org: Organisation, row: Item) -> None:
        org.ledger.unpost("expense", row["expense_id"])

    def shown(self, org: Organisation, row: Item) -> Item:
        first, is_split = row["line_items"][0], len(row["line_items"]) > 1
        account_id = "" if is_split else first["account_id"]
        tax = org.taxes.get(first["tax_id"]) or {}
        return {
            **row,
            "currency_code": currency_facts(org, row)["currency_code"],
            "transaction_id": row["expense_id"],
            "is_itemized_expense": is_split,
            "account_id": account_id,
            "account_name": account_name(org, account_id),
            "paid_through_account_name": account_name(org, row["paid_through_account_id"]),
            "vendor_name": contact_name(org, row["vendor_id"]),
            "customer_name": contact_name(org, row["customer_id"]),
            "project_name": project_name(org, row["project_id"]),
            "tax_id": "" if is_split else first["tax_id"],
            "tax_name": "" if is_split else tax.get("tax_name", ""),
            "tax_percentage": ZERO if is_split else tax.get("tax_percentage", ZERO),
            "amount": row["total"],
            "bcy_total": org.rounded(row["total"] * row["exchange_rate"]),
            "is_personal": False,
            "invoice_id": "",
            "invoice_number": "",
            "location_name": "",
            "expense_receipt_name": "",
            "line_items": [{**one, "account_name": account_name(org, one["account_id"])} for one in row["line_items"]],
            "tags": tags_shown(org, row["tags"] if is_split else first["tags"] + row["tags"]),
            "documents": documents_of(org, row["expense_id"]),
            **self.custom(org, row),
            **self.times(org, row),
        }

    def _lines(self, call: ApiCall, body: Item, known: Item | None, currency: Item) -> list[Item]:
        """One line from the fields of the expense itself, or those of a split one; a new one has both, as published."""
        old = known["line_items"] if known else []
        if known is None and (unsaid := next((name for name in ("account_id", "amount") if not body.get(name)), "")):
            raise invalid(unsaid)
        if body.get("line_items"):
            sent = items(body, "line_items", least=1)
            return [self._line(call, one, order, currency, old) for order, one in enumerate(sent, 1)]
        if len(old) > 1 and not {"account_id", "amount"} & set(body):
            return [self._line(call, one, order, currency, old) for order, one in enumerate(old, 1)]
        first = {name: old[0][name] for name in FIELDS} if old else {}
        given = {**first, **{name: body[name] for name in FIELDS if name in body}}
        if old:
            given["line_item_id"] = old[0]["line_item_id"]
        return [self._line(call, given, 1, currency, old)]

    def _line(self, call: ApiCall, body: Item, order: int, currency: Item, old: list[Item]) -> Item:
        before = {one["line_item_id"]: one for one in old}.get(str(body.get("line_item_id", "")), {})
        account = account_meant(call.org, body, known_id=before.get("account_id", ""))
        amount = call.org.rounded(number(body, "amount"), currency)
        if amount <= 0:
            raise invalid("amount")
        tax_id = text(body, "tax_id")
        if tax_id and call.org.taxes.get(tax_id) is None:
            raise invalid("tax_id")
        return {
            "line_item_id": before.get("line_item_id") or call.org.new_id(),
            "account_id": account["account_id"],
            "description": text(body, "description", limit=call.simulator.switches.text_limit),
            "amount": amount,
            "tax_id": tax_id,
            "location_id": "",
            "item_order": str(order),
            "tags": tags_read(call.org, body, "line_item", "Purchases"),
        }


def _totals(org: Organisation, row: Item, currency: Item) -> Item:
    """Tax on top of the amounts, or inside them."""
    taxes: dict[str, Decimal] = {}
    for one in row["line_items"]:
        tax = org.taxes.get(one["tax_id"])
        share = tax["tax_percentage"] / HUNDRED if tax else ZERO
        net = org.rounded(one["amount"] / (ONE + share), currency) if row["is_inclusive_tax"] else one["amount"]
        one["_net"] = net
        if tax:
            of_line = one["amount"] - net if row["is_inclusive_tax"] else org.rounded(net * share, currency)
            taxes[one["tax_id"]] = taxes.get(one["tax_id"], ZERO) + of_line
    sub_total = sum((one["_net"] for one in row["line_items"]), ZERO)
    tax_amount = sum(taxes.values(), ZERO)
    return {"sub_total": sub_total, "tax_amount": tax_amount, "total": sub_total + tax_amount, "_taxes": taxes}


def _row(call: ApiCall, row: Item) -> Item:
    org = call.org
    first, is_split = row["line_items"][0], len(row["line_items"]) > 1
    names = ("expense_id", "date", "description", "currency_id", "total", "is_billable", "status")
    return {
        **{name: row[name] for name in (*names, "reference_number", "customer_id", "location_id")},
        "account_name": "Split" if is_split else account_name(org, first["account_id"]),
        "currency_code": currency_facts(org, row)["currency_code"],
        "bcy_total": org.rounded(row["total"] * row["exchange_rate"]),
        "total_without_tax": row["sub_total"],
        "customer_name": contact_name(org, row["customer_id"]),
        "created_time": org.stamp(row["_created"]),
        "last_modified_time": org.stamp(row["_modified"]),
    }


LISTING = Listing(
    key="expenses",
    report="Expenses",
    row=_row,
    filters={
        "Status.All": lambda _, __: True,
        "Status.Nonbillable": lambda _, row: row["status"] == "nonbillable",
        "Status.Billable": lambda _, row: row["is_billable"],
        "Status.Unbilled": lambda _, row: row["status"] == "unbilled",
    },
    default_filter="Status.All",
    sorts=("date", "account_name", "total", "bcy_total", "reference_number", "customer_name", "created_time"),
    default_sort="created_time",
    default_order="D",
    texts=("description", "reference_number", "account_name", "customer_name", "vendor_name"),
    exact=("status", "vendor_id", "customer_id", "paid_through_account_id", "project_id"),
    dates=("date",),
    numbers=("amount",),
    search=("description", "reference_number", "account_name"),
    computed={
        "amount": lambda _, row: row["total"],
        "account_name": lambda call, row: account_name(call.org, row["line_items"][0]["account_id"]),
        "customer_name": lambda call, row: contact_name(call.org, row["customer_id"]),
        "vendor_name": lambda call, row: contact_name(call.org, row["vendor_id"]),
        "bcy_total": lambda call, row: call.org.rounded(row["total"] * row["exchange_rate"]),
    },
)
