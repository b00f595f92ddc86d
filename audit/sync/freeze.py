"""When is a decision a fact? When it is written with its documents, frozen, before the first byte leaves the house.

One transaction writes the decisions of a batch and the postings of its documents: key, stamp and document never change
afterwards under that key.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import assert_never

from django.db import transaction

from audit.models import Posting, PostingState, RecordState, Sighting, SyncRecord
from audit.models.postings import OPEN_STATES
from audit.sync.ahead import sightings_fetch
from audit.sync.changes import changed_while_waiting
from audit.sync.clashes import clash_of, stamps_taken, vendor_made_already
from audit.sync.closing import steps_follow, waiting_wake
from audit.sync.decide import LOOK_AGAIN, Judge
from audit.sync.frozen import posting_new
from audit.sync.judged import Judged, describe
from audit.sync.lanes import Lease
from audit.sync.recorder import Cause, Recorder
from audit.sync.vendors import vendor_request, vendors_creating, vendors_learn
from connectors.documents import NewVendor
from connectors.records import Finality, Party, VendorRecord
from mappings.errors import PROBLEM_CURES
from mappings.models import FlowState
from mappings.translate.context import Hold, Need, Post, Skip, Undo, Wait, Witness

LEARNT_AGAIN = timedelta(minutes=1)
DRY_RUN = "Dry run: "  # how the reason of a record begins that was only tried


@dataclass(slots=True)
class Freezer:
    """Writes what a judge decided."""

    judge: Judge
    originals: dict[str, Posting] = field(default_factory=dict)
    to_learn: list[Posting] = field(default_factory=list)  # vendors of ours that the flow's company has not heard of

    def commit(self, judged: Sequence[Judged], lease: Lease) -> list[Posting]:
        """Write the decisions and freeze the documents; answers the postings to send now, already `sending`.

        Records that changed since they were read are left as they are. Raises LeaseLostError."""
        to_send: list[Posting] = []
        ledger, connection = self.judge.ledger, self.judge.ledger_connection
        with lease.commit():
            recorder = Recorder(lease.tenant_id, self.judge.actor)
            unchanged = set(
                SyncRecord.objects.select_for_update()
                .filter(id__among=[one.row.pk for one in judged], state=RecordState.RECEIVED)
                .values_list("id", "version", "changed_at")
            )
            fresh = {
                one.row.pk: one.row for one in judged if (one.row.pk, one.row.version, one.row.changed_at) in unchanged
            }
            if not self.judge.is_current():
                return []  # rules or flow changed while the ledger was asked: decided anew at once
            sightings = sightings_fetch(ledger, connection, judged)
            taken = stamps_taken(ledger, connection, judged)
            self.originals = self._originals(judged)
            creating = vendors_creating(self.judge.flow) if _new_vendors(judged) else {}
            busy: dict[int, list[Posting]] = defaultdict(list)
            for posting in Posting.objects.filter(record_id__among=list(fresh), state__in=OPEN_STATES).order_by("id"):
                busy[posting.record_id].append(posting)
            for one in judged:
                row = fresh.get(one.row.pk)
                if row is None:
                    continue
                if row.pk in busy:
                    self._wait_for_open(one, row, busy[row.pk], recorder)
                    continue
                if taken and (clash := clash_of(ledger, connection, one, taken)) is not None:
                    recorder.record(row, RecordState.FAILED, clash.message, causes=[clash])
                    continue
                if (key := vendor_made_already(one, creating)) is not None:
                    said = "A vendor of this name is being created in the ledger."
                    recorder.wait(row, said, recorder.now + LOOK_AGAIN, waits_for=key)
                    continue
                to_send += self._write(one, row, recorder, sightings)
            recorder.flush()
        self._learn(lease)
        return to_send

    def _learn(self, lease: Lease) -> None:
        """After the commit, as it changes the rules by which was decided; their bills are looked at again."""
        postings, self.to_learn = self.to_learn, []
        if postings:
            with transaction.atomic():
                recorder = Recorder(lease.tenant_id, self.judge.actor)
                vendors_learn(postings, recorder, company=self.judge.flow.company)
                recorder.flush()

    def _write(
        self, one: Judged, row: SyncRecord, recorder: Recorder, sightings: Mapping[str, list[Sighting]]
    ) -> list[Posting]:
        if one.failure is not None:
            recorder.record(row, RecordState.FAILED, one.failure.message, causes=[one.failure])
            return []
        if self.judge.flow.state == FlowState.DRY_RUN:
            recorder.wait(row, f"{DRY_RUN}{describe(one.decision)}", None)
            return []
        if one.reversals:
            return self._reverse(one, row, recorder, sightings)
        decision = one.decision
        match decision:
            case Post():
                if not one.drafts:
                    recorder.record(row, RecordState.POSTED, "Posted as it stands.")
                    if one.standing:
                        steps_follow(row, self.judge.flow, one.standing, recorder)
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
                if isinstance(one.record, VendorRecord) and one.known is not None:
                    waiting_wake([one.known.key], recorder)  # whoever waits for him finds him, or asks a person
            case Wait():
                self._wait(one, decision, row, recorder)
            case None:
                raise TypeError("A record was neither decided nor failed.")
            case _:
                assert_never(decision)
        return []

    def _wait(self, one: Judged, decision: Wait, row: SyncRecord, recorder: Recorder) -> None:
        """Wait for the source, for a document of ours, or for time; a vendor that nobody created yet is asked for."""
        waits_for, again = decision.for_key, LOOK_AGAIN
        if decision.create is not None:
            party = getattr(one.record, "vendor", None) or Party(name=decision.create.name)
            asked = vendor_request(self.judge.flow, party, recorder)
            waits_for = asked.key
            if asked.is_refused:
                self._vendor_refused(party, row, recorder)
                return
            if asked.to_learn is not None:
                self.to_learn.append(asked.to_learn)
                again = LEARNT_AGAIN
        is_final = one.record is None or one.record.finality is not Finality.WAITING
        recorder.wait(row, decision.reason, recorder.now + again if is_final else None, waits_for=waits_for)

    def _wait_for_open(self, one: Judged, row: SyncRecord, postings: Sequence[Posting], recorder: Recorder) -> None:
        """A new version waits for what is open of the one before."""
        cause = changed_while_waiting(one, postings)
        if cause is not None:
            recorder.notice(cause, record_id=row.pk)
        said = cause.message if cause else "A document of it is still open in the ledger."
        recorder.wait(row, said, recorder.now + LOOK_AGAIN, waits_for=postings[0].key)

    def _vendor_refused(self, party: Party, row: SyncRecord, recorder: Recorder) -> None:
        """He was created once, or somebody skipped him, and nothing leads to him: he is not made a second time."""
        said = f"{party.name or party.id} was created or skipped before, and no vendor of the ledger fits."
        need = Need(
            "missing_vendor", said, source_field="vendor", value=party.id or party.name, label=party.name,
            target="vendor",
        )  # fmt: skip
        recorder.record(row, RecordState.HELD, said, causes=[self.cause(need)], facts={"rules": ["G14"]})

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
            posting = posting_new(self.judge, one, draft, decision.rules)
            posting.reverses = self.originals.get(getattr(draft.document, "reverses", ""))
            sending += self._begun(posting, recorder, sightings, waits=bool(draft.purpose) and first_is_pending)
            first_is_pending = first_is_pending or draft.purpose == ""
        recorder.record(row, RecordState.POSTING, facts={"rules": list(decision.rules)})
        return sending

    def _originals(self, judged: Sequence[Judged]) -> dict[str, Posting]:
        """The documents of other records that these undo: payments returned, payouts reversed (B17, B21); by key."""
        keys = {getattr(draft.document, "reverses", "") for one in judged for draft in one.drafts} - {""}
        rows = Posting.objects.filter(ledger=self.judge.ledger_connection, key__in=keys, state=PostingState.POSTED)
        return {row.key: row for row in rows.order_by("-id")} if keys else {}

    def _reverse(
        self, one: Judged, row: SyncRecord, recorder: Recorder, sightings: Mapping[str, list[Sighting]]
    ) -> list[Posting]:
        """The mirrors of what a record posted, one after the other: a bill whose payment cannot be undone stays."""
        sending: list[Posting] = []
        for number, (original, draft) in enumerate(one.reversals):
            posting = posting_new(self.judge, one, draft, ("G17",), reverses=original)
            sending += self._begun(posting, recorder, sightings, waits=number > 0)
        recorder.record(row, RecordState.POSTING, "Being reversed.", facts={"rules": ["G17"]})
        return sending

    def _begun(
        self, posting: Posting, recorder: Recorder, sightings: Mapping[str, list[Sighting]], *, waits: bool
    ) -> list[Posting]:
        """Write a posting in its first state; answers it if it is to be sent now. What a listing showed is looked up,
        and what `waits` is sent when the document before it is in the books."""
        if sightings.get(posting.stamp):
            posting.state, posting.settle_at = PostingState.UNCERTAIN, recorder.now
        elif waits:
            posting.state = PostingState.INTENDED
        else:
            posting.state, posting.attempts = PostingState.SENDING, 1
            posting.sent_at = None if self.judge.ledger.marks_each else recorder.now
        recorder.intend(posting)
        return [posting] if posting.state == PostingState.SENDING else []

    def cause(self, need: Need) -> Cause:
        """A need as the problem that it opens or joins."""
        return Cause(
            code=need.code,
            message=need.message,
            value=need.value,
            scope=f"{need.target}/{need.source_field}",
            flow_id=self.judge.flow.pk,
            advice=PROBLEM_CURES.get(need.code, ""),
            facts={
                "target": need.target,
                "field": need.source_field,
                "label": need.label,
                **{name: str(value) for name, value in need.facts.items()},
            },
        )


def _new_vendors(judged: Sequence[Judged]) -> bool:
    return any(isinstance(draft.document, NewVendor) for one in judged for draft in one.drafts)
