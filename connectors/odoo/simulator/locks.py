"""Which periods are locked, and to which day does Odoo move a document that falls into one?"""

from __future__ import annotations

import calendar
from datetime import date, timedelta

from .environment import Environment
from .errors import user_error
from .lines import SALES
from .numbering import period_of, us_date
from .store import Record

LABELS = {
    "fiscalyear_lock_date": "Global Lock Date",
    "tax_lock_date": "Tax Return Lock Date",
    "purchase_lock_date": "Purchase Lock date",
    "sale_lock_date": "Sales Lock Date",
    "hard_lock_date": "Hard Lock Date",
}


def violated(env: Environment, move: Record, day: str, *, taxed: bool) -> list[tuple[str, str]]:
    """The lock dates of the move's company that `day` violates, earliest first."""
    company = env.store.tables["res.company"][move["company_id"]]
    kind = env.get("account.journal", move["journal_id"])["type"]
    applies = {
        "fiscalyear_lock_date": True,
        "hard_lock_date": True,
        "tax_lock_date": taxed,
        "purchase_lock_date": kind == "purchase",
        "sale_lock_date": kind == "sale",
    }
    return sorted(
        (company[name], name) for name, yes in applies.items() if yes and company.get(name) and day <= company[name]
    )


def check_open(env: Environment, move: Record) -> None:
    """Refuse a change of an entry inside a locked period."""
    locks = violated(env, move, move["date"], taxed=is_taxed(env, move))
    if locks:
        shown = " and ".join(f"{LABELS[name]} ({us_date(day)})" for day, name in locks)
        raise user_error(f"You cannot add/modify entries prior to and inclusive of: {shown}.")


def is_taxed(env: Environment, move: Record) -> bool:
    lines = env.store.tables["account.move.line"]
    return any(lines[id]["tax_ids"] or lines[id]["tax_line_id"] for id in move["line_ids"])


def accounting_date(env: Environment, move: Record, day: str, *, taxed: bool) -> str:
    """The day a document of `day` is booked on: late ones at the end of their month, others today at the earliest."""
    locks = violated(env, move, day, taxed=taxed)
    if locks:
        day = (date.fromisoformat(locks[-1][0]) + timedelta(days=1)).isoformat()
    today = env.today
    period = period_of(env, move)
    if move["move_type"] in SALES:
        if not locks:
            return day
        return min(today, f"{day[:4]}-12-31" if period == "year" else _month_end(day))
    if period == "year":
        return f"{day[:4]}-12-31" if today[:4] > day[:4] else max(day, today)
    if period == "never":
        return day
    return _month_end(day) if today[:7] > day[:7] else max(day, today)


def _month_end(day: str) -> str:
    year, month = int(day[:4]), int(day[5:7])
    return f"{day[:8]}{calendar.monthrange(year, month)[1]:02d}"
