"""How does a row become something that talks? Contexts, sources and ledgers of a connection."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import requests.adapters
from django.conf import settings
from django.db import connection as database

from connectors.addresses import address_check
from connectors.auth import MemoryTokenStore
from connectors.base import ConnectionContext, Connector, ExchangeNote, Ledger, Observer, Source, TokenStore
from connectors.budget import ConnectionBudget
from connectors.credentials import CredentialsError, schema_check
from connectors.errors import AuthenticationError, ConfigurationError
from connectors.limits import limiter_for
from connectors.models import Connection, ConnectionState, Credential
from connectors.models.connections import SIMULATOR
from connectors.registry import connector_get
from connectors.services.states import connection_break
from connectors.tokens import DatabaseTokenStore

SUCCESS_EVERY = timedelta(minutes=10)  # how exactly `last_success_at` is kept
BeforeCall = Callable[[float], None]
Leaving = Callable[[str], None]

_transports: dict[str, requests.adapters.BaseAdapter] = {}
_passing: dict[tuple[int, str], MemoryTokenStore] = {}  # by connection and the fingerprint of its credential


def transport_register(address: str, transport: requests.adapters.BaseAdapter | None) -> None:
    """Let connections with this very address be answered inside this process (None: no longer); for tests."""
    if transport is None:
        _transports.pop(address, None)
    else:
        _transports[address] = transport


def connection_context(
    connection: Connection,
    *,
    observer: Observer | None = None,
    before_call: BeforeCall | None = None,
    leaving: Leaving | None = None,
) -> ConnectionContext:
    """All that the vendor's code needs. Raises ConfigurationError and DecryptionError; nothing is called yet."""
    descriptor = connector_get(connection.vendor)
    if connection.archived_at or connection.state == ConnectionState.OFF:
        raise ConfigurationError(f"The connection {connection.name} is switched off.")
    credential = Credential.objects.filter(connection_id=connection.pk).first()
    if credential is None:
        raise ConfigurationError(f"The connection {connection.name} has no credentials yet.", code="credential_missing")
    try:
        credentials = schema_check(descriptor.credentials, credential.reveal())
        chosen = schema_check(descriptor.settings, connection.settings) if descriptor.settings else None
    except CredentialsError as error:
        raise ConfigurationError(f"The set-up of {connection.name} is incomplete: {error}") from error
    address, is_private_allowed = _address(connection)
    return ConnectionContext(
        address=address,
        credentials=credentials,
        settings=chosen,
        identity=connection.identity,
        tokens=_tokens(connection, descriptor, credential),
        limiter=limiter_for(connection, descriptor, credential, address),
        budget=ConnectionBudget(connection),
        observer=_noting_success(connection, observer),
        transport=_transports.get(connection.address),
        before_call=before_call,
        leaving=leaving,
        allow_private_addresses=is_private_allowed,
    )


def connection_source(
    connection: Connection, *, observer: Observer | None = None, before_call: BeforeCall | None = None
) -> Source:
    """The connection's vendor as a source. Raises as `connection_context`."""
    descriptor = connector_get(connection.vendor)
    if descriptor.open_source is None:
        raise ConfigurationError(f"{descriptor.label} gives no records.")
    return descriptor.open_source(connection_context(connection, observer=observer, before_call=before_call))


def connection_ledger(
    connection: Connection,
    *,
    observer: Observer | None = None,
    before_call: BeforeCall | None = None,
    leaving: Leaving | None = None,
) -> Ledger:
    """The connection's vendor as a ledger. Raises as `connection_context`."""
    descriptor = connector_get(connection.vendor)
    if descriptor.open_ledger is None:
        raise ConfigurationError(f"{descriptor.label} keeps no books.")
    context = connection_context(connection, observer=observer, before_call=before_call, leaving=leaving)
    return descriptor.open_ledger(context)


def _tokens(connection: Connection, descriptor: Connector, credential: Credential) -> TokenStore:
    """Tokens that all processes share. Inside a transaction (a set-up file is applied) nothing can be shared yet: there
    those that may be lost live in this process; the store refuses to renew others."""
    if descriptor.refresh_tokens_stay and database.in_atomic_block:
        return _passing.setdefault((connection.pk, credential.fingerprint), MemoryTokenStore())
    limit, counted_by = descriptor.token_limit, descriptor.token_counted_by
    return DatabaseTokenStore(connection.pk, lambda error: _break(connection, error), limit, counted_by)


def _address(connection: Connection) -> tuple[str, bool]:
    """Where to call, and whether that may be in a private network."""
    is_private_allowed: bool = settings.MLC_ALLOW_PRIVATE_ADDRESSES
    if not connection.is_simulated:
        return address_check(connection.address, allow_private=is_private_allowed), is_private_allowed
    if not settings.MLC_SIMULATED_CONNECTIONS_ALLOWED:
        raise ConfigurationError(f"{connection.name} leads to a simulator, which this installation does not allow.")
    if connection.address in _transports:
        return f"http://{connection.address.removeprefix(SIMULATOR)}.invalid", True
    served = settings.MLC_SIMULATORS.get(connection.address.removeprefix(SIMULATOR))
    if not served:
        raise ConfigurationError(f"No simulator runs at {connection.address}; MLC_SIMULATORS does not name it.")
    return address_check(served, allow_private=True), True


def _break(connection: Connection, error: AuthenticationError) -> None:
    connection_break(connection.pk, error.message)


def _noting_success(connection: Connection, observer: Observer | None) -> Observer:
    noted: datetime | None = connection.last_success_at

    def observe(note: ExchangeNote) -> None:
        nonlocal noted
        if note.status is not None and note.status < 400 and (not noted or note.started_at - noted > SUCCESS_EVERY):
            noted = note.started_at
            Connection.objects.filter(pk=connection.pk).update(last_success_at=noted)
        if observer:
            observer(note)

    return observe
