"""What leaves in a call, where may it go, and what is kept of it?"""

from __future__ import annotations

import time
from decimal import Decimal

import pytest

from connectors.base import ExchangeNote
from connectors.errors import (
    ConfigurationError,
    OutcomeUnknownError,
    PayloadError,
)
from tests.connectors.echo import ADDRESS, KEY, Badge, Echo, Gate, client_for

pytestmark = pytest.mark.usefixtures("pauses")


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


def test_a_call_costs_little_besides_the_network() -> None:
    echo, notes = Echo(), list[ExchangeNote]()
    client = client_for(echo, notes=notes)
    client.get("/x")
    started = time.process_time()
    for _ in range(100):
        client.get("/x")
    assert time.process_time() - started < 1.0
