"""How does a mapping rule come, change and go? With a reason, an author and a history, never without a trace."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from connectors.base import KEPT_FOR
from connectors.documents import Role
from connectors.models import Tenant
from mappings.models import Flow, MappingRule, ReferenceValue, RoleAccount, Target
from mappings.models.rules import TARGET_KINDS
from mappings.refusals import RefusedError, of_one_tenant, refuse_if
from mappings.versions import rules_touched

Author = AbstractBaseUser | None

NEVER_COST = frozenset(Role) - {Role.EXP, Role.EMREC}
"""Roles whose accounts no cost rule may lead to. EMREC may be: a rule can make a line personal (B29)."""

CONTROL_TYPES = frozenset(
    {"asset_receivable", "liability_payable", "asset_cash", "liability_credit_card", "equity_unaffected", "off_balance"}
)


def rule_problems(rule: MappingRule) -> list[str]:
    """Everything that is wrong with a rule before it is stored, other tenants' parts first."""
    value, flow = rule.value, rule.flow
    if value.tenant_id != rule.tenant_id:
        return ["There is no such value in this tenant."]
    if flow is not None and flow.tenant_id != rule.tenant_id:
        return ["There is no such flow in this tenant."]
    problems = _condition_problems(rule.when)
    if rule.target not in TARGET_KINDS:
        return [*problems, f"{rule.target} is nothing that a rule can decide."]
    if value.kind not in TARGET_KINDS[rule.target]:
        wanted = " or ".join(sorted(TARGET_KINDS[rule.target]))
        problems.append(f"{value} is a {value.kind}; the {rule.get_target_display()} is a {wanted}.")
    if not value.is_active and rule.archived_at is None:
        problems.append(f"{value} is archived in the ledger.")
    if flow is not None and (value.connection_id != flow.ledger_id or value.company not in ("", flow.company)):
        problems.append(f"{value} does not belong to the ledger company of {flow}.")
    if isinstance(rule.when, dict) and not problems and rule_twins(rule).exists():
        problems.append(f"There is already a rule for {rule.conditions} from the same day on.")
    if value.kind == "account":
        roles = set(RoleAccount.objects.filter(account=value).values_list("role", flat=True))
        problems += account_rule_problems(rule.target, value, roles)
    return problems


def rule_twins(rule: MappingRule) -> QuerySet[MappingRule]:
    """Other rules in force that would answer for the same thing from the same day on."""
    plan = rule.value.group if rule.value.kind == "cost_centre" else ""
    return MappingRule.objects.filter(
        tenant=rule.tenant_id, flow=rule.flow_id, target=rule.target, when=rule.when, valid_from=rule.valid_from,
        ledger=rule.value.connection_id, company=rule.value.company, plan=plan, archived_at=None,
    ).exclude(pk=rule.pk)  # fmt: skip


def _condition_problems(when: Any) -> list[str]:
    if not isinstance(when, dict) or not 1 <= len(when) <= 3:
        return ["A rule has one to three conditions, each a field and its value."]
    return [
        "A condition has a field and a value, both texts that are not empty."
        for name, wanted in when.items()
        if not (isinstance(name, str) and isinstance(wanted, str) and name.strip() and wanted.strip())
    ][:1]


def account_rule_problems(target: str, value: ReferenceValue, roles: set[str]) -> list[str]:
    """Why a rule may not lead to an account that plays these roles.

    EXP is never a control, bank, tax or role account; a counterparty may be TRANSIT, a personal item is EMREC."""
    if target == Target.PERSONAL:
        return [] if Role.EMREC in roles else [f"{value} does not play the role EMREC, where personal items go."]
    if kept_for := value.facts.get(KEPT_FOR):
        return [f"{value} is kept by the ledger for its {kept_for}: what is booked there is cleared by the ledger."]
    allowed = {Role.EMREC} if target == Target.ACCOUNT else {Role.TRANSIT}
    if roles and not roles & allowed:
        return [f"{value} plays the role {min(roles)}, so no cost may go to it."]
    if not roles and value.facts.get("type") in CONTROL_TYPES:
        return [f"{value} is a control or bank account ({value.facts['type']}), which no cost may go to."]
    return []


@transaction.atomic
def rule_create(
    *,
    tenant: Tenant,
    target: str,
    when: Mapping[str, str],
    value: ReferenceValue,
    by: Author,
    reason: str,
    flow: Flow | None = None,
    valid_from: date | None = None,
    priority: int = 0,
    labels: Mapping[str, str] | None = None,
) -> MappingRule:
    """A new rule. Raises RefusedError with all reasons, among them a rule with the same conditions and first day."""
    rule = MappingRule(
        tenant=tenant,
        flow=flow,
        target=target,
        when=dict(when),
        labels=dict(labels or {}),
        valid_from=valid_from,
        priority=priority,
        value=value,
        reason=reason,
        created_by=by if by is not None and by.pk else None,  # type: ignore[misc]
    )
    return rule_store(rule, by=by, reason=reason)


@transaction.atomic
def rule_update(rule: MappingRule, *, by: Author, reason: str, **changes: Any) -> MappingRule:
    """Change `value`, `when`, `labels`, `valid_from`, `priority` or `flow` of a rule in force. Raises RefusedError."""
    strange = changes.keys() - {"value", "when", "labels", "valid_from", "priority", "flow", "target"}
    if strange:
        raise TypeError(f"rule_update() does not change {', '.join(sorted(strange))}")
    stored = MappingRule.objects.select_for_update().get(pk=rule.pk)
    if stored.archived_at:
        raise RefusedError("The rule is archived; make a new one.")
    before = MappingRule.objects.get(pk=rule.pk)
    for name, value in changes.items():
        setattr(stored, name, dict(value) if name in ("when", "labels") else value)
    stored.reason = reason or stored.reason
    return rule_store(stored, by=by, reason=reason, before=before)


@transaction.atomic
def rule_archive(rule: MappingRule, *, by: Author, reason: str) -> MappingRule:
    """Take a rule out of force; it stays readable. Safe to repeat."""
    stored = MappingRule.objects.select_for_update().get(pk=rule.pk)
    if stored.archived_at:
        return stored
    stored.archived_at = timezone.now()
    _trace(stored, by, reason)
    stored.save()
    rules_touched([stored])
    return stored


def rule_store(rule: MappingRule, *, by: Author, reason: str, before: MappingRule | None = None) -> MappingRule:
    """Check, save with history, count up the flows. Raises RefusedError. Call it in a transaction.

    A row of a proxy is stored, and answered, as the MappingRule it is: histories hang on that class alone."""
    if type(rule) is not MappingRule:
        fields = (field.attname for field in MappingRule._meta.concrete_fields)
        proxy, rule = rule, MappingRule(**{name: getattr(rule, name) for name in fields})
        rule._state.adding = proxy._state.adding
    of_one_tenant(rule.tenant_id, flow=rule.flow, value=rule.value)
    rule_placed(rule)
    refuse_if(rule_problems(rule))
    _trace(rule, by, reason)
    try:
        with transaction.atomic():
            rule.save()
    except IntegrityError as error:
        if "mappings_rule_uniq" not in str(error):
            raise
        raise RefusedError(f"There is already a rule for {rule.conditions} from the same day on.") from error
    rules_touched([rule] if before is None else [rule, before])
    return rule


def rule_placed(rule: MappingRule) -> None:
    """Note on the rule where its value belongs, which the database checks."""
    if isinstance(rule.when, dict):
        rule.when = {str(name).strip(): str(wanted).strip() for name, wanted in rule.when.items()}
    rule.ledger_id = rule.value.connection_id
    rule.company = rule.value.company
    rule.plan = rule.value.group if rule.value.kind == "cost_centre" else ""


def _trace(rule: MappingRule, by: Author, reason: str) -> None:
    rule._history_user = by if by is not None and by.pk else None  # type: ignore[attr-defined]
    rule._change_reason = reason  # type: ignore[attr-defined]


@transaction.atomic
def vendor_accept(
    *,
    tenant: Tenant,
    source_id: str,
    name: str,
    partner: ReferenceValue,
    by: Author,
    reason: str,
    is_employee: bool = False,
    flow: Flow | None = None,
) -> MappingRule:
    """Keep a person's answer as a rule: this vendor of the source (or, without an id, this merchant) is that partner.

    Safe to repeat; an older answer for the same vendor is changed, with the reason in its history."""
    field = "employee" if is_employee else ("vendor" if source_id else "merchant")
    when = {field: source_id or name}
    target = Target.EMPLOYEE if is_employee else Target.VENDOR
    old = MappingRule.objects.filter(
        tenant=tenant, flow=flow, target=target, when=when, valid_from=None, archived_at=None,
        ledger_id=partner.connection_id, company=partner.company,
    ).first()  # fmt: skip
    if old is None:
        return rule_create(
            tenant=tenant, flow=flow, target=target, when=when, labels={field: name}, value=partner, by=by,
            reason=reason,
        )  # fmt: skip
    return old if old.value_id == partner.pk else rule_update(old, by=by, reason=reason, value=partner)
