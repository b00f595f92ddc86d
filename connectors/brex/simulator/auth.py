"""Who may call simulated Brex: user tokens with their idle clock, OAuth tokens, scopes and rate limits?"""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request

from connectors.brex.simulator.errors import ApiError

if TYPE_CHECKING:
    from connectors.brex.simulator.simulator import BrexSimulator

READ_SCOPES = (
    "accounting.record.read",
    "fields.read",
    "field_values.read",
    "expenses.card.readonly",
    "transactions.card.readonly",
    "transactions.cash.readonly",
    "accounts.card.readonly",
    "accounts.cash.readonly",
    "statements.card.readonly",
    "statements.cash.readonly",
    "vendors.readonly",
    "transfers.readonly",
    "users.readonly",
    "departments.readonly",
    "locations.readonly",
    "titles.readonly",
    "companies.readonly",
    "legal_entities.readonly",
    "linked_accounts.readonly",
    "cards.readonly",
)
WRITE_SCOPES = (
    "accounting.record.write",
    "accounting.integration.write",
    "fields.write",
    "field_values.write",
    "expenses.card",
    "vendors",
    "transfers",
    "users",
    "departments",
    "locations",
    "titles",
)
ALL_SCOPES = ("openid", "offline_access", *READ_SCOPES, *WRITE_SCOPES)


@dataclass(slots=True)
class Token:
    """One access token. A user token has no expiry but an idle clock; `principal` is what Brex counts limits by."""

    value: str
    kind: str  # user | oauth
    user_id: str
    principal: str
    scopes: tuple[str, ...]
    role: str = "ACCOUNT_ADMIN"
    last_used_at: datetime | None = None
    expires_at: datetime | None = None
    revoked: bool = False


@dataclass(slots=True)
class RefreshToken:
    """One refresh token and, once rotated, the end of its grace."""

    value: str
    client_id: str
    user_id: str
    scopes: tuple[str, ...]
    expires_at: datetime
    dies_at: datetime | None = None


@dataclass(slots=True)
class Credentials:
    """Everything that can authenticate, by value, and the OAuth client's own registration."""

    tokens: dict[str, Token] = field(default_factory=dict)
    refresh_tokens: dict[str, RefreshToken] = field(default_factory=dict)
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    clients: dict[str, dict[str, Any]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Without values: last four characters only."""
        shown = []
        for one in self.tokens.values():
            parts = asdict(one)
            parts["value"] = "…" + one.value[-4:]
            shown.append({name: str(v) if isinstance(v, datetime) else v for name, v in parts.items()})
        return {"tokens": shown, "refresh_tokens": len(self.refresh_tokens), "clients": sorted(self.clients)}


class Gate:
    """Lets a request in or refuses it, in the order credential, limit; scopes are checked per route."""

    def __init__(self, simulator: BrexSimulator) -> None:
        self.simulator = simulator
        self.credentials = Credentials()
        self._buckets: dict[str, tuple[float, datetime]] = {}
        self._transfers: dict[str, deque[datetime]] = {}
        self._random = Random(simulator.seed)  # noqa: S311 - repeatable on purpose

    def secret_text(self, prefix: str) -> str:
        return prefix + "".join(self._random.choices("abcdefghijkmnpqrstuvwxyz23456789", k=28))

    def add_user_token(
        self, value: str = "", user_id: str = "", scopes: tuple[str, ...] = ALL_SCOPES, role: str = "ACCOUNT_ADMIN"
    ) -> Token:
        token = Token(
            value or self.secret_text("bxt_"),
            "user",
            user_id,
            f"user:{user_id}",
            scopes,
            role,
            self.simulator.clock.now(),
        )
        self.credentials.tokens[token.value] = token
        return token

    def add_client(self, client_id: str, client_secret: str, redirect_uris: tuple[str, ...], user_id: str = "") -> None:
        self.credentials.clients[client_id] = {
            "secret": client_secret,
            "redirect_uris": redirect_uris,
            "user_id": user_id,
        }

    def admit(self, request: Request) -> Token:
        """The caller's token; raises ApiError as contract and switches say. A success resets the idle clock."""
        switches, now = self.simulator.switches, self.simulator.clock.now()
        header = request.headers.get("Authorization", "")
        if not header:
            raise ApiError(401, empty=True)
        scheme, _, value = header.partition(" ")
        token = self.credentials.tokens.get(value.strip()) if scheme.lower() == "bearer" else None
        general = switches.auth_errors_in_general_shape
        if token is None or token.revoked or self._user_is_gone(token) or self._is_idle(token, now):
            status = switches.rejected_token_status
            words = "Invalid or Revoked Token" if status == 403 else "PERMISSION_DENIED: Invalid or Revoked Token"
            raise ApiError(status, words, always_general=general)
        if token.expires_at is not None and now >= token.expires_at:
            raise ApiError(403, "Expired token", always_general=general)
        token.last_used_at = now
        self._take(token, now)
        return token

    def need_scope(self, token: Token, scopes: tuple[str, ...]) -> None:
        if scopes and not set(scopes) & set(token.scopes):
            raise ApiError(403, f"Missing required scope: {' or '.join(scopes)}")

    def count_transfer(self, token: Token, rail: str) -> None:
        """The two daily limits of payments; raises the 429."""
        switches, now = self.simulator.switches, self.simulator.clock.now()
        limits = [("all", switches.transfers_per_day)]
        if rail == "INTERNATIONAL_WIRE":
            limits.append(("wire", switches.international_wires_per_day))
        for name, most in limits:
            made = self._transfers.setdefault(f"{token.principal}:{name}", deque())
            while made and now - made[0] >= timedelta(hours=24):
                made.popleft()
            if most is not None and len(made) >= most:
                raise self._too_many()
        for name, _ in limits:
            self._transfers[f"{token.principal}:{name}"].append(now)

    def _user_is_gone(self, token: Token) -> bool:
        user = self.simulator.store.users.get(token.user_id)
        return token.kind == "user" and user is not None and user["status"] != "ACTIVE"

    def _is_idle(self, token: Token, now: datetime) -> bool:
        if token.kind != "user" or token.last_used_at is None:
            return False
        return now - token.last_used_at > timedelta(days=self.simulator.switches.user_token_idle_days)

    def _take(self, token: Token, now: datetime) -> None:
        most = self.simulator.switches.requests_per_minute
        if most is None:
            return
        left, since = self._buckets.get(token.principal, (float(most), now))
        left = min(float(most), left + (now - since).total_seconds() * most / 60)
        if left < 1:
            self._buckets[token.principal] = (left, now)
            raise self._too_many()
        self._buckets[token.principal] = (left - 1, now)

    def _too_many(self) -> ApiError:
        return ApiError(429, "Too Many Requests", always_general=True)
