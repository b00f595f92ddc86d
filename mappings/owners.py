"""Who posts which family of money? (accounting policy, section 2)"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from connectors.models import Connection
from connectors.records import Family, RecordKind
from connectors.registry import connector_get
from mappings.models import DocumentKind, FamilyOwner, Flow, FlowState

RUNNING = (FlowState.ON, FlowState.DRY_RUN)
THE_LEDGER = ""

DEFAULT_OWNERS: Mapping[Family, tuple[str, ...]] = {
    Family.CARD_SPEND: ("accounting_records", "card_transactions", "expenses"),
    Family.CARD_CREDIT: ("card_transactions", "accounting_records"),
    Family.CARD_PAYMENT: ("cash_transactions", "accounting_records", "card_transactions"),
    Family.CASH: ("cash_transactions", THE_LEDGER),
    Family.CLAIM_COST: ("accounting_records", "expenses"),
    Family.CLAIM_PAYMENT: ("accounting_records", "expenses"),
    Family.BILL: ("accounting_records", "expenses", THE_LEDGER),
    Family.BILL_PAYMENT: ("accounting_records", "transfers", THE_LEDGER),
}
"""Streams by their keys, the default owner first; the ledger itself stands for its bank import and its people."""

KIND_FAMILIES: Mapping[RecordKind, frozenset[Family]] = {
    RecordKind.CARD_PURCHASE: frozenset({Family.CARD_SPEND}),
    RecordKind.CARD_REFUND: frozenset({Family.CARD_SPEND}),
    RecordKind.CARD_REPAYMENT: frozenset({Family.CARD_SPEND}),
    RecordKind.CHARGEBACK: frozenset({Family.CARD_CREDIT}),
    RecordKind.CARD_REWARD: frozenset({Family.CARD_CREDIT}),
    RecordKind.FINANCE_FEE: frozenset({Family.CARD_CREDIT}),
    RecordKind.CARD_PAYMENT: frozenset({Family.CARD_PAYMENT}),
    RecordKind.CARD_PAYMENT_RETURN: frozenset({Family.CARD_PAYMENT}),
    RecordKind.CASH_REWARD: frozenset({Family.CASH}),
    RecordKind.ACCOUNT_FEE: frozenset({Family.CASH}),
    RecordKind.INTEREST: frozenset({Family.CASH}),
    RecordKind.OWN_TRANSFER: frozenset({Family.CASH}),
    RecordKind.OPERATIONAL: frozenset({Family.CASH}),
    RecordKind.MONEY_IN: frozenset({Family.CASH}),
    RecordKind.MONEY_OUT: frozenset({Family.CASH}),
    RecordKind.PAYMENT_RETURN: frozenset({Family.CASH, Family.BILL_PAYMENT}),
    RecordKind.PAYBACK: frozenset({Family.CASH}),
    RecordKind.CLAIM_FUNDING: frozenset({Family.CASH}),
    RecordKind.BILL_FUNDING: frozenset({Family.CASH}),
    RecordKind.FUNDING_RETURN: frozenset({Family.CASH}),
    RecordKind.CLAIM_APPROVED: frozenset({Family.CLAIM_COST}),
    RecordKind.CLAIM_CASH: frozenset({Family.CLAIM_COST}),
    RecordKind.CLAIM_PAID: frozenset({Family.CLAIM_PAYMENT}),
    RecordKind.CLAIM_PAYOUT_RETURN: frozenset({Family.CLAIM_PAYMENT}),
    RecordKind.CLAIM_GIVEN_BACK: frozenset({Family.CLAIM_PAYMENT}),
    RecordKind.BILL: frozenset({Family.BILL}),
    RecordKind.BILL_PAYMENT: frozenset({Family.BILL_PAYMENT}),
    RecordKind.BILL_CARD_PAYMENT: frozenset({Family.BILL_PAYMENT}),
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """Who would own a family by default; `flow` None is the ledger itself."""

    family: Family
    flow: Flow | None
    because: str


def families_shown(flow: Flow) -> frozenset[Family]:
    """The families of money that a flow's stream shows, within its list of kinds."""
    spec = connector_get(flow.source.vendor).streams.get(flow.stream)
    if spec is None or flow.document != DocumentKind.SPEND:
        return frozenset()
    shown = frozenset(spec.families) - {Family.REFERENCE}
    kinds = flow.takes.kinds
    if not kinds:
        return shown
    return shown & frozenset(family for kind in kinds for family in KIND_FAMILIES.get(kind, ()))


def siblings(flow: Flow, *states: str) -> QuerySet[Flow]:
    """Other flows of the tenant that run, or are in the given states, with their connections."""
    return (
        Flow.objects.filter(tenant_id=flow.tenant_id, state__in=states or RUNNING)
        .exclude(pk=flow.pk)
        .select_related("source", "ledger")
        .order_by("pk")
    )


def owners_propose(source: Connection, ledger: Connection, company: str) -> list[Proposal]:
    """The default owner of each family among the flows that are not archived, for a person to confirm."""
    flows = Flow.objects.filter(source=source, ledger=ledger, company=company).exclude(state=FlowState.ARCHIVED)
    return proposals(flows.select_related("source").order_by("pk"))


def proposals(flows: Iterable[Flow]) -> list[Proposal]:
    """The default owners among these flows of one source into one company."""
    shown = [(flow, families_shown(flow)) for flow in flows]
    answers = []
    for family, order in DEFAULT_OWNERS.items():
        showing = [flow for flow, families in shown if family in families]
        if not showing:
            continue
        by_stream = {flow.stream: flow for flow in reversed(showing)}
        named = next((stream for stream in order if stream == THE_LEDGER or stream in by_stream), None)
        if named == THE_LEDGER:
            answers.append(Proposal(family, None, "no feed of ours writes it by default: the ledger's own import does"))
        else:
            flow = by_stream[named] if named is not None else showing[0]
            answers.append(Proposal(family, flow, f"{flow.stream} is the first of those that show it"))
    return answers


def owner_rows(flow: Flow) -> QuerySet[FamilyOwner]:
    """Who owns what of the flow's source in its company, whoever it is."""
    return FamilyOwner.objects.filter(
        source_id=flow.source_id, ledger_id=flow.ledger_id, company=flow.company
    ).select_related("flow")


def newest_owners(rows: Iterable[FamilyOwner]) -> dict[str, FamilyOwner]:
    """By family the owner that begins last."""
    return {row.family: row for row in sorted(rows, key=lambda row: row.valid_from or date.min)}


def families_taken(rows: Iterable[FamilyOwner]) -> set[str]:
    """The families that somebody owns from now on: a flow that is archived has left what it owned."""
    newest = newest_owners(rows)
    return {family for family, row in newest.items() if row.flow is None or row.flow.state != FlowState.ARCHIVED}


def families_owned(flow: Flow) -> frozenset[Family]:
    """What the flow owns on any day, or would be given on being switched on because nobody owns it."""
    rows = list(owner_rows(flow))
    taken = families_taken(rows)
    company = (*siblings(flow).filter(source=flow.source_id, ledger=flow.ledger_id, company=flow.company), flow)
    would = {
        proposal.family
        for proposal in proposals(company)
        if proposal.flow is not None and proposal.flow.pk == flow.pk and proposal.family not in taken
    }
    return frozenset({Family(row.family) for row in rows if row.flow_id == flow.pk} | would)
