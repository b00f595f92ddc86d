"""Does a connection work? The vendor's checklist, what it changes here, and calls that keep a credential alive."""

from __future__ import annotations

from dataclasses import asdict

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from connectors.base import Check, Ledger, Source
from connectors.errors import BlockedError, ConnectorError, RetryableError
from connectors.models import Connection, ConnectionState, Credential
from connectors.registry import connector_get
from connectors.services.authorization import consents_check
from connectors.services.opening import connection_context
from connectors.services.states import connection_break, identity_is_frozen, state_enter


def connection_verify(connection: Connection, *, by: AbstractBaseUser | None = None) -> list[Check]:
    """Run the vendor's checklist, which writes nothing there, and store what it found with state and identity.

    A vendor that is merely away changes no state. Safe to repeat; raises nothing of the vendor's."""
    checks: list[Check] = []
    unavailable: dict[str, str] = {}
    told, expires_at, is_away = "", None, False
    try:
        context = connection_context(connection)
        descriptor = connector_get(connection.vendor)
        for opened in (descriptor.open_source, descriptor.open_ledger):
            if opened is None:
                continue
            side: Source | Ledger = opened(context)
            seen = {(check.name, check.state) for check in checks}  # a vendor's two sides look at much the same
            checks += [check for check in side.verify() if (check.name, check.state) not in seen]
            if not _failed(checks):
                told = told or side.identity()
                unavailable |= dict(getattr(side, "unavailable_streams", dict)())
        if descriptor.credential_expiry and not _failed(checks):
            expires_at = descriptor.credential_expiry(context)
    except ConnectorError as error:
        is_away = isinstance(error, RetryableError)
        checks.append(Check("Connection", "failed", error.message))
    with transaction.atomic():
        row = Connection.objects.select_for_update().get(pk=connection.pk)
        if (row.vendor, row.address) != (connection.vendor, connection.address):
            return [Check("Connection", "failed", "The connection was changed while it was tested; test it again.")]
        checks += _account_checks(row, told)
        if (consents := consents_check(row)) is not None:
            checks.append(consents)
        failed = _failed(checks)
        Connection.objects.filter(pk=row.pk).update(
            checklist=[asdict(check) for check in checks], checked_at=timezone.now(), unavailable=unavailable
        )
        if not failed:
            Credential.objects.filter(connection_id=row.pk).update(expires_at=expires_at)
            row.account = told
            row.identity = row.identity or told
            state_enter(row, ConnectionState.OK, "", by)
        elif not is_away:
            state_enter(row, ConnectionState.BROKEN, failed[0].message, by)
    connection.refresh_from_db()
    return checks


def connection_keep_alive(connection: Connection) -> None:
    """Make a call that proves the credential, so that an idle connection's token or key does not die of disuse.

    Raises what the vendor's client raises; an AuthenticationError has marked the connection broken by then."""
    descriptor = connector_get(connection.vendor)
    opened = descriptor.open_source or descriptor.open_ledger
    if opened is None:
        return
    try:
        side: Source | Ledger = opened(connection_context(connection))
        side.identity()
    except BlockedError as error:
        connection_break(connection.pk, error.message)
        raise


def _failed(checks: list[Check]) -> list[Check]:
    return [check for check in checks if check.state == "failed"]


def _account_checks(row: Connection, told: str) -> list[Check]:
    """Whether the credential is for the connection's own account, and whether another connection has that."""
    if not told:
        return []
    if row.account and row.account != told:
        cure = (
            "Documents of the other account are posted: make a new connection for this one."
            if identity_is_frozen(row)
            else "Clear the identity of the connection if the new account is the right one."
        )
        return [Check("Account", "failed", f"The credential is for account {told}, not {row.account}.", cure)]
    others = Connection.objects.filter(tenant_id=row.tenant_id, vendor=row.vendor, archived_at=None).exclude(pk=row.pk)
    if other := others.filter(Q(account=told) | Q(identity=row.identity or told)).first():
        return [Check("Account", "failed", f"{other.name} is a connection to account {told} already.", "Use that one.")]
    named = f"; posting keys name it {row.identity}" if row.identity and row.identity != told else ""
    elsewhere = Connection.objects.filter(vendor=row.vendor, address=row.address, account=told, archived_at=None)
    shared = (
        " Another tenant of this installation is connected to it, too: calls are counted together, and no flow may "
        "post there what a flow of the other one posts."
        if elsewhere.exclude(tenant_id=row.tenant_id).exists()
        else ""
    )
    return [Check("Account", "ok", f"Account {told}{named}.{shared}")]
