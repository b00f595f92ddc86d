"""Did Brex send this, and what should be read soon? Standard Webhooks signatures over the raw bytes.

Headers are `Webhook-Id`, `-Timestamp`, `-Signature`, or `Svix-…` where the sender is not white-labelled; the scheme is
https://github.com/standard-webhooks/standard-webhooks, the secrets are those of `GET /v1/webhooks/secrets`, of which
two are good while Brex rotates (https://developer.brex.com/openapi/webhooks_api).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.base import ProviderEvent, SignatureError
from connectors.brex.streams import ACCOUNTING_RECORDS, CASH_TRANSACTIONS, EXPENSES
from connectors.codec import json_load
from connectors.errors import PayloadError

TOLERANCE = 300  # seconds, either way; each attempt is signed afresh
STREAMS_OF_EVENTS = {
    "ACCOUNTING_RECORD_READY_FOR_EXPORT": ACCOUNTING_RECORDS,
    "TRANSFER_PROCESSED": CASH_TRANSACTIONS,
    "TRANSFER_FAILED": CASH_TRANSACTIONS,
    "EXPENSE_PAYMENT_UPDATED": EXPENSES,  # pending authorisations only: never posted, a reason to poll
}


class BrexWebhooks:
    """Pure functions over raw bytes."""

    def verify(self, raw: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime) -> str:
        """The message id. One good signature by one usable secret is enough; the body is taken byte for byte."""
        message_id, timestamp, signatures = _signed_headers(headers)
        if not re.fullmatch(r"[0-9]{1,12}", timestamp):
            raise SignatureError("the timestamp is not a number")
        if abs(now.timestamp() - int(timestamp)) > TOLERANCE:
            raise SignatureError("the timestamp is too far from now")
        signed = message_id.encode() + b"." + timestamp.encode() + b"." + raw
        given = [one.partition(",")[2].encode() for one in signatures.split() if one.startswith("v1,")]
        for key in _keys(secrets):
            expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
            if any(hmac.compare_digest(expected, one) for one in given):
                return message_id
        raise SignatureError("no signature matches")

    def message_id(self, headers: Mapping[str, str]) -> str:
        """The id that every redelivery of a message carries; empty if there is none. Says nothing about truth."""
        lowered = {key.lower(): value for key, value in headers.items()}
        return lowered.get("webhook-id") or lowered.get("svix-id") or ""

    def parse(self, raw: bytes) -> list[ProviderEvent]:
        """One event per body. The accounting event is camelCase and all others are not, so both are read."""
        try:
            body = json_load(raw)
        except (ValueError, UnicodeDecodeError) as error:
            raise PayloadError("The webhook is not JSON.") from error
        if not isinstance(body, dict) or not isinstance(body.get("event_type"), str):
            raise PayloadError("The webhook names no event type.")
        kind = body["event_type"]
        stream = STREAMS_OF_EVENTS.get(kind, "")
        account = body.get("companyId") or body.get("company_id") or ""
        return [ProviderEvent(kind, stream, _record_ids(body) if stream == ACCOUNTING_RECORDS else (), str(account))]


def _signed_headers(headers: Mapping[str, str]) -> tuple[str, str, str]:
    lowered = {key.lower(): value for key, value in headers.items()}
    prefix = "webhook-" if "webhook-id" in lowered else "svix-"
    try:
        found = tuple(lowered[prefix + name] for name in ("id", "timestamp", "signature"))
    except KeyError as error:
        raise SignatureError(f"the header {error.args[0]} is missing") from error
    if not all(found):
        raise SignatureError("a signature header is empty")
    return found  # type: ignore[return-value]


def _keys(secrets: Sequence[str]) -> Iterator[bytes]:
    for secret in secrets:
        try:
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except (binascii.Error, ValueError):
            continue
        if key:
            yield key


def _record_ids(body: Mapping[str, Any]) -> tuple[str, ...]:
    ids = body.get("accountingRecordIds") or body.get("accounting_record_ids") or ()
    if not isinstance(ids, list | tuple) or not all(isinstance(one, str) and one for one in ids):
        raise PayloadError("The webhook lists records that are not ids.")
    return tuple(dict.fromkeys(ids))
