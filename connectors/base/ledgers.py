"""What does a vendor promise that keeps books?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from connectors.base.answers import Check, ReceiptFile, ReferenceItem
from connectors.documents import Account, Document, Partner
from connectors.errors import ConnectorError
from connectors.money import Money


@dataclass(frozen=True, slots=True)
class LedgerFacts:
    """What translation needs to know of one company at one time, kept with the decision it led to.

    `closed_through`: last closed day by document type (`journal_entry`, `vendor_bill`, `payment`; `…:taxed` where
    tax makes a difference); `reopened` are spans of days (first, last) before it that the ledger lets in all the same,
    by the same names; `rates` give company currency per unit of the currency on a day, None if there is none;
    `decimals` are those of the ledger's currency; `fiscal_year_end` is (month, day)."""

    company: str
    company_currency: str
    closed_through: Mapping[str, date]
    rates: Mapping[tuple[str, date], Decimal | None]
    decimals: Mapping[str, int]
    active_currencies: frozenset[str]
    fiscal_year_end: tuple[int, int] = (12, 31)
    reopened: Mapping[str, Sequence[tuple[date, date]]] = field(default_factory=dict)


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
    """One frozen document on its way out, under its key and stamp. `is_first`: surely never sent before, so that a
    ledger which does not enforce keys need not look for it first; without a word of it, it looks."""

    key: str
    stamp: str
    document: Document
    ledger_id: str = ""
    is_first: bool = False


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
    currency, positive, as the ledger booked it at its own rate (rule G9); None for everything else. `is_compared`: all
    of it was compared with what was sent, so that a difference that was told before and is not told now is gone."""

    key: str
    state: OutcomeState
    ledger_id: str = ""
    number: str = ""
    link: str = ""
    differences: tuple[Finding, ...] = ()
    error: ConnectorError | None = None
    duplicates: tuple[str, ...] = ()  # ledger ids, for TWICE
    company_amount: Decimal | None = None
    is_compared: bool = False


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
    """A bill that was born in the ledger: `number` is the supplier's as it stands there, or whole where there was room
    for a part of it; total and open amount are in the bill's currency, negative for a credit. A draft is not in the
    books, but somebody has begun to book it."""

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

    `enforces_key`: the ledger itself refuses a second document under one stamp, so that several workers may write at
    once; `enforces` tells whether it does for a type, as it may not for all. `marks_each`: it sends one by one, and
    tells `ConnectionContext.leaving` before each. `write_timeout` is the longest a write may take; `settling_time` the
    time after which an absent document is surely absent."""

    enforces_key: bool
    marks_each: bool
    batch_size: int
    write_timeout: timedelta
    settling_time: timedelta

    def stamp(self, key: str) -> str:
        """The key as the ledger's field can hold it. Pure, and pinned by tests for ever."""
        ...

    def enforces(self, document_type: str) -> bool:
        """Whether the ledger itself refuses a second document of a type under one stamp. Where it does not, one that is
        absent a second time is a person's to judge. Pure."""
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
