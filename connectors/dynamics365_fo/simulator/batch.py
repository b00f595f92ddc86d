"""How does `$batch` work: parts on their own, changesets all-or-nothing, and one answer of status 200?

Microsoft Learn, data-entities/odata.md, and captures of a live environment. A failed changeset answers with one part,
whose Content-ID is not to be trusted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING
from uuid import UUID

from connectors.simulation import json_text

from .call import Answer, Call, refused
from .errors import RefusedError, bad_request

if TYPE_CHECKING:
    from .simulator import DynamicsSimulator

REQUEST_LINE = re.compile(r"(GET|POST|PATCH|PUT|DELETE) (\S+)(?: HTTP/1\.1)?")
HEADERS_OF_ALL = {"OData-Version": "4.0"}


@dataclass(slots=True)
class Part:
    """One piece of a multipart body; a changeset holds others."""

    headers: dict[str, str]
    body: str
    changeset: list[Part] | None = None
    boundary: str = ""


@dataclass(slots=True)
class _Written:
    """The answer while it is put together."""

    lines: list[str] = field(default_factory=list)

    def add(self, *lines: str) -> None:
        self.lines += lines


def boundary_of(content_type: str) -> str:
    """Raises RefusedError (400) for anything but multipart/mixed with a boundary."""
    found = re.search(r"boundary=\"?([^\";]+)\"?", content_type)
    if not content_type.lower().startswith("multipart/mixed") or not found:
        raise bad_request(f"Invalid or missing content type '{content_type}' for a batch request.")
    return found[1]


def split_parts(text: str, boundary: str) -> list[str]:
    """The pieces between boundary lines; a missing closing line is forgiven."""
    pieces: list[list[str]] = []
    for line in text.split("\n"):
        if line.rstrip() in (f"--{boundary}", f"--{boundary}--"):
            if line.rstrip().endswith("--") and line.rstrip() != f"--{boundary}":
                break
            pieces.append([])
        elif pieces:
            pieces[-1].append(line)
    return ["\n".join(one) for one in pieces]


def head_and_body(text: str) -> tuple[list[str], str]:
    head, _, body = text.lstrip("\n").partition("\n\n")
    return head.split("\n"), body


def read_batch(body: bytes, content_type: str) -> list[Part]:
    """The parts of a batch. Raises RefusedError (400)."""
    text = body.decode("utf-8", "replace").replace("\r\n", "\n")
    parts = [_part(one) for one in split_parts(text, boundary_of(content_type))]
    if not parts:
        raise bad_request("The batch request has no parts.")
    return parts


def _part(text: str) -> Part:
    lines, body = head_and_body(text)
    headers = {name.strip().lower(): value.strip() for name, _, value in (one.partition(":") for one in lines) if value}
    kind = headers.get("content-type", "")
    if kind.lower().startswith("multipart/mixed"):
        boundary = boundary_of(kind)
        return Part(headers, body, [_part(one) for one in split_parts(body, boundary)], boundary)
    return Part(headers, body)


class Batches:
    def __init__(self, simulator: DynamicsSimulator) -> None:
        self.simulator = simulator
        self.answered = 0

    def run(self, call: Call) -> Answer:
        """Answers 200 whatever became of the parts. Raises RefusedError for a batch that cannot be read."""
        parts = read_batch(call.body, call.headers.get("content-type", ""))
        count = sum(1 if one.changeset is None else len(one.changeset) for one in parts)
        if count > self.simulator.switches.batch_operations:
            raise bad_request(f"The batch request holds {count} operations; at most 5000 are allowed.")
        self.answered += 1
        outer = f"batchresponse_{UUID(int=self.answered)}"
        out = _Written()
        for part in parts:
            out.add(f"--{outer}")
            if part.changeset is None:
                self._write(out, self._single(call, part), part.headers.get("content-id", ""))
            else:
                self._changeset(out, call, part)
        out.add(f"--{outer}--", "")
        return Answer(200, "\r\n".join(out.lines), content_type=f"multipart/mixed; boundary={outer}")

    def _single(self, call: Call, part: Part) -> Answer:
        switches = self.simulator.switches
        if switches.throttle_parts > 0:
            switches.throttle_parts -= 1
            return refused(self.simulator.limits.throttled())
        try:
            inner = self._call(call, part)
        except RefusedError as refusal:
            return refused(refusal)
        return self.simulator.service.run(inner)

    def _changeset(self, out: _Written, call: Call, changeset: Part) -> None:
        """All operations or none. One that fails is answered alone for the whole changeset."""
        answers: list[tuple[Answer, str]] = []
        current = ""
        try:
            with self.simulator.store.transaction(call.writer):
                for part in changeset.changeset or ():
                    current = part.headers.get("content-id", "")
                    inner = self._call(call, part)
                    if inner.method == "GET":
                        raise bad_request("A changeset may not contain GET requests.")
                    answers.append((self.simulator.service.answer(inner), current))
        except RefusedError as refusal:
            first = next((one.headers.get("content-id", "") for one in changeset.changeset or ()), "")
            told = {"first": first, "right": current, "none": ""}[self.simulator.switches.failed_content_id]
            answers = [(refused(refusal), told)]
        inner_boundary = f"changesetresponse_{UUID(int=self.answered)}"
        out.add(f"Content-Type: multipart/mixed; boundary={inner_boundary}", "")
        for answer, content_id in answers:
            out.add(f"--{inner_boundary}")
            self._write(out, answer, content_id)
        out.add(f"--{inner_boundary}--")

    def _call(self, outer: Call, part: Part) -> Call:
        lines, body = head_and_body(part.body)
        found = REQUEST_LINE.fullmatch(lines[0].strip())
        if not found or not part.headers.get("content-type", "").startswith("application/http"):
            raise bad_request("A part of the batch is not an HTTP request.")
        method, url = found.groups()
        if not url.startswith(("/data/", "http://", "https://")):
            raise bad_request(f"The address '{url}' of a part is neither absolute nor does it begin with /data/.")
        headers = {name.strip().lower(): value.strip() for name, _, value in (one.partition(":") for one in lines[1:])}
        return replace(outer, method=method, url=url, headers=headers, body=body.strip().encode())

    def _write(self, out: _Written, answer: Answer, content_id: str) -> None:
        out.add("Content-Type: application/http", "Content-Transfer-Encoding: binary")
        if content_id:
            out.add(f"Content-ID: {content_id}")
        out.add("", f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}")
        out.add(*(f"{name}: {value}" for name, value in {**answer.headers, **HEADERS_OF_ALL}.items()))
        if answer.body is None:
            out.add("", "")
        else:
            text = answer.body if isinstance(answer.body, str) else json_text(answer.body)
            out.add(f"Content-Type: {answer.content_type}", "", text)
