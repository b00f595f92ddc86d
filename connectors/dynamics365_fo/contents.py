"""To which vendors is a document booked, and which holds on a vendor keep it from being posted?"""

from __future__ import annotations

from connectors.contents import Posted, lines_in
from connectors.documents import Partner, Payment, VendorBill
from connectors.dynamics365_fo.accounts import VENDOR
from connectors.dynamics365_fo.closing import OWING, PAYING
from connectors.records import Side

Holds = frozenset[str]


def booked_to(document: Posted) -> dict[Partner, Holds]:
    """Vendors that get a transaction, with the holds that stop it: what is owed more is an invoice, what is owed less a
    payment, whatever the document is. On a ledger account a partner is text for people."""
    found: dict[Partner, Holds] = {}
    for line in lines_in(document):
        if line.partner and line.account.id == VENDOR:
            holds = OWING if line.side is Side.CREDIT else PAYING
            found[line.partner] = found.get(line.partner, frozenset()) | holds
    if isinstance(document, VendorBill):
        found[document.partner] = OWING | PAYING if document.is_credit else OWING
    elif isinstance(document, Payment):
        found[document.partner] = OWING | PAYING if document.is_refund else PAYING
    return found
