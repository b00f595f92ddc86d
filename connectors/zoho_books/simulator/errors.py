"""How does simulated Zoho Books refuse: which HTTP status, which code, which words?

Codes below 990000 are Zoho's, documented at https://www.zoho.com/books/api/v3/errors/ or observed on live
organisations. What nobody has recorded has a code of our own from 990001 on, so that no client can learn to rely on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from connectors.simulation import json_response

CONTENT_TYPE = "application/json;charset=UTF-8"


class Unknown(IntEnum):
    """Refusals whose real code is not known."""

    UNBALANCED = 990001
    ACCOUNT = 990002
    CONTACT = 990003
    TAG = 990004
    LOCKED = 990005
    DEPENDENT = 990006
    NOT_UNIQUE = 990007
    NO_UPSERT_TARGET = 990008
    NO_ORGANISATION = 990009
    ATTACHMENT = 990010
    TRANSITION = 990011
    ACCOUNT_NAME = 990012
    FIELD = 990013


class ZohoError(HTTPException):
    """A refusal: `status` is HTTP's, `vendor_code` and `message` are the body's."""

    def __init__(self, status: int, vendor_code: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = status
        self.vendor_code = int(vendor_code)
        self.message = message
        self.headers = dict(headers or {})


def error_response(error: ZohoError) -> Response:
    response = json_response({"code": error.vendor_code, "message": error.message}, error.code or 500)
    response.content_type = CONTENT_TYPE
    response.headers.update(error.headers)
    return response


def invalid(field: str) -> ZohoError:
    """A body field that is missing or wrong (code 4, observed)."""
    return ZohoError(400, 4, f"Invalid value passed for {field}")


def invalid_parameter(name: str) -> ZohoError:
    return ZohoError(400, 2, f"Invalid value passed for {name}")


def missing(label: str) -> ZohoError:
    return ZohoError(404, 1002, f"{label} does not exist.")


def refused(code: Unknown, message: str) -> ZohoError:
    return ZohoError(400, code, message)


def unauthorized(code: int = 57, status: int = 401) -> ZohoError:
    words = {57: "You are not authorized to perform this operation", 14: "Invalid value passed for authtoken"}
    return ZohoError(status, code, words[code])


def per_minute() -> ZohoError:
    return ZohoError(
        429,
        44,
        "For security reasons your organization has been blocked as it have exceeded the maximum number of requests "
        "per minute that can originate from an organization.",
    )


def blocked(seconds: int) -> ZohoError:
    words = (
        "For security reasons you have been blocked for some time as you have exceeded the maximum number of requests "
        "per minute."
    )
    return ZohoError(429, 43, words, {"Retry-After": str(seconds)})


def per_day(allowed: int) -> ZohoError:
    return ZohoError(
        429, 45, f"The API call for this organization has exceeded the maximum call rate limit of {allowed:,}"
    )


def too_many_at_once() -> ZohoError:
    return ZohoError(
        429,
        1070,
        "You have reached the maximum number of in process requests allowed. Kindly try again after some time.",
    )


def internal() -> ZohoError:
    return ZohoError(500, 1000, "Internal error")


def usual(status: int) -> ZohoError:
    """What a bare status means here, for faults that were arranged without a body."""
    known = {
        400: invalid("value"),
        401: unauthorized(),
        404: ZohoError(404, 5, "Invalid URL Passed"),
        405: ZohoError(405, 37, "The HTTP method is not allowed for the requested resource"),
        429: per_minute(),
    }
    return known.get(status) or ZohoError(status, 1000, "Internal error")
