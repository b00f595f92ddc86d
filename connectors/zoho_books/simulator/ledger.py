"""What is in the books? Balanced lines in base currency for every document that touches the ledger."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Posted:
    """One ledger line: `amount` in base currency, debit positive; `foreign` the same in the document's currency."""

    account_id: str
    amount: Decimal
    foreign: Decimal
    contact_id: str = ""
    description: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    project_id: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """What one document did to the books."""

    kind: str
    id: str
    on: str
    currency_code: str
    reference: str
    lines: tuple[Posted, ...]


@dataclass(slots=True)
class Ledger:
    """Entries by document; an unbalanced one is refused, since the simulator itself would have made it."""

    entries: dict[tuple[str, str], Entry] = field(default_factory=dict)
    _uses: Counter[str] = field(default_factory=Counter)  # accounts and contacts, by id

    def post(self, entry: Entry) -> None:
        """Put or replace what a document did."""
        difference = sum((line.amount for line in entry.lines), ZERO)
        if difference:
            raise AssertionError(f"{entry.kind} {entry.id} is out of balance by {difference}")
        self.unpost(entry.kind, entry.id)
        self.entries[entry.kind, entry.id] = entry
        self._uses.update(_named(entry))

    def unpost(self, kind: str, document_id: str) -> None:
        before = self.entries.pop((kind, document_id), None)
        if before:
            self._uses.subtract(_named(before))

    def get(self, kind: str, document_id: str) -> Entry | None:
        return self.entries.get((kind, document_id))

    def lines(self) -> Iterator[tuple[Entry, Posted]]:
        for entry in list(self.entries.values()):
            for line in entry.lines:
                yield entry, line

    def balances(self) -> dict[str, Decimal]:
        """Base amounts by account id, debit positive; their sum is always zero."""
        found: dict[str, Decimal] = defaultdict(Decimal)
        for _, line in self.lines():
            found[line.account_id] += line.amount
        return dict(found)

    def uses(self, record_id: str) -> bool:
        """Whether any line names this account or contact."""
        return self._uses[record_id] > 0


def _named(entry: Entry) -> list[str]:
    return [name for line in entry.lines for name in (line.account_id, line.contact_id) if name]
