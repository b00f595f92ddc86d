"""Is this delivery the vendor's own, and is it stored? One insert, and the answer that the sender gets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum

import structlog
from django.db import connection as database
from django.utils import timezone

from connectors.base import SignatureError
from connectors.codec import json_text
from webhooks.lookup import Door, door_find
from webhooks.models import LONGEST_MESSAGE_ID, Endpoint, Verdict

LARGEST_BODY = 1024 * 1024
UNVERIFIED_AT_MOST = 500  # for one endpoint, of the last days
UNVERIFIED_BYTES_AT_MOST = 5 * 1024 * 1024
LONGEST_HEADER = 1000
QUERY = ":query"  # the query of the address, which some vendors sign too; no header can be called so
KEPT_HEADER = re.compile(
    r":query|content-type|user-agent|(webhook|svix)-[a-z-]{1,40}|x-[a-z-]{0,40}(signature|hmac)[a-z-]{0,40}"
)
# The headers in which senders of https://github.com/standard-webhooks/standard-webhooks say when they signed.
TIMESTAMPS = ("webhook-timestamp", "svix-timestamp")

STORE = """
INSERT INTO webhooks_webhookdelivery AS stored
       (tenant_id, endpoint_id, message_id, headers, body, body_size, verdict, refusal, received_at, repeats,
        state, due_at, attempts, error, events)
VALUES (%s, %s, %s, %s::jsonb, %s, %s, 'verified', '', %s, 0, 'new', %s, 0, '', '')
ON CONFLICT (endpoint_id, message_id) WHERE verdict = 'verified' DO UPDATE
   SET repeats = stored.repeats + 1,
       state = CASE stored.state WHEN 'failed' THEN 'new' ELSE stored.state END,
       due_at = CASE stored.state WHEN 'failed' THEN excluded.due_at ELSE stored.due_at END
RETURNING repeats = 0
"""
STORE_UNVERIFIED = """
INSERT INTO webhooks_webhookdelivery
       (tenant_id, endpoint_id, message_id, headers, body, body_size, verdict, refusal, received_at, repeats,
        state, due_at, attempts, error, events)
SELECT %s, %s, %s, %s::jsonb, %s, %s, %s, %s, %s, 0, 'ignored', NULL, 0, '', ''
  FROM (SELECT count(*) number, coalesce(sum(body_size), 0) bytes
          FROM webhooks_webhookdelivery WHERE endpoint_id = %s AND verdict <> 'verified') kept
 WHERE kept.number < %s AND kept.bytes + %s <= %s
"""

logger = structlog.get_logger(__name__)


class Answer(IntEnum):
    """HTTP statuses: 2xx means stored for good, anything else that the sender should try again."""

    ACCEPTED = 202
    DUPLICATE = 200
    NOT_PROVEN = 401
    UNKNOWN = 404
    OUR_FAULT = 500


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a delivery. `is_work`: something new is to be done, a worker may be woken."""

    answer: Answer
    is_work: bool = False


def delivery_receive(opaque: str, raw: bytes, headers: Mapping[str, str]) -> Received:
    """Verify a delivery over its raw bytes and store it in one statement, which is committed when this returns.

    Repeats are welcome; one whose work had failed is worked on again. Raises django.db.Error: nothing is stored."""
    door = door_find(opaque)
    if door is None:
        return Received(Answer.UNKNOWN)
    claimed = door.receiver.message_id(headers)
    if not claimed or len(claimed) > LONGEST_MESSAGE_ID or not claimed.isprintable():
        return Received(Answer.NOT_PROVEN)
    now = timezone.now()
    refusal = _refusal(door, raw, headers, now)
    if refusal and (fresh := door_find(opaque, is_fresh=True)) is not None and fresh.secrets != door.secrets:
        door, refusal = fresh, _refusal(fresh, raw, headers, now)
    if not refusal:
        is_new = _store(door, claimed, headers, raw, now)
        return Received(Answer.ACCEPTED if is_new else Answer.DUPLICATE, is_work=True)
    is_wanted = secrets_want(door.endpoint_id, now)
    if door.unreadable or not door.secrets:  # we cannot know whether it is theirs
        logger.error("webhook_secrets_missing", endpoint=door.endpoint_id, unreadable=door.unreadable)
        return Received(Answer.OUR_FAULT, is_work=is_wanted)
    _store_unverified(door, claimed, headers, raw, now, refusal)
    return Received(Answer.NOT_PROVEN, is_work=is_wanted)


def secrets_want(endpoint_id: int, now: datetime) -> bool:
    """Note that the vendor is to be asked for its secrets; True if nobody had noted it yet."""
    rows = Endpoint.objects.filter(pk=endpoint_id, secrets_wanted_at=None)
    return bool(rows.update(secrets_wanted_at=now))


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Lower-case names; never cookies, authorization or addresses."""
    lowered = ((name.lower(), value[:LONGEST_HEADER].replace("\0", "")) for name, value in headers.items())
    return {name: value for name, value in lowered if KEPT_HEADER.fullmatch(name) and (value or name != QUERY)}


def _refusal(door: Door, raw: bytes, headers: Mapping[str, str], now: datetime) -> str:
    """Why it is not proven to be the vendor's, for the log; empty if it is."""
    try:
        door.receiver.verify(raw, headers, door.secrets, now)
    except SignatureError as error:
        return str(error)[:200] or "not proven"
    return ""


def _store(door: Door, message_id: str, headers: Mapping[str, str], raw: bytes, now: datetime) -> bool:
    kept = json_text(kept_headers(headers))
    with database.cursor() as cursor:
        cursor.execute(STORE, [door.tenant_id, door.endpoint_id, message_id, kept, raw, len(raw), now, now])
        is_new: bool = cursor.fetchone()[0]
    return is_new


def _store_unverified(
    door: Door, message_id: str, headers: Mapping[str, str], raw: bytes, now: datetime, refusal: str
) -> None:
    verdict = Verdict.STALE if _is_authentic_by_its_own_clock(door, raw, headers) else Verdict.UNVERIFIED
    kept, size = json_text(kept_headers(headers)), len(raw)
    row = (door.tenant_id, door.endpoint_id, message_id, kept, raw, size, verdict.value, refusal, now)
    caps = (door.endpoint_id, UNVERIFIED_AT_MOST, size, UNVERIFIED_BYTES_AT_MOST)
    with database.cursor() as cursor:
        cursor.execute(STORE_UNVERIFIED, (*row, *caps))
        is_kept = cursor.rowcount == 1
    logger.warning(
        "webhook_refused", endpoint=door.endpoint_id, verdict=verdict.value, refusal=refusal, is_kept=is_kept
    )


def _is_authentic_by_its_own_clock(door: Door, raw: bytes, headers: Mapping[str, str]) -> bool:
    """Whether the signature is good at the time it was made: then somebody replays, or a clock is wrong."""
    lowered = {name.lower(): value for name, value in headers.items()}
    claimed = next((lowered[name] for name in TIMESTAMPS if name in lowered), "")
    if not re.fullmatch(r"[0-9]{1,11}", claimed):
        return False
    return not _refusal(door, raw, headers, datetime.fromtimestamp(int(claimed), UTC))
