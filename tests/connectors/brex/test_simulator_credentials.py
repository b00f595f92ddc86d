"""Which credentials does simulated Brex accept, and in which words does it refuse the others?"""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.brex.simulator.switches import Switches
from tests.connectors.brex.simulated import HOST, Account

ME = "/v2/users/me"
RECORDS = "/v3/accounting/records"


@pytest.fixture
def account() -> Account:
    return Account()


@pytest.mark.parametrize("path", [ME, RECORDS])
def test_a_call_without_a_credential_gets_401_and_an_empty_body(account: Account, path: str) -> None:
    answer = account.session.get(HOST + path)
    assert (answer.status_code, answer.content) == (401, b"")


@pytest.mark.parametrize(
    ("status", "path", "body"),
    [
        (403, ME, {"type": "FORBIDDEN", "message": "Invalid or Revoked Token"}),
        (401, ME, {"type": "UNAUTHORIZED", "message": "PERMISSION_DENIED: Invalid or Revoked Token"}),
        (403, RECORDS, {"error_code": "FORBIDDEN", "message": "Invalid or Revoked Token"}),
        (401, RECORDS, {"error_code": "UNAUTHORIZED", "message": "PERMISSION_DENIED: Invalid or Revoked Token"}),
    ],
)
@pytest.mark.parametrize("cause", ["unknown", "revoked", "user left", "idle"])
def test_a_rejected_token_is_named_in_the_body(
    account: Account, status: int, path: str, body: object, cause: str
) -> None:
    account.switches.rejected_token_status = status
    if cause == "unknown":
        account.token = "bxt_nobody"
    elif cause == "revoked":
        account.do("revoke_token")
    elif cause == "user left":
        account.do("change_user", id=account.simulator.admin_id, changes={"status": "DISABLED"})
    else:
        account.simulator.clock.advance(days=91)
    answer = account.call("GET", path)
    assert (answer.status_code, answer.json()) == (status, body)


def test_errors_of_the_gate_can_come_in_the_general_shape_everywhere(account: Account) -> None:
    account.switches.auth_errors_in_general_shape = True
    account.token = "bxt_nobody"
    assert account.call("GET", RECORDS).json()["type"] == "FORBIDDEN"


def test_any_call_winds_the_idle_clock_of_a_user_token_back(account: Account) -> None:
    for _ in range(3):
        account.simulator.clock.advance(days=89)
        assert account.call("GET", ME).status_code == 200
    account.simulator.clock.advance(days=90, seconds=1)
    assert account.call("GET", ME).status_code == 403
    account.do("idle_token", days=0)
    assert account.call("GET", ME).status_code == 200


@pytest.mark.parametrize(
    ("scope", "path"),
    [
        ("users.readonly", "/v1/vendors"),
        ("vendors.readonly", ME),
        ("expenses.card", RECORDS),
        ("accounting.record.read", "/v1/expenses"),
    ],
)
def test_a_missing_scope_is_a_403_with_other_words(account: Account, scope: str, path: str) -> None:
    account.token = account.do("add_token", scopes=[scope])
    answer = account.call("GET", path)
    assert answer.status_code == 403
    assert "Missing required scope" in answer.json()["message"]


@pytest.mark.parametrize("scope", ["users.readonly", "users"])
def test_either_of_two_scopes_suffices(account: Account, scope: str) -> None:
    account.token = account.do("add_token", scopes=[scope])
    assert account.call("GET", ME).status_code == 200


def test_the_accounting_api_may_not_be_granted(account: Account) -> None:
    account.switches.accounting_granted = False
    answer = account.call("GET", RECORDS)
    assert answer.status_code == 403
    assert answer.json()["error_code"] == "FORBIDDEN"
    assert "Token" not in answer.json()["message"]
    assert account.call("GET", "/v1/expenses").status_code == 200


@pytest.mark.parametrize("role", ["EMPLOYEE", "CARD_ADMIN"])
def test_roles_close_cash_and_vendors_with_401(account: Account, role: str) -> None:
    account.token = account.do("add_token", role=role)
    cash, vendors = account.call("GET", "/v2/accounts/cash"), account.call("GET", "/v1/vendors")
    assert (cash.status_code, cash.json()["message"]) == (401, "Must be cash admin, bookkeeper or user.")
    assert vendors.status_code == 401
    assert vendors.json()["message"] == "Only account admin, ap clerks and bookkeepers can access contacts"


def test_every_answer_carries_a_trace_id_of_its_own(account: Account) -> None:
    answers = [account.call("GET", ME), account.session.get(HOST + ME), account.call("GET", "/v2/users/none")]
    traces = [one.headers["X-Brex-Trace-Id"] for one in answers]
    assert all(one.isdigit() for one in traces)
    assert len(set(traces)) == 3


def test_the_bucket_of_a_minute_empties_and_fills_again(account: Account) -> None:
    account.switches.requests_per_minute = 5
    assert [account.call("GET", ME).status_code for _ in range(6)] == [200] * 5 + [429]
    refused = account.call("GET", RECORDS)
    assert refused.json() == {"type": "TOO_MANY_REQUESTS", "message": "Too Many Requests"}
    assert "Retry-After" not in refused.headers
    account.simulator.clock.advance(seconds=12)
    assert [account.call("GET", ME).status_code for _ in range(2)] == [200, 429]
    account.switches.retry_after_on_429 = 7
    assert account.call("GET", ME).headers["Retry-After"] == "7"


def test_the_bucket_is_counted_per_credential(account: Account) -> None:
    account.switches.requests_per_minute = 1
    assert account.call("GET", ME).status_code == 200
    other = account.form("token", grant_type="refresh_token", refresh_token=account.simulator.refresh_token).json()
    account.token = other["access_token"]
    assert account.call("GET", ME).status_code == 200


def test_an_access_token_lives_an_hour_and_then_is_called_expired(account: Account) -> None:
    answer = account.form("token", grant_type="refresh_token", refresh_token=account.simulator.refresh_token).json()
    assert answer["token_type"] == "bearer"
    assert answer["expires_in"] == 3600
    account.token = answer["access_token"]
    account.simulator.clock.advance(seconds=3599)
    assert account.call("GET", ME).status_code == 200
    account.simulator.clock.advance(seconds=1)
    refused = account.call("GET", ME)
    assert (refused.status_code, refused.json()["message"]) == (403, "Expired token")


def test_expires_in_can_be_left_out(account: Account) -> None:
    account.switches.token_answers_have_expires_in = False
    answer = account.form("token", grant_type="refresh_token", refresh_token=account.simulator.refresh_token).json()
    assert set(answer) == {"access_token", "token_type"}


@pytest.mark.parametrize(
    ("rotation", "later", "works_again"),
    [("off", 3600, True), ("strict", 0, False), ("grace", 30, True), ("grace", 61, False)],
)
def test_refresh_tokens_rotate_as_the_switch_says(rotation: str, later: int, works_again: bool) -> None:
    account = Account(switches=Switches(refresh_rotation=rotation))
    old = account.simulator.refresh_token
    first = account.form("token", grant_type="refresh_token", refresh_token=old).json()
    assert ("refresh_token" in first) == (rotation != "off")
    account.simulator.clock.advance(seconds=later)
    again = account.form("token", grant_type="refresh_token", refresh_token=old)
    assert again.status_code == (200 if works_again else 400)
    if not works_again:
        assert again.json()["error"] == "invalid_grant"
        assert (
            account.form("token", grant_type="refresh_token", refresh_token=first["refresh_token"]).status_code == 200
        )


@pytest.mark.parametrize("cause", ["revoked", "ninety days", "unknown"])
def test_a_dead_refresh_token_is_an_invalid_grant(account: Account, cause: str) -> None:
    token = account.simulator.refresh_token
    if cause == "revoked":
        assert account.form("revoke", token=token).status_code == 200
    elif cause == "ninety days":
        account.simulator.clock.advance(days=90)
    else:
        token = "rt_nobody"
    answer = account.form("token", grant_type="refresh_token", refresh_token=token)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(("slides", "status"), [(True, 200), (False, 400)])
def test_whether_a_use_prolongs_a_refresh_token_is_a_switch(account: Account, slides: bool, status: int) -> None:
    account.switches.refresh_token_slides = slides
    form = {"grant_type": "refresh_token", "refresh_token": account.simulator.refresh_token}
    account.simulator.clock.advance(days=60)
    assert account.form("token", **form).status_code == 200
    account.simulator.clock.advance(days=60)
    assert account.form("token", **form).status_code == status


def test_a_wrong_client_secret_is_an_invalid_client(account: Account) -> None:
    answer = account.form("token", grant_type="refresh_token", refresh_token="x", client_secret="wrong")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_code_is_exchanged_once_and_only_for_the_registered_address(account: Account) -> None:
    back = "http://127.0.0.1/oauth/callback"
    query = {
        "response_type": "code",
        "client_id": account.simulator.client_id,
        "redirect_uri": back,
        "scope": "openid offline_access users.readonly",
        "state": "state-of-12-chars",
    }
    url = f"{HOST}/oauth2/default/v1/authorize"
    for wrong in ({"redirect_uri": f"{back}/"}, {"state": "short"}, {"client_id": "nobody"}):
        assert account.session.get(url, params={**query, **wrong}, allow_redirects=False).status_code == 400
    sent = account.session.get(url, params=query, allow_redirects=False).headers["Location"]
    got = parse_qs(urlsplit(sent).query)
    assert sent.startswith(back)
    assert got["state"] == ["state-of-12-chars"]
    form = {"grant_type": "authorization_code", "code": got["code"][0], "redirect_uri": back}
    answer = account.form("token", **form).json()
    assert set(answer) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert account.form("token", **form).json()["error"] == "invalid_grant"
    account.token = answer["access_token"]
    assert account.call("GET", ME).status_code == 200
    assert account.call("GET", "/v1/vendors").status_code == 403


def test_discovery_names_the_three_endpoints(account: Account) -> None:
    found = account.session.get(f"{HOST}/oauth2/default/.well-known/openid-configuration").json()
    assert found["token_endpoint"] == f"{HOST}/oauth2/default/v1/token"
    assert found["authorization_endpoint"].endswith("/v1/authorize")
    assert found["revocation_endpoint"].endswith("/v1/revoke")


def test_the_state_of_the_simulator_shows_no_secret(account: Account) -> None:
    shown = str(account.simulator.state()["credentials"])
    for secret in (account.simulator.user_token, account.simulator.client_secret, account.simulator.refresh_token):
        assert secret not in shown
