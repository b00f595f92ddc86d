"""What does a connection hand to its vendor's code? Credentials, tokens, limits, an observer, a transport."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

import requests.adapters
from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A bearer token and its end; `refresh_token` as it was rotated."""

    value: str
    expires_at: datetime
    refresh_token: str = ""


TOKENS_USED_UP = "tokens_used_up"  # code of the error when our own limit of tokens lets nobody ask for one


class TokenStore(Protocol):
    """Where OAuth tokens live between processes."""

    def current(self) -> AccessToken | None: ...

    def refresh(self, renew: Callable[[AccessToken | None], AccessToken], *, rejected: str = "") -> AccessToken:
        """Run `renew` in one process at a time and store its answer before returning it.

        `rejected` is the access token that the vendor refused: if the stored one differs by now, it is returned and
        `renew` is not called. A rotated refresh token is committed before the access token is used."""
        ...

    def asked_within(self, period: timedelta) -> int:
        """How many tokens were asked for lately, as far as it is known: at most of the last hour."""
        ...


class Limiter(Protocol):
    """Counts calls by what the vendor counts, for all workers together."""

    def acquire(self, cost: int = 1, *, call: str = "") -> None:
        """Return when the call (its method and path) may go. Raises RateLimitedError when the wait would be longer than
        a moment."""
        ...

    def closed(self, retry_after: timedelta) -> None:
        """The vendor said 429: closed for everyone until then."""
        ...


class NoLimiter:
    """For tests and simulators: never waits."""

    def acquire(self, cost: int = 1, *, call: str = "") -> None:
        return

    def closed(self, retry_after: timedelta) -> None:
        return


class Budget(Protocol):
    """What is left of a day's calls, where a vendor tells it; shared by all workers, exact to some calls."""

    def noted(self, left: int, allowed: int, seconds: int) -> None:
        """The vendor said: so many of so many are left, and in so many seconds they are counted anew."""
        ...

    def counted(self, allowed: int, seconds: int) -> None:
        """A call was made and the vendor said nothing: one less of so many, which end in so many seconds. On a day
        that is counted already, it is one less of what was left of it."""
        ...

    def left(self) -> tuple[int, int] | None:
        """Calls left and calls allowed of the day; None where nobody knows."""
        ...


@dataclass(frozen=True, slots=True)
class ExchangeNote:
    """One HTTP exchange, redacted, as the observer receives it."""

    method: str
    url: str
    status: int | None
    started_at: datetime
    seconds: float
    request_id: str = ""
    request_body: str = ""
    response_body: str = ""
    error: str = ""
    is_write: bool = False


Observer = Callable[[ExchangeNote], None]


@dataclass(slots=True)
class ConnectionContext:
    """Everything a vendor folder needs to talk; built by `connection_open`, by tests and by the simulators' demo.

    `before_call` is run before each HTTP call with its time-out in seconds: a worker renews its lease there, and
    raises if the lease is lost or would not outlive the call. `leaving` is run by a ledger that `marks_each`, with the
    stamp of a document, before anything of it is sent: what was not marked surely never left."""

    address: str
    credentials: BaseModel
    settings: BaseModel | None = None
    identity: str = ""
    tokens: TokenStore | None = None
    limiter: Limiter = field(default_factory=NoLimiter)
    budget: Budget | None = None
    observer: Observer | None = None
    transport: requests.adapters.BaseAdapter | None = None
    before_call: Callable[[float], None] | None = None
    leaving: Callable[[str], None] | None = None
    allow_private_addresses: bool = False
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
