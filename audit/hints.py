"""What happens at once when rules or connections change? Nothing that the next tick would not do by itself."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from audit.models import LaneKind, Posting, Problem, ProblemState, RecordState, SyncRecord
from audit.sync.freeze import DRY_RUN
from audit.sync.lanes import database_now, lanes_wake
from audit.sync.read import post_slots
from audit.sync.replay import gaps_release, problem_solve, strays_take_back
from audit.tasks import flow_poll
from connectors.models import Connection, ConnectionState
from connectors.registry import connector_get
from connectors.services import identity_use_register
from connectors.signals import connection_changed
from mappings.models import Flow, FlowState
from mappings.schedule import flow_task_set
from mappings.signals import rules_changed


def connect() -> None:
    """Listen. Called once, when the app is ready."""
    rules_changed.connect(on_rules_changed, dispatch_uid="audit.rules_changed")
    connection_changed.connect(on_connection_changed, dispatch_uid="audit.connection_changed")
    identity_use_register(identity_is_used)
    flow_task_set(flow_poll.name)


def on_rules_changed(sender: object, flow_ids: list[int], what: str = "", **_: Any) -> None:
    gaps_release(flow_ids, by="engine")
    if what in ("flow", "owners"):
        strays_take_back(flow_ids, by="engine")
    dry_runs_release(flow_ids)


def dry_runs_release(flow_ids: list[int]) -> int:
    """What was only tried is decided again: dry by the new rules, or for good once its flow is on. Answers how many."""
    flows = Flow.objects.filter(id__in=flow_ids, state__in=[FlowState.ON, FlowState.DRY_RUN]).select_related("ledger")
    released = 0
    for flow in flows:
        tried = SyncRecord.objects.filter(
            tenant_id=flow.tenant_id, flow=flow, state=RecordState.RECEIVED, due_at=None, reason__startswith=DRY_RUN
        )
        if number := tried.update(due_at=database_now()):
            lanes_wake(flow.ledger_id, LaneKind.POST, slots=range(post_slots(flow.ledger)))
            released += number
    return released


def on_connection_changed(sender: object, connection_id: int, **_: Any) -> None:
    connection = Connection.objects.filter(pk=connection_id).first()
    if connection is not None and connection.state == ConnectionState.OK:
        connection_recovered(connection)
    if connection is not None and connection.is_usable:
        lanes_wake(connection_id, LaneKind.READ)
        lanes_wake(connection_id, LaneKind.TELL)
        if connector_get(connection.vendor).open_ledger:
            lanes_wake(connection_id, LaneKind.POST, slots=range(post_slots(connection)))


def connection_recovered(connection: Connection) -> None:
    """It was tested and works: what kept its lanes from working is solved."""
    blocked = Problem.objects.filter(connection=connection, state=ProblemState.OPEN).filter(
        Q(facts__blocks=True) | Q(code="unavailable")
    )
    for problem in blocked:
        problem_solve(problem, by="engine", resolution="The connection works again.")


def identity_is_used(connection: Connection) -> bool:
    """Whether keys with this connection's identity are in a ledger."""
    return (
        Posting.objects.filter(record__connection=connection).exists()
        or Posting.objects.filter(ledger=connection).exists()
    )
