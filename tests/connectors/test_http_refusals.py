"""What becomes of a call that the vendor refuses: by its table of errors, its limits or the credential?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from connectors.base import NoLimiter
from connectors.codec import json_text
from connectors.errors import (
    AuthenticationError,
    ConnectorError,
    RateLimitedError,
    RejectedError,
    TransportError,
)
from connectors.http import ApiResponse, ErrorRule
from tests.connectors.echo import KEY, Badge, Echo, Gate, client_for

pytestmark = pytest.mark.usefixtures("pauses")


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
