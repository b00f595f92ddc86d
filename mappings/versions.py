"""Who has to read the rules again? Each change counts up the flows it concerns and tells it after the commit."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from django.db import transaction
from django.db.models import F, Q, QuerySet

from mappings.models import Flow, FlowState, MappingRule
from mappings.signals import rules_changed


def flows_touched(flows: QuerySet[Flow], *, tenant_id: int, what: str, targets: Iterable[str] = ()) -> list[int]:
    """Count up `rules_version` of these flows of one tenant and send `rules_changed` on commit; answers their ids.

    Call it in the transaction of the change, after it. The rows are locked in the order of their ids."""
    with transaction.atomic():
        ids = list(
            flows.filter(tenant_id=tenant_id)
            .exclude(state=FlowState.ARCHIVED)
            .order_by("pk")
            .select_for_update(of=("self",))
            .values_list("pk", flat=True)
        )
        Flow.objects.filter(pk__in=ids).update(rules_version=F("rules_version") + 1)
        transaction.on_commit(
            partial(
                rules_changed.send_robust,
                sender=Flow,
                tenant_id=tenant_id,
                flow_ids=tuple(ids),
                what=what,
                targets=tuple(sorted(set(targets))),
            )
        )
    return ids


def flows_held(tenant_id: int) -> list[Flow]:
    """A tenant's flows, locked in the order of their ids: whoever switches them, or moves what they own, takes them
    before anything else, so that one waits for the other and never both. To be called inside a transaction."""
    rows = Flow.objects.select_for_update(of=("self",)).filter(tenant_id=tenant_id).order_by("pk")
    return list(rows.select_related("tenant", "source", "ledger"))


def rules_touched(rules: Iterable[MappingRule]) -> list[int]:
    """The flows that these rules of one tenant answer for: their own, or all flows if one is for every flow."""
    changed = list(rules)
    if not changed:
        return []
    tenant_id = changed[0].tenant_id
    wanted = Q()
    if all(rule.flow_id is not None for rule in changed):
        wanted = Q(pk__in={rule.flow_id for rule in changed})
    return flows_touched(
        Flow.objects.filter(wanted), tenant_id=tenant_id, what="rules", targets=(rule.target for rule in changed)
    )


def company_touched(*, tenant_id: int, ledger_id: int, company: str, what: str) -> list[int]:
    """All flows into one company of a ledger."""
    flows = Flow.objects.filter(ledger_id=ledger_id, company=company)
    return flows_touched(flows, tenant_id=tenant_id, what=what)
