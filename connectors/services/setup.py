"""How is a connection set up and changed? With all problems said at once, by field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from pydantic import BaseModel

from connectors.addresses import address_check
from connectors.credentials import CredentialsError, fingerprint, last_four, merged, plain_document, schema_check
from connectors.errors import ConfigurationError, DecryptionError
from connectors.models import Connection, ConnectionState, Credential, Tenant, Token
from connectors.registry import connector_get
from connectors.services.states import connection_save, identity_is_frozen


def connection_create(
    *,
    tenant: Tenant,
    vendor: str,
    name: str,
    address: str = "",
    chosen: Mapping[str, Any] | None = None,
    identity: str = "",
    by: AbstractBaseUser | None = None,
) -> Connection:
    """A new connection without credentials. Raises ValidationError (Django's) with all problems by field."""
    row = Connection(tenant=tenant, vendor=vendor, name=name, address=address, identity=identity)
    return connection_update(row, chosen=chosen or {}, by=by)


def connection_update(
    connection: Connection,
    *,
    name: str | None = None,
    address: str | None = None,
    chosen: Mapping[str, Any] | None = None,
    identity: str | None = None,
    by: AbstractBaseUser | None = None,
) -> Connection:
    """Change what is given. A new address deletes the credentials (the database sees to it), so that no test sends
    them to a stranger. The same again writes nothing. Raises ValidationError with all problems by field; a frozen
    identity is one."""
    connection.name = connection.name if name is None else name
    connection.address = connection.address if address is None else address
    connection.identity = connection.identity if identity is None else identity
    connection_check(connection, chosen=chosen)
    with transaction.atomic():
        stored = Connection.objects.select_for_update().filter(pk=connection.pk).first()
        if stored:
            is_moved = stored.address != connection.address
            connection.account = "" if is_moved or not connection.identity else stored.account
            connection.state, connection.reason = stored.state, stored.reason
            if is_moved and stored.state != ConnectionState.OFF:
                connection.state, connection.reason = ConnectionState.NEW, ""
        fields = ["name", "address", "account", "identity", "settings", "state", "reason"]
        if stored is None:
            connection_save(connection, by)
        elif any(getattr(stored, field) != getattr(connection, field) for field in fields):
            connection_save(connection, by, fields)
    connection.refresh_from_db()
    return connection


def connection_check(connection: Connection, *, chosen: Mapping[str, Any] | None = None) -> None:
    """Tidy a connection's address and take the settings `chosen`, without saving. Raises ValidationError."""
    try:
        descriptor = connector_get(connection.vendor)
    except KeyError:
        raise ValidationError({"vendor": f"There is no connector {connection.vendor!r}."}) from None
    problems: dict[str, str] = {}
    connection.address = connection.address.strip() or descriptor.default_address
    try:
        if not connection.is_simulated:
            allow_private = settings.MLC_ALLOW_PRIVATE_ADDRESSES
            connection.address = address_check(connection.address, allow_private=allow_private)
        elif not settings.MLC_SIMULATED_CONNECTIONS_ALLOWED:
            problems["address"] = "Simulated connections are not allowed here."
    except ConfigurationError as error:
        problems["address"] = error.message
    stored = Connection.objects.filter(pk=connection.pk).first() if connection.pk else None
    if stored and stored.identity != connection.identity and identity_is_frozen(stored):
        problems["identity"] = "Documents are posted under this identity; it cannot change any more."
    if chosen is not None:
        try:
            connection.settings = settings_check(connection.vendor, chosen)
        except CredentialsError as error:
            problems["settings"] = str(error)
    try:
        connection.full_clean(exclude=problems)
    except ValidationError as error:
        problems |= {field: " ".join(texts) for field, texts in error.message_dict.items()}
    if problems:
        raise ValidationError(problems)


def settings_check(vendor: str, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as the vendor's schema writes them. Raises CredentialsError with all problems by field."""
    schema = connector_get(vendor).settings
    if schema is None:
        if chosen:
            raise CredentialsError(dict.fromkeys(chosen, "There is no such setting."))
        return {}
    return plain_document(schema_check(schema, chosen))


def connection_switch(connection: Connection, *, is_on: bool, by: AbstractBaseUser | None = None) -> None:
    """Let lanes work on a connection, or not; switched on it has to prove itself again."""
    with transaction.atomic():
        row = Connection.objects.select_for_update().get(pk=connection.pk)
        row.state = ConnectionState.NEW if is_on else ConnectionState.OFF
        row.reason = ""
        connection_save(row, by, ["state", "reason"])
    connection.refresh_from_db()


def connection_archive(connection: Connection, *, by: AbstractBaseUser | None = None) -> None:
    """Out of sight and off for good; its credentials are deleted, its history stays."""
    with transaction.atomic():
        row = Connection.objects.select_for_update().get(pk=connection.pk)
        row.state, row.archived_at = ConnectionState.OFF, timezone.now()
        Credential.objects.filter(connection_id=row.pk).delete()
        Token.objects.filter(connection_id=row.pk).delete()
        connection_save(row, by, ["state", "archived_at"])
    connection.refresh_from_db()


def credentials_check(connection: Connection, given: Mapping[str, Any], *, keep: bool = True) -> BaseModel:
    """What would be stored: `given`, and for what is left blank, if `keep`, what is stored for this very address.

    Raises CredentialsError with all problems by field."""
    schema = connector_get(connection.vendor).credentials
    stored: dict[str, Any] = {}
    credential = Credential.objects.filter(connection_id=connection.pk).select_related("connection").first()
    if credential and keep and credential.connection.address == connection.address:
        try:
            stored = credential.reveal()
        except DecryptionError as error:
            raise CredentialsError({"": f"{error.message} Forget what is stored, and enter all again."}) from error
    return schema_check(schema, merged(schema, stored, given))


def credentials_replace(
    connection: Connection,
    given: Mapping[str, Any],
    *,
    keep: bool = True,
    by: AbstractBaseUser | None = None,
    reason: str = "credentials replaced",
) -> Credential:
    """Store credentials by the vendor's schema; what is left blank is kept, unless `keep` is off. Old tokens go, a
    broken connection may work again, and the next test decides. The same values again change nothing.

    Raises CredentialsError."""
    with transaction.atomic():
        row = Connection.objects.select_for_update().get(pk=connection.pk)
        credentials = credentials_check(row, given, keep=keep)
        credential = Credential.objects.filter(connection_id=row.pk).first() or Credential(connection_id=row.pk)
        document = plain_document(credentials)
        print_ = fingerprint(document, settings.FINGERPRINT_KEY)
        if credential.pk and credential.fingerprint == print_:
            return credential
        credential.seal(document)
        credential.fingerprint, credential.last4 = print_, last_four(credentials)
        credential.expires_at, credential.rotated_at = None, timezone.now()
        credential.save()
        Token.objects.filter(connection_id=row.pk).delete()
        if row.state in (ConnectionState.OK, ConnectionState.BROKEN):
            row.state, row.reason = ConnectionState.NEW, ""
        row._change_reason = reason  # type: ignore[attr-defined]
        connection_save(row, by, ["state", "reason"])
    connection.refresh_from_db()
    return credential
