"""How does a vendor get into a ledger once, however many bills name it? As a record that its bills wait for."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection as database
from django.db import transaction

from audit.models import CameBy, Posting, PostingState, RecordState, RecordVersion, SyncRecord
from audit.models.postings import OPEN_STATES
from audit.sync.keys import content_hash, document_key, record_key
from audit.sync.recorder import Cause, Recorder
from connectors.base import ReferenceItem
from connectors.records import Party
from connectors.registry import connector_get
from mappings.models import Flow, FlowState
from mappings.names import normalised_name
from mappings.services import vendor_accept
from mappings.services.references import reference_learn

logger = logging.getLogger(__name__)

STREAM = "vendors"
NEW_VENDOR = "new_vendor"
STUCK = (RecordState.RECEIVED, RecordState.HELD, RecordState.FAILED)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be expected of a vendor that a bill asks for, under the key of its document."""

    key: str
    is_refused: bool = False  # he was created or skipped before, and cannot be matched: a person decides
    to_learn: Posting | None = None  # he is in the ledger, and this company has not heard of him yet


def vendor_external_id(party: Party) -> str:
    """The source's id, or the normalised name where it gives none."""
    return party.id or f"name:{normalised_name(party.name)}"


def vendor_key(flow: Flow, external_id: str) -> str:
    """The key of a vendor's document: with the company where each company of the ledger has vendors of its own."""
    connector = connector_get(flow.source.vendor)
    key = document_key(record_key(connector.key, flow.source.identity, connector.streams[STREAM], external_id))
    return f"{key}@{flow.company}" if connector_get(flow.ledger.vendor).has_vendors_by_company else key


def vendors_pending(flow: Flow) -> dict[str, str]:
    """Vendors on their way into a flow's ledger: key of our document by the source's id and by `name:`.

    A name stands for whoever bears it, whichever source asked for him."""
    rows = Posting.objects.filter(ledger_id=flow.ledger_id, document_type=NEW_VENDOR, state__in=OPEN_STATES)
    if connector_get(flow.ledger.vendor).has_vendors_by_company:
        rows = rows.filter(company=flow.company)
    pending: dict[str, str] = {}
    for source_id, external_id, key, document in rows.order_by("-id").values_list(
        "record__connection_id", "record__external_id", "key", "document"
    ):
        if source_id == flow.source_id:
            pending[external_id] = key
        pending[f"name:{normalised_name(str(document.get('name', '')))}"] = key
    return pending


def vendors_creating(flow: Flow) -> dict[str, str]:
    """The same, for whoever is about to freeze new ones: until his transaction ends nobody else creates vendors in
    this ledger, or two records of one vendor would make two partners."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"new vendors {flow.ledger_id}"])
    return vendors_pending(flow)


def vendor_request(flow: Flow, party: Party, recorder: Recorder) -> Asked:
    """Make sure that a missing vendor is a record of its own in this ledger, due now.

    Repeating it, or asking for the same vendor from a hundred bills, makes one record; each ledger has its own."""
    external_id = vendor_external_id(party)
    key = vendor_key(flow, external_id)
    posted = Posting.objects.filter(
        ledger_id=flow.ledger_id, key=key, document_type=NEW_VENDOR, state=PostingState.POSTED
    ).first()
    if posted is not None:
        listed = flow.ledger.reference_values.filter(company=flow.company, kind="vendor", external_id=posted.entry_id)
        return Asked(key, is_refused=True) if listed.exists() else Asked(key, to_learn=posted)
    row = _row(flow, external_id, party, recorder)
    if row.state == RecordState.SKIPPED:
        return Asked(key, is_refused=True)
    if row.flow_id != flow.pk and (row.flow is None or row.flow.state != FlowState.ON):
        _take_over(row, flow, recorder)
    return Asked(key)


def _take_over(row: SyncRecord, flow: Flow, recorder: Recorder) -> None:
    """Whoever asked for a vendor first does not run any more: he is this flow's now."""
    locked = SyncRecord.objects.select_for_update().get(pk=row.pk)
    if locked.state in STUCK:
        locked.flow = flow
        recorder.record(locked, RecordState.RECEIVED, f"Asked for by {flow}.", due_at=recorder.now)


def _row(flow: Flow, external_id: str, party: Party, recorder: Recorder) -> SyncRecord:
    """The record of a vendor for a flow's ledger. The first ledger's is the one that the source's list updates too."""
    own = str(flow.ledger_id)
    by_company = connector_get(flow.ledger.vendor).has_vendors_by_company
    if by_company:
        own = f"{own}/{flow.company}"
    rows = SyncRecord.objects.filter(connection=flow.source_id, stream=STREAM, external_id=external_id)
    for row in rows.filter(scope__in=["", own]).select_related("flow").order_by("-scope"):
        if row.scope == own or _is_for(row, flow, by_company=by_company):
            return row
    for scope in ("", own):
        row, is_new = _make(flow, external_id, scope, party, recorder)
        if is_new or scope == own or _is_for(row, flow, by_company=by_company):
            break  # or another ledger was faster
    return row


def _is_for(row: SyncRecord, flow: Flow, *, by_company: bool) -> bool:
    other = row.flow
    if other is None or other.ledger_id != flow.ledger_id:
        return False
    return not by_company or other.company == flow.company


def _make(flow: Flow, external_id: str, scope: str, party: Party, recorder: Recorder) -> tuple[SyncRecord, bool]:
    payload = {"item": {"id": external_id, "company_name": party.name, "email": party.email}, "lookups": {}}
    row, is_new = SyncRecord.objects.get_or_create(
        connection=flow.source,
        stream=STREAM,
        external_id=external_id,
        scope=scope,
        defaults={
            "tenant_id": flow.tenant_id,
            "kind": "vendor",
            "family": "REF",
            "flow": flow,
            "state": RecordState.RECEIVED,
            "content_hash": content_hash(payload, connector_get(flow.source.vendor).streams[STREAM].volatile),
            "label": party.name[:200],
            "due_at": recorder.now,
        },
    )
    if is_new:
        RecordVersion.objects.create(
            tenant_id=flow.tenant_id,
            record=row,
            number=1,
            payload=payload,
            content_hash=row.content_hash,
            came_by=CameBy.POLL,
        )
        recorder.event("record.received", "named by a bill", subject="record", record_id=row.pk)
    return row, is_new


def vendors_learn(postings: Iterable[Posting], recorder: Recorder, *, company: str = "") -> None:
    """Vendors that are in the ledger now can be matched at once, exactly, by everything that names them.

    In `company`, or else in that of the posting. One that cannot be noted is a problem and stops nothing: the next
    listing of the ledger's vendors shows him."""
    for posting in postings:
        for note in (_learn, _accept):
            try:
                with transaction.atomic():
                    note(posting, company or posting.company)
            except Exception as error:
                logger.exception("vendor not noted", extra={"posting": posting.pk})
                said = f"{posting.document.get('name', '')} was created as {posting.entry_id} and cannot be noted"
                recorder.notice(
                    Cause(
                        "vendor_not_noted",
                        f"{said}: {error}",
                        value=posting.key,
                        connection_id=posting.ledger_id,
                        advice="Map the vendor by hand, or wait until the ledger's vendors are listed again.",
                    ),
                    record_id=posting.record_id,
                )
                break


def _learn(posting: Posting, company: str) -> None:
    item = ReferenceItem("vendor", posting.entry_id, name=_name(posting)[:300])
    reference_learn(connection=posting.flow.ledger, company=company, item=item)


def _accept(posting: Posting, company: str) -> None:
    external_id = posting.record.external_id
    ledger = posting.flow.ledger
    vendor_accept(
        tenant=posting.flow.tenant,
        source_id="" if external_id.startswith("name:") else external_id,
        name=_name(posting),
        partner=ledger.reference_values.get(company=company, kind="vendor", external_id=posting.entry_id),
        by=None,
        reason=f"created as {posting.key}",
    )


def _name(posting: Posting) -> str:
    return str(posting.document.get("name", ""))
