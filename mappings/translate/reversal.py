"""How is a posted document taken back, and when is a changed record another document? Rules G17, B17, B21, B34.

A posted document is never edited, unposted or cancelled: its mirror is posted, with every amount, rate, dimension and
partner kept, and the ledger reconciles the pair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from connectors.documents import Document, JournalEntry, Line, NewVendor, Payment, VendorBill, reversal_of
from connectors.records import Side
from mappings.translate.context import Draft, PostedDocument


class UnknownCompanyAmountError(ValueError):
    """A payment in foreign currency cannot be mirrored before its company amount was read back from the ledger."""


def assemble_reversal(
    documents: Sequence[PostedDocument], *, on: date, reason: str, journal: str = ""
) -> tuple[Draft, ...]:
    """Mirrors of documents that stand, the last one first, so that a payment is undone before its bill.

    Each draft has the purpose of the document that it mirrors. Vendors that were created stay. Pure: the same
    documents, day and reason give the same mirrors. Raises UnknownCompanyAmountError."""
    return tuple(
        Draft(posted.purpose, mirrored(posted, on=on, reason=reason, journal=journal))
        for posted in reversed(documents)
        if not isinstance(posted.document, NewVendor)
    )


def mirrored(posted: PostedDocument, *, on: date, reason: str, journal: str = "") -> JournalEntry | VendorBill:
    """The mirror of one document: an entry for entries and payments, a credit for a bill, a bill for a credit.

    What undoes a payment goes through `journal`, or through the payment's own."""
    document = posted.document
    if isinstance(document, NewVendor):
        raise ValueError("A created vendor has no mirror.")
    if isinstance(document, JournalEntry):
        return reversal_of(document, key=posted.key, number=posted.number, reason=reason, posting_date=on)
    text = f"Reversal of {posted.number}, {posted.key}: {reason}"
    rules = tuple(dict.fromkeys((*document.rules, "G17")))
    if isinstance(document, VendorBill):
        return replace(
            document,
            posting_date=on,
            due_on=on,
            is_credit=not document.is_credit,
            lines=tuple(line.swapped() for line in document.lines),
            text=text,
            rules=rules,
            reverses=posted.key,
        )
    company_amount = posted.company_amount
    if company_amount is None:
        if document.currency != document.company_currency:
            raise UnknownCompanyAmountError(f"The company amount of {posted.key} is not known.")
        company_amount = document.amount
    return JournalEntry(
        company=document.company,
        journal=journal or document.journal,
        currency=document.currency,
        company_currency=document.company_currency,
        posting_date=on,
        document_date=document.document_date,
        lines=_payment_undone(document, company_amount, text),
        text=text,
        rules=rules,
        reverses=posted.key,
    )


def _payment_undone(payment: Payment, company_amount: Decimal, text: str) -> tuple[Line, ...]:
    """Money back against the payable; the other way round for a payment that came from the vendor."""
    debit, credit = (payment.payable, payment.money) if payment.is_refund else (payment.money, payment.payable)
    return (
        Line(debit, Side.DEBIT, payment.amount, company_amount, payment.partner, text=text),
        Line(credit, Side.CREDIT, payment.amount, company_amount, payment.partner, text=text),
    )


def document_differs(old: Document, new: Document) -> tuple[str, ...]:
    """What makes `new` another document than the posted `old`: names of what changed, empty if it is the same (G17).

    Amount, account, dimension, partner, currency, posting date, company. Texts, receipts, numbers and the way a total
    is cut into lines are not a change, and neither is a rate that the ledger corrected since."""
    if old.type != new.type:
        return ("kind of document",)
    if isinstance(old, NewVendor) or isinstance(new, NewVendor):
        return ()
    changed = [
        name
        for name, attribute in (("company", "company"), ("currency", "currency"), ("posting date", "posting_date"))
        if getattr(old, attribute) != getattr(new, attribute)
    ]
    facets = zip(_facets(old), _facets(new), strict=True)
    changed += [name for (name, before), (_, after) in facets if before != after]
    return tuple(dict.fromkeys(changed))


def _facets(document: JournalEntry | VendorBill | Payment) -> list[tuple[str, object]]:
    if isinstance(document, Payment):
        direction = 1 if document.is_refund else -1
        return [
            ("amount", document.amount * direction),
            ("account", (document.money.id, document.payable.id)),
            ("partner", document.partner.id),
            ("settled documents", frozenset(document.settles)),
        ]
    facets: list[tuple[str, object]] = [
        ("amount", (document.total.amount, isinstance(document, VendorBill) and document.is_credit)),
        ("account", _net(document.lines, lambda line: line.account.id)),
        ("dimension", _net(document.lines, lambda line: (line.account.id, _dimension_ids(line)))),
        ("partner", _net(document.lines, lambda line: (line.account.id, line.partner.id if line.partner else ""))),
    ]
    if isinstance(document, VendorBill):
        facets.append(("partner", document.partner.id))
        facets.append(("account", document.payable.id))
    return facets


def _dimension_ids(line: Line) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((dimension.kind, dimension.id) for dimension in line.dimensions))


def _net(lines: Iterable[Line], key: Callable[[Line], object]) -> dict[object, Decimal]:
    net: dict[object, Decimal] = {}
    for line in lines:
        place, amount = key(line), line.amount if line.side is Side.DEBIT else -line.amount
        net[place] = net.get(place, Decimal(0)) + amount
    return {place: amount for place, amount in net.items() if amount}
