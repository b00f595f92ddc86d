"""How does simulated Brex list accounting records, page them and take export results?"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from connectors.brex.simulator.switches import Switches
from tests.connectors.brex.simulated import Account

RECORDS = "/v3/accounting/records"
RESULTS = f"{RECORDS}/export-results"


@pytest.fixture
def account() -> Account:
    return Account()


def ready(account: Account, count: int) -> list[str]:
    ids = []
    for _ in range(count):
        account.simulator.clock.advance(seconds=1)
        ids.append(account.record(review_status="READY_FOR_EXPORT"))
    return ids


def success(record_id: str, **parts: Any) -> dict[str, Any]:
    return {"accounting_record_id": record_id, "success": parts}


@pytest.mark.parametrize(
    ("path", "maximum"),
    [(RECORDS, 500), ("/v1/expenses", 100), ("/v1/expenses/card", 100), ("/v1/vendors", 1000), ("/v1/fields", 1000)],
)
@pytest.mark.parametrize("wrong", ["0", "-1", "ten", "over"])
def test_a_limit_above_the_maximum_is_refused(account: Account, path: str, maximum: int, wrong: str) -> None:
    assert account.call("GET", f"{path}?limit={maximum}").status_code == 200
    limit = str(maximum + 1) if wrong == "over" else wrong
    assert account.call("GET", f"{path}?limit={limit}").status_code == 400


def test_pages_follow_updated_at_and_end_without_a_cursor(account: Account) -> None:
    made = ready(account, 7)
    assert account.ids(f"{RECORDS}?limit=3") == made
    page = account.get(f"{RECORDS}?limit=3")
    assert (page["has_next_page"], page["total_count"], len(page["items"])) == (True, 7, 3)
    account.switches.list_order = "descending"
    assert account.ids(f"{RECORDS}?limit=3") == made[::-1]


def test_records_added_while_paging_neither_shift_nor_repeat_others(account: Account) -> None:
    made = ready(account, 4)
    first = account.get(f"{RECORDS}?limit=2")
    early = account.record(updated_at="2026-03-04T11:00:00.000000Z")
    late = ready(account, 1)[0]
    rest = account.get(f"{RECORDS}?limit=500&cursor={first['next_cursor']}")
    assert [one["id"] for one in first["items"] + rest["items"]] == [*made, late]
    assert account.ids(RECORDS)[0] == early


@pytest.mark.parametrize("cursor", ["x", "bm90IGpzb24=", "WzFd"])
def test_a_cursor_of_somebody_else_is_refused(account: Account, cursor: str) -> None:
    assert account.call("GET", f"{RECORDS}?cursor={cursor}").status_code == 400


def test_a_cursor_belongs_to_its_filters(account: Account) -> None:
    ready(account, 3)
    cursor = account.get(f"{RECORDS}?limit=1")["next_cursor"]
    assert account.call("GET", f"{RECORDS}?review_status=REVIEW&cursor={cursor}").status_code == 400
    account.switches.cursor_bound_to_filters = False
    assert account.call("GET", f"{RECORDS}?review_status=REVIEW&cursor={cursor}").status_code == 200


@pytest.mark.parametrize(
    ("bound", "found"),
    [("gt", [2]), ("gte", [1, 2]), ("lt", [0]), ("lte", [0, 1])],
)
def test_updated_at_takes_four_bounds(account: Account, bound: str, found: list[int]) -> None:
    made = ready(account, 3)
    assert account.ids(f"{RECORDS}?updated_at[{bound}]=2026-03-04T12:00:02Z") == [made[one] for one in found]


def test_updated_at_takes_a_plain_date_as_its_first_moment(account: Account) -> None:
    made = ready(account, 1)
    assert account.ids(f"{RECORDS}?updated_at[gte]=2026-03-04") == made
    assert account.ids(f"{RECORDS}?updated_at[gte]=2026-03-05") == []
    assert account.call("GET", f"{RECORDS}?updated_at[gte]=yesterday").status_code == 400


def test_bills_are_found_by_source_type_and_never_by_review_status(account: Account) -> None:
    bill = account.record(source_type="BILL", type="BILL_EXPENSE", review_status="READY_FOR_EXPORT")
    card = ready(account, 1)[0]
    assert account.ids(f"{RECORDS}?source_type=BILL&updated_at[gt]=2026-01-01") == [bill]
    assert account.ids(f"{RECORDS}?review_status=READY_FOR_EXPORT") == [card]
    refused = account.call("GET", f"{RECORDS}?source_type=BILL&review_status=READY_FOR_EXPORT")
    assert (refused.status_code, refused.json()["error_code"]) == (400, "INVALID_REQUEST")
    account.switches.bill_with_review_status = "ignore"
    assert account.ids(f"{RECORDS}?source_type=BILL&review_status=READY_FOR_EXPORT") == [bill]


@pytest.mark.parametrize("query", ["review_status=DONE", "source_type=CASH", "single_entry=maybe"])
def test_an_unknown_filter_value_is_refused(account: Account, query: str) -> None:
    assert account.call("GET", f"{RECORDS}?{query}").status_code == 400


def test_ids_are_looked_up_and_unknown_ones_are_absent(account: Account) -> None:
    made = ready(account, 3)
    asked = "&".join(f"ids={one}" for one in (made[2], "accr_none", made[0]))
    assert account.ids(f"{RECORDS}?{asked}") == [made[0], made[2]]
    account.switches.unknown_ids = "not_found"
    assert account.call("GET", f"{RECORDS}?{asked}").status_code == 404


def test_five_hundred_ids_are_taken_and_one_more_is_not(account: Account) -> None:
    many = "&".join(f"ids=accr_{one}" for one in range(500))
    assert account.call("GET", f"{RECORDS}?{many}").status_code == 200
    assert account.call("GET", f"{RECORDS}?{many}&ids=one_more").status_code == 400


def test_single_entry_drops_the_offsetting_lines_only(account: Account) -> None:
    record = account.record()
    both = account.get(f"{RECORDS}/{record}")["line_items"]
    single = account.get(f"{RECORDS}/{record}?single_entry=true")["line_items"]
    assert [one["type"] for one in both] == ["DEBIT", "CREDIT"]
    assert single == both[:1]
    assert account.get(f"{RECORDS}?single_entry=true")["items"][0]["line_items"] == single
    assert not any(name.startswith("_") for line in both for name in line)


def test_amounts_are_json_numbers_in_major_units(account: Account) -> None:
    record = account.record(24840)
    text = account.call("GET", f"{RECORDS}/{record}").text
    parsed = json.loads(text, parse_float=Decimal)
    assert parsed["amount"] == {"amount": Decimal("248.4"), "currency": "USD"}
    assert '"amount":"' not in text


def test_a_success_exports_the_record_and_dates_its_expense(account: Account) -> None:
    expense = account.do("add_expense", expense={"expense_type": "CARD", "status": "APPROVED"})
    record = account.record(review_status="READY_FOR_EXPORT", source_id=expense["id"], version=3)
    account.simulator.clock.advance(minutes=5)
    answer = account.post(RESULTS, {"results": [success(record, reference_id="account.move/8812")]})
    assert answer.json() == {"updated_accounting_record_ids": [record]}
    after = account.get(f"{RECORDS}/{record}")
    assert (after["review_status"], after["version"]) == ("EXPORTED", 4)
    assert after["updated_at"] == "2026-03-04T12:05:00.000000Z"
    assert account.get(f"/v1/expenses/{expense['id']}")["exported_at"] == "2026-03-04T12:05:00.000000Z"
    assert account.simulator.state()["export_results"][0]["reference_id"] == "account.move/8812"
    assert account.ids(f"{RECORDS}?review_status=READY_FOR_EXPORT") == []
    assert account.ids(f"{RECORDS}?review_status=EXPORTED") == [record]


@pytest.mark.parametrize("status", ["REVIEW", "PREPARE", "READY_FOR_EXPORT"])
def test_a_failure_moves_the_record_where_the_switch_says(status: str) -> None:
    account = Account(switches=Switches(failure_status=status))
    record = ready(account, 1)[0]
    failure = {"accounting_record_id": record, "failure": {"error_message": "6100 is archived"}}
    assert account.post(RESULTS, {"results": [failure]}).status_code == 200
    assert account.get(f"{RECORDS}/{record}")["review_status"] == status
    assert account.simulator.state()["export_results"][0]["error_message"] == "6100 is archived"


@pytest.mark.parametrize(
    ("case", "status", "code", "key"),
    [
        ("unknown", 404, "NOT_FOUND", "not_found_export_entry_source_ids"),
        ("twice", 422, "DUPLICATE_ACCOUNTING_RECORD_IDS", "duplicate_accounting_record_ids"),
        ("in review", 422, "ACCOUNTING_RECORD_NOT_READY_FOR_EXPORT", "not_ready_for_export_accounting_record_ids"),
        ("exported", 422, "ACCOUNTING_RECORD_NOT_READY_FOR_EXPORT", "not_ready_for_export_accounting_record_ids"),
    ],
)
def test_one_bad_result_leaves_all_records_as_they_were(
    account: Account, case: str, status: int, code: str, key: str
) -> None:
    good, other = ready(account, 2)
    bad = {"unknown": "accr_none", "twice": good, "in review": account.record(), "exported": other}[case]
    if case == "exported":
        account.post(RESULTS, {"results": [success(other)]})
    answer = account.post(RESULTS, {"results": [success(good), success(bad)]})
    assert answer.status_code == status
    assert (answer.json()["error_code"], answer.json()["details"]) == (code, {key: [bad]})
    assert account.get(f"{RECORDS}/{good}")["review_status"] == "READY_FOR_EXPORT"


@pytest.mark.parametrize(
    "results",
    [
        [],
        None,
        "all",
        [{"accounting_record_id": "accr_1"}],
        [{"accounting_record_id": "accr_1", "success": {}, "failure": {"error_message": "x"}}],
        [{"success": {}}],
        [{"accounting_record_id": "accr_1", "failure": {}}],
        [{"accounting_record_id": "accr_1", "success": {"deep_link_url": None}}],
    ],
)
def test_a_malformed_result_is_an_invalid_request(account: Account, results: object) -> None:
    answer = account.post(RESULTS, {"results": results})
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_REQUEST")


def test_more_results_than_the_maximum_are_refused(account: Account) -> None:
    account.switches.max_export_results = 2
    ids = ready(account, 3)
    assert account.post(RESULTS, {"results": [success(one) for one in ids]}).status_code == 400
    assert account.post(RESULTS, {"results": [success(one) for one in ids[:2]]}).status_code == 200


def test_there_is_one_active_integration(account: Account) -> None:
    body = {"vendor": "ML_CONNECTOR", "vendor_account_id": "tenant-1"}
    path = "/v3/accounting/integration"
    made = account.post(path, body).json()
    assert made["id"] == made["integration_id"]
    assert account.post(path, body).json() == made
    mismatch = account.post(path, {**body, "vendor_account_id": "tenant-2"}).json()
    assert mismatch["error_code"] == "VENDOR_ACCOUNT_ID_MISMATCH"
    assert mismatch["details"]["existing_integration_id"] == made["id"]
    other = account.post(path, {**body, "vendor": "OTHER"})
    assert (other.status_code, other.json()["error_code"]) == (409, "ACTIVE_INTEGRATION_EXISTS")
    place = f"{path}/{made['id']}"
    assert account.post(f"{place}/reactivate", {}).json()["error_code"] == "ACTIVE_INTEGRATION_EXISTS"
    assert account.post(f"{place}/disconnect", {}).json()["status"] == "DISABLED"
    again = account.post(f"{place}/disconnect", {})
    assert (again.status_code, again.json()["error_code"]) == (409, "INTEGRATION_NOT_ACTIVE")
    assert account.post(f"{place}/reactivate", {}).json()["status"] == "ACTIVE"
    assert account.post(f"{path}/int_none/disconnect", {}).json()["error_code"] == "NOT_FOUND"


def test_a_record_can_stay_invisible_for_a_moment_after_its_webhook(account: Account) -> None:
    record = account.record()
    account.do("approve", ids=[record], readable_after=3)
    assert account.call("GET", f"{RECORDS}/{record}").status_code == 404
    assert account.ids(f"{RECORDS}?ids={record}") == []
    account.simulator.clock.advance(seconds=3)
    assert account.ids(f"{RECORDS}?ids={record}") == [record]


def test_an_edit_in_brex_is_a_new_version_at_the_end_of_the_list(account: Account) -> None:
    first, second = ready(account, 2)
    account.simulator.clock.advance(seconds=1)
    account.do("change_record", id=first, changes={"memo": "other"})
    assert account.ids(RECORDS) == [second, first]
    assert account.get(f"{RECORDS}/{first}")["version"] == 2
