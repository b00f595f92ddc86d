"""What becomes of a call, whatever the vendor and the network do to it?"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

import pytest
import requests
import requests.auth

from connectors import http
from connectors.base import ExchangeNote, NoLimiter
from connectors.codec import json_text
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
from connectors.http import ApiResponse, ErrorRule, NotSentError
from tests.connectors.echo import ADDRESS, KEY, Echo, client_for


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between tries, noted instead of slept."""
    slept: list[float] = []
    monkeypatch.setattr(http.time, "sleep", slept.append)
    return slept


def test_decimals_travel_digit_for_digit() -> None:
    echo = Echo()
    answer = client_for(echo).request("POST", "/x", json={"amount": Decimal("0.10"), "huge": Decimal("1E+20")})
    assert answer.json()["body"] == '{"amount":0.10,"huge":100000000000000000000}'
    assert echo.seen[0].headers["Content-Type"] == "application/json"


def test_numbers_of_an_answer_are_decimals() -> None:
    echo = Echo()
    echo.fail("status", status=200, body='{"a": 0.1, "b": 12345678901234567890.12, "c": 7}')
    body = client_for(echo).get("/x").json()
    assert body == {"a": Decimal("0.1"), "b": Decimal("12345678901234567890.12"), "c": 7}
    assert isinstance(body["c"], int)


# --- the table of fates: what was done to the call, what a read makes of it, what a write makes of it

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


# --- 429


class Gate(NoLimiter):
    def __init__(self) -> None:
        self.log: list[object] = []

    def acquire(self, cost: int = 1, *, call: str = "") -> None:
        self.log.append("acquired")

    def closed(self, retry_after: timedelta) -> None:
        self.log.append(retry_after)

    def released(self) -> None:
        self.log.append("released")


NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("0", 1),
        ("2.5", 2.5),
        (format_datetime(NOW + timedelta(minutes=10), usegmt=True), 600),
        (format_datetime(NOW - timedelta(minutes=10), usegmt=True), 1),
        ("99999999", 86400),
        ("soon", 30),
        ("", 30),
    ],
)
def test_a_429_closes_the_vendor_for_everyone(header: str, seconds: float) -> None:
    echo, gate = Echo(), Gate()
    echo.fail("status", status=429, headers={"Retry-After": header} if header else {})
    with pytest.raises(RateLimitedError) as caught:
        client_for(echo, limiter=gate, now=lambda: NOW).request("POST", "/x", writes=True)
    assert caught.value.retry_after == timedelta(seconds=seconds)
    assert gate.log == ["acquired", "released", timedelta(seconds=seconds)]


def test_our_own_limiter_keeps_a_write_at_home() -> None:
    class Shut(NoLimiter):
        def acquire(self, cost: int = 1, *, call: str = "") -> None:
            raise RateLimitedError("Full.", retry_after=timedelta(seconds=9))

    echo = Echo()
    with pytest.raises(RateLimitedError, match=r"Full\."):
        client_for(echo, limiter=Shut()).request("POST", "/x", writes=True)
    assert echo.call_count == 0


# --- the table of rules

RULES = (
    ErrorRule(400, "closed_period", None, RejectedError, "The period is closed.", "https://x/1", cure="closed_period"),
    ErrorRule(403, None, r"expired token", AuthenticationError, "The token has expired.", "https://x/2"),
    ErrorRule(None, "busy", None, TransportError, "Busy; nothing was done.", "https://x/3"),
    ErrorRule(420, None, None, RateLimitedError, "Calm down.", "https://x/4"),
)


@pytest.mark.parametrize(
    ("status", "body", "raised", "code"),
    [
        (400, '{"code": "closed_period", "message": "Locked."}', RejectedError, "rejected"),
        (400, '{"code": "other", "message": "Locked."}', RejectedError, "rejected"),
        (403, '{"code": "x", "message": "Expired Token"}', AuthenticationError, "credential_refused"),
        (403, '{"code": "x", "message": "No role"}', RejectedError, "rejected"),
        (500, '{"code": "busy", "message": "x"}', TransportError, "unreachable"),
        (420, "", RateLimitedError, "rate_limited"),
        (418, "[1, 2]", RejectedError, "rejected"),
        (418, "{}", RejectedError, "rejected"),
    ],
)
def test_the_first_rule_that_fits_decides(status: int, body: str, raised: type[ConnectorError], code: str) -> None:
    echo = Echo()
    echo.fail("status", status=status, body=body, times=3)
    with pytest.raises(raised) as caught:
        client_for(echo, rules=RULES).request("POST", "/x", writes=True)
    assert caught.value.code == code
    assert caught.value.status == status
    assert caught.value.provider == "Echo"


def test_a_refusal_says_what_to_do_and_what_the_vendor_said() -> None:
    echo = Echo()
    echo.fail("status", status=400, body=json_text({"code": "closed_period", "message": f"Locked until {KEY}."}))
    with pytest.raises(RejectedError) as caught:
        client_for(echo, rules=RULES).request("POST", "/x", writes=True)
    assert str(caught.value) == "The period is closed. Echo said: Locked until ***."
    assert caught.value.cure == "closed_period"
    assert caught.value.detail == "closed_period https://x/1"


def test_a_rule_that_claims_nothing_was_done_sends_no_write_again() -> None:
    echo = Echo()
    echo.fail("status", status=500, body='{"code": "busy", "message": "x"}')
    with pytest.raises(TransportError):
        client_for(echo, rules=RULES).request("POST", "/x", writes=True)
    assert echo.call_count == 1


def test_failures_told_with_status_200_meet_the_same_table() -> None:
    response = ApiResponse(200, {}, "fault", b"fault", is_write=True)
    client = client_for(Echo(), rules=RULES)
    assert isinstance(client.error(response, "busy", "Wait."), TransportError)
    assert isinstance(client.error(response, "nothing known", "No."), RejectedError)


# --- authentication


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


REFUSED = (ErrorRule(401, None, None, AuthenticationError, "Refused.", "https://x/5"),)


@pytest.mark.parametrize(
    ("renewals", "refusals", "calls", "succeeds"), [(1, 1, 2, True), (5, 2, 2, False), (0, 1, 1, False)]
)
@pytest.mark.parametrize("writes", [False, True])
def test_a_refused_credential_is_renewed_once(
    writes: bool, renewals: int, refusals: int, calls: int, succeeds: bool
) -> None:
    echo = Echo()
    echo.fail("status", status=401, times=refusals)
    client = client_for(echo, rules=REFUSED, auth=Badge(renewals))
    if succeeds:
        client.request("POST", "/x", writes=writes)
        assert echo.seen[-1].headers["Authorization"] == "Bearer badge-1"
    else:
        with pytest.raises(AuthenticationError, match="Refused"):
            client.request("POST", "/x", writes=writes)
    assert echo.call_count == calls


# --- what leaves and what is kept


def test_the_observer_gets_every_exchange_without_secrets() -> None:
    echo, notes = Echo(), list[ExchangeNote]()
    echo.fail("status", status=503)
    client = client_for(echo, notes=notes)
    client.request(
        "POST",
        "/x",
        params={"page_token": "abcdef", "q": "coffee"},
        json={"api_key": "other-secret", "note": f"key {KEY}", "account_number": "12345678", "amount": Decimal("1.50")},
        headers={"Authorization": f"Bearer {KEY}"},
    )
    assert [(note.method, note.status, note.request_id) for note in notes] == [
        ("POST", 503, ""),
        ("POST", 200, "trace-1"),
    ]
    assert notes[0].url == f"{ADDRESS}/x?page_token=***&q=coffee"
    assert notes[1].request_body == '{"api_key":"***","note":"key ***","account_number":"***","amount":1.50}'
    everything = repr(notes)
    for secret in (KEY, "other-secret", "12345678", "abcdef"):
        assert secret not in everything


def test_bodies_are_kept_up_to_4_kilobytes_and_files_as_their_size() -> None:
    echo, notes = Echo(), list[ExchangeNote]()
    echo.fail("status", status=200, body="ä" * 9000)
    client = client_for(echo, notes=notes)
    client.get("/x")
    client.request("POST", "/x", data=b"%PDF-\xff\xfe" * 2000)
    assert notes[0].response_body == "ä" * 4096
    assert notes[1].request_body == "<14000 bytes>"


def test_a_call_that_fails_without_an_answer_is_noted_with_its_reason() -> None:
    echo, notes = Echo(), list[ExchangeNote]()
    echo.fail("commit_then_drop")
    with pytest.raises(OutcomeUnknownError):
        client_for(echo, notes=notes).request("POST", "/x", writes=True)
    assert (notes[0].status, notes[0].is_write) == (None, True)
    assert "may or may not" in notes[0].error


def test_cookies_are_never_sent_back() -> None:
    echo = Echo()
    client = client_for(echo)
    client.get("/x")
    client.get("/x")
    assert "Cookie" not in echo.seen[1].headers


def test_the_lease_is_renewed_before_each_try_and_its_loss_stops_the_call() -> None:
    echo, asked = Echo(), list[float]()

    class LeaseLostError(Exception):
        pass

    def renew(seconds: float) -> None:
        asked.append(seconds)
        if len(asked) == 3:
            raise LeaseLostError

    echo.fail("status", status=503)
    client = client_for(echo, before_call=renew)
    client.get("/x")
    gate = Gate()
    client.context.limiter = gate
    with pytest.raises(LeaseLostError):
        client.request("POST", "/x", writes=True, timeout=120)
    assert asked == [35, 35, 125]
    assert echo.call_count == 2
    assert gate.log == ["acquired", "released"]


# --- addresses


@pytest.mark.parametrize(
    ("path", "reached"),
    [
        ("/v1/x?a=1", "v1/x"),
        ("v1/x", "v1/x"),
        (f"{ADDRESS}/v1/next?cursor=2", "v1/next"),
        ("/v1/x?url=https://evil.example", "v1/x"),
    ],
)
def test_paths_and_links_to_the_same_host_are_followed(path: str, reached: str) -> None:
    assert client_for(Echo()).get(path).json()["path"] == reached


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/x",
        "http://api.echo.example/x",
        "https://api.echo.example:444/x",
        "//evil.example/x",
        "https://api.echo.example@evil.example/x",
        "file:///etc/passwd",
    ],
)
def test_a_link_to_anywhere_else_is_refused(link: str) -> None:
    echo = Echo()
    with pytest.raises(PayloadError, match="links to"):
        client_for(echo).get(link)
    assert echo.call_count == 0


def test_downloads_carry_no_credential() -> None:
    echo = Echo()
    client = client_for(echo, auth=Badge(0))
    assert client.download(f"{ADDRESS}/receipts/1.pdf").status == 200
    assert "Authorization" not in echo.seen[0].headers
    with pytest.raises(ConfigurationError):
        client.download("http://plain.example/receipt.pdf")


def test_an_answer_without_end_is_cut_off() -> None:
    echo = Echo()
    client = client_for(echo)
    client.max_bytes = 1000
    echo.fail("status", status=200, body="x" * 5000, times=2)
    with pytest.raises(PayloadError, match="more than 1,000 bytes"):
        client.get("/x")
    with pytest.raises(OutcomeUnknownError, match="more than 1,000 bytes"):
        client.request("POST", "/x", writes=True)


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


def test_a_call_costs_little_besides_the_network() -> None:
    echo, notes = Echo(), list[ExchangeNote]()
    client = client_for(echo, notes=notes)
    client.get("/x")
    started = time.process_time()
    for _ in range(100):
        client.get("/x")
    assert time.process_time() - started < 1.0
