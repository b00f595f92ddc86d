"""How does a connection change its state? Under the row's lock, with history, and a hint to the floors above."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from connectors.models import Connection, ConnectionState
from connectors.signals import connection_changed

_identity_uses: list[Callable[[Connection], bool]] = []


def identity_use_register(is_used: Callable[[Connection], bool]) -> None:
    """Upper floors say here whether a connection's identity stands in posted keys: then it is frozen."""
    _identity_uses.append(is_used)


def identity_is_frozen(connection: Connection) -> bool:
    return any(is_used(connection) for is_used in _identity_uses)


def connection_break(connection_id: int, reason: str) -> bool:
    """Nothing works on this connection until somebody acts: lanes pause. True if it was not broken before."""
    with transaction.atomic():
        row = Connection.objects.select_for_update().get(pk=connection_id)
        if row.state == ConnectionState.BROKEN:
            return False
        state_enter(row, ConnectionState.BROKEN, reason, None)
        return row.state == ConnectionState.BROKEN


def connection_recover(connection_id: int) -> bool:
    """It works again. True if it was broken before."""
    with transaction.atomic():
        row = Connection.objects.select_for_update().get(pk=connection_id)
        if row.state != ConnectionState.BROKEN:
            return False
        state_enter(row, ConnectionState.OK, "", None)
        return True


def state_enter(row: Connection, state: ConnectionState, reason: str, by: AbstractBaseUser | None) -> None:
    """Save a locked row in its new state; a connection that a person switched off stays off."""
    if row.state == ConnectionState.OFF:
        state = ConnectionState.OFF
    before = Connection.objects.values_list("state", "reason", "account", "identity").get(pk=row.pk)
    row.state, row.reason = state, reason
    if before == (state, reason, row.account, row.identity):
        return
    connection_save(row, by, ["state", "reason", "account", "identity"])


def connection_save(row: Connection, by: AbstractBaseUser | None, fields: list[str] | None = None) -> None:
    row._history_user = by  # type: ignore[attr-defined]
    row.save(update_fields=fields)
    transaction.on_commit(lambda: connection_changed.send(Connection, connection_id=row.pk))
