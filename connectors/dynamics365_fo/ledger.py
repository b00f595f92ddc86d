"""How does Dynamics keep its promise as a ledger? Journals of our own numbers are written once; it posts them itself.

So a document has two states here: *created*, with its batch number, and *posted*, which is watched."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from connectors.base import (
    Check,
    ConnectionContext,
    Finding,
    LedgerFacts,
    Outcome,
    OutcomeState,
    Outgoing,
    ReceiptFile,
    ReferenceItem,
    Stamped,
    StandingBill,
)
from connectors.documents import Document, NewVendor
from connectors.dynamics365_fo.attachments import attach
from connectors.dynamics365_fo.client import BATCH_TIMEOUT, DynamicsClient
from connectors.dynamics365_fo.desk import Desk, failed
from connectors.dynamics365_fo.finding import explained, find, standing
from connectors.dynamics365_fo.listing import list_stamped, unlisted
from connectors.dynamics365_fo.pending import InvoicePoster
from connectors.dynamics365_fo.posting import JournalPoster
from connectors.dynamics365_fo.preflight import Preflight
from connectors.dynamics365_fo.reference import reference_items
from connectors.dynamics365_fo.stamps import stamp_of
from connectors.dynamics365_fo.standing import standing_bills
from connectors.dynamics365_fo.vendors import VendorPoster
from connectors.dynamics365_fo.verify import verify_connection
from connectors.errors import BlockedError, ConnectorError, RateLimitedError


class DynamicsLedger:
    """One connection to one environment; calls name the company. Not to be shared between threads.

    With automatic batch numbers, and of vendors and pending invoices, Dynamics enforces nothing: they are searched for
    before they are written, and who posts journals or invoices that way must be alone."""

    marks_each = False
    batch_size = 50  # about 150 operations in a batch; the server works while we wait
    write_timeout = timedelta(seconds=BATCH_TIMEOUT)
    settling_time = timedelta(seconds=120)

    def __init__(self, context: ConnectionContext) -> None:
        self.client = DynamicsClient(context)
        settings = self.client.settings
        self._has_own_numbers, self._has_pending = (
            settings.batch_numbers == "own",
            settings.invoice_pattern == "pending",
        )
        self.enforces_key = self._has_own_numbers and not self._has_pending
        self._desks: dict[str, Desk] = {}

    def stamp(self, key: str) -> str:
        return stamp_of(key)

    def enforces(self, document_type: str) -> bool:
        """Journals under our own numbers: one table holds them all. A pending invoice's reference may be replaced, and
        a vendor bears our mark in a field that is not unique."""
        is_journal = document_type != "new_vendor" and not (document_type == "vendor_bill" and self._has_pending)
        return self._has_own_numbers and is_journal

    def facts(self, company: str, wanted: frozenset[tuple[str, date]]) -> LedgerFacts:
        """Periods, currencies and rates; three calls, none within a minute."""
        return self._desk(company).books.facts(wanted)

    def preflight(self, company: str, documents: Sequence[Document]) -> list[list[Finding]]:
        """One call for a batch."""
        return Preflight(self._desk(company).books).check(documents)

    def post(self, company: str, batch: Sequence[Outgoing]) -> list[Outcome]:
        """Vendors, bills, then other journals. Two calls for fifty journals under our own numbers: written and read
        back; one more where payments are posted already. Four under automatic numbers, and for pending invoices. What
        was sent before and may stand in another place than it would be written to now is looked for first."""
        desk = self._desk(company)
        outcomes: dict[str, Outcome] = {}
        posters: tuple[tuple[Callable[[list[Outgoing]], dict[str, Outcome]], Callable[[Outgoing], bool]], ...] = (
            (VendorPoster(desk).post, lambda one: isinstance(one.document, NewVendor)),
            (lambda some: standing(desk, some), desk.is_searched),
            (InvoicePoster(desk).post, lambda one: desk.is_pending(one.document)),
            (JournalPoster(desk).post, lambda one: True),
        )
        for post, is_his in posters:
            group = [one for one in batch if one.key not in outcomes and is_his(one)]
            if not group:
                continue
            try:
                outcomes.update(post(group))
            except ConnectorError as error:
                # Raised before anything of this group was sent; what the group before did must still be told.
                if not outcomes and isinstance(error, BlockedError | RateLimitedError):
                    raise
                outcomes.update((one.key, failed(one, OutcomeState.NOT_SENT, error)) for one in group)
        return self._told(desk, batch, outcomes)

    def find(self, company: str, batch: Sequence[Outgoing], *, known: str = "") -> list[Outcome]:
        """One call for fifty journals. A journal of which lines miss is completed."""
        desk = self._desk(company)
        return self._told(desk, batch, find(desk, batch, known))

    def bills(self, company: str, numbers: Sequence[str]) -> list[StandingBill]:
        """One call; one more where there are such bills."""
        return standing_bills(self._desk(company), numbers)

    def list_stamped(self, company: str, since: datetime | None) -> Iterator[list[Stamped]]:
        """All of them whatever `since` is: Dynamics tells no time of change."""
        yield from list_stamped(self._desk(company))

    def unlisted(self, company: str) -> frozenset[str]:
        """Types of documents that a listing may not show, as the mapped user does not see where they stand."""
        return unlisted(self._desk(company))

    def reference(self, kind: str, company: str = "") -> Iterator[ReferenceItem]:
        yield from reference_items(self.client, kind, company.lower())

    def attach_many(self, company: str, files: Mapping[str, Sequence[ReceiptFile]]) -> Mapping[str, int]:
        """Files for pending vendor invoices: three calls. Raises UnsupportedError for what takes none."""
        return attach(self._desk(company), files) if files else {}

    def verify(self) -> list[Check]:
        return verify_connection(self.client)

    def identity(self) -> str:
        """The environment's host: a token and its data serve exactly one."""
        return self.client.host

    def _told(self, desk: Desk, batch: Sequence[Outgoing], outcomes: Mapping[str, Outcome]) -> list[Outcome]:
        with contextlib.suppress(ConnectorError):  # the reasons are for people; the outcomes stand without them
            outcomes = explained(desk, batch, outcomes)
        return [outcomes[one.key] for one in batch]

    def _desk(self, company: str) -> Desk:
        company = company.lower()
        if company not in self._desks:
            self._desks[company] = Desk(self.client, company)
        return self._desks[company]
