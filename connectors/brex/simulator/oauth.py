"""How does the simulated authorization server issue, rotate and revoke tokens?

Shapes follow https://developer.brex.com/guides/partner_authentication.md; errors are those of RFC 6749.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from connectors.brex.simulator.auth import ALL_SCOPES, RefreshToken, Token
from connectors.simulation import json_response

if TYPE_CHECKING:
    from connectors.brex.simulator.simulator import BrexSimulator

PREFIX = "/oauth2/default"


class AuthorizationServer:
    """authorize, token, revoke and discovery under `/oauth2/default`; none of them takes a bearer token."""

    def __init__(self, simulator: BrexSimulator) -> None:
        self.simulator = simulator

    def rules(self) -> list[Rule]:
        return [
            Rule(f"{PREFIX}/.well-known/openid-configuration", methods=["GET"], endpoint=self.discovery),
            Rule(f"{PREFIX}/v1/authorize", methods=["GET"], endpoint=self.authorize),
            Rule(f"{PREFIX}/v1/token", methods=["POST"], endpoint=self.token),
            Rule(f"{PREFIX}/v1/revoke", methods=["POST"], endpoint=self.revoke),
        ]

    def discovery(self, request: Request) -> Response:
        base = request.host_url.rstrip("/") + PREFIX
        return json_response(
            {
                "issuer": base,
                "authorization_endpoint": f"{base}/v1/authorize",
                "token_endpoint": f"{base}/v1/token",
                "revocation_endpoint": f"{base}/v1/revoke",
                "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            }
        )

    def authorize(self, request: Request) -> Response:
        """Consents at once and redirects with a code; a bad client, address or state is refused on the spot."""
        client = self.simulator.gate.credentials.clients.get(request.args.get("client_id", ""))
        redirect_uri, state = request.args.get("redirect_uri", ""), request.args.get("state", "")
        if client is None or redirect_uri not in client["redirect_uris"]:
            return json_response({"error": "invalid_client", "error_description": "client or redirect_uri"}, 400)
        if len(state) <= 8:
            return json_response({"error": "invalid_request", "error_description": "state is too short"}, 400)
        asked = request.args.get("scope", "").split()
        if "openid" not in asked or request.args.get("response_type") != "code":
            query = {"error": "invalid_scope" if "openid" not in asked else "unsupported_response_type", "state": state}
            return Response(status=302, headers={"Location": f"{redirect_uri}?{urlencode(query)}"})
        code = self.simulator.gate.secret_text("code_")
        self.simulator.gate.credentials.codes[code] = {
            "client_id": request.args["client_id"],
            "redirect_uri": redirect_uri,
            "scopes": tuple(one for one in asked if one in ALL_SCOPES),
            "expires_at": self.simulator.clock.now() + timedelta(minutes=5),
        }
        return Response(status=302, headers={"Location": f"{redirect_uri}?{urlencode({'code': code, 'state': state})}"})

    def token(self, request: Request) -> Response:
        form = request.form
        client = self.simulator.gate.credentials.clients.get(form.get("client_id", ""))
        if client is None or client["secret"] != form.get("client_secret"):
            return json_response({"error": "invalid_client", "error_description": "Client authentication failed."}, 401)
        grants = {
            "authorization_code": self._exchange,
            "refresh_token": self._refresh,
            "client_credentials": self._partner,
        }
        grant = grants.get(form.get("grant_type", ""))
        if grant is None:
            return json_response({"error": "unsupported_grant_type"}, 400)
        answer = grant(request, form["client_id"])
        return _refused("The grant is invalid, expired or revoked.") if answer is None else json_response(answer)

    def revoke(self, request: Request) -> Response:
        form = request.form or request.get_json(silent=True) or {}
        client = self.simulator.gate.credentials.clients.get(form.get("client_id", ""))
        if client is None or client["secret"] != form.get("client_secret"):
            return json_response({"error": "invalid_client"}, 401)
        value = form.get("token", "")
        self.simulator.gate.credentials.refresh_tokens.pop(value, None)
        if token := self.simulator.gate.credentials.tokens.get(value):
            token.revoked = True
        return Response(status=200)

    def _exchange(self, request: Request, client_id: str) -> dict[str, Any] | None:
        code = self.simulator.gate.credentials.codes.pop(request.form.get("code", ""), None)
        if code is None or code["client_id"] != client_id or code["redirect_uri"] != request.form.get("redirect_uri"):
            return None
        if self.simulator.clock.now() >= code["expires_at"]:
            return None
        answer = self._access(client_id, code["scopes"])
        if "offline_access" in code["scopes"]:
            answer["refresh_token"] = self.new_refresh(client_id, code["scopes"]).value
        return answer

    def _refresh(self, request: Request, client_id: str) -> dict[str, Any] | None:
        switches, now = self.simulator.switches, self.simulator.clock.now()
        known = self.simulator.gate.credentials.refresh_tokens
        old = known.get(request.form.get("refresh_token", ""))
        if old is None or old.client_id != client_id or now >= old.expires_at or (old.dies_at and now >= old.dies_at):
            return None
        answer = self._access(client_id, old.scopes)
        if switches.refresh_rotation == "strict":
            del known[old.value]
        elif switches.refresh_rotation == "grace":
            old.dies_at = old.dies_at or now + timedelta(seconds=switches.rotation_grace_seconds)
        if switches.refresh_rotation != "off":
            answer["refresh_token"] = self.new_refresh(client_id, old.scopes).value
        elif switches.refresh_token_slides:
            old.expires_at = now + timedelta(days=switches.refresh_token_days)
        return answer

    def _partner(self, request: Request, client_id: str) -> dict[str, Any] | None:
        return self._access(client_id, ("openid",))

    def _access(self, client_id: str, scopes: tuple[str, ...]) -> dict[str, Any]:
        seconds = self.simulator.switches.access_token_seconds
        user_id = self.simulator.gate.credentials.clients[client_id]["user_id"] or self.simulator.admin_id
        now = self.simulator.clock.now()
        token = Token(
            self.simulator.gate.secret_text("at_"),
            "oauth",
            user_id,
            f"client:{client_id}",
            scopes,
            last_used_at=now,
            expires_at=now + timedelta(seconds=seconds),
        )
        self.simulator.gate.credentials.tokens[token.value] = token
        answer: dict[str, Any] = {"access_token": token.value, "token_type": "bearer"}
        if self.simulator.switches.token_answers_have_expires_in:
            answer["expires_in"] = seconds
        return answer

    def new_refresh(self, client_id: str, scopes: tuple[str, ...] = ALL_SCOPES) -> RefreshToken:
        ends = self.simulator.clock.now() + timedelta(days=self.simulator.switches.refresh_token_days)
        user_id = self.simulator.gate.credentials.clients[client_id]["user_id"]
        token = RefreshToken(self.simulator.gate.secret_text("rt_"), client_id, user_id, scopes, ends)
        self.simulator.gate.credentials.refresh_tokens[token.value] = token
        return token


def _refused(words: str) -> Response:
    return json_response({"error": "invalid_grant", "error_description": words}, 400)
