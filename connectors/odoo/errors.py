"""What does a refusal of Odoo mean for us? One table by error name, and one by Odoo's own words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from connectors.answers import ApiResponse, ErrorRule
from connectors.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectorError,
    RejectedError,
    RetryableError,
)

API = "https://www.odoo.com/documentation/19.0/developer/reference/external_api.html"


@dataclass(frozen=True, slots=True)
class Words:
    """A sentence of Odoo (in English: the context asks for it) and what would cure it."""

    pattern: str
    error: type[ConnectorError]
    cure: str
    advice: str


TRANSIENT = r"could not serialize access|deadlock detected|could not obtain lock|canceling statement due to lock"

# As observed on Odoo 19.0. A missing right is the connection's trouble and stops it; a record rule is the document's.
WORDS = (
    Words(TRANSIENT, RetryableError, "", "Another transaction was faster; Odoo did nothing."),
    Words(
        r"not allowed to access this document",
        RejectedError,
        "ledger_rights",
        "The document is not there any more, or hidden from the integration user.",
    ),
    Words(
        r"You are not allowed to (access|create|modify|delete)|unauthorized or invalid companies",
        ConfigurationError,
        "",
        "The integration user lacks a right or the company.",
    ),
    Words(r"top-secret records", RejectedError, "ledger_rights", "A record rule hides something it needs."),
    Words(r"Lock Date|prior to and inclusive of", RejectedError, "closed_period", "The period is closed."),
    Words(r"The account .{1,300} is archived", RejectedError, "inactive_account", "An account is archived."),
    Words(r"in an archived journal", RejectedError, "inactive_journal", "The journal is archived."),
    Words(r"in field '[^']*Account'", RejectedError, "unknown_account", "An account does not exist."),
    Words(r"in field '[^']*(Partner|Vendor)'", RejectedError, "unknown_partner", "A partner does not exist."),
    Words(r"in field '[^']*Journal'", RejectedError, "unknown_journal", "The journal does not exist."),
    Words(r"in field '[^']*Currency'", RejectedError, "inactive_currency", "The currency does not exist."),
    Words(r"inactive currency", RejectedError, "inactive_currency", "The currency is not active."),
    Words(
        r"100% analytic distribution", RejectedError, "missing_dimension", "A mandatory analytic plan is not filled."
    ),
    Words(r"no company crossover", RejectedError, "wrong_company", "Something belongs to another company."),
    Words(r"Duplicated vendor reference", RejectedError, "duplicate_reference", "The bill's number is already used."),
    Words(
        r"define a payment method line|without having a journal entry",
        RejectedError,
        "payment_account",
        "The journal has no payment method for this account.",
    ),
)

_ROLLED_BACK = r'"name":\s*"(builtins|psycopg2|odoo|werkzeug)\.'

# One call is one transaction, rolled back on any error that Odoo itself reports (JSON with a name); a page that some
# proxy wrote says nothing about it. Codes are the `name` of the error.
RULES: tuple[ErrorRule, ...] = (
    ErrorRule(401, None, None, AuthenticationError, "The API key is refused: unknown, expired or revoked.", API),
    ErrorRule(403, "odoo.exceptions.AccessDenied", None, AuthenticationError, "The API key is refused.", API),
    ErrorRule(
        404, None, "No database is selected", ConfigurationError, "There is no such database at this address.", API
    ),
    ErrorRule(403, None, "x-odoo-database", ConfigurationError, "The address answers for another database.", API),
    ErrorRule(
        404,
        "werkzeug.exceptions.NotFound",
        None,
        ConfigurationError,
        "This Odoo lacks something: a module is not installed, or the address is not Odoo's.",
        API,
    ),
    ErrorRule(409, "odoo.exceptions.LockError", None, RetryableError, "Odoo could not lock its records.", API),
    *(
        ErrorRule(None, code, None, RetryableError, "Another transaction was faster; Odoo did nothing.", API)
        for code in (
            "psycopg2.errors.SerializationFailure",
            "psycopg2.errors.DeadlockDetected",
            "psycopg2.errors.LockNotAvailable",
            "psycopg2.OperationalError",
        )
    ),
    *(
        ErrorRule(status, None, words.pattern, words.error, words.advice, API, words.cure)
        for status in (403, 422)
        for words in WORDS
    ),
    ErrorRule(404, "", None, ConfigurationError, "There is no Odoo API at this address.", API),
    ErrorRule(413, None, None, RejectedError, "The request is larger than Odoo accepts.", API),
    ErrorRule(500, None, _ROLLED_BACK, RejectedError, "Odoo could not execute this call.", API),
)


def read_body_error(response: ApiResponse) -> tuple[str, str]:
    """Name and message of a JSON-2 error; nothing for a page."""
    if "json" not in response.headers.get("Content-Type", ""):
        return "", ""
    body = response.json()
    return str(body.get("name", "")), str(body.get("message", ""))


def refusal(message: str) -> ConnectorError:
    """The error for words that came without an HTTP error: a message of `load`, a fault of XML-RPC."""
    said = message.strip()[:600]
    for words in WORDS:
        if re.search(words.pattern, message, re.IGNORECASE | re.DOTALL):
            sentence = f"{words.advice} Odoo said: {said}"
            if issubclass(words.error, RejectedError):
                return words.error(sentence, cure=words.cure, provider="Odoo")
            return words.error(sentence, provider="Odoo")
    return RejectedError(f"Odoo refused: {said}", provider="Odoo")
