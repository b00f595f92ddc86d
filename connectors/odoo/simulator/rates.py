"""At which rate does Odoo convert, on a day, in a company?"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from .environment import Environment

ONE = Decimal(1)


def currency_rate(env: Environment, currency_id: int, company_id: int, day: str) -> Decimal:
    """Units of the currency for one unit of the company's: the last rate up to `day`, else the first after it.

    A currency without any rate converts at 1:1, silently (observed on Odoo 19.0).
    """
    before, after = "", "9999"
    rate_before = rate_after = ONE
    for rate in env.store.tables["res.currency.rate"].values():
        if rate["currency_id"] != currency_id or rate.get("company_id") not in (company_id, False, None):
            continue
        name = rate["name"]
        if before < name <= day:
            before, rate_before = name, rate["rate"]
        elif day < name < after:
            after, rate_after = name, rate["rate"]
    return rate_before if before else rate_after


def conversion_rate(env: Environment, source: int, target: int, company_id: int, day: str) -> Decimal:
    """What one unit of `source` is worth in `target`."""
    if source == target:
        return ONE
    return currency_rate(env, target, company_id, day) / currency_rate(env, source, company_id, day)


def rounded(amount: Decimal, places: Decimal) -> Decimal:
    """Half away from zero to the currency's smallest amount."""
    return amount.quantize(places, rounding=ROUND_HALF_UP)
