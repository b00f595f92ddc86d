"""Who may do what: model rights by group, and which companies' records a user sees?

Rights and group names are those of the access lists of Odoo 19.0 with invoicing, purchase, expenses and employees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .environment import Environment
from .errors import access_error
from .schema import SCHEMA
from .store import Record

USER, PORTAL, PUBLIC, ADMIN = "Role / User", "Role / Portal", "Role / Public", "Role / Administrator"
INVOICING, ACCOUNTANT = "Accounting/Invoicing", "Accounting/Administrator"
READONLY, FULL = "Show Accounting Features - Readonly", "Show Full Accounting Features"
ANALYTIC, CONTACTS = "Analytic Accounting", "Contact/Creation"
PURCHASE, BUYER = "Purchase/User", "Purchase/Administrator"
EXPENSES, RIGHTS = "Expenses/Team Approver", "Access Rights"
OFFICER, PRODUCTS = "Employees/Officer: Manage all employees", "Products/Create"

# Of each model: the letters of read, write, create and unlink, and the group that has these rights.
_RULES: dict[str, tuple[tuple[str, str], ...]] = {
    "account.account": (
        ("r", USER),
        ("r", CONTACTS),
        ("r", READONLY),
        ("r", INVOICING),
        ("r", BUYER),
        ("rwcu", ACCOUNTANT),
    ),
    "account.analytic.account": (("rwcu", FULL), ("rwcu", ANALYTIC), ("r", USER)),
    "account.analytic.line": (
        ("rwcu", ANALYTIC),
        ("rwcu", INVOICING),
        ("r", READONLY),
        ("r", ACCOUNTANT),
        ("rwcu", EXPENSES),
        ("r", PURCHASE),
    ),
    "account.analytic.plan": (("rwcu", FULL), ("rwcu", ANALYTIC)),
    "account.full.reconcile": (("rwcu", FULL), ("rwcu", INVOICING), ("r", READONLY)),
    "account.journal": (
        ("r", EXPENSES),
        ("r", BUYER),
        ("r", PURCHASE),
        ("r", INVOICING),
        ("r", READONLY),
        ("rwcu", ACCOUNTANT),
    ),
    "account.move": (
        ("rwcu", INVOICING),
        ("r", EXPENSES),
        ("rwcu", PURCHASE),
        ("r", READONLY),
        ("r", ACCOUNTANT),
        ("r", PORTAL),
    ),
    "account.move.line": (
        ("r", PORTAL),
        ("rwc", PURCHASE),
        ("rwcu", BUYER),
        ("r", EXPENSES),
        ("r", ACCOUNTANT),
        ("r", READONLY),
        ("rwcu", INVOICING),
    ),
    "account.move.reversal": (("rwc", INVOICING),),
    "account.partial.reconcile": (("rwcu", INVOICING), ("rwcu", FULL), ("r", PURCHASE), ("r", READONLY)),
    "account.payment": (("r", READONLY), ("rwcu", INVOICING)),
    "account.payment.method.line": (("r", USER), ("rwcu", INVOICING)),
    "account.payment.register": (("rwc", INVOICING),),
    "account.payment.term": (("r", PORTAL), ("r", USER), ("rwcu", ACCOUNTANT)),
    "account.tax": (
        ("r", USER),
        ("r", READONLY),
        ("r", INVOICING),
        ("rwcu", ACCOUNTANT),
        ("r", PURCHASE),
        ("r", BUYER),
    ),
    "account.tax.group": (("r", USER), ("rwcu", ACCOUNTANT)),
    "hr.department": (("r", USER), ("rwcu", OFFICER)),
    "hr.employee": (("rwcu", OFFICER), ("r", ADMIN), ("r", USER)),
    "hr.expense": (("rwcu", EXPENSES), ("rwcu", USER)),
    "ir.attachment": (("rwcu", USER),),
    "ir.model.data": (("rwcu", RIGHTS),),
    "product.product": (("rwcu", PRODUCTS), ("r", PURCHASE), ("r", USER), ("r", READONLY)),
    "purchase.order": (("r", PORTAL), ("rw", INVOICING), ("rwcu", PURCHASE), ("rwcu", BUYER), ("r", READONLY)),
    "purchase.order.line": (("rwcu", PURCHASE), ("r", PORTAL), ("rw", INVOICING), ("r", READONLY), ("rwcu", BUYER)),
    "res.company": (("rwcu", RIGHTS), ("r", PUBLIC), ("r", USER), ("r", PORTAL)),
    "res.country": (("r", PORTAL), ("r", CONTACTS), ("r", PUBLIC), ("rwcu", ADMIN), ("r", USER)),
    "res.currency": (("r", PUBLIC), ("rwcu", ACCOUNTANT), ("rwcu", ADMIN), ("r", USER), ("r", PORTAL)),
    "res.currency.rate": (("r", PORTAL), ("r", USER), ("rwcu", ADMIN), ("rwcu", ACCOUNTANT), ("r", PUBLIC)),
    "res.partner": (
        ("r", PURCHASE),
        ("r", ACCOUNTANT),
        ("r", PUBLIC),
        ("r", PORTAL),
        ("rwcu", CONTACTS),
        ("r", USER),
        ("rwc", BUYER),
    ),
    "res.partner.bank": (("rwcu", CONTACTS), ("r", USER)),
    "res.users": (("r", USER), ("rwcu", RIGHTS), ("r", PUBLIC), ("r", PORTAL)),
    "res.users.apikeys": (("r", PORTAL), ("r", USER)),
}
_LETTERS = {"read": "r", "write": "w", "create": "c", "unlink": "u"}
_VERBS = {"read": "access", "write": "modify", "create": "create", "unlink": "delete"}
_COOKIES = (
    "If you really, really need access, perhaps you can win over your friendly administrator with a batch of freshly "
    "baked cookies."
)
_RELATED_COMPANY = {
    "account.analytic.line",
    "account.full.reconcile",
    "account.journal",
    "account.move",
    "account.move.line",
    "account.payment",
    "account.payment.method.line",
    "account.payment.term",
    "account.tax",
    "account.analytic.account",
    "hr.employee",
    "hr.department",
    "hr.expense",
    "purchase.order",
    "purchase.order.line",
    "res.currency.rate",
    "res.partner",
    "res.partner.bank",
    "product.product",
}


def has_model_access(env: Environment, model: str, operation: str) -> bool:
    letter = _LETTERS[operation]
    groups = env.user["groups"]
    return any(letter in letters and group in groups for letters, group in _RULES[model])


def check_access(env: Environment, model: str, operation: str) -> None:
    """Refuse what no group of the user allows, naming the groups that would."""
    if has_model_access(env, model, operation):
        return
    letter = _LETTERS[operation]
    groups = "\n".join(
        f"\t- {group}" for group in sorted(group for letters, group in _RULES[model] if letter in letters)
    )
    raise access_error(
        f"You are not allowed to {_VERBS[operation]} '{SCHEMA[model].label}' ({model}) records.\n\n"
        f"This operation is allowed for the following groups:\n{groups}\n\n"
        "Contact your administrator to request access if necessary."
    )


def readable(env: Environment, model: str) -> Callable[[Record], bool] | None:
    """The record rule of a model for this user, or None where every record is visible."""
    companies = set(env.companies)
    if model == "res.company":
        return lambda record: record["id"] in companies
    if model == "account.account":
        return lambda record: not companies.isdisjoint(record["company_ids"])
    if model == "res.users.apikeys":
        return lambda record: record["user_id"] == env.uid or bool(env.user.get("is_system"))
    if model == "res.users":
        return lambda record: not companies.isdisjoint(record["company_ids"])
    if model in _RELATED_COMPANY:
        return lambda record: not (company := env.value(model, record, "company_id")) or company in companies
    return None


def check_records(env: Environment, model: str, ids: Iterable[Any], operation: str) -> None:
    """Refuse records of companies that the call does not work in."""
    allowed = readable(env, model)
    if allowed is None:
        return
    table = env.store.tables[model]
    hidden = [table[id] for id in ids if id in table and not allowed(table[id])]
    if hidden:
        raise rule_error(env, model, operation, hidden)


def rule_error(env: Environment, model: str, operation: str, hidden: list[Record]) -> Exception:
    text = (
        "Uh-oh! Looks like you have stumbled upon some top-secret records.\n\n"
        f"Sorry, {env.user['name']} (id={env.uid}) doesn't have '{operation}' access to:\n"
        f"- {SCHEMA[model].label} ({model})\n\n{_COOKIES}"
    )
    if operation != "create" and model != "res.company":
        companies = {one for record in hidden for one in _companies_of(env, model, record)} & set(
            env.user["company_ids"]
        )
        if companies:
            names = ", ".join(env.store.tables["res.company"][one]["name"] for one in sorted(companies))
            text += (
                "\n\nThis seems to be a multi-company issue, you might be able to access the record by switching to "
                f"the company: {names}."
            )
    return access_error(text)


def _companies_of(env: Environment, model: str, record: Record) -> list[int]:
    if model == "account.account":
        return list(record["company_ids"])
    company = env.value(model, record, "company_id")
    return [company] if company else []
