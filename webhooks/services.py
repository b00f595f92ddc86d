"""What can be done with endpoints and deliveries? The same for admin, tasks and commands; each leaves an event."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit.sync.exchanges import ExchangeLog
from audit.sync.recorder import Recorder
from connectors.errors import ConnectorError
from connectors.models import Connection
from connectors.registry import connector_get
from connectors.services import connection_context
from mappings.refusals import RefusedError, refuse_if
from webhooks.lookup import doors_forget
from webhooks.models import DeliveryState, Endpoint, EndpointState, Verdict, WebhookDelivery, opaque_new
from webhooks.signing import secrets_refresh

# Longer than a sender keeps trying one message: Svix gives up after 27.6 hours (https://docs.svix.com/retries).
GRACE = timedelta(hours=48)


def endpoint_create(*, connection: Connection, event_types: Sequence[str] = (), by: str) -> Endpoint:
    """A new address for a connection's webhooks; nothing is told to the vendor yet. Raises RefusedError."""
    descriptor = connector_get(connection.vendor)
    refuse_if(
        [
            *([] if descriptor.webhook else [f"{descriptor.label} sends no webhooks that are understood here."]),
            *(["The connection is archived."] if connection.archived_at else []),
        ]
    )
    with transaction.atomic():
        row = Endpoint.objects.create(
            tenant_id=connection.tenant_id, connection=connection, event_types=list(dict.fromkeys(event_types))
        )
        _note(row, "endpoint.created", by)
    return row


def endpoint_update(endpoint: Endpoint, *, event_types: Sequence[str], by: str) -> Endpoint:
    """Ask for other events; the vendor hears of it when the endpoint is registered again. Safe to repeat."""
    wanted = list(dict.fromkeys(event_types))
    with transaction.atomic():
        row = Endpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
        if row.event_types != wanted:
            row.event_types = wanted
            row.state = EndpointState.NEW if row.state == EndpointState.ACTIVE else row.state
            row.save(update_fields=["event_types", "state"])
            _note(row, "endpoint.changed", by, f"Events: {', '.join(wanted) or 'all that are used'}.")
    endpoint.refresh_from_db()
    return endpoint


def endpoint_register(endpoint: Endpoint, *, by: str) -> Endpoint:
    """Subscribe at the vendor to the endpoint's address, and fetch the secrets. Safe to repeat.

    Raises RefusedError: no https (unless the vendor is simulated), or in the vendor's words."""
    connection = endpoint.connection
    register = connector_get(connection.vendor).register_webhook
    refuse_if(registration_reasons(endpoint))
    try:
        with ExchangeLog(connection) as log:
            context = connection_context(connection, observer=log.observe)
            subscription_id = register(context, endpoint.url, endpoint.event_types) if register else ""
    except ConnectorError as error:
        raise RefusedError(error.message) from error
    with transaction.atomic():
        row = Endpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
        row.subscription_id, row.registered_at, row.state = subscription_id, timezone.now(), EndpointState.ACTIVE
        row.save(update_fields=["subscription_id", "registered_at", "state"])
        _note(row, "endpoint.registered", by, f"Subscription {subscription_id}.")
    doors_forget()
    secrets_refresh(row, by=by, is_urgent=True)
    endpoint.refresh_from_db()
    return endpoint


def registration_reasons(endpoint: Endpoint) -> list[str]:
    """What stands against registering it at the vendor."""
    connection, label = endpoint.connection, connector_get(endpoint.connection.vendor).label
    reasons = []
    if connector_get(connection.vendor).register_webhook is None:
        reasons.append(f"{label} has no call for it: enter the address there by hand.")
    if not settings.MLC_PUBLIC_URL.startswith("https://") and not connection.is_simulated:
        reasons.append("MLC_PUBLIC_URL must begin with https://, or the events would travel in clear.")
    if not connection.is_usable:
        reasons.append("The connection does not work: test it first.")
    return reasons


def endpoint_rotate(endpoint: Endpoint, *, by: str, grace: timedelta = GRACE) -> Endpoint:
    """A new address, where the old one has become known; the old one answers for `grace`, one before it no more.

    The vendor has to be told: register it again."""
    with transaction.atomic():
        row = Endpoint.objects.select_for_update(of=("self",)).get(pk=endpoint.pk)
        row.previous_opaque, row.previous_until = row.opaque, timezone.now() + grace
        row.opaque, row.state = opaque_new(), EndpointState.NEW
        row.save(update_fields=["previous_opaque", "previous_until", "opaque", "state"])
        _note(row, "endpoint.rotated", by, f"The old address answers until {row.previous_until:%Y-%m-%d %H:%M} UTC.")
    doors_forget()
    endpoint.refresh_from_db()
    return endpoint


def endpoint_switch(endpoint: Endpoint, *, is_on: bool, by: str) -> Endpoint:
    """Off: both its addresses are unknown to everybody within seconds. Safe to repeat."""
    with transaction.atomic():
        row = Endpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
        on = EndpointState.ACTIVE if row.registered_at else EndpointState.NEW
        row.state = on if is_on else EndpointState.OFF
        row.save(update_fields=["state"])
        _note(row, "endpoint.switched", by, "On." if is_on else "Off.")
    doors_forget()
    endpoint.refresh_from_db()
    return endpoint


def delivery_replay(delivery_ids: Iterable[int], *, by: str) -> int:
    """Work verified deliveries anew, as if they had just come; answers how many. What was not proven stays out.

    Safe to repeat: their records are only read again, and an unchanged record changes nothing."""
    with transaction.atomic():
        rows = WebhookDelivery.objects.select_for_update().filter(pk__in=list(delivery_ids), verdict=Verdict.VERIFIED)
        now = timezone.now()
        by_tenant: dict[int, list[WebhookDelivery]] = {}
        for row in rows.order_by("id"):
            by_tenant.setdefault(row.tenant_id, []).append(row)
        for tenant_id, found in sorted(by_tenant.items()):
            WebhookDelivery.objects.filter(pk__in=[row.pk for row in found]).update(
                state=DeliveryState.NEW, due_at=now, attempts=0, error="", done_at=None
            )
            recorder = Recorder(tenant_id, by, now)
            for row in found:
                recorder.event("delivery.replayed", row.message_id, subject="delivery", subject_id=row.pk)
            recorder.flush()
    return sum(len(found) for found in by_tenant.values())


def _note(endpoint: Endpoint, kind: str, by: str, message: str = "") -> None:
    recorder = Recorder(endpoint.tenant_id, by)
    recorder.event(kind, message, subject="endpoint", subject_id=endpoint.pk)
    recorder.flush()
