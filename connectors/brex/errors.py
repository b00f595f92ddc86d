"""What does each refusal of Brex ask for? A table; every row carries the page that taught it."""

from __future__ import annotations

import json
from typing import Any

from connectors.errors import AuthenticationError, PayloadError, RejectedError
from connectors.http import ApiResponse, ErrorRule

ERRORS = "https://developer.brex.com/docs/error_codes"
AUTHENTICATION = "https://developer.brex.com/docs/authentication"
SCOPES = "https://developer.brex.com/guides/roles_permissions_scopes"
ACCOUNTING = "https://developer.brex.com/openapi/accounting_api"
PAYMENTS = "https://developer.brex.com/openapi/payments_api"
PAGINATION = "https://developer.brex.com/docs/pagination"


class FeatureDeniedError(RejectedError):
    """The credential works, but not for this: a scope, a role or a product is missing. The connection lives on."""

    code = "feature_denied"


class MissingError(RejectedError):
    """There is no such object at Brex."""

    code = "not_found"


class ConflictError(RejectedError):
    """Another accounting integration is in the way."""

    code = "integration_conflict"


_JSON_BODY = r"^\s*\{"

RULES: tuple[ErrorRule, ...] = (
    # An expired access token is a 403 and not a 401, so both are told apart by their words alone.
    ErrorRule(
        403, None, "expired token", AuthenticationError, "The Brex token has expired: connect Brex again.", ERRORS
    ),
    ErrorRule(
        401, None, "expired token", AuthenticationError, "The Brex token has expired: connect Brex again.", ERRORS
    ),
    ErrorRule(
        401,
        None,
        "invalid or revoked token",
        AuthenticationError,
        "Brex does not accept the token: it was revoked, not used for 90 days, or its user is no longer active. "
        "Make a new one in the Brex dashboard under Developer, Settings.",
        AUTHENTICATION,
    ),
    ErrorRule(
        403,
        None,
        "invalid or revoked token",
        AuthenticationError,
        "Brex does not accept the token: it was revoked, not used for 90 days, or its user is no longer active. "
        "Make a new one in the Brex dashboard under Developer, Settings.",
        AUTHENTICATION,
    ),
    # These 401s are about roles and products: https://developer.brex.com/docs/error_codes lists both texts.
    ErrorRule(
        401,
        None,
        "must be cash admin|only account admin|contacts",
        FeatureDeniedError,
        "The account has no Brex business account, or the token's user lacks the role for it.",
        ERRORS,
    ),
    ErrorRule(
        401,
        None,
        r"^\s*$",
        AuthenticationError,
        "Brex saw no credential at all: is the token empty or cut off?",
        AUTHENTICATION,
    ),
    ErrorRule(
        401,
        None,
        None,
        AuthenticationError,
        "Brex refuses the credential: make a new token, or connect Brex again.",
        ERRORS,
    ),
    ErrorRule(
        403,
        None,
        _JSON_BODY,
        FeatureDeniedError,
        "The token may not do this: its scopes, its user's role or the account's products do not allow it.",
        SCOPES,
    ),
    ErrorRule(404, None, _JSON_BODY, MissingError, "Brex does not know this object.", ERRORS),
    ErrorRule(
        409,
        "ACTIVE_INTEGRATION_EXISTS",
        None,
        ConflictError,
        "Another accounting integration is active in Brex, and there can be only one: disconnect it there first.",
        ACCOUNTING,
        cure="integration_conflict",
    ),
    ErrorRule(
        409,
        "VENDOR_ACCOUNT_ID_MISMATCH",
        None,
        ConflictError,
        "Brex is already connected to another set of books through this integration: disconnect that one first, or "
        "set its account id on the connection.",
        ACCOUNTING,
        cure="integration_conflict",
    ),
    ErrorRule(409, None, _JSON_BODY, RejectedError, "Brex sees a conflict with what is there.", ACCOUNTING),
    ErrorRule(
        422,
        "ACCOUNTING_RECORD_NOT_READY_FOR_EXPORT",
        None,
        RejectedError,
        "Brex takes results only for records that are ready for export.",
        ACCOUNTING,
    ),
    ErrorRule(
        422,
        "DUPLICATE_ACCOUNTING_RECORD_IDS",
        None,
        RejectedError,
        "The same record was reported twice in one call.",
        ACCOUNTING,
    ),
    ErrorRule(
        400,
        None,
        r"\[\w+\] is invalid",
        RejectedError,
        "Brex refuses a text, which happens when it is not plain ASCII.",
        ERRORS,
    ),
    ErrorRule(400, None, _JSON_BODY, RejectedError, "Brex finds the request wrong.", PAGINATION),
)


def read_body_error(response: ApiResponse) -> tuple[str, str]:
    """Code and words of a refusal, in whichever of the two shapes; both empty for an empty body."""
    if not response.text.strip():
        return "", ""
    body = response.json()
    if not isinstance(body, dict):
        raise PayloadError("The error is not a JSON object.")
    code = str(body.get("error_code") or body.get("code") or body.get("type") or body.get("error") or "")
    message = str(body.get("message") or body.get("error_description") or "")
    return code, f"{message} {_details(body.get('details'))}".strip()


def _details(details: Any) -> str:
    return json.dumps(details, default=str, ensure_ascii=False) if isinstance(details, dict) and details else ""
