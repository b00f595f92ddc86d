"""How do the ledger's accounts, cost centres and vendors get into Brex? By comparing lists, so it always converges.

GL accounts and cost centres are values of fields that our own accounting integration creates; nothing at Brex marks a
field as "the GL account", so our fields carry a remote id that records give back
(https://developer.brex.com/openapi/fields_api).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import NAMESPACE_URL, uuid5

from connectors.base import ReferenceItem
from connectors.brex.auth import BrexSettings
from connectors.brex.client import VALUES_PER_CALL, BrexClient, Json
from connectors.brex.lookups import chunks
from connectors.brex.schema import BrexField, BrexFieldValue
from connectors.codec import json_text
from connectors.errors import RejectedError, UnsupportedError

LIKENESSES = str.maketrans(
    {"ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "ł": "l", "Ł": "L", "\u2013": "-", "\u2019": "'"}
)
FIELDS = {"account": ("gl_account", "GL account"), "cost_centre": ("cost_center", "Cost center")}


def request_key(*parts: str) -> str:
    """The Idempotency-Key of one logical request: the same for every retry, on any machine, for ever."""
    return str(uuid5(NAMESPACE_URL, "\x1f".join(("brex", *parts))))


def to_ascii(text: str) -> str:
    """The nearest plain ASCII: accents dropped, what has no likeness as a question mark."""
    text = text.translate(LIKENESSES)
    plain = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    return plain.encode("ascii", "replace").decode("ascii")


def is_text_refusal(error: RejectedError) -> bool:
    """Brex answers 400 "[name] is invalid" to text that is not ASCII (https://developer.brex.com/docs/error_codes)."""
    return error.status == 400 and re.search(r"\[\w+\] is invalid", error.message) is not None


# --- accounts and cost centres


def push_field_values(
    client: BrexClient, identity: str, settings: BrexSettings, kind: str, values: Sequence[ReferenceItem]
) -> Mapping[str, int]:
    """Make the values of our field agree. Raises RejectedError without an integration vendor, ConflictError
    when another integration is active. What is not in `values` is disabled and stays on old records."""
    if kind not in FIELDS:
        raise UnsupportedError(f"Brex takes no list of the kind {kind}.")
    field_id = _field(client, identity, settings, kind)
    wanted = _wanted(values)
    existing = [BrexFieldValue.model_validate(row) for page in client.field_values(field_id) for row in page]
    there = {value.remote_id: value for value in existing if value.remote_id}
    create = [
        {"value": name, "value_id": item.code or remote, "remote_id": remote, "is_disabled": False}
        for remote, (item, name) in wanted.items()
        if remote not in there and item.is_active
    ]
    changed, disabled = [], []
    for remote, value in there.items():
        item, name = wanted.get(remote, (None, value.value))
        is_disabled = item is None or not item.is_active
        if is_disabled and not value.is_disabled:
            disabled.append({"brex_id": value.brex_id, "data": {"value": value.value, "is_disabled": True}})
        elif not is_disabled and (value.is_disabled or value.value not in (name, to_ascii(name))):
            changed.append({"brex_id": value.brex_id, "data": {"value": name, "is_disabled": False}})
    for part in chunks(create, VALUES_PER_CALL):
        _create(client, identity, field_id, part)
    for part in chunks([*changed, *disabled], VALUES_PER_CALL):
        _update(client, field_id, part)
    touched = len(changed) + len(disabled)
    return {
        "created": len(create),
        "changed": len(changed),
        "disabled": len(disabled),
        "unchanged": len(there) - touched,
    }


def _wanted(values: Sequence[ReferenceItem]) -> dict[str, tuple[ReferenceItem, str]]:
    """By remote id: the ledger's code, which people know, unless it is empty or not unique."""
    codes = Counter(item.code for item in values)
    return {
        (item.code if item.code and codes[item.code] == 1 else item.external_id): (
            item,
            f"{item.code} {item.name}".strip(),
        )
        for item in values
    }


def _field(client: BrexClient, identity: str, settings: BrexSettings, kind: str) -> str:
    remote_id, name = FIELDS[kind]
    for page in client.fields():
        for row in page:
            field = BrexField.model_validate(row)
            if field.remote_id == remote_id and field.group in ("ERP", "") and not field.is_disabled:
                return field.brex_id
    if not settings.integration_vendor:
        raise RejectedError(
            "Accounts go to Brex through an accounting integration: set the vendor identifier that Brex issued.",
            code="integration_vendor",
            cure="integration_vendor",
        )
    account_id = settings.integration_account_id or identity
    integration = client.integration(settings.integration_vendor, account_id)
    integration_id = str(integration.get("integration_id") or integration.get("id") or "")  # the spec says both
    body = {"name": name, "group": "ERP", "remote_id": remote_id, "integration_id": integration_id}
    key = request_key(identity, "field", remote_id, integration_id)
    return BrexField.model_validate(client.create_field(body, key)).brex_id


def _create(client: BrexClient, identity: str, field_id: str, items: list[Json]) -> None:
    def key(part: Sequence[Json]) -> str:
        return request_key(identity, "values", field_id, json_text(list(part)))

    try:
        client.create_values(field_id, items, key(items))
    except RejectedError as error:
        if not is_text_refusal(error):
            raise
        plain = [{**item, "value": to_ascii(item["value"]), "value_id": to_ascii(item["value_id"])} for item in items]
        client.create_values(field_id, plain, key(plain))


def _update(client: BrexClient, field_id: str, items: list[Json]) -> None:
    try:
        client.update_values(field_id, items)
    except RejectedError as error:
        if not is_text_refusal(error):
            raise
        plain = [{**item, "data": {**item["data"], "value": to_ascii(item["data"]["value"])}} for item in items]
        client.update_values(field_id, plain)


# --- vendors


def push_vendors(client: BrexClient, identity: str, values: Sequence[ReferenceItem]) -> Mapping[str, int]:
    """Create the active vendors that Brex does not know by name; what people changed in Brex is left alone, and
    nothing is deleted there (a vendor has no status)."""
    known = {_plain(str(row.get("company_name") or "")) for page in client.vendors() for row in page}
    created = 0
    for item in values:
        if item.is_active and item.name and _plain(item.name) not in known:
            vendor_create(client, identity, item)
            known.add(_plain(item.name))
            created += 1
    return {"created": created, "changed": 0, "disabled": 0, "unchanged": len(values) - created}


def vendor_create(client: BrexClient, identity: str, item: ReferenceItem) -> Json:
    """The vendor as Brex now holds it. Safe to repeat: its Idempotency-Key is made of the ledger's id and the name,
    names are unique at Brex, and a name that is refused is looked up before it is given up."""
    body: Json = {"company_name": item.name}
    body.update({name: item.facts[name] for name in ("email", "phone") if item.facts.get(name)})

    def key(name: str) -> str:
        return request_key(identity, "vendor", item.external_id, name)

    try:
        return client.create_vendor(body, key(item.name))
    except RejectedError as error:
        if error.status not in (400, 409, 422):
            raise
        existing = _vendor_named(client, item.name)
        if existing:
            return existing
        plain = to_ascii(item.name)
        if not is_text_refusal(error) or plain == item.name:
            raise
    return client.create_vendor({**body, "company_name": plain}, key(plain))


def _vendor_named(client: BrexClient, name: str) -> Json | None:
    wanted = _plain(name)
    rows = (row for page in client.vendors() for row in page)
    return next((row for row in rows if _plain(str(row.get("company_name") or "")) == wanted), None)


def _plain(name: str) -> str:
    return " ".join(to_ascii(name).casefold().split())
