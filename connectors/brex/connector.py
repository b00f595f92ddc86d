"""What is Brex to the platform?"""

from __future__ import annotations

from datetime import timedelta

from connectors.base import Connector, Limit
from connectors.brex.auth import ADDRESS, INACTIVITY_LIMIT, KEEP_ALIVE_AFTER, BrexCredentials, BrexSettings
from connectors.brex.parse import parse
from connectors.brex.source import BrexSource
from connectors.brex.streams import STREAMS
from connectors.brex.subscriptions import register_webhook, webhook_secrets
from connectors.brex.webhook import BrexWebhooks

CONNECTOR = Connector(
    key="brex",
    label="Brex",
    credentials=BrexCredentials,
    settings=BrexSettings,
    docs_url="https://developer.brex.com",
    default_address=ADDRESS,
    streams=STREAMS,
    open_source=BrexSource,
    parse=parse,
    webhook=BrexWebhooks(),
    webhook_secrets=webhook_secrets,
    register_webhook=register_webhook,
    # Per client and Brex account: https://developer.brex.com/docs/rate_limits
    limits=(
        Limit(1000, timedelta(seconds=60), scope="identity"),
        Limit(1000, timedelta(hours=24), scope="identity", call="POST /v1/transfers"),
    ),
    keep_alive_after=KEEP_ALIVE_AFTER,
    inactivity_limit=INACTIVITY_LIMIT,
    simulator="connectors.brex.simulator.BrexSimulator",
)
