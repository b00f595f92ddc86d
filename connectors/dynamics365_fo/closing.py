"""Why may something not be booked to on a day? In words that end a sentence; empty where it may."""

from __future__ import annotations

from datetime import date

from connectors.dynamics365_fo.literals import day_of
from connectors.dynamics365_fo.schema import (
    BankAccountRow,
    DimensionValueRow,
    MainAccountCompanyRow,
    MainAccountRow,
)
from connectors.records import Side

BLOCKED = ("Invoice", "All")
"""On hold, of vendors to whom nothing may be booked."""
OWING, PAYING = frozenset({"Invoice", "All"}), frozenset({"Payment", "All"})
"""Holds that stop what adds to what is owed to a vendor, and what takes from it."""
IN_USE = "ActiveForAllTransactions"


def closed_account(row: MainAccountRow, here: MainAccountCompanyRow | None, day: date) -> str:
    """Why a main account cannot be posted to on a day; empty if it can."""
    for one in (row, here):
        if one is None:
            continue
        if one.is_suspended == "Yes":
            return "is suspended"
        if one.do_not_allow_manual_entry == "Yes":
            return "does not allow manual entry"
        if why := _not_on(one.active_from, one.active_to, day):
            return why
    return ""


def wrong_side(row: MainAccountRow, side: Side) -> str:
    """Why a main account does not take an amount on a side; empty if it does."""
    wanted = {"Debit": Side.DEBIT, "Credit": Side.CREDIT}.get(row.debit_credit_requirement)
    return f"takes {row.debit_credit_requirement.lower()}s alone" if wanted not in (None, side) else ""


def closed_bank(row: BankAccountRow, day: date) -> str:
    if row.bank_account_status not in ("", IN_USE):
        return "is not in use for new transactions"
    return _not_on(row.active_from, row.active_to, day)


def closed_value(row: DimensionValueRow, day: date) -> str:
    if row.is_suspended == "Yes":
        return "is suspended"
    if row.is_total == "Yes":
        return "only sums up others"
    if row.is_blocked_for_manual_entry == "Yes":
        return "does not allow manual entry"
    return _not_on(row.active_from, row.active_to, day)


def _not_on(active_from: str, active_to: str, day: date) -> str:
    starts, ends = day_of(active_from), day_of(active_to)
    if (starts and day < starts) or (ends and day > ends):
        return f"is not active on {day}"
    return ""
