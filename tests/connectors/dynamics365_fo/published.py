"""Does a request or an answer of Dynamics 365 F&O have the names, types and keys that a real $metadata tells?

F&O publishes no OpenAPI file; the reference is `dynamics365_fo/entities.json` and `metadata_subset.xml` in the folder
of published schemas, taken from environments' own $metadata. Every method answers with complaints, none when all is
well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from email.message import Message
from email.parser import BytesParser
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.etree import ElementTree

from tests.published_schemas import folder

NAMESPACE = "Microsoft.Dynamics.DataEntities"
EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
WORDS = {
    "and",
    "or",
    "not",
    "eq",
    "ne",
    "gt",
    "ge",
    "lt",
    "le",
    "add",
    "sub",
    "mul",
    "div",
    "mod",
    "true",
    "false",
    "null",
}
LITERAL = re.compile(
    rf"(?P<enum>{re.escape(NAMESPACE)}\.(?P<name>\w+)'(?P<member>\w*)')|'(?:[^']|'')*'"
    r"|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)|-?\d+(?:\.\d+)?|(?P<word>[A-Za-z_]\w*)|[()\s]+|(?P<rest>.)"
)
# Never set by a caller: the server's own.
READ_ONLY = {
    "LedgerJournalHeaders": {"IsPosted", "JournalTotalDebit", "JournalTotalCredit", "AccountingCurrency"},
    "VendInvoiceJournalHeaders": {"IsPosted", "JournalTotalDebit", "JournalTotalCredit"},
}
OPTIONS = {"$filter", "$select", "$orderby", "$top", "$skip", "$count", "$expand", "cross-company"}


@dataclass(frozen=True, slots=True)
class Sent:
    """One operation, alone or inside a batch."""

    method: str
    url: str
    body: Any
    content_id: str = ""


@cache
def entities() -> PublishedEntities:
    return PublishedEntities(folder() / "dynamics365_fo")


class PublishedEntities:
    def __init__(self, place: Path) -> None:
        document = json.loads((place / "entities.json").read_text(encoding="utf-8"))
        self.sets: dict[str, Any] = document["entity_sets"]
        named = {name: members for name, members in document["enums"].items() if isinstance(members, list)}
        self.enums = {name: {one["name"]: one["value"] for one in members} for name, members in named.items()}
        self.unnamed = set(document["enums"]) - set(named)
        self.csdl = ElementTree.parse(place / "metadata_subset.xml").getroot()  # noqa: S314 - our own reference file

    def fields(self, name: str) -> dict[str, dict[str, Any]]:
        """The fields of a set in metadata order, without those whose enumeration the reference only names."""
        listed = self.sets[name]["fields"]
        return {one["name"]: one for one in listed if one["type"].removeprefix(f"{NAMESPACE}.") not in self.unnamed}

    def record_complaints(self, name: str, record: dict[str, Any], select: list[str] | None = None) -> list[str]:
        """Of one record in an answer: every public field (or the selected ones) in metadata order, rightly typed."""
        fields = self.fields(name)
        shown = [key for key in record if not key.startswith("@odata.")]
        wanted = [one for one in fields if select is None or one in select]
        found = [] if "@odata.etag" in record else ["no etag"]
        if shown != wanted:
            found.append(f"fields {shown} are not {wanted}")
        return found + self._value_complaints(name, {key: record[key] for key in shown})

    def body_complaints(self, name: str, body: dict[str, Any], *, is_new: bool) -> list[str]:
        """Of a body that is sent: known fields, right types, days at noon, nothing that only the server sets."""
        found = self._value_complaints(name, {key: one for key, one in body.items() if not key.startswith("@odata.")})
        found += [f"{key} is the server's" for key in body if key in READ_ONLY.get(name, ())]
        keys = self.sets[name]["keys"]
        if is_new and keys[0] == "dataAreaId" and not body.get("dataAreaId"):
            found.append("dataAreaId is missing: the record would go to the user's default company")
        if not is_new:
            found += [f"{key} is a key and cannot change" for key in body if key in keys]
        for key, value in body.items():
            if self.fields(name).get(key, {}).get("type") == "Edm.DateTimeOffset" and "T12:00:00Z" not in str(value):
                found.append(f"{key} is not at noon: {value}")
        return found

    def _value_complaints(self, name: str, values: dict[str, Any]) -> list[str]:
        fields = self.fields(name)
        found = []
        for key, value in values.items():
            if key not in fields:
                found.append(f"{name} has no field {key}")
            elif value is None:
                found += [] if fields[key]["nullable"] else [f"{key} may not be null"]
            elif not self._fits(fields[key]["type"], value):
                found.append(f"{key} is not {fields[key]['type']}: {value!r}")
        return found

    def _fits(self, kind: str, value: Any) -> bool:
        if kind.startswith(f"{NAMESPACE}."):
            return value in self.enums[kind.removeprefix(f"{NAMESPACE}.")]
        if kind == "Edm.DateTimeOffset":
            return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
        plain: dict[str, Any] = {
            "Edm.String": str,
            "Edm.Guid": str,
            "Edm.Binary": str,
            "Edm.Decimal": (int, Decimal),
            "Edm.Int32": int,
            "Edm.Int64": int,
            "Edm.Boolean": bool,
        }
        return isinstance(value, plain[kind]) and (kind == "Edm.Boolean" or not isinstance(value, bool))

    def request_complaints(self, sent: Sent) -> list[str]:
        """Of one operation: its set, key, options and body. Actions and metadata are only recognised."""
        url = urlsplit(sent.url)
        path = unquote(url.path)
        if not path.startswith("/data/"):
            return [] if path.startswith(("/metadata/", "/api/services/")) else [f"{path} is not a path of the service"]
        found = re.fullmatch(r"/data/(\$metadata|\$batch|\w+)(?:\((.*)\))?(?:/([\w$.]+))?", path)
        if not found:
            return [f"{path} cannot be read"]
        name, key, more = found.groups()
        if name.startswith("$"):
            return []
        if more and more != "$count":
            return [] if more.startswith(f"{NAMESPACE}.") else [f"{more} is not an action's full name"]
        if name not in self.sets:
            return [f"{name} is not an entity set"]
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        complaints = self._option_complaints(name, query, is_company_bound="dataAreaId" in self.fields(name))
        if key is not None:
            complaints += self._key_complaints(name, key)
        if sent.method in ("POST", "PATCH", "PUT"):
            complaints += self.body_complaints(name, sent.body or {}, is_new=sent.method == "POST")
        if (sent.method in ("PATCH", "DELETE", "PUT")) != (key is not None) and sent.method != "GET":
            complaints.append(f"{sent.method} {path} has the wrong kind of target")
        return complaints

    def _option_complaints(self, name: str, query: dict[str, str], is_company_bound: bool) -> list[str]:
        fields = self.fields(name)
        found = [f"unknown option {one}" for one in query if one not in OPTIONS]
        if is_company_bound and query.get("cross-company") != "true":
            found.append("cross-company=true is missing")
        chosen = [one for one in query.get("$select", "").split(",") if one]
        chosen += [one.split(" ")[0] for one in query.get("$orderby", "").split(",") if one]
        found += [f"{name} has no field {one}" for one in chosen if one not in fields]
        return found + self._filter_complaints(name, query.get("$filter", ""))

    def _filter_complaints(self, name: str, text: str) -> list[str]:
        found = []
        for token in LITERAL.finditer(text):
            if token["rest"]:
                found.append(f"{token['rest']!r} cannot stand in a filter: {text}")
            elif token["enum"] and token["member"] not in self.enums.get(token["name"], {}):
                found.append(f"{token['enum']} is no member")
            elif token["word"] and token["word"] not in WORDS and token["word"] not in self.fields(name):
                found.append(f"{name} has no field {token['word']}")
            elif token[0].startswith("'") and "*" in token[0]:
                found.append(f"{token[0]} holds a wildcard")
        return found

    def _key_complaints(self, name: str, key: str) -> list[str]:
        keys = self.sets[name]["keys"]
        named = re.findall(rf"(\w+)=(?:{re.escape(NAMESPACE)}\.\w+)?(?:'(?:[^']|'')*'|[^',]+)(?:,|$)", key)
        if not named and len(keys) == 1:
            return []
        return [] if sorted(named) == sorted(keys) else [f"key ({key}) does not have the fields {keys}"]


def sent_operations(method: str, url: str, body: bytes | str | None, content_type: str) -> Iterator[Sent]:
    """The operations of one request: itself, or the parts of a `$batch`, changesets unfolded."""
    data = body.encode() if isinstance(body, str) else body or b""
    if not unquote(urlsplit(url).path).endswith("/$batch"):
        yield Sent(method, url, json.loads(data, parse_float=Decimal) if data else None)
        return
    whole = BytesParser().parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + data)
    for part in _leaves(whole):
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        head, _, rest = payload.replace(b"\r\n", b"\n").partition(b"\n\n")
        verb, place, *_ = head.decode().split("\n")[0].split(" ")
        content = rest.strip()
        yield Sent(verb, place, json.loads(content, parse_float=Decimal) if content else None, part["Content-ID"] or "")


def _leaves(message: Message) -> Iterator[Message]:
    if not message.is_multipart():
        yield message
        return
    for part in message.get_payload():
        assert isinstance(part, Message)
        yield from _leaves(part)
