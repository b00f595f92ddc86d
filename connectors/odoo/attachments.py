"""How do receipts reach documents in Odoo, once each?"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha1
from typing import Any

from connectors.base import ReceiptFile
from connectors.odoo.desk import PAYMENT_PREFIX, Desk
from connectors.odoo.schema import AttachmentRow

LARGEST_WRITE = 20_000_000  # bytes of content in one call, a third more on the wire; a larger file goes alone

Place = tuple[str, int]


def attach_files(desk: Desk, files: Mapping[str, Sequence[ReceiptFile]]) -> dict[str, int]:
    """Attach the files that are not there under the same name and content; answers how many were added, by ledger id.

    Raises ConnectorErrors, among them OutcomeUnknownError: to repeat it is safe, because it looks first."""
    places = {ledger_id: _place(ledger_id) for ledger_id, some in files.items() if some}
    added = dict.fromkeys(files, 0)
    there = _there(desk, places.values())
    missing: list[tuple[str, ReceiptFile]] = []
    for ledger_id, place in places.items():
        for one in files[ledger_id]:
            slot = (place, one.name, sha1(one.content, usedforsecurity=False).hexdigest())
            if slot not in there:
                there.add(slot)
                missing.append((ledger_id, one))
    for part in _parts(missing):
        vals = [_vals(places[ledger_id], one) for ledger_id, one in part]
        desk.client.call("ir.attachment", "create", company=desk.company, writes=True, vals_list=vals)
        for ledger_id, _ in part:
            added[ledger_id] += 1
    return added


def _place(ledger_id: str) -> Place:
    number = int(ledger_id.rpartition(":")[2])
    return ("account.payment" if ledger_id.startswith(PAYMENT_PREFIX) else "account.move", number)


def _there(desk: Desk, places: Iterable[Place]) -> set[tuple[Place, str, str]]:
    by_model: dict[str, list[int]] = {}
    for model, number in places:
        by_model.setdefault(model, []).append(number)
    if not by_model:
        return set()
    domain: list[Any] = ["|"] * (len(by_model) - 1)
    for model, numbers in by_model.items():
        domain += ["&", ["res_model", "=", model], ["res_id", "in", sorted(numbers)]]
    rows = desk.client.rows(AttachmentRow, domain, company=desk.company)
    return {((row.res_model, row.res_id), row.name, row.checksum) for row in rows}


def _parts(missing: Sequence[tuple[str, ReceiptFile]]) -> Iterator[list[tuple[str, ReceiptFile]]]:
    part: list[tuple[str, ReceiptFile]] = []
    size = 0
    for one in missing:
        if part and size + len(one[1].content) > LARGEST_WRITE:
            yield part
            part, size = [], 0
        part.append(one)
        size += len(one[1].content)
    if part:
        yield part


def _vals(place: Place, one: ReceiptFile) -> dict[str, Any]:
    return {
        "name": one.name,
        "res_model": place[0],
        "res_id": place[1],
        "mimetype": one.media_type,
        "datas": base64.b64encode(one.content).decode(),
    }
