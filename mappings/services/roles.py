"""Which account plays which role? Chosen by a person, offered by the chart."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from connectors.documents import Role
from connectors.models import Connection
from mappings.defaults import USUAL_ACCOUNTS, UsualAccount
from mappings.models import MappingRule, ReferenceValue, RoleAccount, Target
from mappings.readiness import account_problems
from mappings.refusals import of_one_tenant, refuse_if
from mappings.services.rules import NEVER_COST
from mappings.versions import company_touched

Author = AbstractBaseUser | None


@dataclass(frozen=True, slots=True)
class Offer:
    """A role with its usual account, if the ledger has it; `is_taken` when the role is played already."""

    usual: UsualAccount
    account: ReferenceValue | None
    is_taken: bool


@transaction.atomic
def role_account_set(
    *,
    ledger: Connection,
    company: str,
    role: Role,
    account: ReferenceValue,
    by: Author,
    what_for: str = "",
    has_statements: bool = False,
    reason: str = "",
) -> RoleAccount:
    """The account that plays a role from now on. Safe to repeat. Raises RefusedError with all reasons."""
    of_one_tenant(ledger.tenant_id, account=account)
    row = RoleAccount.objects.select_for_update().filter(
        ledger=ledger, company=company, role=role, what_for=what_for
    ).first() or RoleAccount(
        tenant_id=ledger.tenant_id, ledger=ledger, company=company, role=role, what_for=what_for
    )  # fmt: skip
    if row.pk and (row.account_id, row.has_statements) == (account.pk, has_statements):
        return row
    row.account, row.has_statements = account, has_statements
    return role_account_store(row, by=by, reason=reason)


def role_account_problems(row: RoleAccount) -> list[str]:
    """Everything that is wrong with an account in its role."""
    account = row.account
    if account.tenant_id != row.ledger.tenant_id:
        return ["There is no such account in this tenant."]
    if account.connection_id != row.ledger_id or account.company not in ("", row.company):
        return [f"{account} does not belong to this company of {row.ledger}."]
    role = Role(row.role)
    currency = row.what_for if len(row.what_for) == 3 and row.what_for.isupper() else ""
    problems = account_problems(account, role, vendor=row.ledger.vendor, currency=currency, what_for=row.what_for)
    if role in NEVER_COST:
        rule = MappingRule.objects.filter(value=account, target=Target.ACCOUNT, archived_at=None).first()
        if rule is not None:
            problems.append(f"{account} cannot be {role}: rule {rule.pk} sends cost there.")
    return problems


def role_account_store(row: RoleAccount, *, by: Author, reason: str = "") -> RoleAccount:
    """Check, save with history, count up the company's flows. Call it in a transaction. Raises RefusedError."""
    refuse_if(role_account_problems(row))
    row.tenant_id = row.ledger.tenant_id
    before = RoleAccount.objects.filter(pk=row.pk).values_list("ledger_id", "company").first()
    row._history_user = by if by is not None and by.pk else None  # type: ignore[attr-defined]
    row._change_reason = reason  # type: ignore[attr-defined]
    row.save()
    for ledger_id, company in {(row.ledger_id, row.company), before or (row.ledger_id, row.company)}:
        company_touched(tenant_id=row.tenant_id, ledger_id=ledger_id, company=company, what="roles")
    return row


@transaction.atomic
def role_account_remove(row: RoleAccount, *, by: Author, reason: str = "") -> None:
    """Nobody plays the role any more: records that need it are held. Its history stays."""
    row._history_user = by if by is not None and by.pk else None  # type: ignore[attr-defined]
    row._change_reason = reason  # type: ignore[attr-defined]
    row.delete()
    company_touched(tenant_id=row.tenant_id, ledger_id=row.ledger_id, company=row.company, what="roles")


def roles_offered(ledger: Connection, company: str) -> list[Offer]:
    """The usual accounts of the ledger's chart, as a person confirms them. Two queries."""
    rows = ReferenceValue.objects.filter(
        connection=ledger, company__in=["", company], kind="account", is_active=True
    ).order_by("-pk")
    accounts = {row.code: row for row in rows}
    named = {row.name.casefold(): row for row in rows}
    taken = set(RoleAccount.objects.filter(ledger=ledger, company=company).values_list("role", "what_for"))
    return [
        Offer(
            usual,
            accounts.get(usual.code) if usual.code else named.get(usual.name.casefold()) if usual.name else None,
            (usual.role.value, usual.what_for) in taken,
        )
        for usual in USUAL_ACCOUNTS.get(ledger.vendor, ())
    ]


@transaction.atomic
def role_defaults_apply(
    *, ledger: Connection, company: str, by: Author, only: frozenset[Role] | None = None
) -> list[RoleAccount]:
    """Take the offered accounts for roles that nobody plays and whose account fits; answers what was set."""
    done = []
    for offer in roles_offered(ledger, company):
        role, account = offer.usual.role, offer.account
        if offer.is_taken or account is None or (only is not None and role not in only):
            continue
        row = RoleAccount(
            tenant_id=ledger.tenant_id, ledger=ledger, company=company, role=role, what_for=offer.usual.what_for,
            account=account,
        )  # fmt: skip
        if not role_account_problems(row):
            done.append(role_account_store(row, by=by, reason="The usual account of this chart"))
    return done
