"""How does a flow begin, pause and end? Refused with all reasons at once, never half done."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from connectors.registry import connector_get
from mappings.doubling import double_postings
from mappings.flow_settings import REFERENCE_STREAMS
from mappings.models import DocumentKind, Flow, FlowState
from mappings.readiness import flow_readiness
from mappings.refusals import RefusedError, of_one_tenant, refuse_if
from mappings.schedule import schedule_follow
from mappings.selectors import value_fits
from mappings.services.owners import owners_fill
from mappings.versions import flows_held, flows_touched

Author = AbstractBaseUser | None
FROZEN_ONCE_ON = ("source_id", "stream", "ledger_id", "company", "document")


@transaction.atomic
def flow_save(flow: Flow, *, by: Author, reason: str = "") -> Flow:
    """Create or change a flow's set-up (not its state). Raises RefusedError with all reasons.

    Once it has been on, where it comes from and goes to is fixed: archive it and make another."""
    refuse_if(flow_refusals(flow))
    _stored(flow, by, reason)
    flows_touched(Flow.objects.filter(pk=flow.pk), tenant_id=flow.tenant_id, what="flow")
    flow.refresh_from_db(fields=["rules_version"])
    return flow


def flow_refusals(flow: Flow) -> list[str]:
    """Every reason against storing this set-up; takes state and version from the stored row and locks it."""
    stored = Flow.objects.select_for_update(of=("self",)).filter(pk=flow.pk).first() if flow.pk else None
    problems = flow_problems(flow)
    if stored is None:
        return problems
    flow.state, flow.rules_version, flow.first_on_at = stored.state, stored.rules_version, stored.first_on_at
    if stored.state == FlowState.ARCHIVED:
        problems.append("The flow is archived; make a new one.")
    moved = [name for name in FROZEN_ONCE_ON if getattr(flow, name) != getattr(stored, name)]
    if stored.first_on_at and moved:
        words = ", ".join(name.removesuffix("_id") for name in moved)
        problems.append(f"The flow has been on, so its {words} can no longer change; archive it and make another.")
    if stored.state in (FlowState.ON, FlowState.DRY_RUN) and not problems:
        problems += double_postings(flow)
    return problems


def flow_problems(flow: Flow) -> list[str]:
    """What is wrong with a flow's set-up in itself."""
    try:
        of_one_tenant(flow.tenant_id, source=flow.source, ledger=flow.ledger, cost_centre=flow.cost_centre)
    except RefusedError as error:
        return list(error.reasons)
    problems = []
    try:
        flow.clean()
    except ValidationError as error:
        problems += [f"{name}: {text}" for name, texts in error.message_dict.items() for text in texts]
    if flow.source_id == flow.ledger_id:
        problems.append("A flow goes from one connection into another.")
    problems += _stream_problems(flow)
    twin = Flow.objects.filter(
        source=flow.source_id, stream=flow.stream, filter=flow.filter, ledger=flow.ledger_id, company=flow.company,
        document=flow.document,
    ).exclude(state=FlowState.ARCHIVED).exclude(pk=flow.pk).first()  # fmt: skip
    if twin is not None and flow.state != FlowState.ARCHIVED:
        problems.append(f"{twin} takes this stream and filter into this company already.")
    centre = flow.cost_centre
    if centre is not None and not (value_fits(centre, flow) and centre.kind == "cost_centre"):
        problems.append(f"{centre} is not a cost centre of this company.")
    return problems


def _stream_problems(flow: Flow) -> list[str]:
    if flow.document == DocumentKind.REFERENCE:
        known = ", ".join(sorted(REFERENCE_STREAMS))
        return [] if flow.stream in REFERENCE_STREAMS else [f"Reference values are {known}, not {flow.stream}."]
    streams = connector_get(flow.source.vendor).streams
    if flow.stream not in streams:
        known = ", ".join(sorted(streams)) or "none"
        return [f"{flow.source} has no stream {flow.stream}; it has {known}."]
    if streams[flow.stream].is_reference != (flow.document != DocumentKind.SPEND):
        return [f"The stream {flow.stream} does not become {flow.get_document_display()}."]
    return []


def switch_on_reasons(flow: Flow) -> list[str]:
    """Everything that stands against switching a flow on: its set-up, what is missing, what would post twice."""
    problems = flow_problems(flow)
    if problems:
        return problems
    return [
        *(missing.reason for missing in flow_readiness(flow) if missing.is_blocking),
        *double_postings(flow),
    ]


@transaction.atomic
def flow_switch_on(flow: Flow, *, by: Author, reason: str = "") -> Flow:
    """Post from now on. Raises RefusedError with all reasons. Families that nobody owns get their default owner.

    Two flows of one tenant are switched one after the other, so that neither overlooks the other; so are flows of two
    tenants into the same books. Safe to repeat."""
    stored = _locked(flow)
    if stored.state == FlowState.ON:
        return stored
    refuse_if(switch_on_reasons(stored))
    stored.state = FlowState.ON
    stored.first_on_at = stored.first_on_at or timezone.now()
    return _switched(stored, by, reason or "switched on")


@transaction.atomic
def flow_dry_run(flow: Flow, *, by: Author, reason: str = "") -> Flow:
    """Read, translate and show, but post nothing. Raises RefusedError where it would post twice once it is on."""
    stored = _locked(flow)
    if stored.state == FlowState.DRY_RUN:
        return stored
    refuse_if(flow_problems(stored) or double_postings(stored))
    stored.state = FlowState.DRY_RUN
    return _switched(stored, by, reason or "dry run")


@transaction.atomic
def flow_switch_off(flow: Flow, *, by: Author, reason: str = "") -> Flow:
    """Stop posting; what it owns stays its own, so nobody else posts it meanwhile. Safe to repeat."""
    stored = _locked(flow)
    if stored.state == FlowState.OFF:
        return stored
    stored.state = FlowState.OFF
    return _switched(stored, by, reason or "switched off")


@transaction.atomic
def flow_archive(flow: Flow, *, by: Author, reason: str = "") -> Flow:
    """End a flow for good. Its keys, history and documents stay. Safe to repeat.

    A flow that is on is switched off first. Raises RefusedError."""
    stored = Flow.objects.select_for_update(of=("self",)).select_related("tenant").get(pk=flow.pk)
    if stored.state == FlowState.ARCHIVED:
        return stored
    if stored.state == FlowState.ON:
        raise RefusedError(f"{stored} is on: switch it off first, and name the new owners of what it owns.")
    flows_touched(Flow.objects.filter(pk=stored.pk), tenant_id=stored.tenant_id, what="flow")
    stored.state = FlowState.ARCHIVED
    _stored(stored, by, reason or "archived")
    schedule_follow(stored)
    return stored


def _locked(flow: Flow) -> Flow:
    """The flow as stored, with its tenant's flows locked."""
    stored = next((row for row in flows_held(flow.tenant_id) if row.pk == flow.pk), None)
    if stored is None or stored.state == FlowState.ARCHIVED:
        raise RefusedError("The flow is archived; make a new one.")
    return stored


def _switched(flow: Flow, by: Author, reason: str) -> Flow:
    _stored(flow, by, reason)
    if flow.state in (FlowState.ON, FlowState.DRY_RUN) and flow.document == DocumentKind.SPEND:
        owners_fill(flow, by=by)
    schedule_follow(flow)
    concerned = Flow.objects.filter(source_id=flow.source_id)  # their witnesses depend on what runs
    flows_touched(concerned, tenant_id=flow.tenant_id, what="flow")
    flow.refresh_from_db(fields=["rules_version"])
    return flow


def _stored(flow: Flow, by: Author, reason: str) -> None:
    flow._history_user = by if by is not None and by.pk else None  # type: ignore[attr-defined]
    flow._change_reason = reason  # type: ignore[attr-defined]
    try:
        with transaction.atomic():
            flow.save()
    except IntegrityError as error:
        if "mappings_flow_route_uniq" not in str(error):
            raise
        raise RefusedError("There is already a flow of this stream and filter into this company.") from error
