"""How does a user of Zoho give his consent, in whichever data centre he lives?

https://www.zoho.com/books/api/v3/oauth/ and https://www.zoho.com/accounts/protocol/oauth/multi-dc.html"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

from connectors.auth import MemoryTokenStore
from connectors.base import AccessToken, Authorization, ConnectionContext, Granted, NoLimiter
from connectors.errors import AuthenticationError, ConfigurationError, ConnectorError
from connectors.zoho_books.auth import SCOPES, ask, credentials_of, settings_of
from connectors.zoho_books.client import ZohoClient, one
from connectors.zoho_books.regions import accounts_address, centre_at, centre_of
from connectors.zoho_books.schema_setup import UserRow

CONSENT_PATH = "/oauth/v2/auth"


def consent_url(context: ConnectionContext, redirect_uri: str, state: str) -> str:
    """Zoho sends the user on to the data centre where he lives, and says on the way back which that is. Without
    `offline` there would be no refresh token, without `consent` none the second time."""
    query = {
        "client_id": credentials_of(context).client_id,
        "response_type": "code",
        "redirect_uri": redirect_uri,
        "scope": ",".join(SCOPES),
        "state": state,
        "access_type": "offline",
        "prompt": "consent",
    }
    return f"{accounts_address(context.address)}{CONSENT_PATH}?{urlencode(query)}"


def exchange(context: ConnectionContext, redirect_uri: str, answer: Mapping[str, str]) -> Granted:
    """A refresh token for a code, asked of the accounts server that gave the code: one of Zoho's own, whatever the
    answer says. A code is good for two minutes and once. Raises ConnectorErrors."""
    if answer.get("error") or not answer.get("code"):
        raise AuthenticationError("Zoho gave no consent.", detail=answer.get("error", "")[:100])
    accounts = _accounts(context, answer.get("accounts-server", ""))
    form = {"grant_type": "authorization_code", "code": answer["code"]}
    if redirect_uri:  # a self client has none
        form["redirect_uri"] = redirect_uri
    told = ask(context, accounts, **form)
    refresh = told.get("refresh_token")
    if not isinstance(refresh, str) or not refresh:
        raise AuthenticationError("Zoho gave no refresh token: make the code with offline access, and consent anew.")
    address = _address(context, accounts, str(told.get("api_domain") or ""))
    return Granted({"refresh_token": refresh}, address, _user(context, address, told))


def _user(context: ConnectionContext, address: str, told: Mapping[str, object]) -> str:
    """Whose consent it is: of one user Zoho keeps twenty for each client, whichever organisation they are for
    (https://help.zoho.com/portal/en/community/topic/kaizen-43-tokens-and-limitations). Two calls with the access token
    that came with it; empty where they are refused, as the consent is good all the same."""
    token = AccessToken(str(told["access_token"]), context.now() + timedelta(hours=1))
    client = ZohoClient(
        replace(
            context,
            address=address or context.address,
            tokens=MemoryTokenStore(token),
            limiter=NoLimiter(),
            budget=None,
        )
    )
    try:
        seen = [row for row in client.organizations() if row.is_org_active]
        chosen = settings_of(context).organization_id or (seen[0].organization_id if seen else "")
        email = one(UserRow, client.get(chosen, "/users/me"), "user").email if chosen else ""
    except ConnectorError:
        return ""
    return f"{credentials_of(context).client_id}/{email.lower()}" if email else ""


def _accounts(context: ConnectionContext, told: str) -> str:
    mine = accounts_address(context.address)
    if not told or told.rstrip("/") == mine:
        return mine
    if centre_of(context.address) is None or centre_at(told) is None:
        raise ConfigurationError(f"{told[:100]!r} is none of Zoho's accounts servers; nothing was sent there.")
    return told.rstrip("/")


def _address(context: ConnectionContext, accounts: str, api_domain: str) -> str:
    """The API host of the data centre; a simulator's stays as it is. One that does not belong to the accounts server
    that named it is refused, as the tokens would go there."""
    centre = centre_at(accounts)
    if centre is None or centre_of(context.address) is None:
        return ""
    if api_domain.rstrip("/") != centre.api:
        raise ConfigurationError(f"{centre.accounts} names {api_domain[:100]!r} as its API, which is not {centre.api}.")
    return centre.api


AUTHORIZATION = Authorization(
    consent_url=consent_url,
    exchange=exchange,
    remark=(
        "Use a server-based client of Zoho's API console, and a user with the role of an accountant. Zoho keeps twenty "
        "consents of a user for a client: the twenty-first deletes the oldest without a word, also one that is in use."
    ),
    most=20,
    pasted="Grant code of a self client",
)
