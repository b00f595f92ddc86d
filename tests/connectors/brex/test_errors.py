"""What do Brex's refusals ask for? Every row of the contract's table, and what a person reads."""

from __future__ import annotations

import pytest

from connectors.base import ExchangeNote
from connectors.brex.errors import RULES, ConflictError, FeatureDeniedError, MissingError
from connectors.errors import (
    AuthenticationError,
    ConnectorError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    TransportError,
)
from tests.connectors.brex.desk import account, client

A = '{{"type": "{}", "message": "{}"}}'
B = '{{"error_code": "{}", "message": "{}", "details": null}}'


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.http.time.sleep", lambda seconds: None)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, "", AuthenticationError),
        (401, A.format("UNAUTHORIZED", "PERMISSION_DENIED: Invalid or Revoked Token"), AuthenticationError),
        (401, B.format("UNAUTHORIZED", "Authentication credentials are missing or invalid."), AuthenticationError),
        (403, A.format("FORBIDDEN", "Invalid or Revoked Token"), AuthenticationError),
        (403, A.format("FORBIDDEN", "Expired token"), AuthenticationError),
        (403, A.format("FORBIDDEN", "EXPIRED TOKEN"), AuthenticationError),
        (401, A.format("UNAUTHORIZED", "Must be cash admin, bookkeeper or user."), FeatureDeniedError),
        (
            401,
            A.format("UNAUTHORIZED", "Only account admin, ap clerks and bookkeepers can access contacts"),
            FeatureDeniedError,
        ),
        (403, A.format("FORBIDDEN", "Missing required scope: vendors.readonly"), FeatureDeniedError),
        (403, B.format("FORBIDDEN", "You do not have permission to perform this action."), FeatureDeniedError),
        (404, A.format("NOT_FOUND", "Not Found"), MissingError),
        (404, B.format("NOT_FOUND", "The requested accounting record was not found."), MissingError),
        (400, A.format("BAD_REQUEST", "[company_name] is invalid"), RejectedError),
        (400, B.format("INVALID_REQUEST", "The request is malformed."), RejectedError),
        (409, B.format("ACTIVE_INTEGRATION_EXISTS", "x"), ConflictError),
        (409, B.format("VENDOR_ACCOUNT_ID_MISMATCH", "x"), ConflictError),
        (422, B.format("DUPLICATE_ACCOUNTING_RECORD_IDS", "x"), RejectedError),
        (429, A.format("TOO_MANY_REQUESTS", "Too Many Requests"), RateLimitedError),
        (500, B.format("INTERNAL_ERROR", "An unexpected error occurred."), TransportError),
        (502, "<html>Bad gateway</html>", TransportError),
        (403, "<html>proxy</html>", TransportError),
        (418, "teapot", RejectedError),
    ],
)
def test_a_refusal_becomes(status: int, body: str, error: type[ConnectorError]) -> None:
    simulator = account()
    simulator.fail("status", "/v2/users/me", status=status, body=body or " ", times=10)
    with pytest.raises(error) as caught:
        client(simulator).me()
    assert type(caught.value) is error
    assert "Brex" in str(caught.value)
    assert caught.value.status == status


def test_a_role_that_is_missing_does_not_break_the_connection() -> None:
    assert not issubclass(FeatureDeniedError, AuthenticationError)


def test_the_words_of_brex_and_both_parties_of_a_conflict_are_shown() -> None:
    simulator = account()
    body = (
        '{"error_code": "ACTIVE_INTEGRATION_EXISTS", "message": "An active integration already exists.", '
        '"details": {"existing_integration_id": "int_9", "existing_vendor": "ERP_A", "requested_vendor": "ERP_B"}}'
    )
    simulator.fail("status", "integration", status=409, body=body)
    with pytest.raises(ConflictError) as caught:
        client(simulator).integration("ERP_B", "books")
    assert "ERP_A" in str(caught.value)
    assert "disconnect it there first" in str(caught.value)
    assert caught.value.cure == "integration_conflict"


def test_the_trace_id_is_kept_with_every_exchange_and_every_error() -> None:
    simulator = account()
    notes: list[ExchangeNote] = []
    desk = client(simulator, observer=notes.append)
    desk.me()
    with pytest.raises(MissingError) as caught:
        desk.vendor("pdcont_nowhere")
    assert all(note.request_id.isdigit() for note in notes)
    assert caught.value.request_id == notes[-1].request_id


def test_a_write_without_a_clear_answer_is_unclear() -> None:
    simulator = account()
    simulator.fail("commit_then_drop", "export-results")
    with pytest.raises(OutcomeUnknownError):
        client(simulator).export_results([])


def test_every_row_says_where_it_was_learnt() -> None:
    assert all(rule.link.startswith("https://") for rule in RULES)
    assert all(rule.advice.endswith((".", "?")) for rule in RULES)
