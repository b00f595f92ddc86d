"""What is a call made of that got no clear answer: sent again, told, or left uncertain?"""

from __future__ import annotations

from typing import Any

import pytest
import requests
import requests.auth

from connectors import http
from connectors.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectorError,
    OutcomeUnknownError,
    PayloadError,
    RateLimitedError,
    RejectedError,
    TransportError,
)
from connectors.http import ErrorRule, NotSentError
from tests.connectors.echo import ADDRESS, Echo, client_for

pytestmark = pytest.mark.usefixtures("pauses")

READ_AGAIN = None  # the second try succeeds
FATES: list[tuple[str, dict[str, Any], type[ConnectorError] | None, type[ConnectorError]]] = [
    ("status", {"status": 500}, READ_AGAIN, OutcomeUnknownError),
    ("status", {"status": 502}, READ_AGAIN, OutcomeUnknownError),
    ("status", {"status": 503, "headers": {"Retry-After": "1"}}, READ_AGAIN, OutcomeUnknownError),
    ("status", {"status": 408}, READ_AGAIN, OutcomeUnknownError),
    ("commit_then_status", {"status": 504}, READ_AGAIN, OutcomeUnknownError),
    ("html", {"status": 502}, READ_AGAIN, OutcomeUnknownError),
    ("html", {"status": 403}, READ_AGAIN, OutcomeUnknownError),
    ("html", {"status": 200}, PayloadError, OutcomeUnknownError),
    ("drop", {}, READ_AGAIN, OutcomeUnknownError),
    ("commit_then_drop", {}, READ_AGAIN, OutcomeUnknownError),
    ("truncated", {}, PayloadError, OutcomeUnknownError),
    (
        "status",
        {"status": 302, "headers": {"Location": "https://evil.example/"}},
        ConfigurationError,
        OutcomeUnknownError,
    ),
    ("status", {"status": 400, "body": '{"code": "bad", "message": "No."}'}, RejectedError, RejectedError),
    ("status", {"status": 404, "body": "plain"}, RejectedError, RejectedError),
    ("status", {"status": 429}, RateLimitedError, RateLimitedError),
    ("status", {"status": 429, "headers": {"Retry-After": "3600"}}, RateLimitedError, RateLimitedError),
    ("status", {"status": 429, "headers": {"Retry-After": "2"}}, READ_AGAIN, RateLimitedError),
]


@pytest.mark.parametrize(("kind", "fault", "read", "write"), FATES)
def test_fate_of_a_read(
    kind: str, fault: dict[str, Any], read: type[ConnectorError] | None, write: type[ConnectorError]
) -> None:
    echo = Echo()
    echo.fail(kind, **fault)
    client = client_for(echo)
    if read is READ_AGAIN:
        assert client.get("/x").json()["path"] == "x"
        assert echo.call_count == 2
    else:
        with pytest.raises(read):
            client.get("/x").json()
        assert echo.call_count == 1


@pytest.mark.parametrize(("kind", "fault", "read", "write"), FATES)
def test_fate_of_a_write_which_is_never_sent_twice(
    kind: str, fault: dict[str, Any], read: type[ConnectorError] | None, write: type[ConnectorError]
) -> None:
    echo = Echo()
    echo.fail(kind, **fault)
    with pytest.raises(write):
        client_for(echo).request("POST", "/x", json={}, writes=True).json()
    assert echo.call_count == 1


def test_a_read_is_tried_three_times_with_growing_jittered_pauses(pauses: list[float]) -> None:
    echo = Echo()
    echo.fail("status", status=503, times=9)
    with pytest.raises(TransportError) as caught:
        client_for(echo).get("/x")
    assert echo.call_count == 3
    assert caught.value.status == 503
    assert len(pauses) == 2
    assert all(0 <= pause <= limit for pause, limit in zip(pauses, (0.5, 1.0), strict=True))


def test_a_read_gives_up_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    echo = Echo()
    echo.fail("status", status=503, times=9)
    clock = iter(range(0, 10_000, 60))
    monkeypatch.setattr(http, "boot_seconds", lambda: float(next(clock)))
    with pytest.raises(TransportError):
        client_for(echo).get("/x")
    assert echo.call_count < 3


@pytest.mark.parametrize("kind", ["commit_then_drop", "drop", "status"])
def test_a_write_with_a_key_is_sent_again(kind: str) -> None:
    echo = Echo()
    echo.fail(kind)
    answer = client_for(echo).request("POST", "/x", json={}, writes=True, repeatable=True)
    assert answer.status == 200
    assert echo.call_count == 2


@pytest.mark.parametrize(
    ("second", "raised"),
    [
        ({"status": 429, "headers": {"Retry-After": "600"}}, OutcomeUnknownError),
        ({"status": 401, "body": '{"code": "revoked", "message": "x"}'}, OutcomeUnknownError),
        ({"status": 422, "body": '{"code": "bad", "message": "x"}'}, RejectedError),
    ],
)
def test_what_was_unclear_once_stays_unclear(second: dict[str, Any], raised: type[ConnectorError]) -> None:
    """After a lost answer, "not now" says nothing about the first try; a clear refusal under the same key does."""
    echo = Echo()
    echo.fail("commit_then_drop")
    echo.fail("status", **second)
    rules = (ErrorRule(401, None, None, AuthenticationError, "Revoked.", "https://echo.example"),)
    with pytest.raises(raised):
        client_for(echo, rules=rules).request("POST", "/x", json={}, writes=True, repeatable=True)
    assert echo.call_count == 2


def test_a_write_that_surely_never_left_is_sent_again() -> None:
    class Deaf(requests.adapters.BaseAdapter):
        calls = 0

        def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
            from urllib3.exceptions import MaxRetryError

            from connectors.transport import NeverSentError

            Deaf.calls += 1
            raise requests.ConnectionError(MaxRetryError(None, "/x", NeverSentError(None, "no route")))  # type: ignore[arg-type]

        def close(self) -> None: ...

    client = client_for(Echo())
    client._session.mount(ADDRESS, Deaf())
    with pytest.raises(NotSentError) as caught:
        client.request("POST", "/x", writes=True)
    assert Deaf.calls == 3
    assert caught.value.detail == "no route"
