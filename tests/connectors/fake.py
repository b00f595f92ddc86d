"""A vendor that exists in tests alone: one key, one stream, a checklist that can be arranged."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, Field, SecretStr

from connectors.base import Check, ConnectionContext, Connector, Limit
from connectors.errors import ConnectorError


class FakeCredentials(BaseModel):
    """A key, and a client id that is not secret."""

    api_key: SecretStr = Field(title="API key", min_length=4)
    client_id: str = Field("", title="Client id")


class FakeSettings(BaseModel):
    threshold: Decimal = Field(Decimal("1.10"), title="Threshold")
    is_strict: bool = Field(False, title="Strict")


@dataclass
class FakeVendor:
    """What the fake answers; a test arranges it."""

    account: str = "acct-1"
    checks: list[Check] = field(default_factory=lambda: [Check("Key", "ok", "Works.")])
    error: ConnectorError | None = None
    expires_at: datetime | None = None
    contexts: list[ConnectionContext] = field(default_factory=list)


VENDOR = FakeVendor()


class FakeSource:
    def __init__(self, context: ConnectionContext) -> None:
        VENDOR.contexts.append(context)

    def verify(self) -> list[Check]:
        if VENDOR.error:
            raise VENDOR.error
        return list(VENDOR.checks)

    def identity(self) -> str:
        if VENDOR.error:
            raise VENDOR.error
        return VENDOR.account

    def unavailable_streams(self) -> dict[str, str]:
        return {"alpha": "The feature is not granted."}

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the fake has no {name}")


CONNECTOR = Connector(
    key="fake",
    label="Fake",
    credentials=FakeCredentials,
    settings=FakeSettings,
    docs_url="https://vendor.example/docs",
    default_address="https://api.vendor.example",
    open_source=FakeSource,  # type: ignore[arg-type]
    limits=(Limit(10, timedelta(seconds=1), scope="identity"),),
    keep_alive_after=timedelta(days=75),
    inactivity_limit=timedelta(days=90),
    credential_expiry=lambda context: VENDOR.expires_at,
)

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
