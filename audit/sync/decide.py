"""What becomes of each received record? Translate a batch, look ahead in the ledger, and freeze what will be sent.

Everything that needs a look is fetched for the whole batch; the decisions and the documents' freezing are one
transaction, committed before the first byte leaves the house.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, assert_never

from django.db.models import F
from django.utils import timezone

from audit.models import Posting, PostingState, RecordState, RecordVersion, Sighting, SyncRecord
from audit.sync.intake import internal, parse, unreadable
from audit.sync.keys import document_hash, document_key, record_key
from audit.sync.lanes import Lease
from audit.sync.links import TWIN_FAMILIES, linked_fetch, posted_document, standing_documents, twins_fetch
from audit.sync.recorder import Cause, Recorder
from audit.sync.routes import Routes
from audit.sync.vendors import vendors_pending, vendors_request
from connectors.base import Connector, Finding, Ledger, LedgerFacts
from connectors.documents import Document, NewVendor, document_from_json, document_to_json
from connectors.errors import ConnectorError
from connectors.models import Connection
from connectors.records import Finality, Party, Record, VendorRecord
from connectors.registry import connector_get
from mappings.errors import PROBLEM_CODES
from mappings.models import Flow, FlowState
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
from mappings.translate.reversal import assemble_reversal, document_differs
from mappings.vendors import LedgerPartnerBook

TWIN_PATIENCE = timedelta(days=10)
LOOK_AGAIN = timedelta(hours=6)


@dataclass(slots=True)
class Judged:
    """One record with what was decided for it and everything that led to it."""

    row: SyncRecord
    record: Record | None = None
    known: Known | None = None
    decision: Decision | None = None
    failure: Cause | None = None
    standing: list[Posting] = field(default_factory=list)
    drafts: tuple[Draft, ...] = ()  # what must be sent: not the ones that stand already
    reversals: tuple[tuple[Posting, Draft], ...] = ()


@dataclass(slots=True)
class Judge:
    """Decides for the records of one flow. `judge` only reads; `commit` writes, under the lane's lock."""

    flow: Flow
    ledger_connection: Connection
    ledger: Ledger
    actor: str
    setup: Setup = field(init=False)
    connector: Connector = field(init=False)
    routes: Routes = field(init=False)

    def __post_init__(self) -> None:
        setup = setup_load(self.flow)
        if isinstance(setup.partners, LedgerPartnerBook):
            setup = replace(setup, partners=setup.partners.with_pending(vendors_pending(self.flow)))
        self.setup = setup
        self.connector = connector_get(self.flow.source.vendor)
        self.routes = Routes.of(self.flow.source)

    # --- deciding -------------------------------------------------------------------------------------------------

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
        facts = self.ledger.facts(self.flow.company, frozenset().union(*(want.rates for want in wanted.values())))
        standing = standing_documents(live)
        revisions = self._revisions(live)
        for pk, one in live.items():
            one.standing = standing.get(pk, [])
            base = record_key(
                self.connector.key,
                self.flow.source.identity,
                self.connector.streams[one.row.stream],
                one.row.external_id,
            )
            one.known = Known(
                key=document_key(base, revision=self._revision(one, revisions)),
                facts=facts,
                linked=linked.get(pk, ()),
                twins=twins.get(pk, ()),
                standing=tuple(posted_document(posting) for posting in one.standing),
                twin_deadline_passed=self._is_old(one.row),
                choices=one.row.choices,
            )
            self._decide(one)
            self._compare(one, base, facts)
        if preflight:
            self._preflight(judged)
        return judged

    def _parsed(self, rows: Sequence[SyncRecord]) -> list[Judged]:
        payloads = {
            version.record_id: version.payload
            for version in RecordVersion.objects.filter(
                record_id__in=[row.pk for row in rows], number=F("record__version")
            )
        }
        judged = []
        for row in rows:
            one = Judged(row)
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
        else:
            answer = self.routes.route(one.record)
            if isinstance(answer, WitnessOf):
                one.decision = self._witness(one, one.known, answer)
                return
            if isinstance(answer, Unrouted):
                one.decision = Hold((Need("no_owner", answer.reason, value=answer.reason),))
                return
        try:
            one.decision = translate(one.record, self.setup, one.known)
        except Exception as error:
            one.failure = internal(one.row.external_id, error)

    def _witness(self, one: Judged, known: Known, answer: WitnessOf) -> Decision:
        """Another stream owns this money: find its record. A twin family's witness without one is held in the end."""
        owners = [other for other in (*known.linked, *known.twins) if other.stream == answer.owner_stream]
        if len({other.record_id for other in owners}) == 1:
            return Witness(answer.reason, owners[0].record_id, rules=("G3", "G4"))
        if one.row.family not in TWIN_FAMILIES:
            return Witness(answer.reason, None, rules=("G3",))
        if len(owners) > 1:
            return Hold((Need("ambiguous_link", "More than one record of the owner fits this payment."),), ("G4",))
        if self._is_old(one.row):
            return Hold(
                (Need("missing_link", "The stream that owns this money has not shown it for 10 days."),), ("G4",)
            )
        return Wait("Waiting for the stream that owns this money to show it.", rules=("G4",))

    def _is_old(self, row: SyncRecord) -> bool:
        seen = row.posting_on or row.first_seen_at.date()
        return timezone.now().date() - seen > TWIN_PATIENCE

    def _revisions(self, live: Mapping[int, Judged]) -> dict[tuple[int, str], int]:
        """How many documents of each record and purpose have been in the books and were reversed."""
        counts: dict[tuple[int, str], int] = {}
        rows = Posting.objects.filter(record_id__in=list(live), state=PostingState.REVERSED, reverses__isnull=True)
        for record_id, purpose in rows.values_list("record_id", "purpose"):
            counts[record_id, purpose] = counts.get((record_id, purpose), 0) + 1
        return counts

    def _revision(self, one: Judged, revisions: Mapping[tuple[int, str], int]) -> int:
        main = next((posting for posting in one.standing if posting.purpose == ""), None)
        return main.revision if main else revisions.get((one.row.pk, ""), 0) + 1

    def _compare(self, one: Judged, base: str, facts: LedgerFacts) -> None:
        """Take what stands in the books into account (rule G17): same, hold, or reverse and post anew."""
        decision = one.decision
        if one.failure or decision is None:
            return
        if not one.standing:
            if isinstance(decision, Post):
                one.drafts = decision.drafts
            return
        if isinstance(decision, Post):
            standing = {posting.purpose: document_from_json(posting.document) for posting in one.standing}
            drafts = {draft.purpose: draft.document for draft in decision.drafts}
            differences = [
                difference
                for purpose in standing.keys() & drafts.keys()
                for difference in document_differs(standing[purpose], drafts[purpose])
            ]
            if one.record is not None and isinstance(one.record, VendorRecord):
                return
            if not differences and standing.keys() <= drafts.keys():
                one.drafts = tuple(draft for draft in decision.drafts if draft.purpose not in standing)
                return
            self._changed(one, differences or ["the documents it takes"], None, facts)
        elif isinstance(decision, Undo):
            self._changed(one, [decision.reason], decision.on, facts)
        elif isinstance(decision, Skip | Witness):
            self._changed(one, [decision.reason], None, facts)

    def _changed(self, one: Judged, differences: Sequence[str], event_day: date | None, facts: LedgerFacts) -> None:
        choice = one.row.choices.get("changed_after_posting", "")
        if choice == "accept":
            one.drafts, one.decision = (), Post((), ())
            return
        wanted = self.setup.policies.change_after_posting == "reverse_and_repost" or choice == "reverse"
        if event_day is None and not wanted:
            one.decision = Hold(
                (
                    Need(
                        "changed_after_posting",
                        f"The source changed what is posted as {one.standing[0].number}: {', '.join(differences)}.",
                        value=one.row.external_id,
                    ),
                ),
                ("G17",),
            )
            return
        documents = [posted_document(posting) for posting in one.standing]
        day = event_day or one.standing[0].posting_on or timezone.now().date()
        closed = facts.closed_through.get("journal_entry")
        if closed and day <= closed:
            if self.setup.policies.closed_period == "hold":
                one.decision = Hold(
                    (Need("closed_period", f"The reversal belongs to {day}, which is closed.", value=str(day)),),
                    ("G7",),
                )
                return
            day = closed + timedelta(days=1)
        mirrored = assemble_reversal(documents, on=day, reason=", ".join(differences))
        undone = [posting for posting in reversed(one.standing) if posting.document_type != "new_vendor"]
        one.reversals = tuple(zip(undone, mirrored, strict=True))

    def _preflight(self, judged: Sequence[Judged]) -> None:
        """Ask the ledger ahead, for all new documents at once; its findings become needs."""
        checked = [(one, draft) for one in judged for draft in one.drafts]
        if not checked:
            return
        findings = self.ledger.preflight(self.flow.company, [draft.document for _, draft in checked])
        for (one, _), found in zip(checked, findings, strict=True):
            if not found or not isinstance(one.decision, Post | Hold):
                continue
            before = one.decision.needs if isinstance(one.decision, Hold) else ()
            waived = one.row.choices.get("duplicate") == "different"
            needs = [_need(finding) for finding in found if not (waived and finding.code == "possible_duplicate")]
            if needs:
                one.decision = Hold((*before, *needs), one.decision.rules)
                one.drafts = ()

    # --- committing -----------------------------------------------------------------------------------------------

    def commit(self, judged: Sequence[Judged], lease: Lease) -> list[Posting]:
        """Write the decisions and freeze the documents; answers the postings to send now, already `sending`.

        Records that changed since they were read are left as they are. Raises LeaseLostError."""
        to_send: list[Posting] = []
        with lease.commit():
            recorder = Recorder(lease.tenant_id, self.actor)
            fresh = {
                row.pk: row
                for row in SyncRecord.objects.select_for_update().filter(
                    id__in=[one.row.pk for one in judged], state=RecordState.RECEIVED
                )
            }
            sightings = self._sightings(judged)
            for one in judged:
                row = fresh.get(one.row.pk)
                if row is None or row.version != one.row.version:
                    continue
                to_send += self._write(one, row, recorder, sightings)
            recorder.flush()
        return to_send

    def _write(
        self, one: Judged, row: SyncRecord, recorder: Recorder, sightings: Mapping[str, list[Sighting]]
    ) -> list[Posting]:
        if one.failure is not None:
            recorder.record(row, RecordState.FAILED, one.failure.message, causes=[one.failure])
            return []
        if self.flow.state == FlowState.DRY_RUN:
            recorder.wait(row, f"Dry run: {describe(one.decision)}", None)
            return []
        if one.reversals:
            return self._reverse(one, row, recorder)
        decision = one.decision
        match decision:
            case Post():
                if not one.drafts:
                    recorder.record(row, RecordState.POSTED, "Posted as it stands.")
                    return []
                return self._freeze(one, decision, row, recorder, sightings)
            case Hold(needs=needs):
                causes = [self.cause(need) for need in needs]
                recorder.record(
                    row, RecordState.HELD, " ".join(need.message for need in needs), causes=causes,
                    facts={"rules": list(decision.rules)},
                )  # fmt: skip
            case Witness(reason=reason, of=of):
                recorder.record(row, RecordState.WITNESS, reason, witness_of=of, facts={"rules": list(decision.rules)})
            case Skip(reason=reason) | Undo(reason=reason):
                recorder.record(row, RecordState.SKIPPED, reason, facts={"rules": list(decision.rules)})
            case Wait():
                self._wait(one, decision, row, recorder)
            case None:
                raise TypeError("A record was neither decided nor failed.")
            case _:
                assert_never(decision)
        return []

    def _wait(self, one: Judged, decision: Wait, row: SyncRecord, recorder: Recorder) -> None:
        """Wait for the source, for a document of ours, or for time; a vendor that nobody created yet is asked for."""
        waits_for = decision.for_key
        if decision.create is not None:
            party = getattr(one.record, "vendor", None) or Party(name=decision.create.name)
            waits_for = next(iter(vendors_request(self.flow, [party], recorder).values()))
        is_final = one.record is None or one.record.finality is not Finality.WAITING
        recorder.wait(row, decision.reason, recorder.now + LOOK_AGAIN if is_final else None, waits_for=waits_for)

    def _freeze(
        self,
        one: Judged,
        decision: Post,
        row: SyncRecord,
        recorder: Recorder,
        sightings: Mapping[str, list[Sighting]],
    ) -> list[Posting]:
        """The postings of a record's documents; those that a listing of the ledger shows already are looked up."""
        sending: list[Posting] = []
        first_is_pending = False
        for draft in one.drafts:
            posting = self._posting(one, draft, row, decision.rules)
            if sightings.get(posting.stamp):
                posting.state, posting.settle_at = PostingState.UNCERTAIN, recorder.now
            elif draft.purpose and first_is_pending:
                posting.state = PostingState.INTENDED  # sent when the document it settles is in the books
            else:
                posting.state, posting.attempts, posting.sent_at = PostingState.SENDING, 1, recorder.now
                sending.append(posting)
            first_is_pending = first_is_pending or draft.purpose == ""
            recorder.intend(posting)
        recorder.record(row, RecordState.POSTING, facts={"rules": list(decision.rules)})
        return sending

    def _reverse(self, one: Judged, row: SyncRecord, recorder: Recorder) -> list[Posting]:
        sending = []
        for original, draft in one.reversals:
            posting = self._posting(one, draft, row, ("G17",), reverses=original)
            posting.state, posting.attempts, posting.sent_at = PostingState.SENDING, 1, recorder.now
            recorder.intend(posting)
            sending.append(posting)
        recorder.record(row, RecordState.POSTING, "Being reversed.", facts={"rules": ["G17"]})
        return sending

    def _posting(
        self, one: Judged, draft: Draft, row: SyncRecord, rules: Sequence[str], reverses: Posting | None = None
    ) -> Posting:
        base = record_key(
            self.connector.key, self.flow.source.identity, self.connector.streams[row.stream], row.external_id
        )
        if reverses is not None:
            revision = reverses.revision
            key = document_key(base, purpose=reverses.purpose, revision=revision, is_reversal=True)
        else:
            main = one.known.key.removeprefix(base).lstrip(":") if one.known else ""
            revision = int(main) if main.isdigit() else 1
            key = document_key(base, purpose=draft.purpose, revision=revision)
        document = draft.document
        frozen = document_to_json(document)
        is_money = not isinstance(document, NewVendor)
        return Posting(
            tenant_id=row.tenant_id,
            record=row,
            flow=self.flow,
            purpose=reverses.purpose if reverses else draft.purpose,
            revision=revision,
            reverses=reverses,
            ledger=self.ledger_connection,
            company=document.company,
            key=key,
            stamp=self.ledger.stamp(key),
            document_type=document.type,
            document=frozen,
            document_hash=document_hash(frozen),
            posting_on=document.posting_date if is_money else None,
            amount=document.total.amount if is_money else None,
            currency=document.currency if is_money else "",
            record_version=row.version,
            rules=list(rules or getattr(document, "rules", ())),
        )

    def _sightings(self, judged: Sequence[Judged]) -> dict[str, list[Sighting]]:
        stamps = []
        for one in judged:
            for draft in one.drafts:
                stamps.append(self._posting(one, draft, one.row, ()).stamp)
        found: dict[str, list[Sighting]] = {}
        if stamps:
            for sighting in Sighting.objects.filter(ledger=self.ledger_connection, stamp__in=stamps):
                found.setdefault(sighting.stamp, []).append(sighting)
        return found

    def cause(self, need: Need) -> Cause:
        """A need as the problem that it opens or joins."""
        return Cause(
            code=need.code,
            message=need.message,
            value=need.value,
            scope=f"{need.target}/{need.source_field}",
            flow_id=self.flow.pk,
            advice=PROBLEM_CODES.get(need.code, ""),
            facts={
                "target": need.target,
                "field": need.source_field,
                "label": need.label,
                **{name: str(value) for name, value in need.facts.items()},
            },
        )


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


def document_of(posting: Posting) -> Document:
    """The frozen document of a posting."""
    return document_from_json(posting.document)
