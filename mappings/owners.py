"""Who posts which family of money, and which set-ups would post money twice? (accounting policy, section 2)"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from connectors.documents import Role
from connectors.models import Connection
from connectors.records import Family, RecordKind
from connectors.registry import connector_get
from mappings.models import DocumentKind, FamilyOwner, Flow, FlowState, RoleAccount

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


def double_postings(flow: Flow) -> list[str]:
    """Reasons why this flow, beside those that run, would post money twice: X2 to X5, and the same flow in another
    tenant. Empty: none."""
    if flow.document != DocumentKind.SPEND:
        return []
    roles = list(RoleAccount.objects.filter(ledger_id=flow.ledger_id, company=flow.company).select_related("account"))
    running = list(siblings(flow))
    return [
        *_imported_by_the_ledger(flow, roles),
        *_cards_in_two_sources(flow, roles, running),
        *_two_bases(flow, running),
        *_another_tenant(flow),
        *_two_companies(flow, running),
    ]


def _another_tenant(flow: Flow) -> list[str]:
    """Tenants know nothing of each other, so nobody else would see that two of them post the same account's money into
    the same books. Whose it is the reason does not tell."""
    if not flow.source.account or not flow.ledger.account:
        return []
    others = (
        Flow.objects.filter(
            state__in=RUNNING,
            document=DocumentKind.SPEND,
            company=flow.company,
            **{f"source__{name}": getattr(flow.source, name) for name in ("vendor", "address", "account")},
            **{f"ledger__{name}": getattr(flow.ledger, name) for name in ("vendor", "address", "account")},
        )
        .exclude(tenant_id=flow.tenant_id)
        .select_related("source", "ledger")
    )
    mine = families_owned(flow)
    if not any(mine & families_owned(other) for other in others):
        return []
    books = f"{flow.ledger.get_vendor_display()} {flow.ledger.account}, company {flow.company}"
    said = (
        f"Another tenant of this installation posts the same records of {flow.source.get_vendor_display()} account "
        f"{flow.source.account} into the same books ({books}): they would be posted twice. Switch its flow off first."
    )
    return [said]


def _imported_by_the_ledger(flow: Flow, roles: Sequence[RoleAccount]) -> list[str]:
    """X2. A feed is a stream that owns card credits or lines on CASH; records write TRANSIT instead."""
    shown = families_shown(flow)
    feeds = {Role.CASH: Family.CASH, Role.CARD: Family.CARD_CREDIT}
    reasons = []
    for role in roles:
        family = feeds.get(Role(role.role)) if role.has_statements else None
        if family is None or family not in shown or flow.stream == "accounting_records":
            continue
        takes = flow.takes.accounts
        if takes and role.what_for and role.what_for not in takes:
            continue
        reasons.append(
            f"X2: the ledger imports the statements of {role.account} itself, so {flow.stream} may not write "
            f"{role.what_for or 'it'} too; leave the account out of the flow, or stop the import."
        )
    return reasons


def _cards_in_two_sources(flow: Flow, roles: Sequence[RoleAccount], running: Sequence[Flow]) -> list[str]:
    """X3. The same ledger account as CARD here and as company card of a report system means the same cards."""
    if Family.CARD_SPEND not in families_owned(flow):
        return []
    cards = {role.account_id: role for role in roles if role.role == Role.CARD}
    both = [role for role in roles if role.role in (Role.CARDC, Role.CARDI) and role.account_id in cards]
    others = [
        other
        for other in running
        if (other.ledger_id, other.company) == (flow.ledger_id, flow.company) and other.source_id != flow.source_id
    ]
    return [
        f"X3: {other.name} already posts the purchases of these cards ({both[0].account} is its company card "
        f"account); let it own family F1, and keep F2 to F4 here."
        for other in others
        if both and Family.CARD_SPEND in families_shown(other)
    ]


def _two_bases(flow: Flow, running: Sequence[Flow]) -> list[str]:
    """X4. Claims at approval by one flow and when paid by another would be cost twice."""
    claims = {Family.CLAIM_COST, Family.CLAIM_PAYMENT}
    if not claims & families_shown(flow):
        return []
    return [
        f"X4: {other.name} posts reimbursements on {other.policy.basis} basis and this flow on {flow.policy.basis} "
        f"basis; both must be the same."
        for other in running
        if (other.source_id, other.ledger_id, other.company) == (flow.source_id, flow.ledger_id, flow.company)
        and claims & families_shown(other)
        and other.policy.basis != flow.policy.basis
    ]


def _two_companies(flow: Flow, running: Sequence[Flow]) -> list[str]:
    """X5. One source account into two companies, unless the legal entities of the records keep them apart."""
    mine, shown = set(flow.takes.legal_entities), families_shown(flow)
    reasons = []
    for other in running:
        if other.source_id != flow.source_id or other.document != DocumentKind.SPEND:
            continue
        if (other.ledger_id, other.company) == (flow.ledger_id, flow.company) or not shown & families_shown(other):
            continue
        theirs = set(other.takes.legal_entities)
        if not mine or not theirs or mine & theirs or set(flow.takes.accounts) & set(other.takes.accounts):
            reasons.append(
                f"X5: {other.name} takes the same records into another company; give both flows legal entities "
                f"(and accounts, for records that name none), none of them shared."
            )
    return reasons
