"""Who posts a family of money from which day on? Changed by date, never for days that may be posted (X1, X6)."""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from connectors.models import Connection
from connectors.records import Family
from mappings.doubling import posted_by_another_tenant
from mappings.models import FamilyOwner, Flow, FlowState
from mappings.owners import RUNNING, families_shown, families_taken, newest_owners, proposals, siblings
from mappings.refusals import of_one_tenant, refuse_if
from mappings.versions import flows_held, flows_touched

Author = AbstractBaseUser | None


@transaction.atomic
def owner_set(
    *,
    source: Connection,
    ledger: Connection,
    company: str,
    family: Family,
    flow: Flow | None,
    by: Author,
    valid_from: date | None = None,
    reason: str = "",
) -> FamilyOwner:
    """From `valid_from` on, the flow (None: the ledger itself) owns the family. Safe to repeat.

    An owner that has never run may be exchanged from the beginning. One that has run may only be followed by another
    from a later day (X6); two from the same day are refused (X1). Raises RefusedError."""
    of_one_tenant(source.tenant_id, ledger=ledger, flow=flow)
    wanted = FamilyOwner(
        tenant_id=source.tenant_id, source=source, ledger=ledger, company=company, family=family, flow=flow,
        valid_from=valid_from,
    )  # fmt: skip
    same, reasons = owner_refusals(wanted)
    if same is not None and same.flow_id == wanted.flow_id:
        return same
    refuse_if(reasons)
    row = same or wanted
    row.flow = flow
    return owner_store(row, by=by, reason=reason)


def owner_refusals(wanted: FamilyOwner) -> tuple[FamilyOwner | None, list[str]]:
    """The row that begins on the same day, if any, and every reason against the wanted one. Locks the family,
    and the tenant's flows before it."""
    flow, valid_from, family = wanted.flow, wanted.valid_from, Family(wanted.family)
    stored = next((row for row in flows_held(wanted.source.tenant_id) if row.pk == wanted.flow_id), None)
    rows = list(
        FamilyOwner.objects.select_for_update(of=("self",))
        .filter(source=wanted.source, ledger=wanted.ledger, company=wanted.company, family=family)
        .select_related("flow")
    )
    rows.sort(key=lambda row: row.valid_from or date.min)
    same = next((row for row in rows if row.valid_from == valid_from), None)
    reasons = owner_problems(wanted.ledger, wanted.company, family, flow)
    if stored is not None and stored.state in RUNNING and not reasons:
        reasons += posted_by_another_tenant(stored, {family})
    if same is not None and _has_run(same):
        since = f"from {valid_from}" if valid_from else "from the beginning"
        reasons.append(
            f"X1: {same.flow or 'the ledger itself'} owns {family} {since} and has run; give the new owner a later day."
        )
    later = [row for row in rows if row is not same and (row.valid_from or date.min) > (valid_from or date.min)]
    if later and any(_has_run(row) for row in rows):
        reasons.append(f"X6: {later[-1]} begins later already; a new owner begins after {later[-1].valid_from}.")
    if same is None and rows and valid_from is None:
        reasons.append("X6: the family has an owner; a new one begins on a posting day.")
    return same, reasons


def owner_problems(ledger: Connection, company: str, family: Family, flow: Flow | None) -> list[str]:
    """Why a flow cannot own a family in this company at all."""
    if flow is None:
        return []
    problems = []
    if flow.state == FlowState.ARCHIVED:
        problems.append(f"{flow} is archived.")
    if (flow.ledger_id, flow.company) != (ledger.pk, company):
        problems.append(f"{flow} posts into another company.")
    if family not in families_shown(flow):
        problems.append(f"The stream {flow.stream} of {flow} does not show family {family}.")
    return problems


def owner_store(row: FamilyOwner, *, by: Author, reason: str) -> FamilyOwner:
    """Save with history and count up the flows of that source and company. Call it in a transaction."""
    row._history_user = by if by is not None and by.pk else None  # type: ignore[attr-defined]
    row._change_reason = reason  # type: ignore[attr-defined]
    row.save()
    flows_touched(
        Flow.objects.filter(source_id=row.source_id, ledger_id=row.ledger_id, company=row.company),
        tenant_id=row.tenant_id,
        what="owners",
    )
    return row


@transaction.atomic
def owners_fill(flow: Flow, *, by: Author) -> list[FamilyOwner]:
    """Give each family that the flow shows and nobody owns to its default owner among the flows that run and this.

    What an archived flow owned is followed from a later day, as after any owner that has run (X6)."""
    rows = FamilyOwner.objects.filter(source=flow.source_id, ledger=flow.ledger_id, company=flow.company)
    known = list(rows.select_related("flow"))
    taken, newest = families_taken(known), newest_owners(known)
    shown = families_shown(flow)
    running = siblings(flow).filter(source=flow.source_id, ledger=flow.ledger_id, company=flow.company)
    filled = []
    for proposal in proposals((*running, flow)):
        if proposal.family in taken or proposal.family not in shown:
            continue
        left = newest.get(proposal.family)
        if left is not None and not _has_run(left):
            row = left
            row.flow = proposal.flow
        else:
            row = FamilyOwner(
                tenant_id=flow.tenant_id,
                source_id=flow.source_id,
                ledger_id=flow.ledger_id,
                company=flow.company,
                family=proposal.family,
                flow=proposal.flow,
                valid_from=_day_after(left, proposal.flow or flow) if left else None,
            )
        filled.append(owner_store(row, by=by, reason=f"Default when {flow} was switched on: {proposal.because}"))
    return filled


def _day_after(left: FamilyOwner, flow: Flow) -> date:
    """The first day on which nothing can be posted by the owner that was archived: today, where the same stream goes
    on and its records are known; tomorrow for another stream, which would show today's money again."""
    today = timezone.now().astimezone(flow.tenant.zone).date()
    same_stream = left.flow is not None and left.flow.stream == flow.stream
    first = today if same_stream else today + timedelta(days=1)
    if left.valid_from is not None:
        first = max(first, left.valid_from + timedelta(days=1))
    return max(first, flow.post_from or first)


def _has_run(row: FamilyOwner) -> bool:
    return row.flow is not None and row.flow.first_on_at is not None
