"""How does Odoo keep its promise as a ledger? It enforces our key, so a document sent twice is one document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from connectors.base import (
    Check,
    ConnectionContext,
    Finding,
    LedgerFacts,
    LookupBlindError,
    Outcome,
    OutcomeState,
    Outgoing,
    ReceiptFile,
    ReferenceItem,
    Stamped,
    StandingBill,
)
from connectors.documents import Document, JournalEntry, NewVendor, Payment, VendorBill
from connectors.errors import BlockedError, ConnectorError, RateLimitedError
from connectors.odoo.attachments import attach_files
from connectors.odoo.client import WRITE_TIMEOUT, OdooClient
from connectors.odoo.desk import STAMP_LOST, Desk, failed
from connectors.odoo.listing import list_stamped
from connectors.odoo.partners import PartnerPoster, find_partners
from connectors.odoo.payments import PaymentPoster, find_payments
from connectors.odoo.posting import MovePoster, find_moves
from connectors.odoo.preflight import Preflight
from connectors.odoo.reference import reference_items
from connectors.odoo.settling import settle_moves
from connectors.odoo.stamps import stamp_of
from connectors.odoo.standing import standing_bills
from connectors.odoo.verify import verify_connection

Find = Callable[[Desk, Sequence[Outgoing], set[str], str], dict[str, Outcome]]
FIND: dict[type, Find] = {
    NewVendor: find_partners,
    VendorBill: find_moves,
    JournalEntry: find_moves,
    Payment: find_payments,
}


POSTERS: dict[type, type[PartnerPoster] | type[MovePoster] | type[PaymentPoster]] = {
    NewVendor: PartnerPoster,
    VendorBill: MovePoster,
    JournalEntry: MovePoster,
    Payment: PaymentPoster,
}


class OdooLedger:
    """One connection to one Odoo database; calls name the company. Not to be shared between threads."""

    enforces_key = True
    marks_each = False
    batch_size = 250  # two seconds a call for small entries on Odoo 19.0; what a batch costs us is shared by more
    write_timeout = timedelta(seconds=WRITE_TIMEOUT)
    settling_time = timedelta(seconds=150)  # Odoo kills a request after 120

    def __init__(self, context: ConnectionContext) -> None:
        self.client = OdooClient(context)
        self._desks: dict[str, Desk] = {}

    def stamp(self, key: str) -> str:
        return stamp_of(key)

    def enforces(self, document_type: str) -> bool:
        return self.enforces_key

    def facts(self, company: str, wanted: frozenset[tuple[str, date]]) -> LedgerFacts:
        """Locks, currencies and rates; at most three calls, none within a minute."""
        return self._desk(company).books.facts(wanted)

    def preflight(self, company: str, documents: Sequence[Document]) -> list[list[Finding]]:
        desk = self._desk(company)
        return Preflight(self.client, desk.books).check(documents)

    def post(self, company: str, batch: Sequence[Outgoing]) -> list[Outcome]:
        """Partners first, then bills, entries and payments, so that within a batch each finds what it settles.

        Four calls for a hundred entries or as many bills: load, post, read the documents, read their lines; one more
        for each document that settles another."""
        desk = self._desk(company)
        outcomes: dict[str, Outcome] = {}
        for kind, poster in POSTERS.items():
            group = [one for one in batch if isinstance(one.document, kind)]
            if not group:
                continue
            try:
                outcomes.update(poster(desk).post(group))
            except ConnectorError as error:
                # Raised before anything of this group was sent; what earlier groups did must still be told.
                if not outcomes and isinstance(error, BlockedError | RateLimitedError):
                    raise
                outcomes.update((one.key, failed(one, OutcomeState.NOT_SENT, error)) for one in group)
        settle_moves(desk, batch, outcomes)
        return [outcomes[one.key] for one in batch]

    def find(self, company: str, batch: Sequence[Outgoing], *, known: str = "") -> list[Outcome]:
        """Drafts and cancelled ones too. What was left half done is completed from the frozen document: a draft of
        ours is loaded again and posted, and what is in the books settles what it should."""
        desk = self._desk(company)
        outcomes: dict[str, Outcome] = {}
        seen: set[str] = set()
        asked: set[Find] = set()
        for find in dict.fromkeys(FIND[type(one.document)] for one in batch):
            asked.add(find)
            group = [one for one in batch if FIND[type(one.document)] is find]
            outcomes.update(find(desk, group, seen, known))
        if known and known not in seen:
            for find in dict.fromkeys(FIND.values()):
                if find not in asked:
                    find(desk, [], seen, known)
        if known and known not in seen and any(one.state is OutcomeState.ABSENT for one in outcomes.values()):
            raise LookupBlindError(
                f"A search in Odoo does not show {known}, which is there: a right, a filter or the company was lost.",
                provider="Odoo",
            )
        drafts = [one for one in batch if outcomes[one.key].state is OutcomeState.CREATED]
        # a draft that only bears our key would stay beside the one that `load` makes
        self._complete(company, [one for one in drafts if STAMP_LOST not in outcomes[one.key].differences], outcomes)
        settle_moves(desk, batch, outcomes)
        return [outcomes[one.key] for one in batch]

    def _complete(self, company: str, drafts: Sequence[Outgoing], outcomes: dict[str, Outcome]) -> None:
        """The same `load` again restores a draft that somebody touched; then it is posted and read back.

        One that Odoo refuses now is deleted, and so absent; one that could not be sent stays as it was found."""
        if not drafts:
            return
        for one, answer in zip(drafts, self.post(company, drafts), strict=True):
            last = self.post(company, [one])[0] if answer.state is OutcomeState.SPLIT else answer
            if last.state is OutcomeState.REJECTED:
                outcomes[one.key] = Outcome(one.key, OutcomeState.ABSENT, error=last.error)
            elif last.state not in (OutcomeState.UNCERTAIN, OutcomeState.NOT_SENT):
                outcomes[one.key] = last

    def bills(self, company: str, numbers: Sequence[str]) -> list[StandingBill]:
        """One call; two more where there are such bills."""
        return standing_bills(self._desk(company), numbers)

    def list_stamped(self, company: str, since: datetime | None) -> Iterator[list[Stamped]]:
        yield from list_stamped(self._desk(company), since)

    def reference(self, kind: str, company: str = "") -> Iterator[ReferenceItem]:
        yield from reference_items(self.client, kind, company)

    def attach_many(self, company: str, files: Mapping[str, Sequence[ReceiptFile]]) -> Mapping[str, int]:
        """Two calls; one more for each further 20 MB."""
        return attach_files(self._desk(company), files)

    def verify(self) -> list[Check]:
        return verify_connection(self.client)

    def identity(self) -> str:
        return database_identity(self.client)

    def _desk(self, company: str) -> Desk:
        if company not in self._desks:
            self._desks[company] = Desk(self.client, company)
        return self._desks[company]


def database_identity(client: OdooClient) -> str:
    """The database's name where Odoo's cloud keeps it unique, else with the host: many servers have a `prod`.

    The database's own uuid is readable by administrators only."""
    database = client.credentials.database
    return database if client.host.endswith(".odoo.com") else f"{database}@{client.host}"
