"""How are journals listed and searched? https://www.zoho.com/books/api/v3/journals/#list-journals"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from connectors.zoho_books.simulator.call import ApiCall
from connectors.zoho_books.simulator.listing import Listing
from connectors.zoho_books.simulator.store import Item
from connectors.zoho_books.simulator.tagging import tags_shown


def _in_period(begin: Callable[[date], date]) -> Callable[[ApiCall, Item], bool]:
    return lambda call, row: begin(call.today).isoformat() <= row["journal_date"] <= call.today.isoformat()


def _on_line(name: str) -> Callable[[ApiCall, Item, str], bool]:
    return lambda _, row, wanted: any(one[name] == wanted for one in row["line_items"])


def _of_account(call: ApiCall, row: Item, wanted: str) -> bool:
    ids = {one["account_id"] for one in call.org.accounts.having("account_code", wanted)}
    return any(one["account_id"] in ids for one in row["line_items"])


def _row(call: ApiCall, row: Item) -> Item:
    org = call.org
    names = ("journal_id", "journal_date", "entry_number", "reference_number", "currency_id", "status", "notes")
    totals = ("journal_type", "entity_type", "total", "bcy_total")
    return {
        **{name: row[name] for name in (*names, *totals)},
        "custom_field": "",
        "tags": tags_shown(org, row["tags"]),
        "last_modified_time": org.stamp(row["_modified"]),
        "created_by_id": row["_created_by"].ids[org.id],
        "created_by_name": row["_created_by"].name,
    }


LISTING = Listing(
    key="journals",
    report="Manual Journals",
    row=_row,
    filters={
        "JournalDate.All": lambda _, __: True,
        "JournalDate.Today": _in_period(lambda day: day),
        "JournalDate.ThisWeek": _in_period(lambda day: day - timedelta(days=(day.weekday() + 1) % 7)),
        "JournalDate.ThisMonth": _in_period(lambda day: day.replace(day=1)),
        "JournalDate.ThisQuarter": _in_period(lambda day: day.replace(month=day.month - (day.month - 1) % 3, day=1)),
        "JournalDate.ThisYear": _in_period(lambda day: day.replace(month=1, day=1)),
    },
    default_filter="JournalDate.All",
    sorts=("journal_date", "entry_number", "reference_number", "total", "last_modified_time"),
    default_sort="journal_date",
    default_order="D",
    texts=("reference_number", "entry_number", "notes"),
    exact=("status", "journal_type"),
    dates=("date",),
    numbers=("total",),
    search=("reference_number", "notes", "entry_number"),
    modified_since=True,
    special={
        "customer_id": _on_line("customer_id"),
        "vendor_id": _on_line("customer_id"),
        "account_id": _on_line("account_id"),
        "account_code": _of_account,
        "project_id": _on_line("project_id"),
        "journal_ids": lambda _, row, wanted: row["journal_id"] in wanted.split(","),
        "currency": lambda call, row, wanted: (
            call.org.currencies.get(row["currency_id"])
            in (
                *call.org.currencies.having("currency_code", wanted),
                call.org.currencies.get(wanted),
            )
        ),
    },
    computed={"date": lambda _, row: row["journal_date"]},
)
