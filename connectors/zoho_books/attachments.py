"""How do receipts reach documents in Zoho, once each?"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import PurePosixPath

from urllib3.filepost import encode_multipart_formdata

from connectors.base import ReceiptFile
from connectors.errors import RejectedError, UnsupportedError
from connectors.zoho_books.desk import BILLS, CREDITS, EXPENSES, JOURNALS, PAYMENTS, Desk, Module
from connectors.zoho_books.errors import PROVIDER
from connectors.zoho_books.refunds import CREDIT_REFUND, RETURN
from connectors.zoho_books.schema import BillRow, ExpenseRow, JournalRow, PaymentRow, Row

KINDS: tuple[tuple[Module, type[Row]], ...] = ((BILLS, BillRow), (EXPENSES, ExpenseRow), (JOURNALS, JournalRow))
WITHOUT_FILES = (CREDITS.prefix, RETURN, CREDIT_REFUND)
Place = tuple[Module, str]


def attach_files(desk: Desk, files: Mapping[str, Sequence[ReceiptFile]]) -> dict[str, int]:
    """Attach the files that are not there yet; answers how many were added, by ledger id. What belongs to a payment
    goes to the oldest of its bills, as payments themselves take none through the API.

    Zoho tells the names of a document's files and not their contents, so a name carries a part of its content's hash.
    One read for each document, two for a payment, before anything is written, and one write for each file. Raises
    ConnectorErrors; for documents that no file can be attached to UnsupportedError where it is all of them, else
    RejectedError."""
    wanted = {ledger_id: some for ledger_id, some in files.items() if some}
    places = {ledger_id: place for ledger_id in wanted if (place := _place(desk, ledger_id))}
    if lost := wanted.keys() - places.keys():
        kind = UnsupportedError if len(lost) == len(wanted) else RejectedError
        raise kind(
            "Zoho takes no files on vendor credits, refunds and payments without a bill through its API: the receipt "
            "stays at the source.",
            provider=PROVIDER,
        )
    there = {place: _there(desk, place) for place in dict.fromkeys(places.values())}
    added = dict.fromkeys(files, 0)
    for ledger_id, (module, record_id) in places.items():
        for one in wanted[ledger_id]:
            name = hashed_name(one)
            if name in there[module, record_id]:
                continue
            part = {"attachment": (name, one.content, one.media_type)}
            body, content_type = encode_multipart_formdata(part, boundary=secrets.token_hex(16))
            desk.client.upload(desk.company, f"{module.path}/{record_id}/attachment", content_type, body)
            there[module, record_id].add(name)
            added[ledger_id] += 1
    return added


def hashed_name(one: ReceiptFile) -> str:
    """`receipt.pdf` as `receipt-1f2e3d4c.pdf`."""
    path = PurePosixPath(one.name.replace("\\", "/"))
    stem = "".join(sign if sign.isalnum() or sign in " ._-" else "_" for sign in path.stem)[:80] or "file"
    return f"{stem}-{sha256(one.content).hexdigest()[:8]}{path.suffix[:10]}"


def _place(desk: Desk, ledger_id: str) -> Place | None:
    """Which document takes the files; None if none does."""
    if ledger_id.startswith(WITHOUT_FILES):
        return None
    if ledger_id.startswith(PAYMENTS.prefix):
        bills = desk.read(PaymentRow, PAYMENTS, ledger_id.removeprefix(PAYMENTS.prefix)).bills
        first = min((one.bill_id for one in bills), key=lambda bill_id: (len(bill_id), bill_id), default="")
        return (BILLS, first) if first else None
    for module in (BILLS, EXPENSES):
        if ledger_id.startswith(module.prefix):
            return module, ledger_id.removeprefix(module.prefix)
    return JOURNALS, ledger_id


def _there(desk: Desk, place: Place) -> set[str]:
    module, record_id = place
    row = desk.read(dict(KINDS)[module], module, record_id)
    return {one.file_name for one in row.documents} if isinstance(row, BillRow | ExpenseRow | JournalRow) else set()
