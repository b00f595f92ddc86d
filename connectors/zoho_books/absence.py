"""Can it be believed that a document is not there? Only if the list that does not show it shows another of ours."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.base import LookupBlindError, Outcome, OutcomeState, Outgoing
from connectors.documents import Document, JournalEntry, NewVendor, Payment, VendorBill
from connectors.zoho_books.desk import BILLS, CREDITS, EXPENSES, JOURNALS, PAYMENTS, Desk, Module
from connectors.zoho_books.errors import PROVIDER
from connectors.zoho_books.expenses import could_be_expense
from connectors.zoho_books.listing import list_stamped
from connectors.zoho_books.returns import is_return
from connectors.zoho_books.schema import BillRow, CreditRow, ExpenseRow, JournalRow, PaymentRow, Row
from connectors.zoho_books.stamps import MARK, is_stamp

KINDS: dict[Module, type[Row]] = {
    JOURNALS: JournalRow,
    BILLS: BillRow,
    PAYMENTS: PaymentRow,
    CREDITS: CreditRow,
    EXPENSES: ExpenseRow,
}


def absence_check(desk: Desk, batch: Sequence[Outgoing], outcomes: Sequence[Outcome], known: str) -> None:
    """Raises LookupBlindError where a document that is surely there is not shown: the one that the caller knows, and
    for the other modules in which something is absent, one that they list themselves. A module that lists none of ours
    gives no witness and needs none: nothing that was there is missing.

    One call for the document that is known, two more for each other module. Safe to repeat."""
    pairs = zip(batch, outcomes, strict=True)
    absent = [one for one, outcome in pairs if outcome.state is OutcomeState.ABSENT]
    modules = list(dict.fromkeys(module for one in absent for module in modules_of(one.document)))
    stamps = {one.stamp for one in batch}
    vouched = None if known in stamps else _shown_in(desk, known, modules)
    for module in modules:
        if module is not vouched:
            _witness(desk, module, stamps)


def modules_of(document: Document) -> tuple[Module, ...]:
    """Where a document is looked for by its stamp, or by that of the one which it belongs to."""
    if isinstance(document, NewVendor):
        return ()
    if isinstance(document, VendorBill):
        return (CREDITS,) if document.is_credit else (BILLS,)
    if isinstance(document, Payment):
        return (CREDITS,) if document.is_refund else (PAYMENTS,)
    if isinstance(document, JournalEntry) and is_return(document):
        return (PAYMENTS,)
    return (JOURNALS, EXPENSES) if could_be_expense(document) else (JOURNALS,)


def _shown_in(desk: Desk, known: str, first: Sequence[Module]) -> Module | None:
    """The module that shows a document which is surely there; None for a refund, which no list shows by its stamp."""
    for module in dict.fromkeys((*first, *KINDS)):
        if desk.stamped(KINDS[module], module, known):
            return module
    if any(one.stamp == known for page in list_stamped(desk, None) for one in page):
        return None
    raise _blind(known, "Zoho")


def _witness(desk: Desk, module: Module, stamps: set[str]) -> None:
    params = {"reference_number_startswith": MARK, "filter_by": module.everything}
    rows = desk.client.first(KINDS[module], desk.company, module.path, module.listed, **params)
    listed = [str(getattr(row, "reference_number", "")) for row in rows]
    other = next((one for one in listed if is_stamp(one) and one not in stamps), "")
    if other and not desk.stamped(KINDS[module], module, other):
        raise _blind(other, f"Zoho's {module.noun}s")


def _blind(stamp: str, where: str) -> LookupBlindError:
    return LookupBlindError(
        f"A search in {where} does not show {stamp}, which is there: a right, a filter or the organisation was lost.",
        provider=PROVIDER,
    )
