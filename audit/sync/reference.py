"""When are the lists of both sides pulled: accounts, cost centres, vendors, employees, departments, fields?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Min, Q
from django.utils import timezone

from audit.models import HighWaterMark, LaneKind
from audit.sync.lanes import Lease, database_now, lanes_wake
from audit.sync.recorder import Recorder
from connectors.base import Ledger, ReferenceItem, Source
from connectors.errors import ConnectorError, RetryableError
from connectors.models import Connection
from mappings.models import Flow, FlowState
from mappings.services.references import reference_refresh

PREFIX = "reference:"
EVERY = timedelta(hours=1)
AGAIN = timedelta(minutes=10)
NOT_TWICE_IN = timedelta(minutes=6)  # longer than a vendor's code may keep a list in hand
LEDGER_KINDS = (
    "company", "currency", "journal", "account", "dimension_kind", "cost_centre", "tax", "vendor", "employee",
)  # fmt: skip
SOURCE_KINDS = (
    "entity", "source_account", "department", "location", "employee", "vendor", "field", "field_value", "category",
)  # fmt: skip
SHARED = ("company", "currency", "dimension_kind")


def reference_due(connection: Connection) -> datetime | None:
    """When some list of a connection is to be pulled next."""
    first: datetime | None = HighWaterMark.objects.filter(connection=connection, stream__startswith=PREFIX).aggregate(
        first=Min("due_at")
    )["first"]
    return first


def reference_soon(connection: Connection, kinds: Iterable[str]) -> None:
    """The vendor says that these lists changed: pull them now, but none twice within some minutes. Repeating it
    changes nothing. To be called inside a transaction."""
    rows = HighWaterMark.objects.filter(connection=connection, stream__in=[PREFIX + kind for kind in kinds])
    for mark in rows.select_for_update(no_key=True).order_by("id"):
        soonest = mark.last_read_at + NOT_TWICE_IN if mark.last_read_at else mark.due_at
        rows.filter(pk=mark.pk, due_at__gt=soonest).update(due_at=soonest)
    lanes_wake(connection.pk, LaneKind.READ)


def reference_read(
    lease: Lease | None,
    connection: Connection,
    reader: Source | Ledger,
    actor: str,
    *,
    now_due: bool = False,
    companies: Iterable[str] = (),
) -> dict[str, int]:
    """Pull the lists that are due (all with `now_due`); answers how many values changed, by kind.

    Of a ledger those of its flows' companies, and of `companies`, which are being set up and have no flow yet. A list
    that the vendor refuses is noted on its own and does not stop the others."""
    is_ledger = hasattr(reader, "post")
    changed: dict[str, int] = {}
    for kind in LEDGER_KINDS if is_ledger else SOURCE_KINDS:
        mark, _ = HighWaterMark.objects.get_or_create(
            connection=connection, stream=PREFIX + kind, defaults={"tenant_id": connection.tenant_id}
        )
        if mark.due_at > database_now() and not now_due:
            continue
        if lease is not None:
            lease.renew(60)
        try:
            changed[kind] = _pull(connection, reader, kind, is_ledger, companies)
        except RetryableError:
            raise
        except ConnectorError as error:
            recorder = Recorder(connection.tenant_id, actor)
            recorder.event(
                "reference.refused", f"{kind}: {error.message}", subject="connection", subject_id=connection.pk
            )
            recorder.flush()
            mark.due_at = database_now() + AGAIN
        else:
            mark.mark = mark.last_read_at = database_now()
            mark.due_at = database_now() + EVERY
        mark.save(update_fields=["due_at", "mark", "last_read_at"])
    return changed


def _pull(connection: Connection, reader: Source | Ledger, kind: str, is_ledger: bool, companies: Iterable[str]) -> int:
    if not is_ledger:
        source: Source = reader  # type: ignore[assignment]
        return _refresh(connection, "", kind, source.reference(kind))
    ledger: Ledger = reader  # type: ignore[assignment]
    if kind in SHARED:
        return _refresh(connection, "", kind, ledger.reference(kind))
    of_flows = (
        Flow.objects.filter(Q(ledger=connection) | Q(source=connection))
        .exclude(state=FlowState.ARCHIVED)
        .values_list("company", flat=True)
    )
    wanted = sorted({*of_flows, *companies})
    return sum(_refresh(connection, company, kind, ledger.reference(kind, company)) for company in wanted)


def _refresh(connection: Connection, company: str, kind: str, items: Iterable[ReferenceItem]) -> int:
    began_at = timezone.now()  # what is learnt while the list is read must not vanish for not being in it
    done = reference_refresh(connection=connection, company=company, kind=kind, items=list(items), began_at=began_at)
    return done.created + done.changed + done.vanished
