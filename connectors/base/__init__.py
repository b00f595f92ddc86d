"""Which promises does every vendor folder keep? The seams between the platform and the vendors, as Protocols."""

from connectors.base.answers import KEPT_FOR, Check, ReceiptFile, ReferenceItem
from connectors.base.authorization import Authorization, Granted
from connectors.base.context import (
    TOKENS_USED_UP,
    AccessToken,
    Budget,
    ConnectionContext,
    ExchangeNote,
    Limiter,
    NoLimiter,
    Observer,
    TokenStore,
)
from connectors.base.descriptor import Connector, Limit
from connectors.base.ledgers import (
    Finding,
    Ledger,
    LedgerFacts,
    LookupBlindError,
    Outcome,
    OutcomeState,
    Outgoing,
    Stamped,
    StandingBill,
)
from connectors.base.sources import ExportResult, Item, Source, StreamSpec, TellOutcome, Window
from connectors.base.webhooks import ProviderEvent, SignatureError, WebhookReceiver

__all__ = [
    "KEPT_FOR",
    "TOKENS_USED_UP",
    "AccessToken",
    "Authorization",
    "Budget",
    "Check",
    "ConnectionContext",
    "Connector",
    "ExchangeNote",
    "ExportResult",
    "Finding",
    "Granted",
    "Item",
    "Ledger",
    "LedgerFacts",
    "Limit",
    "Limiter",
    "LookupBlindError",
    "NoLimiter",
    "Observer",
    "Outcome",
    "OutcomeState",
    "Outgoing",
    "ProviderEvent",
    "ReceiptFile",
    "ReferenceItem",
    "SignatureError",
    "Source",
    "Stamped",
    "StandingBill",
    "StreamSpec",
    "TellOutcome",
    "TokenStore",
    "WebhookReceiver",
    "Window",
]
