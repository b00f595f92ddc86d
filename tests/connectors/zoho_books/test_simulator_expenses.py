"""Do expenses come into the simulated books as Zoho keeps them, and unique fields refuse a second record?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.connectors.zoho_books.purchases import made_bill, paid
from tests.connectors.zoho_books.simulated import EU, Books


@pytest.fixture
def books() -> Books:
    return Books()


# --- expenses


def test_an_expense_is_paid_at_once(books: Books) -> None:
    answer = books.call("POST", "/expenses", books.expense(tags=[books.tag("Cost centre", "Apollo")]))
    shown = answer.json()["expense"]
    assert (answer.status_code, answer.json()["message"]) == (201, "The expense has been recorded.")
    assert (shown["status"], shown["total"], shown["transaction_type"]) == ("nonbillable", 42.1, "expense")
    assert books.balances() == {"600100": Decimal("42.1"), "201100": Decimal("-42.1")}
    assert [one["tag_option_name"] for one in shown["tags"]] == ["Apollo"]
    assert len(books.rows("/expenses", paid_through_account_id=books.account("201100"), amount="42.1")) == 1


def test_an_expense_can_be_split(books: Books) -> None:
    lines = [{"account_id": books.account(code), "amount": amount} for code, amount in (("600100", 10), ("612000", 5))]
    made = books.ok("POST", "/expenses", books.expense(line_items=lines))["expense"]
    assert (made["is_itemized_expense"], made["total"], len(made["line_items"])) == (True, 15, 2)
    assert books.balances() == {"600100": 10, "612000": 5, "201100": -15}
    books.ok("PUT", f"/expenses/{made['expense_id']}", {"description": "Both"})
    assert books.balances() == {"600100": 10, "612000": 5, "201100": -15}


@pytest.mark.parametrize("unsaid", ["account_id", "amount"])
def test_a_split_expense_says_its_account_and_amount_too(books: Books, unsaid: str) -> None:
    lines = [{"account_id": books.account(code), "amount": 5} for code in ("600100", "612000")]
    body = {name: value for name, value in books.expense(line_items=lines).items() if name != unsaid}
    assert books.refused("POST", "/expenses", body) == (400, 4)


def test_a_tax_of_an_expense_is_on_top_or_inside(books: Books) -> None:
    tax = next(iter(books.org.taxes))["tax_id"]
    top = books.ok("POST", "/expenses", books.expense(100, tax_id=tax))["expense"]
    inside = books.ok("POST", "/expenses", books.expense(115, tax_id=tax, is_inclusive_tax=True))["expense"]
    assert (top["sub_total"], top["tax_amount"], top["total"]) == (100, 15, 115)
    assert (inside["sub_total"], inside["tax_amount"], inside["total"]) == (100, 15, 115)
    assert books.balances() == {"600100": 200, "131000": 30, "201100": -230}


@pytest.mark.parametrize("field", ["description", "reference_number"])
def test_texts_of_an_expense_end_at_a_hundred_signs(books: Books, field: str) -> None:
    assert books.refused("POST", "/expenses", books.expense(**{field: "x" * 101})) == (400, 4)
    books.switches.text_limit = None
    assert books.call("POST", "/expenses", books.expense(**{field: "x" * 101})).status_code == 201


def test_a_receipt_replaces_the_one_before(books: Books) -> None:
    place = f"/expenses/{books.ok('POST', '/expenses', books.expense())['expense']['expense_id']}"
    for content in (b"one", b"two"):
        books.ok("POST", f"{place}/receipt", files={"receipt": ("r.pdf", content)})
    assert books.call("GET", f"{place}/receipt").content == b"two"
    for _ in range(2):
        books.ok("POST", f"{place}/attachment", files={"attachment": ("note.txt", b"x")})
    assert len(books.ok("GET", place)["expense"]["documents"]) == 3
    books.ok("DELETE", f"{place}/receipt")
    assert books.refused("GET", f"{place}/receipt") == (404, 1002)


# --- upserts by a unique custom field


def keyed(value: str = "exp_1", upsert: str = "true", key: str = "cf_brex_id") -> dict[str, str]:
    return {"X-Unique-Identifier-Key": key, "X-Unique-Identifier-Value": value, "X-Upsert": upsert}


def with_key(books: Books, entity: str, body: dict[str, Any], value: str = "exp_1") -> dict[str, Any]:
    return {**body, "custom_fields": [{"customfield_id": books.field(entity), "value": value}]}


@pytest.mark.parametrize("kind", ["bill", "expense", "contact", "vendorpayment"])
def test_an_upsert_makes_a_record_once_and_overwrites_it_afterwards(books: Books, kind: str) -> None:
    body = {
        "bill": books.bill(),
        "expense": books.expense(),
        "contact": {"contact_name": "Rackshop", "contact_type": "vendor"},
        "vendorpayment": paid(books, 10),
    }[kind]
    path = {"bill": "/bills", "expense": "/expenses", "contact": "/contacts", "vendorpayment": "/vendorpayments"}[kind]
    before = len(books.rows(path))
    first = books.call("PUT", path, with_key(books, kind, body), headers=keyed())
    assert first.status_code == 201
    made = first.json()[kind]
    assert made["created_time"] == made["last_modified_time"]
    books.clock.advance(seconds=2)
    second = books.call("PUT", path, with_key(books, kind, {**body, "notes": "x"}), headers=keyed())
    assert second.status_code == 200
    changed = second.json()[kind]
    assert changed["created_time"] != changed["last_modified_time"]
    assert len(books.rows(path)) == before + 1


def test_an_upsert_without_leave_to_create_finds_nothing(books: Books) -> None:
    assert books.refused("PUT", "/bills", books.bill(), headers=keyed(upsert="false")) == (404, 990008)
    assert books.refused("PUT", "/bills", books.bill(), headers=keyed(key="cf_nothing")) == (400, 4)
    assert books.refused("PUT", "/bills", books.bill(), headers={}) == (400, 4)


def test_an_upsert_whose_body_lacks_the_field_makes_a_double_next_time(books: Books) -> None:
    books.switches.duplicate_bill_numbers = True
    for _ in range(2):
        assert books.call("PUT", "/bills", books.bill(), headers=keyed()).status_code == 201
    books.switches.upsert_fills_field = True
    for expected in (201, 200):
        assert books.call("PUT", "/bills", books.bill(), headers=keyed()).status_code == expected


def test_a_unique_custom_field_refuses_a_second_record_by_any_way(books: Books) -> None:
    made = books.ok("POST", "/bills", with_key(books, "bill", books.bill("A")))["bill"]
    assert books.refused("POST", "/bills", with_key(books, "bill", books.bill("B"))) == (400, 990007)
    assert books.refused("POST", "/bills", with_key(books, "bill", books.bill("B"), "EXP_1")) == (400, 990007)
    other = books.ok("POST", "/bills", with_key(books, "bill", books.bill("B"), "exp_2"))["bill"]
    change = [{"customfield_id": books.field("bill"), "value": "exp_1"}]
    assert books.refused("PUT", f"/bill/{other['bill_id']}/customfields", change) == (400, 990007)
    books.ok("DELETE", f"/bills/{made['bill_id']}")
    assert books.call("PUT", f"/bill/{other['bill_id']}/customfields", change).status_code == 200


@pytest.mark.parametrize(
    "shape",
    [
        {"customfield_id": "id"},
        {"custom_field_id": "id"},
        {"index": 1},
        {"api_name": "cf_brex_id"},
        {"label": "Brex Id"},
    ],
)
def test_every_documented_shape_of_a_custom_value_is_taken(books: Books, shape: dict[str, Any]) -> None:
    shape = {name: books.field("bill") if value == "id" else value for name, value in shape.items()}
    made = made_bill(books, custom_fields=[{**shape, "value": "exp_1"}])
    assert made["custom_field_hash"] == {"cf_brex_id": "exp_1"}


def test_an_unknown_custom_field_is_dropped_or_refused() -> None:
    books = Books(org=EU)
    unknown = [{"customfield_id": "1", "value": "x"}]
    assert made_bill(books, custom_fields=unknown)["custom_fields"] == []
    books.switches.unknown_custom_field = "refuse"
    assert books.refused("POST", "/bills", books.bill("B", custom_fields=unknown)) == (400, 4)
    assert books.refused("PUT", "/bills", books.bill("B"), headers=keyed()) == (400, 4)


def test_a_field_made_through_the_api_never_refuses_doubles(books: Books) -> None:
    field = {"label": "Spend Key", "data_type": "string", "entity": "expense", "show_on_pdf": False}
    made = books.ok("POST", "/settings/fields", field)["field"]
    assert made["api_name"] == "cf_spend_key"
    assert "cf_spend_key" in [
        one["api_name"] for one in books.ok("GET", "/settings/fields", entity="expense")["fields"]
    ]
    value = [{"customfield_id": made["customfield_id"], "value": "1"}]
    for _ in range(2):
        books.ok("POST", "/expenses", books.expense(custom_fields=value))
