"""Does the simulated accounts server give, limit, evict and refuse tokens as Zoho does?"""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.connectors.zoho_books.simulated import ACCOUNTS, API, NOON, Books

EUROPE = "https://accounts.zoho.eu"
CALLBACK = "http://127.0.0.1/oauth/callback"
THROTTLED = {
    "error": "Access Denied",
    "error_description": "You have made too many requests continuously. Please try again after some time.",
    "status": "failure",
}


@pytest.fixture
def books() -> Books:
    return Books()


def authorize(books: Books, accounts: str = ACCOUNTS, **more: str) -> requests.Response:
    asked = {
        "client_id": books.credentials["client_id"],
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "scope": "ZohoBooks.accountants.READ,ZohoBooks.settings.READ",
        "state": "s1",
        **more,
    }
    return books.session.get(f"{accounts}/oauth/v2/auth", params=asked, allow_redirects=False)


def callback(answer: requests.Response) -> dict[str, str]:
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(CALLBACK)
    return {name: value[0] for name, value in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def exchange(books: Books, code: str, accounts: str = ACCOUNTS, **more: str) -> requests.Response:
    values = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, **more}
    return books.token_call(accounts, **values)


def test_a_refresh_gives_an_access_token_and_the_host_of_the_api_but_no_refresh_token(books: Books) -> None:
    for as_query in (False, True):
        values = {"grant_type": "refresh_token", "refresh_token": books.credentials["refresh_token"]}
        answer = books.token_call(as_query=as_query, **values)
        body = answer.json()
        assert answer.status_code == 200
        assert body["api_domain"] == "https://www.zohoapis.com"
        assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
        assert "refresh_token" not in body
        assert body["access_token"].startswith("1000.")
        assert len(body["access_token"].split(".")) == 3


def test_an_access_token_lives_an_hour(books: Books) -> None:
    books.token = books.refresh().json()["access_token"]
    books.clock.advance(seconds=3599)
    assert books.call("GET", "/journals").status_code == 200
    books.clock.advance(seconds=1)
    assert books.refused("GET", "/journals") == (401, 57)


def test_a_code_is_exchanged_once_within_two_minutes(books: Books) -> None:
    told = callback(authorize(books, access_type="offline", prompt="consent"))
    assert (told["state"], told["location"], told["accounts-server"]) == ("s1", "us", ACCOUNTS)
    body = exchange(books, told["code"]).json()
    assert body["refresh_token"].startswith("1000.")
    assert books.refresh(body["refresh_token"]).json()["access_token"]
    again = exchange(books, told["code"])
    assert (again.status_code, again.json()) == (200, {"error": "invalid_code"})
    late = callback(authorize(books))["code"]
    books.clock.advance(seconds=121)
    assert exchange(books, late).json() == {"error": "invalid_code"}


def test_only_offline_access_with_fresh_consent_gives_a_refresh_token(books: Books) -> None:
    def has_refresh(**asked: str) -> bool:
        return "refresh_token" in exchange(books, callback(authorize(books, **asked))["code"]).json()

    assert not has_refresh()
    assert not has_refresh(access_type="online", prompt="consent")
    assert not has_refresh(access_type="offline")  # this person has consented before
    assert has_refresh(access_type="offline", prompt="consent")


def test_the_first_consent_of_a_client_gives_a_refresh_token_without_a_prompt(books: Books) -> None:
    made = books.do("add_client", redirect_uris=[CALLBACK])
    code = callback(authorize(books, access_type="offline", client_id=made["client_id"]))["code"]
    assert "refresh_token" in exchange(books, code, **made).json()


def test_a_person_who_denies_sends_back_an_error(books: Books) -> None:
    books.switches.consent = "deny"
    assert callback(authorize(books)) == {"error": "access_denied", "state": "s1"}


def test_a_wrong_redirect_address_is_a_page_and_no_redirect(books: Books) -> None:
    answer = authorize(books, redirect_uri="https://evil.test")
    assert (answer.status_code, "invalid_redirect_uri" in answer.text) == (200, True)


def test_ten_codes_in_ten_minutes_are_enough_for_a_client(books: Books) -> None:
    for _ in range(10):
        assert "code" in callback(authorize(books))
    assert callback(authorize(books))["error"] == "access_denied"
    books.clock.advance(minutes=11)
    assert "code" in callback(authorize(books))


def test_a_self_client_exchanges_a_code_of_the_console_without_an_address(books: Books) -> None:
    code = books.do("self_client_code", scopes=["ZohoBooks.settings.READ"])
    body = books.token_call(grant_type="authorization_code", code=code).json()
    assert body["scope"] == "ZohoBooks.settings.READ"
    assert body["refresh_token"]
    late = books.do("self_client_code")
    books.clock.advance(seconds=181)
    assert books.token_call(grant_type="authorization_code", code=late).json() == {"error": "invalid_code"}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": "1000.NOBODY"}, "invalid_client"),
        ({"client_secret": "wrong"}, "invalid_client_secret"),
        ({"refresh_token": "1000.a.b"}, "invalid_code"),
    ],
)
def test_errors_of_the_token_endpoint_come_with_http_200(books: Books, changes: dict[str, str], error: str) -> None:
    usual = {"grant_type": "refresh_token", "refresh_token": books.credentials["refresh_token"]}
    answer = books.token_call(**{**usual, **changes})
    assert (answer.status_code, answer.json()) == (200, {"error": error})


def test_a_json_body_is_not_understood(books: Books) -> None:
    values = {**books.credentials, "grant_type": "refresh_token"}
    answer = books.session.post(f"{ACCOUNTS}/oauth/v2/token", json=values)
    assert (answer.status_code, answer.json()) == (200, {"error": "invalid_client"})
    assert "server error" in books.session.get(f"{ACCOUNTS}/oauth/v2/token").text


def test_the_eleventh_refresh_in_ten_minutes_is_refused_until_they_are_over(books: Books) -> None:
    for _ in range(10):
        assert books.refresh().status_code == 200
        books.clock.advance(seconds=30)
    refused = books.refresh()
    assert (refused.status_code, refused.json()) == (400, THROTTLED)
    books.clock.advance(seconds=299)
    assert books.refresh().status_code == 400
    books.clock.advance(seconds=1)
    assert "access_token" in books.refresh().json()
    other = books.do("add_refresh_token")
    assert "access_token" in books.refresh(other).json()


def test_asking_on_during_the_block_can_extend_it(books: Books) -> None:
    books.switches.throttle_extends = True
    for _ in range(10):
        books.refresh()
    books.clock.advance(minutes=9)
    assert books.refresh().status_code == 400
    books.clock.advance(minutes=9)
    assert books.refresh().status_code == 400
    books.clock.advance(minutes=10)
    assert books.refresh().status_code == 200


def test_the_sixteenth_live_access_token_pushes_the_oldest_out(books: Books) -> None:
    made = []
    for _ in range(16):
        made.append(books.refresh().json()["access_token"])
        books.clock.advance(seconds=61)
    states = []
    for token in made:
        books.token = token
        states.append(books.call("GET", "/journals").status_code)
    assert states == [401] + [200] * 15


def test_the_twenty_first_refresh_token_of_a_person_silently_deletes_the_oldest(books: Books) -> None:
    books.token = books.refresh().json()["access_token"]
    others = [books.do("add_refresh_token") for _ in range(19)]
    assert books.call("GET", "/journals").status_code == 200
    books.do("add_refresh_token")
    assert books.refresh().json() == {"error": "invalid_code"}
    assert books.refused("GET", "/journals") == (401, 57)
    assert "access_token" in books.refresh(others[0]).json()


def test_revoking_ends_a_refresh_token_and_its_access_tokens(books: Books) -> None:
    books.token = books.refresh().json()["access_token"]
    answer = books.session.post(
        f"{ACCOUNTS}/oauth/v2/token/revoke", params={"token": books.credentials["refresh_token"]}
    )
    assert answer.json() == {"status": "success"}
    assert books.refused("GET", "/journals") == (401, 57)
    assert books.refresh().json() == {"error": "invalid_code"}


def test_tokens_of_one_data_centre_are_nothing_in_another(books: Books) -> None:
    assert books.refresh(accounts=EUROPE).json() == {"error": "invalid_code"}
    told = callback(authorize(books))
    assert exchange(books, told["code"], EUROPE).json() == {"error": "invalid_code"}
    headers = {"Authorization": f"Zoho-oauthtoken {books.token}"}
    assert books.session.get("https://www.zohoapis.eu/books/v3/organizations", headers=headers).status_code == 401
    assert books.session.get(f"{API}/organizations", headers=headers).status_code == 200


def test_a_person_of_another_data_centre_is_sent_back_from_there(books: Books) -> None:
    books.do("sign_in", email="jonas.weber@cascade.test")
    told = callback(authorize(books, access_type="offline"))
    assert (told["location"], told["accounts-server"]) == ("eu", EUROPE)
    body = exchange(books, told["code"], EUROPE).json()
    assert body["api_domain"] == "https://www.zohoapis.eu"
    headers = {"Authorization": f"Zoho-oauthtoken {body['access_token']}"}
    listed = books.session.get(f"{body['api_domain']}/books/v3/organizations", headers=headers).json()
    assert [one["name"] for one in listed["organizations"]] == ["Cascade Robotics BV"]


def test_a_client_without_multi_dc_does_not_exist_elsewhere(books: Books) -> None:
    made = books.do("add_client", multi_dc=False, redirect_uris=[CALLBACK])
    values = {"grant_type": "refresh_token", "refresh_token": "x", **made}
    assert books.token_call(EUROPE, **values).json() == {"error": "invalid_client"}
    assert books.token_call(ACCOUNTS, **values).json() == {"error": "invalid_code"}


def test_accounts_and_api_do_not_answer_for_each_other(books: Books) -> None:
    headers = {"Authorization": f"Zoho-oauthtoken {books.token}"}
    assert books.session.get(f"{ACCOUNTS}/books/v3/organizations", headers=headers).status_code == 404
    assert books.session.post("https://www.zohoapis.com/oauth/v2/token").status_code == 404


def test_the_list_of_data_centres_names_canada_rightly(books: Books) -> None:
    listed = books.session.get(f"{ACCOUNTS}/oauth/serverinfo").json()["locations"]
    assert len(listed) == 8
    assert listed["ca"] == "https://accounts.zohocloud.ca"


def test_the_same_seed_makes_the_same_keys_and_ids() -> None:
    first, second = Books(), Books()
    assert first.credentials == second.credentials
    assert first.account("600100") == second.account("600100")
    assert first.clock.now() == NOON
