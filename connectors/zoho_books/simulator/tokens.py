"""Which clients, codes and tokens does simulated Zoho know, and when does it stop knowing them?

Limits: https://www.zoho.com/books/api/v3/oauth/ and
https://www.zoho.com/accounts/protocol/oauth/web-apps/access-token-expiry.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from connectors.zoho_books.simulator.switches import Switches

TEN_MINUTES = timedelta(minutes=10)
CONNECTOR_SCOPES = (
    *(f"ZohoBooks.accountants.{verb}" for verb in ("CREATE", "READ", "UPDATE")),
    *(f"ZohoBooks.bills.{verb}" for verb in ("CREATE", "READ", "UPDATE")),
    *(f"ZohoBooks.expenses.{verb}" for verb in ("CREATE", "READ", "UPDATE")),
    *(f"ZohoBooks.contacts.{verb}" for verb in ("CREATE", "READ", "UPDATE")),
    *(f"ZohoBooks.vendorpayments.{verb}" for verb in ("CREATE", "READ", "UPDATE")),
    *(f"ZohoBooks.debitnotes.{verb}" for verb in ("CREATE", "READ", "UPDATE")),
    "ZohoBooks.projects.READ",
    "ZohoBooks.settings.READ",
    "ZohoBooks.settings.CREATE",
)
FULL_ACCESS = "ZohoBooks.fullaccess.all"


@dataclass(slots=True)
class Client:
    """A client of the API console. `multi_dc` lets users of other data centres use it; a self client has no address."""

    id: str
    secret: str
    location: str
    redirect_uris: tuple[str, ...] = ()
    multi_dc: bool = True
    consents: set[str] = field(default_factory=set)  # users who have consented once
    code_times: list[datetime] = field(default_factory=list)


@dataclass(slots=True)
class Code:
    """A grant code: for one use."""

    client_id: str
    zuid: str
    location: str
    redirect_uri: str
    scopes: tuple[str, ...]
    with_refresh: bool
    expires_at: datetime


@dataclass(slots=True)
class RefreshToken:
    """Lives until it is revoked or pushed out; `window_began` and `in_window` count its ten minutes."""

    value: str
    client_id: str
    zuid: str
    location: str
    scopes: tuple[str, ...]
    window_began: datetime | None = None
    in_window: int = 0
    refused: int = 0
    issued: int = 0


@dataclass(slots=True)
class AccessToken:
    """Accepted until it expires, its refresh token dies, or fifteen newer ones push it out."""

    value: str
    zuid: str
    location: str
    scopes: tuple[str, ...]
    expires_at: datetime
    refresh: str = ""

    def allows(self, scope: str) -> bool:
        name = scope.partition(".")[0]
        wanted = {f"ZohoBooks.{scope}".lower(), f"zohobooks.{name.lower()}.all", FULL_ACCESS.lower()}
        return any(one.lower() in wanted for one in self.scopes)


class Vault:
    """Clients, codes and tokens of all data centres; every text in it comes from the seed."""

    def __init__(self, seed: int, switches: Switches) -> None:
        self.switches = switches
        self._random = Random(f"zoho tokens {seed}")  # noqa: S311 - repeatable on purpose
        self.clients: dict[str, Client] = {}
        self.codes: dict[str, Code] = {}
        self.refresh_tokens: dict[str, RefreshToken] = {}
        self.access_tokens: dict[str, AccessToken] = {}

    def text(self) -> str:
        return f"1000.{self._random.getrandbits(128):032x}.{self._random.getrandbits(128):032x}"

    def add_client(
        self, location: str, redirect_uris: tuple[str, ...] = (), multi_dc: bool = True, id: str = "", secret: str = ""
    ) -> Client:
        client = Client(
            id or f"1000.{self._random.getrandbits(150):030X}",
            secret or f"{self._random.getrandbits(168):042x}",
            location,
            redirect_uris,
            multi_dc,
        )
        self.clients[client.id] = client
        return client

    def add_code(self, code: Code) -> str:
        value = self.text()
        self.codes[value] = code
        return value

    def add_refresh(self, client_id: str, zuid: str, location: str, scopes: tuple[str, ...]) -> RefreshToken:
        """The twenty-first of a user silently deletes the oldest, in use or not."""
        own = [one for one in self.refresh_tokens.values() if one.zuid == zuid]
        for oldest in own[: max(0, len(own) + 1 - self.switches.refresh_tokens_per_user)]:
            self.drop_refresh(oldest.value)
        token = RefreshToken(self.text(), client_id, zuid, location, scopes)
        self.refresh_tokens[token.value] = token
        return token

    def add_access(
        self, zuid: str, location: str, scopes: tuple[str, ...], now: datetime, refresh: str = ""
    ) -> AccessToken:
        """The sixteenth that lives on one refresh token pushes the oldest out."""
        expires = now + timedelta(seconds=self.switches.access_token_seconds)
        token = AccessToken(self.text(), zuid, location, scopes, expires, refresh)
        if refresh:
            live = [one for one in self.access_tokens.values() if one.refresh == refresh and one.expires_at > now]
            for oldest in live[: max(0, len(live) + 1 - self.switches.live_access_tokens)]:
                del self.access_tokens[oldest.value]
        self.access_tokens[token.value] = token
        return token

    def is_throttled(self, token: RefreshToken, now: datetime) -> bool:
        """Counts one refresh, or refuses it for the rest of the ten minutes."""
        if token.window_began is None or now >= token.window_began + TEN_MINUTES:
            token.window_began, token.in_window = now, 0
        if token.in_window >= self.switches.refreshes_per_ten_minutes:
            token.refused += 1
            if self.switches.throttle_extends:
                token.window_began = now
            return True
        token.in_window += 1
        return False

    def drop_refresh(self, value: str) -> bool:
        """A dead refresh token takes its access tokens along."""
        for one in [one for one in self.access_tokens.values() if one.refresh == value]:
            del self.access_tokens[one.value]
        return self.refresh_tokens.pop(value, None) is not None

    def drop(self, value: str) -> bool:
        return self.drop_refresh(value) or self.access_tokens.pop(value, None) is not None

    def as_json(self, now: datetime) -> dict[str, Any]:
        return {
            "refresh_tokens": {
                one.value: {
                    "user": one.zuid,
                    "location": one.location,
                    "issued": one.issued,
                    "refused": one.refused,
                    "live": sum(
                        token.refresh == one.value and token.expires_at > now for token in self.access_tokens.values()
                    ),
                }
                for one in self.refresh_tokens.values()
            },
            "access_tokens": len(self.access_tokens),
        }
