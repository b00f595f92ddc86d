"""What has to be looked at by the clock? Due and missing lanes, seals, silence, expiries, keep-alives, retention."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from audit.models import Exchange, HighWaterMark, Lane, LaneKind
from audit.sync.lanes import database_now, lanes_wake
from audit.sync.recorder import Cause, Recorder
from audit.sync.seal import seal_pending
from connectors.models import Connection
from connectors.registry import connector_get
from connectors.selectors import connection_expiries, connections_to_keep_alive
from connectors.services import connection_keep_alive
from mappings.models import Flow, FlowState

EXCHANGES_KEPT = timedelta(days=30)
SILENCE = timedelta(days=3)
WARN_BEFORE = timedelta(days=15)
ACTOR = "housekeeping"


def lanes_due() -> bool:
    """Whether any lane that may be worked is due now."""
    now = database_now()
    return (
        Lane.objects.filter(due_at__lte=now, connection__state__in=["new", "ok"])
        .filter(Q(lease_until__isnull=True) | Q(lease_until__lt=now))
        .exists()
    )


def work() -> None:
    """One round; each part is safe to repeat and to lose."""
    lanes_make()
    expiries_tell()
    keep_alive()
    silence_tell()
    Exchange.objects.filter(at__lt=timezone.now() - EXCHANGES_KEPT).delete()


def lanes_make() -> None:
    """Connections of active flows have their lanes: what a lost hint left out is found here."""
    flows = Flow.objects.filter(state__in=[FlowState.ON, FlowState.DRY_RUN])
    vendors = dict(Connection.objects.values_list("id", "vendor"))
    known = set(Lane.objects.filter(due_at__isnull=False).values_list("connection_id", "kind"))
    for source_id, ledger_id in set(flows.values_list("source_id", "ledger_id")):
        for connection_id, kind in (
            (source_id, LaneKind.READ),
            (source_id, LaneKind.TELL),
            (ledger_id, LaneKind.READ),
            (ledger_id, LaneKind.TELL),
            *([(ledger_id, LaneKind.POST)] if connector_get(vendors[ledger_id]).open_ledger else []),
        ):
            if (connection_id, kind.value) not in known:
                lanes_wake(connection_id, kind)


def expiries_tell() -> None:
    """A problem for each credential that will stop working soon: once while it is open."""
    for expiry in connection_expiries():
        if not expiry.is_within(WARN_BEFORE):
            continue
        recorder = Recorder(expiry.connection.tenant_id, ACTOR)
        day = f"{expiry.expires_at:%Y-%m-%d}"
        recorder.notice(
            Cause(
                "credential_expiry",
                f"The credential of {expiry.connection.name} stops working on {day}. {expiry.reason}",
                value=day,
                connection_id=expiry.connection.pk,
                advice="Enter a new credential on the connection's page before that day.",
            )
        )
        recorder.flush()


def keep_alive() -> None:
    """One cheap call on connections whose credential dies of disuse."""
    for connection in connections_to_keep_alive():
        connection_keep_alive(connection)


def silence_tell() -> None:
    """A stream that used to bring something and is silent for days: a right may have been lost without an error."""
    before = timezone.now() - SILENCE
    rows = HighWaterMark.objects.filter(
        last_new_at__lt=before, connection__flows_out__state=FlowState.ON
    ).select_related("connection")
    for mark in rows.distinct():
        recorder = Recorder(mark.tenant_id, ACTOR)
        recorder.notice(
            Cause(
                "silent_stream",
                f"{mark.connection.name}: nothing new in {mark.stream} since {mark.last_new_at:%Y-%m-%d}.",
                value=mark.stream,
                connection_id=mark.connection_id,
                advice="Look at the source: is there really nothing new, or was a right lost?",
            )
        )
        recorder.flush()


def seal() -> None:
    """Seal until nothing is left."""
    while seal_pending():
        pass
