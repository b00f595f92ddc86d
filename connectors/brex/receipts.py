"""How do the files of a record come out of Brex? Over links that live 15 minutes, so they are asked for afresh."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from connectors.base import ReceiptFile
from connectors.brex.client import IDS_PER_CALL, BrexClient, Json
from connectors.brex.errors import MissingError
from connectors.brex.lookups import chunks, rows
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


def receipt_files(client: BrexClient, stream: str, external_ids: Sequence[str]) -> Iterator[tuple[str, ReceiptFile]]:
    """Every receipt of some records, named by its id. Raises PayloadError for one that is too large."""
    wanted = [one for one in dict.fromkeys(external_ids) if not one.endswith(PAYMENT_PART)]
    for part in chunks(wanted, IDS_PER_CALL):
        for external_id, links in _links(client, stream, part):
            for receipt_id, link in links.items():
                yield external_id, _file(client, receipt_id, link, partial(_again, client, stream, external_id))


def _again(client: BrexClient, stream: str, external_id: str) -> Links:
    return next((links for _, links in _links(client, stream, [external_id])), {})


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


def _links(client: BrexClient, stream: str, external_ids: Sequence[str]) -> Iterator[tuple[str, Links]]:
    """The links of each record, asked for when it is its turn as far as that costs a call of its own."""
    if stream == ACCOUNTING_RECORDS:
        for page in client.records_by_id(external_ids):
            for record in page:
                source_id = str(record.get("source_id") or "")
                is_expense = str(record.get("type")) in EXPENSE_TYPES or record.get("source_type") == "BILL"
                links = _fresh(record) or (_of_expense(client, source_id) if source_id and is_expense else {})
                yield str(record.get("id")), links
    elif stream == EXPENSES:
        for one in external_ids:
            yield one, _of_expense(client, one)


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
