"""How do we subscribe to Brex's webhooks, and with which secrets are they signed?"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.base import ConnectionContext
from connectors.brex.client import BrexClient
from connectors.brex.push import request_key
from connectors.errors import RejectedError

ACCOUNTING_EVENT = "ACCOUNTING_RECORD_READY_FOR_EXPORT"
EVENT_TYPES = (ACCOUNTING_EVENT, "TRANSFER_PROCESSED", "TRANSFER_FAILED", "USER_UPDATED")


def webhook_secrets(context: ConnectionContext) -> Sequence[str]:
    """Secrets that deliveries may be signed with: one, or two while Brex rotates. They belong to the credential, not
    to a subscription; keep them and ask again daily, and after a failed verification at most once a minute."""
    rows = BrexClient(context).webhook_secrets()
    return [str(row["secret"]) for row in rows if row.get("secret") and row.get("status") != "REVOKED"]


def register_webhook(context: ConnectionContext, url: str, event_types: Sequence[str]) -> str:
    """The id of the one subscription of this address, with these event types (none: all that we use) and active.

    Safe to repeat: an existing one is brought up to date. Where the Accounting API is not granted its event is
    refused; the subscription is then made without it. Raises RejectedError unless the address is https."""
    if not url.startswith("https://") and not context.allow_private_addresses:
        raise RejectedError("Brex delivers webhooks to https addresses only.")
    client = BrexClient(context)
    wanted = tuple(event_types) or EVENT_TYPES
    try:
        return _subscribe(client, url, wanted)
    except RejectedError:
        without = tuple(one for one in wanted if one != ACCOUNTING_EVENT)
        if not without or len(without) == len(wanted):
            raise
        return _subscribe(client, url, without)


def _subscribe(client: BrexClient, url: str, event_types: Sequence[str]) -> str:
    existing = next((row for page in client.webhooks() for row in page if row.get("url") == url), None)
    if existing is None:
        made = client.create_webhook(url, event_types, request_key("webhook", url, *event_types))
        return str(made.get("id") or "")
    if existing.get("status") != "ACTIVE" or set(existing.get("event_types") or ()) != set(event_types):
        client.replace_webhook(str(existing.get("id")), url, event_types)
    return str(existing.get("id") or "")
