"""How does a set-up file become rows? Idempotent by natural key; each answer says what changed, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, Literal, TypeVar

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from connectors.documents import Role
from connectors.models import Connection, Tenant
from connectors.records import Family
from mappings.flow_settings import FlowFilter
from mappings.models import DocumentKind, FamilyOwner, Flow, FlowState, MappingRule, ReferenceValue, RoleAccount
from mappings.refusals import RefusedError, of_one_tenant
from mappings.services.flows import flow_save
from mappings.services.owners import owner_set
from mappings.services.roles import role_account_set
from mappings.services.rules import rule_create, rule_update

Author = AbstractBaseUser | None
Row = TypeVar("Row", Flow, RoleAccount, MappingRule, FamilyOwner)


@dataclass(frozen=True, slots=True)
class Upserted(Generic[Row]):
    """`changes` are lines for people: "post_from: none -> 2026-01-01"."""

    row: Row
    state: Literal["created", "changed", "unchanged"]
    changes: tuple[str, ...] = ()


def reference_find(connection: Connection, company: str, kind: str, word: str) -> ReferenceValue:
    """The active value with this code, else external id, else name. Raises RefusedError when none or several fit."""
    values = ReferenceValue.objects.filter(connection=connection, company__in=["", company], kind=kind, is_active=True)
    for field in ("code", "external_id", "name"):
        found = list(values.filter(**{field: word})[:2])
        if len(found) == 1:
            return found[0]
        if found:
            raise RefusedError(f"Several {kind}s of {connection} have the {field.replace('_', ' ')} {word}.")
    said = f"{connection} has no active {kind} {word}"
    if values.exists():
        raise RefusedError(f"{said}.")
    raise RefusedError(
        f"{said}: it shows no {kind} of the company {company or '(empty)'} at all. Give the company as the ledger "
        "writes it; its lists are read when the file is applied, with the rights of this connection."
    )


@transaction.atomic
def flow_upsert(
    *,
    tenant: Tenant,
    name: str,
    source: Connection,
    stream: str,
    ledger: Connection,
    company: str,
    by: Author,
    document: str = DocumentKind.SPEND,
    filter: Mapping[str, Any] | None = None,
    policies: Mapping[str, Any] | None = None,
    journals: Mapping[str, Any] | None = None,
    post_from: date | None = None,
    cost_centre: ReferenceValue | None = None,
    reason: str = "",
) -> Upserted[Flow]:
    """A flow by its name in the tenant, else by its route; its state is left alone. Raises RefusedError."""
    of_one_tenant(tenant.pk, source=source, ledger=ledger, cost_centre=cost_centre)
    wanted = {
        "name": name, "source": source, "stream": stream, "filter": dict(filter or {}), "ledger": ledger,
        "company": company, "document": str(document), "policies": dict(policies or {}),
        "journals": dict(journals or {}), "post_from": post_from, "cost_centre": cost_centre,
    }  # fmt: skip
    flows = Flow.objects.filter(tenant=tenant).exclude(state=FlowState.ARCHIVED)
    flow = flows.filter(name=name).first() or _by_route(flows, wanted)
    if flow is None:
        return Upserted(flow_save(Flow(tenant=tenant, **wanted), by=by, reason=reason), "created")
    before = {key: getattr(flow, key) for key in wanted}
    for key, value in wanted.items():
        setattr(flow, key, value)
    flow.clean()
    changes = _differences(before, {key: getattr(flow, key) for key in wanted})
    if not changes:
        return Upserted(flow, "unchanged")
    return Upserted(flow_save(flow, by=by, reason=reason), "changed", changes)


@transaction.atomic
def role_account_upsert(
    *,
    ledger: Connection,
    company: str,
    role: Role,
    account: ReferenceValue,
    by: Author,
    what_for: str = "",
    has_statements: bool = False,
    reason: str = "",
) -> Upserted[RoleAccount]:
    """The account of a role, by ledger, company, role and what it is for. Raises RefusedError."""
    key = {"ledger": ledger, "company": company, "role": role, "what_for": what_for}
    old = RoleAccount.objects.filter(**key).select_related("account").first()
    before = {"account": old.account, "has_statements": old.has_statements} if old else {}
    row = role_account_set(**key, account=account, has_statements=has_statements, by=by, reason=reason)  # type: ignore[arg-type]
    if old is None:
        return Upserted(row, "created")
    changes = _differences(before, {"account": account, "has_statements": has_statements})
    return Upserted(row, "changed" if changes else "unchanged", changes)


@transaction.atomic
def rule_upsert(
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
) -> Upserted[MappingRule]:
    """A rule in force by tenant, flow, target, conditions and first day (and the company and plan of its value)."""
    of_one_tenant(tenant.pk, flow=flow, value=value)
    old = MappingRule.objects.filter(
        tenant=tenant, flow=flow, target=target, when=dict(when), valid_from=valid_from, archived_at=None,
        ledger=value.connection_id, company=value.company, plan=value.group if value.kind == "cost_centre" else "",
    ).select_related("value").first()  # fmt: skip
    if old is None:
        made = rule_create(
            tenant=tenant, flow=flow, target=target, when=when, value=value, valid_from=valid_from,
            priority=priority, labels=labels, by=by, reason=reason,
        )  # fmt: skip
        return Upserted(made, "created")
    wanted: dict[str, Any] = {"value": value, "priority": priority}
    if labels is not None:
        wanted["labels"] = dict(labels)
    changes = _differences({key: getattr(old, key) for key in wanted}, wanted)
    if not changes:
        return Upserted(old, "unchanged")
    return Upserted(rule_update(old, by=by, reason=reason, **wanted), "changed", changes)


@transaction.atomic
def owner_upsert(
    *,
    source: Connection,
    ledger: Connection,
    company: str,
    family: Family,
    flow: Flow | None,
    by: Author,
    valid_from: date | None = None,
    reason: str = "",
) -> Upserted[FamilyOwner]:
    """The owner of a family from a day on. Raises RefusedError (X1, X6)."""
    key: dict[str, Any] = {
        "source": source, "ledger": ledger, "company": company, "family": family, "valid_from": valid_from
    }  # fmt: skip
    old = FamilyOwner.objects.filter(**key).select_related("flow").first()
    before = old.flow if old else None
    row = owner_set(**key, flow=flow, by=by, reason=reason)
    if old is None:
        return Upserted(row, "created")
    changes = _differences({"owner": before or "the ledger itself"}, {"owner": flow or "the ledger itself"})
    return Upserted(row, "changed" if changes else "unchanged", changes)


def _by_route(flows: Any, wanted: Mapping[str, Any]) -> Flow | None:
    try:
        stored = FlowFilter.model_validate(wanted["filter"]).stored()
    except ValueError:
        return None  # flow_save tells what is wrong with it
    route = {key: wanted[key] for key in ("source", "stream", "ledger", "company", "document")}
    found: Flow | None = flows.filter(**route, filter=stored).first()
    return found


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        f"{name}: {_shown(old)} -> {_shown(after[name])}" for name, old in before.items() if old != after[name]
    )


def _shown(value: Any) -> str:
    if value in (None, "", {}):
        return "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} {item}" for key, item in sorted(value.items()))
    return str(value)
