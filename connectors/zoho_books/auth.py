"""With what does a connection prove itself to Zoho? An OAuth client and the refresh token of one user's consent.

A refresh token lives until it is revoked, or until the same user has given this client twenty newer consents: the
oldest is then deleted without a word. At most ten access tokens in ten minutes come of one, and fifteen live at a time
(https://www.zoho.com/books/api/v3/oauth/)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from connectors.auth import MemoryTokenStore, OAuth2Auth
from connectors.base import AccessToken, ConnectionContext, NoLimiter
from connectors.errors import AuthenticationError, ConfigurationError, OutcomeUnknownError, PayloadError
from connectors.http import ApiClient
from connectors.zoho_books.errors import OAUTH_RULES, PROVIDER, read_oauth_error
from connectors.zoho_books.regions import accounts_address, centre_of

LIFETIME = 3600
TOKEN_PATH = "/oauth/v2/token"  # noqa: S105 - a path
SCOPES = (
    *(f"ZohoBooks.accountants.{right}" for right in ("CREATE", "READ", "UPDATE")),
    *(f"ZohoBooks.bills.{right}" for right in ("CREATE", "READ", "UPDATE")),
    *(f"ZohoBooks.expenses.{right}" for right in ("CREATE", "READ", "UPDATE")),
    *(f"ZohoBooks.contacts.{right}" for right in ("CREATE", "READ", "UPDATE")),
    *(f"ZohoBooks.vendorpayments.{right}" for right in ("CREATE", "READ", "UPDATE")),
    *(f"ZohoBooks.debitnotes.{right}" for right in ("CREATE", "READ", "UPDATE")),
    "ZohoBooks.projects.READ",
    "ZohoBooks.settings.READ",
)
"""What flows need; nothing is ever deleted."""


class ZohoCredentials(BaseModel):
    """A client of Zoho's API console (server-based, or a self client) and the refresh token of one user."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    client_id: str = Field(title="Client id", min_length=1, max_length=200, description="From the API console; 1000.…")
    client_secret: SecretStr = Field(title="Client secret")
    refresh_token: SecretStr | None = Field(
        None, title="Refresh token", description="Comes by itself when you connect; or enter one that you have."
    )
    webhook_secret: SecretStr | None = Field(
        None,
        title="Webhook secret",
        description="As you entered it in Zoho's webhook: 12 to 50 letters and digits.",
    )


class ZohoSettings(BaseModel):
    """What may differ from customer to customer."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    organization_id: str = Field(
        "",
        title="Organisation",
        max_length=40,
        pattern=r"^\d*$",
        description="Its id, as the test of the connection lists them; empty if the user has one only.",
    )
    card_purchases_as: Literal["journal", "expense"] = Field(
        "journal",
        title="Card purchases as",
        description="Expenses show the vendor and may be billed on; what an expense cannot say stays a journal.",
    )
    location_id: str = Field(
        "",
        title="Location",
        max_length=40,
        pattern=r"^\d*$",
        description="Where documents belong, if the organisation has locations (branches): its id, as the test of the "
        "connection lists them; empty: the primary one.",
    )
    key_field: str = Field(
        "",
        title="Key field",
        max_length=100,
        pattern=r"^(cf_\w+)?$",
        description="API name of a custom field that refuses duplicate values, made by hand for bills, vendors, vendor "
        "payments and, if purchases become expenses, expenses alike: cf_…; with it Zoho itself refuses a second one. "
        "Empty: none.",
    )


def credentials_of(context: ConnectionContext) -> ZohoCredentials:
    if not isinstance(context.credentials, ZohoCredentials):
        raise ConfigurationError("These are no credentials for Zoho.")
    return context.credentials


def settings_of(context: ConnectionContext) -> ZohoSettings:
    return context.settings if isinstance(context.settings, ZohoSettings) else ZohoSettings.model_validate({})


def build_auth(context: ConnectionContext) -> OAuth2Auth:
    """What signs the calls of this connection: one access token for all workers, renewed five minutes early."""
    return OAuth2Auth(
        context.tokens or MemoryTokenStore(),
        refresh_grant(context),
        scheme="Zoho-oauthtoken",
        now=context.now,
    )


def refresh_grant(context: ConnectionContext) -> Callable[[AccessToken | None], AccessToken]:
    """Grant by the refresh token of the credentials; Zoho's do not rotate."""
    credentials = credentials_of(context)

    def grant(_: AccessToken | None) -> AccessToken:
        refresh = credentials.refresh_token.get_secret_value() if credentials.refresh_token else ""
        if not refresh:
            raise AuthenticationError("Nobody has connected Zoho yet: use Connect on the connection's page.")
        answer = ask(context, accounts_address(context.address), grant_type="refresh_token", refresh_token=refresh)
        _lives_here(context, str(answer.get("api_domain") or ""))
        return AccessToken(answer["access_token"], context.now() + timedelta(seconds=lifetime(answer)), refresh)

    return grant


def ask(context: ConnectionContext, accounts: str, **form: str) -> dict[str, Any]:
    """One request to the accounts server; an answer without an access token is a refusal, whatever its status.

    Not counted among the organisation's calls, and a pause that it asks for stops no others: a token may still live.
    Raises AuthenticationError, RateLimitedError, ConfigurationError, TransportError and PayloadError."""
    credentials = credentials_of(context)
    client = ApiClient(
        dataclasses.replace(context, address=accounts, limiter=NoLimiter()),
        provider=PROVIDER,
        auth=None,
        rules=OAUTH_RULES,
        read_body_error=read_oauth_error,
    )
    fields = {**form, "client_id": credentials.client_id, "client_secret": credentials.client_secret.get_secret_value()}
    response = client.request("POST", TOKEN_PATH, data=fields)
    answer = response.json()
    if isinstance(answer, dict) and isinstance(answer.get("access_token"), str) and answer["access_token"]:
        return answer
    code, message = read_oauth_error(response)
    if not code:
        raise PayloadError("Zoho's accounts server gave neither a token nor a reason.")
    error = client.error(response, code, message)
    if isinstance(error, OutcomeUnknownError):
        raise PayloadError(error.message)
    raise error


def lifetime(answer: dict[str, Any]) -> int:
    """Seconds until an access token ends."""
    told = answer.get("expires_in")
    return told if isinstance(told, int) and 0 < told <= 86_400 else LIFETIME


def _lives_here(context: ConnectionContext, api_domain: str) -> None:
    """The token says in which data centre its organisation lives; another address would refuse every call."""
    mine, told = centre_of(context.address), centre_of(api_domain)
    if mine and told and mine != told:
        raise ConfigurationError(
            f"This Zoho account lives in the data centre {told.label}: set the address to {told.api} and connect again."
        )
