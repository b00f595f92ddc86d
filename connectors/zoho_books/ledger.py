"""How does Zoho keep its promise as a ledger? It enforces no key, so what may have been sent is looked for first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import assert_never

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
from connectors.errors import (
    BlockedError,
    ConnectorError,
    OutcomeUnknownError,
    PayloadError,
    RateLimitedError,
    RejectedError,
    UnsupportedError,
)
from connectors.zoho_books.absence import absence_check
from connectors.zoho_books.attachments import attach_files
from connectors.zoho_books.bills import bill_find, bill_post
from connectors.zoho_books.by_id import read_by_id
from connectors.zoho_books.client import WRITE_TIMEOUT, ZohoClient
from connectors.zoho_books.desk import Desk, failed, with_differences
from connectors.zoho_books.errors import PROVIDER
from connectors.zoho_books.halt import halted, halted_by
from connectors.zoho_books.journals import journal_find, journal_post
from connectors.zoho_books.listing import list_stamped
from connectors.zoho_books.payments import payment_find, payment_post
from connectors.zoho_books.preflight import Preflight
from connectors.zoho_books.reference import reference_items
from connectors.zoho_books.returns import is_return, return_find, return_post
from connectors.zoho_books.stamps import stamp_of
from connectors.zoho_books.standing import StandingBills
from connectors.zoho_books.vendors import vendor_find, vendor_post
from connectors.zoho_books.verify import verify_connection
from connectors.zoho_books.waiting import still_waiting, waiting_note

ORDER: tuple[type, ...] = (NewVendor, VendorBill, JournalEntry, Payment)  # of a batch, after what opens bills again


@dataclass(slots=True)
class _Office:
    """What works on one organisation."""

    desk: Desk
    standing: StandingBills
    preflight: Preflight


class ZohoLedger:
    """One connection to one organisation; its id is the company. Not to be shared between threads."""

    enforces_key = False
    marks_each = True
    batch_size = 25  # a call each: about fifteen seconds of the organisation's hundred calls a minute
    write_timeout = timedelta(seconds=WRITE_TIMEOUT)
    settling_time = timedelta(seconds=60)

    def __init__(self, context: ConnectionContext) -> None:
        self.client = ZohoClient(context)
        self._offices: dict[str, _Office] = {}

    def stamp(self, key: str) -> str:
        return stamp_of(key)

    def enforces(self, document_type: str) -> bool:
        return self.enforces_key

    def facts(self, company: str, wanted: frozenset[tuple[str, date]]) -> LedgerFacts:
        """Locks, currencies, the organisation: at most three calls, and one for each foreign currency and day."""
        return self._office(company).desk.books.facts(wanted)

    def preflight(self, company: str, documents: Sequence[Document]) -> list[list[Finding]]:
        return self._office(company).preflight.check(documents)

    def post(self, company: str, batch: Sequence[Outgoing]) -> list[Outcome]:
        """One call for a journal that was never sent; one more each to look for what may have been. Where Zoho stores
        another reference number than was sent, nothing more is: raises ConfigurationError for an hour.

        Vendors first, then returns of payments, bills, entries and payments: within a batch each finds what it settles,
        and a credit that mirrors a bill finds it open."""
        office = self._office(company)
        if halt := halted(office.desk.books):
            raise halt
        self.client.lost_now()
        outcomes: dict[str, Outcome] = {}
        stopped: ConnectorError | None = None
        for one in sorted(batch, key=lambda each: _rank(each.document)):
            if stopped is not None:
                outcomes[one.key] = failed(one, OutcomeState.NOT_SENT, stopped)
                continue
            before = self.client.writes
            if self.client.context.leaving:
                self.client.context.leaving(one.stamp)
            try:
                outcomes[one.key] = _post(office.desk, one)
            except ConnectorError as error:
                was_written = self.client.writes > before
                if isinstance(error, BlockedError | RateLimitedError):
                    if not outcomes and not was_written:
                        raise
                    stopped = error
                outcomes[one.key] = self._failure(office, one, error, was_written=was_written)
            if lost := self.client.lost_now():
                outcomes[one.key] = with_differences(outcomes[one.key], lost)
                stopped = halted_by(office.desk.books, lost) or stopped
        waiting_note(office.desk, list(outcomes.values()))
        return [outcomes[one.key] for one in batch]

    def _failure(self, office: _Office, one: Outgoing, error: ConnectorError, *, was_written: bool) -> Outcome:
        """Refused, and nothing of it there; surely not sent; or only a look can tell."""
        if was_written or isinstance(error, OutcomeUnknownError):
            return failed(one, OutcomeState.UNCERTAIN, error)
        if isinstance(error, RejectedError | UnsupportedError):
            if isinstance(error, RejectedError) and not error.cure:
                _explain(error, self._reason(office, one, error))
            return failed(one, OutcomeState.REJECTED, error)
        return failed(one, OutcomeState.NOT_SENT, error)

    def _reason(self, office: _Office, one: Outgoing, error: RejectedError) -> Finding | None:
        """Why Zoho refused: its codes for a closed period, an inactive account or a missing tag are documented nowhere,
        so it is looked for in the books as they are now."""
        office.desk.books.forget()
        try:
            found = next(office.preflight.common(one.document), None)
            found = found or office.preflight.demanded.blamed(one.document, error.message)
        except ConnectorError:
            found = None
        if found is None and isinstance(one.document, NewVendor):
            return Finding("vendor_data", "", "")
        return found

    def find(self, company: str, batch: Sequence[Outgoing], *, known: str = "") -> list[Outcome]:
        """One search for each stamp, one read for each that is there, by its id where its stamp was changed; of those
        that wait for an approval, one list for all. What should be settled and is not, is now."""
        desk = self._office(company).desk
        waiting = still_waiting(desk, batch)
        outcomes = [waiting.get(one.key) or _looked_up(desk, one) for one in batch]
        waiting_note(desk, outcomes)
        halted_by(desk.books, self.client.lost_now())
        is_absent = any(one.state is OutcomeState.ABSENT for one in outcomes)
        if is_absent and (halt := halted(desk.books)):
            raise LookupBlindError(halt.message, provider=PROVIDER)
        if known and is_absent:
            absence_check(desk, batch, outcomes, known)
        return outcomes

    def bills(self, company: str, numbers: Sequence[str]) -> list[StandingBill]:
        """Two calls where the lists were read before."""
        return self._office(company).standing.find(numbers)

    def list_stamped(self, company: str, since: datetime | None) -> Iterator[list[Stamped]]:
        yield from list_stamped(self._office(company).desk, since)

    def reference(self, kind: str, company: str = "") -> Iterator[ReferenceItem]:
        yield from reference_items(self._office(company or self.client.company).desk, kind)

    def attach_many(self, company: str, files: Mapping[str, Sequence[ReceiptFile]]) -> Mapping[str, int]:
        return attach_files(self._office(company).desk, files)

    def verify(self) -> list[Check]:
        return verify_connection(self.client)

    def identity(self) -> str:
        """The organisation's id, which no other organisation has in any data centre."""
        return self.client.organization().organization_id

    def _office(self, company: str) -> _Office:
        if company not in self._offices:
            desk = Desk(self.client, company)
            standing = StandingBills(desk.books)
            self._offices[company] = _Office(desk, standing, Preflight(desk.books, standing, desk.demands))
        return self._offices[company]


def _rank(document: Document) -> tuple[bool, int]:
    is_first = isinstance(document, NewVendor) or (isinstance(document, JournalEntry) and is_return(document))
    return not is_first, ORDER.index(type(document))


def _explain(error: RejectedError, reason: Finding | None) -> None:
    """Say in our words what Zoho's words, which differ by edition, may leave open."""
    if reason is None:
        return
    error.cure = reason.code
    if reason.message:
        error.message = f"{error.message.rstrip('.')}. {reason.message}"
        error.facts.setdefault("value", reason.value)


def _post(desk: Desk, one: Outgoing) -> Outcome:
    document = one.document
    if isinstance(document, NewVendor):
        return vendor_post(desk, one, document)
    if isinstance(document, VendorBill):
        return bill_post(desk, one, document)
    if isinstance(document, Payment):
        return payment_post(desk, one, document)
    if isinstance(document, JournalEntry):
        return return_post(desk, one, document) if is_return(document) else journal_post(desk, one, document)
    assert_never(document)


def _looked_up(desk: Desk, one: Outgoing) -> Outcome:
    """What one document is refused, or gets no clear answer to, holds up no other: it stays uncertain and is looked up
    again. Raises what concerns them all."""
    try:
        found = _find(desk, one)
        if found.state is OutcomeState.ABSENT and one.ledger_id:
            return read_by_id(desk, one) or found
        return found
    except (OutcomeUnknownError, RejectedError, UnsupportedError, PayloadError) as error:
        return failed(one, OutcomeState.UNCERTAIN, error)


def _find(desk: Desk, one: Outgoing) -> Outcome:
    document = one.document
    if isinstance(document, NewVendor):
        return vendor_find(desk, one, document)
    if isinstance(document, VendorBill):
        return bill_find(desk, one, document)
    if isinstance(document, Payment):
        return payment_find(desk, one, document)
    if isinstance(document, JournalEntry):
        return return_find(desk, one, document) if is_return(document) else journal_find(desk, one, document)
    assert_never(document)
