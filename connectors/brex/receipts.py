"""How do the files of a record come out of Brex? Over links that live 15 minutes, so they are asked for afresh."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterator

from connectors.base import ReceiptFile
from connectors.brex.client import BrexClient, Json
from connectors.brex.errors import MissingError
from connectors.brex.lookups import rows
from connectors.brex.parse_record import EXPENSE_TYPES
from connectors.brex.streams import ACCOUNTING_RECORDS, EXPENSES, PAYMENT_PART
from connectors.errors import PayloadError, RejectedError

LARGEST = 25_000_000  # bytes; Brex takes up to 50 MB, ledgers take less

SIGNATURES = (
    (b"%PDF", "application/pdf", ".pdf"),
    (b"\xff\xd8\xff", "image/jpeg", ".jpg"),
    (b"\x89PNG", "image/png", ".png"),
)

Links = dict[str, str]


def receipt_files(client: BrexClient, stream: str, external_id: str) -> Iterator[ReceiptFile]:
    """Every receipt of a record, named by its id. Raises PayloadError for one that is too large."""
    if external_id.endswith(PAYMENT_PART):
        return

    def ask() -> Links:
        return _links(client, stream, external_id)

    for receipt_id in (links := ask()):
        yield _file(client, receipt_id, links[receipt_id], ask)


def _file(client: BrexClient, receipt_id: str, link: str, ask: Callable[[], Links]) -> ReceiptFile:
    try:
        response = client.api.download(link)
    except RejectedError as error:
        if error.status not in (401, 403, 404):
            raise
        renewed = ask().get(receipt_id, "")  # the link has run out while others were fetched
        if not renewed:
            raise
        response = client.api.download(renewed)
    if len(response.content) > LARGEST:
        raise PayloadError(f"Receipt {receipt_id} has {len(response.content):,} bytes; {LARGEST:,} are taken at most.")
    for signature, media_type, ending in SIGNATURES:
        if response.content.startswith(signature):
            return ReceiptFile(f"{receipt_id}{ending}", media_type, response.content)
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip() or "application/octet-stream"
    return ReceiptFile(f"{receipt_id}{mimetypes.guess_extension(media_type) or '.bin'}", media_type, response.content)


def _links(client: BrexClient, stream: str, external_id: str) -> Links:
    if stream == ACCOUNTING_RECORDS:
        record = next((one for page in client.records_by_id([external_id]) for one in page), None)
        if record is None:
            return {}
        source_id = str(record.get("source_id") or "")
        is_expense = str(record.get("type")) in EXPENSE_TYPES or record.get("source_type") == "BILL"
        return _fresh(record) or (_of_expense(client, source_id) if source_id and is_expense else {})
    if stream == EXPENSES:
        return _of_expense(client, external_id)
    return {}


def _of_expense(client: BrexClient, expense_id: str) -> Links:
    try:
        expense = client.expense(expense_id, ["receipts.download_uris"])
    except MissingError:
        return {}
    links = _fresh(expense)
    for item in rows(expense.get("expense_line_items")):
        links.update(_fresh(item))
    return links


def _fresh(holder: Json) -> Links:
    found = ((receipt.get("id"), receipt.get("download_uris")) for receipt in rows(holder.get("receipts")))
    return {str(key): str(uris[0]) for key, uris in found if key and isinstance(uris, list) and uris}
