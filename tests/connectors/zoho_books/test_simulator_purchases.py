"""Do bills, payments, credits and expenses come into the simulated books as Zoho keeps them?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.connectors.zoho_books.simulated import EU, Books


@pytest.fixture
def books() -> Books:
    return Books()


def made_bill(books: Books, number: str = "INV-1", rate: float = 100, **parts: Any) -> dict[str, Any]:
    bill: dict[str, Any] = books.ok("POST", "/bills", books.bill(number, rate, **parts))["bill"]
    return bill


def paid(books: Books, amount: float, *bills: tuple[str, float], **parts: Any) -> dict[str, Any]:
    applied = [{"bill_id": bill, "amount_applied": part} for bill, part in bills]
    return {
        "vendor_id": books.vendor(),
        "amount": amount,
        "date": "2026-06-10",
        "paid_through_account_id": books.account("101401"),
        "bills": applied,
        **parts,
    }


def credit(books: Books, rate: float = 30, **parts: Any) -> dict[str, Any]:
    lines = [{"account_id": books.account("600100"), "name": "Refund", "rate": rate, "quantity": 1}]
    return {"vendor_id": books.vendor(), "date": "2026-06-10", "line_items": lines, **parts}


def status(books: Books, bill: dict[str, Any]) -> tuple[str, Any]:
    shown = books.ok("GET", f"/bills/{bill['bill_id']}")["bill"]
    return shown["status"], shown["balance"]


# --- bills


def test_a_bill_is_open_at_once_and_owed(books: Books) -> None:
    answer = books.ok("POST", "/bills", books.bill())
    bill = answer["bill"]
    assert answer["message"] == "The bill has been created."
    assert (bill["status"], bill["total"], bill["balance"]) == ("open", 100, 100)
    assert (bill["account_name"], bill["custom_fields"], bill["custom_field_hash"]) == ("Accounts Payable", [], {})
    assert books.balances() == {"600100": 100, "211000": -100}
    vendor = books.ok("GET", f"/contacts/{books.vendor()}")["contact"]
    assert (vendor["outstanding_payable_amount"], vendor["has_transaction"]) == (100, True)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"bill_number": ""}, 4),
        ({"bill_number": None}, 4),
        ({"vendor_id": "1"}, 4),
        ({"vendor_id": ""}, 4),
        ({"line_items": []}, 4),
        ({"line_items": [{"rate": 5}]}, 13009),
        ({"date": "today"}, 4),
    ],
)
def test_a_bill_with_a_wrong_field_is_refused(books: Books, change: dict[str, Any], code: int) -> None:
    assert books.refused("POST", "/bills", books.bill(**change)) == (400, code)
    assert books.balances() == {}


def test_a_customer_cannot_send_a_bill(books: Books) -> None:
    customer = next(one["contact_id"] for one in books.org.contacts if one["contact_type"] == "customer")
    assert books.refused("POST", "/bills", books.bill(vendor_id=customer)) == (400, 4)
    inactive = books.vendor("Old Mill Printing")
    assert books.refused("POST", "/bills", books.bill(vendor_id=inactive)) == (400, 990003)


@pytest.mark.parametrize(("number", "code"), [("INV-1", 13011), (" inv-1 ", 13011), ("INV1", 0), ("INV-10", 0)])
def test_a_bill_number_is_unique_for_its_vendor_trimmed_and_in_any_case(books: Books, number: str, code: int) -> None:
    made_bill(books)
    assert books.call("POST", "/bills", books.bill(number)).json()["code"] == code
    other = books.bill("INV-1", vendor_id=books.vendor("Bluefin Legal LLP"))
    assert books.call("POST", "/bills", other).status_code == 201


def test_the_words_of_a_duplicate_bill_number(books: Books) -> None:
    made_bill(books)
    assert books.call("POST", "/bills", books.bill()).json()["message"] == (
        "A bill with this number has already been created for this vendor. Please check and try again."
    )
    books.switches.duplicate_bill_numbers = True
    assert books.call("POST", "/bills", books.bill()).status_code == 201


def test_a_bill_without_a_due_date_is_due_by_the_term_of_the_vendor_or_at_once(books: Books) -> None:
    by_term = books.bill("A", due_date="")
    assert books.ok("POST", "/bills", by_term)["bill"]["due_date"] == "2026-07-09"  # 30 days
    at_once = books.bill("B", due_date="", vendor_id=books.vendor("Granite State Insurance"), date="2026-06-15")
    assert books.ok("POST", "/bills", at_once)["bill"]["due_date"] == "2026-06-15"
    assert (
        books.ok("POST", "/bills", books.bill("C", due_date="", payment_terms=10))["bill"]["due_date"] == "2026-06-19"
    )


def test_an_open_bill_is_overdue_after_its_day(books: Books) -> None:
    bill = made_bill(books, due_date="2026-06-15")
    assert status(books, bill)[0] == "open"
    books.clock.advance(hours=12)
    assert status(books, bill)[0] == "overdue"
    assert len(books.rows("/bills", status="overdue")) == 1
    assert len(books.rows("/bills", filter_by="Status.Unpaid")) == 1


def test_amounts_quantities_taxes_and_adjustment_add_up(books: Books) -> None:
    tax = next(iter(books.org.taxes))["tax_id"]
    lines = [
        {"account_id": books.account("600100"), "rate": 9.99, "quantity": 3, "tax_id": tax},
        {"account_id": books.account("612000"), "rate": 100},
    ]
    bill = made_bill(books, line_items=lines, adjustment=-0.47)
    assert (bill["sub_total"], bill["tax_total"], bill["total"]) == (Decimal("129.97"), Decimal("4.5"), 134)
    assert books.balances() == {
        "600100": Decimal("29.97"),
        "612000": 100,
        "131000": Decimal("4.5"),
        "690000": Decimal("-0.47"),
        "211000": -134,
    }


def test_a_tax_can_be_inside_the_rates(books: Books) -> None:
    tax = next(iter(books.org.taxes))["tax_id"]
    lines = [{"account_id": books.account("600100"), "rate": 115, "tax_id": tax}]
    bill = made_bill(books, line_items=lines, is_inclusive_tax=True)
    assert (bill["sub_total"], bill["tax_total"], bill["total"]) == (100, 15, 115)
    assert books.balances() == {"600100": 100, "131000": 15, "211000": -115}


def test_negative_lines_are_refused_unless_switched_on(books: Books) -> None:
    lines = [{"account_id": books.account("600100"), "rate": rate} for rate in (100, -20)]
    assert books.refused("POST", "/bills", books.bill(line_items=lines)) == (400, 4)
    books.switches.negative_bill_lines = "accept"
    assert made_bill(books, line_items=lines)["total"] == 80


def test_a_bill_can_wait_for_approval_outside_the_books(books: Books) -> None:
    books.switches.bill_approval = True
    bill = made_bill(books)
    assert (bill["status"], bill["is_approval_required"]) == ("pending_approval", True)
    assert books.balances() == {}
    books.ok("POST", f"/bills/{bill['bill_id']}/approve")
    assert status(books, bill) == ("open", 100)


def test_a_void_bill_leaves_the_books_and_comes_back(books: Books) -> None:
    bill = made_bill(books)
    place = f"/bills/{bill['bill_id']}"
    assert books.call("POST", f"{place}/status/void").status_code == 201
    assert (status(books, bill)[0], books.balances()) == ("void", {})
    assert books.refused("POST", f"{place}/status/void") == (400, 990011)
    assert books.refused("PUT", place, {"notes": "x"}) == (400, 990011)
    books.ok("POST", f"{place}/status/open")
    assert status(books, bill)[0] == "open"
    assert books.refused("POST", f"{place}/status/open") == (400, 990011)


@pytest.mark.parametrize(("module", "code"), [("purchase", 990005), ("accountant", 0)])
def test_a_purchase_lock_covers_bills_payments_credits_and_expenses(books: Books, module: str, code: int) -> None:
    books.do("lock", through="2026-06-10", module=module)
    found = [
        books.call("POST", path, body).json()["code"]
        for path, body in (
            ("/bills", books.bill()),
            ("/vendorpayments", paid(books, 5)),
            ("/vendorcredits", credit(books)),
            ("/expenses", books.expense()),
        )
    ]
    assert found == [code] * 4


def test_an_update_of_a_bill_is_partial(books: Books) -> None:
    bill = made_bill(books)
    changed = books.ok("PUT", f"/bills/{bill['bill_id']}", {"notes": "Looked at"})["bill"]
    assert (changed["total"], changed["bill_number"], changed["due_date"]) == (100, "INV-1", "2026-07-09")
    lines = [{"account_id": books.account("612000"), "rate": 70}]
    assert books.ok("PUT", f"/bills/{bill['bill_id']}", {"line_items": lines})["bill"]["balance"] == 70
    assert books.balances() == {"612000": 70, "211000": -70}


# --- payments


def test_a_payment_settles_bills_in_part_and_whole(books: Books) -> None:
    bill = made_bill(books)
    answer = books.ok("POST", "/vendorpayments", paid(books, 60, (bill["bill_id"], 60)))
    first = answer["vendorpayment"]
    assert answer["message"] == "The payment made to the vendor has been recorded."
    assert (first["payment_number"], first["status"], first["balance"]) == ("1", "paid", 0)
    assert status(books, bill) == ("partially_paid", 40)
    books.ok("POST", "/vendorpayments", paid(books, 45, (bill["bill_id"], 40)))
    assert status(books, bill) == ("paid", 0)
    assert books.balances() == {"600100": 100, "211000": 5, "101401": -105}
    assert len(books.rows("/vendorpayments", bill_id=bill["bill_id"])) == 2
    assert books.refused("DELETE", f"/bills/{bill['bill_id']}") == (400, 990006)
    books.ok("DELETE", f"/vendorpayments/{first['payment_id']}")
    assert status(books, bill) == ("partially_paid", 60)


@pytest.mark.parametrize(
    ("amount", "applied", "change"),
    [
        (100, 100.01, {}),
        (50, 60, {}),
        (0, 0, {}),
        (10, 10, {"vendor_id": "other"}),
        (10, 10, {"paid_through_account_id": "cost"}),
        (10, 10, {"bills": [{"bill_id": "1", "amount_applied": 10}]}),
    ],
)
def test_a_payment_that_does_not_fit_is_refused_and_leaves_the_bill_alone(
    books: Books, amount: float, applied: float, change: dict[str, Any]
) -> None:
    bill = made_bill(books)
    known = {"other": books.vendor("Bluefin Legal LLP"), "cost": books.account("600100")}
    change = {name: known.get(value, value) if isinstance(value, str) else value for name, value in change.items()}
    body = paid(books, amount, (bill["bill_id"], applied), **change)
    assert books.refused("POST", "/vendorpayments", body) == (400, 4)
    assert status(books, bill) == ("open", 100)
    assert len(books.org.payments) == 0


def test_an_unused_payment_can_be_applied_later_and_taken_away_again(books: Books) -> None:
    bill = made_bill(books)
    payment = books.ok("POST", "/vendorpayments", paid(books, 100))["vendorpayment"]
    assert payment["balance"] == 100
    applied = {"bill_payments": [{"payment_id": payment["payment_id"], "amount_applied": 100}]}
    assert books.call("POST", f"/bills/{bill['bill_id']}/credits", applied).status_code == 201
    assert status(books, bill) == ("paid", 0)
    application = books.ok("GET", f"/bills/{bill['bill_id']}/payments")["payments"][0]["bill_payment_id"]
    books.ok("DELETE", f"/bills/{bill['bill_id']}/payments/{application}")
    assert status(books, bill) == ("open", 100)
    assert books.ok("GET", f"/vendorpayments/{payment['payment_id']}")["vendorpayment"]["balance"] == 100


def test_a_change_of_a_payment_replaces_its_bills_only_when_it_names_them(books: Books) -> None:
    one, two = made_bill(books, "A"), made_bill(books, "B")
    payment = books.ok("POST", "/vendorpayments", paid(books, 100, (one["bill_id"], 100)))["vendorpayment"]
    place = f"/vendorpayments/{payment['payment_id']}"
    books.ok("PUT", place, {"amount": 100, "description": "Wire"})
    assert status(books, one) == ("paid", 0)
    books.ok("PUT", place, {"bills": [{"bill_id": two["bill_id"], "amount_applied": 100}]})
    assert (status(books, one), status(books, two)) == (("open", 100), ("paid", 0))


def test_an_exchange_difference_between_bill_and_payment_is_booked(books: Books) -> None:
    bill = made_bill(books, currency_id=books.currency("EUR"), exchange_rate=1.25)
    assert books.balances() == {"600100": 125, "211000": -125}
    body = paid(books, 100, (bill["bill_id"], 100), exchange_rate=1.3)
    books.ok("POST", "/vendorpayments", body)
    assert books.balances() == {"600100": 125, "101401": -130, "641000": 5}


# --- vendor credits


def test_a_vendor_credit_is_open_and_settles_bills(books: Books) -> None:
    bill = made_bill(books)
    made = books.ok("POST", "/vendorcredits", credit(books))["vendor_credit"]
    assert (made["vendor_credit_number"], made["status"], made["balance"]) == ("DN-00001", "open", 30)
    assert books.balances() == {"600100": 70, "211000": -70}
    place = f"/vendorcredits/{made['vendor_credit_id']}"
    applied = {"bills": [{"bill_id": bill["bill_id"], "amount_applied": 30}]}
    assert books.call("POST", f"{place}/bills", applied).status_code == 201
    assert status(books, bill) == ("partially_paid", 70)
    shown = books.ok("GET", place)["vendor_credit"]
    assert (shown["status"], shown["balance"], shown["total_credits_used"]) == ("closed", 0, 30)
    assert books.refused("DELETE", place) == (400, 990006)
    assert books.refused("POST", f"{place}/bills", applied) == (400, 990011)
    used = books.ok("GET", f"{place}/bills")["bills_credited"][0]["vendor_credit_bill_id"]
    books.ok("DELETE", f"{place}/bills/{used}")
    assert status(books, bill) == ("open", 100)
    books.ok("DELETE", place)
    assert books.balances() == {"600100": 100, "211000": -100}


def test_a_number_of_ones_own_needs_the_parameter(books: Books) -> None:
    body = credit(books, vendor_credit_number="CR-7")
    assert books.ok("POST", "/vendorcredits", body)["vendor_credit"]["vendor_credit_number"] == "DN-00001"
    own = {"ignore_auto_number_generation": "true"}
    assert books.ok("POST", "/vendorcredits", body, **own)["vendor_credit"]["vendor_credit_number"] == "CR-7"
    assert books.refused("POST", "/vendorcredits", body, **own) == (400, 4)


def test_a_void_credit_leaves_the_books(books: Books) -> None:
    made = books.ok("POST", "/vendorcredits", credit(books))["vendor_credit"]
    books.ok("POST", f"/vendorcredits/{made['vendor_credit_id']}/status/void")
    assert books.balances() == {}
    assert len(books.rows("/vendorcredits", status="void")) == 1


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


# --- money that comes back


def test_an_unused_payment_can_be_refunded_and_its_money_is_in_the_books(books: Books) -> None:
    payment = books.ok("POST", "/vendorpayments", paid(books, 100))["vendorpayment"]
    place = f"/vendorpayments/{payment['payment_id']}"
    body = {"date": "2026-06-12", "amount": 40, "to_account_id": books.account("101401"), "reference_number": "back"}
    assert books.refused("POST", f"{place}/refunds", {**body, "amount": 101}) == (400, 4)
    made = books.ok("POST", f"{place}/refunds", body)["vendorpayment_refund"][0]
    assert (made["amount"], made["to_account_name"]) == (40, "Bank")
    shown = books.ok("GET", place)["vendorpayment"]
    assert (shown["balance"], shown["vendorpayment_refunds"][0]["amount_fcy"]) == (60, 40)
    assert books.balances() == {"211000": 60, "101401": -60}
    assert [one["reference_number"] for one in books.rows(f"{place}/refunds")] == ["back"]
    assert books.refused("DELETE", place) == (400, 990006)
    books.ok("DELETE", f"{place}/refunds/{made['vendorpayment_refund_id']}")
    assert books.balances() == {"211000": 100, "101401": -100}
    books.switches.refund_of_payment = "object"
    assert books.ok("POST", f"{place}/refunds", body)["vendorpayment_refund"]["amount"] == 40


def test_a_vendor_credit_can_be_refunded_at_another_rate(books: Books) -> None:
    euro = {"currency_id": books.currency("EUR"), "exchange_rate": 1.25}
    made = books.ok("POST", "/vendorcredits", credit(books, 100, **euro))["vendor_credit"]
    place = f"/vendorcredits/{made['vendor_credit_id']}"
    body = {"date": "2026-06-12", "amount": 100, "account_id": books.account("101401"), "exchange_rate": 1.3}
    assert books.ok("POST", f"{place}/refunds", body)["vendor_credit_refund"]["vendor_credit_id"]
    shown = books.ok("GET", place)["vendor_credit"]
    assert (shown["status"], shown["balance"], shown["total_refunded_amount"]) == ("closed", 0, 100)
    assert books.balances() == {"600100": -125, "101401": 130, "641000": -5}
    assert [one["amount_bcy"] for one in books.rows("/vendorcredits/refunds")] == [130]
    assert books.refused("POST", f"{place}/refunds", body) == (400, 4)
