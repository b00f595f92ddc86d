"""Is a token asked for as Entra wants it, kept as long as it lives, and every refusal told with its cure?"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
from pydantic import SecretStr, ValidationError
from requests.adapters import BaseAdapter

from connectors.auth import MemoryTokenStore
from connectors.base import ConnectionContext
from connectors.dynamics365_fo.auth import (
    DynamicsCredentials,
    DynamicsSettings,
    build_auth,
    environment_address,
    login_address,
)
from connectors.dynamics365_fo.client import DynamicsClient, Query
from connectors.dynamics365_fo.schema import CompanyRow
from connectors.dynamics365_fo.simulator import DynamicsSimulator
from connectors.errors import AuthenticationError, ConfigurationError, ConnectorError, RetryableError
from connectors.simulation import Clock, Simulator, SimulatorTransport
from tests.cases.auth_cases import OAuthCases
from tests.connectors.dynamics365_fo.world import HOST, NOW


def credentials_of(simulator: DynamicsSimulator, **parts: Any) -> DynamicsCredentials:
    own = {"tenant": simulator.tenant, "client_id": simulator.client_id, "client_secret": simulator.client_secret}
    return DynamicsCredentials.model_validate({**own, **parts})


def context_of(simulator: DynamicsSimulator, address: str = HOST, **parts: Any) -> ConnectionContext:
    credentials = parts.pop("credentials", credentials_of(simulator))
    return ConnectionContext(address, credentials, **{"transport": SimulatorTransport(simulator), **parts})


class TestClientCredentials(OAuthCases):
    def simulator(self) -> DynamicsSimulator:
        made = DynamicsSimulator(clock=Clock(NOW))
        made.switches.token_seconds = 3600
        return made

    def context(self, simulator: Simulator, **parts: Any) -> ConnectionContext:
        assert isinstance(simulator, DynamicsSimulator)
        return context_of(simulator, **{"tokens": MemoryTokenStore(), "now": simulator.clock.now, **parts})

    def call(self, context: ConnectionContext) -> object:
        return DynamicsClient(context).rows(Query(CompanyRow))

    def revoke(self, simulator: Simulator) -> None:
        simulator.control("expire_tokens", {})
        simulator.control("set_application", {"secret": "another-secret-0123456789"})

    def expire(self, simulator: Simulator) -> None:
        simulator.control("expire_tokens", {})
        simulator.clock.advance(seconds=1)


class Recorder(BaseAdapter):
    """Keeps the calls that pass."""

    def __init__(self, simulator: DynamicsSimulator) -> None:
        super().__init__()
        self.inner = SimulatorTransport(simulator)
        self.seen: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:  # type: ignore[override]
        self.seen.append(request)
        return self.inner.send(request, *args, **options)

    def close(self) -> None:
        """Nothing is held open."""


@pytest.mark.parametrize(
    ("endpoint", "path", "asked"),
    [
        ("v2", "/oauth2/v2.0/token", {"scope": [f"{HOST}/.default"]}),
        ("v1", "/oauth2/token", {"resource": [HOST]}),
    ],
)
@pytest.mark.parametrize("address", [HOST, f"{HOST}/", HOST.upper().replace("HTTPS", "https")])
def test_the_environment_is_the_audience_in_small_letters_and_without_a_slash(
    endpoint: str, path: str, asked: dict[str, list[str]], address: str
) -> None:
    simulator = DynamicsSimulator()
    transport = Recorder(simulator)
    settings = DynamicsSettings(entra_endpoint=endpoint)  # type: ignore[arg-type]
    client = DynamicsClient(context_of(simulator, address, settings=settings, transport=transport))
    assert [row.data_area.lower() for row in client.rows(Query(CompanyRow))] == ["demf", "usmf"]
    first = transport.seen[0]
    assert first.url == f"https://login.microsoftonline.com/{simulator.tenant}{path}"
    form = parse_qs(str(first.body))
    assert {name: form[name] for name in asked} == asked
    assert form["grant_type"] == ["client_credentials"]


@pytest.mark.parametrize(
    ("address", "cloud", "login"),
    [
        (HOST, "auto", "https://login.microsoftonline.com"),
        ("https://a.operations.gov.microsoftdynamics.us", "auto", "https://login.microsoftonline.us"),
        ("https://a.operations.dynamics.cn", "auto", "https://login.partner.microsoftonline.cn"),
        ("https://a.example.org", "us_government", "https://login.microsoftonline.us"),
        ("http://127.0.0.1:8099", "public", "http://127.0.0.1:8099"),
    ],
)
def test_the_token_server_follows_from_the_environment(address: str, cloud: str, login: str) -> None:
    assert login_address(address, DynamicsSettings(cloud=cloud)) == login  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "address", ["https://a.dynamics.com/data", "https://a.dynamics.com:8443", "http://a.dynamics.com"]
)
def test_an_address_that_is_more_than_the_environment_is_refused(address: str) -> None:
    with pytest.raises(ConfigurationError):
        environment_address(ConnectionContext(address, credentials_of(DynamicsSimulator())))


@pytest.mark.parametrize("tenant", ["common", "organizations", "", "a b", "../x"])
def test_a_tenant_that_is_none_is_refused(tenant: str) -> None:
    with pytest.raises(ValidationError):
        credentials_of(DynamicsSimulator(), tenant=tenant)


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        (7000215, AuthenticationError, "its id was pasted"),
        (7000222, AuthenticationError, "has expired"),
        (700016, AuthenticationError, "not known in this tenant"),
        (7000112, AuthenticationError, "switched off"),
        (90002, ConfigurationError, "no such tenant"),
        (500011, ConfigurationError, "does not know this environment"),
        (70011, ConfigurationError, "scope"),
        (90033, RetryableError, "away|not available"),
    ],
)
def test_a_refusal_of_entra_tells_what_to_do(code: int, error: type[ConnectorError], words: str) -> None:
    simulator = DynamicsSimulator()
    simulator.control("token_errors", {"codes": [code] * 9})
    context = context_of(simulator)
    with pytest.raises(ConnectorError, match=words) as caught:
        build_auth(context, credentials_of(simulator)).token()
    assert isinstance(caught.value, error)
    assert simulator.client_secret not in f"{caught.value!r} {caught.value.detail}"


def test_a_token_is_kept_exactly_as_long_as_it_lives() -> None:
    simulator = DynamicsSimulator(clock=Clock(NOW))
    simulator.switches.token_seconds = 4021
    auth = build_auth(context_of(simulator, now=simulator.clock.now), credentials_of(simulator))
    assert (auth.token().expires_at - NOW).total_seconds() == 4021


def test_a_second_401_is_a_matter_of_set_up_and_names_the_screen() -> None:
    simulator = DynamicsSimulator()
    simulator.control("set_application", {"registered": False})
    with pytest.raises(AuthenticationError, match="Microsoft Entra applications"):
        DynamicsClient(context_of(simulator)).rows(Query(CompanyRow))
    assert simulator.entra.issued == 2


def test_a_missing_right_is_a_matter_of_set_up_at_once() -> None:
    simulator = DynamicsSimulator()
    simulator.control("set_user", {"hidden": ["Companies"]})
    with pytest.raises(ConfigurationError, match="security role"):
        DynamicsClient(context_of(simulator)).rows(Query(CompanyRow))
    assert simulator.entra.issued == 1


def test_a_secret_of_blanks_is_none() -> None:
    with pytest.raises(ValidationError):
        credentials_of(DynamicsSimulator(), client_secret=SecretStr("   "))
