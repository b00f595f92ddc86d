"""How do the files of many records reach their documents? Downloaded and attached by the armful, not one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from connectors.base import Ledger, ReceiptFile, Source, TellOutcome

ARMFUL = 20_000_000  # bytes held in memory before they are attached


@dataclass(slots=True)
class Carrier:
    """Carries the files of one stream's records to documents of one company."""

    source: Source
    stream: str
    ledger: Ledger
    company: str

    def carry(self, pairs: Sequence[tuple[str, str]]) -> list[TellOutcome]:
        """Attach what is not there yet, for pairs of record and document; one outcome each, in order.

        For a hundred small receipts one list of records, the downloads, one search and one write. Raises
        ConnectorErrors; to repeat it is safe, because what is attached is looked up."""
        documents: dict[str, list[str]] = {}
        for external_id, ledger_id in pairs:
            documents.setdefault(external_id, []).append(ledger_id)
        found: Counter[str] = Counter()
        added: Counter[str] = Counter()
        held: dict[str, list[ReceiptFile]] = {}
        size = 0
        for external_id, file in self.source.receipts_many(self.stream, list(documents)):
            if size and size + len(file.content) > ARMFUL:
                added.update(self.ledger.attach_many(self.company, held))
                held, size = {}, 0
            for ledger_id in documents[external_id]:
                held.setdefault(ledger_id, []).append(file)
                found[ledger_id] += 1
            size += len(file.content)
        if held:
            added.update(self.ledger.attach_many(self.company, held))
        return [TellOutcome(one, "told", f"{added[at]} of {found[at]} files added") for one, at in pairs]
