"""With what does a connection prove itself to Dynamics? An application of the customer's own Entra tenant.

The client credentials flow gives tokens of random length, 60 to 90 minutes by default, so `expires_in` decides
(https://learn.microsoft.com/en-us/entra/identity-platform/configurable-token-lifetimes). The audience must be the
environment's address, in lower case and without a trailing slash, or every call is answered 401
(https://learn.microsoft.com/en-us/dynamics365/fin-ops-core/dev-itpro/data-entities/troubleshoot-service-authentication).
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from connectors.addresses import address_check
from connectors.auth import MemoryTokenStore, OAuth2Auth, TokenServer
from connectors.base import ConnectionContext
from connectors.dynamics365_fo.errors import ENTRA_RULES
from connectors.errors import ConfigurationError
from connectors.http import context_for

ENTRA = "Microsoft Entra"
CLOUDS = {
    "public": "https://login.microsoftonline.com",
    "us_government": "https://login.microsoftonline.us",
    "china": "https://login.partner.microsoftonline.cn",
}
_SUFFIXES = {".microsoftdynamics.us": "us_government", ".dynamics.cn": "china"}
NOT_A_TENANT = ("common", "organizations", "consumers")  # this flow needs the tenant's own endpoint


class DynamicsCredentials(BaseModel):
    """An application registered in the customer's Entra tenant, listed in Dynamics under *System administration >
    Setup > Microsoft Entra applications* with the user whose rights it has."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    tenant: str = Field(
        title="Directory (tenant) id",
        min_length=3,
        max_length=200,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*$",
        description="The tenant of the environment: its id, or a verified domain.",
    )
    client_id: str = Field(
        title="Application (client) id", min_length=1, max_length=100, description="Of the app registration in Entra."
    )
    client_secret: SecretStr = Field(title="Client secret", description="Its value, not its id.")
    secret_expires_on: date | None = Field(
        default=None, title="Secret expires on", description="As Entra shows it beside the secret; at most two years."
    )

    @field_validator("tenant")
    @classmethod
    def _is_a_tenant(cls, value: str) -> str:
        if value.lower() in NOT_A_TENANT:
            raise ValueError("Give the id of the environment's own tenant.")
        return value

    @field_validator("client_secret")
    @classmethod
    def _is_given(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().strip():
            raise ValueError("The client secret is missing.")
        return SecretStr(value.get_secret_value().strip())


class DynamicsSettings(BaseModel):
    """What may differ from customer to customer."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    cloud: Literal["auto", "public", "us_government", "china"] = Field(
        "auto", title="Cloud", description="Where tokens are asked for; auto: as the environment's address tells."
    )
    entra_endpoint: Literal["v2", "v1"] = Field(
        "v2", title="Entra endpoint", description="v1 only for environments that need it."
    )
    batch_numbers: Literal["own", "automatic"] = Field(
        "own",
        title="Journal batch numbers",
        description="own: we give them, so that nothing can be written twice; the number sequence *Journal batch "
        "number* must allow user changes to a lower and a higher number. automatic: Dynamics gives them.",
    )
    invoice_pattern: Literal["journal", "pending"] = Field(
        "journal",
        title="Vendor bills become",
        description="journal: lines of an invoice journal, posted as journals are. pending: pending vendor invoices, "
        "which people, workflow or invoice automation post.",
    )
    display_values: Literal["rule", "actions"] = Field(
        "rule",
        title="Texts of accounts",
        description="rule: joined by us as the active format says; Dynamics is asked for values that this cannot say "
        "surely. actions: Dynamics is asked for every new text, by one call each, and the rule stands in where it has "
        "no such action.",
    )
    vendor_group: str = Field(
        "", title="Vendor group", max_length=10, description="Of vendors that are created; needed only for them."
    )
    bank_accounts: str = Field(
        "",
        title="Bank accounts",
        max_length=500,
        description="Ids of the bank accounts that flows may book to, separated by commas; empty: all that Dynamics "
        "shows. Needed where the mapped user has no right to read them.",
    )

    @property
    def banks(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(part.strip() for part in self.bank_accounts.split(",") if part.strip()))


def settings_of(context: ConnectionContext) -> DynamicsSettings:
    return context.settings if isinstance(context.settings, DynamicsSettings) else DynamicsSettings.model_validate({})


def credential_expiry(context: ConnectionContext) -> datetime | None:
    """When the client secret will stop working, if a person has told: no call of ours can ask for it."""
    told = getattr(context.credentials, "secret_expires_on", None)
    return datetime.combine(told, datetime.min.time(), UTC) if told else None


def environment_address(context: ConnectionContext) -> str:
    """The environment's address as the token check wants it. Raises ConfigurationError for more than a host.

    Suffixes are not listed: new ones appear. A port only where private addresses are allowed (a simulator)."""
    checked = address_check(context.address, allow_private=context.allow_private_addresses)
    url = urlsplit(checked)
    if url.path or (url.port and not context.allow_private_addresses):
        raise ConfigurationError("The address is that of the environment alone: https:// and its host, no path.")
    return f"{url.scheme}://{url.netloc}".lower()


def login_address(address: str, settings: DynamicsSettings) -> str:
    """The token server of an environment. It follows from the address, as the secret goes there; a simulator, which
    alone may be spoken to without encryption, has it beside its data."""
    url = urlsplit(address)
    if url.scheme == "http":
        return address
    host = url.hostname or ""
    told = next((cloud for suffix, cloud in _SUFFIXES.items() if host.endswith(suffix)), "public")
    return CLOUDS[told if settings.cloud == "auto" else settings.cloud]


def build_auth(context: ConnectionContext, credentials: DynamicsCredentials) -> OAuth2Auth:
    """What signs the calls of this connection: a token for this one environment, from the environment's tenant."""
    address, settings = environment_address(context), settings_of(context)
    login = f"{login_address(address, settings)}/{credentials.tenant}"
    is_v1 = settings.entra_endpoint == "v1"
    server = TokenServer(
        context_for(context, address),
        provider=ENTRA,
        url=f"{login}/oauth2/token" if is_v1 else f"{login}/oauth2/v2.0/token",
        client_id=credentials.client_id,
        client_secret=credentials.client_secret,
        rules=ENTRA_RULES,
    )
    grant = server.client_grant(**({"resource": address} if is_v1 else {"scope": f"{address}/.default"}))
    return OAuth2Auth(context.tokens or MemoryTokenStore(), grant, now=context.now)
