"""Which record of another stream posts this money? Found by a shared id, else as the only twin (rules G3, G4)."""

from __future__ import annotations

from datetime import date, timedelta

from audit.models import SyncRecord
from audit.sync.links import TWIN_FAMILIES
from mappings.routing import WitnessOf
from mappings.translate.context import Decision, Hold, Known, Linked, Need, Wait, Witness

PATIENCE = timedelta(days=10)


def is_overdue(row: SyncRecord, read_through: date | None) -> bool:
    """Whether the other side of a record should have shown itself by now. Nothing is overdue before all streams of
    its source were read up to that day, or the order of a first import would decide."""
    return read_through is not None and read_through - (row.posting_on or row.first_seen_at.date()) > PATIENCE


def witness_decide(row: SyncRecord, known: Known, answer: WitnessOf, read_through: date | None) -> Decision:
    """A witness with its owner's record where that is known; a witness that stays without one is held in the end.

    A person's choice (`partner_record`, an id or `none`) ends the search."""
    chosen = row.choices.get("partner_record", "")
    if chosen == "none":
        return Witness(answer.reason, None, rules=("G4",))
    if chosen:
        return Witness(answer.reason, int(chosen), rules=("G4",))
    for candidates in (known.linked, known.twins):
        owners = _owners(row, candidates, answer.owner_stream)
        if len(owners) == 1:
            return Witness(answer.reason, owners[0].record_id, rules=("G3", "G4"))
        if owners and row.family in TWIN_FAMILIES:
            return _ambiguous(owners)
        if owners:
            return Witness(answer.reason, owners[0].record_id, rules=("G3",))
    if not answer.owner_stream:
        return Witness(answer.reason, None, rules=("G3",))
    if is_overdue(row, read_through):
        said = "The stream that owns this money has not shown it for 10 days."
        return Hold((Need("missing_link", said, value=row.external_id),), ("G4",))
    return Wait("Waiting for the stream that owns this money to show it.", rules=("G4",))


def _owners(row: SyncRecord, candidates: tuple[Linked, ...], stream: str) -> list[Linked]:
    """Records of the owning stream that tell the same event: of the same kind, else of the same family."""
    mine = [one for one in candidates if one.stream == stream and one.record.family == row.family]
    same = [one for one in mine if one.record.kind == row.kind]
    return same or mine


def _ambiguous(owners: list[Linked]) -> Hold:
    named = ", ".join(one.external_id for one in owners[:5])
    said = f"{len(owners)} records of the owner fit this payment: {named}."
    return Hold((Need("ambiguous_link", said, value=named),), ("G4",))
