"""What is a payment in Odoo, and what do posting, validating and cancelling do to its entry?"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from .access import check_access
from .computed import partner_account
from .environment import Environment, Records
from .errors import constraint_error, missing_value, validation_error
from .generic import CREATORS, REMOVERS, WRITERS, check_existing
from .lines import ZERO
from .moves import create_moves, unlink_moves
from .posting import cancel, post_system, reset
from .rates import conversion_rate, rounded
from .reconcile import unreconcile
from .registry import method
from .store import Record
from .values import check_link, stored

# Written, even unchanged, these let Odoo compute the outstanding account anew (observed on Odoo 19.0).
MOVES_ACCOUNT = {"payment_type", "partner_id", "currency_id", "journal_id", "payment_method_line_id"}


def create_payments(env: Environment, vals_list: list[Record]) -> list[int]:
    """Draft payments; without an entry until they are posted."""
    return [_create_payment(env, vals) for vals in vals_list]


def _create_payment(env: Environment, vals: Record) -> int:
    journal_id = vals.get("journal_id", _bank_journal(env))
    if not journal_id:
        raise missing_value("Payments", "account.payment", "Journal", "journal_id")
    journal = env.get("account.journal", journal_id)
    company = env.get("res.company", journal["company_id"])
    record: Record = {
        "payment_type": "inbound",
        "partner_type": "customer",
        "partner_id": False,
        "amount": ZERO,
        "memo": False,
        "date": env.today,
        "name": False,
        "move_id": False,
        "invoice_ids": [],
        "is_matched": False,
        "partner_bank_id": False,
        **stored(env, "account.payment", vals),
        "state": "draft",
        "journal_id": journal["id"],
        "company_id": company["id"],
    }
    record["currency_id"] = record.get("currency_id") or journal.get("currency_id") or company["currency_id"]
    outbound = record["payment_type"] == "outbound"
    methods = journal.get("outbound_payment_method_line_ids" if outbound else "inbound_payment_method_line_ids")
    if not record.get("payment_method_line_id"):
        record["payment_method_line_id"] = methods[0] if methods else False
    if not record["payment_method_line_id"]:
        raise validation_error("Please define a payment method line on your payment.")
    _check_amount(record)
    check_link(env, "account.payment", "partner_id", record["partner_id"])
    side = "payable" if record["partner_type"] == "supplier" else "receivable"
    line = env.get("account.payment.method.line", record["payment_method_line_id"])
    usual = company["outstanding_payments_id" if outbound else "outstanding_receipts_id"]
    record["outstanding_account_id"] = line.get("payment_account_id") or usual
    if not record.get("destination_account_id"):
        partner = env.find("res.partner", record["partner_id"]) or {}
        record["destination_account_id"] = partner_account(env, partner, side, company["id"])
    return env.insert("account.payment", record)


def _check_amount(record: Record) -> None:
    if record["amount"] < 0:
        raise constraint_error("The payment amount cannot be negative.")


def _bank_journal(env: Environment) -> int | bool:
    for journal in env.store.tables["account.journal"].values():
        if (
            journal["company_id"] == env.company["id"]
            and journal["type"] in ("bank", "cash", "credit")
            and journal["active"]
        ):
            return int(journal["id"])
    return False


def write_payments(env: Environment, ids: Sequence[int], vals: Record) -> None:
    """Change payments; a posted one takes a new amount while its entry keeps the old, and the account that the money
    goes through is lost unless the payment method names one (observed on Odoo 19.0)."""
    for id in ids:
        changes = stored(env, "account.payment", vals, env.get("account.payment", id))
        changes.pop("state", None)
        payment = env.get("account.payment", id)
        _check_amount({**payment, **changes})
        if not MOVES_ACCOUNT.isdisjoint(changes):
            line = env.get("account.payment.method.line", {**payment, **changes}["payment_method_line_id"])
            changes["outstanding_account_id"] = line.get("payment_account_id") or False
        env.update("account.payment", id, changes)


def unlink_payments(env: Environment, ids: Sequence[int]) -> None:
    for id in ids:
        move = env.get("account.payment", id)["move_id"]
        if move:
            unlink_moves(env, [move])
        env.store.remove("account.payment", id)


def _amounts(env: Environment, payment: Record) -> tuple[Decimal, Decimal]:
    """What leaves the bank, in company currency and in the payment's; negative when money comes in."""
    company = env.get("res.company", payment["company_id"])
    own = company["currency_id"]
    sign = 1 if payment["payment_type"] == "outbound" else -1
    rate = conversion_rate(env, payment["currency_id"], own, company["id"], payment["date"])
    return sign * rounded(payment["amount"] * rate, env.currency_places(own)), sign * payment["amount"]


def _label(env: Environment, payment: Record) -> str:
    name = env.get("account.payment.method.line", payment["payment_method_line_id"])["name"]
    return f"{name}: {payment['memo']}" if payment["memo"] else str(name)


def post_payment(env: Environment, id: int, write_off: tuple[int, str, Decimal] | None = None) -> Record:
    """Make and post the payment's entry; `write_off` is account, label and amount of a difference."""
    payment = env.get("account.payment", id)
    if not payment["outstanding_account_id"]:
        # Confirmed without any entry (observed on Odoo 19.0).
        env.store.sequences["unbooked payments"] += 1
        name = payment["name"] or f"PAY{env.store.sequences['unbooked payments']:05}"
        env.update("account.payment", id, {"name": name, "state": "in_process"})
        return env.get("account.payment", id)
    balance, amount = _amounts(env, payment)
    shared = {"name": _label(env, payment), "partner_id": payment["partner_id"], "currency_id": payment["currency_id"]}
    due = {**shared, "date_maturity": payment["date"]}
    lines = [
        {**due, "account_id": payment["outstanding_account_id"], "balance": -balance, "amount_currency": -amount},
        {**due, "account_id": payment["destination_account_id"], "balance": balance, "amount_currency": amount},
    ]
    if write_off is not None:
        account, label, difference = write_off
        sign = 1 if payment["payment_type"] == "outbound" else -1
        rate = balance / amount if amount else Decimal(1)
        own = rounded(difference * rate, env.currency_places(env.company["currency_id"]))
        lines[1].update(balance=balance + sign * own, amount_currency=amount + sign * difference)
        lines.append(
            {
                **shared,
                "name": label or "Write-Off",
                "account_id": account,
                "balance": -sign * own,
                "amount_currency": -sign * difference,
            }
        )
    if payment["move_id"]:
        unlink_moves(env, [payment["move_id"]])
    [move] = create_moves(
        env,
        [
            {
                "move_type": "entry",
                "journal_id": payment["journal_id"],
                "date": payment["date"],
                "ref": payment["memo"],
                "partner_id": payment["partner_id"],
                "currency_id": payment["currency_id"],
                "origin_payment_id": id,
                "name": payment["name"],
                "line_ids": [[0, 0, line] for line in lines],
            }
        ],
    )
    post_system(env, [move])
    name = env.get("account.move", move)["name"]
    env.update("account.payment", id, {"move_id": move, "name": name, "state": "in_process"})
    return env.get("account.payment", id)


@method("account.payment", "action_post")
def _action_post(self: Records) -> None:
    check_access(self.env, "account.payment", "write")
    check_existing(self.env, "account.payment", self.ids)
    for payment in self.env.browse("account.payment", self.ids):
        if payment["state"] == "draft":
            post_payment(self.env, payment["id"])


@method("account.payment", "action_validate")
def _action_validate(self: Records) -> None:
    check_access(self.env, "account.payment", "write")
    for payment in self.env.browse("account.payment", self.ids):
        self.env.update("account.payment", payment["id"], {"state": "paid"})


@method("account.payment", "action_draft")
def _action_draft(self: Records) -> None:
    check_access(self.env, "account.payment", "write")
    for payment in self.env.browse("account.payment", self.ids):
        move = self.env.find("account.move", payment["move_id"])
        if move is not None and move["state"] != "draft":
            reset(self.env, [move["id"]])
        self.env.update("account.payment", payment["id"], {"state": "draft"})


@method("account.payment", "action_cancel")
def _action_cancel(self: Records) -> None:
    check_access(self.env, "account.payment", "write")
    for payment in self.env.browse("account.payment", self.ids):
        move = self.env.find("account.move", payment["move_id"])
        changes: Record = {"state": "canceled"}
        if move is not None and payment["state"] == "draft":
            unreconcile(self.env, move["line_ids"])
            unlink_moves(self.env, [move["id"]])
            changes["move_id"] = False
        elif move is not None and move["state"] != "cancel":
            cancel(self.env, [move["id"]])
        self.env.update("account.payment", payment["id"], changes)


CREATORS["account.payment"] = create_payments
WRITERS["account.payment"] = write_payments
REMOVERS["account.payment"] = unlink_payments
