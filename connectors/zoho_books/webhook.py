"""Did Zoho send this, and what should be read soon? An HMAC over query, form and raw body; no id, no time.

The scheme is that of https://www.zoho.com/billing/kb/webhooks/securing-webhooks.html; that Books signs alike is
strongly indicated and said by no page of its own. As there is no time in it, an old delivery cannot be told from a new
one: a delivery is a hint and never data, and its signature names it, so that a repeat is known as one."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from connectors.base import ConnectionContext, ProviderEvent, SignatureError
from connectors.codec import json_load
from connectors.errors import PayloadError
from connectors.zoho_books.auth import credentials_of
from connectors.zoho_books.schema import moment_of
from connectors.zoho_books.stamps import is_stamp

HEADER = "x-zoho-webhook-signature"
QUERY = ":query"  # the address's query, as the platform hands it over beside the headers
FORM = "application/x-www-form-urlencoded"
VENDORS = "vendors"
DOCUMENTS = ("bill", "vendor_credit", "expense", "journal")
PEOPLE = ("vendor", "employee")  # lists that a contact may be in
LISTS = {"chart_of_account": ("account", "journal")}  # what payments go through is offered as a journal
STEPS = tuple(
    """
In Zoho Books open Settings > Automation > Workflow Actions > Webhooks and make one webhook for each of the modules \
Journal, Bill, Expense, Vendor Credit and Vendor.
Method POST. URL: the address above, exactly as it stands. No headers, no parameters, no other authorization.
Tick the secret and enter 12 to 50 letters and digits; enter the same as Webhook secret in the credentials of the \
connection. Zoho then signs each delivery in X-Zoho-Webhook-Signature; what is not signed is refused here.
Body: the default payload, which has all fields of the record.
In Settings > Automation > Workflow Rules make, for each of these modules, one rule for Created or Edited (every \
time) and one for Deleted, without criteria, each with the module's webhook as its immediate action.
Edit one of the records: its delivery is listed among the webhook deliveries within seconds, as verified.
""".strip().splitlines()
)


class ZohoWebhooks:
    """Pure functions over raw bytes."""

    def verify(self, raw: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> str:
        """The message id. One usable secret is enough; without any, nothing is proven."""
        lowered = {name.lower(): value for name, value in headers.items()}
        given = lowered.get(HEADER, "")
        if not re.fullmatch(r"[0-9a-f]{64}", given):
            raise SignatureError("the signature is missing or none")
        is_form = lowered.get("content-type", "").lower().startswith(FORM)
        try:
            form = parse_qsl(raw.decode(), keep_blank_values=True) if is_form else []
            query = parse_qsl(lowered.get(QUERY, ""), keep_blank_values=True)
        except (UnicodeDecodeError, ValueError) as error:
            raise SignatureError("the form cannot be read") from error
        for secret in filter(None, secrets):
            if hmac.compare_digest(signature(secret, [*query, *form], b"" if is_form else raw), given):
                return given
        raise SignatureError("no signature matches")

    def message_id(self, headers: Mapping[str, str]) -> str:
        """The signature, as Zoho sends no id: the same content is the same message. Says nothing about truth."""
        return next((value for name, value in headers.items() if name.lower() == HEADER), "")

    def parse(self, raw: bytes) -> list[ProviderEvent]:
        """One event per body: `{"<entity>": {…}}`, or a form with the fields of one. Of a document it is told under
        which reference number it is ours; without our mark it is nobody's."""
        kind, record = _entity(raw)
        account = str(record.get("organization_id") or "")
        if kind == "contact" and record.get("contact_type", "vendor") == "vendor" and record.get("contact_id"):
            return [ProviderEvent(kind, VENDORS, (str(record["contact_id"]),), account, lists=PEOPLE)]
        reference = str(record.get("reference_number") or "")
        stamps = (reference,) if kind in DOCUMENTS and is_stamp(reference) else ()
        changed_at = moment_of(str(record.get("last_modified_time") or ""))
        return [ProviderEvent(kind, "", (), account, stamps, changed_at, LISTS.get(kind, ()))]


def signature(secret: str, pairs: Iterable[tuple[str, str]], body: bytes) -> str:
    """Lower-case hex of the HMAC over the sorted pairs of query and form, without separators, and the raw body."""
    joined = "".join(f"{name}{value}" for name, value in sorted(pairs)).encode()
    return hmac.new(secret.encode(), joined + body, hashlib.sha256).hexdigest()


def webhook_secrets(context: ConnectionContext) -> list[str]:
    """The secret that a person entered in Zoho and here; Zoho itself tells none."""
    secret = credentials_of(context).webhook_secret
    return [secret.get_secret_value()] if secret and secret.get_secret_value() else []


def _entity(raw: bytes) -> tuple[str, Mapping[str, Any]]:
    """The kind of record and its fields. Raises PayloadError."""
    try:
        body = json_load(raw)
    except (ValueError, UnicodeDecodeError):
        body = _form(raw)
    if not isinstance(body, dict) or not body:
        raise PayloadError("The webhook names no record.")
    for kind, record in body.items():
        if isinstance(record, dict):
            return str(kind), {"organization_id": body.get("organization_id"), **record}
    named = [name.removesuffix("_id") for name in body if name.endswith("_id") and name != "organization_id"]
    if not named:
        raise PayloadError("The webhook names no record.")
    kind = next(
        (one for one in (*DOCUMENTS, *LISTS, "contact") if one in named), named[0]
    )  # a bill names its vendor, too
    return kind, body


def _form(raw: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(raw.decode(), keep_blank_values=True, strict_parsing=True))
    except (UnicodeDecodeError, ValueError) as error:
        raise PayloadError("The webhook is neither JSON nor a form.") from error
