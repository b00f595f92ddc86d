"""Which lines, accounts and partners does a document name, and by what is a supplier's number told again?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.documents import Account, JournalEntry, Line, Partner, Payment, VendorBill

Posted = JournalEntry | VendorBill | Payment
"""What reaches the books."""


def lines_in(document: Posted) -> tuple[Line, ...]:
    return () if isinstance(document, Payment) else document.lines


def accounts_in(document: Posted) -> Iterator[Account]:
    """All of them, those that the ledger books to by itself too; one may come more than once."""
    yield from (line.account for line in lines_in(document))
    if isinstance(document, VendorBill):
        yield document.payable
    elif isinstance(document, Payment):
        yield from (document.payable, document.money)


def partners_in(document: Posted) -> Iterator[Partner]:
    """All of them; one may come more than once."""
    yield from (line.partner for line in lines_in(document) if line.partner)
    if not isinstance(document, JournalEntry):
        yield document.partner


def name_of(account: Account) -> str:
    """What people call an account."""
    return account.code or account.id


def plain_number(number: str) -> str:
    """A supplier's number as duplicates are told by: without case, spaces and punctuation (G21)."""
    return re.sub(r"[\W_]+", "", number).lower()
