"""How is a vendor spoken to over HTTP? One client with every default: limits, retries, errors by table, redaction."""

from __future__ import annotations

import dataclasses
import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any, NoReturn
from urllib.parse import urljoin, urlsplit

import requests
import requests.auth
import urllib3.exceptions
from requests.structures import CaseInsensitiveDict

from connectors.addresses import address_check
from connectors.answers import ApiResponse, ErrorRule, ErrorTable
from connectors.base import ConnectionContext, ExchangeNote
from connectors.codec import json_text
from connectors.errors import (
    AuthenticationError,
    BlockedError,
    ConfigurationError,
    ConnectorError,
    OutcomeUnknownError,
    PayloadError,
    RateLimitedError,
    RetryableError,
    TooManyAtOnceError,
    TransportError,
)
from connectors.redaction import Redactor
from connectors.transport import Deadline, GuardedAdapter, NeverSentError, boot_seconds, deadline_of_call

USER_AGENT = "ml-connector/0.1"
TRIES = 3
LONGEST_WAIT = 5.0  # seconds spent waiting inside one call; whoever must wait longer gives the lane back
LONGEST_READ = 90.0  # seconds for a read with all its tries
CHUNK = 65536


__all__ = ["ApiClient", "ApiResponse", "ErrorRule", "NotSentError", "context_for"]


class NotSentError(TransportError):
    """Surely nothing has left this machine: no name, no route, no TLS, or the deadline had passed."""


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    url: str
    options: dict[str, Any]
    is_write: bool
    is_repeatable: bool
    timeout: tuple[float, float]
    is_ours: bool = True  # goes to the vendor's own address, with his credential

    @property
    def seconds(self) -> float:
        return sum(self.timeout)


class ApiClient:
    """Talks to one vendor for one connection; not to be shared between threads.

    Reads are tried three times with jittered pauses. Writes are sent again only if they surely never left, or if
    they are `repeatable`. Whatever is unclear after a byte of a write has left raises OutcomeUnknownError. Answers
    from 400 on raise what the table of rules says, and RejectedError where it says nothing. Raises only
    ConnectorErrors of its own; what `before_call` and the limiter raise passes through before anything was sent."""

    def __init__(
        self,
        context: ConnectionContext,
        *,
        provider: str,
        auth: requests.auth.AuthBase | None,
        rules: Sequence[ErrorRule],
        read_body_error: Callable[[ApiResponse], tuple[str, str]],
        trace_header: str = "",
        timeout: tuple[float, float] = (5, 30),
        write_timeout: float = 30,
        max_bytes: int = 50_000_000,
    ) -> None:
        self.context = context
        self.provider = provider
        self.auth = auth
        self.read_body_error = read_body_error
        self.trace_header = trace_header
        self.timeout = timeout
        self.write_timeout = write_timeout
        self.max_bytes = max_bytes
        self.base = address_check(context.address, allow_private=context.allow_private_addresses)
        self.redactor = Redactor(context.credentials)
        self._table = ErrorTable(provider, rules, self.redactor)
        self._session = self._open_session()

    def get(self, path: str, params: Any = None, **options: Any) -> ApiResponse:
        """Read; safe to repeat."""
        return self.request("GET", path, params=params, **options)

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Any = None,
        json: Any = None,
        data: Any = None,
        headers: Mapping[str, str] | None = None,
        writes: bool = False,
        repeatable: bool = False,
        timeout: float | None = None,
    ) -> ApiResponse:
        """Call a path under the connection's address, or an absolute link to the same host.

        `json` may hold Decimals. `writes` says that repeating would do it twice, `repeatable` that the vendor
        honours a key in this request. `timeout` is the patience for the answer in seconds."""
        sent = {"Accept": "application/json", **(headers or {})}
        if json is not None:
            data = json_text(json).encode()
            sent.setdefault("Content-Type", "application/json")
        patience = timeout or (self.write_timeout if writes else self.timeout[1])
        options = {"params": params, "data": data, "headers": sent}
        return self._run(_Call(method, self._url(path), options, writes, repeatable, (self.timeout[0], patience)))

    def download(self, url: str, *, timeout: float | None = None) -> ApiResponse:
        """A file from wherever the vendor keeps it (a presigned link): no credential is sent. Safe to repeat."""
        host, mine = urlsplit(url), urlsplit(self.base)
        if (host.scheme, host.netloc) != (mine.scheme, mine.netloc):
            address_check(f"{host.scheme}://{host.netloc}", allow_private=self.context.allow_private_addresses)
        patience = (self.timeout[0], timeout or self.timeout[1])
        return self._run(_Call("GET", url, {"headers": {"Accept": "*/*"}}, False, False, patience, is_ours=False))

    def error(self, response: ApiResponse, code: str = "", message: str = "") -> ConnectorError:
        """The error that the table makes of an answer; for vendors that report failures with status 200."""
        return self._table.error(response, code, message, self.context.now())

    # --- one call, with its tries

    def _run(self, call: _Call) -> ApiResponse:
        give_up = boot_seconds() + max(LONGEST_READ, call.seconds)
        has_refreshed = is_unclear = False
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._once(call)
            except _RefusedError as refused:
                if not has_refreshed and self._refresh(refused.response):
                    has_refreshed = True
                    attempt -= 1
                    continue
                failure: ConnectorError = refused.error
            except ConnectorError as error:
                failure = error
            is_unclear = is_unclear or isinstance(failure, OutcomeUnknownError)
            pause = self._pause(call, failure, attempt)
            if pause is None or boot_seconds() + pause + call.seconds > give_up:
                if is_unclear and isinstance(failure, RetryableError | BlockedError):
                    raise OutcomeUnknownError(
                        f"{self.provider} gave no clear answer to an earlier try of this write.", detail=str(failure)
                    ) from failure
                raise failure
            time.sleep(pause)

    def _pause(self, call: _Call, failure: ConnectorError, attempt: int) -> float | None:
        """Seconds until the next try; None if there is none."""
        may_repeat = not call.is_write or call.is_repeatable
        if attempt >= TRIES or not (may_repeat or isinstance(failure, NotSentError)):
            return None
        if not isinstance(failure, RetryableError | OutcomeUnknownError):
            return None
        if isinstance(failure, RateLimitedError):
            wait = failure.retry_after.total_seconds()
            return wait if failure.status and wait <= LONGEST_WAIT else None
        return random.uniform(0, min(LONGEST_WAIT, 0.25 * 2**attempt))  # noqa: S311 - jitter, not a secret

    def _once(self, call: _Call) -> ApiResponse:
        request = self._prepared(call)  # may renew a token, with calls of its own
        self.context.limiter.acquire(call=f"{call.method} {urlsplit(call.url).path}")
        try:
            if self.context.before_call:
                self.context.before_call(call.seconds)
            response = self._observed(call, request)
        finally:
            if (released := getattr(self.context.limiter, "released", None)) is not None:
                released()
        if response.status >= 300:
            self._refuse(call, response)
        return response

    def _observed(self, call: _Call, request: requests.PreparedRequest) -> ApiResponse:
        """Send within the call's deadline, and tell the observer whatever comes of it."""
        started_at, started = self.context.now(), time.monotonic()
        mark = deadline_of_call.set(Deadline(boot_seconds() + call.seconds))
        response: ApiResponse | None = None
        failure = ""
        try:
            response = self._sent(call, request)
        except ConnectorError as error:
            failure = error.message
            raise
        finally:
            deadline_of_call.reset(mark)
            if self.context.observer:
                seconds = time.monotonic() - started
                self.context.observer(self._note(call, request, response, failure, started_at, seconds))
        return response

    def _prepared(self, call: _Call) -> requests.PreparedRequest:
        try:
            request = requests.Request(call.method, call.url, **call.options, auth=self.auth if call.is_ours else None)
            return self._session.prepare_request(request)
        except (requests.RequestException, UnicodeError) as error:
            raise ConfigurationError(f"{self._host(call)} cannot be called: {error}.") from error

    def _sent(self, call: _Call, request: requests.PreparedRequest) -> ApiResponse:
        """Send and read the whole answer. Raises by what is known of the request's fate."""
        try:
            raw = self._session.send(request, stream=True, allow_redirects=False, timeout=call.timeout)
            with raw:
                content = self._content(call, raw)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise self._broken(call, error) from error
        request_id = raw.headers.get(self.trace_header, "") if self.trace_header else ""
        headers = CaseInsensitiveDict(raw.headers)
        text = content.decode("utf-8", "replace")
        return ApiResponse(raw.status_code, headers, text, content, call.is_write, request_id)

    def _content(self, call: _Call, raw: requests.Response) -> bytes:
        parts, size = [], 0
        for part in raw.iter_content(CHUNK):
            parts.append(part)
            size += len(part)
            if size > self.max_bytes:
                sentence = f"{self._host(call)} sent more than {self.max_bytes:,} bytes."
                raise OutcomeUnknownError(sentence) if call.is_write else PayloadError(sentence)
        return b"".join(parts)

    def _broken(self, call: _Call, error: Exception) -> ConnectorError:
        host = self._host(call)
        detail = self.redactor.text(_reason(error), 500)
        causes = list(_causes(error))
        if any(isinstance(one, urllib3.exceptions.ConnectTimeoutError) for one in causes):  # and NewConnectionError
            if any("CERTIFICATE_VERIFY_FAILED" in str(one) or "Hostname mismatch" in str(one) for one in causes):
                return ConfigurationError(
                    f"The certificate of {host} is not trusted.", detail=detail, code="certificate"
                )
            return NotSentError(f"{host} cannot be reached.", detail=detail, provider=self.provider)
        if call.is_write:
            return OutcomeUnknownError(
                f"{self.provider} gave no clear answer: the write may or may not have been done.",
                detail=detail,
                provider=self.provider,
            )
        return TransportError(f"{host} did not answer, or not to the end.", detail=detail, provider=self.provider)

    # --- what an answer means

    def _refuse(self, call: _Call, response: ApiResponse) -> NoReturn:
        code, message = "", ""
        if response.status >= 400:
            try:
                code, message = self.read_body_error(response)
            except (ConnectorError, ValueError, TypeError, KeyError, AttributeError, IndexError):
                code, message = "", ""
        error = self.error(response, code, message)
        if isinstance(error, RateLimitedError):
            self.context.limiter.closed(error.retry_after)
        if isinstance(error, TooManyAtOnceError) and (crowded := getattr(self.context.limiter, "crowded", None)):
            crowded()
        if isinstance(error, AuthenticationError) and call.is_ours:
            raise _RefusedError(error, response)
        raise error

    def _refresh(self, response: ApiResponse) -> bool:
        refreshed = getattr(self.auth, "refreshed", None)
        return bool(refreshed(response)) if refreshed else False

    # --- addresses, session, notes

    def _url(self, path: str) -> str:
        if not re.match(r"(?i)[a-z][a-z0-9+.-]*:|//", path):
            return f"{self.base}/{path.lstrip('/')}"
        url, mine = urlsplit(urljoin(self.base, path)), urlsplit(self.base)
        if (url.scheme, url.netloc) != (mine.scheme, mine.netloc):
            raise PayloadError(f"{self.provider} links to {url.netloc}, which is not {mine.netloc}.")
        return url.geturl()

    def _host(self, call: _Call) -> str:
        return urlsplit(call.url).hostname or self.provider

    def _open_session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False  # neither a proxy nor a .netrc may come between a connection and its vendor
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.headers["User-Agent"] = USER_AGENT
        guarded = GuardedAdapter(allow_private=self.context.allow_private_addresses)
        session.mount("https://", guarded)
        session.mount("http://", guarded)
        if self.context.transport is not None:
            mine = urlsplit(self.base)
            session.mount(f"{mine.scheme}://{mine.netloc}", self.context.transport)
        return session

    def _note(
        self,
        call: _Call,
        request: requests.PreparedRequest,
        response: ApiResponse | None,
        failure: str,
        started_at: datetime,
        seconds: float,
    ) -> ExchangeNote:
        return ExchangeNote(
            method=call.method,
            url=self.redactor.text(request.url or call.url, 2000),
            status=response.status if response else None,
            started_at=started_at,
            seconds=seconds,
            request_id=response.request_id if response else "",
            request_body=self.redactor.body(request.body),
            response_body=self.redactor.body(response.content) if response else "",
            error=self.redactor.text(failure, 500),
            is_write=call.is_write,
        )


class _RefusedError(Exception):
    """The credential was refused; carries the answer, so that a token may be renewed once."""

    def __init__(self, error: AuthenticationError, response: ApiResponse) -> None:
        super().__init__(error.message)
        self.error = error
        self.response = response


def context_for(context: ConnectionContext, address: str) -> ConnectionContext:
    """The same connection at another address of the vendor: his OAuth server, a regional host."""
    return dataclasses.replace(context, address=address)


def _reason(error: BaseException) -> str:
    """The innermost words of an exception; the outer ones name pools and classes."""
    never = next((one for one in _causes(error) if isinstance(one, NeverSentError)), None)
    return never.reason if never else str(error)


def _causes(error: BaseException | None) -> Any:
    seen: set[int] = set()
    queue: list[Any] = [error]
    while queue:
        one = queue.pop()
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        queue += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
