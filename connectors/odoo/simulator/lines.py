"""What do the lines of a move amount to: given amounts, invoice totals, tax lines and the payable line?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from .computed import line_label
from .environment import Environment
from .errors import constraint_error, type_error, user_error, value_error
from .rates import ONE, currency_rate, rounded
from .schema import SCHEMA
from .store import Record
from .values import check_link, day, linked, number

ZERO = Decimal(0)
DIRECTIONS = {"in_invoice": 1, "in_receipt": 1, "out_refund": 1, "out_invoice": -1, "out_receipt": -1, "in_refund": -1}
SALES = ("out_invoice", "out_refund", "out_receipt")
OPEN_TYPES = ("asset_cash", "liability_credit_card")
BALANCING = "Automatic Balancing Line"
SIGNS = (
    "The amount expressed in the secondary currency must be positive when account is debited and negative when "
    "account is credited. If the currency is the same as the one from the company, this amount must strictly be "
    "equal to the balance."
)
_FIELDS = SCHEMA["account.move.line"].fields
_PLAIN = ("name", "product_id", "purchase_line_id", "expense_id", "sequence", "matching_number")
_AMOUNTS = {"debit", "credit", "balance", "amount_currency", "currency_id"}


def is_invoice(move: Record) -> bool:
    return move["move_type"] in DIRECTIONS


def new_line(env: Environment, move: Record, **values: Any) -> Record:
    """A line with every stored field at its default."""
    return {
        "move_id": move["id"],
        "account_id": False,
        "partner_id": False,
        "name": False,
        "debit": ZERO,
        "credit": ZERO,
        "balance": ZERO,
        "amount_currency": ZERO,
        "currency_id": move["currency_id"],
        "currency_rate": ONE,
        "quantity": ONE,
        "price_unit": ZERO,
        "discount": ZERO,
        "price_subtotal": ZERO,
        "price_total": ZERO,
        "tax_ids": [],
        "tax_line_id": False,
        "analytic_distribution": False,
        "display_type": "product",
        "date_maturity": False,
        "reconciled": False,
        "amount_residual": ZERO,
        "amount_residual_currency": ZERO,
        "matching_number": False,
        "full_reconcile_id": False,
        "purchase_line_id": False,
        "sequence": 100,
        **values,
    }


def line_from(env: Environment, move: Record, vals: Record, known: Record | None = None) -> Record:
    """The stored form of a line's given values, on top of `known` when it is changed; amounts in company currency."""
    for name in vals:
        if name not in _FIELDS:
            raise value_error(f"Invalid field '{name}' on model 'account.move.line'")
    line = dict(known) if known else new_line(env, move)
    for name in _PLAIN:
        if name in vals:
            line[name] = vals[name] if vals[name] is not None else False
    if "account_id" in vals:
        line["account_id"] = vals["account_id"] or False
    if "display_type" in vals:
        line["display_type"] = vals["display_type"] or "product"
    if "date_maturity" in vals:
        line["date_maturity"] = day(vals["date_maturity"])
    if "tax_ids" in vals:
        line["tax_ids"] = linked(vals["tax_ids"], line["tax_ids"])
        for tax in line["tax_ids"]:
            env.get("account.tax", tax)
    if "analytic_distribution" in vals:
        line["analytic_distribution"] = distribution(env, vals["analytic_distribution"])
    if "partner_id" in vals:
        line["partner_id"] = vals["partner_id"] or False
        check_link(env, "account.move.line", "partner_id", line["partner_id"])
    elif known is None:
        line["partner_id"] = move["commercial_partner_id"]
    if vals.get("currency_id"):
        env.get("res.currency", vals["currency_id"])
        line["currency_id"] = vals["currency_id"]
    for name in ("quantity", "price_unit", "discount"):
        if name in vals:
            line[name] = number(vals[name])
    if is_invoice(move):
        if known is None and not line["account_id"] and line["display_type"] == "product":
            line["account_id"] = env.get("account.journal", move["journal_id"]).get("default_account_id") or False
    elif known is None or not _AMOUNTS.isdisjoint(vals):
        _entry_amounts(env, move, line, vals)
    _check_account(env, move, line)
    return line


def distribution(env: Environment, value: Any) -> Any:
    """An analytic distribution with its shares rounded to two places; ids are not looked at (observed on 19.0)."""
    if not value:
        return False
    shares = {}
    for key, share in value.items():
        if isinstance(share, str):
            raise type_error("can't multiply sequence by non-int of type 'float'")
        shares[str(key)] = rounded(number(share), env.switches.analytic_digits)
    return shares


def _entry_amounts(env: Environment, move: Record, line: Record, vals: Record) -> None:
    company = env.store.tables["res.company"][move["company_id"]]
    own = company["currency_id"]
    places = env.currency_places(own)
    balance: Decimal | None = None
    if "balance" in vals:
        balance = number(vals["balance"])
    elif "debit" in vals or "credit" in vals:
        balance = number(vals.get("debit") or 0) - number(vals.get("credit") or 0)
    currency = line["currency_id"]
    foreign = currency != own
    rate = currency_rate(env, currency, company["id"], move["date"]) if foreign else ONE
    given = number(vals["amount_currency"]) if vals.get("amount_currency") is not None else None
    if balance is None:
        balance = given / rate if given is not None else ZERO
    balance = rounded(balance, places)
    line["currency_rate"] = rate
    if not foreign:
        set_amounts(env, line, balance, balance)
        return
    amount = rounded(given, env.currency_places(currency)) if given is not None else ZERO
    if balance * amount < 0:
        raise constraint_error(SIGNS)
    set_amounts(env, line, balance, amount)


def set_amounts(env: Environment, line: Record, balance: Decimal, amount_currency: Decimal) -> None:
    """Give a line its balance in both currencies and what of it is open."""
    line["balance"] = balance
    line["amount_currency"] = amount_currency
    line["debit"] = balance if balance > 0 else ZERO
    line["credit"] = -balance if balance < 0 else ZERO
    line["price_subtotal"] = line["price_total"] = amount_currency
    account = env.store.tables["account.account"].get(line["account_id"])
    if account is not None and (account["reconcile"] or account["account_type"] in OPEN_TYPES):
        line["amount_residual"] = balance
        line["amount_residual_currency"] = amount_currency
    else:
        line["amount_residual"] = line["amount_residual_currency"] = ZERO


def _check_account(env: Environment, move: Record, line: Record) -> None:
    if line["display_type"] in ("line_section", "line_subsection", "line_note"):
        return
    if not line["account_id"]:
        raise constraint_error("Missing required account on accountable line.")
    check_link(env, "account.move.line", "account_id", line["account_id"])
    account = env.store.tables["account.account"][line["account_id"]]
    if move["company_id"] not in account["company_ids"]:
        raise crossover(line_label(env, {**line, "move_id": move["id"]}), env, move["company_id"], account["name"])


def crossover(label: str, env: Environment, company: int, account: str) -> Exception:
    name = env.store.tables["res.company"][company]["name"]
    return user_error(
        "Uh-oh! You’ve got some company inconsistencies here:\n"  # noqa: RUF001  Odoo's own words
        f"- “{label}” belongs to company “{name}” while “Account” (account_id: '{account}') belongs to another "
        "company.\n"
        "To avoid a mess, no company crossover is allowed!"
    )
