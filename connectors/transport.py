"""How does a request leave the house? Over a guarded address, never after its deadline, never without a time limit."""

from __future__ import annotations

import http.client
import io
import socket
import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import requests.adapters
import urllib3.connection
import urllib3.connectionpool
from urllib3.exceptions import NewConnectionError

from connectors.addresses import peer_check, resolve

BOOT_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
TCP_USER_TIMEOUT = getattr(socket, "TCP_USER_TIMEOUT", None)


def boot_seconds() -> float:
    """Seconds since the machine was started, counting those it slept: after a wake-up a deadline has passed."""
    return time.clock_gettime(BOOT_CLOCK)


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment, by `boot_seconds`, after which a call sends and reads nothing any more."""

    at: float

    def left(self) -> float:
        return self.at - boot_seconds()


deadline_of_call: ContextVar[Deadline | None] = ContextVar("deadline_of_call", default=None)


class NeverSentError(NewConnectionError):
    """Not a byte of the request has left; `reason` says why."""

    def __init__(self, connection: Any, reason: str) -> None:
        super().__init__(connection, reason)
        self.reason = reason


class _DeadlineReader(io.RawIOBase):
    """Gives every read of an answer only the time that is left: a sender of one byte a second ends with the call."""

    def __init__(self, inner: io.RawIOBase, sock: socket.socket) -> None:
        self._inner = inner
        self._sock = sock
        self._patience = sock.gettimeout()
        self._deadline = deadline_of_call.get()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._deadline is not None:
            left = self._deadline.left()
            if left <= 0:
                raise TimeoutError("the time of the call is over")
            self._sock.settimeout(left if self._patience is None else min(self._patience, left))
        return self._inner.readinto(buffer)

    def close(self) -> None:
        self._inner.close()
        super().close()


class _Answer(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_DeadlineReader(self.fp.detach(), sock))


class _Guarded:
    """Mixed into urllib3's connections: resolve once, check what was found, connect to exactly that."""

    allow_private = False
    is_secure = False
    response_class: Any = _Answer
    _has_sent = False
    host: str
    port: int
    timeout: Any
    sock: Any
    _dns_host: str

    def _new_conn(self) -> socket.socket:
        host = self._dns_host
        try:
            found = resolve(host, self.port)
        except (OSError, UnicodeError) as error:
            raise NeverSentError(self, f"{host} is not known ({error})") from error
        for _, peer in found:
            peer_check(host, str(peer[0]), is_secure=self.is_secure, allow_private=self.allow_private)
        failure: OSError | None = None
        for family, peer in found:
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.settimeout(self.timeout if isinstance(self.timeout, int | float) else None)
                sock.connect(peer)
            except OSError as error:
                sock.close()
                failure = error
            except BaseException:
                sock.close()
                raise
            else:
                return sock
        raise NeverSentError(self, f"{host} cannot be reached ({failure})") from failure

    def connect(self) -> None:
        """Raises NeverSentError whatever goes wrong before the first byte of the request, TLS included."""
        try:
            super().connect()  # type: ignore[misc]
        except (OSError, urllib3.exceptions.HTTPError) as error:
            if isinstance(error, NeverSentError):
                raise
            raise NeverSentError(self, str(error)) from error

    def putrequest(self, *args: Any, **kwargs: Any) -> None:
        self._has_sent = False
        super().putrequest(*args, **kwargs)  # type: ignore[misc]

    def send(self, data: Any) -> None:
        deadline = deadline_of_call.get()
        if self.sock is None:
            self.connect()
        if deadline is not None:
            left = deadline.left()
            if left <= 0:
                if not self._has_sent:
                    raise NeverSentError(self, "the time of the call was over before it was sent")
                raise TimeoutError("the time of the call was over while it was sent")
            if TCP_USER_TIMEOUT is not None:
                self.sock.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, max(1, int(left * 1000)))
        self._has_sent = True
        super().send(data)  # type: ignore[misc]


class _PublicHTTP(_Guarded, urllib3.connection.HTTPConnection): ...


class _PublicHTTPS(_Guarded, urllib3.connection.HTTPSConnection):
    is_secure = True


class _AnyHTTP(_PublicHTTP):
    allow_private = True


class _AnyHTTPS(_PublicHTTPS):
    allow_private = True


class _PublicHTTPPool(urllib3.connectionpool.HTTPConnectionPool):
    ConnectionCls = _PublicHTTP


class _PublicHTTPSPool(urllib3.connectionpool.HTTPSConnectionPool):
    ConnectionCls = _PublicHTTPS


class _AnyHTTPPool(urllib3.connectionpool.HTTPConnectionPool):
    ConnectionCls = _AnyHTTP


class _AnyHTTPSPool(urllib3.connectionpool.HTTPSConnectionPool):
    ConnectionCls = _AnyHTTPS


class GuardedAdapter(requests.adapters.HTTPAdapter):
    """requests' adapter over guarded connections. Without `allow_private` only public addresses are reached."""

    def __init__(self, *, allow_private: bool) -> None:
        self.allow_private = allow_private
        super().__init__(max_retries=0, pool_connections=2, pool_maxsize=4)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        classes: dict[str, type[urllib3.connectionpool.HTTPConnectionPool]] = (
            {"http": _AnyHTTPPool, "https": _AnyHTTPSPool}
            if self.allow_private
            else {"http": _PublicHTTPPool, "https": _PublicHTTPSPool}
        )
        self.poolmanager.pool_classes_by_scheme = classes
