"""How do many processes share one token? A TokenStore on the database, with one of them renewing at a time."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from connectors.base import TOKENS_USED_UP, AccessToken, Limit
from connectors.errors import AuthenticationError, DecryptionError, RateLimitedError, TransportError
from connectors.fields import reveal
from connectors.models import Credential, Token

LEASE = timedelta(seconds=120)  # longer than the token server may take with all tries
PATIENCE = 30.0  # seconds to wait for another process's renewal
LOOK_EVERY = 0.1
KEPT = timedelta(hours=1)  # how long it is known that a token was asked for


class DatabaseTokenStore:
    """Tokens of one connection. `on_refused` is told when the token server refuses for good; `limit` says how often
    the vendor may be asked for one, refused or not: by all connections together that have the same values in the
    fields `counted_by` of their credentials, or the same credentials where it names none.

    Not to be used inside a transaction: a rotated refresh token must be committed before its access token is used,
    and Django's `durable` makes sure of that."""

    def __init__(
        self,
        connection_id: int,
        on_refused: Callable[[AuthenticationError], None] | None = None,
        limit: Limit | None = None,
        counted_by: Sequence[str] = (),
    ) -> None:
        self._connection_id = connection_id
        self._on_refused = on_refused
        self._limit = limit
        self._counted_by = counted_by

    def current(self) -> AccessToken | None:
        row = Token.objects.filter(connection_id=self._connection_id).first()
        return _token(row) if row else None

    def refresh(self, renew: Callable[[AccessToken | None], AccessToken], *, rejected: str = "") -> AccessToken:
        """The token that another process stored meanwhile, or a renewed one; see `connectors.base.TokenStore`.

        Raises what `renew` raises, TransportError when another process holds the lease for too long, and
        RateLimitedError when the vendor was asked often enough."""
        lease = secrets.token_hex(16)
        give_up = time.monotonic() + PATIENCE
        while True:
            stored, version = self._lease(lease, rejected)
            if version is not None:
                return self._renew(renew, stored, lease, version)
            if stored is not None:
                return stored
            if time.monotonic() > give_up:
                raise TransportError("Another process is still renewing the token.")
            time.sleep(LOOK_EVERY)

    def asked_within(self, period: timedelta) -> int:
        """By all connections with the same credentials: their tokens are of one refresh token."""
        since = timezone.now() - period
        return sum(at > since for row in self._of_the_same_credentials() for at in row.asked_at)

    def _lease(self, lease: str, rejected: str) -> tuple[AccessToken | None, int | None]:
        """The stored token, and its version if we are to renew it; (None, None) while somebody else does."""
        with transaction.atomic(durable=True):
            Token.objects.bulk_create([Token(connection_id=self._connection_id)], ignore_conflicts=True)
            row = Token.objects.select_for_update().get(connection_id=self._connection_id)
            stored = _token(row)
            if stored and stored.value != rejected and stored.expires_at > timezone.now():
                return stored, None
            leases = Token.objects.filter(pk=row.pk)
            if leases.filter(lease_until__gt=Now()).exists():
                return None, None
            leases.update(lease=lease, lease_until=Now() + LEASE, asked_at=self._asked(row))
            return stored, row.version

    def _asked(self, row: Token) -> list[datetime]:
        """When tokens were asked for in the last hour, this time included. Raises RateLimitedError."""
        now = timezone.now()
        kept = [*(at for at in row.asked_at if at > now - KEPT), now]
        if self._limit is None:
            return kept
        others = (one for one in self._of_the_same_credentials() if one.pk != row.pk)
        asked = [*row.asked_at, *(at for other in others for at in other.asked_at)]
        recent = [at for at in asked if at > now - self._limit.period]
        if len(recent) >= self._limit.calls:
            raise RateLimitedError(
                f"{len(recent)} tokens were asked for lately, and the vendor blocks who asks for more.",
                code=TOKENS_USED_UP,
                retry_after=min(recent) + self._limit.period - now,
            )
        return kept

    def _of_the_same_credentials(self) -> QuerySet[Token]:
        mine = Credential.objects.select_related("connection").filter(connection_id=self._connection_id).first()
        same: list[int] = []
        if mine is not None:
            others = Credential.objects.filter(connection__vendor=mine.connection.vendor)
            if wanted := self._counted(mine):
                same = [one.connection_id for one in others if self._counted(one) == wanted]
            else:
                same = list(others.filter(fingerprint=mine.fingerprint).values_list("connection_id", flat=True))
        return Token.objects.filter(Q(connection_id=self._connection_id) | Q(connection_id__in=same))

    def _counted(self, credential: Credential) -> tuple[str, ...]:
        """What the vendor counts by; empty where it is not named, not set or not to be read."""
        if not self._counted_by:
            return ()
        try:
            document = credential.reveal()
        except DecryptionError:
            return ()
        values = tuple(str(document.get(name) or "") for name in self._counted_by)
        return values if all(values) else ()

    def _renew(
        self, renew: Callable[[AccessToken | None], AccessToken], stored: AccessToken | None, lease: str, version: int
    ) -> AccessToken:
        try:
            fresh = renew(stored)
        except BaseException as error:
            Token.objects.filter(connection_id=self._connection_id, lease=lease).update(lease="", lease_until=None)
            if isinstance(error, AuthenticationError) and self._on_refused:
                self._on_refused(error)
            raise
        with transaction.atomic(durable=True):
            row = Token.objects.select_for_update().get(connection_id=self._connection_id)
            if row.version != version and (current := _token(row)):
                return current  # we took longer than the lease; who came after us has the newer tokens
            row.value, row.refresh_token = fresh.value, fresh.refresh_token or None
            row.expires_at, row.version = fresh.expires_at, row.version + 1
            row.lease, row.lease_until = "", None
            row.save()
        return fresh


def _token(row: Token) -> AccessToken | None:
    value, refresh = reveal(row, "value"), reveal(row, "refresh_token")
    if value is None or row.expires_at is None:
        return None
    return AccessToken(value, row.expires_at, refresh or "")
