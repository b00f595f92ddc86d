"""How does the simulated accounts server give codes and tokens, refuse, and revoke?

https://www.zoho.com/books/api/v3/oauth/ and https://www.zoho.com/accounts/protocol/oauth/multi-dc.html. Errors of the
token endpoint come with HTTP 200 (observed); only the throttle answers 400.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from werkzeug.datastructures import CombinedMultiDict
from werkzeug.wrappers import Request, Response

from connectors.simulation import json_response
from connectors.zoho_books.simulator.hosts import DATA_CENTRES, address_of, place_of
from connectors.zoho_books.simulator.tokens import TEN_MINUTES, Client, Code, RefreshToken

if TYPE_CHECKING:
    from connectors.zoho_books.simulator.simulator import ZohoBooksSimulator

PREFIX = "/oauth"
THROTTLED = {
    "error": "Access Denied",
    "error_description": "You have made too many requests continuously. Please try again after some time.",
    "status": "failure",
}


class AccountsServer:
    """`/oauth/v2/auth`, `/oauth/v2/token`, `/oauth/v2/token/revoke` and the list of data centres."""

    def __init__(self, simulator: ZohoBooksSimulator) -> None:
        self.simulator = simulator

    def endpoints(self) -> list[tuple[str, str, Callable[..., Response]]]:
        """Method, path and handler of each; none of them takes an access token."""
        return [
            ("GET", f"{PREFIX}/serverinfo", self.server_info),
            ("GET", f"{PREFIX}/v2/auth", self.authorize),
            ("GET", f"{PREFIX}/v2/token", self.wrong_method),
            ("POST", f"{PREFIX}/v2/token", self.token),
            ("POST", f"{PREFIX}/v2/token/revoke", self.revoke),
        ]

    def server_info(self, request: Request) -> Response:
        place, home = place_of(request, self.simulator.home), self.simulator.home
        listed = {name: address_of(place, centre, home) for name, centre in DATA_CENTRES.items()}
        return json_response({"result": "success", "locations": listed})

    def authorize(self, request: Request) -> Response:
        """The person who is signed in consents at once and is sent back from her own data centre."""
        vault, asked, now = self.simulator.vault, request.args, self.simulator.clock.now()
        client = vault.clients.get(asked.get("client_id", ""))
        user = self.simulator.signed_in
        if client is None or asked.get("response_type") != "code" or not self._serves(client, user.location):
            return _page("invalid_client")
        redirect_uri = asked.get("redirect_uri", "")
        if redirect_uri not in client.redirect_uris:
            return _page("invalid_redirect_uri")
        state = {"state": asked["state"]} if "state" in asked else {}
        client.code_times = [one for one in client.code_times if one > now - TEN_MINUTES]
        too_many = len(client.code_times) >= self.simulator.switches.codes_per_ten_minutes
        if self.simulator.switches.consent == "deny" or too_many:
            return _redirect(redirect_uri, {"error": "access_denied", **state})
        client.code_times.append(now)
        is_first = user.zuid not in client.consents
        client.consents.add(user.zuid)
        offline = asked.get("access_type", "online") == "offline"
        code = Code(
            client.id,
            user.zuid,
            user.location,
            redirect_uri,
            tuple(one.strip() for one in asked.get("scope", "").split(",") if one.strip()),
            offline and (is_first or asked.get("prompt") == "consent"),
            now + timedelta(seconds=self.simulator.switches.code_seconds),
        )
        place = place_of(request, self.simulator.home)
        server = address_of(place, DATA_CENTRES[user.location], self.simulator.home)
        told = {"code": vault.add_code(code), "location": user.location, "accounts-server": server}
        return _redirect(redirect_uri, {**state, **told})

    def wrong_method(self, request: Request) -> Response:
        return Response("<html><body>server error</body></html>", status=500, content_type="text/html")

    def token(self, request: Request) -> Response:
        values = CombinedMultiDict([request.args, request.form])
        place = place_of(request, self.simulator.home)
        client = self.simulator.vault.clients.get(values.get("client_id", ""))
        if client is None or not self._serves(client, place.centre.location):
            return self._refused("invalid_client")
        if client.secret != values.get("client_secret"):
            return self._refused("invalid_client_secret")
        grants = {"authorization_code": self._exchange, "refresh_token": self._refresh}
        grant = grants.get(values.get("grant_type", ""))
        if grant is None:
            return self._refused("unsupported_grant_type")
        return grant(values, client, place.centre.location, place.api_domain)

    def revoke(self, request: Request) -> Response:
        values = CombinedMultiDict([request.args, request.form])
        known = self.simulator.vault.drop(values.get("token", ""))
        return json_response({"status": "success"}) if known else self._refused("invalid_token")

    def _exchange(self, values: Any, client: Client, location: str, api_domain: str) -> Response:
        vault, now = self.simulator.vault, self.simulator.clock.now()
        code = vault.codes.get(values.get("code", ""))
        if code is None or code.client_id != client.id or code.location != location or now >= code.expires_at:
            return self._refused("invalid_code")
        if code.redirect_uri and code.redirect_uri != values.get("redirect_uri"):
            return self._refused("invalid_redirect_uri")
        del vault.codes[values["code"]]
        refresh = vault.add_refresh(client.id, code.zuid, location, code.scopes) if code.with_refresh else None
        return self._answer(code.zuid, location, code.scopes, api_domain, refresh, tell_refresh=True)

    def _refresh(self, values: Any, client: Client, location: str, api_domain: str) -> Response:
        vault, now = self.simulator.vault, self.simulator.clock.now()
        token = vault.refresh_tokens.get(values.get("refresh_token", ""))
        if token is None or token.client_id != client.id or token.location != location:
            return self._refused("invalid_code")
        if vault.is_throttled(token, now):
            return json_response(THROTTLED, 400)
        return self._answer(token.zuid, location, token.scopes, api_domain, token, tell_refresh=False)

    def _answer(
        self,
        zuid: str,
        location: str,
        scopes: tuple[str, ...],
        api_domain: str,
        refresh: RefreshToken | None,
        *,
        tell_refresh: bool,
    ) -> Response:
        vault, switches = self.simulator.vault, self.simulator.switches
        made = vault.add_access(zuid, location, scopes, self.simulator.clock.now(), refresh.value if refresh else "")
        body: dict[str, Any] = {"access_token": made.value}
        if refresh:
            refresh.issued += 1
            if tell_refresh:
                body["refresh_token"] = refresh.value
        if switches.token_answers_have_scope:
            body["scope"] = " ".join(scopes)
        return json_response(
            {**body, "api_domain": api_domain, "token_type": "Bearer", "expires_in": switches.access_token_seconds}
        )

    def _serves(self, client: Client, location: str) -> bool:
        return client.multi_dc or client.location == location

    def _refused(self, error: str) -> Response:
        return json_response({"error": error}, self.simulator.switches.token_error_status)


def _redirect(address: str, values: dict[str, str]) -> Response:
    joint = "&" if "?" in address else "?"
    return Response(status=302, headers={"Location": f"{address}{joint}{urlencode(values)}"})


def _page(error: str) -> Response:
    """What a person sees in the browser; no client reads it."""
    return Response(f"<html><body><h1>Error Occurred</h1><p>{error}</p></body></html>", content_type="text/html")
