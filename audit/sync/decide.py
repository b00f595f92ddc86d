"""What is to become of each received record? Translate a batch and look ahead in the ledger; nothing is written here.

Everything that needs a look is fetched for the whole batch, in a number of queries that does not depend on its size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from django.db import connection as database
from django.db.models import F

from audit.models import RecordVersion, Sighting, SyncRecord
from audit.sync.ahead import look_ahead
from audit.sync.changes import compare
from audit.sync.intake import internal, parse, unreadable
from audit.sync.judged import Judged
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
from audit.sync.revisions import revision_next, revisions_fetch
from audit.sync.routes import Routes, streams_read_through
from audit.sync.vendors import STREAM, vendor_key, vendors_pending
from audit.sync.witnesses import is_overdue, witness_decide
from connectors.base import Connector, Ledger, StandingBill
from connectors.contents import plain_number
from connectors.errors import ConnectorError
from connectors.models import Connection
from connectors.records import Finality, SpendRecord, VendorRecord
from connectors.registry import connector_get
from mappings.models import Flow, FlowState
from mappings.routing import Unrouted, WitnessOf
from mappings.setup import setup_load
from mappings.translate.context import (
    Draft,
    Hold,
    Known,
    Need,
    Post,
    Setup,
    Wait,
    Wants,
)
from mappings.translate.dispatch import translate, wants
from mappings.translate.new_vendor import vendor_document
from mappings.vendors import LedgerPartnerBook

LOOK_AGAIN = timedelta(hours=6)


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
        revisions = revisions_fetch(self.ledger, self.ledger_connection, live)
        for pk, one in live.items():
            one.standing = standing.get(pk, [])
            if isinstance(one.record, VendorRecord):  # each ledger gets a vendor of its own
                one.standing = [posting for posting in one.standing if posting.ledger_id == self.flow.ledger_id]
            revision = revision_next(one, revisions)
            one.known = Known(
                key=document_key(one.base, revision=revision),
                facts=facts,
                revision=revision,
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
            compare(one, self.setup, facts)
        if preflight:
            look_ahead(self.ledger, self.ledger_connection, self.flow.company, judged)
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
