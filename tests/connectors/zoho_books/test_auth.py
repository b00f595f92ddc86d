"""How does a consent at Zoho become a connection, in whichever data centre, and how do its tokens live?"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from connectors.auth import MemoryTokenStore
from connectors.base import ConnectionContext
from connectors.errors import AuthenticationError, ConfigurationError, RateLimitedError, RejectedError
from connectors.simulation import SimulatorTransport
from connectors.zoho_books.auth import SCOPES, ZohoCredentials, ask
from connectors.zoho_books.authorization import consent_url, exchange
from connectors.zoho_books.client import ZohoClient
from connectors.zoho_books.regions import DATA_CENTRES, accounts_address, centre_of
from connectors.zoho_books.simulator import Switches, ZohoBooksSimulator
from tests.cases.auth_cases import OAuthCases
from tests.connectors.zoho_books.conftest import ADDRESS, credentials_for

US = "https://www.zohoapis.com"
BACK = "https://mlc.example/admin/connectors/connection/authorized/"


class Hosts(SimulatorTransport):
    """Every host of Zoho leads to the simulator; which ones were called is kept."""

    def __init__(self, simulator: ZohoBooksSimulator) -> None:
        super().__init__(simulator)
        self.hosts: list[str] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:  # type: ignore[override]
        self.hosts.append(urlsplit(request.url or "").hostname or "")
        return super().send(request, *args, **options)


def context_for(simulator: ZohoBooksSimulator, address: str = ADDRESS, **parts: Any) -> ConnectionContext:
    usual: dict[str, Any] = {"tokens": MemoryTokenStore(), "now": simulator.clock.now}
    given = {**usual, **parts}
    credentials = given.pop("credentials", None) or credentials_for(simulator)
    transport = given.pop("transport", None) or Hosts(simulator)
    return ConnectionContext(address, credentials, transport=transport, allow_private_addresses=True, **given)


class TestZohoOAuth(OAuthCases):
    """One access token for all, renewed five minutes early, and once when it is refused."""

    token_path = "/oauth/v2/token"

    def simulator(self) -> ZohoBooksSimulator:
        return ZohoBooksSimulator()

    def context(self, simulator: Any, **parts: Any) -> ConnectionContext:
        return context_for(simulator, **parts)

    def call(self, context: ConnectionContext) -> object:
        return ZohoClient(context).organizations()

    def expire(self, simulator: Any) -> None:
        simulator.control("expire_tokens", {})

    def revoke(self, simulator: Any) -> None:
        for token in list(simulator.vault.refresh_tokens):
            simulator.control("revoke_token", {"token": token})


def test_there_are_eight_data_centres_each_with_hosts_of_its_own() -> None:
    assert [one.location for one in DATA_CENTRES] == ["us", "eu", "in", "au", "jp", "ca", "cn", "sa"]
    assert len({one.accounts for one in DATA_CENTRES} | {one.api for one in DATA_CENTRES}) == 16
    assert accounts_address("https://www.zohoapis.ca") == "https://accounts.zohocloud.ca"


@pytest.mark.parametrize(
    "address", ["https://www.zohoapis.com.evil.example", "https://zohoapis.com", "https://accounts.zoho.uk", ADDRESS]
)
def test_nobody_else_is_a_data_centre(address: str) -> None:
    assert centre_of(address) is None
    assert accounts_address(address) == address


@pytest.mark.parametrize("home", ["us", "eu", "in", "au", "jp", "ca", "cn", "sa"])
def test_calls_and_tokens_go_to_the_hosts_of_the_data_centre(home: str) -> None:
    simulator = ZohoBooksSimulator(home=home)
    centre = next(one for one in DATA_CENTRES if one.location == home)
    context = context_for(simulator, centre.api)
    assert ZohoClient(context).organizations()
    assert isinstance(context.transport, Hosts)
    assert context.transport.hosts == [urlsplit(centre.accounts).hostname, urlsplit(centre.api).hostname]


def consented(simulator: ZohoBooksSimulator, context: ConnectionContext) -> dict[str, str]:
    """What the browser of the person who is signed in brings back."""
    url = urlsplit(consent_url(context, BACK, "state-1"))
    request = requests.Request("GET", url.geturl()).prepare()
    answer = Hosts(simulator).send(request)
    assert answer.status_code == 302, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def client_only(simulator: ZohoBooksSimulator) -> ZohoCredentials:
    simulator.client.redirect_uris = (BACK,)
    given = simulator.credentials()
    return ZohoCredentials(client_id=given["client_id"], client_secret=given["client_secret"])


def test_a_consent_gives_a_refresh_token_that_opens_zoho() -> None:
    simulator = ZohoBooksSimulator()
    context = context_for(simulator, US, credentials=client_only(simulator))
    with pytest.raises(AuthenticationError, match="Connect"):
        ZohoClient(context).organizations()
    answer = consented(simulator, context)
    assert answer["state"] == "state-1"
    granted = exchange(context, BACK, answer)
    assert granted.address == US
    credentials = context.credentials.model_copy(update={})
    whole = ZohoCredentials.model_validate({**credentials.model_dump(), **granted.credentials})
    assert ZohoClient(context_for(simulator, US, credentials=whole)).organizations()


def test_a_second_consent_gives_a_refresh_token_too() -> None:
    simulator = ZohoBooksSimulator()
    context = context_for(simulator, US, credentials=client_only(simulator))
    first = exchange(context, BACK, consented(simulator, context))
    second = exchange(context, BACK, consented(simulator, context))
    assert first.credentials["refresh_token"] != second.credentials["refresh_token"]


def test_the_connection_follows_the_person_to_her_data_centre() -> None:
    simulator = ZohoBooksSimulator()
    context = context_for(simulator, US, credentials=client_only(simulator))
    simulator.client.multi_dc = True
    assert simulator.control("sign_in", {"email": "jonas.weber@cascade.test"}) == "eu"
    answer = consented(simulator, context)
    assert answer["accounts-server"] == "https://accounts.zoho.eu"
    assert exchange(context, BACK, answer).address == "https://www.zohoapis.eu"


@pytest.mark.parametrize(
    "server", ["https://accounts.zoho.com.evil.example", "https://accounts.zoho.uk", "http://accounts.zoho.eu"]
)
def test_the_secret_goes_to_no_other_server_than_zohos(server: str) -> None:
    simulator = ZohoBooksSimulator()
    context = context_for(simulator, US, credentials=client_only(simulator))
    answer = {**consented(simulator, context), "accounts-server": server}
    with pytest.raises(ConfigurationError, match="nothing was sent"):
        exchange(context, BACK, answer)
    assert isinstance(context.transport, Hosts)
    assert context.transport.hosts == []


def test_the_code_of_a_self_client_needs_no_address_to_come_back_to() -> None:
    simulator = ZohoBooksSimulator()
    context = context_for(simulator, US, credentials=client_only(simulator))
    code = simulator.control("self_client_code", {"scopes": list(SCOPES)})
    assert exchange(context, "", {"code": code}).credentials["refresh_token"]
    with pytest.raises(AuthenticationError):
        exchange(context, "", {"code": code})


def test_a_refused_consent_and_one_that_took_too_long_change_nothing() -> None:
    simulator = ZohoBooksSimulator()
    context = context_for(simulator, US, credentials=client_only(simulator))
    with pytest.raises(AuthenticationError):
        exchange(context, BACK, {"error": "access_denied"})
    answer = consented(simulator, context)
    simulator.clock.advance(minutes=3)
    with pytest.raises(AuthenticationError):
        exchange(context, BACK, answer)


def test_another_data_centre_is_named_where_the_token_says_so() -> None:
    simulator = ZohoBooksSimulator(home="eu")

    class Misled(Hosts):
        """As if the accounts server of one data centre served an account of another."""

        def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:  # type: ignore[override]
            request.url = (request.url or "").replace("accounts.zoho.com/", "accounts.zoho.eu/")
            return super().send(request, *args, **options)

    with pytest.raises(ConfigurationError, match=r"https://www\.zohoapis\.eu"):
        ZohoClient(context_for(simulator, US, transport=Misled(simulator))).organizations()


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"refresh_token": "1000.gone"}, AuthenticationError),
        ({"client_secret": "wrong"}, AuthenticationError),
        ({"client_id": "1000.NOBODY"}, AuthenticationError),
    ],
)
def test_errors_of_the_accounts_server_are_read_whatever_their_status(
    change: dict[str, str], error: type[Exception], status: int
) -> None:
    simulator = ZohoBooksSimulator(switches=Switches(token_error_status=status))
    whole = credentials_for(simulator)
    values = {
        "client_id": whole.client_id,
        "client_secret": whole.client_secret.get_secret_value(),
        "refresh_token": whole.refresh_token.get_secret_value() if whole.refresh_token else "",
    }
    context = context_for(simulator, credentials=ZohoCredentials.model_validate({**values, **change}))
    with pytest.raises(error):
        ZohoClient(context).organizations()


def test_the_throttle_of_tokens_is_no_refusal_and_closes_nothing_else() -> None:
    simulator = ZohoBooksSimulator(switches=Switches(refreshes_per_ten_minutes=1))
    credentials = credentials_for(simulator)
    closed: list[timedelta] = []

    class Gate:
        def acquire(self, cost: int = 1, *, call: str = "") -> None: ...

        def closed(self, retry_after: timedelta) -> None:
            closed.append(retry_after)

    for number in range(2):
        context = context_for(simulator, credentials=credentials, limiter=Gate())
        if number == 0:
            assert ZohoClient(context).organizations()
            continue
        with pytest.raises(RateLimitedError) as caught:
            ZohoClient(context).organizations()
        assert caught.value.retry_after == timedelta(minutes=10)
    assert closed == []


def test_an_unknown_reason_is_shown_and_not_guessed_at() -> None:
    simulator = ZohoBooksSimulator()
    context = context_for(simulator)
    with pytest.raises(RejectedError):
        ask(context, ADDRESS, grant_type="password")
