"""How does a request prove who we are? Bearer keys and OAuth2 tokens as requests' AuthBase over a token store."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import requests
import requests.auth
from pydantic import SecretStr

from connectors.base import AccessToken, ConnectionContext, TokenStore
from connectors.errors import AuthenticationError, ConfigurationError, PayloadError, RetryableError
from connectors.http import ApiClient, ApiResponse, ErrorRule, context_for

YOUNG = 60.0  # seconds in which a renewed token that is refused all the same is not renewed again
EARLY = timedelta(minutes=5)  # a one-hour token is renewed after 55 minutes
DEFAULT_LIFETIME = 3600
OAUTH_ERRORS = "https://www.rfc-editor.org/rfc/rfc6749#section-5.2"

OAUTH_RULES = (
    *(
        ErrorRule(None, code, None, AuthenticationError, advice, OAUTH_ERRORS)
        for code, advice in (
            ("invalid_grant", "The consent has expired or was withdrawn: connect again."),
            ("invalid_client", "The client id or client secret is wrong."),
            ("unauthorized_client", "The client is not allowed to use this grant."),
            ("access_denied", "Access was denied: connect again."),
        )
    ),
    *(
        ErrorRule(None, code, None, ConfigurationError, "The token server does not accept this set-up.", OAUTH_ERRORS)
        for code in ("invalid_request", "invalid_scope", "unsupported_grant_type")
    ),
    ErrorRule(401, None, None, AuthenticationError, "The token server refuses the client.", OAUTH_ERRORS),
)


class BearerAuth(requests.auth.AuthBase):
    """A key that never changes, in the Authorization header."""

    def __init__(self, token: SecretStr, scheme: str = "Bearer") -> None:
        self._token = token
        self._scheme = scheme

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"{self._scheme} {self._token.get_secret_value()}"
        return request


class OAuth2Auth(requests.auth.AuthBase):
    """Access tokens out of a TokenStore: renewed 5 minutes before their end, and once when one is refused.

    `grant` asks the token server; it gets the stored token (None at first) and raises AuthenticationError when it
    is refused for good. A server that is merely away is overlooked while the old token lives."""

    def __init__(
        self,
        tokens: TokenStore,
        grant: Callable[[AccessToken | None], AccessToken],
        *,
        scheme: str = "Bearer",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._tokens = tokens
        self._grant = grant
        self._scheme = scheme
        self._now = now
        self._used = ""
        self._renewed, self._renewed_at = "", 0.0

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        token = self.token()
        self._used = token.value
        request.headers["Authorization"] = f"{self._scheme} {token.value}"
        return request

    def token(self) -> AccessToken:
        """One that lives: the stored one, or a new one. Raises ConnectorErrors of the token server."""
        token = self._tokens.current()
        if token and token.expires_at - self._now() > EARLY:
            return token
        try:
            return self._tokens.refresh(self._grant, rejected=token.value if token else "")
        except RetryableError:
            if token and token.expires_at > self._now():
                return token
            raise

    def refreshed(self, response: ApiResponse) -> bool:
        """The vendor refused the token of the last request: whether there is a new one to try with.

        A token that was renewed for that a moment ago is not what is refused, and stays: vendors count renewals."""
        used = self._used
        if used == self._renewed and time.monotonic() - self._renewed_at < YOUNG:
            return False
        self._renewed = self._tokens.refresh(self._grant, rejected=used).value
        self._renewed_at = time.monotonic()
        return self._renewed != used


class TokenServer:
    """The OAuth2 token endpoint of a vendor. Secrets go in the form, or in a Basic header where `in_header`.

    `rules` are the vendor's own rows, asked before those of the standard."""

    def __init__(
        self,
        context: ConnectionContext,
        *,
        provider: str,
        url: str,
        client_id: str,
        client_secret: SecretStr,
        in_header: bool = False,
        rules: Sequence[ErrorRule] = (),
    ) -> None:
        address, _, self._path = url.rpartition("/")
        basic = requests.auth.HTTPBasicAuth(client_id, client_secret.get_secret_value()) if in_header else None
        self._client = ApiClient(
            context_for(context, address),
            provider=provider,
            auth=basic,
            rules=(*rules, *OAUTH_RULES),
            read_body_error=read_oauth_error,
        )
        self._now = context.now
        self._form = {} if in_header else {"client_id": client_id, "client_secret": client_secret.get_secret_value()}

    def refresh_grant(self, first: SecretStr) -> Callable[[AccessToken | None], AccessToken]:
        """Grant by refresh token: the stored one (rotated), before that `first` from the credentials."""

        def grant(stored: AccessToken | None) -> AccessToken:
            current = (stored.refresh_token if stored else "") or first.get_secret_value()
            if not current:
                raise AuthenticationError("There is no refresh token: connect again.")
            return self._ask({"grant_type": "refresh_token", "refresh_token": current}, current)

        return grant

    def client_grant(self, **extra: str) -> Callable[[AccessToken | None], AccessToken]:
        """Grant by client credentials; `extra` holds the vendor's scope or resource."""
        return lambda _: self._ask({"grant_type": "client_credentials", **extra}, "")

    def _ask(self, form: Mapping[str, str], refresh_token: str) -> AccessToken:
        asked_at = self._now()
        answer = self._client.request("POST", self._path, data={**form, **self._form}).json()
        if (
            not isinstance(answer, dict)
            or not isinstance(answer.get("access_token"), str)
            or not answer["access_token"]
        ):
            raise PayloadError("The token server gave no access token.")
        lifetime = timedelta(seconds=_lifetime(answer.get("expires_in")))
        return AccessToken(answer["access_token"], asked_at + lifetime, answer.get("refresh_token") or refresh_token)


class MemoryTokenStore:
    """Tokens of this process alone: for tests, `simulate` and one-off checks of credentials not stored yet."""

    def __init__(self, token: AccessToken | None = None) -> None:
        self._token = token
        self._lock = threading.Lock()
        self._asked_at: list[datetime] = []

    def current(self) -> AccessToken | None:
        return self._token

    def refresh(self, renew: Callable[[AccessToken | None], AccessToken], *, rejected: str = "") -> AccessToken:
        with self._lock:
            if self._token is None or self._token.value == rejected:
                self._asked_at.append(datetime.now(UTC))
                self._token = renew(self._token)
            return self._token

    def asked_within(self, period: timedelta) -> int:
        return sum(at > datetime.now(UTC) - period for at in self._asked_at)


def read_oauth_error(response: ApiResponse) -> tuple[str, str]:
    """Code and description as RFC 6749 section 5.2 writes them."""
    body = response.json()
    return str(body.get("error", "")), str(body.get("error_description", ""))


def _lifetime(value: Any) -> float:
    """Seconds; a missing `expires_in` means an hour, some vendors send it as text."""
    if value is None or value == "":
        return DEFAULT_LIFETIME
    try:
        seconds = Decimal(str(value))
    except ArithmeticError as error:
        raise PayloadError("The token server gave a lifetime that is not a number.") from error
    if not seconds.is_finite() or not 0 < seconds < 10**9:
        raise PayloadError("The token server gave a token without a lifetime.")
    return float(seconds)
