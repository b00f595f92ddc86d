"""Which clients, codes and tokens can a test make, and which can it kill?"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from connectors.zoho_books.simulator.actions import action, meant
from connectors.zoho_books.simulator.tokens import CONNECTOR_SCOPES, Code

if TYPE_CHECKING:
    from connectors.zoho_books.simulator.simulator import ZohoBooksSimulator


@action
def sign_in(simulator: ZohoBooksSimulator, email: str) -> str:
    """Who consents in the browser from now on."""
    simulator.signed_in = next(one for one in simulator.users.values() if one.email == email)
    return simulator.signed_in.location


@action
def add_client(
    simulator: ZohoBooksSimulator,
    location: str = "",
    multi_dc: bool = True,
    redirect_uris: list[str] | None = None,
) -> dict[str, str]:
    client = simulator.vault.add_client(location or simulator.home, tuple(redirect_uris or ()), multi_dc)
    return {"client_id": client.id, "client_secret": client.secret}


@action
def self_client_code(
    simulator: ZohoBooksSimulator, scopes: list[str] | None = None, client_id: str = "", seconds: int | None = None
) -> str:
    """A grant code from the console, for the person who is signed in; it has no redirect address."""
    user = simulator.signed_in
    life = seconds if seconds is not None else simulator.switches.self_client_code_seconds
    expires = simulator.clock.now() + timedelta(seconds=life)
    code = Code(
        client_id or simulator.client.id,
        user.zuid,
        user.location,
        "",
        tuple(scopes or CONNECTOR_SCOPES),
        True,
        expires,
    )
    return simulator.vault.add_code(code)


@action
def add_refresh_token(simulator: ZohoBooksSimulator, scopes: list[str] | None = None, client_id: str = "") -> str:
    user = simulator.signed_in
    own = tuple(scopes or CONNECTOR_SCOPES)
    return simulator.vault.add_refresh(client_id or simulator.client.id, user.zuid, user.location, own).value


@action
def add_access_token(simulator: ZohoBooksSimulator, scopes: list[str] | None = None) -> str:
    user = simulator.signed_in
    own = tuple(scopes or CONNECTOR_SCOPES)
    return simulator.vault.add_access(user.zuid, user.location, own, simulator.clock.now()).value


@action
def revoke_token(simulator: ZohoBooksSimulator, token: str = "") -> bool:
    """A refresh token (the first one by default) with its access tokens, or one access token, stops at once."""
    return simulator.vault.drop(token or simulator.refresh_token)


@action
def expire_tokens(simulator: ZohoBooksSimulator) -> int:
    """The hour of every access token is over."""
    for one in simulator.vault.access_tokens.values():
        one.expires_at = simulator.clock.now()
    return len(simulator.vault.access_tokens)


@action
def deny(simulator: ZohoBooksSimulator, scope: str, organisation: str = "", denied: bool = True) -> bool:
    """The user's role lacks a right, such as `bills.CREATE`: answered exactly like a missing scope."""
    known = meant(simulator, organisation).denied
    known.add(scope) if denied else known.discard(scope)
    return denied
