"""What does an answer of Dynamics mean? The body decides, as the status does not: the same refusal is 400 or 500.

Observed: refusals by business logic as 500 until 2020 and as 400 since, a duplicate key as either, never as 409; all
information stands in `innererror.message` as an *infolog*, in the language of the mapped user.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from connectors.answers import ApiResponse, ErrorRule
from connectors.dynamics365_fo.screens import KEYS, ROLES, told
from connectors.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectorError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
    TransportError,
)

DOCS = "https://learn.microsoft.com/en-us/dynamics365/fin-ops-core/dev-itpro/data-entities"
ODATA = f"{DOCS}/odata"
LOAD = f"{DOCS}/service-protection-overview"
TROUBLE = f"{DOCS}/troubleshoot-service-authentication"
ENTRA_DOCS = "https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes"
ALREADY_THERE = "already_there"
"""Cure of a refusal because the key is taken: the document may be ours, and is looked up."""

_ENTRA: tuple[tuple[int, type[ConnectorError], str], ...] = (
    (7000215, AuthenticationError, "The client secret is wrong; often its id was pasted instead of its value."),
    (7000222, AuthenticationError, "The client secret has expired: make a new one in Entra and enter it here."),
    (700016, AuthenticationError, "The application is not known in this tenant: wrong tenant, or consent is missing."),
    (7000112, AuthenticationError, "The application is switched off in Entra."),
    (90002, ConfigurationError, "There is no such tenant in Entra."),
    (500011, ConfigurationError, "The tenant does not know this environment: wrong address, or another tenant's."),
    (70011, ConfigurationError, "Entra does not take the environment's address as a scope."),
    (90033, RetryableError, "Entra is not available for a moment."),
)
ENTRA_RULES: tuple[ErrorRule, ...] = (
    *(ErrorRule(None, None, rf"\b(AADSTS)?{code}\b", error, advice, ENTRA_DOCS) for code, error, advice in _ENTRA),
    ErrorRule(None, "temporarily_unavailable", None, RetryableError, "Entra is away for a moment.", ENTRA_DOCS),
)


def _refusal(pattern: str, advice: str, cure: str = "") -> ErrorRule:
    return ErrorRule(None, None, rf"(?s)(?=.*(AxODataWriteException|Write failed for table row)).*({pattern})",
                     RejectedError, advice, ODATA, cure)  # fmt: skip


# One request, or one changeset, is one transaction: what its infolog refuses was not done.
RULES: tuple[ErrorRule, ...] = (
    ErrorRule(
        401, None, None, AuthenticationError,
        "Dynamics refuses the token: the application must stand in *System administration > Setup > Microsoft Entra "
        "applications* with an enabled user, in the tenant of the environment.", TROUBLE,
    ),
    ErrorRule(
        403, None, r"\A(?!\s*<)", ConfigurationError,  # a page is a gateway's word, see `about`
        "The user mapped to the application lacks a right: give its security role the privilege of this data entity.",
        TROUBLE,
    ),
    ErrorRule(
        404, None, r"No HTTP resource was found", ConfigurationError,
        "This environment has no such data entity: its version is too old, or the entity's configuration key is off.",
        ODATA,
    ),
    ErrorRule(
        None, None, r"(?s)(?=.*(AxODataWriteException|Write failed for table row)).*(update conflict|"
        r"Aktualisierungskonflikt)", RetryableError,
        "Another process changed the same record; Dynamics did nothing.", ODATA,
    ),
    _refusal("record already exists", "A record with this key is there already.", ALREADY_THERE),
    _refusal(
        r"JournalBatchNumber'|journal batch|user changes|(number sequence|Nummernkreis)\W+\S*Journal",
        "Dynamics does not take our journal batch number: allow user changes to a lower and a higher number on the "
        "number sequence *Journal batch number* (General ledger > Ledger setup > General ledger parameters > Number "
        "sequences), or choose automatic numbers in the connection's settings.",
        "number_sequence",
    ),
    _refusal(
        r"(Field|Feld) '(Vendor account|VendorAccountNumber|Kreditorenkonto)' (must be filled|muss )",
        "Dynamics gives new vendors no number: make the number sequence *Vendor account* automatic under Accounts "
        "payable > Setup > Accounts payable parameters > Number sequences, or choose one on the vendor group under "
        "Accounts payable > Vendors > Vendor groups.",
        "vendor_number_sequence",
    ),
    _refusal(
        "number sequence|Nummernkreis",
        "A number sequence of Dynamics does not give or take a number: see it under Organization administration > "
        "Number sequences > Number sequences.",
        "number_sequence",
    ),
    _refusal(r"fiscal period|period.{0,40}(closed|on hold)", "The period is closed in Dynamics.", "closed_period"),
    _refusal(r"in field '(Currency|Currency code)'", "Dynamics does not have this currency.", "inactive_currency"),
    _refusal(r"(Main account|MainAccount).{0,80}(suspended|not active|inactive|manual)|suspended.{0,80}main account",
             "Dynamics does not let the main account be used.", "inactive_account"),
    _refusal(r"in field '(Main account|MainAccount)'", "Dynamics has no such main account.", "unknown_account"),
    _refusal(r"in field '(Vendor account|Vendor|Account)'", "Dynamics has no such vendor.", "unknown_partner"),
    _refusal(r"(dimension|DisplayValue)", "Dynamics does not take the account with these dimensions.",
             "unknown_dimension"),
    _refusal("", "Dynamics refuses what was sent."),
    ErrorRule(413, None, None, RejectedError, "The request is larger than Dynamics accepts.", ODATA),
)  # fmt: skip

_SEGMENT = re.compile(r"\s*(?:Info|Warning|Error|Information|Warnung|Fehler): ")


def read_body_error(response: ApiResponse) -> tuple[str, str]:
    """Type and infolog of a refusal; the stack trace is left out. Nothing for a gateway's page."""
    if "json" not in response.headers.get("Content-Type", "json").lower():
        return "", ""
    body = response.json()
    error = body.get("error")
    if not isinstance(error, dict):
        return "", str(body.get("Message", ""))
    inner = error.get("innererror") or {}
    return str(inner.get("type", "")), infolog(str(inner.get("message") or error.get("message", "")))


def about(error: ConnectorError, entity_sets: tuple[str, ...]) -> ConnectorError:
    """The same error with the data entities and their screens where one of them is what is wrong; and with a gateway
    named where it refused in the place of Dynamics."""
    if error.status == 403 and isinstance(error, TransportError | OutcomeUnknownError):
        is_write = isinstance(error, OutcomeUnknownError)
        return _said(
            error,
            "A gateway or firewall before Dynamics refused the call with a page of its own: have it let the calls of "
            f"this platform through.{' The write may or may not have been done.' if is_write else ''}",
        )
    if not isinstance(error, ConfigurationError) or not entity_sets or error.status not in (403, 404):
        return error
    if error.status == 403:
        return _said(
            error,
            f"The user mapped to the application lacks a right to the data entity {told(entity_sets)}: give its "
            f"security role the privilege of it under {ROLES}.",
        )
    return _said(
        error,
        f"This environment has no such data entity: {told(entity_sets)}. Its version is too old, or the entity's "
        f"configuration key is off under {KEYS}.",
    )


def _said(error: ConnectorError, message: str) -> ConnectorError:
    kept = {name: getattr(error, name) for name in ("code", "detail", "provider", "status", "request_id", "facts")}
    return type(error)(message, **kept)


def lean(response: ApiResponse) -> ApiResponse:
    """A refusal without its stack trace, whose names of classes would be taken for words of the infolog."""
    try:
        inner = response.json()["error"]["innererror"]
        return replace(response, text=f"{inner.get('type', '')} {inner.get('message', '')}")
    except (ConnectorError, KeyError, TypeError, AttributeError):
        return response


def infolog(message: str) -> str:
    """The sentences of an infolog without the internal names around them."""
    _, found, rest = message.partition("Infolog: ")
    return " ".join(_sentences(rest if found else message))


def _sentences(text: str) -> Iterator[str]:
    for segment in _SEGMENT.split(text):
        said = " ".join(segment.strip().rstrip(";").split())
        if said:
            yield f"{said.rstrip('.')}."
