"""How does a page of items become stored records? Hash, parse, route, and write what is new - nothing else.

Parsing is pure and done before the transaction; an item that cannot be parsed is stored and fails alone; an
unchanged item writes nothing.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from audit.models import CameBy, Posting, PostingState, RecordState, SyncRecord
from audit.sync.bulk import row_new, rows_copy, rows_insert, rows_update
from audit.sync.keys import content_hash
from audit.sync.lanes import Lease
from audit.sync.recorder import Cause, Recorder
from audit.sync.routes import Routes
from audit.sync.statistics import statistics_ensure
from connectors.base import Connector, Item, StreamSpec
from connectors.errors import ConnectorError
from connectors.fields import DecimalEncoder
from connectors.models import Connection
from connectors.records import Finality, Record, SpendRecord
from mappings.policies import day_of
from mappings.routing import Route, Routed, Unrouted, WitnessOf

json_encode = DecimalEncoder().encode
TAKEN_AGAIN = (RecordState.POSTED, RecordState.WITNESS, RecordState.SKIPPED, RecordState.HELD, RecordState.FAILED)
STORED_COLUMNS = {
    "kind": "text",
    "family": "text",
    "version": "int",
    "content_hash": "text",
    "amount": "numeric",
    "currency": "text",
    "posting_on": "date",
    "document_on": "date",
    "label": "text",
    "receipt_count": "int",
    "links": "text[]",
}


@dataclass(slots=True)
class Counts:
    """What came of reading: new, changed, unchanged and unreadable items."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    failed: int = 0
    flows: set[int] = field(default_factory=set)


@dataclass(slots=True)
class _Taken:
    item: Item
    hash: str
    record: Record | None
    problem: Cause | None
    route: Route | None = None


@dataclass(slots=True)
class Intake:
    """Stores pages of one stream of one connection."""

    connection: Connection
    connector: Connector
    spec: StreamSpec
    routes: Routes
    time_zone: str
    lease: Lease
    actor: str
    counts: Counts = field(default_factory=Counts)

    def store(self, items: Sequence[Item], came_by: CameBy) -> None:
        """Store one page; safe to repeat. What is known as it is, is neither parsed nor written. Raises LeaseLostError
        when there is something to write and the lane is another's by now."""
        page = {item.external_id: item for item in items}
        hashes = {external_id: content_hash(item.payload, self.spec.volatile) for external_id, item in page.items()}
        mine = SyncRecord.objects.filter(connection=self.connection, stream=self.spec.key, scope="")
        stored = dict(mine.filter(external_id__among=list(page)).values_list("external_id", "content_hash"))
        taken = {
            external_id: self._take(page[external_id], digest)
            for external_id, digest in hashes.items()
            if stored.get(external_id) != digest
        }
        self.counts.unchanged += len(page) - len(taken)
        if taken:
            self._store(taken, came_by, mine)

    def _store(self, taken: Mapping[str, _Taken], came_by: CameBy, mine: QuerySet[SyncRecord]) -> None:
        with self.lease.commit():
            recorder = Recorder(self.connection.tenant_id, self.actor)
            rows = mine.filter(external_id__among=list(taken)).select_for_update()
            known = {row.external_id: row for row in rows}
            new = [one for external_id, one in taken.items() if external_id not in known]
            changed = [  # looked at once more under the lock: it may have been stored since
                (known[external_id], one)
                for external_id, one in taken.items()
                if external_id in known and known[external_id].content_hash != one.hash
            ]
            self._insert(new, came_by, recorder)
            self._update(changed, came_by, recorder)
            recorder.flush()
        if new:
            statistics_ensure()
        self.counts.new += len(new)
        self.counts.changed += len(changed)

    def _take(self, item: Item, digest: str) -> _Taken:
        try:
            record = parse(self.connector, self.spec.key, item.payload)
            return _Taken(item, digest, record, None, self.routes.route(record))
        except ConnectorError as error:
            self.counts.failed += 1
            return _Taken(item, digest, None, unreadable(self.connection, self.spec, item.external_id, error))
        except Exception as error:  # a bug of ours: the item waits with its traceback, the others go on
            self.counts.failed += 1
            return _Taken(item, digest, None, internal(item.external_id, error))

    def _insert(self, new: Sequence[_Taken], came_by: CameBy, recorder: Recorder) -> None:
        rows = []
        for one in new:
            row = row_new(
                SyncRecord,
                tenant_id=self.connection.tenant_id,
                connection=self.connection,
                stream=self.spec.key,
                external_id=one.item.external_id,
                content_hash=one.hash,
                first_seen_at=recorder.now,
                changed_at=recorder.now,
            )
            self._describe(row, one)
            rows.append(row)
        rows_insert(rows)
        self._write_versions(zip(rows, new, strict=True), came_by, recorder)
        for row, one in zip(rows, new, strict=True):
            recorder.event("record.received", f"by {came_by.label}", subject="record", record_id=row.pk)
            self._place(row, one, recorder)

    def _update(self, changed: Sequence[tuple[SyncRecord, _Taken]], came_by: CameBy, recorder: Recorder) -> None:
        for row, one in changed:
            row.version += 1
            row.content_hash = one.hash
            self._describe(row, one)
        if changed:
            self._write_versions(changed, came_by, recorder)
            rows_update("audit_syncrecord", STORED_COLUMNS, [row for row, _ in changed])
        for row, one in changed:
            recorder.event("record.changed", f"version {row.version}", subject="record", record_id=row.pk)
            if row.state != RecordState.POSTING:  # the commit that closes its posting compares versions
                self._place(row, one, recorder)
        self._look_at_waiting([row for row, _ in changed if row.state == RecordState.POSTING], recorder)

    def _look_at_waiting(self, rows: Sequence[SyncRecord], recorder: Recorder) -> None:
        """What waits in the ledger of a changed record is looked at now: it may be told that it would be otherwise."""
        if rows:
            waiting = Posting.objects.filter(record_id__among=[row.pk for row in rows], state=PostingState.CREATED)
            waiting.update(settle_at=recorder.now)
            self.counts.flows |= {row.flow_id for row in rows if row.flow_id}

    def _describe(self, row: SyncRecord, one: _Taken) -> None:
        """What lists and look-ups need of the parsed record; its days are those of the books that it goes to."""
        record = one.record
        if record is None:
            return
        zone = self.routes.time_zone(getattr(one.route, "flow_id", None)) or self.time_zone
        row.kind, row.family, row.label = record.kind.value, record.family.value, record.label[:200]
        if isinstance(record, SpendRecord):
            row.amount = record.amount.amount if record.amount else None
            row.currency = record.amount.currency if record.amount else ""
            row.posting_on = day_of(record.posting_moment, zone) if record.posting_moment else None
            row.document_on = day_of(record.document_moment, zone) if record.document_moment else None
            row.receipt_count = min(len(record.receipts), 999)
            row.links = sorted({f"{link.kind}:{link.id}"[:260] for link in record.links})

    def _write_versions(self, taken: Iterable[tuple[SyncRecord, _Taken]], came_by: CameBy, recorder: Recorder) -> None:
        rows_copy(
            "audit_recordversion",
            ("tenant_id", "record_id", "number", "payload", "content_hash", "came_by", "stored_at"),
            (
                (row.tenant_id, row.pk, row.version, json_encode(one.item.payload), one.hash,
                 came_by.value, recorder.now)
                for row, one in taken
            ),
        )  # fmt: skip

    def _place(self, row: SyncRecord, one: _Taken, recorder: Recorder) -> None:
        """Where a stored version leaves its record: due, waiting for the source, not ours, or unreadable."""
        if one.record is None or one.route is None:
            if one.problem is None:
                raise ValueError("An unreadable item has a problem.")
            if row.state in TAKEN_AGAIN and row.state != RecordState.FAILED:
                recorder.record(row, RecordState.RECEIVED)
            recorder.record(row, RecordState.FAILED, one.problem.message, causes=[one.problem])
            return
        match one.route:
            case Routed(flow_id=flow_id) | WitnessOf(flow_id=flow_id):
                row.flow_id = flow_id
                self.counts.flows.add(flow_id)
            case Unrouted(reason=reason, flow_id=int(flow_id)):
                row.flow_id = flow_id
                if row.state != RecordState.RECEIVED:
                    recorder.record(row, RecordState.RECEIVED)
                recorder.record(row, RecordState.HELD, reason, causes=[no_owner(flow_id, reason)])
                return
            case Unrouted(reason=reason):
                if row.state != RecordState.RECEIVED:
                    recorder.record(row, RecordState.RECEIVED)
                row.flow_id = None
                recorder.record(row, RecordState.SKIPPED, reason)
                return
        waits = one.record.finality is Finality.WAITING
        reason = getattr(one.record, "reason", "") or "Not final at the source." if waits else ""
        recorder.record(row, RecordState.RECEIVED, reason, due_at=None if waits else recorder.now)


def no_owner(flow_id: int, reason: str) -> Cause:
    """The problem of money that a flow takes and nobody owns."""
    return Cause("no_owner", reason, value=reason, flow_id=flow_id, advice="Choose an owner of this family.")


def parse(connector: Connector, stream: str, payload: Mapping[str, Any]) -> Record:
    """The canonical record of a stored payload. Raises PayloadError; pure."""
    if connector.parse is None:
        raise TypeError(f"{connector.label} is not a source.")
    return connector.parse(stream, payload)


def unreadable(connection: Connection, spec: StreamSpec, external_id: str, error: ConnectorError) -> Cause:
    """The problem of payloads that are not as the vendor documents them."""
    return Cause(
        code=error.code,
        message=f"{spec.label} {external_id}: {error.message}",
        value=external_id,
        scope=spec.key,
        connection_id=connection.pk,
        advice="Have the record corrected at the source; the next version is read by itself.",
        facts={"detail": error.detail},
    )


def internal(external_id: str, error: Exception) -> Cause:
    """The problem of a bug of ours; the traceback is kept for whoever mends it."""
    where = traceback.extract_tb(error.__traceback__)[-1] if error.__traceback__ else None
    return Cause(
        code="internal",
        message=f"An internal error ({type(error).__name__}) stopped this record; nothing was sent.",
        value=f"{type(error).__name__} {where.filename.rsplit('/', 1)[-1]}:{where.lineno}"
        if where
        else type(error).__name__,
        advice="Report it with the traceback below; replay once it is mended.",
        facts={"traceback": "".join(traceback.format_exception(error))[-4000:], "first": external_id},
    )
