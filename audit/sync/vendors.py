"""How does a vendor get into a ledger once, however many bills name it? As a record that its bills wait for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from audit.models import CameBy, Posting, RecordState, RecordVersion, SyncRecord
from audit.models.postings import OPEN_STATES
from audit.sync.keys import content_hash, document_key, record_key
from audit.sync.recorder import Recorder
from connectors.base import ReferenceItem
from connectors.records import Party
from connectors.registry import connector_get
from mappings.models import Flow
from mappings.names import normalised_name
from mappings.services import vendor_accept
from mappings.services.references import reference_learn

STREAM = "vendors"


def vendor_external_id(party: Party) -> str:
    """The source's id, or the normalised name where it gives none."""
    return party.id or f"name:{normalised_name(party.name)}"


def vendors_pending(flow: Flow) -> dict[str, str]:
    """Vendors on their way into a flow's ledger: key of our document by the source's id and by `name:`."""
    rows = Posting.objects.filter(
        ledger_id=flow.ledger_id, document_type="new_vendor", state__in=OPEN_STATES, record__connection=flow.source_id
    ).values_list("record__external_id", "key", "document")
    pending: dict[str, str] = {}
    for external_id, key, document in rows:
        pending[external_id] = key
        pending[f"name:{normalised_name(str(document.get('name', '')))}"] = key
    return pending


def vendors_request(flow: Flow, parties: Iterable[Party], recorder: Recorder) -> dict[str, str]:
    """Make sure that each missing vendor is a record of its own, due now; answers the keys of their documents.

    Repeating it, or asking for the same vendor from a hundred bills, makes one record."""
    connector = connector_get(flow.source.vendor)
    wanted = {vendor_external_id(party): party for party in parties}
    for external_id, party in sorted(wanted.items()):
        payload = {"item": {"id": external_id, "company_name": party.name, "email": party.email}, "lookups": {}}
        row, is_new = SyncRecord.objects.get_or_create(
            connection=flow.source,
            stream=STREAM,
            external_id=external_id,
            defaults={
                "tenant_id": flow.tenant_id,
                "kind": "vendor",
                "family": "REF",
                "flow": flow,
                "state": RecordState.RECEIVED,
                "content_hash": content_hash(payload, connector.streams[STREAM].volatile),
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
    spec = connector.streams[STREAM]
    return {
        external_id: document_key(record_key(connector.key, flow.source.identity, spec, external_id))
        for external_id in wanted
    }


def vendors_created(postings: Iterable[Posting], rows: Mapping[int, SyncRecord]) -> None:
    """Vendors that are in the ledger now can be matched at once, exactly, by everything that names them."""
    for posting in postings:
        record = rows[posting.record_id]
        name = str(posting.document.get("name", ""))
        partner = reference_learn(
            connection=posting.flow.ledger,
            company=posting.company,
            item=ReferenceItem("vendor", posting.entry_id, name=name[:300]),
        )
        source_id = "" if record.external_id.startswith("name:") else record.external_id
        vendor_accept(
            tenant=posting.flow.tenant,
            source_id=source_id,
            name=name,
            partner=partner,
            by=None,
            reason=f"created as {posting.key}",
        )
