"""What does the platform know of Zoho Books? Its row in the registry."""

from __future__ import annotations

from datetime import timedelta

from connectors.base import Connector, Limit
from connectors.zoho_books.auth import ZohoCredentials, ZohoSettings
from connectors.zoho_books.authorization import AUTHORIZATION
from connectors.zoho_books.errors import INTRODUCTION
from connectors.zoho_books.ledger import ZohoLedger
from connectors.zoho_books.regions import DEFAULT
from connectors.zoho_books.source import STREAMS, ZohoSource, parse
from connectors.zoho_books.webhook import STEPS, ZohoWebhooks, webhook_secrets

CONNECTOR = Connector(
    key="zoho_books",
    label="Zoho Books",
    credentials=ZohoCredentials,
    settings=ZohoSettings,
    docs_url=INTRODUCTION,
    default_address=DEFAULT.api,
    streams=STREAMS,
    open_source=ZohoSource,
    open_ledger=ZohoLedger,
    parse=parse,
    says_company_only_lines=False,  # a journal has one currency and one rate
    webhook=ZohoWebhooks(),
    webhook_secrets=webhook_secrets,
    # There are calls, but neither the names of events nor their answers are published.
    webhook_steps=STEPS,
    authorization=AUTHORIZATION,
    refresh_tokens_stay=True,  # a refresh token stays the same
    # Ten in ten minutes are allowed, to all connections of one refresh token together; two are left to others.
    token_limit=Limit(calls=8, period=timedelta(minutes=10), scope="token"),
    token_counted_by=("client_id", "refresh_token"),
    # A hundred a minute and, on the free plan, five at a time, by organisation: nearly all may flow steadily.
    limits=(Limit(calls=100, period=timedelta(seconds=60), parallel=4, burst=2),),
    simulator="connectors.zoho_books.simulator.ZohoBooksSimulator",
)
