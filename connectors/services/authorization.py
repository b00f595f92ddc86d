"""How does a person's consent at a vendor become the credentials of a connection?"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.core import signing
from django.db import transaction

from connectors.base import Authorization, Check
from connectors.errors import AuthenticationError, ConfigurationError
from connectors.models import Connection, Credential
from connectors.registry import connector_get
from connectors.services.opening import connection_context
from connectors.services.setup import connection_update, credentials_replace

SALT = "connectors.authorization"
CONSENT = "consent given"  # the reason in a connection's history
NEARLY = Decimal("0.75")  # of the consents that a vendor keeps
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
        credentials_replace(connection, values, keep=False, by=by, reason=_reason(connection, granted.given_by))


def consents_warning(connection: Connection) -> str:
    """How many consents were given from here by whoever gave this connection's, as soon as the vendor may begin to drop
    some; empty before that. Others may be given elsewhere."""
    most, (given, _, is_known) = _required(connection).most, consents_count(connection)
    if not most or given < most * NEARLY:
        return ""
    whose = "by this user" if is_known else "here, by users that are not known,"
    return f"{given} consents were given {whose} and of one user {most} are kept: revoke those that nobody uses."


def consents_check(connection: Connection) -> Check | None:
    """Whether the vendor may soon drop the consent that this connection lives by; None where it keeps any number."""
    authorization = authorization_of(connection)
    if authorization is None or not authorization.most:
        return None
    most, (given, newer, is_known) = authorization.most, consents_count(connection)
    said = (
        f"Of the consents that the user of this connection gave from here, {given}, {newer} are newer than its own; "
        f"the vendor keeps {most} and drops the oldest."
        if is_known
        else f"Whose consent it is is not known; {given} were given in this tenant. The vendor keeps {most} of a user."
    )
    is_near = (newer if is_known else given) >= most * NEARLY
    cure = "Revoke those that nobody uses at the vendor, and connect this connection again." if is_near else ""
    return Check("Consents", "warning" if is_near else "ok", said, cure)


def consents_count(connection: Connection) -> tuple[int, int, bool]:
    """Consents of the user and client that the connection's own is of, in the whole installation; how many of them are
    newer; whether that is known. Where it is not (a token that was typed in), all of the tenant that are not known."""
    history = Connection.history.filter(vendor=connection.vendor)
    own = history.filter(id=connection.pk, history_change_reason__startswith=CONSENT)
    last = own.order_by("-history_date", "-history_id").first()
    reason = last.history_change_reason if last else CONSENT
    if last is None or reason == CONSENT:
        return history.filter(tenant_id=connection.tenant_id, history_change_reason=CONSENT).count(), 0, False
    same = history.filter(history_change_reason=reason)
    return same.count(), same.filter(history_id__gt=last.history_id).count(), True


def _reason(connection: Connection, given_by: str) -> str:
    """What a consent is called in the connection's history: with a mark that tells two of one user, and not which."""
    if not given_by:
        return CONSENT
    told = f"{connection.vendor}\n{given_by}".encode()
    digest = hmac.new(settings.FINGERPRINT_KEY.encode(), told, hashlib.sha256)
    return f"{CONSENT} by {digest.hexdigest()[:16]}"


def _required(connection: Connection) -> Authorization:
    found = authorization_of(connection)
    if found is None:
        raise ConfigurationError(f"{connection.get_vendor_display()} takes no consents.")
    return found
