"""What is to become of each received record? Translate a batch and look ahead in the ledger; nothing is written here.

Everything that needs a look is fetched for the whole batch, in a number of queries that does not depend on its size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, assert_never

from django.db import connection as database
from django.db.models import F

from audit.models import Posting, PostingState, RecordState, RecordVersion, Sighting, SyncRecord
from audit.sync.changes import compare
from audit.sync.intake import internal, parse, unreadable
from audit.sync.keys import document_key, record_key
from audit.sync.links import (
    TWIN_FAMILIES,
    accrual_documents,
    doubles_fetch,
    linked_fetch,
    open_items_fetch,
    posted_document,
    standing_documents,
    twins_fetch,
)
from audit.sync.recorder import Cause
from audit.sync.routes import Routes, streams_read_through
from audit.sync.vendors import STREAM, vendor_key, vendors_pending
from audit.sync.witnesses import is_overdue, witness_decide
from connectors.base import Connector, Finding, Ledger, StandingBill
from connectors.errors import ConnectorError
from connectors.models import Connection
from connectors.records import Finality, Record, SpendRecord, VendorRecord
from connectors.registry import connector_get
from mappings.models import Flow, FlowState
from mappings.policies import plain_number
from mappings.routing import Unrouted, WitnessOf
from mappings.setup import setup_load
from mappings.translate.context import (
    Decision,
    Draft,
    Hold,
    Known,
    Need,
    Post,
    Setup,
    Skip,
    Undo,
    Wait,
    Wants,
    Witness,
)
from mappings.translate.dispatch import translate, wants
from mappings.translate.new_vendor import vendor_document
from mappings.vendors import LedgerPartnerBook

LOOK_AGAIN = timedelta(hours=6)
DUPLICATES = frozenset({"possible_duplicate", "duplicate_reference"})


@dataclass(slots=True)
class Judged:
    """One record with what was decided for it and everything that led to it."""

    row: SyncRecord
    base: str  # the key of the record, from which those of its documents are made
    record: Record | None = None
    known: Known | None = None
    decision: Decision | None = None
    failure: Cause | None = None
    standing: list[Posting] = field(default_factory=list)
    drafts: tuple[Draft, ...] = ()  # what must be sent: not the ones that stand already
    reversals: tuple[tuple[Posting, Draft], ...] = ()


@dataclass(slots=True)
class Judge:
    """Decides for the records of one flow, as the flow, its rules and its ledger stand now."""

    flow: Flow
    ledger_connection: Connection
    ledger: Ledger
    actor: str
    setup: Setup = field(init=False)
    connector: Connector = field(init=False)
    routes: Routes = field(init=False)
    stands: tuple[int, str] = field(init=False)  # the version of the rules and the flow's state that it decides by
    sighted: frozenset[str] = frozenset()
    read_through: date | None = field(init=False)  # up to where all streams of the source were read

    def __post_init__(self) -> None:
        self.stands = self._as_stored()
        setup = setup_load(self.flow)
        if isinstance(setup.partners, LedgerPartnerBook):
            setup = replace(setup, partners=setup.partners.with_pending(vendors_pending(self.flow)))
        self.setup = setup
        self.connector = connector_get(self.flow.source.vendor)
        self.routes = Routes.of(self.flow.source)
        self.read_through = streams_read_through(self.flow.source)

    def judge(self, rows: Sequence[SyncRecord], *, preflight: bool = True) -> list[Judged]:
        """Decide for each record, looking everything up for all at once. Writes nothing."""
        judged = self._parsed(rows)
        live = {one.row.pk: one for one in judged if one.record is not None}
        wanted = {pk: self._wants(one) for pk, one in live.items()}
        linked = linked_fetch(
            self.connector,
            {pk: one.row for pk, one in live.items()},
            {pk: want.links for pk, want in wanted.items() if want.links},
        )
        twins = twins_fetch(
            self.connector,
            [pk for pk, want in wanted.items() if want.wants_twin or live[pk].row.family in TWIN_FAMILIES],
        )
        doubles = doubles_fetch(
            self.connector,
            {
                pk: one.record
                for pk, one in live.items()
                if isinstance(one.record, SpendRecord) and wanted[pk].wants_duplicates
            },
        )
        bills = self._bills(wanted)
        facts = self.ledger.facts(self.flow.company, frozenset().union(*(want.rates for want in wanted.values())))
        standing = standing_documents(live)
        self.sighted = self._sighted([one for one in live.values() if isinstance(one.record, VendorRecord)])
        accrued = accrual_documents(live) if self.setup.policies.month_end_accrual else {}
        revisions = self._revisions(live)
        for pk, one in live.items():
            one.standing = standing.get(pk, [])
            if isinstance(one.record, VendorRecord):  # each ledger gets a vendor of its own
                one.standing = [posting for posting in one.standing if posting.ledger_id == self.flow.ledger_id]
            one.known = Known(
                key=document_key(one.base, revision=self._revision(one, revisions)),
                facts=facts,
                linked=linked.get(pk, ()),
                twins=twins.get(pk, ()),
                standing=tuple(posted_document(posting) for posting in (*one.standing, *accrued.get(pk, ()))),
                twin_deadline_passed=is_overdue(one.row, self.read_through),
                possible_duplicates=doubles.get(pk, ()),
                ledger_bills=tuple(
                    bill for _, number in wanted[pk].bill_numbers for bill in bills.get(plain_number(number), ())
                ),
                open_items=open_items_fetch(self.flow.source_id, wanted[pk].open_items)
                if wanted[pk].open_items
                else (),
                choices=one.row.choices,
            )
            self._decide(one)
            compare(one, self.setup.policies, facts)
        if preflight:
            self._preflight(judged)
        return judged

    def _bills(self, wanted: Mapping[int, Wants]) -> dict[str, list[StandingBill]]:
        """Bills that the ledger has under the batch's supplier numbers, by number as duplicates are told (G21)."""
        numbers = sorted({number for want in wanted.values() for _, number in want.bill_numbers})
        found: dict[str, list[StandingBill]] = {}
        if numbers:
            for bill in self.ledger.bills(self.flow.company, numbers):
                found.setdefault(plain_number(bill.number), []).append(bill)
        return found

    def _as_stored(self, lock: str = "") -> tuple[int, str]:
        with database.cursor() as cursor:
            cursor.execute(f"SELECT rules_version, state FROM mappings_flow WHERE id = %s {lock}", [self.flow.pk])  # noqa: S608
            version, state = cursor.fetchone()
        return version, state

    def is_current(self) -> bool:
        """Whether rules and flow are still those that were decided by; to be asked in the transaction that writes,
        which then keeps them from changing until it is over. A change after that finds what was held."""
        version, state = self._as_stored("FOR SHARE")
        self.flow.state = state
        return (version, state) == self.stands and state in (FlowState.ON, FlowState.DRY_RUN)

    def base(self, row: SyncRecord) -> str:
        """The key of a record; a judged one knows it."""
        if row.stream == STREAM:
            return vendor_key(self.flow, row.external_id)
        spec = self.connector.streams[row.stream]
        return record_key(self.connector.key, self.flow.source.identity, spec, row.external_id)

    def key(self, one: Judged, draft: Draft, reverses: Posting | None = None) -> tuple[str, int]:
        """A document's key and revision: the record's, or those of the document that it mirrors."""
        if reverses is not None:
            key = document_key(one.base, purpose=reverses.purpose, revision=reverses.revision, is_reversal=True)
            return key, reverses.revision
        number = one.known.key.removeprefix(one.base).lstrip(":") if one.known else ""
        revision = int(number) if number.isdigit() else 1
        return document_key(one.base, purpose=draft.purpose, revision=revision), revision

    def sightings(self, judged: Sequence[Judged]) -> dict[str, list[Sighting]]:
        """Our documents that a listing of the ledger showed, of those that are about to be sent, by stamp."""
        stamps = [self.ledger.stamp(self.key(one, draft)[0]) for one in judged for draft in one.drafts]
        stamps += [
            self.ledger.stamp(self.key(one, draft, original)[0]) for one in judged for original, draft in one.reversals
        ]
        found: dict[str, list[Sighting]] = {}
        if stamps:
            for sighting in Sighting.objects.filter(ledger=self.ledger_connection, stamp__among=stamps):
                found.setdefault(sighting.stamp, []).append(sighting)
        return found

    def _parsed(self, rows: Sequence[SyncRecord]) -> list[Judged]:
        versions = RecordVersion.objects.filter(record_id__among=[row.pk for row in rows], number=F("record__version"))
        payloads = dict(versions.values_list("record_id", "payload"))
        judged = []
        for row in rows:
            one = Judged(row, self.base(row))
            try:
                one.record = parse(self.connector, row.stream, payloads[row.pk])
            except ConnectorError as error:
                one.failure = unreadable(self.flow.source, self.connector.streams[row.stream], row.external_id, error)
            except Exception as error:
                one.failure = internal(row.external_id, error)
            judged.append(one)
        return judged

    def _wants(self, one: Judged) -> Wants:
        try:
            return wants(one.record, self.setup) if one.record else Wants()
        except Exception as error:
            one.failure = internal(one.row.external_id, error)
            return Wants()

    def _decide(self, one: Judged) -> None:
        if one.failure or one.record is None or one.known is None:
            return
        if one.record.finality is Finality.WAITING:
            one.decision = Wait(getattr(one.record, "reason", "") or "Not final at the source.")
            return
        if isinstance(one.record, VendorRecord):
            if any(posting.document_type == "new_vendor" for posting in one.standing):
                one.decision = Post((), ("G14",))
                return
            if self.ledger.stamp(one.base) in self.sighted:  # made by us, and forgotten: adopted
                one.decision = Post((Draft("", vendor_document(one.record, self.setup)),), ("G14",))
                return
        else:
            answer = self.routes.route(one.record)
            if isinstance(answer, WitnessOf):
                one.decision = witness_decide(one.row, one.known, answer, self.read_through)
                return
            if isinstance(answer, Unrouted):
                one.decision = Hold((Need("no_owner", answer.reason, value=answer.reason),))
                return
        try:
            one.decision = translate(one.record, self.setup, one.known)
        except Exception as error:
            one.failure = internal(one.row.external_id, error)

    def _sighted(self, vendors: Sequence[Judged]) -> frozenset[str]:
        """The stamps of these vendors that a listing of the ledger showed: partners that we made and forgot."""
        stamps = [self.ledger.stamp(one.base) for one in vendors if not one.standing]
        rows = Sighting.objects.filter(ledger=self.ledger_connection, stamp__among=stamps) if stamps else ()
        return frozenset(row.stamp for row in rows)

    def _revisions(self, live: Mapping[int, Judged]) -> dict[tuple[int, str], int]:
        """The newest revision of each record and purpose that was in the books and is reversed."""
        counts: dict[tuple[int, str], int] = {}
        rows = Posting.objects.filter(record_id__among=list(live), state=PostingState.REVERSED, reverses__isnull=True)
        for record_id, purpose, revision in rows.values_list("record_id", "purpose", "revision"):
            counts[record_id, purpose] = max(counts.get((record_id, purpose), 0), revision)
        self._count_forgotten({pk: one for pk, one in live.items() if not one.standing}, counts)
        return counts

    def _count_forgotten(self, fresh: Mapping[int, Judged], counts: dict[tuple[int, str], int]) -> None:
        """Documents that the ledger holds reversed and our tables forgot: their reversals' stamps were sighted."""
        open_ones = {pk: one for pk, one in fresh.items() if (pk, "") not in counts}
        revision = 0
        while open_ones:
            revision += 1
            by_stamp = {
                self.ledger.stamp(document_key(one.base, revision=revision, is_reversal=True)): pk
                for pk, one in open_ones.items()
            }
            seen = Sighting.objects.filter(ledger=self.ledger_connection, stamp__among=list(by_stamp))
            open_ones = {by_stamp[stamp]: open_ones[by_stamp[stamp]] for stamp in seen.values_list("stamp", flat=True)}
            counts.update({(pk, ""): revision for pk in open_ones})

    def _revision(self, one: Judged, revisions: Mapping[tuple[int, str], int]) -> int:
        main = next((posting for posting in one.standing if posting.purpose == ""), None)
        return main.revision if main else revisions.get((one.row.pk, ""), 0) + 1

    def _preflight(self, judged: Sequence[Judged]) -> None:
        """Ask the ledger ahead, for all new documents at once; its findings become needs.

        What stands there already under our own stamp is adopted, and would only be found to double itself."""
        seen = self.sightings(judged)
        checked = [
            (one, draft)
            for one in judged
            for draft in one.drafts
            if self.ledger.stamp(self.key(one, draft)[0]) not in seen
        ]
        if not checked:
            return
        findings = self.ledger.preflight(self.flow.company, [draft.document for _, draft in checked])
        own = self._own_entries([one.row.pk for (one, _), found in zip(checked, findings, strict=True) if found])
        for (one, _), found in zip(checked, findings, strict=True):
            found = [finding for finding in found if (one.row.pk, finding.value) not in own]
            if not found or not isinstance(one.decision, Post | Hold):
                continue
            before = one.decision.needs if isinstance(one.decision, Hold) else ()
            waived = one.row.choices.get("duplicate") == "different"
            needs = [_need(finding) for finding in found if not (waived and finding.code in DUPLICATES)]
            if needs:
                one.decision = Hold((*before, *needs), one.decision.rules)
                one.drafts = ()

    def _own_entries(self, record_ids: Sequence[int]) -> set[tuple[int, str]]:
        """What these records have in the ledger: a bill that was reversed is no double of its next revision."""
        if not record_ids:
            return set()
        rows = Posting.objects.filter(record_id__in=record_ids, state=PostingState.REVERSED)
        return set(rows.values_list("record_id", "entry_id"))


def received(flow: Flow, slot: int, slots: int, limit: int, now: Any) -> list[SyncRecord]:
    """The records of a flow that are due in a lane, oldest due first."""
    rows = SyncRecord.objects.filter(flow=flow, state=RecordState.RECEIVED, due_at__lte=now)
    if slots > 1:
        rows = rows.annotate(slot=F("id") % slots).filter(slot=slot)
    return list(rows.order_by("due_at", "id")[:limit])


def describe(decision: Decision | None) -> str:
    """A decision in a sentence, for the dry run and the preview."""
    match decision:
        case Post(drafts=drafts, rules=rules):
            kinds = ", ".join(draft.document.type.replace("_", " ") for draft in drafts)
            return f"would post {kinds or 'nothing new'} by {', '.join(rules)}."
        case Hold(needs=needs):
            return "would hold: " + " ".join(need.message for need in needs)
        case Witness(reason=reason):
            return f"would keep it as a witness: {reason}"
        case Skip(reason=reason):
            return f"would skip it: {reason}"
        case Wait(reason=reason):
            return f"would wait: {reason}"
        case Undo(reason=reason):
            return f"would reverse what is posted: {reason}"
        case None:
            return "could not decide."
        case _:
            assert_never(decision)


def _need(finding: Finding) -> Need:
    return Need(finding.code, finding.message, value=finding.value)
