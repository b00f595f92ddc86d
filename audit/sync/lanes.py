"""Who may work a lane, and until when? Leases by the database's clock, fenced by a token.

A worker leases a lane, renews before each call, and commits every result under the lane row's lock if the token is
still its own. One that wakes up late finds its token gone: it is refused, and the next owner settles what it left.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection as database
from django.db import transaction

from audit.models import Lane, LaneKind

LEASE_NEXT = """
UPDATE audit_lane SET token = %(token)s, served_at = clock_timestamp(),
       lease_until = clock_timestamp() + %(seconds)s * interval '1 second'
 WHERE id = (
   SELECT lane.id
     FROM audit_lane lane
     JOIN connectors_connection connection ON connection.id = lane.connection_id
    WHERE lane.kind = ANY(%(kinds)s)
      AND lane.due_at <= clock_timestamp()
      AND (lane.lease_until IS NULL OR lane.lease_until < clock_timestamp())
      AND connection.state IN ('new', 'ok')
      AND (connection.closed_until IS NULL OR connection.closed_until <= clock_timestamp())
      AND (%(connection)s::bigint IS NULL OR lane.connection_id = %(connection)s)
    ORDER BY (SELECT count(*) FROM audit_lane busy
               WHERE busy.tenant_id = lane.tenant_id AND busy.lease_until > clock_timestamp()),
             lane.served_at NULLS FIRST
    LIMIT 1
      FOR UPDATE OF lane SKIP LOCKED)
RETURNING id, tenant_id, connection_id, kind, slot, in_hand, flow_served
"""
RENEW = """
UPDATE audit_lane
   SET lease_until = greatest(lease_until, clock_timestamp() + %(seconds)s * interval '1 second'),
       in_hand = coalesce(%(in_hand)s::jsonb, in_hand),
       flow_served = coalesce(%(flow_served)s, flow_served)
 WHERE id = %(lane)s AND token = %(token)s AND lease_until > clock_timestamp()
"""
RELEASE = """
UPDATE audit_lane
   SET token = NULL, lease_until = NULL, in_hand = '[]',
       due_at = CASE WHEN due_at > served_at AND due_at <= clock_timestamp() THEN due_at ELSE %(due_at)s END
 WHERE id = %(lane)s AND token = %(token)s
"""
WAKE = """
INSERT INTO audit_lane (tenant_id, connection_id, kind, slot, due_at, in_hand, deaths, stopped_reason)
SELECT connection.tenant_id, connection.id, %(kind)s, slot, clock_timestamp(), '[]', '{}', ''
  FROM connectors_connection connection, unnest(%(slots)s::int[]) slot
 WHERE connection.id = %(connection)s
ON CONFLICT (connection_id, kind, slot) DO UPDATE
   SET due_at = clock_timestamp()
 WHERE audit_lane.due_at IS NULL OR audit_lane.due_at > clock_timestamp() OR audit_lane.lease_until IS NOT NULL
"""


class LeaseLostError(Exception):
    """Another worker owns the lane by now; nothing more may be written for it."""


@dataclass(slots=True)
class Lease:
    """One worker's hold on a lane. `left_in_hand` is what a dead predecessor had in work, `flow_served` the flow that
    had the last turn."""

    lane_id: int
    tenant_id: int
    connection_id: int
    kind: LaneKind
    slot: int
    token: uuid.UUID
    margin: float
    left_in_hand: list[int] = field(default_factory=list)
    flow_served: int | None = None

    def renew(
        self, call_seconds: float = 0.0, in_hand: Sequence[int] | None = None, *, flow_served: int | None = None
    ) -> None:
        """Make sure that the lease outlives a call of that length. Raises LeaseLostError if it is not ours any more."""
        with database.cursor() as cursor:
            cursor.execute(
                RENEW,
                {
                    "seconds": call_seconds + self.margin,
                    "in_hand": None if in_hand is None else str(list(in_hand)),
                    "flow_served": flow_served,
                    "lane": self.lane_id,
                    "token": self.token,
                },
            )
            if cursor.rowcount != 1:
                raise LeaseLostError(f"The lease on lane {self.lane_id} was lost.")
        self.flow_served = flow_served or self.flow_served

    @contextmanager
    def commit(self) -> Iterator[None]:
        """A transaction under the lane row's lock, only if the token is still ours. Raises LeaseLostError."""
        with transaction.atomic():
            with database.cursor() as cursor:
                cursor.execute(
                    "SELECT 1 FROM audit_lane WHERE id = %s AND token = %s FOR UPDATE", [self.lane_id, self.token]
                )
                if cursor.fetchone() is None:
                    raise LeaseLostError(f"The lease on lane {self.lane_id} was lost.")
            yield

    def release(self, due_at: datetime | None) -> None:
        """Give the lane back; it is due again then (or at once, if somebody woke it meanwhile)."""
        with database.cursor() as cursor:
            cursor.execute(RELEASE, {"due_at": due_at, "lane": self.lane_id, "token": self.token})


def lease_next(
    kinds: Sequence[LaneKind], *, connection_id: int | None = None, margin: float | None = None
) -> Lease | None:
    """Lease the lane that waits most fairly: the tenant with fewest leased lanes, then the longest unserved."""
    margin = settings.MLC_LEASE_MARGIN_SECONDS if margin is None else margin
    token = uuid.uuid4()
    with database.cursor() as cursor:
        cursor.execute(
            LEASE_NEXT,
            {
                "token": token,
                "seconds": margin,
                "kinds": [kind.value for kind in kinds],
                "connection": connection_id,
            },
        )
        row = cursor.fetchone()
    if row is None:
        return None
    lane_id, tenant_id, connection, kind, slot, in_hand, flow_served = row
    left = in_hand if isinstance(in_hand, list) else Lane.objects.values_list("in_hand", flat=True).get(id=lane_id)
    return Lease(lane_id, tenant_id, connection, LaneKind(kind), slot, token, margin, list(left), flow_served)


def lanes_wake(connection_id: int, kind: LaneKind, *, slots: Sequence[int] = (0,)) -> None:
    """Make lanes due now, creating them if they are missing. Repeating it changes nothing."""
    with database.cursor() as cursor:
        cursor.execute(WAKE, {"kind": kind.value, "slots": list(slots), "connection": connection_id})


def database_now() -> datetime:
    """The clock that leases and due times go by."""
    with database.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
        return now


def later(seconds: float) -> datetime:
    return database_now() + timedelta(seconds=seconds)
