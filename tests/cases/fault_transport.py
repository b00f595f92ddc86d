"""How does a test make the network misbehave, whether a simulator or a real system is behind it?"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests
from requests.adapters import BaseAdapter

PAGE = b"<html><head><title>502</title></head><body><h1>Bad Gateway</h1></body></html>"


@dataclass
class NetworkFault:
    """`kind`: `commit_then_drop` (done, no answer), `commit_then_page` (done, a proxy's page), `drop` (not even sent
    on, but the sender cannot know), `truncated` (done, half an answer), `status` (answered by the proxy, not done)."""

    kind: str
    path: str = ".*"
    times: int = 1
    skip: int = 0
    status: int = 502
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = PAGE


class FaultTransport(BaseAdapter):
    """A requests adapter in front of another; keeps the paths of all calls."""

    def __init__(self, inner: BaseAdapter, is_write: Callable[[requests.PreparedRequest], bool]) -> None:
        super().__init__()
        self.inner = inner
        self.is_write = is_write
        self.faults: list[NetworkFault] = []
        self.calls: list[str] = []
        self.writes: list[str] = []

    def fail(self, kind: str, path: str = ".*", **parts: Any) -> NetworkFault:
        fault = NetworkFault(kind, path, **parts)
        self.faults.append(fault)
        return fault

    def fail_write(self, number: int, kind: str) -> NetworkFault:
        """Let the `number`-th write from now (0 is the next) meet a fault."""
        return self.fail(kind, path="WRITE", skip=number)

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:  # type: ignore[override]
        path = request.path_url
        is_write = self.is_write(request)
        self.calls.append(path)
        if is_write:
            self.writes.append(path)
        fault = self._due(path, is_write)
        if fault is None:
            return self.inner.send(request, *args, **options)
        if fault.kind == "drop":
            raise requests.ConnectionError("Connection aborted")
        if fault.kind == "status":
            return _response(request, fault.status, fault.body, fault.headers)
        done = self.inner.send(request, *args, **options)
        content = done.content
        if fault.kind == "commit_then_drop":
            raise requests.ConnectionError("Connection aborted: remote end closed without response")
        if fault.kind == "commit_then_page":
            return _response(request, fault.status, fault.body, fault.headers)
        return _response(request, done.status_code, content[: len(content) // 2], dict(done.headers))

    def _due(self, path: str, is_write: bool) -> NetworkFault | None:
        for fault in self.faults:
            if fault.times > 0 and (is_write if fault.path == "WRITE" else re.search(fault.path, path)):
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                return fault
        return None

    def close(self) -> None:
        self.inner.close()


def _response(
    request: requests.PreparedRequest, status: int, body: bytes, headers: dict[str, str]
) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.headers.update({"Content-Type": "text/html", **headers})
    response.raw = io.BytesIO(body)
    response.url = request.url or ""
    response.request = request
    response.encoding = "utf-8"
    return response
