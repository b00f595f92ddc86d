"""What does one request bring along, and what does an answer consist of? The same for a part of a batch."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from .access import User
from .errors import RefusedError, bad_request, no_route

KEY_PART = re.compile(
    r"\s*(?:(?P<name>\w+)\s*=\s*)?(?:(?P<enum>[\w.]+'(?:[^']|'')*')|'(?P<text>(?:[^']|'')*)'|(?P<bare>[^',()]+))\s*(?:,|$)"
)
PATH = re.compile(r"(?P<set>\w+)(?:\((?P<key>.*)\))?(?:/(?P<more>[\w$.]+))?", re.DOTALL)


@dataclass(slots=True)
class Call:
    """One operation. `arrival` is how many commits there were when the request came in, `writer` names the request."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes
    base: str
    user: User
    writer: str
    arrival: int
    path: str = ""
    query: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        self.path = unquote(parts.path)
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))

    @property
    def is_cross_company(self) -> bool:
        return self.query.get("cross-company", "").lower() == "true"

    @property
    def full_url(self) -> str:
        return f"{self.base}{self.path}"

    def json(self) -> dict[str, Any]:
        """The JSON object sent, numbers as Decimal where they have a fraction. Raises RefusedError."""
        try:
            value = json.loads(self.body or b"null", parse_float=Decimal)
        except (ValueError, RecursionError) as error:
            raise bad_request("Invalid JSON. A token was not recognized in the JSON content.") from error
        if not isinstance(value, dict):
            raise bad_request("The request body must be a JSON object.")
        return value


@dataclass(slots=True)
class Answer:
    """`body`: None, a JSON value, or text with its `content_type`."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json; odata.metadata=minimal"


@dataclass(frozen=True, slots=True)
class Target:
    """What a path under /data means: a set, perhaps one record's key, perhaps an action or $count."""

    set: str
    key: tuple[tuple[str, str, str], ...] | None
    more: str


def target_of(call: Call) -> Target:
    found = PATH.fullmatch(call.path.removeprefix("/data/"))
    if not found:
        raise no_route(call.full_url)
    key = None if found["key"] is None else tuple(_key_parts(found["key"], call))
    return Target(found["set"], key, found["more"] or "")


def _key_parts(text: str, call: Call) -> list[tuple[str, str, str]]:
    """(name, kind, value) of each part; the name is empty for a bare single key."""
    parts, at = [], 0
    while at < len(text):
        found = KEY_PART.match(text, at)
        if not found or found.end() == at:
            raise no_route(call.full_url)
        kind = next(one for one in ("enum", "text", "bare") if found[one] is not None)
        parts.append(
            (found["name"] or "", kind, found[kind].replace("''", "'") if kind == "text" else found[kind].strip())
        )
        at = found.end()
    if not parts:
        raise no_route(call.full_url)
    return parts


def refused(refusal: RefusedError) -> Answer:
    return Answer(refusal.status, refusal.body, dict(refusal.headers), "application/json; odata.metadata=minimal")
