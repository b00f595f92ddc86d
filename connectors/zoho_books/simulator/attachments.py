"""Which files and comments hang on a document?

The published files list uploads as query parameters; in reality they are multipart parts of the same name (observed).
What a journal takes is not published; here it is what a bill takes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from connectors.zoho_books.simulator.call import ApiCall, Handler, Route, answer
from connectors.zoho_books.simulator.errors import Unknown, invalid, missing, refused
from connectors.zoho_books.simulator.store import Item, Organisation
from connectors.zoho_books.simulator.values import text

if TYPE_CHECKING:
    from connectors.zoho_books.simulator.simulator import ZohoBooksSimulator

IMAGES = ("gif", "png", "jpeg", "jpg", "bmp", "pdf")
PAPERS = (*IMAGES, "xls", "xlsx", "doc", "docx")


@dataclass(frozen=True, slots=True)
class Place:
    """Where files of a resource go: path, multipart field, types taken, whether a new one replaces the old."""

    resource: str
    path: str
    part: str
    types: tuple[str, ...]
    replaces: bool
    scope: str
    words: str
    status: int


PLACES = (
    Place(
        "journals",
        "attachment",
        "attachment",
        IMAGES,
        False,
        "accountants",
        "Your file has been successfully attached to the journal.",
        201,
    ),
    Place("bills", "attachment", "attachment", IMAGES, False, "bills", "The document has been attached.", 201),
    Place("expenses", "receipt", "receipt", PAPERS, True, "expenses", "The expense receipt has been attached.", 200),
    Place(
        "expenses",
        "attachment",
        "attachment",
        (*PAPERS, "txt", "csv"),
        False,
        "expenses",
        "The expense attachment has been attached.",
        200,
    ),
)
COMMENTED = {"journals": "accountants", "bills": "bills", "vendorcredits": "debitnotes", "expenses": "expenses"}


class AttachmentsApi:
    """Files on journals, bills and expenses; comments on those and on vendor credits."""

    def __init__(self, simulator: ZohoBooksSimulator) -> None:
        self.simulator = simulator

    def routes(self) -> list[Route]:
        found = []
        for place in PLACES:
            path = f"/{place.resource}/<record_id>/{place.path}"
            found.append(Route("POST", path, self._bound(self.attach, place), f"{place.scope}.CREATE"))
            if place.resource != "journals" and (place.resource, place.path) != ("expenses", "attachment"):
                found.append(Route("GET", path, self._bound(self.download, place), f"{place.scope}.READ"))
                found.append(Route("DELETE", path, self._bound(self.detach, place), f"{place.scope}.DELETE"))
        for resource, scope in COMMENTED.items():
            path = f"/{resource}/<record_id>/comments"
            found.append(Route("GET", path, self._bound(self.comments, resource), f"{scope}.READ"))
            found.append(Route("POST", path, self._bound(self.comment, resource), f"{scope}.CREATE"))
        return found

    def attach(self, call: ApiCall, place: Place, record_id: str) -> Response:
        record = self.simulator.resources[place.resource].find(call.org, record_id)
        files = call.request.files.getlist(place.part)
        if not files:
            raise invalid(place.part)
        contents = [(one.filename or "", one.read()) for one in files]
        for name, content in contents:
            kind = name.rpartition(".")[2].lower()
            if kind not in place.types or len(content) > call.simulator.switches.attachment_bytes:
                raise refused(Unknown.ATTACHMENT, f"The file {name} cannot be attached.")
        if place.replaces:
            for one in files_of(call.org, record_id, place.path):
                call.org.documents.remove(one["document_id"])
        for name, content in contents:
            document_add(call.org, record_id, place.path, name, content)
        record["_modified"] = call.now
        return answer(place.words, place.status)

    def download(self, call: ApiCall, place: Place, record_id: str) -> Response:
        self.simulator.resources[place.resource].find(call.org, record_id)
        found = files_of(call.org, record_id, place.path)
        if not found:
            raise missing("Attachment")
        response = Response(found[-1]["_content"], content_type="application/octet-stream")
        response.headers["Content-Disposition"] = f'attachment; filename="{found[-1]["file_name"]}"'
        return response

    def detach(self, call: ApiCall, place: Place, record_id: str) -> Response:
        for one in files_of(call.org, record_id, place.path):
            call.org.documents.remove(one["document_id"])
        what = "attached expense receipt" if place.path == "receipt" else "attachment"
        return answer(f"The {what} has been deleted.")

    def comments(self, call: ApiCall, resource: str, record_id: str) -> Response:
        self.simulator.resources[resource].find(call.org, record_id)
        return answer(comments=[one for one in call.org.comments if one["_record_id"] == record_id])

    def comment(self, call: ApiCall, resource: str, record_id: str) -> Response:
        self.simulator.resources[resource].find(call.org, record_id)
        made = {
            "comment_id": call.org.new_id(),
            "description": text(call.body(), "description", required=True),
            "commented_by_id": call.user.ids[call.org.id],
            "commented_by": call.user.name,
            "comment_type": "internal",
            "date": call.today.isoformat(),
            "_record_id": record_id,
        }
        call.org.comments.put(made["comment_id"], made)
        if resource == "journals":
            return answer("Journal comment has been added successfully.", comment=[made])
        return answer("Comments added.", 201, comment=made)

    def _bound(self, handler: Handler, place: Place | str) -> Handler:
        return lambda call, record_id: handler(call, place, record_id)


def document_add(org: Organisation, record_id: str, kind: str, name: str, content: bytes) -> Item:
    document: Item = {
        "document_id": org.new_id(),
        "file_name": name,
        "file_type": name.rpartition(".")[2].lower(),
        "file_size": len(content),
        "_record_id": record_id,
        "_kind": kind,
        "_content": content,
        "_digest": hashlib.sha256(content).hexdigest(),
    }
    return org.documents.put(document["document_id"], document)


def files_of(org: Organisation, record_id: str, kind: str) -> list[Item]:
    return [one for one in org.documents if (one["_record_id"], one["_kind"]) == (record_id, kind)]


def documents_of(org: Organisation, record_id: str) -> list[Item]:
    """Attachments of a record, as records list them."""
    names = ("document_id", "file_name", "file_type", "file_size")
    return [{name: one[name] for name in names} for one in org.documents if one["_record_id"] == record_id]
