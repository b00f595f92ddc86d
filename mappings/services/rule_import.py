"""How do many rules come in at once? A plan shows everything first, mistakes with their rows; then all or none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from connectors.models import Connection, Tenant
from mappings.models import Flow, FlowState, MappingRule, ReferenceValue, RoleAccount
from mappings.models.rules import TARGET_KINDS
from mappings.refusals import RefusedError, of_one_tenant
from mappings.services.rules import account_rule_problems, rule_placed
from mappings.versions import rules_touched

Author = AbstractBaseUser | None
COLUMNS = ("target", "when", "value", "plan", "valid_from", "priority", "flow", "reason")
Key = tuple[object, ...]


@dataclass(slots=True)
class RulePlan:
    """What an import would do. `mistakes` are row numbers (from 1) with sentences; with one, nothing is applied."""

    create: list[MappingRule] = field(default_factory=list)
    change: list[MappingRule] = field(default_factory=list)
    unchanged: int = 0
    mistakes: list[tuple[int, str]] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        """The plan in words, one line a rule."""
        return [
            *(f"new: {rule}" for rule in self.create),
            *(f"changed: {rule}" for rule in self.change),
            *(f"row {number}: {text}" for number, text in self.mistakes),
        ]


def rules_plan(*, tenant: Tenant, ledger: Connection, company: str, rows: Sequence[Mapping[str, str]]) -> RulePlan:
    """Read rows of COLUMNS; `when` is "category=software; department=dep_2", `value` a code or an id of the ledger.

    A constant number of queries. Writes nothing. Raises RefusedError for another tenant's ledger."""
    of_one_tenant(tenant.pk, ledger=ledger)
    book = _Book(tenant, ledger, company)
    plan, seen = RulePlan(), dict[Key, int]()
    for number, row in enumerate(rows, 1):
        try:
            rule = book.rule(row)
        except ValueError as error:
            plan.mistakes.append((number, str(error)))
            continue
        key = _key(rule)
        if key in seen:
            plan.mistakes.append((number, f"It has the conditions and first day of row {seen[key]}."))
            continue
        seen[key] = number
        old = book.standing.get(key)
        if old is None:
            plan.create.append(rule)
        elif (old.value_id, old.priority) == (rule.value_id, rule.priority):
            plan.unchanged += 1
        else:
            old.value, old.priority, old.reason = rule.value, rule.priority, rule.reason or old.reason
            plan.change.append(old)
    return plan


@transaction.atomic
def rules_apply(
    *, tenant: Tenant, ledger: Connection, company: str, rows: Sequence[Mapping[str, str]], by: Author, reason: str
) -> RulePlan:
    """Plan again under a lock and write all of it with its history. Raises RefusedError with every mistake."""
    Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    plan = rules_plan(tenant=tenant, ledger=ledger, company=company, rows=rows)
    if plan.mistakes:
        raise RefusedError(*(f"Row {number}: {text}" for number, text in plan.mistakes))
    author = by if by is not None and by.pk else None
    for rule in plan.create:
        rule.created_by = author  # type: ignore[assignment]
    bulk_create_with_history(
        plan.create, MappingRule, batch_size=1000, default_user=author, default_change_reason=reason
    )
    bulk_update_with_history(
        plan.change, MappingRule, ["value", "priority", "reason"], batch_size=1000, default_user=author,
        default_change_reason=reason,
    )  # fmt: skip
    rules_touched([*plan.create, *plan.change])
    return plan


def _key(rule: MappingRule) -> Key:
    return (rule.flow_id, rule.target, tuple(sorted(rule.when.items())), rule.valid_from, rule.plan)


class _Book:
    """What rows are read against: the company's values, the tenant's flows, the rules that stand."""

    def __init__(self, tenant: Tenant, ledger: Connection, company: str) -> None:
        self.tenant, self.ledger = tenant, ledger
        kinds = frozenset().union(*TARGET_KINDS.values())
        self.values: dict[tuple[str, str], list[ReferenceValue]] = {}
        for value in ReferenceValue.objects.filter(
            connection=ledger, company__in=["", company], kind__in=kinds, is_active=True
        ):
            for word in {value.code, value.external_id} - {""}:
                self.values.setdefault((value.kind, word), []).append(value)
        flows = Flow.objects.filter(tenant=tenant, ledger=ledger, company=company).exclude(state=FlowState.ARCHIVED)
        self.flows = {flow.name: flow for flow in flows}
        self.roles: dict[int, set[str]] = {}
        for account_id, role in RoleAccount.objects.filter(ledger=ledger).values_list("account_id", "role"):
            self.roles.setdefault(account_id, set()).add(role)
        standing = MappingRule.objects.filter(
            tenant=tenant, ledger=ledger, company__in=["", company], archived_at=None
        ).select_related("value", "flow")
        self.standing = {_key(rule): rule for rule in standing}

    def rule(self, row: Mapping[str, str]) -> MappingRule:
        """One row as a rule. Raises ValueError with the sentence."""
        unknown = sorted(set(row) - set(COLUMNS))
        if unknown:
            raise ValueError(f"There is no column {', '.join(unknown)}.")
        cells = {name: str(row.get(name) or "").strip() for name in COLUMNS}
        target = cells["target"]
        if target not in TARGET_KINDS:
            raise ValueError(f"{target or 'nothing'} is no target; use one of {', '.join(sorted(TARGET_KINDS))}.")
        flow = self.flows.get(cells["flow"]) if cells["flow"] else None
        if cells["flow"] and flow is None:
            raise ValueError(f"There is no flow {cells['flow']} into this company.")
        value = self._value(target, cells["value"], cells["plan"])
        rule = MappingRule(
            tenant=self.tenant,
            flow=flow,
            target=target,
            when=_conditions(cells["when"]),
            value=value,
            valid_from=_day(cells["valid_from"]),
            priority=_whole(cells["priority"]),
            reason=cells["reason"],
        )
        rule_placed(rule)
        return rule

    def _value(self, target: str, word: str, plan: str) -> ReferenceValue:
        found = {
            value.pk: value
            for kind in TARGET_KINDS[target]
            for value in self.values.get((kind, word), ())
            if not plan or value.group == plan
        }
        if not found:
            raise ValueError(f"The ledger has no active {target.replace('_', ' ')} {word or '(empty)'}.")
        if len(found) > 1:
            raise ValueError(f"Several values of the ledger are called {word}; use the id, or name the plan.")
        value = next(iter(found.values()))
        if value.kind == "account" and (
            problems := account_rule_problems(target, value, self.roles.get(value.pk, set()))
        ):
            raise ValueError(problems[0])
        return value


def _conditions(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in re.split(r";", text) if part.strip()]
    when = {name.strip(): wanted.strip() for name, _, wanted in pairs}
    if not 1 <= len(pairs) <= 3 or len(when) != len(pairs) or not all(name and value for name, value in when.items()):
        raise ValueError("The conditions are one to three of field=value, with ; between them.")
    return when


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ValueError(f"{text} is not a day; write it like 2026-01-31.") from None


def _whole(text: str) -> int:
    try:
        number = int(text or "0")
    except ValueError:
        raise ValueError(f"{text} is not a whole number.") from None
    if abs(number) > 32767:
        raise ValueError(f"The priority {text} is out of range.")
    return number
