"""How do receipts reach documents in Zoho, once each?"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import PurePosixPath

from urllib3.filepost import encode_multipart_formdata

from connectors.base import ReceiptFile
from connectors.zoho_books.desk import BILLS, CREDITS, EXPENSES, JOURNALS, PAYMENTS, Desk, Module, refused
from connectors.zoho_books.payments import CREDIT_REFUND, RETURN
from connectors.zoho_books.schema import BillRow, ExpenseRow, JournalRow, Row

KINDS: tuple[tuple[Module, type[Row]], ...] = ((BILLS, BillRow), (EXPENSES, ExpenseRow), (JOURNALS, JournalRow))


def attach_files(desk: Desk, files: Mapping[str, Sequence[ReceiptFile]]) -> dict[str, int]:
    """Attach the files that are not there yet; answers how many were added, by ledger id.

    Zoho tells the names of a document's files and not their contents, so a name carries a part of its content's hash.
    One read for each document, before anything is written, and one write for each file. Raises ConnectorErrors,
    RejectedError for payments and vendor credits, which take no files through the API."""
    added = dict.fromkeys(files, 0)
    there = {ledger_id: _there(desk, ledger_id) for ledger_id, some in files.items() if some}
    for ledger_id, some in files.items():
        for one in some:
            name = hashed_name(one)
            if name in there[ledger_id]:
                continue
            module, record_id = _place(ledger_id)
            part = {"attachment": (name, one.content, one.media_type)}
            body, content_type = encode_multipart_formdata(part, boundary=secrets.token_hex(16))
            desk.client.upload(desk.company, f"{module.path}/{record_id}/attachment", content_type, body)
            there[ledger_id].add(name)
            added[ledger_id] += 1
    return added


def hashed_name(one: ReceiptFile) -> str:
    """`receipt.pdf` as `receipt-1f2e3d4c.pdf`."""
    path = PurePosixPath(one.name.replace("\\", "/"))
    stem = "".join(sign if sign.isalnum() or sign in " ._-" else "_" for sign in path.stem)[:80] or "file"
    return f"{stem}-{sha256(one.content).hexdigest()[:8]}{path.suffix[:10]}"


def _place(ledger_id: str) -> tuple[Module, str]:
    if ledger_id.startswith((PAYMENTS.prefix, CREDITS.prefix, RETURN, CREDIT_REFUND)):
        raise refused("Zoho takes no files on payments and vendor credits through its API; attach it there by hand.")
    for module in (BILLS, EXPENSES):
        if ledger_id.startswith(module.prefix):
            return module, ledger_id.removeprefix(module.prefix)
    return JOURNALS, ledger_id


def _there(desk: Desk, ledger_id: str) -> set[str]:
    module, record_id = _place(ledger_id)
    row = desk.read(dict(KINDS)[module], module, record_id)
    return {one.file_name for one in row.documents} if isinstance(row, BillRow | ExpenseRow | JournalRow) else set()
