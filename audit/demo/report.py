"""Does everything tie? The records of each flow by what became of them, and beside it what the ledger itself counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q

from audit.demo.companies import DemoCompany, ids_of
from audit.demo.counting import Count as Counted
from audit.demo.counting import count
from audit.models import Problem, ProblemState, RecordState, SyncRecord
from audit.services import Tally, flow_tally
from connectors.models import Tenant
from mappings.models import DocumentKind, Flow, FlowState


@dataclass(frozen=True, slots=True)
class ProblemLine:
    """Problems of one kind: how many, how many records they hold, and one of them in words."""

    code: str
    problems: int
    records: int
    example: str


@dataclass(frozen=True, slots=True)
class Report:
    """The tie-out of a tenant; `ledger` is what the system of its books is called."""

    ledger: str
    flows: dict[str, Tally]
    unrouted: dict[str, Tally]
    counted: Counted
    problems: list[ProblemLine]
    records: int
    books: Mapping[str, str]

    @property
    def ties(self) -> bool:
        """No record is unaccounted for, and the ledger holds exactly what we posted."""
        tallies = [*self.flows.values(), *self.unrouted.values()]
        return (
            all(tally.ties for tally in tallies)
            and sum(tally.received for tally in tallies) == self.records
            and self.counted.ties
        )

    def as_dict(self) -> dict[str, Any]:
        return {
            "ties": self.ties,
            "records": self.records,
            "books": dict(self.books),
            "flows": {name: tally.as_dict() for name, tally in self.flows.items()},
            "taken_by_no_flow": {stream: tally.as_dict() for stream, tally in self.unrouted.items()},
            "ledger": {"name": self.ledger, **self.counted.as_dict()},
            "problems": [
                {"code": one.code, "problems": one.problems, "records": one.records, "example": one.example}
                for one in self.problems
            ],
        }


@dataclass(frozen=True, slots=True)
class Reports:
    """The tie-outs of all companies, by their slugs; `facts` of the whole run beside them."""

    of: Mapping[str, Report]
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def ties(self) -> bool:
        return all(report.ties for report in self.of.values())

    @property
    def all(self) -> Sequence[Report]:
        return list(self.of.values())

    def as_dict(self) -> dict[str, Any]:
        tenants = {slug: report.as_dict() for slug, report in self.of.items()}
        return {"ties": self.ties, "tenants": tenants, **self.facts}


def report_make(company: DemoCompany) -> Report:
    """Count both sides of one company. Raises ConnectorErrors."""
    tenant = Tenant.objects.get(slug=company.slug)
    flows = Flow.objects.filter(tenant=tenant).exclude(state=FlowState.ARCHIVED).exclude(
        document=DocumentKind.REFERENCE
    ).order_by("company", "id")  # fmt: skip
    return Report(
        company.ledger,
        flows={flow.name: flow_tally(flow) for flow in flows},
        unrouted=_unrouted(tenant),
        counted=count(tenant, company.held(), ids_of(company.brex)),
        problems=_problems(tenant),
        records=SyncRecord.objects.filter(tenant=tenant).count(),
        books=company.books,
    )


def _unrouted(tenant: Tenant) -> dict[str, Tally]:
    """Records that no flow takes, by stream: they are counted as well."""
    found: dict[str, Tally] = {}
    rows = SyncRecord.objects.filter(tenant=tenant, flow=None).order_by().values_list("stream", "state", "due_at")
    for stream, state, due_at in rows:
        tally = found.setdefault(stream, Tally())
        tally.received += 1
        if state == RecordState.RECEIVED and due_at is None:
            tally.not_final += 1
        elif state in (RecordState.RECEIVED, RecordState.POSTING):
            tally.in_work += 1
        else:
            setattr(tally, state, getattr(tally, state) + 1)
    return dict(sorted(found.items()))


def _problems(tenant: Tenant) -> list[ProblemLine]:
    is_held = Q(holds__released_at__isnull=True, holds__isnull=False)
    rows = (
        Problem.objects.filter(tenant=tenant, state=ProblemState.OPEN)
        .annotate(records=Count("holds", filter=is_held))
        .order_by("-records", "id")
    )
    found: dict[str, ProblemLine] = {}
    for row in rows:
        was = found.get(row.code)
        found[row.code] = ProblemLine(
            row.code, (was.problems if was else 0) + 1, (was.records if was else 0) + row.records,
            was.example if was else row.message,
        )  # fmt: skip
    return sorted(found.values(), key=lambda line: -line.records)
