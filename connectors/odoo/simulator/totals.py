"""How does Odoo complete a move: invoice amounts, tax lines, the payable line, the balancing line, the totals?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Any

from .computed import partner_account
from .environment import Environment
from .errors import user_error
from .lines import BALANCING, DIRECTIONS, SALES, ZERO, is_invoice, new_line, set_amounts
from .rates import ONE, currency_rate, rounded
from .store import Record

TERM_DAYS = {1: 0, 2: 15, 3: 21, 4: 30, 5: 45}


def complete(env: Environment, move: Record) -> None:
    """Bring computed lines and totals in line with the given lines."""
    lines = [env.store.tables["account.move.line"][id] for id in move["line_ids"]]
    if is_invoice(move):
        _complete_invoice(env, move, lines)
    else:
        taxed = any(line["tax_ids"] for line in lines)
        if taxed or any(line["display_type"] == "tax" for line in lines):
            _complete_taxed_entry(env, move, lines, taxed=taxed)
        _entry_totals(env, move)


def _entry_totals(env: Environment, move: Record) -> None:
    total = foreign = ZERO
    currencies = set()
    table = env.store.tables["account.move.line"]
    for id in move["line_ids"]:
        line = table[id]
        currencies.add(line["currency_id"])
        total += line["debit"]
        if line["amount_currency"] > 0:
            foreign += line["amount_currency"]
    env.store.update(
        "account.move",
        move["id"],
        {
            "amount_total": foreign if len(currencies) == 1 else total,
            "amount_total_signed": total,
        },
    )


def unbalanced(env: Environment, moves: Iterable[Record]) -> list[Record]:
    table = env.store.tables["account.move.line"]
    return [move for move in moves if sum((table[id]["balance"] for id in move["line_ids"]), ZERO) != 0]


def check_balanced(env: Environment, moves: Iterable[Record]) -> None:
    wrong = unbalanced(env, moves)
    if len(wrong) == 1:
        raise user_error("The entry is not balanced.")
    if wrong:
        listed = "".join(f"  - {move['name']}\n" for move in wrong)
        raise user_error(f"The following entries are unbalanced:\n\n{listed}")


def _complete_taxed_entry(env: Environment, move: Record, lines: list[Record], *, taxed: bool) -> None:
    """Add the tax of entry lines, and a line on the suspense account when that leaves the entry unbalanced."""
    company = env.store.tables["res.company"][move["company_id"]]
    places = env.currency_places(company["currency_id"])
    amounts = _taxes(env, [(line, line["balance"], line["amount_currency"]) for line in lines if line["tax_ids"]])
    wanted = [(key, rounded(balance, places), rounded(amount, places)) for key, balance, amount in amounts]
    _replace_tax_lines(env, move, lines, wanted)
    table = env.store.tables["account.move.line"]
    balancing = next((line for line in lines if line["name"] == BALANCING), None)
    rest = sum((table[id]["balance"] for id in move["line_ids"] if not balancing or id != balancing["id"]), ZERO)
    if balancing is None and rest == 0:
        return
    if balancing is not None:
        changes = dict(balancing)
        set_amounts(env, changes, -rest, -rest)
        env.store.update("account.move.line", balancing["id"], changes)
    elif taxed:
        journal = env.get("account.journal", move["journal_id"])
        account = journal.get("default_account_id") or company["account_journal_suspense_account_id"]
        line = new_line(env, move, name=BALANCING, account_id=account)
        set_amounts(env, line, -rest, -rest)
        _add(env, move, line)


def _taxes(env: Environment, bases: Iterable[tuple[Record, Decimal, Decimal]]) -> list[tuple[Any, Decimal, Decimal]]:
    """Tax on unrounded bases, one amount a tax and account, as `round_globally` adds up."""
    found: dict[tuple[int, int], list[Decimal]] = {}
    for line, balance, amount in bases:
        for tax_id in line["tax_ids"]:
            tax = env.get("account.tax", tax_id)
            if not tax["amount"]:
                continue
            key = (tax_id, tax["account"] or line["account_id"])
            sums = found.setdefault(key, [ZERO, ZERO])
            sums[0] += balance * tax["amount"] / 100
            sums[1] += amount * tax["amount"] / 100
    return [(key, sums[0], sums[1]) for key, sums in found.items()]


def _replace_tax_lines(
    env: Environment, move: Record, lines: list[Record], wanted: list[tuple[Any, Decimal, Decimal]]
) -> None:
    known = {(line["tax_line_id"], line["account_id"]): line for line in lines if line["display_type"] == "tax"}
    for key, balance, amount in wanted:
        line = known.pop(key, None)
        if line is None:
            tax_id, account = key
            name = env.get("account.tax", tax_id)["name"]
            line = new_line(
                env,
                move,
                name=name,
                account_id=account,
                tax_line_id=tax_id,
                display_type="tax",
                quantity=ZERO,
                partner_id=move["commercial_partner_id"],
            )
            set_amounts(env, line, balance, amount)
            line["price_subtotal"] = line["price_total"] = ZERO
            _add(env, move, line)
        else:
            changes = dict(line)
            set_amounts(env, changes, balance, amount)
            changes["price_subtotal"] = changes["price_total"] = ZERO
            env.store.update("account.move.line", line["id"], changes)
    for line in known.values():
        drop_line(env, move, line["id"])


def _complete_invoice(env: Environment, move: Record, lines: list[Record]) -> None:
    direction = DIRECTIONS[move["move_type"]]
    company = env.store.tables["res.company"][move["company_id"]]
    own, currency = company["currency_id"], move["currency_id"]
    places, own_places = env.currency_places(currency), env.currency_places(own)
    rate = ONE
    if currency != own:
        # A rate that was sent stays until the day or the currency is written (observed on Odoo 19.0).
        rate = move["invoice_currency_rate"] or currency_rate(
            env, currency, company["id"], move["invoice_date"] or move["date"]
        )
    untaxed = untaxed_balance = ZERO
    bases = []
    products = [line for line in lines if line["display_type"] == "product"]
    raws = [line["price_unit"] * line["quantity"] * (1 - line["discount"] / 100) * direction for line in products]
    amounts = [rounded(raw, places) for raw in raws]
    balances = amounts if rate == ONE else _spread([amount / rate for amount in amounts], own_places)
    for line, raw, amount, balance in zip(products, raws, amounts, balances, strict=True):
        changes = {**line, "currency_id": currency, "currency_rate": rate, "partner_id": move["commercial_partner_id"]}
        set_amounts(env, changes, balance, amount)
        taxed = sum(
            (rounded(raw * env.get("account.tax", tax)["amount"] / 100, places) for tax in line["tax_ids"]), ZERO
        )
        changes["price_subtotal"] = direction * amount
        changes["price_total"] = direction * (amount + taxed)
        env.store.update("account.move.line", line["id"], changes)
        untaxed += amount
        untaxed_balance += balance
        if line["tax_ids"]:
            bases.append((changes, raw / rate, raw))
    wanted = [(key, rounded(b, own_places), rounded(a, places)) for key, b, a in _taxes(env, bases)]
    _replace_tax_lines(env, move, lines, wanted)
    tax = sum((amount for _, _, amount in wanted), ZERO)
    tax_balance = sum((balance for _, balance, _ in wanted), ZERO)
    _payable_line(env, move, lines, untaxed_balance + tax_balance, untaxed + tax)
    env.store.update(
        "account.move",
        move["id"],
        {
            "amount_untaxed": direction * untaxed,
            "amount_tax": direction * tax,
            "amount_total": direction * (untaxed + tax),
            "amount_residual": direction * (untaxed + tax),
            "invoice_currency_rate": rate,
            "amount_untaxed_signed": -untaxed_balance,
            "amount_tax_signed": -tax_balance,
            "amount_total_signed": -(untaxed_balance + tax_balance),
            "amount_residual_signed": -(untaxed_balance + tax_balance),
        },
    )


def _spread(exact: list[Decimal], places: Decimal) -> list[Decimal]:
    """Rounded parts that sum to the rounded total: what is over or missing goes to the largest parts, each at most
    its share of it rounded up, the earlier first (observed on Odoo 19.0)."""
    parts = [rounded(one, places) for one in exact]
    difference = rounded(sum(exact, ZERO), places) - sum(parts, ZERO)
    units = left = int(abs(difference) / places)
    whole = sum((abs(one) for one in exact), ZERO)
    for index in sorted(range(len(exact)), key=lambda index: -abs(exact[index])):
        if not left:
            break
        share = min(left, int((abs(exact[index]) / whole * units).to_integral_value(ROUND_CEILING)))
        parts[index] += places * share * (1 if difference > 0 else -1)
        left -= share
    return parts


def _payable_line(env: Environment, move: Record, lines: list[Record], balance: Decimal, amount: Decimal) -> None:
    term = next((line for line in lines if line["display_type"] == "payment_term"), None)
    if not any(line["display_type"] in ("product", "tax") for line in lines):
        if term is not None:
            drop_line(env, move, term["id"])
        return
    side = "receivable" if move["move_type"] in SALES else "payable"
    partner = env.find("res.partner", move["partner_id"]) or {}
    account = partner_account(env, partner, side, move["company_id"])
    values: Record = {
        "name": move["payment_reference"] or move["ref"] or False,
        "date_maturity": move["invoice_date_due"],
        "partner_id": move["commercial_partner_id"],
        "currency_id": move["currency_id"],
        "currency_rate": move["invoice_currency_rate"] or ONE,
    }
    if term is None:
        line = new_line(env, move, **values, account_id=account, display_type="payment_term", quantity=ZERO)
        set_amounts(env, line, -balance, -amount)
        line["price_subtotal"] = line["price_total"] = ZERO
        _add(env, move, line)
        return
    changes = {**term, **values}
    set_amounts(env, changes, -balance, -amount)
    changes["price_subtotal"] = changes["price_total"] = ZERO
    env.store.update("account.move.line", term["id"], changes)


def due_date(env: Environment, move: Record) -> str:
    """The due date of a move without one: by its payment term, else today (and not its invoice date)."""
    term = move.get("invoice_payment_term_id")
    if term in TERM_DAYS and move.get("invoice_date"):
        return (date.fromisoformat(move["invoice_date"]) + timedelta(days=TERM_DAYS[term])).isoformat()
    return env.today


def _add(env: Environment, move: Record, line: Record) -> None:
    id = env.insert("account.move.line", line)
    env.store.update("account.move", move["id"], {"line_ids": [*move["line_ids"], id]})


def drop_line(env: Environment, move: Record, id: int) -> None:
    env.store.remove("account.move.line", id)
    env.store.update("account.move", move["id"], {"line_ids": [one for one in move["line_ids"] if one != id]})
