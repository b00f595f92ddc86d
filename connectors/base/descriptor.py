"""What does the platform know of a vendor? One row of the registry."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel

from connectors.base.authorization import Authorization
from connectors.base.context import ConnectionContext
from connectors.base.ledgers import Ledger
from connectors.base.sources import Source, StreamSpec
from connectors.base.webhooks import WebhookReceiver
from connectors.records import Record


@dataclass(frozen=True, slots=True)
class Limit:
    """So many calls in a period, counted by `scope` (identity, address, token); `parallel` at most at a time.

    With `call` (`POST /v1/transfers`) only calls with this method and path count, beside the limits that count all.
    `burst` calls may go at once, the rest flows, so that no window ever holds more than allowed: 0 is a fifth of them,
    which leaves a steady flow of four fifths; a vendor whose limit is the bottleneck takes a small one."""

    calls: int
    period: timedelta
    scope: str = "identity"
    parallel: int = 0
    burst: int = 0
    only_hosts: tuple[str, ...] = ()  # applies to addresses under these domains; empty: to all
    call: str = ""


@dataclass(frozen=True, slots=True)
class Connector:
    """One vendor: everything the platform asks a folder, in one row of the registry.

    `credentials` and `settings` are pydantic models from which admin forms are made (SecretStr fields are
    write-only). `open_source`/`open_ledger` build clients from a ConnectionContext. `parse` is pure.
    `limits` are about calls, `token_limit` is how often the vendor gives a token for one refresh token: for all
    connections that have the same values in those fields of their credentials which `token_counted_by` names.
    `credential_expiry` says when a credential will stop working, given its facts (None: never, or unknown).
    `has_vendors_by_company`: a vendor is created in each company of this ledger, by a key of its own there; else its
    companies share their vendors.
    `refresh_tokens_stay`: a lost access token is asked for again, by credentials or by a refresh token that stays
    the same, so that nothing can be lost with a transaction that is rolled back.
    `says_company_only_lines`: an entry of this ledger may hold a line in company currency alone (rule G9).
    `webhook_steps` are what a person does at a vendor that has no call to register an address, in order.
    `payment_journals_take_entries`: an entry may go through a journal of payments, as what undoes a payment does.
    `takes_files_while_created`: what is in this ledger and not in its books takes files, which it may not do later; so
    they are attached without waiting for it to be posted.
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
    authorization: Authorization | None = None
    says_company_only_lines: bool = True
    payment_journals_take_entries: bool = True
    takes_files_while_created: bool = False
    webhook: WebhookReceiver | None = None
    webhook_secrets: Callable[[ConnectionContext], Sequence[str]] | None = None
    register_webhook: Callable[[ConnectionContext, str, Sequence[str]], str] | None = None
    webhook_steps: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()
    token_limit: Limit | None = None
    token_counted_by: tuple[str, ...] = ()
    keep_alive_after: timedelta | None = None
    inactivity_limit: timedelta | None = None
    credential_expiry: Callable[[ConnectionContext], datetime | None] | None = None
    has_vendors_by_company: bool = False
    refresh_tokens_stay: bool = False
    simulator: str = ""
