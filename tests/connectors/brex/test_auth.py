"""Which credentials open Brex, how do OAuth tokens renew, and what does the checklist say when they do not?"""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.auth import MemoryTokenStore
from connectors.base import AccessToken, ConnectionContext, ExchangeNote
from connectors.brex.auth import BrexCredentials, BrexSettings, oauth_address
from connectors.brex.client import BrexClient
from connectors.brex.connector import CONNECTOR
from connectors.brex.simulator import BrexSimulator, Switches
from connectors.errors import AuthenticationError, ConfigurationError, TransportError
from tests.cases.auth_cases import KeyCases, OAuthCases
from tests.connectors.brex.desk import account, client, context, oauth_credentials, paths, source

TOKEN = ("POST", "/oauth2/default/v1/token")


def oauth(simulator: BrexSimulator, **parts: Any) -> ConnectionContext:
    tokens = parts.pop("tokens", None) or MemoryTokenStore()
    return context(simulator, credentials=oauth_credentials(simulator), tokens=tokens, **parts)


class TestUserToken(KeyCases):
    def simulator(self) -> BrexSimulator:
        return account()

    def context(self, simulator: Any, **parts: Any) -> ConnectionContext:
        return context(simulator, **parts)

    def call(self, context: ConnectionContext) -> object:
        return BrexClient(context).me()

    def revoke(self, simulator: Any) -> None:
        simulator.control("revoke_token", {})


class TestOAuth(OAuthCases):
    def simulator(self) -> BrexSimulator:
        return account()

    def context(self, simulator: Any, **parts: Any) -> ConnectionContext:
        return oauth(simulator, **parts)

    def call(self, context: ConnectionContext) -> object:
        return BrexClient(context).me()

    def expire(self, simulator: Any) -> None:
        simulator.control("expire_token", {})

    def revoke(self, simulator: Any) -> None:
        simulator.gate.credentials.refresh_tokens.clear()
        simulator.gate.credentials.tokens.clear()


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"user_token": ""},
        {"user_token": "bxt_1", "client_id": "c", "client_secret": "s", "refresh_token": "r"},
        {"client_id": "c"},
        {"client_id": "c", "client_secret": "s"},
        {"client_secret": "s", "refresh_token": "r"},
        {"user_token": "bxt_1", "surprise": "x"},
    ],
)
def test_half_a_credential_is_refused(values: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as caught:
        BrexCredentials.model_validate(values)
    assert "bxt_1" not in str(caught.value.errors(include_input=False))


@pytest.mark.parametrize(
    "values", [{"user_token": " bxt_1 "}, {"client_id": "c", "client_secret": "s", "refresh_token": "r"}]
)
def test_either_whole_credential_is_taken_and_never_shown(values: dict[str, str]) -> None:
    credentials = BrexCredentials.model_validate(values)
    assert "bxt_1" not in repr(credentials)
    assert "'s'" not in repr(credentials)


def test_a_refresh_token_opens_brex_and_one_access_token_serves_many_calls() -> None:
    simulator = account()
    desk = BrexClient(oauth(simulator))
    desk.me()
    desk.company()
    assert paths(simulator).count(TOKEN) == 1


def test_an_expired_token_is_a_403_and_is_renewed_once() -> None:
    simulator = account()
    desk = BrexClient(oauth(simulator))
    desk.me()
    simulator.control("expire_token", {})
    desk.me()
    assert paths(simulator).count(TOKEN) == 2
    assert [call.status for call in simulator.calls if call.path == "/v2/users/me"] == [200, 403, 200]


def test_a_token_is_renewed_before_its_end() -> None:
    simulator = account()
    desk = BrexClient(oauth(simulator))
    desk.me()
    simulator.clock.advance(minutes=56)
    desk.me()
    assert paths(simulator).count(TOKEN) == 2
    assert {call.status for call in simulator.calls if call.path == "/v2/users/me"} == {200}


@pytest.mark.parametrize("rotation", ["off", "strict", "grace"])
def test_a_rotated_refresh_token_is_stored_before_it_is_needed(rotation: str) -> None:
    simulator = account(switches=Switches(refresh_rotation=rotation))
    store = MemoryTokenStore()
    for _ in range(3):
        BrexClient(oauth(simulator, tokens=store)).me()
        simulator.control("expire_token", {})
    held = store.current()
    assert held
    assert (held.refresh_token != simulator.refresh_token) is (rotation != "off")


def test_a_token_answer_without_an_end_lasts_an_hour() -> None:
    simulator = account(switches=Switches(token_answers_have_expires_in=False))
    store = MemoryTokenStore()
    BrexClient(oauth(simulator, tokens=store)).me()
    held = store.current()
    assert held
    assert (held.expires_at - simulator.clock.now()).total_seconds() == 3600


def test_a_used_refresh_token_asks_for_a_new_consent() -> None:
    simulator = account(switches=Switches(refresh_rotation="strict"))
    BrexClient(oauth(simulator)).me()
    with pytest.raises(AuthenticationError, match="connect again"):
        BrexClient(oauth(simulator)).me()


def test_a_wrong_client_secret_is_no_retry() -> None:
    simulator = account()
    credentials = BrexCredentials(
        client_id=simulator.client_id, client_secret="wrong", refresh_token=simulator.refresh_token
    )
    with pytest.raises(AuthenticationError):
        BrexClient(context(simulator, credentials=credentials, tokens=MemoryTokenStore())).me()
    assert paths(simulator).count(TOKEN) == 1


def test_a_user_token_is_never_renewed() -> None:
    simulator = account()
    simulator.control("revoke_token", {})
    with pytest.raises(AuthenticationError, match="90 days"):
        client(simulator).me()
    assert simulator.call_count == 1


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("general", [True, False])
def test_a_rejected_token_is_known_by_its_words_in_either_shape(status: int, general: bool) -> None:
    simulator = account(switches=Switches(rejected_token_status=status, auth_errors_in_general_shape=general))
    simulator.control("revoke_token", {})
    for call in (client(simulator).me, lambda: list(client(simulator).records_by_id(["accr_1"]))):
        with pytest.raises(AuthenticationError):
            call()


def test_a_token_that_was_not_used_for_ninety_days_is_refused() -> None:
    simulator = account()
    simulator.control("idle_token", {"days": 91})
    with pytest.raises(AuthenticationError):
        client(simulator).me()
    assert CONNECTOR.inactivity_limit
    assert CONNECTOR.keep_alive_after
    assert CONNECTOR.keep_alive_after.days < CONNECTOR.inactivity_limit.days == 90


def test_no_secret_of_an_oauth_connection_is_seen_in_an_exchange() -> None:
    simulator = account()
    notes: list[ExchangeNote] = []
    store = MemoryTokenStore()
    BrexClient(oauth(simulator, observer=notes.append, tokens=store)).me()
    held = store.current()
    assert isinstance(held, AccessToken)
    seen = repr(notes)
    assert len(notes) == 2
    for secret in (held.value, simulator.client_secret, simulator.refresh_token):
        assert secret not in seen


def test_other_credentials_are_no_credentials_for_brex() -> None:
    with pytest.raises(ConfigurationError):
        client(account(), credentials=BrexSettings.model_validate({}))


def test_the_checklist_names_everything_that_flows_need() -> None:
    checks = source(account()).verify()
    assert [check.name for check in checks] == [
        "Token",
        "Account",
        "Accounting records",
        "Card transactions",
        "Cash transactions",
        "Expenses (reimbursements, bills, card expenses)",
        "Vendors",
        "Users",
        "Departments",
        "Legal entities",
        "Fields",
        "Accounting integration",
        "Webhook secret",
        "Life of the credential",
    ]
    assert {check.state for check in checks} == {"ok"}


def test_a_check_that_fails_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.http.time.sleep", lambda seconds: None)
    simulator = account()
    simulator.fail("status", "/v1/vendors", status=500, times=10)
    checks = {check.name: check for check in source(simulator).verify()}
    assert checks["Vendors"].state == "warning"
    assert checks["Users"].state == "ok"


def test_an_absent_brex_breaks_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.http.time.sleep", lambda seconds: None)
    simulator = account()
    simulator.fail("status", "/v2/users/me", status=503, times=10)
    with pytest.raises(TransportError):
        source(simulator).verify()


@pytest.mark.parametrize(
    ("address", "server"),
    [
        ("https://api.brex.com", "https://accounts-api.brex.com/oauth2/default"),
        ("https://platform.brexapis.com", "https://accounts-api.brex.com/oauth2/default"),
        ("https://api-staging.brex.com", "https://accounts-api.staging.brexapps.com/oauth2/default"),
        ("http://127.0.0.1:8123/", "http://127.0.0.1:8123/oauth2/default"),
    ],
)
def test_secrets_go_only_to_the_oauth_server_of_the_address(address: str, server: str) -> None:
    assert oauth_address(address) == server
