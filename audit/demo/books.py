"""What do the demo company's books hold before the first record comes? Accounts, journals, partners, rates and a lock.

Everything goes through Odoo's own API with an administrator's key, so that the simulator and a real Odoo are set up
alike. Looked up before it is made: running it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from connectors.brex.simulator.company import EMPLOYEES, VENDORS
from connectors.odoo.client import OdooClient

NEW_ACCOUNTS = (
    ("110600", "Employee receivables", "asset_current", True),
    ("201110", "Brex card EUR", "liability_credit_card", False),
    ("201120", "Brex card JPY", "liability_credit_card", False),
    ("101410", "Brex cash, Operating", "asset_cash", False),
    ("101411", "Brex cash, Treasury reserve", "asset_cash", False),
)
CREATED_BY_US = ("Summit Trade Shows", "Kanzlei Hofmann")  # not in the ledger: made when a bill first names them
JPY_PER_USD = Decimal("151.5")
JPY_PER_EUR = Decimal("163.2")
COMPANY_NAMES = {"US": "Cascade Robotics Inc", "EU": "Cascade Robotics GmbH"}


def books_prepare(
    admin: OdooClient, companies: Mapping[str, str], *, lock_until: date, today: date
) -> Mapping[str, int]:
    """Make both companies' books ready; answers how many things were made, by model. Writes with the admin's key."""
    made: dict[str, int] = {}
    home = companies["US"]
    for company in companies.values():
        for code, name, kind, reconcile in NEW_ACCOUNTS:
            _ensure(
                admin, made, company, "account.account", [["code", "=", code]],
                {"code": code, "name": name, "account_type": kind, "reconcile": reconcile},
            )  # fmt: skip
        card = _account(admin, company, "201100" if company == home else "201110")
        journal = _ensure(
            admin, made, company, "account.journal", [["code", "=", "BRXC"]],
            {"name": "Brex card payments", "code": "BRXC", "type": "bank", "company_id": int(company)},
        )  # fmt: skip
        _money_account(admin, company, journal, card)
        _ensure(
            admin, made, company, "account.journal", [["code", "=", "BREX"]],
            {"name": "Brex", "code": "BREX", "type": "general", "company_id": int(company)},
        )  # fmt: skip
        bank = admin.call(
            "account.journal", "search", company=company, domain=[["code", "=", "BNK1"]], order="id", limit=1
        )  # fmt: skip
        _money_account(admin, company, int(bank[0]), _account(admin, company, "101404"))
        _rate(admin, made, company, "JPY", JPY_PER_USD if company == home else JPY_PER_EUR, today)
        admin.call(
            "res.company", "write", company=company, ids=[int(company)], writes=True,
            vals={"fiscalyear_lock_date": lock_until.isoformat()},
        )  # fmt: skip
    for first, last, *_ in EMPLOYEES:
        email = f"{first}.{last}@cascade.test".lower().replace("ü", "u")
        _ensure(
            admin, made, home, "res.partner", [["email", "=", email]],
            {"name": f"{first} {last}", "email": email, "is_company": False, "supplier_rank": 1},
        )  # fmt: skip
    for name, *_ in VENDORS:
        if name not in CREATED_BY_US:
            _ensure(
                admin, made, home, "res.partner", [["name", "=", name]],
                {"name": name, "is_company": True, "supplier_rank": 1},
            )  # fmt: skip
    return made


def company_names_set(admin: OdooClient, companies: Mapping[str, str]) -> None:
    """Call the companies of a simulated Odoo as Brex calls them. A real one keeps its names."""
    for key, company in companies.items():
        vals = {"name": COMPANY_NAMES[key]}
        admin.call("res.company", "write", company=company, ids=[int(company)], writes=True, vals=vals)


@contextmanager
def locks_kept(admin: OdooClient, companies: Mapping[str, str]) -> Iterator[None]:
    """Put the companies' lock dates back as they were when the block ends: the demo locks a month of them."""
    ids = [int(company) for company in companies.values()]
    before = admin.call("res.company", "read", ids=ids, fields=["fiscalyear_lock_date"])
    try:
        yield
    finally:
        for row in before:
            vals = {"fiscalyear_lock_date": row["fiscalyear_lock_date"]}
            admin.call("res.company", "write", company=str(row["id"]), ids=[row["id"]], writes=True, vals=vals)


def _ensure(
    admin: OdooClient, made: dict[str, int], company: str, model: str, domain: list[Any], vals: dict[str, Any]
) -> int:
    found = admin.call(model, "search", company=company, domain=domain, order="id", limit=1)
    if found:
        return int(found[0])
    made[model] = made.get(model, 0) + 1
    answer = admin.call(model, "create", company=company, writes=True, vals_list=[vals])
    return int(answer[0])


def _account(admin: OdooClient, company: str, code: str) -> int:
    found = admin.call("account.account", "search", company=company, domain=[["code", "=", code]], order="id", limit=1)
    return int(found[0])


def _money_account(admin: OdooClient, company: str, journal: int, account: int) -> None:
    """Payments of this journal book to this account, both ways."""
    lines = admin.call(
        "account.payment.method.line", "search", company=company, domain=[["journal_id", "=", journal]], order="id"
    )
    if lines:
        admin.call(
            "account.payment.method.line", "write", company=company, ids=list(lines), writes=True,
            vals={"payment_account_id": account},
        )  # fmt: skip


def _rate(admin: OdooClient, made: dict[str, int], company: str, currency: str, rate: Decimal, today: date) -> None:
    """An active currency with one rate, old enough for everything the demo posts."""
    found = admin.call(
        "res.currency", "search", company=company, domain=[["name", "=", currency]], order="id", limit=1,
        context={"active_test": False},
    )  # fmt: skip
    admin.call("res.currency", "write", company=company, ids=[int(found[0])], writes=True, vals={"active": True})
    day = (today - timedelta(days=366)).isoformat()
    _ensure(
        admin, made, company, "res.currency.rate",
        [["currency_id", "=", int(found[0])], ["name", "=", day], ["company_id", "=", int(company)]],
        {"currency_id": int(found[0]), "name": day, "rate": rate, "company_id": int(company)},
    )  # fmt: skip
