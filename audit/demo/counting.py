"""Does the ledger itself hold each document of ours exactly once?

What it holds is counted by questions of their own, one module a ledger: nothing that posted or listed the documents is
used for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from audit.models import Posting, PostingState
from audit.models.postings import OPEN_STATES
from connectors.documents import document_from_json
from connectors.models import Tenant

ENTRY, BILL, PAYMENT, PARTNER = "journal_entry", "vendor_bill", "payment", "new_vendor"
LABELS: Mapping[str, str] = {
    ENTRY: "journal entries", BILL: "bills and credits", PAYMENT: "payments", PARTNER: "vendors created",
}  # fmt: skip
NAMES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Seen:
    """One document as the ledger shows it, under the stamp that it carries. Vendors belong to no company here."""

    stamp: str
    company: str
    type: str
    is_in_books: bool
    total: Decimal | None = None
    currency: str = ""


@dataclass(slots=True)
class CountRow:
    """Documents of one company, type and currency: ours, and the ledger's own, in count and money."""

    company: str
    type: str
    currency: str
    ours: int = 0
    in_ledger: int = 0
    our_total: Decimal = Decimal(0)
    ledger_total: Decimal = Decimal(0)

    @property
    def ties(self) -> bool:
        return self.ours == self.in_ledger and self.our_total == self.ledger_total


@dataclass(slots=True)
class Count:
    """The comparison of all postings with all that the ledger holds of them, stamp by stamp."""

    rows: list[CountRow] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    not_in_books: list[str] = field(default_factory=list)
    open_postings: int = 0

    @property
    def ties(self) -> bool:
        """Each of our documents once in the books with our amount, nothing of ours besides, nothing under way."""
        wrong = self.missing or self.twice or self.strangers or self.different or self.not_in_books
        return not wrong and not self.open_postings and all(row.ties for row in self.rows)

    def as_dict(self) -> dict[str, Any]:
        rows = [
            {
                **asdict(row),
                "our_total": _text(row.our_total),
                "ledger_total": _text(row.ledger_total),
                "ties": row.ties,
            }
            for row in self.rows
        ]
        return {**asdict(self), "rows": rows, "ties": self.ties}


def count(tenant: Tenant, held: Iterable[Seen], source_ids: Collection[str]) -> Count:
    """Compare a tenant's postings with what the ledger holds. `source_ids` are all ids of the Brex that the records
    came from: a document of one of them that no posting of ours knows is a stranger."""
    mine = Posting.objects.filter(tenant=tenant)
    posted = mine.filter(state__in=[PostingState.POSTED, PostingState.REVERSED])
    ours = list(map(_ours, posted))
    ids, stamps = set(source_ids), {one.stamp for one in ours}
    known = [one for one in held if one.stamp in stamps or _record_id(one.stamp) in ids]
    return compare(ours, known, mine.filter(state__in=OPEN_STATES).count())


def compare(ours: Iterable[Seen], held: Iterable[Seen], open_postings: int = 0) -> Count:
    """Pure: which stamps are missing, twice, unknown or different, and the sums of both sides."""
    result = Count(open_postings=open_postings)
    rows: dict[tuple[str, str, str], CountRow] = {}

    def row_of(one: Seen) -> CountRow:
        key = (one.company, one.type, one.currency)
        return rows.setdefault(key, CountRow(*key))

    by_stamp: dict[str, list[Seen]] = defaultdict(list)
    for one in held:
        by_stamp[one.stamp].append(one)
        row = row_of(one)
        row.in_ledger += 1
        row.ledger_total += one.total or 0
    for one in ours:
        row = row_of(one)
        row.ours += 1
        row.our_total += one.total or 0
        found = by_stamp.pop(one.stamp, [])
        if not found:
            result.missing.append(one.stamp)
        elif len(found) > 1:
            result.twice.append(one.stamp)
        elif not found[0].is_in_books:
            result.not_in_books.append(one.stamp)
        elif found[0] != one:
            result.different.append(one.stamp)
    result.strangers = sorted(by_stamp)
    result.rows = [rows[key] for key in sorted(rows)]
    return result


def _ours(posting: Posting) -> Seen:
    """A posting as the ledger should show it: the total of the frozen document, not of a column beside it."""
    if posting.document_type == PARTNER:
        return Seen(posting.stamp, "", PARTNER, True)
    document = document_from_json(posting.document)
    total = document.total  # type: ignore[union-attr]  # partners are gone
    return Seen(posting.stamp, posting.company, posting.document_type, True, plain(total.amount), total.currency)


def _record_id(stamp: str) -> str:
    """`brex:expense_1:pay` is of the record expense_1."""
    return [*stamp.split(":", 2), ""][1]


def plain(amount: Decimal) -> Decimal:
    """An amount as both sides are compared."""
    return amount.quantize(Decimal("0.0001"))


def _text(amount: Decimal) -> str:
    return f"{amount.normalize():f}"
