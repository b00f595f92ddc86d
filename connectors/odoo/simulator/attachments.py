"""What does Odoo keep of an attached file?"""

from __future__ import annotations

import base64
import binascii
import hashlib
import mimetypes
from typing import Any

from .environment import Environment, Records, computed
from .errors import access_error
from .generic import CREATORS
from .registry import method
from .schema import SCHEMA
from .store import Record
from .values import stored

SIGNATURES = (
    (b"\x89PNG", "image/png"),
    (b"%PDF", "application/pdf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)


def create_attachments(env: Environment, vals_list: list[Record]) -> list[int]:
    """Files, on posted moves too; base64 that cannot be read is kept as garbage, not refused (observed on 19.0)."""
    ids = []
    for vals in vals_list:
        record = {"type": "binary", "res_model": False, "res_id": False, **stored(env, "ir.attachment", vals)}
        model, target = record["res_model"], record["res_id"]
        if model and (model not in SCHEMA or (target and target not in env.store.tables[model])):
            raise access_error("Sorry, you are not allowed to access this document.")
        content = _content(str(record.pop("datas", "") or ""), record.pop("raw", None))
        record.update(
            content=content,
            file_size=len(content),
            checksum=hashlib.sha1(content, usedforsecurity=False).hexdigest(),
            mimetype=record.get("mimetype") or _mimetype(str(record.get("name") or ""), content),
            company_id=env.company["id"],
        )
        ids.append(env.insert("ir.attachment", record))
    return ids


def _content(datas: str, raw: Any) -> bytes:
    if raw:
        return str(raw).encode()
    try:
        return base64.b64decode(datas)
    except (binascii.Error, ValueError):
        return b""


def _mimetype(name: str, content: bytes) -> str:
    for signature, kind in SIGNATURES:
        if content.startswith(signature):
            return kind
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


@computed("ir.attachment", "datas")
def _datas(env: Environment, record: Record) -> str | bool:
    if env.context.get("bin_size"):
        return f"{record['file_size']:.2f} bytes"
    return base64.b64encode(record["content"]).decode() if record["content"] else False


@computed("ir.attachment", "raw")
def _raw(env: Environment, record: Record) -> str | bool:
    return record["content"].decode("utf-8", "replace") or False


@method("account.move", "message_post")
def _message_post(self: Records, body: str = "", attachment_ids: Any = None, **_: Any) -> list[int]:
    """Accepted and counted; the simulator keeps no discussion."""
    store = self.env.store
    store.sequences["mail.message"] += 1
    return [store.sequences["mail.message"]]


CREATORS["ir.attachment"] = create_attachments
