"""How does simulated Brex show expenses, receipts, transactions and team data?"""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.brex.simulated import HOST, Account

EXPENSES = "/v1/expenses"


@pytest.fixture
def account() -> Account:
    return Account()


def expense(account: Account, **parts: Any) -> str:
    account.simulator.clock.advance(seconds=1)
    plain = {"expense_type": "CARD", "status": "APPROVED", "payment_status": "CLEARED", "user_id": "cuuser_1"}
    return str(account.do("add_expense", expense={**plain, **parts})["id"])


def test_expanding_changes_the_answer_and_nothing_else_does(account: Account) -> None:
    merchant, custom = {"raw_descriptor": "RACKSHOP", "mcc": "5732", "country": "FRA"}, [{"key": "k", "value": {}}]
    made = expense(account, _merchant=merchant, _custom_fields=custom, merchant_id="merchant_8")
    plain = account.get(f"{EXPENSES}/{made}")
    assert (plain["merchant"], plain["custom_fields"], plain["merchant_id"]) == (None, None, "merchant_8")
    expanded = account.get(f"{EXPENSES}/{made}?expand[]=merchant")
    assert (expanded["merchant"], expanded["custom_fields"]) == (merchant, None)
    assert account.get(f"{EXPENSES}/{made}?load_custom_fields=true")["custom_fields"] == custom
    assert account.call("GET", f"{EXPENSES}?expand[]=everything").status_code == 400


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status[]=APPROVED&status[]=SETTLED", [0, 1]),
        ("expense_type[]=REIMBURSEMENT", [1]),
        ("payment_status[]=PROCESSING", [2]),
        ("user_id[]=cuuser_2", [2]),
        ("updated_at_start=2026-03-04T12:00:02&updated_at_end=2026-03-04T12:00:02Z", [1]),
        ("updated_at_start=2026-03-04T12:00:02.000Z", [1, 2]),
        ("purchased_at_start=2026-03-01T00:00:00Z", [2]),
        ("payment_posted_at_end=2026-02-10T00:00:00Z", [0]),
    ],
)
def test_filters_are_inclusive_and_without_a_zone_mean_utc(account: Account, query: str, found: list[int]) -> None:
    made = [
        expense(account, purchased_at="2026-02-01T00:00:00.000000Z", payment_posted_at="2026-02-02T00:00:00.000000Z"),
        expense(account, expense_type="REIMBURSEMENT", status="SETTLED", purchased_at="2026-02-20T00:00:00.000000Z"),
        expense(
            account,
            status="SUBMITTED",
            payment_status="PROCESSING",
            user_id="cuuser_2",
            purchased_at="2026-03-02T00:00:00.000000Z",
        ),
    ]
    assert account.ids(f"{EXPENSES}?{query}") == [made[one] for one in found]


@pytest.mark.parametrize("query", ["status[]=DONE", "expense_type[]=CASH", "payment_status[]=X", "updated_at_start=x"])
def test_unknown_filter_values_are_refused(account: Account, query: str) -> None:
    assert account.call("GET", f"{EXPENSES}?{query}").status_code == 400


def test_children_of_a_split_are_found_by_their_parent_and_nested_in_it(account: Account) -> None:
    children = [expense(account), expense(account)]
    parent = expense(account, status="SPLIT", _children=children)
    for one in children:
        account.store.expenses[one]["_parent_id"] = parent
    assert account.ids(f"{EXPENSES}?parent_expense_id[]={parent}") == children
    assert [one["id"] for one in account.get(f"{EXPENSES}/{parent}")["expense_line_items"]] == children


def test_an_ordinary_user_sees_only_his_own(account: Account) -> None:
    mine, other = expense(account, user_id="cuuser_ana"), expense(account, user_id="cuuser_bob")
    account.token = account.do("add_token", role="EMPLOYEE", user_id="cuuser_ana")
    assert account.ids(EXPENSES) == [mine]
    assert account.call("GET", f"{EXPENSES}/{other}").status_code == 404


def test_only_the_memo_can_be_changed_and_the_answer_is_short(account: Account) -> None:
    made = expense(account, memo="old", category="SERVERS")
    answer = account.call("PUT", f"{EXPENSES}/card/{made}", {"memo": "new", "category": "RENT"}).json()
    assert (answer["memo"], answer["category"]) == ("new", "SERVERS")
    assert "receipts" not in answer
    assert "dashboard_url" not in answer


def test_a_receipt_link_lives_fifteen_minutes_and_a_new_one_is_fresh(account: Account) -> None:
    receipt = account.do("add_receipt", name="bill.pdf", text="Rack (for Lyon)")
    made = expense(account, receipts=[{"id": receipt}])
    path = f"{EXPENSES}/{made}"
    assert account.get(path)["receipts"] == [{"id": receipt, "download_uris": None}]
    path += "?expand[]=receipts.download_uris"
    link = account.get(path)["receipts"][0]["download_uris"][0]
    assert account.session.get(link).content.startswith(b"%PDF-")
    assert account.session.get(link + "0").status_code == 403
    account.simulator.clock.advance(minutes=15)
    assert account.session.get(link).status_code == 403
    fresh = account.get(path)["receipts"][0]["download_uris"][0]
    assert fresh != link
    assert account.session.get(fresh).status_code == 200


def test_records_carry_receipt_links_too(account: Account) -> None:
    record = account.record(receipts=[{"id": account.do("add_receipt")}])
    link = account.get(f"/v3/accounting/records/{record}")["receipts"][0]["download_uris"][0]
    assert account.session.get(link).headers["Content-Type"] == "application/pdf"


def test_an_uploaded_receipt_hangs_on_its_expense(account: Account) -> None:
    made = expense(account)
    upload = account.post(f"{EXPENSES}/card/{made}/receipt_upload", {"receipt_name": "a.pdf"})
    assert upload.status_code == 201
    uri = upload.json()["uri"]
    assert account.session.post(uri, data=b"x").status_code == 405
    assert account.session.put(uri, data=b"%PDF-mine").status_code == 200
    link = account.get(f"{EXPENSES}/{made}?expand[]=receipts.download_uris")["receipts"][0]["download_uris"][0]
    assert account.session.get(link).content == b"%PDF-mine"
    account.simulator.clock.advance(minutes=30)
    assert account.session.put(uri, data=b"late").status_code == 403


def card(account: Account, day: str, **parts: Any) -> str:
    return str(account.do("add_card_transaction", type="PURCHASE", amount=100, posted_at_date=day, **parts)["id"])


def test_a_late_posting_appears_among_earlier_days(account: Account) -> None:
    made = [card(account, "2026-03-01"), card(account, "2026-03-03")]
    assert account.ids("/v2/transactions/card/primary") == made
    late = card(account, "2026-03-02")
    assert account.ids("/v2/transactions/card/primary") == [made[0], late, made[1]]
    assert account.ids("/v2/transactions/card/primary?posted_at_start=2026-03-02T00:00:00Z") == [late, made[1]]


def test_an_unsettled_transaction_is_not_shown(account: Account) -> None:
    pending = card(account, "2026-03-02", readable_after=3600)
    assert account.ids("/v2/transactions/card/primary") == []
    account.simulator.clock.advance(hours=1)
    assert account.ids("/v2/transactions/card/primary") == [pending]


@pytest.mark.parametrize(("how", "count"), [("date", 1), ("instant", 0)])
def test_what_a_moment_within_the_day_filters_is_a_switch(account: Account, how: str, count: int) -> None:
    account.switches.posted_at_start_compares = how
    card(account, "2026-03-02")
    assert len(account.ids("/v2/transactions/card/primary?posted_at_start=2026-03-02T10:00:00Z")) == count
    assert len(account.ids("/v2/transactions/card/primary?posted_at_start=2026-03-02T00:00:00Z")) == 1


def test_the_expense_id_is_sent_only_when_expanded(account: Account) -> None:
    card(account, "2026-03-02", _expense_id="expense_1", _user_id="cuuser_1")
    path = "/v2/transactions/card/primary"
    assert account.get(path)["items"][0]["expense_id"] is None
    assert account.get(f"{path}?expand[]=expense_id")["items"][0]["expense_id"] == "expense_1"
    assert account.ids(f"{path}?user_ids=cuuser_2") == []
    assert len(account.ids(f"{path}?user_ids=cuuser_2&user_ids=cuuser_1")) == 1


def test_an_account_without_a_business_account_answers_401_for_cash(account: Account) -> None:
    account.switches.has_business_account = False
    assert account.call("GET", "/v2/accounts/cash").status_code == 401
    assert account.get("/v2/accounts/card") == []


def test_users_are_found_by_email(account: Account) -> None:
    ana = account.do("add_user", first_name="Ana", last_name="Roux", email="ana@acme.test")
    account.do("add_user", first_name="Bob", last_name="Moss", email="bob@acme.test")
    assert account.ids("/v2/users?email=ANA@acme.test") == [ana["id"]]
    assert account.get("/v2/users/me")["id"] == account.simulator.admin_id
    missing = account.call("GET", "/v2/users/none")
    assert missing.json() == {"type": "NOT_FOUND", "message": "Not Found", "code": "USER_NOT_FOUND"}


def test_an_unknown_path_is_a_404_and_a_wrong_method_a_405(account: Account) -> None:
    assert account.call("GET", "/v2/cost_centers").json() == {"type": "NOT_FOUND", "message": "Not Found"}
    assert account.call("GET", "/v3/accounting/entries").json()["error_code"] == "NOT_FOUND"
    assert account.call("DELETE", "/v2/company").status_code == 405
    assert account.session.get(f"{HOST}/nowhere").status_code == 401
