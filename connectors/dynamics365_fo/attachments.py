"""Where do receipts go in Dynamics? To pending vendor invoices, while they wait; no data entity takes files for others.

(https://learn.microsoft.com/en-us/dynamics365/fin-ops-core/dev-itpro/data-entities/entity-vendor-invoice-header and
the entities beside it; the key of an attachment is that of its invoice alone, so that a second file may be refused.)"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import PurePath
from typing import Any

from connectors.base import ReceiptFile
from connectors.dynamics365_fo.client import PROVIDER, Query
from connectors.dynamics365_fo.desk import Desk
from connectors.dynamics365_fo.errors import ALREADY_THERE
from connectors.dynamics365_fo.invoices import INVOICE_ID
from connectors.dynamics365_fo.journals import PENDING
from connectors.dynamics365_fo.literals import one_of
from connectors.dynamics365_fo.multipart import Changeset
from connectors.dynamics365_fo.schema_documents import AttachmentRow
from connectors.errors import RejectedError, UnsupportedError

SET = "VendorInvoiceDocumentAttachments"
LONGEST = 60  # characters of a name
TYPE = "File"  # the document type that every company has
Papers = Mapping[str, Sequence[ReceiptFile]]


def attach(desk: Desk, files: Papers) -> dict[str, int]:
    """How many files were added to each document. Those that nothing can be attached to are refused: with
    UnsupportedError where it is all of them, else with RejectedError, before anything is sent. Safe to repeat: a file
    is known again by its name and the digest in its notes."""
    references = _references(desk, files)
    if lost := [one for one in files if one not in references]:
        kind = UnsupportedError if len(lost) == len(files) else RejectedError
        raise kind(
            "Dynamics takes files for vendor invoices alone, while they are pending: the receipt stays at the source. "
            "Switch attaching off in the flow if it is never to be asked for.",
            provider=PROVIDER,
        )
    there = _there(desk, references.values())
    first: list[tuple[str, dict[str, Any]]] = []
    further: list[tuple[str, dict[str, Any]]] = []
    for ledger_id, some in files.items():
        known = there.setdefault(references[ledger_id], set())
        for file in some:
            body = body_of(desk.company, references[ledger_id], file)
            if (mark := (body["FileName"], body["Notes"])) not in known:
                (further if known else first).append((ledger_id, body))
                known.add(mark)
    added: Counter[str] = Counter(dict.fromkeys(files, 0))
    _write(desk, first, added)
    for one in further:
        _write(desk, [one], added)
    return dict(added)


def body_of(company: str, reference: str, file: ReceiptFile) -> dict[str, Any]:
    path = PurePath(file.name)
    return {
        "dataAreaId": company,
        "HeaderReference": reference,
        "TypeId": TYPE,
        "FileName": file.name[-LONGEST:],
        "FileType": path.suffix.lstrip(".").lower(),
        "Name": path.stem[:LONGEST],
        "Notes": sha256(file.content).hexdigest()[:16],
        "FileContents": base64.b64encode(file.content).decode(),
    }


def _references(desk: Desk, files: Papers) -> dict[str, str]:
    """The references of pending invoices by the ids of documents; others are left out."""
    stamps = {one.removeprefix(INVOICE_ID): one for one in files if one.startswith(INVOICE_ID)}
    found = desk.lookup.found(dict.fromkeys(stamps, (PENDING,)))
    return {
        ledger_id: found[stamp].invoice.waiting[0].header_reference
        for stamp, ledger_id in stamps.items()
        if found[stamp].invoice.waiting
    }


def _there(desk: Desk, references: Any) -> dict[str, set[tuple[str, str]]]:
    held: dict[str, set[tuple[str, str]]] = {}
    for row in desk.client.rows(Query(AttachmentRow, desk.company, one_of("HeaderReference", references))):
        held.setdefault(row.header_reference, set()).add((row.file_name, row.notes))
    return held


def _write(desk: Desk, some: Sequence[tuple[str, dict[str, Any]]], added: Counter[str]) -> None:
    """All of it or nothing."""
    if not some:
        return
    operations = tuple(desk.client.operation("POST", SET, body) for _, body in some)
    failure = desk.client.failure(desk.client.write([Changeset(operations)])[0])
    if isinstance(failure, RejectedError) and failure.cure == ALREADY_THERE:
        names = ", ".join(str(body["FileName"]) for _, body in some)
        raise UnsupportedError(
            f"Dynamics takes one file for this invoice: {names} stays at the source.", provider=PROVIDER
        )
    if failure is not None:
        raise failure
    added.update(Counter(ledger_id for ledger_id, _ in some))
