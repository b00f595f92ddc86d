"""Who gets a token from the simulated Entra, and whom does the simulated F&O let in with it?"""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from tests.connectors.dynamics365_fo.simulated import HOST, LOGIN, Environment


@pytest.fixture
def fo() -> Environment:
    return Environment()


def claims(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))


def test_the_newer_endpoint_answers_numbers(fo: Environment) -> None:
    answer = fo.sign_in().json()
    assert answer["token_type"] == "Bearer"
    assert isinstance(answer["expires_in"], int)
    assert answer["expires_in"] == answer["ext_expires_in"]
    told = claims(answer["access_token"])
    assert (told["aud"], told["tid"], told["appid"]) == (HOST, fo.simulator.tenant, fo.simulator.client_id)
    assert told["oid"]


def test_the_older_endpoint_answers_texts(fo: Environment) -> None:
    answer = fo.sign_in(version="").json()
    numbers = ("expires_in", "ext_expires_in", "expires_on", "not_before")
    assert all(isinstance(answer[one], str) and answer[one].isdigit() for one in numbers)
    assert answer["resource"] == HOST
    fo.token = answer["access_token"]
    assert len(fo.rows("Companies")) == 2


def test_a_token_lives_60_to_90_minutes_and_never_the_same(fo: Environment) -> None:
    lives = {fo.sign_in().json()["expires_in"] for _ in range(20)}
    assert len(lives) > 10
    assert 3600 <= min(lives) <= max(lives) <= 5400
    fo.switches.token_seconds = 240
    assert fo.sign_in().json()["expires_in"] == 240


def test_the_discovery_document_names_the_endpoints(fo: Environment) -> None:
    tenant = fo.simulator.tenant
    found = fo.session.get(f"{LOGIN}/{tenant}/v2.0/.well-known/openid-configuration").json()
    assert found["token_endpoint"] == f"{LOGIN}/{tenant}/oauth2/v2.0/token"
    assert found["issuer"] == f"{LOGIN}/{tenant}/v2.0"
    assert "authorization_endpoint" in found


def test_the_names_of_the_login_host_can_be_asked(fo: Environment) -> None:
    (known,) = fo.session.get(f"{LOGIN}/common/discovery/instance").json()["metadata"]
    assert known["preferred_network"] in known["aliases"]


def test_the_secret_may_come_in_the_basic_header(fo: Environment) -> None:
    pair = f"{quote(fo.simulator.client_id)}:{quote(fo.simulator.client_secret)}"
    headers = {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
    assert fo.sign_in(client_id="", client_secret="", headers=headers).status_code == 200


def test_the_tenant_may_be_named_by_its_domain(fo: Environment) -> None:
    assert fo.sign_in(tenant=fo.simulator.tenant_domain).status_code == 200


@pytest.mark.parametrize(
    ("form", "code", "error", "status"),
    [
        ({"client_secret": "wrong"}, 7000215, "invalid_client", 401),
        ({"client_secret": ""}, 7000218, "invalid_client", 401),
        ({"client_id": "11111111-2222-3333-4444-555555555555"}, 700016, "unauthorized_client", 400),
        ({"tenant": "common"}, 90002, "invalid_request", 400),
        ({"tenant": "organizations"}, 90002, "invalid_request", 400),
        ({"scope": "https://other.operations.dynamics.com/.default"}, 500011, "invalid_resource", 400),
        ({"scope": HOST}, 70011, "invalid_scope", 400),
        ({"scope": f"{HOST}/.default openid"}, 70011, "invalid_scope", 400),
        ({"scope": ""}, 900144, "invalid_request", 400),
        ({"grant_type": ""}, 90014, "invalid_request", 400),
        ({"grant_type": "password"}, 70003, "unsupported_grant_type", 400),
    ],
)
def test_a_refused_request_tells_its_code(
    fo: Environment, form: dict[str, str], code: int, error: str, status: int
) -> None:
    answer = fo.sign_in(**form)
    told = answer.json()
    assert (answer.status_code, told["error"], told["error_codes"]) == (status, error, [code])
    assert told["error_description"].startswith(f"AADSTS{code}: ")
    assert told["correlation_id"] in told["error_description"]
    assert set(told) == {
        "error",
        "error_description",
        "error_codes",
        "timestamp",
        "trace_id",
        "correlation_id",
        "error_uri",
    }


@pytest.mark.parametrize(("facts", "code"), [({"enabled": False}, 7000112), ({"is_secret_expired": True}, 7000222)])
def test_an_application_that_ended_gets_no_token(fo: Environment, facts: dict[str, bool], code: int) -> None:
    fo.do("set_application", **facts)
    assert fo.sign_in().json()["error_codes"] == [code]


def test_a_token_request_that_is_no_form_is_refused(fo: Environment) -> None:
    place = f"{LOGIN}/{fo.simulator.tenant}/oauth2/v2.0/token"
    body = {"grant_type": "client_credentials", "client_id": fo.simulator.client_id}
    assert fo.session.post(place, json=body).status_code == 400


def test_the_next_token_request_can_be_made_to_fail(fo: Environment) -> None:
    fo.do("token_errors", codes=[90033])
    answers = [fo.sign_in().status_code for _ in range(2)]
    assert answers == [503, 200]


@pytest.mark.parametrize(
    ("token", "why"),
    [
        ({}, "none"),
        ({"audience": f"{HOST}/"}, "a slash at the end of the audience"),
        ({"audience": HOST.upper()}, "an audience in capitals"),
        ({"audience": "https://other.operations.dynamics.com"}, "another environment's"),
        ({"tid": "99999999-2222-3333-4444-555555555555"}, "another tenant's"),
        ({"oid": None}, "no service principal in the tenant"),
        ({"appid": "99999999-2222-3333-4444-555555555555"}, "an application that F&O does not list"),
        ({"exp": 1_700_000_000}, "expired"),
    ],
)
def test_a_token_that_fits_not_is_refused(fo: Environment, token: dict[str, Any], why: str) -> None:
    fo.token = fo.do("issue_token", **token) if token else "not-a-token"
    answer = fo.call("GET", "/data/Companies")
    assert (answer.status_code, answer.text, answer.headers["WWW-Authenticate"]) == (401, "", "Bearer"), why
    fo.switches.unauthorised_status = 403
    assert fo.call("GET", "/data/Companies").json() == {"Message": "Forbidden"}


def test_a_scope_with_two_slashes_gives_a_token_that_f_and_o_refuses(fo: Environment) -> None:
    answer = fo.sign_in(scope=f"{HOST}//.default")
    assert answer.status_code == 200
    fo.token = answer.json()["access_token"]
    assert fo.call("GET", "/data/Companies").status_code == 401


def test_a_scope_in_capitals_gives_a_token_that_f_and_o_refuses(fo: Environment) -> None:
    fo.token = fo.sign_in(scope=f"{HOST.replace('cascade', 'Cascade')}/.default").json()["access_token"]
    assert fo.call("GET", "/data/Companies").status_code == 401


def test_an_application_that_is_no_longer_listed_or_whose_user_is_disabled_is_refused(fo: Environment) -> None:
    fo.do("set_application", registered=False)
    assert fo.call("GET", "/data/Companies").status_code == 401
    fo.do("set_application", registered=True)
    assert fo.call("GET", "/data/Companies").status_code == 200
    fo.do("set_user", enabled=False)
    assert fo.call("GET", "/data/Companies").status_code == 401


def test_a_token_dies_with_its_time_and_by_decision(fo: Environment) -> None:
    assert fo.call("GET", "/data/Companies").status_code == 200
    fo.do("expire_tokens")
    assert fo.call("GET", "/data/Companies").status_code == 401
    fo.simulator.clock.advance(seconds=1)
    fo.token = fo.sign_in().json()["access_token"]
    assert fo.call("GET", "/data/Companies").status_code == 200
    fo.simulator.clock.advance(seconds=timedelta(minutes=91).total_seconds())
    assert fo.call("GET", "/data/Companies").status_code == 401


def test_a_user_without_rights_on_a_set_is_forbidden(fo: Environment) -> None:
    fo.do("set_user", hidden=["VendorsV3"], read_only=["LedgerJournalHeaders"])
    assert fo.list("VendorsV3").status_code == 403
    assert fo.list("LedgerJournalHeaders").status_code == 200
    assert fo.post("LedgerJournalHeaders", {"dataAreaId": "usmf", "JournalName": "GenJrn"}).status_code == 403


def test_the_smoke_test_service_tells_user_and_company(fo: Environment) -> None:
    path = "/api/services/UserSessionService/AifUserSessionService/GetUserSessionInfo"
    told = fo.call("POST", path, {}).json()
    assert (told["UserId"], told["Company"]) == ("mlconnector", "usmf")
    fo.token = "wrong"
    assert fo.call("POST", path, {}).status_code == 401


def test_an_environment_served_at_another_address_accepts_tokens_for_it(fo: Environment) -> None:
    from connectors.simulation import serve

    with serve(fo.simulator) as served:
        form = {
            "client_id": fo.simulator.client_id,
            "client_secret": fo.simulator.client_secret,
            "grant_type": "client_credentials",
            "scope": f"{served.url}/.default",
        }
        answer = fo.session.post(f"{served.url}/{fo.simulator.tenant}/oauth2/v2.0/token", data=form)
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        found = fo.session.get(f"{served.url}/data/Companies", headers=headers).json()
        assert found["@odata.context"].startswith(served.url)
        assert [one["DataArea"] for one in found["value"]] == ["USMF", "DEMF"]
