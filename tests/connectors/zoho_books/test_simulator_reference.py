"""Are accounts, contacts, tags, currencies and locks of the simulated Zoho read and changed as its own are?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connectors.zoho_books.simulator.chart_list import GROUPS
from tests.connectors.zoho_books.simulated import EU, Books


@pytest.fixture
def books() -> Books:
    return Books()


# --- chart of accounts


def test_the_chart_shows_active_accounts_only_unless_asked(books: Books) -> None:
    answer = books.ok("GET", "/chartofaccounts")
    assert answer["page_context"]["applied_filter"] == "AccountType.Active"
    assert answer["page_context"]["per_page"] == 5000
    assert all(one["is_active"] for one in answer["chartofaccounts"])
    inactive = books.rows("/chartofaccounts", filter_by="AccountType.Inactive")
    assert {one["account_code"] for one in inactive} == {"699800", "699810"}
    everything = books.rows("/chartofaccounts", filter_by="AccountType.All")
    assert len(everything) == len(answer["chartofaccounts"]) + 2
    types = [one["account_type"] for one in answer["chartofaccounts"]]
    assert types == sorted(types)
    assert {group for group in GROUPS if set(GROUPS[group]) & set(types)} == set(GROUPS)


def test_accounts_nest_three_deep(books: Books) -> None:
    rows = {one["account_code"]: one for one in books.rows("/chartofaccounts") if one["account_code"]}
    hosting, parent = rows["600210"], rows["600200"]
    assert (rows["600000"]["depth"], parent["depth"], hosting["depth"]) == (0, 1, 2)
    assert (hosting["parent_account_id"], hosting["parent_account_name"]) == (
        parent["account_id"],
        "IT and Internet Expenses",
    )
    assert (parent["is_child_present"], parent["child_count"], hosting["child_count"]) == (True, "1", "")


def test_the_chart_is_searched_and_read_since(books: Books) -> None:
    assert [one["account_code"] for one in books.rows("/chartofaccounts", account_code_contains="6002")] == [
        "600200",
        "600210",
    ]
    assert len(books.rows("/chartofaccounts", account_name_contains="brex")) == 4
    books.clock.advance(minutes=5)
    books.ok("PUT", f"/chartofaccounts/{books.account('612000')}", {"account_name": "Rents"})
    changed = books.rows("/chartofaccounts", last_modified_time="2026-06-15T12:04:00-0700")
    assert [one["account_name"] for one in changed] == ["Rents"]
    assert changed[0]["account_code"] == "612000"


def test_balances_are_shown_when_asked_for(books: Books) -> None:
    books.ok("POST", "/journals", books.journal())
    rows = {one["account_code"]: one for one in books.rows("/chartofaccounts", showbalance="true")}
    assert rows["600100"]["current_balance"] == Decimal("42.1")
    assert "current_balance" not in books.rows("/chartofaccounts")[0]
    alone = books.ok("GET", f"/chartofaccounts/{books.account('600100')}")
    assert (alone["account_name"], alone["closing_balance"]) == ("Office Supplies", Decimal("42.1"))
    books.switches.account_alone = "envelope"
    assert books.ok("GET", f"/chartofaccounts/{books.account('600100')}")["chart_of_account"]["account_id"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"account_name": "", "account_type": "expense"}, 4),
        ({"account_name": "A", "account_type": "cost"}, 4),
        ({"account_name": "A", "account_type": "bank"}, 4),
        ({"account_name": "A", "account_type": "credit_card"}, 4),
        ({"account_name": "office supplies", "account_type": "expense"}, 990012),
        ({"account_name": "A", "account_type": "income", "parent_account_id": "600000"}, 4),
    ],
)
def test_a_wrong_account_is_refused(books: Books, body: dict[str, Any], code: int) -> None:
    if "parent_account_id" in body:
        body = {**body, "parent_account_id": books.account(body["parent_account_id"])}
    assert books.refused("POST", "/chartofaccounts", body) == (400, code)


def test_bank_and_card_accounts_are_made_through_banking_and_listed_with_the_others(books: Books) -> None:
    body = {"account_name": "Brex card GBP", "account_type": "credit_card", "account_code": "201130"}
    assert books.ok("POST", "/bankaccounts", body)["bankaccount"]["account_type"] == "credit_card"
    assert len(books.rows("/chartofaccounts", account_code="201130")) == 1


def test_accounts_in_use_and_those_of_the_system_stay(books: Books) -> None:
    books.ok("POST", "/journals", books.journal())
    for code in ("600100", "600000", "211000"):
        assert books.refused("DELETE", f"/chartofaccounts/{books.account(code)}") == (400, 990006)
    assert books.refused("POST", f"/chartofaccounts/{books.account('211000')}/inactive") == (400, 990006)
    assert books.call("POST", f"/chartofaccounts/{books.account('612000')}/inactive").status_code == 201
    books.ok("DELETE", f"/chartofaccounts/{books.account('630000')}")
    assert books.rows("/chartofaccounts", account_code="630000", filter_by="AccountType.All") == []


# --- contacts


def test_two_contacts_may_have_one_name_unless_the_organisation_forbids_it(books: Books) -> None:
    body = {"contact_name": "Rackshop", "contact_type": "vendor"}
    for _ in range(2):
        assert books.ok("POST", "/contacts", body)["message"] == "The contact has been added."
    assert len(books.rows("/contacts", contact_name="rackshop")) == 2
    assert {one["contact_name"] for one in books.rows("/contacts", filter_by="Status.Duplicate")} == {
        "Rackshop",
        "Staples Inc",
        "Northwind Machining",
    }
    books.switches.duplicate_contact_names = False
    answer = books.call("POST", "/contacts", {"contact_name": "Kestrel foods ", "contact_type": "vendor"})
    assert (answer.status_code, answer.json()["code"]) == (400, 3062)
    assert "already exists. Please specify a different name." in answer.json()["message"]


def test_a_contact_is_a_customer_when_nothing_is_said(books: Books) -> None:
    assert books.ok("POST", "/contacts", {"contact_name": "A"})["contact"]["contact_type"] == "customer"
    assert books.refused("POST", "/contacts", {"contact_name": "A", "contact_type": "employee"}) == (400, 4)
    assert books.refused("POST", "/contacts", {"contact_name": " "}) == (400, 4)


def test_contacts_are_searched_by_name_company_and_person(books: Books) -> None:
    def found(**query: str) -> list[str]:
        return [one["contact_name"] for one in books.rows("/contacts", **query)]

    assert found(contact_name="ANA ROUX") == ["Ana Roux"]
    assert found(contact_name_startswith="blue") == ["Bluefin Legal LLP"]
    assert found(contact_name_contains="legal") == ["Bluefin Legal LLP"]
    assert found(email="ana.roux@cascade.test") == ["Ana Roux"]
    assert found(last_name="Krüger") == ["Sofie Krüger"]
    assert found(company_name="Granite State Insurance") == ["Granite State Insurance"]
    assert found(search_text="warehouse") == []
    assert found(filter_by="Status.Inactive") == ["Old Mill Printing"]


def test_the_type_filter_can_leak_the_other_type(books: Books) -> None:
    query = {"contact_name": "Northwind Machining", "contact_type": "vendor"}
    assert [one["contact_type"] for one in books.rows("/contacts", **query)] == ["vendor"]
    books.switches.contact_type_leaks = True
    assert sorted(one["contact_type"] for one in books.rows("/contacts", **query)) == ["customer", "vendor"]


def test_newest_changes_come_first_when_sorted_so(books: Books) -> None:
    books.clock.advance(seconds=5)
    books.ok("PUT", f"/contacts/{books.vendor()}", {"website": "https://northwind.test"})
    first = books.ok("GET", "/contacts", sort_column="last_modified_time", sort_order="D")["contacts"][0]
    assert first["contact_id"] == books.vendor()


def test_a_contact_in_use_stays_and_can_be_made_inactive(books: Books) -> None:
    books.ok("POST", "/bills", books.bill())
    assert books.refused("DELETE", f"/contacts/{books.vendor()}") == (400, 990006)
    books.ok("POST", f"/contacts/{books.vendor()}/inactive")
    assert books.refused("POST", "/bills", books.bill("B")) == (400, 990003)
    unused = books.vendor("Staples Inc")
    books.ok("DELETE", f"/contacts/{unused}")
    assert books.refused("GET", f"/contacts/{unused}") == (404, 1002)


# --- tags, projects


def test_tags_and_their_options_are_listed(books: Books) -> None:
    answer = books.ok("GET", "/reportingtags")
    assert "page_context" not in answer
    tags = {one["tag_name"]: one for one in answer["reporting_tags"]}
    assert tags["Region"]["is_mandatory"] is True
    assert tags["Retired tag"]["is_active"] is False
    tag_id = tags["Cost centre"]["tag_id"]
    flat = books.ok("GET", f"/reportingtags/{tag_id}/options/all")["results"]
    assert [(one["option_name"], one["depth"]) for one in flat] == [
        ("Apollo", 0),
        ("Zeus", 0),
        ("Sales", 0),
        ("IT", 0),
        ("Sales EMEA", 1),
        ("Sales DACH", 2),
    ]
    tree = books.ok("GET", "/reportingtags/options", tag_id=tag_id)["options"]
    assert [one["option_name"] for one in tree if not one["is_active"]] == ["Legacy programme"]
    sales = next(one for one in tree if one["option_name"] == "Sales")
    assert sales["children"][0]["children"][0]["option_name"] == "Sales DACH"
    departments = books.ok("GET", "/reportingtags/options", tag_id=tags["Department"]["tag_id"])["options"]
    assert [one["option_name"] for one in departments if one["is_default"]] == ["Engineering"]


def test_options_come_two_hundred_a_page(books: Books) -> None:
    tag_id = books.tag("Department", "IT")["tag_id"]
    many = [{"option_name": f"Team {number}"} for number in range(250)]
    books.ok("PUT", f"/reportingtags/{tag_id}/options", {"options": many})
    pages = [books.ok("GET", "/reportingtags/options", tag_id=tag_id, page=page) for page in (1, 2)]
    assert [len(one["options"]) for one in pages] == [200, 55]
    assert [one["page_context"]["has_more_page"] for one in pages] == [True, False]


def test_a_new_tag_is_a_draft_until_it_is_activated(books: Books) -> None:
    entities = {"preference": "line_item", "entities": [{"entity_name": "Journal", "is_enabled": True}]}
    body = {"tag_name": "Plant", "entities": [], "multi_preference_entities": entities}
    tag_id = books.ok("POST", "/reportingtags", body)["tag"]["tag_id"]
    assert books.refused("POST", f"/reportingtags/{tag_id}/active") == (400, 990011)
    books.ok("PUT", f"/reportingtags/{tag_id}/options", {"options": [{"option_name": "Berlin"}]})
    journal = books.journal()
    journal["line_items"][0]["tags"] = [books.tag("Plant", "Berlin")]
    assert books.refused("POST", "/journals", journal) == (400, 990004)
    books.ok("POST", f"/reportingtags/{tag_id}/active")
    assert books.ok("POST", "/journals", journal)


def test_a_project_always_belongs_to_a_customer(books: Books) -> None:
    body = {"project_name": "Line 5", "billing_type": "fixed_cost_for_project"}
    assert books.refused("POST", "/projects", body) == (400, 4)
    assert books.refused("POST", "/projects", {**body, "customer_id": books.vendor()}) == (400, 4)
    rows = books.rows("/projects", filter_by="Status.Active")
    assert {(one["project_name"], one["customer_name"]) for one in rows} == {
        ("Line 4 retrofit", "Kestrel Foods"),
        ("Warehouse pilot", "Meridian Logistics"),
    }
    books.ok("POST", f"/projects/{rows[0]['project_id']}/inactive")
    assert len(books.rows("/projects", filter_by="Status.Active")) == 1


# --- currencies, taxes, locks


def test_currencies_show_their_newest_rate_unless_rates_are_automatic(books: Books) -> None:
    def euro() -> dict[str, Any]:
        rows = books.rows("/settings/currencies", filter_by="Currencies.ExcludeBaseCurrency")
        assert "USD" not in {one["currency_code"] for one in rows}
        return next(one for one in rows if one["currency_code"] == "EUR")

    assert (euro()["exchange_rate"], euro()["effective_date"]) == (Decimal("1.25"), "2026-01-01")
    books.switches.automatic_rates = True
    assert (euro()["exchange_rate"], euro()["effective_date"]) == (0, "")
    assert next(one for one in books.rows("/settings/currencies") if one["is_base_currency"])["currency_code"] == "USD"


def test_rates_are_told_from_a_day_on_or_the_nearest_earlier_one(books: Books) -> None:
    place = f"/settings/currencies/{books.currency('EUR')}/exchangerates"

    def found(**query: str) -> list[tuple[str, Any]]:
        return [(one["effective_date"], one["rate"]) for one in books.ok("GET", place, **query)["exchange_rates"]]

    newest, oldest = ("2026-01-01", Decimal("1.25")), ("2025-01-01", Decimal("1.2"))
    assert found() == [newest, oldest]
    assert found(from_date="2026-06-09") == [newest]
    assert found(from_date="2026-01-01") == [newest]
    assert found(is_current_date="true") == [newest]
    books.ok("POST", place, {"effective_date": "2026-06-14", "rate": 1.3})
    assert found(from_date="2026-06-09") == [("2026-06-14", Decimal("1.3"))]
    assert books.refused("POST", place, {"effective_date": "2026-06-14", "rate": 0}) == (400, 4)


def test_rates_are_base_units_for_one_foreign_unit() -> None:
    books = Books(org=EU)
    dollar = next(one for one in books.rows("/settings/currencies") if one["currency_code"] == "USD")
    assert dollar["exchange_rate"] == Decimal("0.8")


def test_taxes_may_be_switched_off(books: Books) -> None:
    assert [one["tax_name"] for one in books.rows("/settings/taxes")] == ["Exempt", "Sales Tax"]
    books.switches.sales_tax = False
    assert books.refused("POST", "/settings/taxes", {"tax_name": "A", "tax_percentage": 5}) == (400, 110817)


def test_locks_are_read_before_posting(books: Books) -> None:
    assert books.ok("GET", "/transactionlock")["transaction_lock"]["transaction_lock_status"] == "disabled"
    body = {"transaction_lock_status": "enabled", "transaction_lock_module": "purchase", "reason": "Year end"}
    books.ok("PUT", "/transactionlock", {**body, "transaction_lock_date": "2026-03-31"})
    books.ok("PUT", "/transactionlock", {**body, "transaction_lock_date": "2026-04-30"})
    books.do("lock", through="2026-02-28", module="accountant")
    rows = books.rows("/transactionlocks")
    assert [(one["lock_scope_formatted"], one["transaction_lock_date"], one["lock_status"]) for one in rows] == [
        ("Purchase", "2026-04-30", "locked"),
        ("Accountant", "2026-02-28", "locked"),
    ]
    alone = books.ok("GET", "/transactionlock", transaction_lock_id=rows[1]["transaction_lock_id"])
    assert alone["transaction_lock"]["lock_scope"] == 3
    assert books.refused("PUT", "/transactionlock", {**body, "transaction_lock_module": "all of it"}) == (400, 4)


def test_a_user_is_told_who_she_is(books: Books) -> None:
    user = books.ok("GET", "/users/me")["user"]
    assert (user["name"], user["email_ids"]) == (
        "Dana Whitfield",
        [{"email": "dana.whitfield@cascade.test", "is_selected": True}],
    )
    assert books.ok("GET", f"/organizations/{EU}")["organization"]["currency_code"] == "EUR"


def test_some_locked_days_can_be_opened_again_and_users_be_excepted(books: Books) -> None:
    lock = {"transaction_lock_module": "accountant", "transaction_lock_date": "2026-06-30", "reason": "Closed"}
    books.ok("PUT", "/transactionlock", lock)
    assert books.refused("POST", "/journals", books.journal()) == (400, 990005)
    days = {"lock_module": "accountant", "start_date": "2026-06-08", "end_date": "2026-06-09", "reason": "Late"}
    opened = books.ok("PUT", "/transactionlock/partialunlock", {**days, "is_enabled": True})["transaction_lock"]
    assert (opened["start_date"], opened["end_date"], opened["partial_lock_number"]) == ("2026-06-08", "2026-06-09", 1)
    books.ok("POST", "/journals", books.journal())
    assert books.refused("POST", "/journals", books.journal(journal_date="2026-06-10")) == (400, 990005)
    books.ok("PUT", "/transactionlock/partialunlock", {**days, "is_enabled": False})
    assert books.refused("POST", "/journals", books.journal()) == (400, 990005)
    mine = books.ok("GET", "/users/me")["user"]["user_id"]
    shown = books.ok("PUT", "/transactionlock", {**lock, "user_ids": [mine]})["transaction_lock"]
    assert (shown["user_exceptions"], shown["user_exceptions_count"]) == ([mine], 1)
    books.ok("POST", "/journals", books.journal())
    assert books.refused("PUT", "/transactionlock/partialunlock", {**days, "lock_module": "sales"}) == (400, 4)


def test_a_location_that_takes_no_documents_is_refused(books: Books) -> None:
    head = books.do("add_location", name="Head Office", is_primary=True)
    closed = books.do("add_location", name="Closed", status="inactive")
    shelf = books.do("add_location", name="Shelf 7", type="line_item_only")
    for location in (closed, shelf, "77"):
        assert books.refused("POST", "/journals", books.journal(location_id=location)) == (400, 4)
    assert books.refused("POST", "/journals", books.journal()) == (400, 4)
    books.switches.missing_location = "primary"
    assert books.ok("POST", "/journals", books.journal())["journal"]["location_id"] == head


@pytest.mark.parametrize(("switch", "is_taken"), [("refuse", False), ("ignore", True)])
def test_a_mandatory_field_is_wanted_or_not(books: Books, switch: str, is_taken: bool) -> None:
    books.switches.mandatory_fields = switch
    made = books.do("add_custom_field", entity="journal", label="Budget holder", is_mandatory=True)
    assert books.call("POST", "/journals", books.journal()).ok is is_taken
    value = {"customfield_id": made["customfield_id"], "value": "Dana"}
    books.ok("POST", "/journals", books.journal(custom_fields=[value]))
