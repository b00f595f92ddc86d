"""Which fields are not stored, how are they computed, and how is each model's record called?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from .environment import LABELS, Environment, Getter, computed
from .rates import ONE, currency_rate
from .schema import SCHEMA
from .store import Record

DRAFT_NAMES = {
    "entry": "Draft Entry",
    "out_invoice": "Draft Invoice",
    "out_refund": "Draft Credit Note",
    "in_invoice": "Draft Bill",
    "in_refund": "Draft Vendor Credit Note",
    "out_receipt": "Draft Sales Receipt",
    "in_receipt": "Draft Purchase Receipt",
}
LOCKS = ("fiscalyear_lock_date", "tax_lock_date", "sale_lock_date", "purchase_lock_date", "hard_lock_date")
# An absent lock date is the first day of year one, and its year is not padded (observed on Odoo 19.0).
NO_LOCK = "1-01-01"


def _move_label(env: Environment, record: Record) -> str:
    name = record.get("name")
    if record.get("state") == "draft":
        name = DRAFT_NAMES[record["move_type"]] + (f" {name}" if name else "")
    ref = record.get("ref")
    return f"{name or '/'} ({ref})" if ref else name or "/"


def line_label(env: Environment, record: Record) -> str:
    """Number, reference in brackets and label, as far as there are any."""
    if not record:
        return "/"
    move = env.store.tables["account.move"][record["move_id"]]
    ref, name = move.get("ref"), record.get("name")
    parts = [move["name"]] if move.get("name") else []
    if ref:
        parts.append(f"({ref})")
    if name and name not in (ref, move.get("name")):
        parts.append(name)
    return " ".join(parts)


def _account_label(env: Environment, record: Record) -> str:
    code = _code(env, record)
    return f"{code} {record['name']}" if code else str(record["name"])


def _code(env: Environment, record: Record) -> Any:
    """An account's code is of a company: seen from another one it reads `false`."""
    return record["code_store"] if env.company["id"] in record["company_ids"] else False


LABELS.update(
    {
        "account.move": _move_label,
        "account.move.line": line_label,
        "account.account": _account_label,
        "account.analytic.account": lambda env, r: f"[{r['code']}] {r['name']}" if r.get("code") else r.get("name"),
        "account.payment": lambda env, r: r.get("name") or "Draft Payment",
        "account.payment.method.line": lambda env, r: f"{r['name']} ({env.label('account.journal', r['journal_id'])})",
        "res.partner": lambda env, r: (
            f"{env.label('res.partner', r['parent_id'])}, {r['name']}" if r.get("parent_id") else r.get("name")
        ),
        "res.partner.bank": lambda env, r: r.get("acc_number"),
    }
)

computed("account.account", "code")(_code)


def partner_account(env: Environment, partner: Record, side: str, company: int) -> Any:
    """The `payable` or `receivable` account that a partner has in a company: his own, else the company's."""
    own = partner.get(f"property_account_{side}_id") or {}
    return own.get(company) or env.store.tables["res.company"][company][f"{side}_account_id"]


computed("res.partner", "property_account_payable_id")(
    lambda env, r: partner_account(env, r, "payable", env.company["id"])
)
computed("res.partner", "property_account_receivable_id")(
    lambda env, r: partner_account(env, r, "receivable", env.company["id"])
)
computed("account.account", "placeholder_code")(lambda env, r: r["code_store"])


def _related(name: str) -> Getter:
    empty = SCHEMA["account.move"].fields[name].empty

    def read(env: Environment, line: Record) -> Any:
        value = env.store.tables["account.move"][line["move_id"]].get(name)
        return empty if value is None else value

    return read


for _name in ("date", "ref", "journal_id", "company_id", "move_type", "invoice_date"):
    computed("account.move.line", _name)(_related(_name))
computed("account.move.line", "parent_state")(_related("state"))
computed("account.move.line", "move_name")(_related("name"))
computed("account.move.line", "payment_id")(_related("origin_payment_id"))


@computed("account.move", "company_currency_id")
def _move_currency(env: Environment, record: Record) -> Any:
    return env.store.tables["res.company"][record["company_id"]]["currency_id"]


@computed("account.move.line", "company_currency_id")
def _line_currency(env: Environment, record: Record) -> Any:
    return _move_currency(env, env.store.tables["account.move"][record["move_id"]])


@computed("account.move.line", "account_type")
def _account_type(env: Environment, record: Record) -> Any:
    account = env.find("account.account", record.get("account_id"))
    return account["account_type"] if account else False


@computed("account.move.line", "analytic_line_ids")
def _analytic_lines(env: Environment, record: Record) -> list[int]:
    return env.store.lookup("account.analytic.line", "move_line_id", record["id"])


@computed("account.move.line", "matched_debit_ids")
def _matched_debits(env: Environment, record: Record) -> list[int]:
    return env.store.lookup("account.partial.reconcile", "credit_move_id", record["id"])


@computed("account.move.line", "matched_credit_ids")
def _matched_credits(env: Environment, record: Record) -> list[int]:
    return env.store.lookup("account.partial.reconcile", "debit_move_id", record["id"])


@computed("account.full.reconcile", "reconciled_line_ids")
def _reconciled_lines(env: Environment, record: Record) -> list[int]:
    return env.store.lookup("account.move.line", "full_reconcile_id", record["id"])


@computed("account.move", "invoice_line_ids")
def _invoice_lines(env: Environment, record: Record) -> list[int]:
    lines = env.store.tables["account.move.line"]
    return [id for id in record["line_ids"] if lines[id]["display_type"] in ("product", "line_section", "line_note")]


@computed("account.move", "status_in_payment")
def _status(env: Environment, record: Record) -> str:
    state, paid = str(record["state"]), str(record["payment_state"])
    if state == "cancel" or paid == "not_paid":
        return state
    return state if state == "draft" and paid == "reversed" else paid


@computed("account.move", "attachment_ids")
def _attachments(env: Environment, record: Record) -> list[int]:
    table = env.store.tables["ir.attachment"]
    found = env.store.lookup("ir.attachment", "res_id", record["id"])
    return [id for id in found if table[id]["res_model"] == "account.move"]


@computed("account.move", "duplicated_ref_ids")
def _duplicates(env: Environment, record: Record) -> list[int]:
    """Suspects: same company, vendor and type, and the same reference in the same year or the same amount and day."""
    partner = record.get("partner_id")
    if not partner or record["move_type"] not in ("in_invoice", "in_refund"):
        return []
    table = env.store.tables["account.move"]
    year = (record.get("invoice_date") or record["date"])[:4]
    found = []
    for id in env.store.lookup("account.move", "partner_id", partner):
        other = table[id]
        if id == record["id"] or other["state"] == "cancel" or other["move_type"] != record["move_type"]:
            continue
        if other["company_id"] != record["company_id"]:
            continue
        same_ref = record.get("ref") and other.get("ref") == record["ref"]
        same_year = (other.get("invoice_date") or other["date"])[:4] == year
        same_money = other["amount_total"] == record["amount_total"] and record.get("invoice_date")
        if (same_ref and same_year) or (same_money and other.get("invoice_date") == record["invoice_date"]):
            found.append(id)
    return found


@computed("account.payment", "is_reconciled")
def _is_reconciled(env: Environment, record: Record) -> bool:
    """Whether nothing of the payment is open on the partner's account."""
    move = env.find("account.move", record.get("move_id"))
    if move is None:
        return False
    lines = env.store.tables["account.move.line"]
    partner_lines = [
        lines[id] for id in move["line_ids"] if lines[id]["account_id"] == record["destination_account_id"]
    ]
    return bool(partner_lines) and all(line["reconciled"] for line in partner_lines)


@computed("account.payment", "reconciled_bill_ids", "reconciled_invoice_ids")
def _reconciled_bills(env: Environment, record: Record) -> list[int]:
    move = env.find("account.move", record.get("move_id"))
    if move is None:
        return []
    lines, partials = env.store.tables["account.move.line"], env.store.tables["account.partial.reconcile"]
    found = []
    for id in move["line_ids"]:
        for side, other in (("debit_move_id", "credit_move_id"), ("credit_move_id", "debit_move_id")):
            for partial in env.store.lookup("account.partial.reconcile", side, id):
                found.append(lines[partials[partial][other]]["move_id"])
    moves = env.store.tables["account.move"]
    return [id for id in dict.fromkeys(found) if moves[id]["move_type"] != "entry"]


@computed("purchase.order", "order_line")
def _order_lines(env: Environment, record: Record) -> list[int]:
    return env.store.lookup("purchase.order.line", "order_id", record["id"])


@computed("account.analytic.account", "balance")
def _analytic_balance(env: Environment, record: Record) -> Decimal:
    lines = env.store.tables["account.analytic.line"].values()
    total = Decimal(0)
    for line in lines:
        if record["id"] in (line["account_id"], line["x_plan2_id"]):
            total += line["amount"]
    return total


@computed("res.currency", "rate")
def _rate(env: Environment, record: Record) -> Decimal:
    return currency_rate(env, record["id"], env.company["id"], env.today)


@computed("res.currency", "inverse_rate")
def _inverse_rate(env: Environment, record: Record) -> Decimal:
    return ONE / currency_rate(env, record["id"], env.company["id"], env.today)


@computed("res.currency", "date")
def _rate_date(env: Environment, record: Record) -> Any:
    days = [
        rate["name"]
        for rate in env.store.tables["res.currency.rate"].values()
        if rate["currency_id"] == record["id"]
        and rate.get("company_id") in (env.company["id"], False, None)
        and rate["name"] <= env.today
    ]
    return max(days, default=False)


computed("res.currency.rate", "company_rate")(lambda env, r: r["rate"])
computed("res.currency.rate", "inverse_company_rate")(lambda env, r: 1 / r["rate"])
for _lock in LOCKS:
    computed("res.company", f"user_{_lock}")(lambda env, r, name=_lock: r.get(name) or NO_LOCK)  # type: ignore[misc]
