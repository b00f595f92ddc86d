"""How are moves created, changed and deleted over the API?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .access import readable, rule_error
from .environment import Environment
from .errors import missing_value, user_error, value_error
from .generic import CREATORS, REMOVERS, WRITERS
from .lines import SALES, ZERO, is_invoice, line_from
from .locks import accounting_date, check_open
from .reconcile import unreconcile
from .schema import SCHEMA, SELECTIONS
from .store import Record
from .totals import check_balanced, complete, drop_line, due_date
from .values import day, linked, number, stored

PURCHASES = ("in_invoice", "in_refund", "in_receipt")
READONLY_WHEN_POSTED = {
    "invoice_line_ids",
    "line_ids",
    "invoice_date",
    "date",
    "partner_id",
    "invoice_payment_term_id",
    "currency_id",
}
_LINE_FIELDS = ("line_ids", "invoice_line_ids")
_FIELDS = SCHEMA["account.move"].fields
_TYPES = SELECTIONS["account.move", "move_type"]
# Written, even unchanged, these let Odoo look its own rate up again (observed on Odoo 19.0).
_MOVES_RATE = {"invoice_date", "currency_id", "company_id", "journal_id", "move_type"}
_TEXTS = ("ref", "payment_reference", "invoice_origin", "narration")


def create_moves(env: Environment, vals_list: list[Record]) -> list[int]:
    """Drafts in the order given, all or none; unbalanced ones are refused together."""
    moves = [_create_move(env, vals) for vals in vals_list]
    check_balanced(env, moves)
    return [move["id"] for move in moves]


def _create_move(env: Environment, vals: Record) -> Record:
    for name in vals:
        if name not in _FIELDS:
            raise value_error(f"Invalid field '{name}' in 'account.move'")
    if vals.get("state") == "posted":
        raise user_error(
            "You cannot create a move already in the posted state. Please create a draft move and post it after."
        )
    kind = vals.get("move_type") or "entry"
    if kind not in _TYPES:
        raise value_error(f"Wrong value for account.move.move_type: {kind!r}")
    journal = _journal(env, kind, vals.get("journal_id"))
    company = env.store.tables["res.company"][journal["company_id"]]
    if vals.get("company_id") and vals["company_id"] != company["id"]:
        raise user_error(_journal_crossover(env, vals, journal))
    partner = env.get("res.partner", vals["partner_id"]) if vals.get("partner_id") else None
    currency = vals.get("currency_id")
    if currency:
        env.get("res.currency", currency)
    invoice_date = day(vals.get("invoice_date"))
    if "date" in vals and not vals["date"]:
        raise missing_value("Journal Entry", "account.move", "Date", "date")
    move: Record = {
        "name": vals.get("name") if vals.get("name") not in ("/", None) else False,
        "state": "draft",
        "move_type": kind,
        "date": day(vals.get("date")) or env.today,
        "invoice_date": invoice_date,
        "invoice_date_due": day(vals.get("invoice_date_due")),
        "partner_id": vals.get("partner_id") or False,
        "commercial_partner_id": (partner.get("commercial_partner_id") or partner["id"]) if partner else False,
        "company_id": company["id"],
        "journal_id": journal["id"],
        "currency_id": currency or journal.get("currency_id") or company["currency_id"],
        "invoice_currency_rate": number(vals.get("invoice_currency_rate") or 0),
        "line_ids": [],
        "amount_untaxed": ZERO,
        "amount_tax": ZERO,
        "amount_total": ZERO,
        "amount_residual": ZERO,
        "amount_untaxed_signed": ZERO,
        "amount_tax_signed": ZERO,
        "amount_total_signed": ZERO,
        "amount_residual_signed": ZERO,
        "payment_state": "not_paid",
        "auto_post": vals.get("auto_post") or "no",
        "checked": False,
        "posted_before": False,
        "matched_payment_ids": [],
        "inalterable_hash": False,
        "invoice_payment_term_id": vals.get("invoice_payment_term_id") or False,
        "origin_payment_id": vals.get("origin_payment_id") or False,
        "reversed_entry_id": vals.get("reversed_entry_id") or False,
        "invoice_user_id": env.uid,
    }
    for name in _TEXTS:
        move[name] = vals.get(name) or False
    move["invoice_date_due"] = move["invoice_date_due"] or due_date(env, move)
    env.insert("account.move", move)
    allowed = readable(env, "account.move")
    if allowed is not None and not allowed(move):
        raise rule_error(env, "account.move", "create", [move])
    for name in _LINE_FIELDS:
        if vals.get(name):
            apply_lines(env, move, vals[name])
    if kind in PURCHASES and invoice_date:
        _set_accounting_date(env, move, given=bool(vals.get("date")))
    complete(env, move)
    return move


def _set_accounting_date(env: Environment, move: Record, *, given: bool) -> None:
    """A bill without an explicit date is booked where Odoo thinks right, which is not its invoice date."""
    if not given:
        taxed = any(env.store.tables["account.move.line"][id]["tax_ids"] for id in move["line_ids"])
        env.store.update(
            "account.move", move["id"], {"date": accounting_date(env, move, move["invoice_date"], taxed=taxed)}
        )


def _journal(env: Environment, kind: str, wanted: Any) -> Record:
    if wanted:
        return env.get("account.journal", wanted)
    journal_type = "general" if kind == "entry" else "purchase" if kind in PURCHASES else "sale"
    for journal in env.store.tables["account.journal"].values():
        if journal["company_id"] == env.company["id"] and journal["type"] == journal_type and journal["active"]:
            return journal
    raise user_error(
        f"No journal could be found in company {env.company['name']} for any of those types: {journal_type}"
    )


def _journal_crossover(env: Environment, vals: Record, journal: Record) -> str:
    company = env.get("res.company", vals["company_id"])["name"]
    label = f"({vals['ref']})" if vals.get("ref") else ""
    return (
        "Uh-oh! You’ve got some company inconsistencies here:\n"  # noqa: RUF001  Odoo's own words
        f"- “Draft Entry {label}” belongs to company “{company}” while “Journal” (journal_id: '{journal['name']}') "
        "belongs to another company.\nTo avoid a mess, no company crossover is allowed!"
    )


def apply_lines(env: Environment, move: Record, commands: Any) -> list[int]:
    """Run the commands of a line field; returns the ids of the lines they made."""
    made = []
    lines = env.store.tables["account.move.line"]
    for command in commands:
        code, id, *rest = [*command, 0, 0][:3]
        if code == 0:
            line = line_from(env, move, rest[0])
            line["move_id"] = move["id"]
            made.append(env.insert("account.move.line", line))
            env.store.update("account.move", move["id"], {"line_ids": [*move["line_ids"], made[-1]]})
        elif code == 1:
            known = env.get("account.move.line", id)
            env.update("account.move.line", id, line_from(env, move, rest[0], known))
        elif code in (2, 3):
            drop_line(env, move, id)
        elif code in (5, 6):
            keep = set(rest[0] or ()) if code == 6 else set()
            for old in [one for one in move["line_ids"] if one not in keep]:
                if lines[old]["display_type"] in ("product", "line_section", "line_note"):
                    drop_line(env, move, old)
    return made


def write_moves(env: Environment, ids: Sequence[int], vals: Record) -> None:
    """Change moves; posted ones refuse what would change their books."""
    for name in vals:
        if name not in _FIELDS:
            raise value_error(f"Invalid field '{name}' in 'account.move'")
    moves = [env.get("account.move", id) for id in ids]
    for move in moves:
        readonly = [name for name in vals if name in READONLY_WHEN_POSTED]
        if move["state"] == "posted" and readonly:
            raise user_error(f"You cannot modify the following readonly fields on a posted move: {', '.join(readonly)}")
        if move["posted_before"] and vals.get("journal_id", move["journal_id"]) != move["journal_id"]:
            raise user_error(
                "You cannot edit the journal of an account move if it has been posted once, unless the name is removed "
                'or set to "/". This might create a gap in the sequence.'
            )
    for move in moves:
        _write_move(env, move, vals)
    check_balanced(env, moves)


def _write_move(env: Environment, move: Record, vals: Record) -> None:
    changes = stored(env, "account.move", {key: value for key, value in vals.items() if key not in _LINE_FIELDS}, move)
    if changes.pop("state", "posted") not in ("posted", move["state"]):
        raise user_error("You cannot change the state of a journal entry directly.")
    if "partner_id" in changes:
        partner = env.get("res.partner", changes["partner_id"]) if changes["partner_id"] else {}
        changes["commercial_partner_id"] = partner.get("commercial_partner_id") or changes["partner_id"]
    if changes.get("journal_id"):
        journal = env.get("account.journal", changes["journal_id"])
        changes["company_id"] = journal["company_id"]
    if "matched_payment_ids" in changes:
        changes["matched_payment_ids"] = linked(vals["matched_payment_ids"], move["matched_payment_ids"])
    if not _MOVES_RATE.isdisjoint(vals):
        changes.setdefault("invoice_currency_rate", ZERO)
    env.update("account.move", move["id"], changes)
    if move["state"] == "posted":
        return
    for name in _LINE_FIELDS:
        if vals.get(name):
            apply_lines(env, move, vals[name])
    if is_invoice(move) and "invoice_date" in vals and move["move_type"] not in SALES and move["invoice_date"]:
        _set_accounting_date(env, move, given="date" in vals)
    complete(env, move)


def unlink_moves(env: Environment, ids: Sequence[int]) -> None:
    """Delete drafts and cancelled moves with their lines and external ids."""
    for id in ids:
        move = env.get("account.move", id)
        if move["inalterable_hash"]:
            raise user_error("You cannot delete journal items belonging to a locked journal entry.")
        if move["state"] == "posted":
            check_open(env, move)
            raise user_error(
                "You can't delete a posted journal item. Don’t play games with your accounting records; reset the "  # noqa: RUF001
                "journal entry to draft before deleting it."
            )
        unreconcile(env, move["line_ids"])
        for line in move["line_ids"]:
            env.store.remove("account.move.line", line)
        env.store.remove("account.move", id)


def write_lines(env: Environment, ids: Sequence[int], vals: Record) -> None:
    """Change lines directly: accepted on posted entries too, as long as they stay balanced."""
    moves = {}
    for id in ids:
        line = env.get("account.move.line", id)
        move = env.get("account.move", line["move_id"])
        if move["inalterable_hash"]:
            labels = [_LINE_LABELS[name] for name in vals if name in _LINE_LABELS]
            if labels:
                raise user_error(
                    f"You cannot edit the following fields: {', '.join(labels)}.\n"
                    f"The following entries are already hashed:\n{move['name']}"
                )
        if move["state"] == "posted" and ("tax_ids" in vals or "tax_line_id" in vals):
            raise user_error(
                "You cannot modify the taxes related to a posted journal item, you should reset the journal entry to "
                "draft to do so."
            )
        if move["state"] == "posted" and _LOCKED.intersection(vals):
            check_open(env, move)
        if "account_id" in vals and not env.get("account.account", vals["account_id"])["active"]:
            raise user_error("You cannot use an archived account.")
        env.update("account.move.line", id, line_from(env, move, vals, line))
        env.update("account.move", move["id"], {})
        moves[move["id"]] = move
    for move in moves.values():
        if move["state"] != "posted":
            complete(env, move)
    check_balanced(env, moves.values())


_LINE_LABELS = {"name": "Label", "debit": "Debit", "credit": "Credit", "account_id": "Account", "partner_id": "Partner"}
_LOCKED = {"debit", "credit", "balance", "account_id", "journal_id", "amount_currency", "currency_id", "partner_id"}


def create_lines(env: Environment, vals_list: list[Record]) -> list[int]:
    made = []
    moves = {}
    for vals in vals_list:
        if not vals.get("move_id"):
            raise missing_value("Journal Item", "account.move.line", "Journal Entry", "move_id")
        move = env.get("account.move", vals["move_id"])
        if move["state"] == "posted":
            raise user_error("You cannot add/modify entries of a posted journal entry.")
        made += apply_lines(env, move, [[0, 0, {key: value for key, value in vals.items() if key != "move_id"}]])
        moves[move["id"]] = move
    for move in moves.values():
        complete(env, move)
    check_balanced(env, moves.values())
    return made


CREATORS["account.move"] = create_moves
WRITERS["account.move"] = write_moves
REMOVERS["account.move"] = unlink_moves
CREATORS["account.move.line"] = create_lines
WRITERS["account.move.line"] = write_lines
