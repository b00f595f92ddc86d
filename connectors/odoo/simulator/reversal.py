"""How does Odoo reverse a move?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .access import check_access
from .environment import Environment, Records
from .generic import CREATORS
from .lines import OPEN_TYPES, is_invoice
from .reconcile import match
from .registry import method
from .store import Record
from .values import stored

REVERSED_TYPES = {
    "entry": "entry",
    "in_invoice": "in_refund",
    "in_refund": "in_invoice",
    "out_invoice": "out_refund",
    "out_refund": "out_invoice",
    "in_receipt": "in_refund",
    "out_receipt": "out_refund",
}


def _create_wizards(env: Environment, vals_list: list[Record]) -> list[int]:
    ids = []
    for vals in vals_list:
        record = stored(env, "account.move.reversal", vals)
        if not record.get("move_ids") and env.context.get("active_model") == "account.move":
            record["move_ids"] = list(env.context.get("active_ids") or ())
        moves = env.browse("account.move", record.get("move_ids") or ())
        record.setdefault("company_id", moves[0]["company_id"] if moves else env.company["id"])
        ids.append(env.insert("account.move.reversal", record))
    return ids


CREATORS["account.move.reversal"] = _create_wizards


@method("account.move.reversal", "reverse_moves")
def _reverse_moves(self: Records, is_modify: bool = False) -> dict[str, Any]:
    check_access(self.env, "account.move", "create")
    made: list[int] = []
    for wizard in self.env.browse("account.move.reversal", self.ids):
        day = wizard.get("date") or self.env.today
        made += reverse(self.env, wizard["move_ids"], day, wizard.get("reason") or "", wizard.get("journal_id") or 0)
        self.env.update("account.move.reversal", wizard["id"], {"new_move_ids": made})
    action: dict[str, Any] = {"name": "Reverse Moves", "type": "ir.actions.act_window", "res_model": "account.move"}
    if len(made) == 1:
        kind = self.env.get("account.move", made[0])["move_type"]
        return {**action, "view_mode": "form", "res_id": made[0], "context": {"default_move_type": kind}}
    return {**action, "view_mode": "list,form", "domain": [["id", "in", made]]}


def reverse(env: Environment, ids: Sequence[int], day: str, reason: str, journal: int = 0) -> list[int]:
    """Mirror moves: a reversed entry is posted at once and matched, a reversed bill stays a draft."""
    from .moves import create_moves
    from .posting import post_system

    made = []
    table = env.store.tables["account.move.line"]
    for original in env.browse("account.move", ids):
        lines = [table[id] for id in original["line_ids"]]
        vals: Record = {
            "move_type": REVERSED_TYPES[original["move_type"]],
            "journal_id": journal or original["journal_id"],
            "date": day,
            "ref": f"Reversal of: {original['name']}" + (f", {reason}" if reason else ""),
            "partner_id": original["partner_id"],
            "currency_id": original["currency_id"],
            "reversed_entry_id": original["id"],
        }
        if is_invoice(original):
            vals["invoice_date"] = day
            vals["invoice_line_ids"] = [
                [0, 0, _invoice_line(line)] for line in lines if line["display_type"] == "product"
            ]
        else:
            vals["line_ids"] = [[0, 0, _mirrored(line)] for line in lines]
        [id] = create_moves(env, [vals])
        made.append(id)
        if not is_invoice(original):
            post_system(env, [id])
            _match_mirror(env, original, env.get("account.move", id))
    return made


def _invoice_line(line: Record) -> Record:
    names = ("name", "account_id", "quantity", "price_unit", "discount", "analytic_distribution")
    return {**{name: line[name] for name in names}, "tax_ids": [[6, 0, line["tax_ids"]]]}


def _mirrored(line: Record) -> Record:
    names = ("name", "account_id", "partner_id", "currency_id", "analytic_distribution")
    return {
        **{name: line[name] for name in names},
        "balance": -line["balance"],
        "amount_currency": -line["amount_currency"],
    }


def _match_mirror(env: Environment, original: Record, mirror: Record) -> None:
    table, accounts = env.store.tables["account.move.line"], env.store.tables["account.account"]
    for id, mirrored in zip(original["line_ids"], mirror["line_ids"], strict=False):
        account = accounts[table[id]["account_id"]]
        if (account["reconcile"] or account["account_type"] in OPEN_TYPES) and not table[id]["reconciled"]:
            match(env, [table[id], table[mirrored]])
