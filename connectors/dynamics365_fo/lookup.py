"""What bears our marks? One batch of readings for all documents, in every place where each of them may stand.

Where a document was written to is not where it would be written today: settings change, and a journal name gets
another type. So a bill is looked for among invoice journals and pending invoices, a payment in both kinds of journals.
Journals are found by mark, by number, and by their lines: what people see of the mark is the *Document* of the lines
(the payment reference in payment journals), which a copied journal keeps; so a twin is found there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.dynamics365_fo.books import Books
from connectors.dynamics365_fo.client import Query, chunks
from connectors.dynamics365_fo.journals import GENERAL, PENDING, Place, Shape
from connectors.dynamics365_fo.literals import one_of
from connectors.dynamics365_fo.schema_documents import JournalRow, LineRow, PendingInvoiceRow, PostedInvoiceRow
from connectors.dynamics365_fo.stamps import number_of
from connectors.dynamics365_fo.taken import PENDING_LINES
from connectors.errors import ConfigurationError, RejectedError

STAMPS = 10  # in one question
NUMBERS = 20


@dataclass(frozen=True, slots=True)
class Journal:
    """A journal as it stands, with its lines."""

    shape: Shape
    header: JournalRow
    lines: tuple[LineRow, ...]
    keeps_mark: bool = True

    @property
    def id(self) -> str:
        return f"{self.shape.word}:{self.header.journal_batch_number}"

    @property
    def is_posted(self) -> bool:
        return self.header.is_posted == "Yes"


@dataclass(frozen=True, slots=True)
class Invoice:
    """A vendor invoice under one mark: waiting, or in the books. It may be both for a moment: then it is booked."""

    waiting: tuple[PendingInvoiceRow, ...] = ()
    booked: tuple[PostedInvoiceRow, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        if self.booked:
            return tuple(f"{row.entity_set}:{row.source_key}" for row in self.booked)
        return tuple(f"{row.entity_set}:{row.header_reference}" for row in self.waiting)


NO_INVOICE = Invoice()


@dataclass(frozen=True, slots=True)
class Found:
    """What stands under one mark. `foreign` holds our number, but somebody else's journal."""

    journals: tuple[Journal, ...] = ()
    foreign: Journal | None = None
    invoice: Invoice = NO_INVOICE

    @property
    def journal(self) -> Journal | None:
        return self.journals[0] if self.journals else None

    @property
    def ids(self) -> tuple[str, ...]:
        """One for each document; more than one: it is there twice."""
        return (*(one.id for one in self.journals), *self.invoice.ids)


class Lookup:
    """Searches of one company. Raises ConnectorErrors; safe to repeat."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self._hidden: set[Place] = set()

    def found(self, wanted: Mapping[str, Sequence[Place]]) -> dict[str, Found]:
        """What stands under marks, posted or not, each looked for in its places. One call, a second where lines lead
        to journals that do not bear the mark in their header.

        The first of its places is the one that is needed: of the others those are left out which this environment does
        not show to the mapped user."""
        if not wanted:
            return {}
        headers: dict[tuple[Shape, str], JournalRow] = {}
        lines: dict[tuple[Shape, str], dict[object, LineRow]] = {}
        waiting: dict[str, list[PendingInvoiceRow]] = {}
        booked: dict[str, list[PostedInvoiceRow]] = {}
        for place, row in self._rows(wanted):
            if isinstance(row, PendingInvoiceRow):
                waiting.setdefault(row.document_number.lower(), []).append(row)
            elif isinstance(row, PostedInvoiceRow):
                booked.setdefault(row.document_num.lower(), []).append(row)
            elif place is not PENDING:
                _sort_in(place, row, headers, lines)
        self._complete(headers, lines)
        for header in headers.values():
            self.books.saw_key(header.integration_key)
        journals = [
            Journal(shape, header, tuple(sorted(lines[shape, number].values(), key=lambda one: one.line_number)))
            for (shape, number), header in headers.items()
        ]
        return {
            stamp: _sorted_out(
                stamp,
                [one for one in journals if one.shape in places],
                Invoice(tuple(waiting.get(stamp, ())), tuple(booked.get(stamp, ()))),
            )
            for stamp, places in wanted.items()
        }

    # --- questions

    def _rows(self, wanted: Mapping[str, Sequence[Place]]) -> Iterator[tuple[Place, Any]]:
        needed = {places[0] for places in wanted.values()}
        while True:
            asked = list(self._questions(wanted, needed))
            try:
                answers = self._ask([query for _, query in asked])
                break
            except (ConfigurationError, RejectedError):
                if not self._hide({place for place, _ in asked} - needed):
                    raise
        for (place, _), rows in zip(asked, answers, strict=True):
            yield from ((place, row) for row in rows)

    def _questions(self, wanted: Mapping[str, Sequence[Place]], needed: Collection[Place]) -> Iterator[Any]:
        for place in dict.fromkeys(place for places in wanted.values() for place in places):
            if place in self._hidden and place not in needed:
                continue
            stamps = [stamp for stamp, places in wanted.items() if place in places]
            for some in chunks(stamps, STAMPS):
                if place is PENDING:
                    marked = one_of("DocumentNumber", some)
                    yield place, Query(PendingInvoiceRow, self.books.company, marked, PENDING_LINES)
                    yield place, Query(PostedInvoiceRow, self.books.company, one_of("DocumentNum", some))
                else:
                    yield place, self._headers(place, self._marked(place, some))
                    yield place, Query(place.line, self.books.company, one_of(place.mark, some))

    def _hide(self, places: Iterable[Place]) -> bool:
        """Ask for each of some places whether this environment shows it; whether there is one that it does not."""
        hidden = {one for one in places if one is not GENERAL and not self._is_shown(one)}
        self._hidden |= hidden
        return bool(hidden)

    def _is_shown(self, place: Place) -> bool:
        """With all the fields that are asked for."""
        queries: tuple[Query[Any], ...]
        if place is PENDING:
            queries = (Query(PendingInvoiceRow, self.books.company, expand=PENDING_LINES),
                       Query(PostedInvoiceRow, self.books.company))  # fmt: skip
        else:
            queries = (self._headers(place, ""), Query(place.line, self.books.company))
        try:
            for query in queries:
                self.books.client.rows(replace(query, top=1))
        except (ConfigurationError, RejectedError):
            return False
        return True

    def _complete(
        self, headers: dict[tuple[Shape, str], JournalRow], lines: dict[tuple[Shape, str], dict[object, LineRow]]
    ) -> None:
        """Headers of the lines that came alone."""
        alone = [slot for slot in lines if slot not in headers]
        queries = []
        for shape in dict.fromkeys(of for of, _ in alone):
            for some in chunks((number for of, number in alone if of is shape), NUMBERS):
                queries.append((shape, self._headers(shape, one_of("JournalBatchNumber", some))))
        for (shape, _), rows in zip(queries, self._ask([one for _, one in queries]), strict=True):
            for row in rows:
                _sort_in(shape, row, headers, lines)

    def _marked(self, shape: Shape, stamps: Sequence[str]) -> str:
        """In the field for outside keys and in the description: which of the two kept it is not known beforehand."""
        fields = ("IntegrationKey", "Description") if self._has_key(shape) else ("Description",)
        marks = " or ".join(one_of(field, stamps) for field in fields)
        return f"({marks} or {one_of('JournalBatchNumber', map(number_of, stamps))})"

    def _headers(self, shape: Shape, every: str) -> Query[JournalRow]:
        leaves_out = () if self._has_key(shape) else ("IntegrationKey",)
        expand = f"{shape.header.line_set}($select={shape.line.selection()})"
        return Query(shape.header, self.books.company, every, expand, leaves_out=leaves_out)

    def _has_key(self, shape: Shape) -> bool:
        return shape.has_key and self.books.has_integration_key

    def _ask(self, queries: list[Query[Any]]) -> list[list[Any]]:
        return self.books.client.many(queries) if queries else []


def _sort_in(
    shape: Shape,
    row: JournalRow | LineRow,
    headers: dict[tuple[Shape, str], JournalRow],
    lines: dict[tuple[Shape, str], dict[object, LineRow]],
) -> None:
    slot = (shape, row.journal_batch_number)
    some = lines.setdefault(slot, {})
    if isinstance(row, JournalRow):
        headers[slot] = row
        some.update({one.line_number: one for one in row.lines})
    else:
        some[row.line_number] = row


def _sorted_out(stamp: str, journals: Iterable[Journal], invoice: Invoice) -> Found:
    """Ours first: the one with our number, else the one that bears the mark in its header."""
    mine: list[Journal] = []
    foreign: Journal | None = None
    number = number_of(stamp)
    for one in journals:
        is_marked = stamp in (one.header.integration_key.lower(), one.header.description.lower())
        is_in_lines = any(row.document.lower() == stamp for row in one.lines)
        if is_marked or is_in_lines:
            mine.append(Journal(one.shape, one.header, one.lines, is_marked))
        elif one.header.journal_batch_number == number:
            foreign = one
    mine.sort(key=lambda one: (one.header.journal_batch_number != number, not one.keeps_mark, one.id))
    return Found(tuple(mine), foreign, invoice)
