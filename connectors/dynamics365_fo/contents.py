"""Which lines, accounts and vendors does a document name?"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.documents import Account, JournalEntry, Line, Partner, Payment, VendorBill
from connectors.dynamics365_fo.accounts import VENDOR
from connectors.dynamics365_fo.journals import Posted


def lines_in(document: Posted) -> tuple[Line, ...]:
    return () if isinstance(document, Payment) else document.lines


def accounts_in(document: Posted) -> Iterator[Account]:
    yield from (line.account for line in lines_in(document))
    if isinstance(document, VendorBill):
        yield document.payable
    elif isinstance(document, Payment):
        yield from (document.payable, document.money)


def partners_in(document: Posted) -> Iterator[Partner]:
    yield from (line.partner for line in lines_in(document) if line.partner)
    if not isinstance(document, JournalEntry):
        yield document.partner


def booked_to(document: Posted) -> Iterator[Partner]:
    """Vendors that get a transaction; on a ledger account a partner is text for people."""
    for line in lines_in(document):
        if line.partner and line.account.id == VENDOR:
            yield line.partner
    if not isinstance(document, JournalEntry):
        yield document.partner


def name_of(account: Account) -> str:
    return account.code or account.id
