"""What does Odoo demand and complete when contacts are written?"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .environment import Environment
from .errors import constraint_error, user_error
from .generic import CREATORS, REMOVERS, WRITERS
from .store import Record
from .values import check_link, stored

BY_COMPANY = ("property_account_payable_id", "property_account_receivable_id")


def create_partners(env: Environment, vals_list: list[Record]) -> list[int]:
    """Contacts need a name and nothing else: two with the same number, reference and e-mail are accepted."""
    ids = []
    for vals in vals_list:
        record = {
            "active": True,
            "is_company": False,
            "supplier_rank": 0,
            "customer_rank": 0,
            **stored(env, "res.partner", vals),
        }
        if record.get("company_type"):
            record["is_company"] = record["company_type"] == "company"
        if not record.get("name"):
            raise constraint_error("Contacts require a name")
        _check_links(env, record)
        _keep_by_company(env, record, {})
        id = env.insert("res.partner", record)
        env.store.update("res.partner", id, {"commercial_partner_id": _top(env, record)})
        ids.append(id)
    return ids


def write_partners(env: Environment, ids: Sequence[int], vals: Record) -> None:
    for id in ids:
        known = env.get("res.partner", id)
        changes = stored(env, "res.partner", vals, known)
        if "name" in changes and not changes["name"]:
            raise constraint_error("Contacts require a name")
        if changes.get("company_type"):
            changes["is_company"] = changes["company_type"] == "company"
        _check_links(env, changes)
        _keep_by_company(env, changes, known)
        env.update("res.partner", id, changes)
        env.store.update("res.partner", id, {"commercial_partner_id": _top(env, env.get("res.partner", id))})


def unlink_partners(env: Environment, ids: Sequence[int]) -> None:
    for id in ids:
        lines = env.store.tables["account.move.line"].values()
        if env.store.lookup("account.move", "partner_id", id) or any(line["partner_id"] == id for line in lines):
            raise user_error("The partner cannot be deleted because it is used in Accounting")
        env.store.remove("res.partner", id)


def _check_links(env: Environment, record: Record) -> None:
    for name in ("parent_id", "company_id", *BY_COMPANY):
        check_link(env, "res.partner", name, record.get(name))


def _keep_by_company(env: Environment, changes: Record, known: Record) -> None:
    """Some values of a contact are another in each company."""
    for name in BY_COMPANY:
        if name in changes:
            changes[name] = {**(known.get(name) or {}), env.company["id"]: changes[name]}


def _top(env: Environment, record: Record) -> int:
    """The company at the top of a contact."""
    while record.get("parent_id") and not record.get("is_company"):
        record = env.get("res.partner", record["parent_id"])
    return int(record["id"])


def create_banks(env: Environment, vals_list: list[Record]) -> list[int]:
    """Bank accounts: one number once a partner, whatever its spaces."""
    ids = []
    for vals in vals_list:
        record = {"active": True, "allow_out_payment": False, **stored(env, "res.partner.bank", vals)}
        record["sanitized_acc_number"] = re.sub(r"\W", "", str(record.get("acc_number") or "")).upper()
        check_link(env, "res.partner.bank", "partner_id", record.get("partner_id"))
        for other in env.store.tables["res.partner.bank"].values():
            if all(other[name] == record[name] for name in ("sanitized_acc_number", "partner_id")):
                raise constraint_error("The combination Account Number/Partner must be unique.")
        ids.append(env.insert("res.partner.bank", record))
    return ids


CREATORS["res.partner"] = create_partners
CREATORS["res.partner.bank"] = create_banks
WRITERS["res.partner"] = write_partners
REMOVERS["res.partner"] = unlink_partners
