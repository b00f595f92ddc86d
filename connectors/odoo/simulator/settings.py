"""What does Odoo check when an administrator changes companies, accounts, journals and rates?"""

from __future__ import annotations

from collections.abc import Sequence

from .environment import Environment
from .errors import constraint_error, user_error, validation_error
from .generic import CREATORS, WRITERS
from .store import Record
from .values import stored

MONEY_JOURNALS = ("bank", "cash", "credit")
PREFIXES = {"bank": "1014", "cash": "1015"}  # of the generic chart
JOURNAL_HAS_DRAFTS = (
    "You can not archive a journal containing draft journal entries.\n\nTo proceed:\n1/ click on the top-right button "
    "'Journal Entries' from this journal form\n2/ then filter on 'Draft' entries\n3/ select them all and post or "
    "delete them through the action menu"
)


def write_companies(env: Environment, ids: Sequence[int], vals: Record) -> None:
    for id in ids:
        held = env.get("res.company", id).get("hard_lock_date")
        changes = stored(env, "res.company", vals)
        if held and "hard_lock_date" in changes and (changes["hard_lock_date"] or "") < held:
            raise user_error(
                "A new Hard Lock Date must be posterior (or equal) to the previous one."
                if changes["hard_lock_date"]
                else "The Hard Lock Date cannot be removed."
            )
        env.update("res.company", id, changes)


def create_accounts(env: Environment, vals_list: list[Record]) -> list[int]:
    ids = []
    for vals in vals_list:
        record = {
            "active": True,
            "reconcile": False,
            "company_ids": [env.company["id"]],
            **stored(env, "account.account", vals),
        }
        record["code_store"] = record.pop("code", record.get("code_store"))
        if record.get("account_type") in ("asset_receivable", "liability_payable"):
            record["reconcile"] = True
        for other in env.store.tables["account.account"].values():
            if other["code_store"] == record["code_store"] and set(other["company_ids"]) & set(record["company_ids"]):
                raise validation_error(
                    "Account codes must be unique. You can't create accounts with these duplicate codes: "
                    f"{record['code_store']}"
                )
        ids.append(env.insert("account.account", record))
    return ids


def create_journals(env: Environment, vals_list: list[Record]) -> list[int]:
    ids = []
    for vals in vals_list:
        record = {
            "active": True,
            "company_id": env.company["id"],
            "sequence": 10,
            **stored(env, "account.journal", vals),
        }
        record["refund_sequence"] = record["type"] in ("sale", "purchase")
        record["payment_sequence"] = record["type"] in MONEY_JOURNALS
        for other in env.store.tables["account.journal"].values():
            if other["code"] == record["code"] and other["company_id"] == record["company_id"]:
                raise constraint_error("Journal codes must be unique per company.")
        if record["type"] in MONEY_JOURNALS:
            company = env.get("res.company", record["company_id"])
            record.setdefault("suspense_account_id", company["account_journal_suspense_account_id"])
            if not record.get("default_account_id"):
                record["default_account_id"] = _money_account(env, record)
        id = env.insert("account.journal", record)
        if record["type"] in MONEY_JOURNALS:
            _give_methods(env, id, record["company_id"])
        ids.append(id)
    return ids


def _money_account(env: Environment, journal: Record) -> int | bool:
    """A new account under the first free code for a bank or cash journal; the chart's card account for cards."""
    company = journal["company_id"]
    accounts = [one for one in env.store.tables["account.account"].values() if company in one["company_ids"]]
    if journal["type"] == "credit":
        return next((int(one["id"]) for one in accounts if one["account_type"] == "liability_credit_card"), False)
    taken = {one["code_store"] for one in accounts}
    code = next(code for number in range(1, 100) if (code := f"{PREFIXES[journal['type']]}{number:02}") not in taken)
    values = {"name": journal["name"], "code": code, "account_type": "asset_cash", "company_ids": [[6, 0, [company]]]}
    [account] = create_accounts(env, [values])
    return account


def _give_methods(env: Environment, journal: int, company: int) -> None:
    for direction in ("inbound", "outbound"):
        values = {"name": "Manual Payment", "journal_id": journal, "payment_type": direction, "company_id": company}
        line = env.insert("account.payment.method.line", values)
        env.store.update("account.journal", journal, {f"{direction}_payment_method_line_ids": [line]})


def write_journals(env: Environment, ids: Sequence[int], vals: Record) -> None:
    for id in ids:
        changes = stored(env, "account.journal", vals, env.get("account.journal", id))
        moves = env.store.tables["account.move"]
        drafts = any(moves[one]["state"] == "draft" for one in env.store.lookup("account.move", "journal_id", id))
        if changes.get("active") is False and drafts:
            raise validation_error(JOURNAL_HAS_DRAFTS)
        env.update("account.journal", id, changes)


WRITERS["res.company"] = write_companies
CREATORS["account.account"] = create_accounts
CREATORS["account.journal"] = create_journals
WRITERS["account.journal"] = write_journals
