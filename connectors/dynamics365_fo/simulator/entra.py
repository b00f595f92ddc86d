"""How does the simulated Entra ID give tokens: both endpoints, the discovery document, the errors?

Microsoft's client-credentials flow (entra-docs, v2-oauth2-client-creds-grant-flow.md). An error answers with all
members that Entra sends; its HTTP status is the typical one, which Entra does not promise.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from connectors.simulation import json_response

if TYPE_CHECKING:
    from .simulator import DynamicsSimulator

FORM = "application/x-www-form-urlencoded"
# AADSTS code: error, HTTP status, words
ERRORS: dict[int, tuple[str, int, str]] = {
    7000215: (
        "invalid_client",
        401,
        (
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
            "not the client secret ID, for a secret added to app '{client}'."
        ),
    ),
    7000222: ("invalid_client", 401, "The provided client secret keys for app '{client}' are expired."),
    7000218: (
        "invalid_client",
        401,
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    ),
    700016: (
        "unauthorized_client",
        400,
        "Application with identifier '{client}' was not found in the directory '{tenant}'.",
    ),
    90002: ("invalid_request", 400, "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID."),
    500011: (
        "invalid_resource",
        400,
        "The resource principal named {resource} was not found in the tenant named {tenant}.",
    ),
    70011: (
        "invalid_scope",
        400,
        "The provided request must include a 'scope' input parameter. The scope {resource} is not valid.",
    ),
    7000112: ("unauthorized_client", 400, "Application '{client}' is disabled."),
    90033: ("temporarily_unavailable", 503, "A transient error has occurred. Please try again."),
    90014: ("invalid_request", 400, "The required field 'grant_type' is missing from the credential."),
    70003: ("unsupported_grant_type", 400, "The app requested an unsupported grant type '{resource}'."),
    900144: ("invalid_request", 400, "The request body must contain the following parameter: '{resource}'."),
    53003: ("invalid_grant", 400, "Access has been blocked by Conditional Access policies."),
}


@dataclass(slots=True)
class Application:
    """A registered application; `has_principal` is the consent in this tenant that puts `oid` into tokens."""

    client_id: str
    secret: str
    enabled: bool = True
    is_secret_expired: bool = False
    has_principal: bool = True


class Entra:
    """The token service of one tenant."""

    def __init__(self, simulator: DynamicsSimulator, seed: int) -> None:
        self.simulator = simulator
        self.applications: dict[str, Application] = {}
        self.issued = 0
        self.next_errors: list[int] = []
        self._random = Random(f"entra {seed}")  # noqa: S311 - repeatable on purpose

    def rules(self) -> Iterable[Rule]:
        yield Rule("/<tenant>/oauth2/v2.0/token", endpoint=self.token_v2, methods=["POST"])
        yield Rule("/<tenant>/oauth2/token", endpoint=self.token_v1, methods=["POST"])
        yield Rule("/common/discovery/instance", endpoint=self.instances, methods=["GET"])
        yield Rule("/<tenant>/v2.0/.well-known/openid-configuration", endpoint=self.discovery, methods=["GET"])

    def discovery(self, request: Request, tenant: str) -> Response:
        login = self.simulator.login_url
        return json_response(
            {
                "token_endpoint": f"{login}/{tenant}/oauth2/v2.0/token",
                "authorization_endpoint": f"{login}/{tenant}/oauth2/v2.0/authorize",
                "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
                "jwks_uri": f"{login}/{tenant}/discovery/v2.0/keys",
                "issuer": f"{login}/{self.simulator.tenant}/v2.0",
                "tenant_region_scope": "NA",
            }
        )

    def instances(self, request: Request) -> Response:
        """Which names the login host has; MSAL asks for it after a refusal."""
        host = urlsplit(self.simulator.login_url).netloc
        known = {
            "preferred_network": host,
            "preferred_cache": "login.windows.net",
            "aliases": [host, "login.windows.net"],
        }
        return json_response({"api-version": "1.1", "metadata": [known]})

    def token_v2(self, request: Request, tenant: str) -> Response:
        return self._token(request, tenant, "scope")

    def token_v1(self, request: Request, tenant: str) -> Response:
        return self._token(request, tenant, "resource")

    def _token(self, request: Request, tenant: str, wanted: str) -> Response:
        form = request.form if request.mimetype == FORM else {}
        client, secret = form.get("client_id", ""), form.get("client_secret", "")
        if request.headers.get("Authorization", "").startswith("Basic "):
            client, secret = _basic(request.headers["Authorization"][6:])
        facts = {"client": client, "tenant": tenant, "resource": form.get(wanted, "")}
        code = self.next_errors.pop(0) if self.next_errors else self._refusal(form, tenant, client, secret, wanted)
        if code:
            if code == 70003:
                facts["resource"] = form["grant_type"]
            if code == 900144:
                facts["resource"] = wanted
            return self.error(code, facts)
        audience = _resource(form[wanted], wanted)
        known = (self.simulator.environment_url.lower(), request.host_url.rstrip("/").lower())
        if audience.rstrip("/").lower() not in known:
            return self.error(500011, {**facts, "resource": audience})
        return json_response(self.grant(client, audience, is_v1=wanted == "resource"))

    def _refusal(self, form: Any, tenant: str, client: str, secret: str, wanted: str) -> int:
        """The code of what is wrong, in the order that Entra checks; 0 when a token may be given."""
        if not form.get("grant_type"):
            return 90014
        if form["grant_type"] != "client_credentials":
            return 70003
        if tenant.lower() not in (self.simulator.tenant, self.simulator.tenant_domain):
            return 90002
        application = self.applications.get(client.lower())
        if application is None:
            return 700016
        if not application.enabled:
            return 7000112
        if not secret:
            return 7000218
        if application.is_secret_expired:
            return 7000222
        if secret != application.secret:
            return 7000215
        if not form.get(wanted):
            return 900144
        scope = form[wanted]
        if wanted == "scope" and (" " in scope.strip() or not scope.endswith("/.default")):
            return 70011
        return 0 if urlsplit(scope).netloc else 70011 if wanted == "scope" else 500011

    def grant(self, client: str, audience: str, *, is_v1: bool = False, **claims: Any) -> dict[str, Any]:
        """A token answer; `claims` replace those of the token (None leaves one out)."""
        now = self.simulator.clock.now().timestamp()
        fixed = self.simulator.switches.token_seconds
        seconds = fixed if fixed is not None else self._random.randint(3600, 5400)
        self.issued += 1
        application = self.applications[client.lower()]
        whole = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{self.simulator.tenant}/",
            "iat": now,
            "nbf": int(now),
            "exp": now + seconds,
            "appid": client.lower(),
            "oid": str(UUID(int=Random(client).getrandbits(128))) if application.has_principal else None,  # noqa: S311
            "tid": self.simulator.tenant,
            "uti": f"{self.issued:08d}",
            **claims,
        }
        token = self.simulator.tokens.issue({name: value for name, value in whole.items() if value is not None})
        answer = {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token}
        if not is_v1:
            return answer
        moments = {"expires_on": int(now) + seconds, "not_before": int(now)}
        numbers = {"expires_in": seconds, "ext_expires_in": seconds, **moments}
        texts = {name: str(value) for name, value in numbers.items()}
        return {"token_type": "Bearer", **texts, "resource": audience, "access_token": token}

    def error(self, code: int, facts: dict[str, str]) -> Response:
        kind, status, words = ERRORS[code]
        now = self.simulator.clock.now().strftime("%Y-%m-%d %H:%M:%SZ")
        trace, correlation = (str(UUID(int=self._random.getrandbits(128))) for _ in range(2))
        return json_response(
            {
                "error": kind,
                "error_description": f"AADSTS{code}: {words.format(**facts)} Trace ID: {trace} Correlation ID: "
                f"{correlation} Timestamp: {now}",
                "error_codes": [code],
                "timestamp": now,
                "trace_id": trace,
                "correlation_id": correlation,
                "error_uri": f"{self.simulator.login_url}/error?code={code}",
            },
            status,
        )


def _basic(text: str) -> tuple[str, str]:
    """Client id and secret of a Basic header: each is URL-encoded before they are joined."""
    try:
        client, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote(client), unquote(secret)


def _resource(text: str, wanted: str) -> str:
    """The audience that a scope or resource asks for: `https://HOST//.default` keeps its slash."""
    return text.removesuffix("/.default") if wanted == "scope" else text
