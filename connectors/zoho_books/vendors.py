"""How is a vendor created in Zoho once, although Zoho allows many of one name? Looked for by name, then made.

One lane at a time posts to an organisation, so nobody of ours makes the same between look and write."""

from __future__ import annotations

from dataclasses import replace

from connectors.base import Outcome, OutcomeState, Outgoing
from connectors.documents import NewVendor
from connectors.zoho_books.bodies import vendor_body
from connectors.zoho_books.client import one
from connectors.zoho_books.desk import CONTACTS, AlreadyThereError, Desk, absent, refused, twice
from connectors.zoho_books.schema import ContactRow

CANDIDATES = 5  # notes are read one contact at a time


def vendor_post(desk: Desk, outgoing: Outgoing, vendor: NewVendor) -> Outcome:
    """The vendor of exactly this name, or a new one. Raises ConnectorErrors, RejectedError for several of the name."""
    found = vendor_find(desk, outgoing, vendor)
    if found.state is OutcomeState.TWICE:
        many = len(found.duplicates)
        raise refused(f"Zoho has {many} vendors called {vendor.name}: choose one, or merge them.", "vendor_data")
    if found.state is not OutcomeState.ABSENT:
        return found
    try:
        answer = desk.create("contact", "/contacts", vendor_body(outgoing, vendor), outgoing.stamp)
    except AlreadyThereError as error:
        found = vendor_find(desk, replace(outgoing, is_first=False), vendor)
        if found.state is OutcomeState.ABSENT:
            raise error.refusal from error
        return found
    return _outcome(desk, outgoing, one(ContactRow, answer, "contact", written=True))


def vendor_find(desk: Desk, outgoing: Outgoing, vendor: NewVendor) -> Outcome:
    """The vendor with our stamp in his notes, whatever he is called by now, else the one of exactly this name."""
    marked = [] if outgoing.is_first else _marked(desk, outgoing.stamp)
    rows = marked or [row for row in _named(desk, vendor.name) if row.is_vendor]
    active = [row for row in rows if row.status != "inactive"]
    if len(active) > 1:
        return twice(outgoing, [row.contact_id for row in active])
    if active or rows:
        return _outcome(desk, outgoing, (active or rows)[0])
    return absent(outgoing)


def _marked(desk: Desk, stamp: str) -> list[ContactRow]:
    """Found by a search over names and notes; a list may not show the notes, so each candidate is read."""
    params = {"search_text": stamp, "contact_type": "vendor", "filter_by": "Status.All"}
    rows = desk.client.first(ContactRow, desk.company, "/contacts", "contacts", **params)
    return [
        row
        for row in rows[:CANDIDATES]
        if row.notes == stamp or desk.read(ContactRow, CONTACTS, row.contact_id).notes == stamp
    ]


def _named(desk: Desk, name: str) -> list[ContactRow]:
    """`contact_type` was seen to let customers through, so it is looked at again. Raises LookupBlindError where the
    names were not searched."""
    wanted = name.strip().casefold()
    params = {"contact_name": name.strip(), "contact_type": "vendor"}
    return desk.searched(ContactRow, CONTACTS, lambda row: row.contact_name.strip().casefold() == wanted, **params)


def _outcome(desk: Desk, outgoing: Outgoing, row: ContactRow) -> Outcome:
    state = OutcomeState.CANCELLED if row.status == "inactive" else OutcomeState.POSTED
    return Outcome(outgoing.key, state, ledger_id=row.contact_id, link=desk.link(CONTACTS, row.contact_id))
