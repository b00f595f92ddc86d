"""How is one lane worked for one turn? Lease, open the connection, work, give back - and act on what went wrong.

This is the one place where the type of an error becomes an action on the connection.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import close_old_connections, transaction

from audit.models import LaneKind, Problem, ProblemState
from audit.sync.backoff import backoff
from audit.sync.exchanges import ExchangeLog
from audit.sync.lanes import Lease, LeaseLostError, database_now, lease_next
from audit.sync.leaving import posting_leaves
from audit.sync.post import Poster
from audit.sync.read import Reader
from audit.sync.recorder import Cause, Recorder
from audit.sync.reference import reference_due, reference_read
from audit.sync.tell import Teller
from connectors.base import Ledger, Source
from connectors.errors import BlockedError, ConnectorError, RateLimitedError, RetryableError
from connectors.models import Connection, ConnectionState
from connectors.registry import connector_get
from connectors.services import connection_break, connection_ledger, connection_source

logger = logging.getLogger(__name__)

ENGINE = "engine"
LATER = 60.0
STOPPED = "stopped"  # the fact of a problem that names the kind of lane it stopped


def lane_work(kinds: Sequence[LaneKind], *, connection_id: int | None = None, actor: str = ENGINE) -> bool:
    """Lease and work one lane; answers whether there was one. Never raises for a vendor's or a record's fault."""
    lease = lease_next(kinds, connection_id=connection_id)
    if lease is None:
        return False
    connection = Connection.objects.select_related("tenant", "credential").get(pk=lease.connection_id)
    due_at: datetime | None = None
    with ExchangeLog(connection) as log:
        try:
            due_at = _turn(lease, connection, log, actor)
            if connection.state == ConnectionState.NEW:
                Connection.objects.filter(pk=connection.pk, state=ConnectionState.NEW).update(state=ConnectionState.OK)
            _mended(connection, lease.kind, actor)
        except LeaseLostError:
            logger.warning("lease lost", extra={"lane": lease.lane_id})
            return True
        except RateLimitedError as error:
            due_at = database_now() + error.retry_after
        except RetryableError as error:
            logger.info("connection unavailable", extra={"connection": connection.pk, "reason": error.message})
            due_at = database_now() + backoff(0, first=LATER, cap=LATER)
        except BlockedError as error:
            connection_break(connection.pk, error.message)
            _problem(connection, lease.kind, error, actor)
        except ConnectorError as error:
            _problem(connection, lease.kind, error, actor)
            due_at = database_now() + timedelta(seconds=LATER)
        except Exception as error:  # our bug: the lane rests, the traceback is kept, other lanes go on
            logger.exception("lane failed", extra={"lane": lease.lane_id})
            close_old_connections()
            _internal(connection, lease.kind, error, actor)
            due_at = database_now() + timedelta(seconds=LATER)
    lease.release(due_at)
    return True


def _turn(lease: Lease, connection: Connection, log: ExchangeLog, actor: str) -> datetime | None:
    descriptor = connector_get(connection.vendor)

    def before_call(seconds: float) -> None:
        lease.renew(seconds)

    def leaving(stamp: str) -> None:
        posting_leaves(lease, stamp)

    def open_source(one: Connection) -> Source:
        return connection_source(one, observer=log.observe, before_call=before_call)

    if lease.kind is LaneKind.POST:
        ledger = connection_ledger(connection, observer=log.observe, before_call=before_call, leaving=leaving)
        return Poster(lease, connection, ledger, actor).work()
    source = open_source(connection) if descriptor.open_source else None
    if lease.kind is LaneKind.TELL:
        books: Ledger | None = None
        if descriptor.open_ledger:
            books = connection_ledger(connection, observer=log.observe, before_call=before_call)
        return Teller(lease, connection, actor, source, books, open_source).work()
    lists: Source | Ledger | None = source
    if descriptor.open_ledger:
        lists = connection_ledger(connection, observer=log.observe, before_call=before_call)
    if lists is not None:
        reference_read(lease, connection, lists, actor)
    if source is None:
        return reference_due(connection)
    return Reader(lease, connection, source, actor).work()


def _problem(connection: Connection, kind: LaneKind, error: ConnectorError, actor: str) -> None:
    recorder = Recorder(connection.tenant_id, actor)
    recorder.notice(
        Cause(
            error.code,
            f"{connection.name}: {error.message}",
            value=error.code,
            connection_id=connection.pk,
            advice="Mend it on the connection's page and test the connection; its flows then go on by themselves.",
            facts={"blocks": isinstance(error, BlockedError), STOPPED: kind.value},
        )
    )
    recorder.flush()


def _internal(connection: Connection, kind: LaneKind, error: Exception, actor: str) -> None:
    recorder = Recorder(connection.tenant_id, actor)
    recorder.notice(
        Cause(
            "internal",
            f"{connection.name}: an internal error ({type(error).__name__}) stopped a turn.",
            value=type(error).__name__,
            connection_id=connection.pk,
            facts={STOPPED: kind.value, "traceback": "".join(traceback.format_exception(error))[-4000:]},
        )
    )
    recorder.flush()


def _mended(connection: Connection, kind: LaneKind, actor: str) -> None:
    """A turn that ended well solves what had stopped the lane."""
    stopped = Problem.objects.filter(connection=connection, state=ProblemState.OPEN, facts__contains={STOPPED: kind})
    ids = list(stopped.values_list("id", flat=True))
    if ids:
        with transaction.atomic():
            recorder = Recorder(connection.tenant_id, actor)
            recorder.solve(ids, "It works again.")
            recorder.flush()
