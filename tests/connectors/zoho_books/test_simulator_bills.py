"""Do bills come into the simulated books as Zoho keeps them: open at once, unique by vendor, void, approved?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.connectors.zoho_books.purchases import credit, made_bill, paid, status
from tests.connectors.zoho_books.simulated import Books


@pytest.fixture
def books() -> Books:
    return Books()


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
