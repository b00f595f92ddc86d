"""How do receipts reach a document in Odoo, once each?"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from hashlib import sha1

from connectors.base import ReceiptFile
from connectors.odoo.desk import PAYMENT_PREFIX, Desk
from connectors.odoo.schema import AttachmentRow


def attach_files(desk: Desk, ledger_id: str, files: Sequence[ReceiptFile]) -> int:
    """Attach the files that are not there under the same name and content; answers how many were added.

    Raises ConnectorErrors, among them OutcomeUnknownError: to repeat it is safe, because it looks first."""
    model, _, number = ledger_id.rpartition(":")
    model = "account.payment" if f"{model}:" == PAYMENT_PREFIX else "account.move"
    rows = desk.client.rows(
        AttachmentRow,
        [["res_model", "=", model], ["res_id", "=", int(number)]],
        company=desk.company,
    )
    there = {(row.name, row.checksum) for row in rows}
    wanted = {(one.name, sha1(one.content, usedforsecurity=False).hexdigest()): one for one in files}
    missing = [one for slot, one in wanted.items() if slot not in there]
    if missing:
        desk.client.call(
            "ir.attachment",
            "create",
            company=desk.company,
            writes=True,
            vals_list=[
                {
                    "name": one.name,
                    "res_model": model,
                    "res_id": int(number),
                    "mimetype": one.media_type,
                    "datas": base64.b64encode(one.content).decode(),
                }
                for one in missing
            ],
        )
    return len(missing)
