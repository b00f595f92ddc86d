"""Which decision does a failure ask for? The type of an error says what happens next.

    ConnectorError
    +-- RetryableError            not now, and surely nothing was done: back off
    |   +-- TransportError        no connection, a gateway's page, a read that timed out
    |   +-- RateLimitedError      the vendor (or our own limiter) said: later; carries retry_after
    |       +-- TooManyAtOnceError  ... and that fewer calls may run at a time
    +-- OutcomeUnknownError       a write was sent and no clear answer came: look in the ledger, then decide
    +-- RejectedError             the vendor said no; `cure` names the problem if a person can mend it
    +-- UnsupportedError          cannot be said truthfully in that ledger
    +-- PayloadError              not as documented; the raw payload is kept
    +-- BlockedError              useless until somebody acts: the lane stops
        +-- AuthenticationError   the credential is refused
        +-- ConfigurationError    address, database, company, right or feature is wrong or missing

Every error carries a sentence fit for a person, never a secret and never a whole body.
"""

from __future__ import annotations

from datetime import timedelta


class ConnectorError(Exception):
    """Base of all: `str(error)` is the sentence that is shown; `detail` is for operators."""

    code = "internal"

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        detail: str = "",
        provider: str = "",
        status: int | None = None,
        request_id: str = "",
        facts: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.detail = detail[:2000]
        self.provider = provider
        self.status = status
        self.request_id = request_id
        self.facts = facts or {}


class RetryableError(ConnectorError):
    """Not now, and surely not done: trying again is safe."""

    code = "unavailable"


class TransportError(RetryableError):
    """The vendor could not be reached, or a gateway answered in its place."""

    code = "unreachable"


class RateLimitedError(RetryableError):
    """Too many calls; `retry_after` says how long the vendor is closed for everyone."""

    code = "rate_limited"

    def __init__(self, message: str, *, retry_after: timedelta, **parts: object) -> None:
        super().__init__(message, **parts)  # type: ignore[arg-type]
        self.retry_after = retry_after


class TooManyAtOnceError(RateLimitedError):
    """Too many calls at a time, ours or those of others: fewer may run for a while."""


class OutcomeUnknownError(ConnectorError):
    """A write left the house and no clear answer came back: it may or may not have happened."""

    code = "outcome_unknown"


class RejectedError(ConnectorError):
    """The vendor understood and refused; nothing of ours was left there.

    `cure` is the problem code whose solution would let the same document through (empty: none is known).
    """

    code = "rejected"

    def __init__(self, message: str, *, cure: str = "", **parts: object) -> None:
        super().__init__(message, **parts)  # type: ignore[arg-type]
        self.cure = cure


class UnsupportedError(ConnectorError):
    """The ledger cannot say this truthfully."""

    code = "unsupported"


class PayloadError(ConnectorError):
    """The vendor sent something that its documentation does not describe."""

    code = "unreadable"


class BlockedError(ConnectorError):
    """Nothing on this connection can work until somebody acts."""

    code = "blocked"


class AuthenticationError(BlockedError):
    """The credential is refused: expired, revoked, or never right."""

    code = "credential_refused"


class ConfigurationError(BlockedError):
    """Something is set up wrongly on their side or on ours."""

    code = "configuration"


class DecryptionError(BlockedError):
    """A stored secret cannot be read with any key of the ring."""

    code = "decryption"
