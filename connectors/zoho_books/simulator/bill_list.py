"""How are bills listed and searched, and what does their status look like today?

https://www.zoho.com/books/api/v3/bills/#list-bills
"""

from __future__ import annotations

from collections.abc import Callable

from connectors.zoho_books.simulator.call import ApiCall
from connectors.zoho_books.simulator.listing import Listing
from connectors.zoho_books.simulator.parties import contact_name, currency_facts
from connectors.zoho_books.simulator.store import Item, Organisation


def status_of(org: Organisation, row: Item) -> str:
    """Overdue is a matter of the day, not of the record: whatever is open past its due date."""
    status = str(row["status"])
    is_late = row["due_date"] < org.today(org.now()).isoformat()
    return "overdue" if status == "open" and is_late else status


def _has(*statuses: str) -> Callable[[ApiCall, Item], bool]:
    return lambda call, row: status_of(call.org, row) in statuses


def _on_line(name: str) -> Callable[[ApiCall, Item, str], bool]:
    return lambda _, row, wanted: any(one[name] == wanted for one in row["line_items"])


def _is_of_status(call: ApiCall, row: Item, wanted: str) -> bool:
    if wanted == "unpaid":
        return status_of(call.org, row) in ("open", "overdue", "partially_paid")
    return status_of(call.org, row) == wanted


def _row(call: ApiCall, row: Item) -> Item:
    org = call.org
    names = ("bill_id", "vendor_id", "bill_number", "reference_number", "date", "due_date", "exchange_rate", "total")
    facts = currency_facts(org, row)
    return {
        **{name: row[name] for name in (*names, "balance", "location_id")},
        "vendor_name": contact_name(org, row["vendor_id"]),
        "status": status_of(org, row),
        "due_days": "",
        **{name: facts[name] for name in ("currency_id", "currency_code", "price_precision")},
        "location_name": "",
        "has_attachment": any(one["_record_id"] == row["bill_id"] for one in org.documents),
        "attachment_name": "",
        "created_time": org.stamp(row["_created"]),
        "last_modified_time": org.stamp(row["_modified"]),
    }


LISTING = Listing(
    key="bills",
    report="Bills",
    row=_row,
    filters={
        "Status.All": lambda _, __: True,
        "Status.Open": _has("open"),
        "Status.Overdue": _has("overdue"),
        "Status.Paid": _has("paid"),
        "Status.PartiallyPaid": _has("partially_paid"),
        "Status.Unpaid": _has("open", "overdue", "partially_paid"),
        "Status.Void": _has("void"),
        "Status.Draft": _has("draft"),
        "Status.Pending": _has("pending_approval"),
    },
    default_filter="Status.All",
    sorts=(
        "vendor_name",
        "bill_number",
        "date",
        "due_date",
        "total",
        "balance",
        "created_time",
        "last_modified_time",
    ),
    default_sort="created_time",
    default_order="D",
    texts=("bill_number", "reference_number", "description", "vendor_name", "item_name", "item_description"),
    exact=("vendor_id",),
    dates=("date", "due_date", "created_date"),
    numbers=("total",),
    search=("bill_number", "reference_number", "vendor_name"),
    modified_since=True,
    special={
        "status": _is_of_status,
        "project_id": _on_line("project_id"),
        "customer_id": _on_line("customer_id"),
        "item_id": _on_line("item_id"),
    },
    computed={
        "vendor_name": lambda call, row: contact_name(call.org, row["vendor_id"]),
        "description": lambda _, row: " ".join(one["description"] for one in row["line_items"]),
        "item_name": lambda _, row: " ".join(one["name"] for one in row["line_items"]),
        "item_description": lambda _, row: " ".join(one["description"] for one in row["line_items"]),
        "created_date": lambda call, row: call.org.stamp(row["_created"])[:10],
    },
)
