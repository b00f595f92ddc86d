"""Where do receipts lie: presigned download links of 15 minutes, upload links of 30?"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from connectors.brex.simulator.state import Item

if TYPE_CHECKING:
    from connectors.brex.simulator.simulator import BrexSimulator

MOST_BYTES = 50 * 1024 * 1024
PREFIX = "/files"


class FileHost:
    """The storage behind the links; it takes no bearer token, the signature in the link is the permission."""

    def __init__(self, simulator: BrexSimulator) -> None:
        self.simulator = simulator

    def rules(self) -> list[Rule]:
        return [
            Rule(f"{PREFIX}/<receipt_id>", methods=["GET"], endpoint=self.download),
            Rule(f"{PREFIX}/uploads/<upload_id>", methods=["PUT"], endpoint=self.upload),
        ]

    def links(self, request: Request, receipt_id: str) -> list[str]:
        """A new link each time it is asked for."""
        ends = self.simulator.clock.now() + timedelta(seconds=self.simulator.switches.receipt_link_seconds)
        return [self._link(request, f"{PREFIX}/{receipt_id}", receipt_id, ends)]

    def new_upload(self, request: Request, name: str, expense_id: str | None) -> Item:
        upload_id = self.simulator.store.new_id("receipt")
        ends = self.simulator.clock.now() + timedelta(seconds=self.simulator.switches.upload_link_seconds)
        self.simulator.store.uploads[upload_id] = {"id": upload_id, "name": name, "expense_id": expense_id}
        return {"id": upload_id, "uri": self._link(request, f"{PREFIX}/uploads/{upload_id}", upload_id, ends)}

    def add_receipt(self, name: str = "receipt.pdf", text: str = "Receipt") -> str:
        receipt_id = self.simulator.store.new_id("receipt")
        self.simulator.store.receipts[receipt_id] = {"id": receipt_id, "name": name, "text": text}
        return receipt_id

    def download(self, request: Request, receipt_id: str) -> Response:
        receipt = self.simulator.store.receipts.get(receipt_id)
        if not self._is_signed(request, receipt_id):
            return _denied()
        if receipt is None:
            return Response("NoSuchKey", status=404, content_type="application/xml")
        headers = {"Content-Disposition": f'attachment; filename="{receipt["name"]}"'}
        return Response(receipt.get("_bytes") or pdf(receipt["text"]), headers=headers, content_type="application/pdf")

    def upload(self, request: Request, upload_id: str) -> Response:
        wanted = self.simulator.store.uploads.get(upload_id)
        if wanted is None or not self._is_signed(request, upload_id):
            return _denied()
        data = request.get_data()
        if len(data) > MOST_BYTES:
            return Response("EntityTooLarge", status=400, content_type="application/xml")
        store = self.simulator.store
        store.receipts[upload_id] = {"id": upload_id, "name": wanted["name"], "text": wanted["name"], "_bytes": data}
        if expense := store.expenses.get(wanted["expense_id"] or ""):
            expense["receipts"] = [*(expense.get("receipts") or []), {"id": upload_id}]
            expense["updated_at"] = self.simulator.stamp()
            store.expenses.put(expense)
        return Response(status=200)

    def _link(self, request: Request, path: str, file_id: str, ends: datetime) -> str:
        seconds = int(ends.timestamp())
        return f"{request.host_url.rstrip('/')}{path}?expires={seconds}&sig={self._signature(file_id, seconds)}"

    def _signature(self, file_id: str, seconds: int) -> str:
        return hashlib.blake2s(f"{self.simulator.seed}:{file_id}:{seconds}".encode(), digest_size=12).hexdigest()

    def _is_signed(self, request: Request, file_id: str) -> bool:
        expires = request.args.get("expires", "")
        if not expires.isdigit() or request.args.get("sig") != self._signature(file_id, int(expires)):
            return False
        return self.simulator.clock.now().timestamp() < int(expires)


def _denied() -> Response:
    return Response("<Error><Code>AccessDenied</Code></Error>", status=403, content_type="application/xml")


def pdf(text: str) -> bytes:
    """A small valid page with one line of text."""
    line = text.encode("latin-1", "replace").replace(b"\\", b"").replace(b"(", b"[").replace(b")", b"]")
    stream = b"BT /F1 14 Tf 40 120 Td (" + line + b") Tj ET"
    objects: list[Any] = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 420 160]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, content)
    start = len(out)
    table = b"".join(b"%010d 00000 n \n" % at for at in offsets)
    out += b"xref\n0 6\n0000000000 65535 f \n" + table
    return out + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % start
