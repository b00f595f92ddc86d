"""Do payments, credits and money that comes back settle bills in the simulated books as Zoho does?"""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.zoho_books.purchases import credit, made_bill, paid, status
from tests.connectors.zoho_books.simulated import Books


@pytest.fixture
def books() -> Books:
    return Books()


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


def test_deleting_a_payment_of_a_bill_may_mean_the_payment_itself(books: Books) -> None:
    books.do("switch", delete_of_bill_payment="delete")
    bill, other = made_bill(books, "A"), made_bill(books, "B")
    body = paid(books, 200, (bill["bill_id"], 100))
    body["bills"].append({"bill_id": other["bill_id"], "amount_applied": 100})
    books.ok("POST", "/vendorpayments", body)
    application = books.ok("GET", f"/bills/{bill['bill_id']}/payments")["payments"][0]["bill_payment_id"]
    books.ok("DELETE", f"/bills/{bill['bill_id']}/payments/{application}")
    assert (status(books, bill), status(books, other)) == (("open", 100), ("open", 100))
    assert books.rows("/vendorpayments") == []


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
