"""What does each refusal of Zoho ask for? A table by Zoho's code; its words differ by edition and are not read."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import uniform
from typing import Any

from connectors.answers import ApiResponse, ErrorRule
from connectors.codec import json_load
from connectors.errors import (
    AuthenticationError,
    ConfigurationError,
    RateLimitedError,
    RejectedError,
    TooManyAtOnceError,
)

PROVIDER = "Zoho Books"
INTRODUCTION = "https://www.zoho.com/books/api/v3/introduction/"
ERRORS = "https://www.zoho.com/books/api/v3/errors/"
BILLS = "https://www.zoho.com/books/api/v3/bills/"
CONTACTS = "https://www.zoho.com/us/books/kb/contacts/display-duplicate-contact-name.html"
OAUTH = "https://www.zoho.com/books/api/v3/oauth/"
LONGEST_DAY = timedelta(hours=24)
UNTOLD = timedelta(hours=1)
RESET = "X-Rate-Limit-Reset"


class MissingError(RejectedError):
    """Zoho has no such record."""

    code = "not_found"


class DayUsedUpError(RateLimitedError):
    """The organisation has no calls left until its midnight."""


class NumberTakenError(RejectedError):
    """The vendor has a bill of this number already."""

    code = "duplicate_reference"


def until_tomorrow(response: ApiResponse, now: datetime) -> timedelta:
    """Until the organisation's midnight: as the header says, else for an hour, unless who asks knows its zone.

    The header tells seconds; it is absent for some organisations (observed 2026-09)."""
    told = response.headers.get(RESET, "").strip()
    if not told.isdigit():
        return UNTOLD
    return min(max(timedelta(seconds=int(told[:9])), timedelta(seconds=1)), LONGEST_DAY)


def _for(seconds: int) -> Any:
    return lambda response, now: timedelta(seconds=seconds)


def _moment(response: ApiResponse, now: datetime) -> timedelta:
    """A few seconds, not the same for all, or those who were too many would come back together."""
    return timedelta(seconds=uniform(1.5, 4.5))  # noqa: S311 - jitter, not a secret


_UNAUTHORISED = (
    "Zoho refuses the token, or it lacks a scope, or the user's role lacks a right: connect Zoho again, or give the "
    "user the role of an accountant."
)
RULES: tuple[ErrorRule, ...] = (
    # One code for a dead token, a missing scope and a missing right; 14 is also seen inside a 200.
    ErrorRule(None, "57", None, AuthenticationError, _UNAUTHORISED, OAUTH),
    ErrorRule(None, "14", None, AuthenticationError, _UNAUTHORISED, OAUTH),
    ErrorRule(401, None, None, AuthenticationError, _UNAUTHORISED, OAUTH),
    ErrorRule(
        None,
        "6041",
        None,
        ConfigurationError,
        "The user is not in this organisation: choose one of those that the test of the connection lists.",
        INTRODUCTION,
    ),
    ErrorRule(None, "45", None, DayUsedUpError, "The day's calls are used up.", INTRODUCTION, wait=until_tomorrow),
    # Its Retry-After was an hour although it speaks of a minute (observed on an Indian organisation, 2026-09).
    ErrorRule(None, "43", None, RateLimitedError, "Zoho has blocked us for an hour.", INTRODUCTION, wait=_for(3600)),
    ErrorRule(None, "44", None, RateLimitedError, "Too many calls in a minute.", INTRODUCTION, wait=_for(60)),
    ErrorRule(None, "1070", None, TooManyAtOnceError, "Too many calls at a time.", INTRODUCTION, wait=_moment),
    ErrorRule(None, "1002", None, MissingError, "Zoho does not have this record.", ERRORS),
    ErrorRule(404, None, r"^\s*\{", MissingError, "Zoho does not have this.", ERRORS),
    ErrorRule(
        None,
        "13011",
        None,
        NumberTakenError,
        "The vendor has a bill of this number.",
        BILLS,
        cure="duplicate_reference",
    ),
    ErrorRule(None, "13009", None, RejectedError, "A line has no account.", BILLS, cure="unknown_account"),
    ErrorRule(
        None,
        "3062",
        None,
        RejectedError,
        "There is a contact of this name, and the organisation does not allow a second.",
        CONTACTS,
        cure="vendor_data",
    ),
    ErrorRule(None, "110942", None, RejectedError, "This edition takes no tax on journals.", ERRORS),
    ErrorRule(None, "110817", None, RejectedError, "The organisation has no sales tax switched on.", ERRORS),
    ErrorRule(None, "3032", None, RejectedError, "The tax does not fit the place of supply.", ERRORS),
    ErrorRule(None, "2", None, RejectedError, "", ERRORS),
    ErrorRule(None, "4", None, RejectedError, "", ERRORS),
    ErrorRule(None, "1038", None, RejectedError, "", ERRORS),
)
KNOWN_CODES = frozenset(rule.code for rule in RULES if rule.code)

OAUTH_RULES: tuple[ErrorRule, ...] = (
    # They come with status 200 (observed 2026-09); the throttle with 400.
    ErrorRule(
        None,
        None,
        "too many requests",
        RateLimitedError,
        "Zoho hands out no more tokens for ten minutes.",
        OAUTH,
        wait=_for(600),
    ),
    *(
        ErrorRule(None, code, None, AuthenticationError, advice, OAUTH)
        for code, advice in (
            ("invalid_code", "The consent was withdrawn, replaced or has expired: connect Zoho again."),
            (
                "invalid_client",
                "The client id is unknown in this data centre: check it, or switch on Multi DC in the API console.",
            ),
            ("invalid_client_secret", "The client secret is wrong."),
            ("access_denied", "The consent was not given."),
        )
    ),
    ErrorRule(
        None,
        "invalid_redirect_uri",
        None,
        ConfigurationError,
        "The redirect address is not the one that is registered in the API console.",
        OAUTH,
    ),
)


def read_body_error(response: ApiResponse) -> tuple[str, str]:
    """Zoho's code and words, both empty where the body is no envelope."""
    try:
        body = json_load(response.text)
    except ValueError:
        return "", ""
    if not isinstance(body, dict):
        return "", ""
    return str(body.get("code", "")), str(body.get("message") or "")


def read_oauth_error(response: ApiResponse) -> tuple[str, str]:
    """Code and words of the accounts server."""
    try:
        body = json_load(response.text)
    except ValueError:
        return "", ""
    if not isinstance(body, dict):
        return "", ""
    return str(body.get("error", "")), str(body.get("error_description") or "")
