"""What does an answer mean? A vendor's error table, closed by default: what no row knows is refused or unclear."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from connectors.codec import json_load
from connectors.errors import (
    ConfigurationError,
    ConnectorError,
    OutcomeUnknownError,
    PayloadError,
    RateLimitedError,
    RejectedError,
    TransportError,
)
from connectors.redaction import Redactor

DEFAULT_RETRY_AFTER = timedelta(seconds=30)
LONGEST_RETRY_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """One row of a vendor's error table; the first that fits decides. None fits everything.

    `pattern` is searched in the body, whatever its case. `advice` is the sentence a person reads, `link` the page
    that taught the row, `cure` the problem code of a RejectedError that can be mended. A retryable `error` on a
    write claims that the vendor surely did nothing. `wait` is how long a RateLimitedError closes the vendor where the
    answer has no Retry-After."""

    status: int | None
    code: str | None
    pattern: str | None
    error: type[ConnectorError]
    advice: str
    link: str
    cure: str = ""
    wait: Callable[[ApiResponse, datetime], timedelta] | None = None

    def fits(self, status: int, code: str, text: str) -> bool:
        return (
            self.status in (None, status)
            and self.code in (None, code)
            and (self.pattern is None or re.search(self.pattern, text, re.IGNORECASE) is not None)
        )


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """An answer that was read to its end."""

    status: int
    headers: Mapping[str, str]
    text: str
    content: bytes
    is_write: bool = False
    request_id: str = ""

    def json(self) -> Any:
        """The body with Decimal numbers. If it is no JSON: PayloadError, after a write OutcomeUnknownError."""
        try:
            return json_load(self.text)
        except ValueError as error:
            parts: dict[str, Any] = {"status": self.status, "request_id": self.request_id, "detail": str(error)}
            if self.is_write:
                raise OutcomeUnknownError(
                    "The write was answered with something that cannot be read.", **parts
                ) from error
            raise PayloadError("The answer is not JSON, or it was cut off.", **parts) from error


@dataclass(frozen=True, slots=True)
class ErrorTable:
    """The rows of a vendor's table, asked in order; `provider` is his name in sentences."""

    provider: str
    rules: Sequence[ErrorRule]
    redactor: Redactor

    def error(self, response: ApiResponse, code: str, message: str, now: datetime) -> ConnectorError:
        """The error that an answer stands for; `code` and `message` as its body says them."""
        rule = next((one for one in self.rules if one.fits(response.status, code, response.text[:20_000])), None)
        if rule is None:
            return self._unruled(response, code, message, now)
        said = self.redactor.text(message, 300).strip()
        sentence = f"{rule.advice} {self.provider} said: {said}" if said and rule.advice else rule.advice or said
        extra: dict[str, Any] = {}
        if issubclass(rule.error, RejectedError):
            extra["cure"] = rule.cure
        if issubclass(rule.error, RateLimitedError):
            usual = rule.wait(response, now) if rule.wait else DEFAULT_RETRY_AFTER
            extra["retry_after"] = retry_after(response, now) or usual
        return rule.error(sentence, detail=f"{code} {rule.link}".strip(), **self._parts(response), **extra)

    def _unruled(self, response: ApiResponse, code: str, message: str, now: datetime) -> ConnectorError:
        """Closed by default: what no rule knows is refused, or, after a write, unclear."""
        status, parts = response.status, self._parts(response)
        said = self.redactor.text(message, 300).strip()
        detail = f"{status} {code} {said}".strip()
        if status == 429:
            wait = retry_after(response, now) or DEFAULT_RETRY_AFTER
            return RateLimitedError(f"{self.provider} asks for fewer calls.", retry_after=wait, detail=detail, **parts)
        is_clear = 400 <= status < 500 and status != 408 and not _is_page(response)
        if response.is_write and not is_clear and status >= 300:
            sentence = f"{self.provider} answered {status}: the write may or may not have been done."
            return OutcomeUnknownError(sentence, detail=detail, **parts)
        if 300 <= status < 400:
            where = urlsplit(response.headers.get("Location", "")).netloc or "elsewhere"
            return ConfigurationError(
                f"{self.provider} redirects to {where}; is the address right?", detail=detail, **parts
            )
        if not is_clear and status >= 400:
            return TransportError(f"{self.provider} is not available (status {status}).", detail=detail, **parts)
        return RejectedError(f"{self.provider} refused: {said or f'status {status}'}", detail=detail, **parts)

    def _parts(self, response: ApiResponse) -> dict[str, Any]:
        return {"provider": self.provider, "status": response.status, "request_id": response.request_id}


def _is_page(response: ApiResponse) -> bool:
    """A page is a gateway's word, not the vendor's."""
    return "html" in response.headers.get("Content-Type", "").lower() or response.text[:200].lstrip().startswith("<")


def retry_after(response: ApiResponse, now: datetime) -> timedelta | None:
    """How long the vendor is closed, if he says so: seconds or a date, at least a second, at most a day."""
    value = response.headers.get("Retry-After", "").strip()
    if not value:
        return None
    if re.fullmatch(r"\d{1,9}(\.\d+)?", value):
        wait = timedelta(seconds=float(value))
    else:
        try:
            until = parsedate_to_datetime(value)
        except (ValueError, TypeError):
            return None
        wait = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    return min(max(wait, timedelta(seconds=1)), LONGEST_RETRY_AFTER)
