"""What does Odoo itself count, and does it hold each document of ours exactly once?

Asked with an administrator's key and questions of its own: nothing that posted or listed the documents is used here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from audit.models import Posting, PostingState
from audit.models.postings import OPEN_STATES
from connectors.documents import document_from_json
from connectors.models import Tenant
from connectors.odoo.client import OdooClient
from connectors.odoo.schema import CurrencyRow, Move, MoveLine, PartnerRow, PaymentRow

ENTRY, BILL, PAYMENT, PARTNER = "journal_entry", "vendor_bill", "payment", "new_vendor"
TYPES: Mapping[str, str] = {"entry": ENTRY, "in_invoice": BILL, "in_refund": BILL}
LABELS: Mapping[str, str] = {
    ENTRY: "journal entries", BILL: "bills and credits", PAYMENT: "payments", PARTNER: "partners created",
}  # fmt: skip
IN_BOOKS = {"posted", "paid", "in_process"}
SOURCE = "brex:"
LINES_AT_ONCE = 200
NAMES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Seen:
    """One document as Odoo shows it, under the stamp that it carries."""

    stamp: str
    company: str
    type: str
    is_in_books: bool
    total: Decimal | None = None
    currency: str = ""


@dataclass(slots=True)
class CountRow:
    """Documents of one company, type and currency: ours, and Odoo's own, in count and money."""

    company: str
    type: str
    currency: str
    ours: int = 0
    in_odoo: int = 0
    our_total: Decimal = Decimal(0)
    odoo_total: Decimal = Decimal(0)

    @property
    def ties(self) -> bool:
        return self.ours == self.in_odoo and self.our_total == self.odoo_total


@dataclass(slots=True)
class Count:
    """The comparison of all postings with all that Odoo holds of them, stamp by stamp."""

    rows: list[CountRow] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    not_in_books: list[str] = field(default_factory=list)
    open_postings: int = 0

    @property
    def ties(self) -> bool:
        """Each of our documents once in Odoo's books with our amount, nothing of ours besides, nothing under way."""
        wrong = self.missing or self.twice or self.strangers or self.different or self.not_in_books
        return not wrong and not self.open_postings and all(row.ties for row in self.rows)

    def as_dict(self) -> dict[str, Any]:
        rows = [
            {**asdict(row), "our_total": _text(row.our_total), "odoo_total": _text(row.odoo_total), "ties": row.ties}
            for row in self.rows
        ]
        return {**asdict(self), "rows": rows, "ties": self.ties}


def count(admin: OdooClient, tenant: Tenant, companies: Collection[str], source_ids: Collection[str]) -> Count:
    """Compare a tenant's postings with what Odoo holds. `source_ids` are all ids of the Brex that the records came
    from: a document of one of them that no posting of ours knows is a stranger. Raises ConnectorErrors."""
    mine = Posting.objects.filter(tenant=tenant)
    ours = [_ours(one) for one in mine.filter(state__in=[PostingState.POSTED, PostingState.REVERSED])]
    ids, stamps = set(source_ids), {one.stamp for one in ours}
    held = [one for one in documents(admin, companies) if one.stamp in stamps or _record_id(one.stamp) in ids]
    return compare(ours, held, mine.filter(state__in=OPEN_STATES).count())


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
        row.in_odoo += 1
        row.odoo_total += one.total or 0
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


def documents(admin: OdooClient, companies: Collection[str]) -> Iterator[Seen]:
    """Every entry, bill, payment and partner in Odoo that carries a stamp of a Brex record. Partners belong to all
    companies and are counted without one."""
    codes = {row.id: row.name for row in admin.rows(CurrencyRow, [], is_archived_too=True)}
    for company in companies:
        yield from _moves(admin, company, codes)
        for page in admin.pages(
            PaymentRow, [["company_id", "=", int(company)], ["memo", "like", SOURCE]], company=company
        ):
            for row in page:
                code = codes.get(row.currency_id or 0, "")
                yield Seen(row.memo, company, PAYMENT, row.state in IN_BOOKS, _plain(row.amount), code)
    for partners in admin.pages(PartnerRow, [["ref", "like", SOURCE]], is_archived_too=True):
        for partner in partners:
            yield Seen(partner.ref, "", PARTNER, partner.active)


def _moves(admin: OdooClient, company: str, codes: Mapping[int, str]) -> Iterator[Seen]:
    domain = [["company_id", "=", int(company)], ["invoice_origin", "like", SOURCE], ["move_type", "in", list(TYPES)]]
    for page in admin.pages(Move, domain, company=company):
        debits = _debits(admin, company, [row.id for row in page if row.move_type == "entry"])
        for row in page:
            code = codes.get(row.currency_id or 0, "")
            total = debits[row.id, row.currency_id or 0] if row.move_type == "entry" else row.amount_total
            yield Seen(row.invoice_origin, company, TYPES[row.move_type], row.state in IN_BOOKS, _plain(total), code)


def _debits(admin: OdooClient, company: str, move_ids: list[int]) -> Mapping[tuple[int, int], Decimal]:
    """Debits of entries in their own currency: `amount_total` of an entry is in company currency."""
    sums: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
    for start in range(0, len(move_ids), LINES_AT_ONCE):
        domain = [["move_id", "in", move_ids[start : start + LINES_AT_ONCE]], ["amount_currency", ">", 0]]
        for page in admin.pages(MoveLine, domain, company=company):
            for line in page:
                sums[line.move_id or 0, line.currency_id or 0] += line.amount_currency
    return sums


def _ours(posting: Posting) -> Seen:
    """A posting as Odoo should show it: the total of the frozen document, not of a column beside it."""
    if posting.document_type == PARTNER:
        return Seen(posting.stamp, "", PARTNER, True)
    document = document_from_json(posting.document)
    total = document.total  # type: ignore[union-attr]  # partners are gone
    return Seen(posting.stamp, posting.company, posting.document_type, True, _plain(total.amount), total.currency)


def _record_id(stamp: str) -> str:
    """`brex:expense_1:pay` is of the record expense_1."""
    return [*stamp.split(":", 2), ""][1]


def _plain(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.0001"))


def _text(amount: Decimal) -> str:
    return f"{amount.normalize():f}"
