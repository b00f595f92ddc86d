"""Who may come in? Token, organisation and limits, in this order, before any route is looked at."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request

from connectors.zoho_books.simulator.errors import (
    Unknown,
    ZohoError,
    invalid_parameter,
    refused,
    too_many_at_once,
    unauthorized,
)
from connectors.zoho_books.simulator.hosts import place_of
from connectors.zoho_books.simulator.store import Organisation
from connectors.zoho_books.simulator.tokens import AccessToken

if TYPE_CHECKING:
    from connectors.zoho_books.simulator.simulator import ZohoBooksSimulator


class Gate:
    """Reads `Authorization: Zoho-oauthtoken ...` and `organization_id`; counts what runs at once."""

    def __init__(self, simulator: ZohoBooksSimulator) -> None:
        self.simulator = simulator
        self._running: Counter[str] = Counter()
        self._lock = threading.Lock()

    def enter(self, org_id: str) -> bool:
        """One more call is under way; False if that is more than the organisation may have."""
        with self._lock:
            self._running[org_id] += 1
            org = self.simulator.organisations.get(org_id)
            allowed = self.simulator.limits.at_once(org) if org else None
            return allowed is None or self._running[org_id] <= allowed

    def leave(self, org_id: str) -> None:
        with self._lock:
            self._running[org_id] -= 1

    def token(self, request: Request) -> AccessToken:
        """The live token of the header. Raises 401 with code 57 (or 14, by the switch)."""
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        found = self.simulator.vault.access_tokens.get(value.strip()) if scheme == "Zoho-oauthtoken" else None
        location = place_of(request, self.simulator.home).centre.location
        if found is None or found.expires_at <= self.simulator.clock.now() or found.location != location:
            dead = self.simulator.switches.dead_token
            raise unauthorized(14 if dead.startswith("14") else 57, 200 if dead == "14 in 200" else 401)
        return found

    def organisation(self, request: Request, token: AccessToken) -> Organisation:
        """The organisation asked for, if it is one of the user's."""
        org_id = request.args.get("organization_id", "")
        if not org_id:
            raise refused(Unknown.NO_ORGANISATION, "organization_id is missing")
        if not org_id.isdigit():
            raise invalid_parameter("organization_id")
        user, org = self.simulator.users[token.zuid], self.simulator.organisations.get(org_id)
        if org is None or org_id not in user.organisations or org.location != token.location:
            raise ZohoError(400, 6041, f"This user is not associated with the CompanyID/CompanyName:{org_id}.")
        return org

    def admit(self, org: Organisation, is_too_much: bool) -> None:
        """Counts one call. Raises 429 with 1070, 43, 44 or 45."""
        if is_too_much:
            self.simulator.limits.refused[f"{org.id} 1070"] += 1
            raise too_many_at_once()
        self.simulator.limits.admit(org, self.simulator.clock.now())

    def need_scope(self, token: AccessToken, org: Organisation | None, scope: str) -> None:
        """Raises the same 401/57 for a scope the token lacks and for a right the user's role lacks."""
        if not token.allows(scope) or (org is not None and scope in org.denied):
            raise unauthorized()
