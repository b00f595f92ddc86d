"""What does the register-payment wizard make of one or several bills?"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from .access import check_access
from .environment import Environment, Records
from .errors import user_error
from .generic import CREATORS
from .lines import ZERO
from .payments import create_payments, post_payment
from .rates import conversion_rate, rounded
from .reconcile import match
from .registry import method
from .store import Record
from .values import stored

WRONG_CALL = "The register payment wizard should only be called on account.move or account.move.line records."
NOTHING_LEFT = (
    "There's nothing left to pay for the selected journal items, so no payment registration is necessary. You've got "
    "your finances under control like a boss!"
)
OPEN_ACCOUNTS = ("asset_receivable", "liability_payable")


def _create_wizards(env: Environment, vals_list: list[Record]) -> list[int]:
    return [_create_wizard(env, vals) for vals in vals_list]


def _create_wizard(env: Environment, vals: Record) -> int:
    lines = _open_lines(env)
    if not lines:
        raise user_error(NOTHING_LEFT)
    record = {
        "payment_date": env.today,
        "communication": False,
        "journal_id": False,
        "payment_difference_handling": "open",
        "installments_mode": "full",
        "writeoff_account_id": False,
        "writeoff_label": "Write-Off",
        **stored(env, "account.payment.register", vals),
    }
    moves = {line["move_id"] for line in lines}
    record.setdefault("group_payment", len(moves) == 1)
    company = env.get("account.move", lines[0]["move_id"])["company_id"]
    currency = record.get("currency_id") or lines[0]["currency_id"]
    open_amount = _open_amount(env, lines, currency, company, record["payment_date"])
    outbound = sum((line["balance"] for line in lines), ZERO) < 0
    record.update(
        line_ids=[line["id"] for line in lines],
        company_id=company,
        currency_id=currency,
        payment_type="outbound" if outbound else "inbound",
        partner_type="supplier" if _account_type(env, lines[0]) == "liability_payable" else "customer",
        partner_id=lines[0]["partner_id"],
    )
    if not record.get("journal_id"):
        record["journal_id"] = next(
            one["id"]
            for one in env.store.tables["account.journal"].values()
            if one["company_id"] == company and one["type"] == "bank"
        )
    record["amount"] = record["amount"] if "amount" in vals else open_amount
    record["custom_amount"] = "amount" in vals
    record["payment_difference"] = open_amount - record["amount"]
    return env.insert("account.payment.register", record)


def _open_lines(env: Environment) -> list[Record]:
    ids, kind = list(env.context.get("active_ids") or ()), env.context.get("active_model")
    table = env.store.tables["account.move.line"]
    if kind == "account.move":
        chosen = [table[line] for id in ids for line in env.get("account.move", id)["line_ids"]]
    elif kind == "account.move.line":
        chosen = env.browse("account.move.line", ids)
    else:
        raise user_error(WRONG_CALL)
    return [
        line
        for line in chosen
        if _account_type(env, line) in OPEN_ACCOUNTS and not line["reconciled"] and line["amount_residual"] != 0
    ]


def _account_type(env: Environment, line: Record) -> str:
    account = env.find("account.account", line["account_id"])
    return str(account["account_type"]) if account else ""


def _open_amount(env: Environment, lines: Iterable[Record], currency: int, company: int, day: str) -> Decimal:
    total = ZERO
    for line in lines:
        if line["currency_id"] == currency:
            total += line["amount_residual_currency"]
            continue
        own = env.get("res.company", company)["currency_id"]
        total += rounded(
            line["amount_residual"] * conversion_rate(env, own, currency, company, day), env.currency_places(currency)
        )
    return abs(total)


@method("account.payment.register", "action_create_payments")
def _action_create_payments(self: Records) -> dict[str, Any]:
    env = self.env
    check_access(env, "account.payment", "create")
    made: list[int] = []
    for wizard in env.browse("account.payment.register", self.ids):
        lines = [line for line in env.browse("account.move.line", wizard["line_ids"]) if not line["reconciled"]]
        if not lines:
            raise user_error(NOTHING_LEFT)
        batches = _batches(wizard, lines)
        made += [_pay(env, wizard, batch, alone=len(batches) == 1) for batch in batches]
    action: dict[str, Any] = {
        "name": "Payments",
        "type": "ir.actions.act_window",
        "res_model": "account.payment",
        "context": {"create": False},
    }
    if len(made) == 1:
        return {**action, "view_mode": "form", "res_id": made[0]}
    return {**action, "view_mode": "list,form", "domain": [["id", "in", made]]}


def _batches(wizard: Record, lines: list[Record]) -> list[list[Record]]:
    groups: dict[Any, list[Record]] = {}
    for line in lines:
        key: tuple[Any, ...] = (line["partner_id"], line["account_id"], line["currency_id"])
        if not wizard["group_payment"]:
            key = (*key, line["move_id"])
        groups.setdefault(key, []).append(line)
    return list(groups.values())


def _pay(env: Environment, wizard: Record, lines: list[Record], *, alone: bool) -> int:
    """Create, post and reconcile one payment for lines of one partner."""
    company, currency = wizard["company_id"], wizard["currency_id"] if alone else lines[0]["currency_id"]
    open_amount = _open_amount(env, lines, currency, company, wizard["payment_date"])
    amount = wizard["amount"] if alone else open_amount
    moves = env.browse("account.move", dict.fromkeys(line["move_id"] for line in lines))
    memo = wizard["communication"] if alone or wizard["group_payment"] else False
    memo = memo or ", ".join(move["payment_reference"] or move["ref"] or move["name"] for move in moves)
    [id] = create_payments(
        env,
        [
            {
                "payment_type": wizard["payment_type"],
                "partner_type": wizard["partner_type"],
                "partner_id": lines[0]["partner_id"],
                "amount": amount,
                "currency_id": currency,
                "date": wizard["payment_date"],
                "journal_id": wizard["journal_id"],
                "memo": memo,
                "destination_account_id": lines[0]["account_id"],
            }
        ],
    )
    write_off = None
    difference = open_amount - amount
    if alone and difference and wizard["payment_difference_handling"] == "reconcile":
        write_off = (wizard["writeoff_account_id"], wizard["writeoff_label"], difference)
    payment = post_payment(env, id, write_off)
    env.update("account.payment", id, {"invoice_ids": [move["id"] for move in moves]})
    entry = env.get("account.move", payment["move_id"])
    table = env.store.tables["account.move.line"]
    own = [table[line] for line in entry["line_ids"] if table[line]["account_id"] == lines[0]["account_id"]]
    match(env, [*own, *lines])
    for move in moves:
        env.update("account.move", move["id"], {"matched_payment_ids": [id, *move["matched_payment_ids"]]})
    return id


CREATORS["account.payment.register"] = _create_wizards
