"""What happens when a move is posted, reset to draft or cancelled?"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from .access import check_access
from .environment import Environment, Records
from .errors import OdooError, access_error, user_error, validation_error, value_error
from .generic import check_existing
from .lines import SALES, ZERO, is_invoice
from .locks import accounting_date, check_open, is_taxed, violated
from .moves import PURCHASES
from .numbering import number_move
from .rates import rounded
from .reconcile import unreconcile
from .registry import method
from .store import Record

NOTES = ("line_section", "line_subsection", "line_note")
MISSING_SHARES = "One or more lines require a 100% analytic distribution."
CENT = Decimal("0.01")


@method("account.move", "action_post")
def _action_post(self: Records) -> bool:
    post(self.env, self.ids)
    return False


@method("account.move", "button_draft")
def _button_draft(self: Records) -> None:
    check_access(self.env, "account.move", "write")
    check_existing(self.env, "account.move", self.ids)
    reset(self.env, self.ids)


@method("account.move", "button_cancel")
def _button_cancel(self: Records) -> None:
    check_access(self.env, "account.move", "write")
    check_existing(self.env, "account.move", self.ids)
    cancel(self.env, self.ids)


def post(env: Environment, ids: Sequence[int]) -> None:
    """Post drafts, all or none; a date in a locked period is moved silently, not refused."""
    if not ids:
        return
    check_access(env, "account.move", "write")
    if "Accounting/Invoicing" not in env.user["groups"]:
        raise access_error("You don't have the access rights to post an invoice.")
    moves = env.browse("account.move", ids)
    refusals = dict.fromkeys(text for move in moves for text in _refusals(env, move))
    if refusals:
        raise user_error("\n".join(refusals))
    if env.context.get("validate_analytic"):
        _check_analytic(env, moves)
    _check_duplicates(env, moves)
    ranks: Counter[tuple[int, str]] = Counter()
    for move in moves:
        taxed = is_taxed(env, move)
        if violated(env, move, move["date"], taxed=taxed):
            source = move["invoice_date"] or move["date"]
            env.store.update("account.move", move["id"], {"date": accounting_date(env, move, source, taxed=taxed)})
        number_move(env, move)
        env.update("account.move", move["id"], {"state": "posted", "posted_before": True, "checked": True})
        make_analytic_lines(env, move)
        _hash(env, move)
        _count_ranks(env, move, ranks)
        if is_invoice(move) and move["amount_total"] == 0:
            env.store.update("account.move", move["id"], {"payment_state": "paid"})
    for (partner, rank), count in ranks.items():
        held = env.store.tables["res.partner"][partner].get(rank) or 0
        env.update("res.partner", partner, {rank: held + count})


def post_system(env: Environment, ids: Sequence[int]) -> None:
    """Post what Odoo makes itself (payments, reversals, exchange differences), without the analytic check."""
    context = env.context
    env.context = {key: value for key, value in context.items() if key != "validate_analytic"}
    try:
        post(env, ids)
    finally:
        env.context = context


def _refusals(env: Environment, move: Record) -> list[str]:
    found = []
    if is_invoice(move):
        if move["amount_total"] < 0:
            found.append(
                "You cannot validate an invoice with a negative total amount. You should create a credit note instead. "
                "Use the action menu to transform it into a credit note or refund."
            )
        if not move["partner_id"]:
            found.append(
                "The field 'Vendor' is required, please complete it to validate the Vendor Bill."
                if move["move_type"] in PURCHASES
                else "The 'Customer' field is required to validate the invoice.\n"
                "You probably don't want to explain to your auditor that you invoiced an invisible man :)"
            )
        if not move["invoice_date"]:
            if move["move_type"] in PURCHASES:
                found.append("The Bill/Refund date is required to validate this document.")
            else:
                env.store.update("account.move", move["id"], {"invoice_date": env.today})
    lines = env.store.tables["account.move.line"]
    accounts = env.store.tables["account.account"]
    counted = False
    for id in move["line_ids"]:
        line = lines[id]
        if line["display_type"] in NOTES:
            continue
        counted = True
        account = accounts[line["account_id"]]
        if not account["active"]:
            raise user_error(f"The account {account['name']} ({account['code_store']}) is archived.")
    if move["state"] != "draft":
        found.append(f"The entry {move['name']} (id {move['id']}) must be in draft.")
    if not counted:
        found.append("Even magicians can't post nothing!")
    journal = env.store.tables["account.journal"][move["journal_id"]]
    if not journal["active"]:
        found.append(f"You cannot post an entry in an archived journal ({env.label('account.journal', journal['id'])})")
    if is_invoice(move):
        currency = env.store.tables["res.currency"][move["currency_id"]]
        if not currency["active"]:
            found.append(f"You cannot validate a document with an inactive currency: {currency['name']}")
    return found


def _check_duplicates(env: Environment, moves: Sequence[Record]) -> None:
    if not env.switches.block_duplicate_bill_ref:
        return
    for move in moves:
        if move["move_type"] not in ("in_invoice", "in_refund") or not move["ref"]:
            continue
        table = env.store.tables["account.move"]
        for id in env.store.lookup("account.move", "ref", move["ref"]):
            other = table[id]
            same = all(
                other[name] == move[name]
                for name in ("commercial_partner_id", "company_id", "move_type", "invoice_date")
            )
            if id != move["id"] and same and (other["state"] == "posted" or id in {one["id"] for one in moves}):
                raise validation_error(
                    "Duplicated vendor reference detected. You probably encoded twice the same vendor bill/credit "
                    "note: "
                    f"{env.label('account.move', move['id'])}"
                )


def _check_analytic(env: Environment, moves: Sequence[Record]) -> None:
    """Under `validate_analytic`, mandatory plans must be covered to 100 % on every line, the card's too."""
    plans = env.store.tables["account.analytic.plan"].values()
    mandatory = [plan["id"] for plan in plans if plan["default_applicability"] == "mandatory"]
    lines = env.store.tables["account.move.line"]
    for move in moves:
        for id in move["line_ids"]:
            if lines[id]["display_type"] != "product":
                continue
            shares = _shares_by_plan(env, lines[id])
            if any(shares.get(plan, ZERO) != 100 for plan in mandatory):
                name = "ValidationError" if len(moves) == 1 else "RedirectWarning"
                raise OdooError(f"odoo.exceptions.{name}", 422, 2, MISSING_SHARES)


def _shares_by_plan(env: Environment, line: Record) -> dict[int, Decimal]:
    shares: dict[int, Decimal] = {}
    for key, share in (line["analytic_distribution"] or {}).items():
        for part in key.split(","):
            account = env.find("account.analytic.account", int(part))
            if account is not None:
                shares[account["root_plan_id"]] = shares.get(account["root_plan_id"], ZERO) + share
    return shares


def make_analytic_lines(env: Environment, move: Record) -> None:
    """One analytic line a share; accounts that do not exist give none, without a word (observed on 19.0)."""
    lines = env.store.tables["account.move.line"]
    for id in move["line_ids"]:
        line = lines[id]
        for key, share in (line["analytic_distribution"] or {}).items():
            accounts = [env.find("account.analytic.account", _account_number(part)) for part in key.split(",")]
            found = [account for account in accounts if account is not None]
            if not found:
                continue
            by_plan = {account["root_plan_id"]: account["id"] for account in found}
            env.insert(
                "account.analytic.line",
                {
                    "name": line["name"] or move["ref"] or "/",
                    "date": move["date"],
                    "move_line_id": id,
                    "amount": rounded(-line["balance"] * share / 100, CENT),
                    "unit_amount": line["quantity"],
                    "account_id": by_plan.get(1, False),
                    "x_plan2_id": by_plan.get(2, False),
                    "general_account_id": line["account_id"],
                    "partner_id": line["partner_id"],
                    "company_id": move["company_id"],
                    "currency_id": env.company["currency_id"],
                    "journal_id": move["journal_id"],
                    "ref": move["ref"],
                    "user_id": env.uid,
                    "category": "vendor_bill"
                    if move["move_type"] in PURCHASES
                    else "invoice"
                    if is_invoice(move)
                    else "other",
                },
            )


def _account_number(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise value_error(str(error)) from None


def _hash(env: Environment, move: Record) -> None:
    journal = env.store.tables["account.journal"][move["journal_id"]]
    if journal.get("restrict_mode_hash_table"):
        digest = hashlib.sha256(f"{move['name']}|{move['date']}|{move['amount_total']}".encode()).hexdigest()
        env.store.update("account.move", move["id"], {"inalterable_hash": f"$4${digest}"})


def _count_ranks(env: Environment, move: Record, ranks: Counter[tuple[int, str]]) -> None:
    """Posting a bill raises its vendor's rank, and with it the vendor's `write_date`."""
    if move["move_type"] in ("in_invoice", "in_refund"):
        ranks[move["partner_id"], "supplier_rank"] += 1
    elif move["move_type"] in SALES and move["move_type"] != "out_receipt":
        ranks[move["partner_id"], "customer_rank"] += 1
    elif move["move_type"] == "entry":
        lines, accounts = env.store.tables["account.move.line"], env.store.tables["account.account"]
        sides = {"asset_receivable": "customer_rank", "liability_payable": "supplier_rank"}
        found = {
            (lines[id]["partner_id"], sides[kind])
            for id in move["line_ids"]
            if lines[id]["partner_id"] and (kind := accounts[lines[id]["account_id"]]["account_type"]) in sides
        }
        ranks.update(found)


def reset(env: Environment, ids: Sequence[int]) -> None:
    """Back to draft: keeps the number, drops the analytic lines."""
    moves = env.browse("account.move", ids)
    if any(move["state"] not in ("cancel", "posted") for move in moves):
        raise user_error("Only posted/cancelled journal entries can be reset to draft.")
    for move in moves:
        if env.store.lookup("account.partial.reconcile", "exchange_move_id", move["id"]):
            raise user_error("You cannot reset to draft an exchange difference journal entry.")
        if move["inalterable_hash"]:
            raise user_error("You cannot reset to draft a locked journal entry.")
        if move["state"] == "posted":
            check_open(env, move)
        for line in move["line_ids"]:
            for analytic in env.store.lookup("account.analytic.line", "move_line_id", line):
                env.store.remove("account.analytic.line", analytic)
        env.update("account.move", move["id"], {"state": "draft", "checked": False})


def cancel(env: Environment, ids: Sequence[int]) -> None:
    """Cancel drafts and posted moves; their number stays with them."""
    moves = env.browse("account.move", ids)
    posted = [move["id"] for move in moves if move["state"] == "posted"]
    if posted:
        reset(env, posted)
    if any(move["state"] != "draft" for move in moves):
        raise user_error("Only draft journal entries can be cancelled.")
    unreconcile(env, [line for move in moves for line in move["line_ids"]])
    for move in moves:
        env.update("account.move", move["id"], {"state": "cancel", "auto_post": "no"})
