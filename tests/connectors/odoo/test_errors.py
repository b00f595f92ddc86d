"""Which decision does each refusal of Odoo lead to? The messages are those of a real 19.0."""

from __future__ import annotations

import xmlrpc.client

import pytest

from connectors.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectorError,
    OutcomeUnknownError,
    PayloadError,
    RateLimitedError,
    RejectedError,
    RetryableError,
    TransportError,
)
from connectors.odoo.errors import refusal
from connectors.odoo.versions import Version
from tests.connectors.odoo.scripted import Scripted, client, error_answer, json_answer

HTML = "text/html; charset=utf-8"
PAGE = "<!doctype html><title>502 Bad Gateway</title>"
NO_DATABASE = (
    "<!doctype html><p>No database is selected and the requested URL was not found in the server-wide controllers.</p>"
)
RIGHTS = (
    "You are not allowed to create 'Journal Entry' (account.move) records.\n\nThis operation is allowed for the "
    "following groups:\n\t- Accounting/Invoicing\n\nContact your administrator to request access if necessary."
)
RULE = (
    "Uh-oh! Looks like you have stumbled upon some top-secret records.\n\nSorry, Integration Bot (id=5) doesn't have "
    "'read' access to:\n- Companies (res.company)"
)
LOCK = "You cannot add/modify entries prior to and inclusive of: Global Lock Date (06/30/2026)."
USER, ACCESS = "odoo.exceptions.UserError", "odoo.exceptions.AccessError"

JSON2 = [
    (401, "werkzeug.exceptions.Unauthorized", "Invalid apikey", AuthenticationError, ""),
    (403, "odoo.exceptions.AccessDenied", "Session user does not match the used apikey.", AuthenticationError, ""),
    (403, ACCESS, RIGHTS, ConfigurationError, ""),
    (403, ACCESS, "Access to unauthorized or invalid companies.", ConfigurationError, ""),
    (403, ACCESS, RULE, RejectedError, "ledger_rights"),
    (404, "werkzeug.exceptions.NotFound", "the model 'hr.employee' does not exist", ConfigurationError, ""),
    (404, "odoo.exceptions.MissingError", "Record does not exist or has been deleted.", RejectedError, ""),
    (409, "odoo.exceptions.LockError", "Cannot grab a lock on records", RetryableError, ""),
    (422, USER, "The account Temp (698000) is archived.", RejectedError, "inactive_account"),
    (422, USER, "You cannot post an entry in an archived journal (Old)", RejectedError, "inactive_journal"),
    (422, USER, LOCK, RejectedError, "closed_period"),
    (422, USER, "You cannot validate a document with an inactive currency: JPY", RejectedError, "inactive_currency"),
    (422, USER, "One or more lines require a 100% analytic distribution.", RejectedError, "missing_dimension"),
    (422, USER, "The entry is not balanced.", RejectedError, ""),
    (422, "werkzeug.exceptions.UnprocessableEntity", "missing a required argument: 'vals'", RejectedError, ""),
    (500, "builtins.ValueError", "Invalid field 'nope' in 'res.partner'", RejectedError, ""),
    (500, "psycopg2.errors.SerializationFailure", "could not serialize access", RetryableError, ""),
    (500, "psycopg2.errors.NotNullViolation", "null value in column", RejectedError, ""),
]


@pytest.mark.parametrize(("status", "name", "message", "expected", "cure"), JSON2)
def test_an_error_of_odoo_itself_means_that_nothing_was_done(
    status: int, name: str, message: str, expected: type[ConnectorError], cure: str
) -> None:
    answers = [error_answer(status, name, message)] * 3
    with pytest.raises(expected) as caught:
        client(Scripted(*answers)).call("account.move", "action_post", ids=[1], writes=True)
    assert type(caught.value) is expected
    assert getattr(caught.value, "cure", "") == cure
    assert "Traceback" not in caught.value.message


PAGES = [
    (502, HTML, PAGE, OutcomeUnknownError, TransportError),
    (503, HTML, PAGE, OutcomeUnknownError, TransportError),
    (504, HTML, "", OutcomeUnknownError, TransportError),
    (500, HTML, "<h1>Internal Server Error</h1>", OutcomeUnknownError, TransportError),
    (200, HTML, "<h1>Maintenance</h1>", OutcomeUnknownError, PayloadError),
    (200, "application/json", '[{"id": 1, "na', OutcomeUnknownError, PayloadError),
    (404, HTML, NO_DATABASE, ConfigurationError, ConfigurationError),
    (404, HTML, "<h1>Not Found</h1>", ConfigurationError, ConfigurationError),
    (429, HTML, "", RateLimitedError, RateLimitedError),
]


@pytest.mark.parametrize(("status", "kind", "body", "of_write", "of_read"), PAGES)
def test_a_page_in_place_of_an_answer_leaves_a_write_open(
    status: int, kind: str, body: str, of_write: type[ConnectorError], of_read: type[ConnectorError]
) -> None:
    for is_write, expected in ((True, of_write), (False, of_read)):
        with pytest.raises(expected):
            client(Scripted(*[(status, kind, body)] * 3)).call("account.move", "read", ids=[1], writes=is_write)


def fault(code: int, text: str) -> tuple[int, str, str]:
    return 200, "text/xml", xmlrpc.client.dumps(xmlrpc.client.Fault(code, text))


TRACE = 'Traceback (most recent call last):\n  File "…", line 1, in execute_kw\n'
FAULTS = [
    (1, f"{TRACE}ValueError: Invalid field 'nope' on 'res.partner'", RejectedError, ""),
    (1, f"{TRACE}psycopg2.errors.SerializationFailure: could not serialize access due to …", RetryableError, ""),
    (1, f'{TRACE}psycopg2.OperationalError: FATAL:  database "nope" does not exist', ConfigurationError, ""),
    (2, "The account Temp (698000) is archived.", RejectedError, "inactive_account"),
    (2, "Object hr.employee doesn't exist", ConfigurationError, ""),
    (3, "Access Denied", AuthenticationError, ""),
    (4, RIGHTS, ConfigurationError, ""),
    (4, RULE, RejectedError, "ledger_rights"),
]


@pytest.mark.parametrize(("code", "text", "expected", "cure"), FAULTS)
def test_a_fault_means_the_same(code: int, text: str, expected: type[ConnectorError], cure: str) -> None:
    signed_in = (200, "text/xml", xmlrpc.client.dumps((5,), methodresponse=True))
    with pytest.raises(expected) as caught:
        client(Scripted(signed_in, fault(code, text)), Version(17, "17.0")).call(
            "account.move", "action_post", ids=[1], writes=True
        )
    assert type(caught.value) is expected
    assert getattr(caught.value, "cure", "") == cure


def test_the_fault_of_a_method_that_returns_nothing_is_success() -> None:
    signed_in = (200, "text/xml", xmlrpc.client.dumps((5,), methodresponse=True))
    nothing = fault(1, f"{TRACE}TypeError: cannot marshal None unless allow_none is enabled")
    answer = client(Scripted(signed_in, nothing), Version(17, "17.0")).call(
        "account.move.line", "reconcile", ids=[1, 2], writes=True
    )
    assert answer is None


def test_a_refused_login_is_an_answer_and_no_fault() -> None:
    refused = (200, "text/xml", xmlrpc.client.dumps((False,), methodresponse=True))
    with pytest.raises(AuthenticationError):
        client(Scripted(refused), Version(16, "16.0")).call("res.users", "context_get")


def test_a_cut_off_fault_of_a_write_is_unclear() -> None:
    signed_in = (200, "text/xml", xmlrpc.client.dumps((5,), methodresponse=True))
    cut = fault(2, "The entry is not balanced.")[2][:90]
    with pytest.raises(OutcomeUnknownError):
        client(Scripted(signed_in, (200, "text/xml", cut)), Version(17, "17.0")).call(
            "account.move", "load", fields=[], data=[], writes=True
        )


LOADED = [
    ("could not serialize access due to concurrent update\n", RetryableError, ""),
    (RIGHTS, ConfigurationError, ""),
    ("No matching record found for database id '9' in field 'Journal Items/Account'", RejectedError, "unknown_account"),
    ("No matching record found for database id '9' in field 'Journal Items/Partner'", RejectedError, "unknown_partner"),
    ("No matching record found for database id '9' in field 'Journal'", RejectedError, "unknown_journal"),
    ("Uh-oh! You\u2019ve got some company inconsistencies: no company crossover", RejectedError, "wrong_company"),
    ("Please define a payment method line on your payment.", RejectedError, "payment_account"),
    ("The entry is not balanced.", RejectedError, ""),
]


@pytest.mark.parametrize(("message", "expected", "cure"), LOADED)
def test_a_message_of_load_is_a_refusal_with_status_200(
    message: str, expected: type[ConnectorError], cure: str
) -> None:
    error = refusal(message)
    assert type(error) is expected
    assert getattr(error, "cure", "") == cure


def test_what_load_answers_is_read_with_its_messages_once() -> None:
    told = {
        "ids": False,
        "messages": [
            {"type": "error", "message": "The entry is not balanced.", "record": 0},
            {"type": "error", "message": "The entry is not balanced.", "record": 1},
        ],
        "nextrow": 0,
    }
    answer = client(Scripted(json_answer(told))).load("res.partner", ["id"], [["mlc.x"]], company="1")
    assert (answer.ids, answer.text) == ([], "The entry is not balanced.")
