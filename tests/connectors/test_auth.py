"""Are tokens fetched, renewed early and once, and given up when the consent is gone?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr
from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from connectors import http
from connectors.auth import BearerAuth, MemoryTokenStore, OAuth2Auth, TokenServer
from connectors.base import AccessToken, ConnectionContext
from connectors.errors import AuthenticationError, ConfigurationError, ConnectorError, PayloadError
from connectors.http import ApiClient, ApiResponse, ErrorRule
from connectors.simulation import Clock, Simulator, SimulatorTransport, json_response
from tests.cases.auth_cases import KeyCases, OAuthCases

ADDRESS = "https://api.bank.example"
SECRET = SecretStr("client-secret-0123456789")
RULES = (ErrorRule(401, None, None, AuthenticationError, "The token was refused.", "https://bank.example"),)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http.time, "sleep", lambda _: None)


class BankCredentials(BaseModel):
    client_id: str = "us"
    client_secret: SecretStr = SECRET
    refresh_token: SecretStr = SecretStr("refresh-0")


class Bank(Simulator):
    """A vendor with a token server that rotates refresh tokens."""

    def __init__(self) -> None:
        super().__init__(clock=Clock(datetime(2026, 11, 20, tzinfo=UTC)))
        self.refresh_tokens = {"refresh-0"}
        self.access: dict[str, datetime] = {"key-0123456789": datetime.max.replace(tzinfo=UTC)}
        self.answer: dict[str, Any] = {"expires_in": 3600}
        self.forms: list[dict[str, str]] = []
        self.basic: list[str] = []

    def rules(self) -> Iterable[Rule]:
        return [
            Rule("/oauth/token", endpoint=self.token, methods=["POST"]),
            Rule("/me", endpoint=self.me, methods=["GET"]),
        ]

    def token(self, request: Request) -> Response:
        self.forms.append(request.form.to_dict())
        self.basic.append(request.headers.get("Authorization", ""))
        number = len(self.forms)
        if request.form["grant_type"] == "refresh_token":
            if request.form["refresh_token"] not in self.refresh_tokens:
                return json_response({"error": "invalid_grant", "error_description": "Revoked."}, 400)
            self.refresh_tokens = {f"refresh-{number}"}
            self.answer["refresh_token"] = f"refresh-{number}"
        self.access[f"access-{number}-0123456789"] = self.clock.now() + timedelta(hours=1)
        return json_response({"access_token": f"access-{number}-0123456789", "token_type": "bearer", **self.answer})

    def me(self, request: Request) -> Response:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.access.get(token, datetime.min.replace(tzinfo=UTC)) <= self.clock.now():
            return json_response({"message": f"{token} is not valid"}, 401)
        return json_response({"id": "me"})


def bank_context(bank: Simulator, **parts: Any) -> ConnectionContext:
    credentials = parts.pop("credentials", BankCredentials())
    return ConnectionContext(address=ADDRESS, credentials=credentials, transport=SimulatorTransport(bank), **parts)


def read_error(response: ApiResponse) -> tuple[str, str]:
    return "", response.json()["message"]


def token_server(context: ConnectionContext, **options: Any) -> TokenServer:
    url = f"{ADDRESS}/oauth/token"
    return TokenServer(context, provider="Bank", url=url, client_id="us", client_secret=SECRET, **options)


def test_a_vendors_own_rows_come_before_those_of_the_standard() -> None:
    bank = Bank()
    bank.fail("status", "/oauth/token", status=400, body='{"error": "invalid_request", "error_codes": [4711]}')
    rule = ErrorRule(None, None, r"\b4711\b", AuthenticationError, "The branch is closed.", ADDRESS)
    grant = token_server(bank_context(bank), rules=[rule]).client_grant()
    with pytest.raises(AuthenticationError, match="The branch is closed"):
        grant(None)


class TestBearer(KeyCases):
    def simulator(self) -> Simulator:
        return Bank()

    def context(self, simulator: Simulator, **parts: Any) -> ConnectionContext:
        credentials = BankCredentials(client_secret=SecretStr("key-0123456789"))
        return bank_context(simulator, credentials=credentials, **parts)

    def call(self, context: ConnectionContext) -> object:
        auth = BearerAuth(context.credentials.client_secret)  # type: ignore[attr-defined]
        return ApiClient(context, provider="Bank", auth=auth, rules=RULES, read_body_error=read_error).get("/me")

    def revoke(self, simulator: Simulator) -> None:
        assert isinstance(simulator, Bank)
        simulator.access.clear()


class TestRefreshToken(OAuthCases):
    def simulator(self) -> Simulator:
        return Bank()

    def context(self, simulator: Simulator, **parts: Any) -> ConnectionContext:
        return bank_context(simulator, **{"tokens": MemoryTokenStore(), "now": simulator.clock.now, **parts})

    def call(self, context: ConnectionContext) -> object:
        assert context.tokens
        grant = token_server(context).refresh_grant(context.credentials.refresh_token)  # type: ignore[attr-defined]
        auth = OAuth2Auth(context.tokens, grant, now=context.now)
        return ApiClient(context, provider="Bank", auth=auth, rules=RULES, read_body_error=read_error).get("/me")

    def revoke(self, simulator: Simulator) -> None:
        assert isinstance(simulator, Bank)
        simulator.access.clear()
        simulator.refresh_tokens.clear()

    def expire(self, simulator: Simulator) -> None:
        assert isinstance(simulator, Bank)
        simulator.access.clear()

    def test_rotated_refresh_tokens_are_used_in_turn(self) -> None:
        simulator, context, _ = self.opened()
        assert isinstance(simulator, Bank)
        for _ in range(3):
            self.call(context)
            self.expire(simulator)
        assert [form["refresh_token"] for form in simulator.forms] == ["refresh-0", "refresh-1", "refresh-2"]

    def test_a_new_token_that_is_refused_as_well_ends_it(self) -> None:
        simulator, context, _ = self.opened()
        simulator.fail("status", "/me", status=401, times=9)
        with pytest.raises(AuthenticationError, match="was refused"):
            self.call(context)
        assert self.tokens_asked(simulator) == 2


class TestClientCredentials(TestRefreshToken):
    def call(self, context: ConnectionContext) -> object:
        assert context.tokens
        auth = OAuth2Auth(context.tokens, token_server(context).client_grant(scope="books"), now=context.now)
        return ApiClient(context, provider="Bank", auth=auth, rules=RULES, read_body_error=read_error).get("/me")

    def revoke(self, simulator: Simulator) -> None:
        assert isinstance(simulator, Bank)
        simulator.access.clear()
        simulator.fail("status", "/oauth/token", status=401, body='{"error": "invalid_client"}', times=9)

    def test_rotated_refresh_tokens_are_used_in_turn(self) -> None:
        simulator, context, _ = self.opened()
        assert isinstance(simulator, Bank)
        self.call(context)
        assert simulator.forms == [
            {
                "grant_type": "client_credentials",
                "scope": "books",
                "client_id": "us",
                "client_secret": SECRET.get_secret_value(),
            }
        ]


def test_secrets_go_in_a_basic_header_where_the_vendor_wants_it() -> None:
    bank = Bank()
    token_server(bank_context(bank), in_header=True).client_grant()(None)
    assert bank.forms == [{"grant_type": "client_credentials"}]
    assert bank.basic[0].startswith("Basic ")


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [(None, 3600), ("", 3600), (1800, 1800), ("7200", 7200), (Decimal("59.5"), 59.5)],
)
def test_the_lifetime_is_read_however_it_is_written(expires_in: object, seconds: float) -> None:
    bank = Bank()
    bank.answer = {} if expires_in is None else {"expires_in": expires_in}
    token = token_server(bank_context(bank, now=bank.clock.now)).client_grant()(None)
    assert token.expires_at - bank.clock.now() == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        ({"expires_in": "soon"}, PayloadError),
        ({"expires_in": -5}, PayloadError),
        ({"expires_in": "NaN"}, PayloadError),
        ({"access_token": ""}, PayloadError),
        ({"access_token": None}, PayloadError),
        ({"access_token": 12}, PayloadError),
    ],
)
def test_a_token_answer_that_makes_no_sense_is_refused(answer: dict[str, Any], raised: type[ConnectorError]) -> None:
    bank = Bank()
    bank.answer = answer
    with pytest.raises(raised):
        token_server(bank_context(bank)).client_grant()(None)


@pytest.mark.parametrize(
    ("status", "error", "raised"),
    [
        (400, "invalid_grant", AuthenticationError),
        (401, "invalid_client", AuthenticationError),
        (400, "unauthorized_client", AuthenticationError),
        (400, "invalid_scope", ConfigurationError),
        (401, "something_new", AuthenticationError),
    ],
)
def test_refusals_of_the_token_server_are_terminal(status: int, error: str, raised: type[ConnectorError]) -> None:
    bank = Bank()
    bank.fail("status", "/oauth", status=status, body=f'{{"error": "{error}", "error_description": "No."}}', times=9)
    with pytest.raises(raised):
        token_server(bank_context(bank)).client_grant()(None)
    assert bank.call_count == 1


def test_a_missing_refresh_token_asks_for_consent() -> None:
    bank = Bank()
    grant = token_server(bank_context(bank)).refresh_grant(SecretStr(""))
    with pytest.raises(AuthenticationError, match="connect again"):
        grant(AccessToken("x", bank.clock.now()))
    assert bank.call_count == 0
