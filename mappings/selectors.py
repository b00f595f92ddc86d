"""What do people and the engine read of mappings? Queries only, each a constant number of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Q, QuerySet

from connectors.records import Family
from mappings.flow_settings import FlowFilter
from mappings.models import FamilyOwner, Flow, FlowState, MappingRule, ReferenceValue
from mappings.resolver import RuleRow
from mappings.routing import FlowView, Owners, OwnerView
from mappings.translate.context import Policies


def flows_for(connection_id: int, stream: str) -> list[FlowView]:
    """The flows of a connection's stream that are not archived, as `routing.route` wants them. Two queries."""
    flows = (
        Flow.objects.filter(source_id=connection_id, stream=stream)
        .exclude(state=FlowState.ARCHIVED)
        .select_related("tenant")
        .order_by("pk")
    )
    return flow_views(list(flows))


def flow_views(flows: Sequence[Flow]) -> list[FlowView]:
    """Plain views of flows, with the time zones of their companies. One query."""
    zones = {
        (connection_id, external_id): facts.get("time_zone", "")
        for connection_id, external_id, facts in ReferenceValue.objects.filter(
            connection_id__in={flow.ledger_id for flow in flows}, kind="company"
        ).values_list("connection_id", "external_id", "facts")
    }
    return [
        FlowView(
            id=flow.pk,
            name=flow.name,
            source_id=flow.source_id,
            stream=flow.stream,
            takes=FlowFilter.model_validate(flow.filter),
            ledger_id=flow.ledger_id,
            company=flow.company,
            document=flow.document,
            state=flow.state,
            posting_day=Policies.model_validate(flow.policies).posting_day,
            time_zone=zones.get((flow.ledger_id, flow.company)) or flow.tenant.time_zone,
        )
        for flow in flows
    ]


def owners_for(connection_id: int) -> Owners:
    """Who owns which family of a source, day by day. One query."""
    rows = FamilyOwner.objects.filter(source_id=connection_id).select_related("flow")
    return Owners.of(
        (
            (row.source_id, row.ledger_id, row.company, Family(row.family)),
            OwnerView(
                flow_id=row.flow_id,
                valid_from=row.valid_from,
                flow_name=row.flow.name if row.flow else "",
                flow_state=row.flow.state if row.flow else "",
                stream=row.flow.stream if row.flow else "",
            ),
        )
        for row in rows
    )


def rules_of(flow: Flow) -> QuerySet[MappingRule]:
    """The rules that answer for a flow now: its own and its tenant's."""
    return MappingRule.objects.filter(
        Q(flow_id=flow.pk) | Q(flow_id=None), tenant_id=flow.tenant_id, archived_at=None
    ).select_related("value")


def rule_rows(flow: Flow) -> list[RuleRow]:
    """`rules_of` as the resolver reads them: only values of the flow's own ledger and company. One query."""
    return [rule_row(rule) for rule in rules_of(flow) if value_fits(rule.value, flow)]


def rule_rows_as_of(flow: Flow, moment: datetime) -> list[RuleRow]:
    """The rules that answered for a flow at an instant, from their history: for translating as it was then."""
    past: Iterable[MappingRule] = MappingRule.history.as_of(moment).filter(
        Q(flow_id=flow.pk) | Q(flow_id=None), tenant_id=flow.tenant_id, archived_at=None
    )
    rules = list(past)
    values = ReferenceValue.objects.in_bulk({rule.value_id for rule in rules})
    for rule in rules:
        rule.value = values[rule.value_id]
    return [rule_row(rule) for rule in rules if value_fits(rule.value, flow)]


def value_fits(value: ReferenceValue, flow: Flow) -> bool:
    """A value of the flow's ledger, of its company or of none."""
    return value.connection_id == flow.ledger_id and value.company in ("", flow.company)


def rule_row(rule: MappingRule) -> RuleRow:
    """One rule with its value, plain."""
    value = rule.value
    return RuleRow(
        id=rule.pk,
        target=rule.target,
        when=tuple(sorted((str(name), str(wanted)) for name, wanted in rule.when.items())),
        words=rule.conditions,
        value=value.external_id,
        code=value.code,
        name=str(value.facts.get("amount", "")) if value.kind == "tax" else value.name,
        kind=value.kind,
        group=value.group if value.kind == "cost_centre" else "",
        is_active=value.is_active,
        is_of_flow=rule.flow_id is not None,
        priority=rule.priority,
        valid_from=rule.valid_from,
    )


def rules_pointing_at_archived(tenant_ids: Iterable[int]) -> QuerySet[MappingRule]:
    """Rules in force whose value the ledger no longer offers: to be mended before they hold records."""
    return MappingRule.objects.filter(
        tenant_id__in=list(tenant_ids), archived_at=None, value__is_active=False
    ).select_related("value", "flow")


def source_values(connection_id: int, kind: str) -> dict[str, ReferenceValue]:
    """Active values of a source by their external ids: accounts, entities, categories to choose from."""
    rows = ReferenceValue.objects.filter(connection_id=connection_id, kind=kind, is_active=True)
    return {row.external_id: row for row in rows.order_by("pk")}
