"""Which journals bear our marks? One batch of readings for all documents: by mark, by number, and by their lines.

What people see of the mark is the *Document* of the lines (the payment reference in payment journals), which a copied
journal keeps; so a twin is found there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connectors.dynamics365_fo.books import Books
from connectors.dynamics365_fo.client import Query, chunks
from connectors.dynamics365_fo.journals import Shape
from connectors.dynamics365_fo.literals import one_of
from connectors.dynamics365_fo.schema_documents import JournalRow, LineRow
from connectors.dynamics365_fo.stamps import number_of

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
class Found:
    """What stands under one mark. `foreign` holds our number, but somebody else's journal."""

    journals: tuple[Journal, ...] = ()
    foreign: Journal | None = None

    @property
    def journal(self) -> Journal | None:
        return self.journals[0] if self.journals else None


class Lookup:
    """Searches of one company. Raises ConnectorErrors; safe to repeat."""

    def __init__(self, books: Books) -> None:
        self.books = books

    def journals(self, wanted: Sequence[tuple[str, Shape]]) -> dict[tuple[str, Shape], Found]:
        """Journals by mark and kind, unposted and posted ones. One call, a second where lines lead to journals that do
        not bear the mark in their header."""
        shapes = list(dict.fromkeys(shape for _, shape in wanted))
        by_shape = {shape: [stamp for stamp, of in wanted if of is shape] for shape in shapes}
        questions: list[tuple[Shape, bool, Query[Any]]] = []
        for shape, stamps in by_shape.items():
            for some in chunks(stamps, STAMPS):
                questions.append((shape, True, self._headers(shape, self._marked(shape, some))))
                questions.append((shape, False, self._lines(shape, one_of(shape.mark, some))))
        headers: dict[tuple[Shape, str], JournalRow] = {}
        lines: dict[tuple[Shape, str], dict[object, LineRow]] = {}
        for (shape, is_header, _), rows in zip(questions, self._ask([one for *_, one in questions]), strict=True):
            for row in rows:
                slot = (shape, row.journal_batch_number)
                if is_header:
                    headers[slot] = row
                    lines.setdefault(slot, {}).update({one.line_number: one for one in row.lines})
                else:
                    lines.setdefault(slot, {})[row.line_number] = row
        self._complete(headers, lines)
        journals = [
            Journal(shape, header, tuple(sorted(lines[shape, number].values(), key=lambda one: one.line_number)))
            for (shape, number), header in headers.items()
        ]
        return {(stamp, shape): _sorted_out(stamp, shape, journals) for stamp, shape in wanted}

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
                headers[shape, row.journal_batch_number] = row
                lines[shape, row.journal_batch_number].update({one.line_number: one for one in row.lines})

    def _marked(self, shape: Shape, stamps: Sequence[str]) -> str:
        marks = one_of("IntegrationKey" if self._has_key(shape) else "Description", stamps)
        return f"({marks} or {one_of('JournalBatchNumber', map(number_of, stamps))})"

    def _headers(self, shape: Shape, every: str) -> Query[JournalRow]:
        leaves_out = () if self._has_key(shape) else ("IntegrationKey",)
        expand = f"{shape.header.line_set}($select={shape.line.selection()})"
        return Query(shape.header, self.books.company, every, expand, leaves_out=leaves_out)

    def _lines(self, shape: Shape, every: str) -> Query[LineRow]:
        return Query(shape.line, self.books.company, every)

    def _has_key(self, shape: Shape) -> bool:
        return shape.has_key and self.books.has_integration_key

    def _ask(self, queries: list[Query[Any]]) -> list[list[Any]]:
        return self.books.client.many(queries) if queries else []


def _sorted_out(stamp: str, shape: Shape, journals: list[Journal]) -> Found:
    """Ours first: the one with our number, else the one that bears the mark in its header."""
    mine: list[Journal] = []
    foreign: Journal | None = None
    number = number_of(stamp)
    for one in journals:
        if one.shape is not shape:
            continue
        is_marked = stamp in (one.header.integration_key.lower(), one.header.description.lower())
        is_in_lines = any(row.document.lower() == stamp for row in one.lines)
        if is_marked or is_in_lines:
            mine.append(Journal(one.shape, one.header, one.lines, is_marked))
        elif one.header.journal_batch_number == number:
            foreign = one
    mine.sort(key=lambda one: (one.header.journal_batch_number != number, not one.keeps_mark, one.id))
    return Found(tuple(mine), foreign)
