"""What does the platform know of a vendor? One row of the registry."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel

from connectors.base.context import ConnectionContext
from connectors.base.ledgers import Ledger
from connectors.base.sources import Source, StreamSpec
from connectors.base.webhooks import WebhookReceiver
from connectors.records import Record


@dataclass(frozen=True, slots=True)
class Limit:
    """So many calls in a period, counted by `scope` (identity, address, token); `parallel` at most at a time."""

    calls: int
    period: timedelta
    scope: str = "identity"
    parallel: int = 0
    only_hosts: tuple[str, ...] = ()  # applies to addresses under these domains; empty: to all


@dataclass(frozen=True, slots=True)
class Connector:
    """One vendor: everything the platform asks a folder, in one row of the registry.

    `credentials` and `settings` are pydantic models from which admin forms are made (SecretStr fields are
    write-only). `open_source`/`open_ledger` build clients from a ConnectionContext. `parse` is pure.
    `credential_expiry` says when a credential will stop working, given its facts (None: never, or unknown).
    `refresh_tokens_stay`: a renewal gives no new refresh token, so nothing is lost where its answer is not kept.
    `says_company_only_lines`: an entry of this ledger may hold a line in company currency alone (rule G9).
    `simulator` is the dotted path of the simulator's class."""

    key: str
    label: str
    credentials: type[BaseModel]
    docs_url: str
    default_address: str = ""
    settings: type[BaseModel] | None = None
    streams: Mapping[str, StreamSpec] = field(default_factory=dict)
    open_source: Callable[[ConnectionContext], Source] | None = None
    open_ledger: Callable[[ConnectionContext], Ledger] | None = None
    parse: Callable[[str, Mapping[str, Any]], Record] | None = None
    webhook: WebhookReceiver | None = None
    webhook_secrets: Callable[[ConnectionContext], Sequence[str]] | None = None
    register_webhook: Callable[[ConnectionContext, str, Sequence[str]], str] | None = None
    limits: tuple[Limit, ...] = ()
    keep_alive_after: timedelta | None = None
    inactivity_limit: timedelta | None = None
    credential_expiry: Callable[[ConnectionContext], datetime | None] | None = None
    refresh_tokens_stay: bool = False
    says_company_only_lines: bool = True
    simulator: str = ""
