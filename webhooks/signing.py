"""Which secrets does the vendor sign with now? Asked daily and after a failed verification, at most once a minute."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from audit.sync.exchanges import ExchangeLog
from audit.sync.recorder import Recorder
from connectors.base import SignatureError
from connectors.credentials import SHORTEST_TO_SHOW, fingerprint
from connectors.errors import ConnectorError
from connectors.models import ConnectionState
from connectors.registry import connector_get
from connectors.services import connection_context
from webhooks.lookup import doors_forget
from webhooks.models import DeliveryState, Endpoint, EndpointSecret, EndpointState, SecretState, Verdict

EVERY = timedelta(days=1)
NOT_AGAIN_WITHIN = timedelta(minutes=1)
PROVEN_LATER_WITHIN = timedelta(hours=1)

logger = structlog.get_logger(__name__)


def secrets_refresh(endpoint: Endpoint, *, by: str, is_urgent: bool = False) -> bool:
    """Ask the vendor for its secrets and keep them; True if they are known now.

    If asking fails, what is stored stays usable and the reason is on the endpoint. Within a minute of the last time
    nothing is asked, unless a person does (`is_urgent`). What had come under a secret that we did not know yet is
    proven then. Raises nothing of the vendor's."""
    asked_at = timezone.now()
    recently = Q() if is_urgent else Q(secrets_asked_at=None) | Q(secrets_asked_at__lte=asked_at - NOT_AGAIN_WITHIN)
    taken = Endpoint.objects.filter(recently, pk=endpoint.pk).update(secrets_asked_at=asked_at)
    ask = connector_get(endpoint.connection.vendor).webhook_secrets
    if not taken or ask is None:
        return False
    try:
        with ExchangeLog(endpoint.connection) as log:
            given = ask(connection_context(endpoint.connection, observer=log.observe))
    except ConnectorError as error:
        Endpoint.objects.filter(pk=endpoint.pk).update(secrets_error=error.message, secrets_wanted_at=None)
        logger.warning("webhook_secrets_not_fetched", endpoint=endpoint.pk, reason=error.message)
        return False
    secrets_keep(endpoint, given, by=by)
    return True


def secrets_keep(endpoint: Endpoint, given: Sequence[str], *, by: str) -> None:
    """These are the vendor's secrets now; others retire. An empty list retires none: without any, nothing is proven."""
    now = timezone.now()
    prints = {_print(one): one for one in given if one}
    with transaction.atomic():
        row = Endpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
        known = {one.fingerprint: one for one in row.secrets.all()}
        changes = []
        for print_, plain in prints.items():
            one = known.get(print_) or EndpointSecret(endpoint=row, fingerprint=print_)
            if one.pk is None or one.state == SecretState.RETIRED:
                changes.append(f"…{_last4(plain)} is usable")
            one.value, one.last4 = plain, _last4(plain)
            one.state, one.retired_at, one.fetched_at = SecretState.USABLE, None, now
            one.save()
        for one in known.values():
            if prints and one.fingerprint not in prints and one.state == SecretState.USABLE:
                one.value, one.state, one.retired_at = None, SecretState.RETIRED, now
                one.save()
                changes.append(f"{one} retired")
        row.secrets_fetched_at, row.secrets_wanted_at = now, None
        row.secrets_error = "" if prints else "The vendor named no secret."
        row.save(update_fields=["secrets_fetched_at", "secrets_wanted_at", "secrets_error"])
        if changes:
            recorder = Recorder(row.tenant_id, by, now)
            text = "; ".join(changes)
            recorder.event("endpoint.secrets", text, subject="endpoint", subject_id=row.pk)
            recorder.flush()
    transaction.on_commit(doors_forget)
    _prove_later(endpoint, list(prints.values()), now)


def endpoints_to_ask() -> list[Endpoint]:
    """Endpoints in use whose secrets are a day old, or failed a delivery, and were not asked for within a minute."""
    now = timezone.now()
    is_old = Q(secrets_fetched_at=None) | Q(secrets_fetched_at__lt=now - EVERY)
    # One that fails is asked each hour, not each minute: it would only be told the same.
    is_idle = Q(secrets_asked_at=None) | Q(secrets_asked_at__lt=now - EVERY / 24)
    is_wanted = Q(secrets_wanted_at__isnull=False) & (
        Q(secrets_asked_at=None) | Q(secrets_asked_at__lte=now - NOT_AGAIN_WITHIN)
    )
    rows = Endpoint.objects.filter((is_old & is_idle) | is_wanted, connection__archived_at=None)
    usable = rows.exclude(state=EndpointState.OFF).exclude(connection__state=ConnectionState.OFF)
    return list(usable.select_related("connection", "tenant").order_by("id"))


def _prove_later(endpoint: Endpoint, secrets: Sequence[str], now: datetime) -> None:
    """What came minutes ago under a secret that Brex had just begun to use is the vendor's after all."""
    receiver = connector_get(endpoint.connection.vendor).webhook
    recent = endpoint.deliveries.filter(verdict=Verdict.UNVERIFIED, received_at__gte=now - PROVEN_LATER_WITHIN)
    if receiver is None or not secrets:
        return
    for row in recent.order_by("id"):
        try:
            receiver.verify(bytes(row.body), row.headers, secrets, row.received_at)
        except SignatureError:
            continue
        row.verdict, row.refusal, row.state, row.due_at = Verdict.VERIFIED, "", DeliveryState.NEW, now
        # The sender may have repeated it in the meantime: the repeat stands then.
        with suppress(IntegrityError), transaction.atomic():
            row.save(update_fields=["verdict", "refusal", "state", "due_at"])


def _print(secret: str) -> str:
    return fingerprint({"webhook_secret": secret}, settings.FINGERPRINT_KEY)


def _last4(secret: str) -> str:
    """Base64 often ends in padding, which tells nobody apart."""
    bare = secret.rstrip("=")
    return bare[-4:] if len(bare) >= SHORTEST_TO_SHOW else ""
