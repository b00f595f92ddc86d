"""Does the Brex source keep what every source must keep, and what only Brex asks for?"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.base import Source, Window
from connectors.brex.connector import CONNECTOR
from connectors.brex.errors import FeatureDeniedError
from connectors.brex.simulator import BrexSimulator, Switches
from connectors.brex.streams import ACCOUNTING_RECORDS, CARD_TRANSACTIONS, CASH_TRANSACTIONS, EXPENSES, VENDORS
from connectors.errors import UnsupportedError
from tests.cases.source_cases import SourceCases
from tests.connectors.brex.desk import NOW, account, add_record, company, context, paths, source

WHOLE = Window(None, NOW)


class TestBrexSource(SourceCases):
    connector = CONNECTOR
    main_stream = ACCOUNTING_RECORDS
    list_path = "/v3/accounting/records$"
    tell_path = "export-results"

    @pytest.fixture
    def simulator(self) -> BrexSimulator:
        return company()

    def open_source(self, simulator: Any, **parts: Any) -> Source:
        assert CONNECTOR.open_source
        return CONNECTOR.open_source(context(simulator, **parts))

    def break_credential(self, simulator: Any) -> None:
        simulator.control("revoke_token", {})

    def give_unknown_kind(self, simulator: Any) -> None:
        simulator.inject(self.list_path, "items.0.type", "TELEPORTATION_FEE")

    def repeat_cursor(self, simulator: Any) -> None:
        page = '{"items": [], "next_cursor": "again", "has_next_page": true}'
        simulator.fail("status", self.list_path, status=200, body=page, times=50)

    def tellable(self, simulator: Any) -> list[str]:
        return [str(one["id"]) for one in simulator.store.records if one["review_status"] == "READY_FOR_EXPORT"]

    def told(self, simulator: Any, external_id: str) -> bool:
        return bool(simulator.store.records.get(external_id)["review_status"] == "EXPORTED")

    def secrets(self, simulator: Any) -> list[str]:
        return [simulator.user_token]


def test_it_needs_at_most_one_call_for_ten_records() -> None:
    simulator = company(records=600)
    for stream in (ACCOUNTING_RECORDS, CARD_TRANSACTIONS, CASH_TRANSACTIONS, EXPENSES):
        before = simulator.call_count
        count = sum(len(page) for page in source(simulator).read(stream, WHOLE))
        assert count > 40
        assert simulator.call_count - before <= max(9, count / 10), (stream, Counter(paths(simulator)))


def test_thousands_of_records_are_joined_with_their_expenses_in_few_calls() -> None:
    simulator = account(switches=Switches(requests_per_minute=None))
    simulator.control("seed_records", {"count": 2000, "streams": ["records", "expenses", "card_transactions"]})
    for stream in (ACCOUNTING_RECORDS, CARD_TRANSACTIONS):
        before = simulator.call_count
        items = [item for page in source(simulator).read(stream, WHOLE) for item in page]
        assert len([item for item in items if item.payload["lookups"].get("expense")]) == 2000
        assert simulator.call_count - before < 0.02 * 2000


@pytest.mark.parametrize("remembered", [20_000, 30])
def test_a_list_of_expenses_that_breaks_off_loses_no_merchant(monkeypatch: pytest.MonkeyPatch, remembered: int) -> None:
    monkeypatch.setattr("connectors.brex.expense_lookup.REMEMBERED", remembered)
    monkeypatch.setattr("connectors.brex.client.RECORDS_PAGE", 100)
    simulator = account()
    simulator.control("seed_records", {"count": 400, "streams": ["records", "expenses"]})
    body = '{"type": "BAD_REQUEST", "message": "cursor is invalid"}'
    simulator.fail("status", "/v1/expenses$", status=400, body=body, skip=2)
    items = [item for page in source(simulator).read(ACCOUNTING_RECORDS, WHOLE) for item in page]
    assert len([item for item in items if item.payload["lookups"].get("expense")]) == 400


def test_records_that_are_polled_in_small_numbers_ask_for_their_expenses_singly() -> None:
    simulator = company()
    newest = next(one for one in simulator.store.records if one["type"] == "CARD_EXPENSE_POST")
    fetched = source(simulator).fetch(ACCOUNTING_RECORDS, [newest["id"]])
    assert [item.external_id for item in fetched] == [newest["id"]]
    assert paths(simulator)[1:] == [("GET", f"/v1/expenses/{newest['source_id']}"), ("GET", "/v2/accounts/card")]


def test_nearly_every_record_of_an_expense_finds_its_merchant() -> None:
    simulator = company(records=600)
    items = [item for page in source(simulator).read(ACCOUNTING_RECORDS, WHOLE) for item in page]
    of_expenses = [item for item in items if item.payload["item"]["type"].startswith(("CARD_EXPENSE", "REIMB"))]
    with_expense = [item for item in of_expenses if item.payload["lookups"].get("expense")]
    assert len(with_expense) == len(of_expenses) > 100


@pytest.mark.parametrize("order", ["ascending", "descending"])
def test_the_order_of_the_record_list_does_not_matter(order: str) -> None:
    simulator = company(switches=Switches(list_order=order))
    items = [item for page in source(simulator).read(ACCOUNTING_RECORDS, WHOLE) for item in page]
    assert len(items) == len(list(simulator.store.records))


def test_a_window_of_changes_takes_both_its_ends() -> None:
    simulator = account()
    edge = add_record(simulator)
    simulator.clock.advance(seconds=10)
    late = add_record(simulator)
    read = source(simulator).read

    def ids(since: datetime, until: datetime) -> list[str]:
        return [item.external_id for page in read(ACCOUNTING_RECORDS, Window(since, until)) for item in page]

    assert ids(NOW, NOW) == [edge]
    assert ids(NOW, NOW + timedelta(seconds=10)) == [edge, late]
    assert ids(NOW + timedelta(milliseconds=1), NOW + timedelta(seconds=10)) == [late]


@pytest.mark.parametrize("compares", ["date", "instant"])
def test_a_feed_read_from_the_middle_of_a_day_loses_nothing_of_that_day(compares: str) -> None:
    simulator = account(switches=Switches(posted_at_start_compares=compares))
    made = simulator.add_card("PURCHASE", 1000, "USD", "2026-03-02", "TAXI")
    simulator.add_card("PURCHASE", 1100, "USD", "2026-03-01", "TAXI")
    since = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
    pages = source(simulator).read(CARD_TRANSACTIONS, Window(since, NOW))
    assert [item.external_id for page in pages for item in page] == [made["id"]]


def test_a_late_transaction_with_an_earlier_day_is_inside_the_overlap() -> None:
    overlap = CONNECTOR.streams[CARD_TRANSACTIONS].overlap
    assert overlap >= timedelta(days=3)


def test_transactions_of_every_cash_account_carry_their_account() -> None:
    simulator = company()
    items = [item for page in source(simulator).read(CASH_TRANSACTIONS, WHOLE) for item in page]
    accounts = {item.payload["lookups"]["cash_account"]["id"] for item in items}
    assert accounts == {str(one["id"]) for one in simulator.store.cash_accounts}


def test_no_bank_number_is_stored() -> None:
    simulator = company()
    simulator.control("add_vendor", {"company_name": "Numbers Ltd"})
    desk = source(simulator)
    texts = [str(item.payload) for stream in CONNECTOR.streams for page in desk.read(stream, WHOLE) for item in page]
    whole = " ".join(texts)
    numbers = [str(one["account_number"]) for one in simulator.store.cash_accounts]
    for vendor in simulator.store.vendors:
        for payment in vendor.get("payment_accounts") or ():
            numbers += [str(value) for key, value in payment["details"].items() if key.endswith("_number")]
    assert len(numbers) > 2
    assert not [number for number in numbers if number in whole]


def test_a_missing_scope_closes_one_stream_and_leaves_the_others() -> None:
    simulator = company()
    token = simulator.control("add_token", {"scopes": ["expenses.card.readonly", "users.readonly"]})
    desk = source(simulator, credentials=type(context(simulator).credentials)(user_token=token))
    assert EXPENSES not in desk.unavailable_streams()
    assert {ACCOUNTING_RECORDS, CARD_TRANSACTIONS, VENDORS} <= set(desk.unavailable_streams())
    assert sum(len(page) for page in desk.read(EXPENSES, WHOLE)) > 20
    with pytest.raises(FeatureDeniedError):
        list(desk.read(CARD_TRANSACTIONS, WHOLE))


def test_without_the_accounting_api_the_connection_says_so_and_lives_on() -> None:
    simulator = company(switches=Switches(accounting_granted=False))
    desk = source(simulator)
    unavailable = desk.unavailable_streams()
    assert set(unavailable) == {ACCOUNTING_RECORDS}
    assert "expenses and transactions" in unavailable[ACCOUNTING_RECORDS]
    states = {check.name: check.state for check in desk.verify()}
    assert states["Accounting records"] == "warning"
    assert states["Token"] == "ok"
    assert sum(len(page) for page in desk.read(EXPENSES, WHOLE)) > 20


def test_without_a_business_account_only_the_cash_stream_is_closed() -> None:
    simulator = company(switches=Switches(has_business_account=False))
    desk = source(simulator)
    assert CASH_TRANSACTIONS in desk.unavailable_streams()
    assert ACCOUNTING_RECORDS not in desk.unavailable_streams()
    assert CARD_TRANSACTIONS not in desk.unavailable_streams()


def test_asking_whether_a_stream_is_unavailable_probes_that_stream_once() -> None:
    simulator = company()
    unavailable = source(simulator).unavailable_streams()
    assert ACCOUNTING_RECORDS not in unavailable
    assert ACCOUNTING_RECORDS not in unavailable
    assert paths(simulator) == [("GET", "/v3/accounting/records")]


def test_records_without_the_right_to_expenses_are_read_without_merchants() -> None:
    simulator = company()
    token = simulator.control("add_token", {"scopes": ["accounting.record.read"]})
    desk = source(simulator, credentials=type(context(simulator).credentials)(user_token=token))
    items = [item for page in desk.read(ACCOUNTING_RECORDS, WHOLE) for item in page]
    assert len(items) == len(list(simulator.store.records))
    assert not [item for item in items if item.payload["lookups"].get("expense")]


def test_a_payout_is_a_record_beside_its_claim() -> None:
    simulator = company()
    items = {item.external_id: item for page in source(simulator).read(EXPENSES, WHOLE) for item in page}
    payouts = [one for one in items if one.endswith(":pay")]
    assert payouts
    assert all(one.removesuffix(":pay") in items for one in payouts)
    fetched = source(simulator).fetch(EXPENSES, [payouts[0]])
    assert [item.external_id for item in fetched] == [payouts[0]]
    assert CONNECTOR.parse
    record = CONNECTOR.parse(EXPENSES, fetched[0].payload)
    assert (str(record.kind), record.external_id) == ("claim_paid", payouts[0])


ODD = (None, 7, "text", True, [], [None], ["text"], [[]], {}, {"odd": 1}, [{}], {"id": 7}, [{"id": None}])


@pytest.mark.parametrize("odd", ODD, ids=str)
@pytest.mark.parametrize(
    ("stream", "path"),
    [
        (ACCOUNTING_RECORDS, "/v3/accounting/records$"),
        (ACCOUNTING_RECORDS, "/v1/expenses$"),
        (CARD_TRANSACTIONS, "/v2/transactions/card/primary$"),
        (CARD_TRANSACTIONS, "/v1/expenses$"),
        (CASH_TRANSACTIONS, "/v2/transactions/cash/"),
        (CASH_TRANSACTIONS, "/v1/transfers$"),
        (EXPENSES, "/v1/expenses$"),
        (VENDORS, "/v1/vendors$"),
    ],
)
def test_an_odd_value_in_one_record_never_stops_the_others(
    small_company: BrexSimulator, stream: str, path: str, odd: Any
) -> None:
    """What cannot be read fails alone, in parse; reading and joining must come through."""
    whole = [item for page in source(small_company).read(stream, WHOLE) for item in page]
    names = {name for item in whole for name in item.payload["item"]}
    names |= {name for item in whole for name in item.payload["lookups"].get("expense") or {}}
    for name in sorted(names - {"id"}):
        small_company.inject(path, f"items.*.{name}", odd, times=100)
    try:
        items = [item for page in source(small_company).read(stream, WHOLE) for item in page]
    finally:
        small_company.injections.clear()
    ids = {item.payload["item"]["id"] for item in whole}
    assert {item.payload["item"]["id"] for item in items} == ids


@pytest.fixture(scope="module")
def small_company() -> BrexSimulator:
    return company(records=40, switches=Switches(requests_per_minute=None))


def test_the_identity_is_the_company_that_webhooks_name_and_is_always_asked_for() -> None:
    simulator = company()
    desk = source(simulator, identity="cuacc_stored_long_ago")
    assert desk.identity() == desk.identity() == simulator.store.company["id"]
    assert paths(simulator) == [("GET", "/v2/company")]


def test_a_token_of_another_account_is_noticed() -> None:
    simulator = company()
    checks = {check.name: check for check in source(simulator, identity="cuacc_other").verify()}
    assert checks["Account"].state == "failed"
    assert "cuacc_other" in checks["Account"].message


@pytest.mark.parametrize("call", ["read", "tell", "reference", "push"])
def test_what_brex_does_not_have_is_said_so(call: str) -> None:
    desk = source(account())
    calls = {
        "read": lambda: list(desk.read("invoices", WHOLE)),
        "tell": lambda: desk.tell(EXPENSES, []),
        "reference": lambda: list(desk.reference("journal")),
        "push": lambda: desk.push("journal", []),
    }
    with pytest.raises(UnsupportedError):
        calls[call]()
