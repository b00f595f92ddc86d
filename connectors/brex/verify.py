"""Is the connection good for what flows will do? A checklist that writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from connectors.base import Check, ConnectionContext
from connectors.brex.auth import BrexCredentials, settings_of
from connectors.brex.client import BrexClient
from connectors.brex.errors import FeatureDeniedError, MissingError
from connectors.brex.streams import (
    ACCOUNTING_RECORDS,
    CARD_TRANSACTIONS,
    CASH_TRANSACTIONS,
    EXPENSES,
    STREAMS,
    VENDORS,
)
from connectors.errors import BlockedError, ConnectorError, RetryableError

ONE = {"limit": 1}
PROBES: Mapping[str, tuple[str, Mapping[str, int]]] = {
    ACCOUNTING_RECORDS: ("/v3/accounting/records", ONE),
    CARD_TRANSACTIONS: ("/v2/transactions/card/primary", ONE),
    CASH_TRANSACTIONS: ("/v2/accounts/cash", {}),
    EXPENSES: ("/v1/expenses", ONE),
    VENDORS: ("/v1/vendors", ONE),
}
LISTS: Mapping[str, tuple[str, str]] = {
    "Users": ("/v2/users", "names and addresses of employees"),
    "Departments": ("/v2/departments", "names of departments"),
    "Legal entities": ("/v2/legal_entities", "which company a charge belongs to"),
    "Fields": ("/v1/fields", "names of custom fields, and sending accounts to Brex"),
}
REASONS = {
    ACCOUNTING_RECORDS: "Brex has not granted the Accounting API to this account (it is in alpha, by request), or the "
    "token lacks accounting.record.read: flows run on expenses and transactions instead.",
    CARD_TRANSACTIONS: "The token may not read card transactions: it needs transactions.card.readonly.",
    CASH_TRANSACTIONS: "There is no Brex business account, or the token's user is neither cash admin nor bookkeeper, "
    "or lacks accounts.cash.readonly and transactions.cash.readonly.",
    EXPENSES: "The token may not read expenses: it needs expenses.card.readonly.",
    VENDORS: "The token may not read vendors: it needs vendors.readonly, and its user must be account admin, AP clerk "
    "or bookkeeper.",
}


class FeatureRefusals(Mapping[str, str]):
    """Streams that this credential may not read, with the reason; a stream is probed when it is first asked for.

    Raises what is not about the stream: a refused credential, an absent Brex."""

    def __init__(self, client: BrexClient) -> None:
        self._client = client
        self._known: dict[str, str] = {}

    def _reason(self, stream: str) -> str:
        if stream not in self._known:
            path, params = PROBES[stream]
            try:
                self._client.api.get(path, params=params)
                self._known[stream] = ""
            except (FeatureDeniedError, MissingError):
                self._known[stream] = REASONS[stream]
        return self._known[stream]

    def __getitem__(self, stream: str) -> str:
        if stream in PROBES and (reason := self._reason(stream)):
            return reason
        raise KeyError(stream)

    def __iter__(self) -> Iterator[str]:
        return (stream for stream in PROBES if self._reason(stream))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def verify_checks(client: BrexClient, context: ConnectionContext) -> list[Check]:
    """Token, account, every stream, reference lists, integration, webhook secrets, life of the token.

    Only what stops everything is `failed`. Raises RetryableError when Brex is away from the start."""
    first = _checked("Token", partial(_token, client), is_first=True)
    if first.state == "failed":
        return [first, *(Check(name, "skipped", "The token does not work.") for name in ("Account", "Streams"))]
    checks = [first, _checked("Account", partial(_account, client, context))]
    checks += [_checked(STREAMS[stream].label, partial(_stream, client, stream)) for stream in PROBES]
    checks += [_checked(name, partial(_list, client, name)) for name in LISTS]
    checks.append(_integration(context))
    checks.append(_checked("Webhook secret", partial(_secret, client)))
    checks.append(_life(context))
    return checks


def _checked(name: str, look: Callable[[], Check], *, is_first: bool = False) -> Check:
    try:
        return look()
    except BlockedError as error:
        return Check(name, "failed", error.message, "Make a new token in Brex and enter it here.")
    except RetryableError as error:
        if is_first:
            raise
        return Check(name, "warning", error.message, "Test again later.")
    except ConnectorError as error:
        return Check(name, "failed" if is_first else "warning", error.message)


def _token(client: BrexClient) -> Check:
    me = client.me()
    who = f"{me.get('first_name') or ''} {me.get('last_name') or ''}".strip() or str(me.get("id") or "somebody")
    return Check("Token", "ok", f"Works, as {who}.")


def _account(client: BrexClient, context: ConnectionContext) -> Check:
    try:
        company = client.company()
    except FeatureDeniedError as error:
        return Check("Account", "failed", error.message, "Give the token the scope companies.readonly.")
    found, name = str(company.get("id") or ""), str(company.get("legal_name") or "")
    if context.identity and context.identity != found:
        message = f"The token belongs to {name} ({found}), but this connection is {context.identity}."
        return Check("Account", "failed", message, "Use a token of the same account, or make a new connection.")
    return Check("Account", "ok", f"{name} ({found}).")


def _stream(client: BrexClient, stream: str) -> Check:
    label = STREAMS[stream].label
    reason = FeatureRefusals(client).get(stream)
    if reason:
        return Check(label, "warning", reason, "Change the token's scopes or its user's role in Brex.")
    return Check(label, "ok", "Can be read.")


def _list(client: BrexClient, name: str) -> Check:
    path, use = LISTS[name]
    try:
        client.api.get(path, params=ONE)
    except (FeatureDeniedError, MissingError) as error:
        return Check(name, "warning", f"Cannot be read, so there will be no {use}. {error.message}")
    return Check(name, "ok", "Can be read.")


def _integration(context: ConnectionContext) -> Check:
    vendor = settings_of(context).integration_vendor
    if not vendor:
        message = "No integration vendor is set: accounts and cost centres are not sent to Brex."
        return Check("Accounting integration", "skipped", message)
    message = f"Will be {vendor}; Brex has no way to look without creating it, so that is not tried here."
    return Check("Accounting integration", "ok", message)


def _secret(client: BrexClient) -> Check:
    try:
        secrets = client.webhook_secrets()
    except FeatureDeniedError as error:
        return Check("Webhook secret", "warning", error.message, "Records are then polled for.")
    usable = [row for row in secrets if row.get("status") != "REVOKED"]
    if not usable:
        return Check("Webhook secret", "warning", "Brex gives no webhook secret yet; records are polled for.")
    rotating = " Brex is rotating it." if len(usable) > 1 else ""
    return Check("Webhook secret", "ok", f"Can be read.{rotating}")


def _life(context: ConnectionContext) -> Check:
    credentials = context.credentials
    if isinstance(credentials, BrexCredentials) and credentials.user_token is None:
        message = "The refresh token is good for 90 days without use; every refresh is a use."
        return Check("Life of the credential", "ok", message)
    message = "Brex ends a user token after 90 days without a call, or with its user; it does not tell when."
    return Check("Life of the credential", "ok", message, "A call is made in time even when no flow runs.")
