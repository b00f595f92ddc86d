"""Which credentials does Brex take? A user token (`bxt_…`), or a partner's OAuth client with a refresh token.

User tokens have no readable end; they stop after 90 days without a call, or with their user
(https://developer.brex.com/docs/authentication). OAuth access tokens live an hour, refresh tokens 90 days; whether
they rotate is not documented, so a rotated one is stored before the access token is used
(https://developer.brex.com/guides/partner_authentication.md).
"""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import requests.auth
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.auth import BearerAuth, MemoryTokenStore, OAuth2Auth, TokenServer
from connectors.base import ConnectionContext
from connectors.errors import ConfigurationError

PROVIDER = "Brex"
ADDRESS = "https://api.brex.com"
OAUTH_PATH = "/oauth2/default"
OAUTH_HOSTS = {
    "api.brex.com": "https://accounts-api.brex.com",
    "platform.brexapis.com": "https://accounts-api.brex.com",  # the former name of the same API
    "api-staging.brex.com": "https://accounts-api.staging.brexapps.com",
    "platform.staging.brexapps.com": "https://accounts-api.staging.brexapps.com",
}
INACTIVITY_LIMIT = timedelta(days=90)
KEEP_ALIVE_AFTER = timedelta(days=60)


class BrexCredentials(BaseModel):
    """Either a user token, or client id, client secret and refresh token of an OAuth client."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    user_token: SecretStr | None = Field(None, title="User token", description="From Developer, Settings; bxt_…")
    client_id: str = Field("", title="OAuth client id", description="Only for partners of Brex")
    client_secret: SecretStr | None = Field(None, title="OAuth client secret")
    refresh_token: SecretStr | None = Field(None, title="OAuth refresh token")

    @model_validator(mode="after")
    def _one_way_in(self) -> BrexCredentials:
        has_token = bool(self.user_token and self.user_token.get_secret_value())
        secrets = (self.client_secret, self.refresh_token)
        parts = [bool(self.client_id), *(bool(one and one.get_secret_value()) for one in secrets)]
        if has_token == any(parts):
            raise ValueError("Give either a user token, or client id, client secret and refresh token.")
        if any(parts) and not all(parts):
            raise ValueError("An OAuth connection needs client id, client secret and refresh token.")
        return self


class BrexSettings(BaseModel):
    """What may differ from customer to customer."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    integration_vendor: str = Field(
        "",
        title="Accounting integration: vendor",
        description="The identifier that Brex issued; needed to send accounts and cost centres to Brex",
    )
    integration_account_id: str = Field(
        "",
        title="Accounting integration: account id",
        description="Names the set of books at Brex, for example tenant and company",
    )


def settings_of(context: ConnectionContext) -> BrexSettings:
    return context.settings if isinstance(context.settings, BrexSettings) else BrexSettings.model_validate({})


def oauth_address(address: str) -> str:
    """The OAuth server that belongs to an API address. It follows from the address and is no setting of its own, as
    client secret and refresh token go there; a server that is not Brex's (a simulator) has it beside its API."""
    return OAUTH_HOSTS.get(urlsplit(address).hostname or "", address.rstrip("/")) + OAUTH_PATH


def build_auth(context: ConnectionContext) -> requests.auth.AuthBase:
    """What signs the calls of this connection."""
    credentials = context.credentials
    if not isinstance(credentials, BrexCredentials):
        raise ConfigurationError("These are no credentials for Brex.")
    if credentials.user_token and credentials.user_token.get_secret_value():
        return BearerAuth(credentials.user_token)
    if not (credentials.client_secret and credentials.refresh_token):
        raise ConfigurationError("Brex needs a user token, or an OAuth client with its refresh token.")
    server = TokenServer(
        context,
        provider=PROVIDER,
        url=f"{oauth_address(context.address)}/v1/token",
        client_id=credentials.client_id,
        client_secret=credentials.client_secret,
    )
    grant = server.refresh_grant(credentials.refresh_token)
    return OAuth2Auth(context.tokens or MemoryTokenStore(), grant, now=context.now)
