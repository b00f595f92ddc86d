"""What does a document settle in Dynamics, and has it? Told by the posted vendor transactions of both.

Only a line of a vendor payment journal can mark the invoice that it settles when it is posted; what stands in other
journals is settled by the vendor posting profile's automatic settlement, which takes the oldest item first, or by a
person (https://learn.microsoft.com/en-us/dynamics365/finance/cash-bank-management/settlement-overview)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from connectors.base import Finding
from connectors.contents import Posted
from connectors.documents import JournalEntry, Payment, VendorBill
from connectors.dynamics365_fo.accounts import VENDOR
from connectors.dynamics365_fo.books import Books
from connectors.dynamics365_fo.client import Query, chunks
from connectors.dynamics365_fo.journals import INVOICE, Part
from connectors.dynamics365_fo.literals import one_of
from connectors.dynamics365_fo.schema_documents import VendorTransactionRow
from connectors.dynamics365_fo.stamps import stamp_of

BORN_THERE = "ledger:"
TRANSACTION = f"{BORN_THERE}transaction:"
JOURNAL = f"{BORN_THERE}{INVOICE.word}:"
ASKED = 20  # ids in one question
Rows = Sequence[VendorTransactionRow]


@dataclass(frozen=True, slots=True)
class Transactions:
    """Posted vendor transactions by the journal that made them, and by the key of the document that they stand for."""

    by_journal: Mapping[str, Rows] = field(default_factory=dict)
    by_key: Mapping[str, Rows] = field(default_factory=dict)


def keys_settled(document: Posted) -> tuple[str, ...]:
    """Documents whose open items this one settles; on main accounts Dynamics keeps no open items."""
    if isinstance(document, Payment):
        return document.settles
    if isinstance(document, VendorBill):
        return (document.reverses,) if document.reverses else ()
    return document.settles if _on_vendors(document) else ()


def transactions(books: Books, numbers: Iterable[str], keys: Iterable[str]) -> Transactions:
    """One call for all journals and keys; none for none. Raises ConnectorErrors; safe to repeat."""
    wanted = list(dict.fromkeys(keys))
    journals = [*numbers, *(key.removeprefix(JOURNAL) for key in wanted if key.startswith(JOURNAL))]
    sources = [key.removeprefix(TRANSACTION) for key in wanted if key.startswith(TRANSACTION)]
    stamps = {stamp_of(key): key for key in wanted if not key.startswith(BORN_THERE)}
    questions: list[Query[Any]] = []
    for name, values in (("JournalNum", journals), ("DocumentNum", list(stamps))):
        questions += [Query(VendorTransactionRow, books.company, one_of(name, some)) for some in chunks(values, ASKED)]
    for some in chunks([one for one in sources if one.isdigit()], ASKED):
        every = " or ".join(f"SourceKey eq {one}" for one in some)
        questions.append(Query(VendorTransactionRow, books.company, f"({every})"))
    by_journal: dict[str, dict[int, VendorTransactionRow]] = {}
    by_key: dict[str, dict[int, VendorTransactionRow]] = {}
    for rows in books.client.many(questions) if questions else ():
        for row in rows:
            by_journal.setdefault(row.journal_num, {})[row.source_key] = row
            for key in (stamps.get(row.document_num.lower(), ""), f"{TRANSACTION}{row.source_key}",
                        f"{JOURNAL}{row.journal_num}"):  # fmt: skip
                if key in wanted:
                    by_key.setdefault(key, {})[row.source_key] = row
    return Transactions(
        {number: list(some.values()) for number, some in by_journal.items()},
        {key: list(some.values()) for key, some in by_key.items()},
    )


def parts_of(payment: Payment, found: Transactions) -> list[Part]:
    """What of a payment goes to which invoice: to each as much as is open, in the order in which they are named. What
    is left, and what has no number, is marked for none."""
    parts: list[Part] = []
    left = payment.amount
    for key in payment.settles:
        for row in found.by_key.get(key, ()):
            part = min(left, _open_for(payment, row))
            if part and row.invoice:
                parts.append(Part(row.invoice, part))
                left -= part
    return [*parts, Part("", left)] if left else parts


def _open_for(payment: Payment, row: VendorTransactionRow) -> Decimal:
    """What of a vendor's transaction a payment may settle: bills by money out, credits by money back."""
    left = row.amount_cur - row.settle_amount_cur
    is_other_side = (left > 0) is payment.is_refund
    is_his = row.account_num.lower() == payment.partner.id.lower() and row.currency_code == payment.currency
    return abs(left) if is_other_side and is_his else Decimal(0)


def unsettled(document: Posted, number: str, rows: Rows, found: Transactions) -> Finding | None:
    """Why a posted document of ours, whose own vendor transactions are `rows`, does not settle what it should; None if
    it does, or settles nothing."""
    keys = keys_settled(document)
    if not keys:
        return None
    wanted = _wanted(document)
    own = _settled(rows)
    theirs = Decimal(0)
    for key in keys:
        rows = found.by_key.get(key, ())
        if not rows:
            return _finding(number, f"{key} is not in the books of Dynamics, so that nothing of it is settled.")
        theirs += _settled(rows)
    if own < wanted:
        return _finding(number, f"{wanted - own} {document.currency} of it is not settled.")
    if theirs < wanted:
        return _finding(number, f"It settles something else than {' and '.join(keys)}: undo that settlement first.")
    return None


def _finding(number: str, why: str) -> Finding:
    return Finding(
        "not_reconciled",
        f"{number} is posted. {why} Settle it under Accounts payable > Vendors > Invoice > Settle transactions. "
        "(Payments through a journal name of type *Vendor disbursement* settle the invoice that they mark.)",
        number,
    )


def _wanted(document: Posted) -> Decimal:
    """How much of a document's own vendor transactions is to be settled, in its currency."""
    if isinstance(document, JournalEntry):
        return sum((line.amount for line in document.lines if line.account.id == VENDOR), Decimal(0))
    return document.total.amount


def _settled(rows: Rows) -> Decimal:
    return sum((abs(row.settle_amount_cur) for row in rows), Decimal(0))


def _on_vendors(entry: JournalEntry) -> bool:
    return any(line.account.id == VENDOR for line in entry.lines)
