"""Could a webhook come in that nobody can prove? Said before it happens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connection as database
from django.db.models import Exists, OuterRef

from connectors.registry import CONNECTORS, connector_get
from webhooks.models import Endpoint, EndpointSecret, EndpointState, SecretState


@register(Tags.security, deploy=True)
def check_signatures(**_: Any) -> list[CheckMessage]:
    """mlc.E201: every vendor that can be subscribed to has a receiver that verifies signatures."""
    return [
        Error(
            f"{descriptor.label} can be subscribed to, but nothing verifies what it sends.",
            hint="Give its Connector a `webhook`, or no `register_webhook`.",
            id="mlc.E201",
        )
        for descriptor in map(connector_get, CONNECTORS)
        if descriptor.register_webhook and not descriptor.webhook
    ]


@register(Tags.database, deploy=True)
def check_endpoints(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """mlc.W202: a registered endpoint without a usable secret refuses everything that comes."""
    if not databases or "default" not in databases:
        return []
    if Endpoint._meta.db_table not in database.introspection.table_names():
        return []  # the first migration has yet to run
    usable = EndpointSecret.objects.filter(endpoint=OuterRef("pk"), state=SecretState.USABLE)
    bare = Endpoint.objects.filter(~Exists(usable), state=EndpointState.ACTIVE, connection__archived_at=None)
    return [
        Warning(
            f"{row} of {row.tenant} has no signing secret, so every delivery is refused.",
            hint="Refresh its secrets in the admin, or switch it off.",
            obj=row,
            id="mlc.W202",
        )
        for row in bare.select_related("connection", "tenant")
    ]
