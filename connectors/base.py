"""Which promises does every vendor folder keep? The seams between the platform and the vendors, as Protocols."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

import requests.adapters
from pydantic import BaseModel

from connectors.documents import Account, Document, Partner
from connectors.errors import ConnectorError
from connectors.money import Money
from connectors.records import Family, Record, RecordKind

# --- what a connection hands to its vendor's code -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A bearer token and its end; `refresh_token` as it was rotated."""

    value: str
    expires_at: datetime
    refresh_token: str = ""


class TokenStore(Protocol):
    """Where OAuth tokens live between processes."""

    def current(self) -> AccessToken | None: ...

    def refresh(self, renew: Callable[[AccessToken | None], AccessToken], *, rejected: str = "") -> AccessToken:
        """Run `renew` in one process at a time and store its answer before returning it.

        `rejected` is the access token that the vendor refused: if the stored one differs by now, it is returned and
        `renew` is not called. A rotated refresh token is committed before the access token is used."""
        ...


class Limiter(Protocol):
    """Counts calls by what the vendor counts, for all workers together."""

    def acquire(self, cost: int = 1) -> None:
        """Return when the call may go. Raises RateLimitedError when the wait would be longer than a moment."""
        ...

    def closed(self, retry_after: timedelta) -> None:
        """The vendor said 429: closed for everyone until then."""
        ...


class NoLimiter:
    """For tests and simulators: never waits."""

    def acquire(self, cost: int = 1) -> None:
        return

    def closed(self, retry_after: timedelta) -> None:
        return


@dataclass(frozen=True, slots=True)
class ExchangeNote:
    """One HTTP exchange, redacted, as the observer receives it."""

    method: str
    url: str
    status: int | None
    started_at: datetime
    seconds: float
    request_id: str = ""
    request_body: str = ""
    response_body: str = ""
    error: str = ""
    is_write: bool = False


Observer = Callable[[ExchangeNote], None]


@dataclass(slots=True)
class ConnectionContext:
    """Everything a vendor folder needs to talk; built by `connection_open`, by tests and by the simulators' demo.

    `before_call` is run before each HTTP call with its time-out in seconds: a worker renews its lease there, and
    raises if the lease is lost or would not outlive the call."""

    address: str
    credentials: BaseModel
    settings: BaseModel | None = None
    identity: str = ""
    tokens: TokenStore | None = None
    limiter: Limiter = field(default_factory=NoLimiter)
    observer: Observer | None = None
    transport: requests.adapters.BaseAdapter | None = None
    before_call: Callable[[float], None] | None = None
    allow_private_addresses: bool = False
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


# --- sources --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """One kind of records of a source, and how it is read.

    `reading`: `changed` (filter on the change time), `posted` (filter on the posting day, late arrivals: overlap),
    `scan` (no filter at all: everything, compared by hash), `listed` (no records: its values are reference data, which
    flows carry into another connection's lists). `volatile` are payload fields, dotted, that say nothing
    about the money (presigned links, update times, the export status that we set) and stay out of the content hash.
    `ids_are_global`: the vendor's ids are unique without his company's id, so keys do without `identity`."""

    key: str
    label: str
    families: tuple[Family, ...]
    kinds: tuple[RecordKind, ...]
    reading: str
    overlap: timedelta
    poll_every: timedelta = timedelta(minutes=15)
    volatile: tuple[str, ...] = ()
    ids_are_global: bool = True
    key_word: str = ""
    feature: str = ""  # vendor feature that may not be granted (the stream is then unavailable)
    is_reference: bool = False
    is_told: bool = False  # the source wants to hear what became of its records
    has_receipts: bool = False  # files can be fetched and attached to the ledger's document


@dataclass(frozen=True, slots=True)
class Window:
    """What to read: from (inclusive) and until, by the vendor's clock."""

    since: datetime | None
    until: datetime


@dataclass(frozen=True, slots=True)
class Item:
    """One record as the vendor sent it, with the look-ups it needs, JSON with Decimal numbers.

    `payload` is `{"item": …as sent…, "lookups": {…}}`; `parse` needs nothing else."""

    external_id: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ExportResult:
    """What a source is told about one record: booked, with the ledger's id and link, or the reason why not."""

    external_id: str
    reference: str = ""
    link: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class TellOutcome:
    """`state`: told, already (the source had it), refused (with reason), gone (unknown there), uncertain, later."""

    external_id: str
    state: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReceiptFile:
    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class ReferenceItem:
    """One value of reference data of either side. `kind`: account, cost_centre, dimension_kind, vendor, employee,
    journal, tax, currency, company, field, field_value, department, location, category, source_account, entity.
    `group` narrows it (a plan, a field, a journal's type); `facts` hold what checks need (reconcile, type …)."""

    kind: str
    external_id: str
    code: str = ""
    name: str = ""
    group: str = ""
    is_active: bool = True
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """One row of a *Test connection* checklist: `state` is ok, warning, failed or skipped."""

    name: str
    state: str
    message: str
    cure: str = ""


class Source(Protocol):
    """A vendor that records come from. All methods may raise ConnectorErrors; none writes but `tell` and `push`."""

    def read(self, stream: str, window: Window) -> Iterator[list[Item]]:
        """Pages of items of a stream, look-ups joined by list and never one by one. Safe to repeat."""
        ...

    def fetch(self, stream: str, external_ids: Sequence[str]) -> list[Item]:
        """Some records by id, in as few calls as the vendor allows; unknown ids are absent from the answer."""
        ...

    def tell(self, stream: str, results: Sequence[ExportResult]) -> list[TellOutcome]:
        """Report booked or failed. Looks before it repeats, so calling twice with the same results is safe."""
        ...

    def receipts_many(self, stream: str, external_ids: Sequence[str]) -> Iterator[tuple[str, ReceiptFile]]:
        """The files of some records, one after the other under their records' ids, with fresh download links: few
        calls besides the downloads. Unknown ids are absent. An error ends the iteration; to begin anew is safe."""
        ...

    def reference(self, kind: str) -> Iterator[ReferenceItem]: ...

    def push(self, kind: str, values: Sequence[ReferenceItem]) -> Mapping[str, int]:
        """Make the source's list of a kind (account, cost_centre, vendor) agree with `values`, by comparing;
        answers the counts created, changed, disabled, unchanged. Converges however often it is repeated."""
        ...

    def verify(self) -> list[Check]: ...

    def identity(self) -> str:
        """The account's own id at the vendor, as keys carry it."""
        ...

    def unavailable_streams(self) -> Mapping[str, str]:
        """Streams whose feature is not granted, with the reason in a sentence."""
        ...


# --- ledgers --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LedgerFacts:
    """What translation needs to know of one company at one time, kept with the decision it led to.

    `closed_through`: last closed day by document type (`journal_entry`, `vendor_bill`, `payment`; `…:taxed` where
    tax makes a difference); `rates` give company currency per unit of the currency on a day, None if there is none;
    `decimals` are those of the ledger's currency; `fiscal_year_end` is (month, day)."""

    company: str
    company_currency: str
    closed_through: Mapping[str, date]
    rates: Mapping[tuple[str, date], Decimal | None]
    decimals: Mapping[str, int]
    active_currencies: frozenset[str]
    fiscal_year_end: tuple[int, int] = (12, 31)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that preflight or a read-back says about a document. `code` is the problem's code
    (closed_period, inactive_account, unknown_dimension, no_rate, duplicate_reference, document_altered …), `value`
    what it is about."""

    code: str
    message: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One frozen document on its way out, under its key and stamp."""

    key: str
    stamp: str
    document: Document
    ledger_id: str = ""


class OutcomeState(StrEnum):
    POSTED = "posted"  # in the books; `differences` tell what was read back otherwise than sent
    CREATED = "created"  # in the ledger, not in the books: a draft, an unreconciled payment
    ABSENT = "absent"  # `find` only: nothing of ours is there in any state
    REJECTED = "rejected"  # refused, and nothing of ours was left there
    NOT_SENT = "not_sent"  # surely not sent or surely not executed
    SPLIT = "split"  # the batch was refused as a whole and nothing is there: try smaller ones
    UNCERTAIN = "uncertain"
    CANCELLED = "cancelled"  # there, but cancelled by somebody
    TWICE = "twice"  # there more than once


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one document. `company_amount` is what a payment in foreign currency came to in the company's
    currency, positive, as the ledger booked it at its own rate (rule G9); None for everything else."""

    key: str
    state: OutcomeState
    ledger_id: str = ""
    number: str = ""
    link: str = ""
    differences: tuple[Finding, ...] = ()
    error: ConnectorError | None = None
    duplicates: tuple[str, ...] = ()  # ledger ids, for TWICE
    company_amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Stamped:
    """One document of ours as a listing of the ledger shows it."""

    stamp: str
    ledger_id: str
    state: str  # draft, posted, cancelled, reversed
    posting_date: date | None
    total: Money | None
    number: str = ""
    type: str = "journal_entry"


@dataclass(frozen=True, slots=True)
class StandingBill:
    """A bill that was born in the ledger: `number` is the supplier's as it stands there; total and open amount are in
    the bill's currency, negative for a credit. A draft is not in the books, but somebody has begun to book it."""

    ledger_id: str
    number: str
    partner: Partner
    payable: Account
    total: Money
    open_amount: Money
    is_cancelled: bool = False
    is_draft: bool = False


class Ledger(Protocol):
    """A system that keeps books. One instance serves one connection; calls name the company by its ledger id.

    `enforces_key`: the ledger itself refuses a second document under one stamp. `write_timeout` is the longest a
    write may take; `settling_time` the time after which an absent document is surely absent."""

    enforces_key: bool
    batch_size: int
    write_timeout: timedelta
    settling_time: timedelta

    def stamp(self, key: str) -> str:
        """The key as the ledger's field can hold it. Pure, and pinned by tests for ever."""
        ...

    def facts(self, company: str, wanted: frozenset[tuple[str, date]]) -> LedgerFacts: ...

    def preflight(self, company: str, documents: Sequence[Document]) -> list[list[Finding]]:
        """Everything that can be seen before sending, all findings at once, a few reads for the whole batch."""
        ...

    def post(self, company: str, batch: Sequence[Outgoing]) -> list[Outcome]:
        """Write, post, read back and compare; one outcome per document, in order. Never raises for one document:
        errors are in the outcomes; BlockedError and RateLimitedError before anything was sent are raised."""
        ...

    def find(self, company: str, batch: Sequence[Outgoing], *, known: str = "") -> list[Outcome]:
        """Look the stamps up in every state, in one search, and compare what is found. `known` is a stamp that is
        surely there: if the same search does not show it, LookupBlindError is raised instead of `absent`."""
        ...

    def bills(self, company: str, numbers: Sequence[str]) -> list[StandingBill]:
        """Bills and credits in every state that were born in the ledger under one of these numbers of suppliers, and
        are not ours by stamp. One search for all numbers; case, spaces and punctuation do not count."""
        ...

    def list_stamped(self, company: str, since: datetime | None) -> Iterator[list[Stamped]]: ...

    def reference(self, kind: str, company: str = "") -> Iterator[ReferenceItem]: ...

    def attach_many(self, company: str, files: Mapping[str, Sequence[ReceiptFile]]) -> Mapping[str, int]:
        """Attach files to documents (by ledger id) that are not there yet by name and content, with one search and
        one write for all; answers how many were added to each. All or nothing per write; safe to repeat."""
        ...

    def verify(self) -> list[Check]: ...

    def identity(self) -> str: ...


class LookupBlindError(ConnectorError):
    """A look-up did not show a document that is surely there: a right, a filter or a company was lost."""

    code = "lookup_blind"


# --- webhooks -------------------------------------------------------------------------------------------------


class SignatureError(Exception):
    """The delivery does not prove that the vendor sent it; the text is for the log, never for the sender."""


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """What a verified delivery says: records of a stream to read soon (`external_ids`; empty: poll the stream)."""

    kind: str
    stream: str
    external_ids: tuple[str, ...]
    account: str = ""  # the vendor's company id, to be compared with the connection's identity


class WebhookReceiver(Protocol):
    """Pure functions over raw bytes; nothing is fetched here."""

    def verify(self, raw: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> str:
        """The message id of an authentic delivery; raises SignatureError otherwise."""
        ...

    def message_id(self, headers: Mapping[str, str]) -> str: ...

    def parse(self, raw: bytes) -> list[ProviderEvent]:
        """Events of a verified body; unknown kinds give an event with an empty stream. Raises PayloadError."""
        ...


# --- the descriptor -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Limit:
    """So many calls in a period, counted by `scope` (identity, address, token); `parallel` at most at a time."""

    calls: int
    period: timedelta
    scope: str = "identity"
    parallel: int = 0
    only_hosts: tuple[str, ...] = ()  # applies to addresses under these domains; empty: to all


@dataclass(frozen=True, slots=True)
class Connector:
    """One vendor: everything the platform asks a folder, in one row of the registry.

    `credentials` and `settings` are pydantic models from which admin forms are made (SecretStr fields are
    write-only). `open_source`/`open_ledger` build clients from a ConnectionContext. `parse` is pure.
    `credential_expiry` says when a credential will stop working, given its facts (None: never, or unknown).
    `simulator` is the dotted path of the simulator's class."""

    key: str
    label: str
    credentials: type[BaseModel]
    docs_url: str
    default_address: str = ""
    settings: type[BaseModel] | None = None
    streams: Mapping[str, StreamSpec] = field(default_factory=dict)
    open_source: Callable[[ConnectionContext], Source] | None = None
    open_ledger: Callable[[ConnectionContext], Ledger] | None = None
    parse: Callable[[str, Mapping[str, Any]], Record] | None = None
    webhook: WebhookReceiver | None = None
    webhook_secrets: Callable[[ConnectionContext], Sequence[str]] | None = None
    register_webhook: Callable[[ConnectionContext, str, Sequence[str]], str] | None = None
    limits: tuple[Limit, ...] = ()
    keep_alive_after: timedelta | None = None
    inactivity_limit: timedelta | None = None
    credential_expiry: Callable[[ConnectionContext], datetime | None] | None = None
    simulator: str = ""
