"""Who may enter the environment? Token checks, the registered applications, their users and what those may touch."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .errors import RefusedError

if TYPE_CHECKING:
    from .simulator import DynamicsSimulator


@dataclass(slots=True)
class User:
    """A user of F&O. `companies` empty means all; `hidden` sets may not be read, `read_only` ones not be written."""

    id: str
    company: str
    enabled: bool = True
    companies: tuple[str, ...] = ()
    hidden: set[str] = field(default_factory=set)
    read_only: set[str] = field(default_factory=set)

    def sees(self, company: str) -> bool:
        return not self.companies or company.lower() in self.companies


def _coded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


class Tokens:
    """Issues and reads tokens: JSON web tokens in shape, signed with a key of the simulator's own."""

    def __init__(self, seed: int) -> None:
        self._key = hashlib.sha256(f"dynamics tokens {seed}".encode()).digest()
        self.not_before = 0.0

    def issue(self, claims: dict[str, Any]) -> str:
        head = _coded(b'{"typ":"JWT","alg":"HS256"}')
        body = _coded(json.dumps(claims, separators=(",", ":")).encode())
        return f"{head}.{body}.{self._signature(head, body)}"

    def read(self, token: str, now: datetime) -> dict[str, Any] | None:
        """The claims of a token of ours that has not expired; None for any other text."""
        try:
            head, body, signature = token.split(".")
            claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        except ValueError:
            return None
        if not hmac.compare_digest(signature, self._signature(head, body)):
            return None
        if claims["exp"] <= now.timestamp() or claims["iat"] < self.not_before:
            return None
        return dict(claims)

    def expire_all(self, now: datetime) -> None:
        """Every token issued until now is refused from now on."""
        self.not_before = now.timestamp() + 0.000_001

    def _signature(self, head: str, body: str) -> str:
        return _coded(hmac.new(self._key, f"{head}.{body}".encode(), hashlib.sha256).digest())


class Gate:
    """The checks of a request to F&O (Microsoft Learn, data-entities/troubleshoot-service-authentication.md)."""

    def __init__(self, simulator: DynamicsSimulator) -> None:
        self.simulator = simulator
        self.users: dict[str, User] = {}

    def admit(self, authorization: str, base: str) -> User:
        """The user behind a request's token. Raises RefusedError (401, or as the switch says)."""
        simulator = self.simulator
        scheme, _, token = authorization.partition(" ")
        claims = simulator.tokens.read(token, simulator.clock.now()) if scheme.lower() == "bearer" else None
        if claims is None or claims.get("tid") != simulator.tenant or not claims.get("oid"):
            raise self._refusal()
        if claims.get("aud") not in (simulator.environment_url, base):
            raise self._refusal()
        client = claims.get("appid") or claims.get("azp") or ""
        entry = simulator.store.find("SysAADClients", client)
        user = self.users.get(entry["UserId"]) if entry else None
        if user is None or not user.enabled:
            raise self._refusal()
        return user

    def _refusal(self) -> RefusedError:
        status = self.simulator.switches.unauthorised_status
        if status == 403:
            return RefusedError(403, {"Message": "Forbidden"})
        return RefusedError(status, None, {"WWW-Authenticate": "Bearer"})
