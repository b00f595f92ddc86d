"""Does a call to Zoho Books have the shape that Zoho published? For the simulator's answers and the client's requests.

The published files contradict live answers in places; `LIVE_DIFFERS` names each with what was seen, and nothing else
is let through. Only tests marked `published_schema` may use this module.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
import yaml

from connectors.codec import json_load
from tests.published_schemas import PublishedApi, folder

PREFIX = "/books/v3"
# Documented on pages that have no OpenAPI file.
WITHOUT_FILE = ("/settings/webhooks", "/settings/workflows", "/settings/fields")
FILES = (
    "journals",
    "bills",
    "contacts",
    "chart-of-accounts",
    "reporting-tags",
    "vendor-credits",
    "vendor-payments",
    "expenses",
    "currency",
    "taxes",
    "organizations",
    "projects",
    "transaction-locking",
    "users",
    "locations",
    "bank-accounts",
)


@cache
def published_file(name: str) -> PublishedApi:
    text = (folder() / "zoho_books" / f"{name}.yml").read_text(encoding="utf-8")
    return PublishedApi(_closed(yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))))  # noqa: S506


def _closed(value: Any) -> Any:
    """Every object with properties refuses others: also the inner ones, which the files write inline."""
    if isinstance(value, list):
        return [_closed(one) for one in value]
    if not isinstance(value, dict):
        return value
    turned = {key: _closed(one) for key, one in value.items()}
    if isinstance(turned.get("properties"), dict) and turned.get("type") == "object":
        turned.setdefault("additionalProperties", False)
    return turned


@cache
def published_for(method: str, path: str) -> PublishedApi:
    """The file that documents `method path` (the path without `/books/v3`). Raises LookupError if none does."""
    for name in FILES:
        try:
            published_file(name)._operation(method, path)
        except LookupError:
            continue
        return published_file(name)
    raise LookupError(f"{method} {path} is published nowhere")


# What live answers have beyond the published files, by the object that has it; or what the files themselves document
# for the same record elsewhere. Everything else that the simulator would add is a complaint.
LIVE_EXTRAS: dict[str, dict[str, str]] = {
    "journal": {"documents": "seen live"},
    "journals": dict.fromkeys(("created_by_id", "created_by_name", "last_modified_time", "status"), "seen live"),
    "line_items": {"item_order": "seen live on journals"},
    "bill": {
        **dict.fromkeys(("account_id", "account_name", "custom_field_hash", "is_approval_required"), "seen live"),
    },
    "contact": {"custom_field_hash": "seen live", "outstanding_payable_amount": "seen live"},
    "contacts": {"outstanding_payable_amount": "seen live on the contact itself"},
    "chartofaccounts": {"description": "seen live"},
    "custom_fields": dict.fromkeys(
        ("customfield_id", "api_name", "index", "label", "data_type"), "live values are told with all their names"
    ),
    "vendorpayment": {"status": "seen live", "custom_field_hash": "seen live on other records"},
    "expense": {
        **dict.fromkeys(
            (
                "created_time",
                "custom_fields",
                "custom_field_hash",
                "line_items",
                "paid_through_account_id",
                "vendor_id",
            ),
            "seen live",
        ),
        "vendor_name": "documented as a filter",
        "documents": "documented for other records",
    },
    "bills": dict.fromkeys(
        ("balance", "bill_number", "date", "due_date", "price_precision", "total"),
        "documented for the answer to POST, and missing in the one to GET",
    ),
    "page_context": {"custom_fields": "seen live", "report_name": "seen live"},
    "children": {"children": "options nest to five levels, the file stops at one"},
    "": {
        "page_context": "seen live",
        "vendorpayment": "seen live: the fields of a payment are inside it",
        "code": "seen live on reporting tags",
        "message": "seen live on reporting tags",
    },
}
# Complaints of another kind, as patterns over "METHOD path: complaint".
LIVE_DIFFERS = {
    r"\.fiscal_year_start_month: '\w+' is not of type 'number'": "live it is the month's name",
    r"\.depth: \d is not of type 'string'": "live it is a number",
    r"\.is_child_present: (True|False) is not of type 'string'": "live it is a boolean",
    r"\.custom_fields: '' is not of type 'array'": "journals without any answer an empty text, seen live",
    r"\.payment_number: '\d+' is not of type 'integer'": "seen live as a text",
    r"\$\.page_context: \{": "an object, seen live",
    r"PUT /vendorpayments.*\$\.vendorpayment: \{": "an object, seen live",
    r"\.vendor_credit\.line_items: \[": "the file forgets that there are many",
    r"is not of type 'integer'": "the files call many amounts integers whose own examples have cents",
    r"\.debit_amount: .* is not of type 'string'": "its twin credit_amount is a number",
    r"POST /expenses: status 201 is not documented": "seen live",
    r"PUT /\w+: status 201 is not documented": "the answer of an upsert that made a record, by a public client",
}
_EXTRA = re.compile(r"\$(?P<where>[^:]*): (?:Additional|Unevaluated) properties are not allowed \((?P<names>.*)\)")


def response_complaints(method: str, path: str, status: int, body: Any) -> list[str]:
    """What is wrong with an answer to `method path` (without `/books/v3`), known differences set aside."""
    found = _once(published_for(method, path).response_complaints(method, path, status, body))
    return [f"{method} {path}: {one}" for one in found if not _is_known(f"{method} {path}: {one}")]


def request_complaints(method: str, path: str, body: Any) -> list[str]:
    """What is wrong with a body sent to `method path`. The parts that an update leaves out are no complaint: live
    updates are partial, whatever the files require."""
    found = _once(published_for(method, path).request_complaints(method, path, body))
    is_update = method == "PUT"
    return [
        f"{method} {path}: {one}"
        for one in found
        if not (is_update and "is a required property" in one) and not _is_known(f"{method} {path}: {one}")
    ]


def parameter_complaints(method: str, path: str, query: dict[str, str]) -> list[str]:
    """Query parameters that no published page knows; variants of a filter (`_startswith`, `_start` ...) count as it.

    `organization_id` belongs to every call, paging and sorting to every list."""
    operation = published_for(method, path)._operation(method, path)
    known = {one["name"] for one in operation.get("parameters", []) if one.get("in") == "query"}
    usual = {"organization_id", "page", "per_page", "sort_column", "sort_order", "filter_by"}
    return [
        f"{method} {path}: {name} is not documented"
        for name in query
        if name not in known | usual | UNLISTED and re.sub(VARIANTS, "", name) not in known
    ]


def sent_complaints(request: requests.PreparedRequest) -> list[str]:
    """What is wrong with a request as it left: its path, its query and, where it is JSON, its body.

    Requests to the accounts server are nobody's business here; `WITHOUT_FILE` has no file to compare with."""
    url = urlsplit(request.url or "")
    _, mark, path = url.path.partition(PREFIX)
    if not mark or path.startswith(WITHOUT_FILE):
        return []
    method, query = request.method or "", dict(parse_qsl(url.query, keep_blank_values=True))
    try:
        complaints = parameter_complaints(method, path, query)
    except LookupError as error:
        return [str(error)]
    if "organization_id" not in query and path != "/organizations":
        complaints.append(f"{method} {path}: organization_id is missing")
    is_json = "json" in (request.headers.get("Content-Type") or "")
    if request.body and is_json:
        complaints += request_complaints(method, path, json_load(request.body))
    return complaints


VARIANTS = re.compile(
    r"_(startswith|contains|start|end|before|after|less_than|less_equals|greater_than|greater_equals)$"
)
UNLISTED = {"tag_id", "showbalance"}  # documented in the text of the pages, missing in the files' parameters


def _once(complaints: list[str]) -> list[str]:
    """An unknown property is told in two ways; once is enough."""
    return [
        one
        for one in complaints
        if one.replace("Unevaluated properties", "Additional properties") == one
        or one.replace("Unevaluated properties", "Additional properties") not in complaints
    ]


def _is_known(complaint: str) -> bool:
    extra = _EXTRA.search(complaint)
    if extra:
        parts = re.findall(r"\.(\w+)", extra["where"])
        allowed = LIVE_EXTRAS.get(parts[-1] if parts else "", {})
        return set(re.findall(r"'(\w+)'", extra["names"])) <= set(allowed)
    return any(re.search(pattern, complaint) for pattern in LIVE_DIFFERS)
