"""Which types of accounts are there, and how is the chart listed?

https://www.zoho.com/books/api/v3/chart-of-accounts/; the types are those of a live organisation's list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from connectors.zoho_books.simulator.call import ApiCall
from connectors.zoho_books.simulator.listing import Listing
from connectors.zoho_books.simulator.store import ZERO, Item, Organisation

GROUPS: dict[str, tuple[str, ...]] = {
    "Asset": (
        "other_asset",
        "other_current_asset",
        "cash",
        "bank",
        "fixed_asset",
        "accounts_receivable",
        "stock",
        "payment_clearing",
        "intangible_asset",
        "long_term_asset",
        "deferred_tax_asset",
        "capital_work_in_progress",
        "intangible_assets_under_development",
    ),
    "Liability": (
        "other_current_liability",
        "credit_card",
        "long_term_liability",
        "other_liability",
        "accounts_payable",
        "overseas_tax_payable",
        "deferred_tax_liability",
    ),
    "Equity": ("equity",),
    "Income": ("income", "other_income"),
    "Expense": ("expense", "cost_of_goods_sold", "other_expense"),
}
TYPES = tuple(one for group in GROUPS.values() for one in group)
THROUGH_BANKING = ("bank", "credit_card")
CHILDLESS = (
    *THROUGH_BANKING,
    "payment_clearing",
    "overseas_tax_payable",
    "deferred_tax_asset",
    "deferred_tax_liability",
    "capital_work_in_progress",
    "intangible_assets_under_development",
)


def depth_of(org: Organisation, row: Item) -> int:
    depth, parent = 0, org.accounts.get(row["parent_account_id"])
    while parent is not None:
        depth, parent = depth + 1, org.accounts.get(parent["parent_account_id"])
    return depth


def account_row(call: ApiCall, row: Item) -> Item:
    org = call.org
    children = [one for one in org.accounts if one["parent_account_id"] == row["account_id"]]
    parent = org.accounts.get(row["parent_account_id"])
    names = ("account_id", "account_name", "account_code", "account_type", "description", "is_user_created")
    flags = ("is_system_account", "is_active", "can_show_in_ze", "parent_account_id")
    return {
        **{name: row[name] for name in (*names, *flags)},
        "is_standalone_account": False,
        "parent_account_name": parent["account_name"] if parent else "",
        "depth": depth_of(org, row),
        "is_child_present": bool(children),
        "child_count": str(len(children)) if children else "",
        "has_attachment": False,
        "created_time": org.stamp(row["_created"]),
        "last_modified_time": org.stamp(row["_modified"]),
    }


def _of_group(group: str) -> Callable[[ApiCall, Item], bool]:
    return lambda _, row: row["is_active"] and row["account_type"] in GROUPS[group]


def listing_with_balances(balances: dict[str, Decimal]) -> Listing:
    def row(call: ApiCall, one: Item) -> Item:
        return {**account_row(call, one), "current_balance": balances.get(one["account_id"], ZERO)}

    return replace(LISTING, row=row)


LISTING = Listing(
    key="chartofaccounts",
    report="Chart Of Accounts",
    row=account_row,
    filters={
        "AccountType.All": lambda _, __: True,
        "AccountType.Active": lambda _, row: row["is_active"],
        "AccountType.Inactive": lambda _, row: not row["is_active"],
        **{f"AccountType.{group}": _of_group(group) for group in GROUPS},
    },
    default_filter="AccountType.Active",
    sorts=("account_name", "account_type", "account_code"),
    default_sort="account_type",
    texts=("account_name", "account_code"),
    exact=("account_id",),
    search=("account_name", "account_code"),
    modified_since=True,
    per_page=5000,
)
TRANSACTIONS = Listing(
    key="transactions",
    report="Account Transactions",
    row=lambda _, row: row,
    filters={"TransactionType.All": lambda _, __: True},
    default_filter="TransactionType.All",
    sorts=("transaction_date",),
    default_sort="_on",
    default_order="D",
    exact=("transaction_type",),
)
