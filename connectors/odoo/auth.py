"""With what does a connection prove itself to Odoo? A database and an API key; a login as well below version 19."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from requests import PreparedRequest
from requests.auth import AuthBase


class OdooCredentials(BaseModel):
    """An API key of a user made for this integration, with the rights of *Accounting / Invoicing* and no more.

    The key carries the user's rights and, unless an administrator made it persistent, an end: 90 days for ordinary
    users (https://www.odoo.com/documentation/19.0/developer/reference/external_api.html#api-key)."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    database: str = Field(title="Database", min_length=1, max_length=100, description="On Odoo Online: the subdomain.")
    login: str = Field(
        default="", title="Login", max_length=200, description="The key's user; needed below Odoo 19 only."
    )
    api_key: SecretStr = Field(title="API key", description="Preferences, Account Security, New API Key.")
    key_expires_on: date | None = Field(
        default=None, title="Key expires on", description="As chosen when the key was made; empty if persistent."
    )

    @field_validator("api_key")
    @classmethod
    def _is_given(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().strip():
            raise ValueError("The API key is missing.")
        return SecretStr(value.get_secret_value().strip())


class OdooSettings(BaseModel):
    """What may differ from customer to customer."""

    model_config = ConfigDict(extra="forbid")

    post_lanes: int = Field(
        default=1,
        ge=1,
        le=4,
        title="Post lanes",
        description="How many workers may post at a time, 1 to 4. More are faster, and harder on Odoo.",
    )


class OdooAuth(AuthBase):
    """Bearer key and database of every JSON-2 call; XML-RPC carries both in its body, discovery needs neither."""

    def __init__(self, credentials: OdooCredentials) -> None:
        self.credentials = credentials

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        if request.path_url.startswith("/json/2/"):
            request.headers["Authorization"] = f"bearer {self.credentials.api_key.get_secret_value()}"
            request.headers["X-Odoo-Database"] = self.credentials.database
        return request
