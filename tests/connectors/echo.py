"""A simulated vendor that answers what it was sent, and a client for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import requests.auth
from pydantic import BaseModel, SecretStr
from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from connectors.base import ConnectionContext, ExchangeNote, NoLimiter
from connectors.http import ApiClient, ApiResponse, ErrorRule
from connectors.simulation import Simulator, SimulatorTransport, json_response

ADDRESS = "https://api.echo.example"
KEY = "sk_live_0123456789"


class EchoCredentials(BaseModel):
    key: SecretStr = SecretStr(KEY)


class Echo(Simulator):
    key = "echo"

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Request] = []

    def rules(self) -> Iterable[Rule]:
        return [Rule("/<path:rest>", endpoint=self.echo)]

    def echo(self, request: Request, rest: str) -> Response:
        self.seen.append(request)
        response = json_response({"path": rest, "body": request.get_data(as_text=True)})
        response.headers["X-Trace"] = f"trace-{len(self.seen)}"
        response.set_cookie("session", "one")
        return response


def read_error(response: ApiResponse) -> tuple[str, str]:
    body = response.json()
    return body["code"], body["message"]


def client_for(
    simulator: Callable[..., Any],
    *,
    rules: tuple[ErrorRule, ...] = (),
    auth: requests.auth.AuthBase | None = None,
    notes: list[ExchangeNote] | None = None,
    **context: Any,
) -> ApiClient:
    """A client that reaches `simulator` inside this process, with pauses as short as they come."""
    made = ConnectionContext(
        address=ADDRESS,
        credentials=EchoCredentials(),
        transport=SimulatorTransport(simulator),
        observer=None if notes is None else notes.append,
        **context,
    )
    return ApiClient(made, provider="Echo", auth=auth, rules=rules, read_body_error=read_error, trace_header="X-Trace")


class Gate(NoLimiter):
    def __init__(self) -> None:
        self.log: list[object] = []

    def acquire(self, cost: int = 1, *, call: str = "") -> None:
        self.log.append("acquired")

    def closed(self, retry_after: timedelta) -> None:
        self.log.append(retry_after)

    def released(self) -> None:
        self.log.append("released")


class Badge(requests.auth.AuthBase):
    """A credential that can be renewed so many times."""

    def __init__(self, renewals: int) -> None:
        self.renewals, self.number = renewals, 0

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer badge-{self.number}"
        return request

    def refreshed(self, response: ApiResponse) -> bool:
        if self.renewals == 0:
            return False
        self.renewals, self.number = self.renewals - 1, self.number + 1
        return True
