"""How does simulated Brex refuse a request: which status, which of the two body shapes?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from connectors.simulation import json_response

ACCOUNTING_PREFIX = "/v3/accounting"

_TYPE_BY_STATUS = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT",
    429: "TOO_MANY_REQUESTS",
}
_ACCOUNTING_CODE_BY_STATUS = {400: "INVALID_REQUEST", 401: "UNAUTHORIZED", 403: "FORBIDDEN", 404: "NOT_FOUND"}


class ApiError(HTTPException):
    """A refusal with the vendor's words; the shape of its body follows the path of the request.

    `code` is the optional `code` of the general shape and the `error_code` of the Accounting API. `empty` sends no
    body at all, which is what the live API answered to a call without a credential (observed 2026-09-22).
    """

    def __init__(
        self,
        status: int,
        message: str = "",
        *,
        code: str | None = None,
        details: Mapping[str, Any] | None = None,
        empty: bool = False,
        always_general: bool = False,
    ) -> None:
        super().__init__(message)
        self.code = status
        self.message = message
        self.vendor_code = code
        self.details = details
        self.empty = empty
        self.always_general = always_general


def error_response(path: str, error: ApiError) -> Response:
    """The general shape, or the Accounting API's on its own paths (https://developer.brex.com/docs/error_codes)."""
    status = error.code or 500
    if error.empty:
        return Response(b"", status=status)
    if path.startswith(ACCOUNTING_PREFIX) and not error.always_general:
        body: dict[str, Any] = {
            "error_code": error.vendor_code or _ACCOUNTING_CODE_BY_STATUS.get(status, "INTERNAL_ERROR"),
            "message": error.message,
        }
        if error.details is not None:
            body["details"] = dict(error.details)
        return json_response(body, status)
    body = {"type": _TYPE_BY_STATUS.get(status, "INTERNAL_SERVER_ERROR"), "message": error.message}
    if error.vendor_code:
        body["code"] = error.vendor_code
    return json_response(body, status)


def invalid(message: str, code: str | None = None) -> ApiError:
    return ApiError(400, message, code=code)


def not_found(message: str = "Not Found") -> ApiError:
    return ApiError(404, message)
