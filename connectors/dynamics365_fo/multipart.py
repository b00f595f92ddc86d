"""How do many operations travel in one `$batch`? As parts of a multipart body, and their answers likewise.

A changeset is done as a whole or not at all; what stands outside of changesets is independent
(https://learn.microsoft.com/en-us/dynamics365/fin-ops-core/dev-itpro/data-entities/odata#batch-requests). The outer
status is 200 whatever became of the parts, and a failed changeset answers with one part whose `Content-ID` tells
nothing (observed).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from requests.structures import CaseInsensitiveDict

from connectors.answers import ApiResponse
from connectors.codec import json_text
from connectors.errors import PayloadError

JSON = "application/json;odata.metadata=minimal"
END = b"\r\n"
_BLANK = re.compile(rb"\r?\n\r?\n")
_BOUNDARY = re.compile(r'boundary="?([^";,\s]+)"?', re.IGNORECASE)
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)?\s+(\d{3})")


@dataclass(frozen=True, slots=True)
class Operation:
    """One inner request; `url` is absolute. Without a body it is a reading."""

    method: str
    url: str
    body: Mapping[str, Any] | None = None

    @property
    def entity_set(self) -> str:
        return re.split(r"[(?/]", self.url.rpartition("/data/")[2], maxsplit=1)[0]


@dataclass(frozen=True, slots=True)
class Changeset:
    """Operations that are done all together, in this order, or not at all."""

    operations: tuple[Operation, ...]


Part = Operation | Changeset


def encode(parts: Sequence[Part]) -> tuple[str, bytes]:
    """The content type and the body of a `$batch`."""
    word = uuid.uuid4().hex[:12]
    lines: list[bytes] = []
    number = 0
    for at, part in enumerate(parts):
        lines.append(f"--batch_{word}".encode())
        if isinstance(part, Operation):
            lines += _operation(part, 0)
            continue
        inner = f"changeset_{word}_{at}"
        lines += [f"Content-Type: multipart/mixed; boundary={inner}".encode(), b""]
        for operation in part.operations:
            number += 1
            lines += [f"--{inner}".encode(), *_operation(operation, number)]
        lines += [f"--{inner}--".encode(), b""]
    lines += [f"--batch_{word}--".encode(), b""]
    return f"multipart/mixed; boundary=batch_{word}", END.join(lines)


def decode(content_type: str, content: bytes, *, writes: bool) -> list[list[ApiResponse]]:
    """The answers of each part in order: one for an operation, one each or a single failure for a changeset. Of a part
    that `writes` a failure may have been done all the same, of one that reads it may be asked again.

    Raises PayloadError when it is no multipart body, or does not end as it should: then nothing is known."""
    answers: list[list[ApiResponse]] = []
    for kind, body in _parts(content_type, content):
        if kind.lower().startswith("multipart/"):
            answers.append([_response(inner, writes) for _, inner in _parts(kind, body)])
        else:
            answers.append([_response(body, writes)])
    return answers


def _operation(operation: Operation, number: int) -> list[bytes]:
    head = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if number:
        head.append(f"Content-ID: {number}")
    head += ["", f"{operation.method} {operation.url} HTTP/1.1", f"Accept: {JSON}"]
    if operation.body is None:
        return [line.encode() for line in (*head, "", "")]
    head.append(f"Content-Type: {JSON}")
    return [*(line.encode() for line in (*head, "")), json_text(operation.body).encode(), b""]


def _parts(content_type: str, content: bytes) -> list[tuple[str, bytes]]:
    """Content type and body of the parts of one multipart body, whichever way its lines end."""
    told = _BOUNDARY.search(content_type)
    if told is None:
        raise PayloadError("The answer to a batch has no parts.")
    mark = re.escape(told.group(1).encode())
    pieces = re.split(rb"(?:^|\r?\n)--" + mark + rb"(--)?[ \t]*(?=\r?\n|$)", content)
    # pieces: preamble, then for each mark whether it closes, and what follows it
    closing, bodies = pieces[1::2], pieces[2::2]
    if not closing or closing[-1] != b"--":
        raise PayloadError("The answer to a batch was cut off.")
    found = []
    for body in bodies[: closing.index(b"--")]:
        head, _, rest = _cut(body)
        kind = re.search(rb"(?im)^content-type:[ \t]*([^\r\n]+)", head)
        found.append((kind.group(1).decode("latin-1") if kind else "", rest))
    return found


def _response(content: bytes, writes: bool) -> ApiResponse:
    head, found, body = _cut(content)
    status = _STATUS.match(head.lstrip())
    if not found or status is None:
        raise PayloadError("A part of a batch is no answer.")
    headers: CaseInsensitiveDict[str] = CaseInsensitiveDict()
    for line in head.lstrip().splitlines()[1:]:
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip()] = value.strip()
    text = body.strip(b"\r\n").decode("utf-8", "replace")
    return ApiResponse(int(status.group(1)), headers, text, body, writes, headers.get("ms-dyn-aid", ""))


def _cut(content: bytes) -> tuple[bytes, bool, bytes]:
    """Head and body at the first empty line."""
    content = content.removeprefix(b"\r\n").removeprefix(b"\n")
    blank = _BLANK.search(content)
    if blank is None:
        return content, content.endswith(b"\n") or _STATUS.match(content) is not None, b""
    return content[: blank.start()], True, content[blank.end() :]
