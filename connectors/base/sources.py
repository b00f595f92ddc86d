"""What does a vendor promise that records come from?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from connectors.base.answers import Check, ReceiptFile, ReferenceItem
from connectors.records import Family, RecordKind


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
    """`state`: told, already (the source had it), refused (with reason), gone (unknown there), uncertain, later,
    stays (of files: there is no place for them)."""

    external_id: str
    state: str
    reason: str = ""


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
