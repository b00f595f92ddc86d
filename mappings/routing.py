"""Which flow does a record belong to, and does its stream own the money? Pure: rows come in as plain views."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from connectors.records import Family, Record, SpendRecord
from mappings.flow_settings import FlowFilter
from mappings.policies import day_of

ROUTABLE = frozenset({"on", "dry_run"})
OwnerScope = tuple[int, int, str, Family]
"""Source connection, ledger connection, company, family."""


@dataclass(frozen=True, slots=True)
class FlowView:
    """What routing knows of a flow. `posting_day` is the flow's policy (G6), `time_zone` that of its company."""

    id: int
    name: str
    source_id: int
    stream: str
    takes: FlowFilter
    ledger_id: int
    company: str
    document: str
    state: str
    posting_day: str = "settled"
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class OwnerView:
    """From `valid_from` on, `flow_id` owns the family; None is the ledger itself."""

    flow_id: int | None
    valid_from: date | None
    flow_name: str = ""
    flow_state: str = ""
    stream: str = ""


@dataclass(frozen=True, slots=True)
class Owners:
    """Who owns which family, day by day; rows newest first."""

    rows: Mapping[OwnerScope, Sequence[OwnerView]] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[tuple[OwnerScope, OwnerView]]) -> Owners:
        by_scope: dict[OwnerScope, list[OwnerView]] = {}
        for scope, owner in rows:
            by_scope.setdefault(scope, []).append(owner)
        for owners in by_scope.values():
            owners.sort(key=lambda owner: owner.valid_from or date.min, reverse=True)
        return cls(by_scope)

    def on(self, scope: OwnerScope, day: date) -> OwnerView | None:
        """The owner of a posting day: an owner that begins later leaves the days before to the one before (X6)."""
        return next((row for row in self.rows.get(scope, ()) if row.valid_from is None or row.valid_from <= day), None)


@dataclass(frozen=True, slots=True)
class Routed:
    """This flow posts the record."""

    flow_id: int


@dataclass(frozen=True, slots=True)
class WitnessOf:
    """The record belongs to `flow_id`; `owner_flow_id` (None: the ledger itself) posts this money."""

    flow_id: int
    owner_flow_id: int | None
    owner_stream: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unrouted:
    """No flow posts it now; `flow_id` is set when one takes it and only the owner is missing or off."""

    reason: str
    flow_id: int | None = None


Route = Routed | WitnessOf | Unrouted


def route(record: Record, flows: Sequence[FlowView], owners: Owners) -> Route:
    """Where a record of a connection's stream goes. `flows` are that connection's; order does not matter.

    A record in doubt is never posted: two companies that could take it, a family without owner or with an owner that
    is switched off are `Unrouted`, with the sentence that says what to do."""
    mine = [flow for flow in flows if flow.stream == record.stream and flow.state != "archived"]
    if not mine:
        return Unrouted(f"No flow takes the stream {record.stream}.")
    taking = [flow for flow in mine if flow.takes.takes(record)]
    ready = [flow for flow in taking if flow.state in ROUTABLE]
    if not taking:
        return Unrouted(_why_not_taken(record))
    if not ready:
        return Unrouted(f"The flow {taking[0].name} is switched off.")
    best = max(flow.takes.narrowness for flow in ready)
    nearest = sorted((flow for flow in ready if flow.takes.narrowness == best), key=lambda flow: flow.id)
    if len({(flow.ledger_id, flow.company) for flow in nearest}) > 1:
        names = " and ".join(flow.name for flow in nearest)
        return Unrouted(f"{names} both take this record, into different companies (G16): set legal entities on them.")
    return _owned(record, nearest[0], owners)


def posting_day(record: SpendRecord, flow: FlowView) -> date | None:
    """The day that decides who owns the record: its posting day before any closed period moves it (G6, X6)."""
    moment = record.posting_moment
    if flow.posting_day == "incurred":
        moment = record.document_moment or moment
    return None if moment is None else day_of(moment, flow.time_zone)


def _owned(record: Record, flow: FlowView, owners: Owners) -> Route:
    if not isinstance(record, SpendRecord) or record.family is Family.REFERENCE:
        return Routed(flow.id)
    day = posting_day(record, flow)
    if day is None:
        return Routed(flow.id)  # translation names what is missing; nothing posts without a day
    scope = (flow.source_id, flow.ledger_id, flow.company, record.family)
    owner = owners.on(scope, day)
    if owner is None:
        return Unrouted(f"Nobody owns family {record.family} on {day}: choose its owner.", flow.id)
    if owner.flow_id == flow.id:
        return Routed(flow.id)
    if owner.flow_id is None:
        reason = f"Family {record.family} is kept by the ledger itself on {day}."
        return WitnessOf(flow.id, None, "", reason)
    if owner.flow_state != "on" and (owner.flow_state, flow.state) != ("dry_run", "dry_run"):
        why = "only tries out" if owner.flow_state == "dry_run" else "is switched off"
        return Unrouted(f"{owner.flow_name} owns family {record.family} on {day}, but {why}.", flow.id)
    reason = f"{owner.flow_name} owns family {record.family} on {day}."
    return WitnessOf(flow.id, owner.flow_id, owner.stream, reason)


def _why_not_taken(record: Record) -> str:
    if isinstance(record, SpendRecord):
        entity = f", legal entity {record.billed_entity}" if record.billed_entity else ", without legal entity"
        return f"No flow takes {record.kind} of {record.stream}{entity}."
    return f"No flow takes {record.kind} of {record.stream}."
