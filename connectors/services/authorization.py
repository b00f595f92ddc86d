"""How does a person's consent at a vendor become the credentials of a connection?"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping

from django.contrib.auth.models import AbstractBaseUser
from django.core import signing
from django.db import transaction

from connectors.base import Authorization
from connectors.errors import AuthenticationError, ConfigurationError
from connectors.models import Connection, Credential
from connectors.registry import connector_get
from connectors.services.opening import connection_context
from connectors.services.setup import connection_update, credentials_replace

SALT = "connectors.authorization"
CONSENT = "consent given"  # the reason in a connection's history
GOOD_FOR = 900  # seconds a person may take at the vendor


def authorization_of(connection: Connection) -> Authorization | None:
    """How the connection's vendor takes consents; None if it does not."""
    return connector_get(connection.vendor).authorization


def state_make(connection: Connection, by: AbstractBaseUser) -> str:
    """A state for one consent: signed, for this connection and this person, good for a quarter of an hour. Who made
    it keeps it, takes it away at the first answer, and so accepts it once."""
    facts = {"connection": connection.pk, "user": by.pk, "nonce": secrets.token_urlsafe(16)}
    return signing.dumps(facts, salt=SALT)


def state_open(state: str, kept: str, by: AbstractBaseUser) -> int:
    """The connection that a state which came back is for. Raises AuthenticationError for any other."""
    try:
        facts = signing.loads(state, salt=SALT, max_age=GOOD_FOR)
    except signing.BadSignature:
        facts = {}
    if not kept or not hmac.compare_digest(state.encode(), kept.encode()) or facts.get("user") != by.pk:
        raise AuthenticationError("This answer is not to a consent that you began here a moment ago: begin again.")
    return int(facts["connection"])


def authorization_url(connection: Connection, *, redirect_uri: str, state: str) -> str:
    """Where to give the consent. Raises ConfigurationError, also while client id and secret are not stored."""
    return _required(connection).consent_url(connection_context(connection), redirect_uri, state)


def authorization_finish(
    connection: Connection, answer: Mapping[str, str], *, redirect_uri: str, by: AbstractBaseUser
) -> None:
    """Exchange what came back, and store it with the other credentials; the connection moves to the address where the
    account lives. Raises ConnectorErrors of the vendor, and ValidationError for an address that cannot be."""
    granted = _required(connection).exchange(connection_context(connection), redirect_uri, answer)
    credential = Credential.objects.filter(connection_id=connection.pk).first()
    values = {**(credential.reveal() if credential else {}), **granted.credentials}
    with transaction.atomic():
        if granted.address and granted.address != connection.address and not connection.is_simulated:
            connection_update(connection, address=granted.address, by=by)  # deletes the credentials
        credentials_replace(connection, values, keep=False, by=by, reason=CONSENT)


def consents_warning(connection: Connection) -> str:
    """How many consents the tenant gave from here, as soon as the vendor may begin to drop some; empty before that.

    Which of them are the same person's the vendor does not tell, and others may be given elsewhere."""
    most = _required(connection).most
    given = Connection.history.filter(
        tenant_id=connection.tenant_id, vendor=connection.vendor, history_change_reason=CONSENT
    ).count()
    if not most or given < most * 3 // 4:
        return ""
    return f"{given} consents were given from here, and of one user {most} are kept: revoke those that nobody uses."


def _required(connection: Connection) -> Authorization:
    found = authorization_of(connection)
    if found is None:
        raise ConfigurationError(f"{connection.get_vendor_display()} takes no consents.")
    return found
