"""Does the simulated API admit, refuse, count and page calls as Zoho Books does?"""

from __future__ import annotations

import threading
from typing import Any

import pytest

from connectors.codec import json_load
from tests.connectors.zoho_books.simulated import API, EU, US, Books


@pytest.fixture
def books() -> Books:
    return Books()


def limited(**switches: Any) -> Books:
    books = Books()
    books.do("switch", **switches)
    return books


def test_every_call_but_one_needs_the_organisation(books: Books) -> None:
    headers = {"Authorization": f"Zoho-oauthtoken {books.token}"}
    listed = books.session.get(f"{API}/organizations", headers=headers).json()
    assert [(one["name"], one["is_org_active"]) for one in listed["organizations"]] == [
        ("Cascade Robotics Inc", True),
        ("Cascade Robotics GmbH", True),
        ("Cascade Robotics KK", False),
    ]
    assert "page_context" not in listed
    assert listed["organizations"][1]["time_zone"] == "Europe/Berlin"
    missing = books.session.get(f"{API}/bills", headers=headers)
    assert (missing.status_code, missing.json()["code"]) == (400, 990009)


@pytest.mark.parametrize("org", ["927000009", "200000051", "1"])
def test_an_organisation_of_somebody_else_is_refused(books: Books, org: str) -> None:
    answer = books.call("GET", "/bills", organization_id=org)
    assert answer.status_code == 400
    assert answer.json() == {
        "code": 6041,
        "message": f"This user is not associated with the CompanyID/CompanyName:{org}.",
    }


@pytest.mark.parametrize("header", ["", "Bearer {}", "Zoho-oauthtoken 1000.a.b", "Zoho-oauthtoken"])
def test_a_call_without_a_live_token_is_401_with_code_57(books: Books, header: str) -> None:
    answer = books.call("GET", "/bills", headers={"Authorization": header.format(books.token)})
    assert (answer.status_code, answer.json()["code"]) == (401, 57)


def test_a_dead_token_may_also_be_told_by_code_14(books: Books) -> None:
    for dead, expected in (("14", (401, 14)), ("14 in 200", (200, 14))):
        books.switches.dead_token = dead
        answer = books.call("GET", "/bills", headers={"Authorization": "Zoho-oauthtoken x"})
        assert (answer.status_code, answer.json()["code"]) == expected


def test_a_missing_scope_and_a_missing_right_look_like_a_dead_token(books: Books) -> None:
    dead = books.call("GET", "/bills", headers={"Authorization": "Zoho-oauthtoken x"}).json()
    books.token = books.do("add_access_token", scopes=["ZohoBooks.bills.READ", "ZohoBooks.expenses.ALL"])
    assert books.call("GET", "/bills").status_code == 200
    assert books.call("GET", "/expenses").status_code == 200
    answer = books.call("POST", "/bills", books.bill())
    assert (answer.status_code, answer.json()) == (401, dead)
    books.do("deny", scope="bills.READ")
    assert books.call("GET", "/bills").json() == dead


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/nothing", (404, 5)),
        ("PUT", "/journals", (405, 37)),
        ("PUT", "/vendorcredits", (405, 37)),
        ("GET", "/journals/1", (404, 1002)),
        ("GET", "/bills/1", (404, 1002)),
        ("GET", "/journals?filter_by=Status.All", (400, 2)),
        ("GET", "/journals?page=0", (400, 2)),
    ],
)
def test_wrong_calls_have_zohos_codes(books: Books, method: str, path: str, expected: tuple[int, int]) -> None:
    assert books.refused(method, path) == expected


def test_a_missing_record_is_named(books: Books) -> None:
    assert books.call("GET", "/journals/1").json()["message"] == "Journal does not exist."


@pytest.mark.parametrize("content", ["{", "[]", "nothing"])
def test_bad_json_is_refused(books: Books, content: str) -> None:
    headers = {"Authorization": f"Zoho-oauthtoken {books.token}", "Content-Type": "application/json"}
    answer = books.session.post(f"{API}/journals?organization_id={US}", data=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, 1038)


def test_the_old_form_field_still_carries_json(books: Books) -> None:
    headers = {"Authorization": f"Zoho-oauthtoken {books.token}"}
    sent = {"JSONString": '{"contact_name":"Rackshop","contact_type":"vendor"}'}
    answer = books.session.post(f"{API}/contacts?organization_id={US}", data=sent, headers=headers)
    assert answer.status_code == 201


def test_answers_look_like_live_ones(books: Books) -> None:
    made = books.call("POST", "/journals", books.journal())
    journal = made.json()["journal"]
    assert made.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert made.headers["Location"] == f"/api/v3/journals/{journal['journal_id']}"
    assert journal["created_time"] == "2026-06-15T12:00:00-0700"
    assert len(journal["journal_id"]) == 19
    assert int(journal["journal_id"]) > 2**53
    assert '"total":42.1,' in made.text
    account = books.call("POST", "/chartofaccounts", {"account_name": "Canteen", "account_type": "expense"})
    place = f"/api/v3/chartofaccountdetails/{account.json()['chart_of_account']['account_id']}"
    assert account.headers["Location"] == place


def test_the_allow_header_tells_where_an_upsert_exists(books: Books) -> None:
    for path in ("/bills", "/expenses", "/contacts", "/vendorpayments", "/projects"):
        assert "PUT" in books.call("GET", path).headers["Allow"]
    for path in ("/journals", "/vendorcredits"):
        assert "PUT" not in books.call("GET", path).headers["Allow"]
    assert "PUT" not in books.call("PUT", "/journals", {}).headers["Allow"]


def test_unknown_parameters_and_fields_are_dropped_without_a_word(books: Books) -> None:
    books.ok("POST", "/journals", books.journal())
    assert len(books.rows("/journals", refrence_number="nothing")) == 1
    body = books.journal(source_of_supply="TN", vendor_id="1", status="draft")
    shown = books.ok("POST", "/journals", body)["journal"]
    assert "source_of_supply" not in shown
    assert "vendor_id" not in shown


# --- limits


def test_the_hundred_and_first_call_of_a_minute_is_refused_with_44() -> None:
    books = limited(requests_per_minute=100)
    for _ in range(100):
        assert books.call("GET", "/settings/taxes").status_code == 200
    refused = books.call("GET", "/settings/taxes")
    assert (refused.status_code, refused.json()["code"]) == (429, 44)
    assert "Retry-After" not in refused.headers
    assert books.call("GET", "/settings/taxes", organization_id=EU).status_code == 200
    books.clock.advance(seconds=60)
    assert books.call("GET", "/settings/taxes").status_code == 200


def test_the_minute_may_be_the_clocks_own() -> None:
    books = limited(requests_per_minute=2, minute_window="calendar")
    books.clock.advance(seconds=58)
    for _ in range(2):
        books.ok("GET", "/settings/taxes")
    assert books.refused("GET", "/settings/taxes") == (429, 44)
    books.clock.advance(seconds=2)
    assert books.call("GET", "/settings/taxes").status_code == 200


def test_the_day_may_end_elsewhere() -> None:
    books = limited(requests_per_day=-1, day_zone="UTC")
    assert books.call("GET", "/settings/taxes").headers["X-Rate-Limit-Reset"] == str(5 * 3600)
    books.clock.advance(hours=5)
    assert books.call("GET", "/settings/taxes").headers["X-Rate-Limit-Remaining"] == "4999"


def test_the_other_refusal_blocks_for_an_hour() -> None:
    books = limited(requests_per_minute=2, minute_refusal="43")
    for _ in range(2):
        books.call("GET", "/settings/taxes")
    refused = books.call("GET", "/settings/taxes")
    assert (refused.status_code, refused.json()["code"]) == (429, 43)
    assert refused.headers["Retry-After"] == "3600"
    books.clock.advance(minutes=59)
    assert books.refused("GET", "/settings/taxes") == (429, 43)
    books.clock.advance(minutes=1)
    assert books.call("GET", "/settings/taxes").status_code == 200


def test_the_days_calls_end_with_45_until_midnight_in_the_organisations_zone() -> None:
    books = limited(requests_per_day=-1)
    assert books.do("use_calls", calls=4999) == 4999
    last = books.call("GET", "/settings/taxes")
    assert last.headers["X-Rate-Limit-Limit"] == "5000"
    assert last.headers["X-Rate-Limit-Remaining"] == "0"
    assert last.headers["X-Rate-Limit-Reset"] == str(12 * 3600)
    refused = books.call("GET", "/settings/taxes")
    assert (refused.status_code, refused.json()["code"]) == (429, 45)
    assert refused.json()["message"].endswith("maximum call rate limit of 5,000")
    assert refused.headers["X-Rate-Limit-Reset"] == str(12 * 3600)
    books.clock.advance(hours=12, seconds=-1)
    assert books.refused("GET", "/settings/taxes") == (429, 45)
    books.clock.advance(seconds=1)
    assert books.call("GET", "/settings/taxes").headers["X-Rate-Limit-Remaining"] == "4999"


def test_plans_differ_and_headers_can_be_absent() -> None:
    books = limited(requests_per_day=-1)
    assert books.call("GET", "/settings/taxes", organization_id=EU).headers["X-Rate-Limit-Limit"] == "2000"
    books.do("set_organisation", plan="FREE")
    assert books.call("GET", "/settings/taxes").headers["X-Rate-Limit-Limit"] == "1000"
    books.switches.rate_headers = False
    assert "X-Rate-Limit-Limit" not in books.call("GET", "/settings/taxes").headers


def test_failing_calls_count_too_unless_switched_off() -> None:
    books = limited(requests_per_day=-1)
    books.call("GET", "/journals/1")
    assert books.call("GET", "/settings/taxes").headers["X-Rate-Limit-Remaining"] == "4998"
    books.switches.failed_calls_count = False
    books.call("GET", "/journals/1")
    assert books.call("GET", "/settings/taxes").headers["X-Rate-Limit-Remaining"] == "4997"


def test_more_calls_at_once_than_allowed_are_refused_with_1070() -> None:
    books = limited(concurrent_requests=3)
    books.simulator.seconds_per_call = 0.2
    answers: list[Any] = []
    threads = [threading.Thread(target=lambda: answers.append(books.call("GET", "/settings/taxes"))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.status_code for one in answers) == [200, 200, 200, 429, 429]
    assert {one.json()["code"] for one in answers} == {0, 1070}
    assert books.call("GET", "/settings/taxes").status_code == 200


# --- pages


def numbered(books: Books, count: int) -> None:
    for number in range(count):
        books.do("create", resource="contacts", body={"contact_name": f"V{number:04d}", "contact_type": "vendor"})


def test_lists_give_two_hundred_rows_a_page_and_no_total(books: Books) -> None:
    numbered(books, 450 - len(books.org.contacts))
    first = books.ok("GET", "/contacts")
    assert len(first["contacts"]) == 200
    assert first["page_context"]["has_more_page"] is True
    assert "total" not in first["page_context"]
    assert len(books.ok("GET", "/contacts", page=3)["contacts"]) == 50
    assert books.ok("GET", "/contacts", page=3)["page_context"]["has_more_page"] is False
    assert books.ok("GET", "/contacts", page=4)["contacts"] == []
    assert len(books.ok("GET", "/contacts", per_page=1000)["contacts"]) == 200
    assert len({one["contact_id"] for one in books.rows("/contacts")}) == 450
    books.switches.default_per_page = 10
    assert len(books.ok("GET", "/contacts")["contacts"]) == 10
    assert len(books.ok("GET", "/contacts", per_page=200)["contacts"]) == 200


def test_a_page_shifts_when_a_record_comes_in_between(books: Books) -> None:
    for number in range(4):
        books.ok("POST", "/journals", books.journal(reference=f"R{number}"))
        books.clock.advance(seconds=1)
    sort = {"sort_column": "last_modified_time", "sort_order": "D", "per_page": 2}
    books.do("interrupt", do="create", path="[?&]page=2", arguments={"resource": "journals", "body": books.journal()})
    pages = [books.ok("GET", "/journals", page=page, **sort)["journals"] for page in (1, 2)]
    seen = [one["reference_number"] for page in pages for one in page]
    assert seen == ["R3", "R2", "R2", "R1"]


def test_the_modified_since_filter_takes_an_offset_and_no_bare_plus(books: Books) -> None:
    books.ok("POST", "/journals", books.journal(reference="old"))
    books.clock.advance(minutes=10)
    moment = books.ok("POST", "/journals", books.journal(reference="new"))["journal"]["last_modified_time"]

    def since(value: str) -> list[str]:
        return [one["reference_number"] for one in books.rows("/journals", last_modified_time=value)]

    assert since("2026-06-15T12:05:00-0700") == ["new"]
    assert since("2026-06-15T19:05:00+0000") == ["new"]
    assert since(moment) == ["new"]
    books.switches.modified_since = "exclusive"
    assert since(moment) == []
    bare = books.call("GET", "/journals?last_modified_time=2026-06-15T19:05:00+0000")
    assert (bare.status_code, bare.json()["code"]) == (400, 2)


@pytest.mark.parametrize("path", ["/contacts", "/expenses", "/projects", "/settings/taxes"])
def test_lists_without_a_modified_since_filter_ignore_it(books: Books, path: str) -> None:
    books.ok("POST", "/expenses", books.expense())
    assert books.rows(path, last_modified_time="2030-01-01T00:00:00+0000")


def test_an_unknown_sort_column_is_ignored(books: Books) -> None:
    context = books.ok("GET", "/journals", sort_column="colour", sort_order="A")["page_context"]
    assert (context["sort_column"], context["sort_order"]) == ("journal_date", "A")


def test_new_records_can_be_missing_from_lists_for_a_while(books: Books) -> None:
    books.switches.list_delay_seconds = 5
    made = books.ok("POST", "/journals", books.journal())["journal"]
    assert books.rows("/journals", reference_number="BRX-1") == []
    assert books.ok("GET", f"/journals/{made['journal_id']}")
    books.clock.advance(seconds=5)
    assert len(books.rows("/journals", reference_number="BRX-1")) == 1


def test_amounts_are_read_and_written_without_binary_rounding(books: Books) -> None:
    headers = {"Authorization": f"Zoho-oauthtoken {books.token}", "Content-Type": "application/json"}
    line = '{"account_id":"%s","debit_or_credit":"%s","amount":1234567.89}'
    lines = ",".join(line % (books.account(code), side) for code, side in (("600100", "debit"), ("201100", "credit")))
    text = f'{{"journal_date":"2026-06-09","line_items":[{lines}]}}'
    answer = books.session.post(f"{API}/journals?organization_id={US}", data=text, headers=headers)
    assert str(json_load(answer.content)["journal"]["total"]) == "1234567.89"
