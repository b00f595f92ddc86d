import io
import json
import logging

import pytest
import structlog

from config.logging import HIDDEN, logging_config, redacted


@pytest.fixture
def lines():
    """Log lines as JSON, as production writes them."""
    made = dict(logging_config("json", "INFO")["formatters"]["structured"])
    output = io.StringIO()
    handler = logging.StreamHandler(output)
    handler.setFormatter(made.pop("()")(**made))
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel("INFO")
    yield lambda: [json.loads(line) for line in output.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "password",
        "api_key",
        "X-Api-Key",
        "client_secret",
        "refresh_token",
        "credentials",
        "Set-Cookie",
    ],
)
def test_it_hides_a_field_by_its_name(name):
    assert redacted({name: "abcd"}) == {name: HIDDEN}


@pytest.mark.parametrize("name", ["token_expires_at", "credential_id", "token_version", "secret_fingerprint", "amount"])
def test_it_shows_a_field_that_only_speaks_about_a_secret(name):
    assert redacted({name: "abcd"}) == {name: "abcd"}


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Authorization: Bearer abc.def-123456", "abc.def-123456"),
        ("sent Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ("connect postgresql://app:s3cr3t@db/books failed", "s3cr3t"),
        ("stored gAAAAABmZ2hqa2xtbm9wcXJzdHV2d3h5eg==", "gAAAAABmZ2hqa2xtbm9wcXJzdHV2d3h5eg"),
        ("signed with whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        ("key bxt_x4fKqR8sY2n", "bxt_x4fKqR8sY2n"),
        ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "eyJzdWIiOiIxIn0"),
        ('{"access_token": "a1b2c3d4"}', "a1b2c3d4"),
        ("grant_type=refresh&refresh_token=r3fr3sh&x=1", "r3fr3sh"),
        ("client_secret='hush-hush'", "hush-hush"),
    ],
)
def test_it_hides_a_secret_within_a_text(text, secret):
    assert secret not in redacted(text)
    assert HIDDEN in redacted(text)


def test_it_looks_into_nested_values():
    assert redacted({"request": {"headers": [{"authorization": "x"}], "body": b"token=abcdef"}}) == {
        "request": {"headers": [{"authorization": HIDDEN}], "body": "token=" + HIDDEN}
    }


def test_it_leaves_ordinary_facts_alone():
    facts = {"record": 17, "url": "https://api.example.com/v1/entries?cursor=abc", "is_token_valid": True, "n": None}
    assert redacted(facts) == facts


def test_a_line_is_json_with_its_bound_facts_and_no_secret(lines):
    with structlog.contextvars.bound_contextvars(connection=7):
        structlog.get_logger("connectors.http").info("request_failed", status=401, authorization="Bearer abcdefgh")
    (line,) = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "request_failed",
        "level": "info",
        "logger": "connectors.http",
        "status": 401,
        "connection": 7,
        "authorization": HIDDEN,
    }


def test_other_peoples_log_lines_are_redacted_too(lines):
    logging.getLogger("urllib3.somewhere").error("retrying %s", "https://u:hunter22@host/", extra={"api_key": "k"})
    (line,) = lines()
    assert line["api_key"] == HIDDEN
    assert "hunter22" not in line["event"]


def test_a_traceback_is_redacted(lines):
    try:
        raise ValueError("token=supersecret")
    except ValueError:
        structlog.get_logger("audit").exception("record_failed")
    (line,) = lines()
    assert "ValueError" in line["exception"]
    assert "supersecret" not in line["exception"]


def test_an_answer_carries_the_id_that_its_log_lines_have(client):
    assert len(client.get("/robots.txt")["X-Request-Id"]) == 32
