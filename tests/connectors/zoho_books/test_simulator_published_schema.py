"""Does the simulated Zoho speak as Zoho's published OpenAPI files say, but for what was seen otherwise?"""

from __future__ import annotations

import re
from typing import Any

import pytest

from connectors.codec import json_load
from connectors.zoho_books.simulator import chart_list, currencies, locking, taxes
from tests.connectors.zoho_books.published import (
    WITHOUT_FILE,
    parameter_complaints,
    published_for,
    request_complaints,
    response_complaints,
    sent_complaints,
)
from tests.connectors.zoho_books.simulated import Books

pytestmark = pytest.mark.published_schema


class Checked(Books):
    """A caller that compares every exchange with the published files."""

    def ok(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        answer = self.call(method, path, body, **more)
        assert answer.status_code < 300, (path, answer.text)
        query = {name: value for name, value in more.items() if name not in ("headers", "files")}
        assert parameter_complaints(method, path, query) == []
        value = json_load(answer.content)
        assert response_complaints(method, path, answer.status_code, value) == []
        if body is not None:
            assert request_complaints(method, path, body) == []
        return value


@pytest.fixture
def books() -> Checked:
    return Checked()


def test_journals_have_the_published_shape(books: Checked) -> None:
    tagged = books.journal(
        status="draft",
        notes="Paper",
        tags=[books.tag("Campaign", "Spring fair")],
        custom_fields=[{"customfield_id": books.field("journal"), "value": "exp_1"}],
    )
    tagged["line_items"][0]["tags"] = [books.tag("Cost centre", "Apollo")]
    made = books.ok("POST", "/journals", tagged)["journal"]
    place = f"/journals/{made['journal_id']}"
    books.ok("POST", f"{place}/status/publish")
    books.ok("GET", place)
    books.ok("PUT", place, {"journal_date": "2026-06-10", "notes": "More paper"})
    books.ok("POST", f"{place}/comments", {"description": "Looked at"})
    books.ok("POST", f"{place}/attachment", files={"attachment": ("r.pdf", b"%PDF")})
    books.ok("POST", f"{place}/reverse", reversal_date="2026-06-12", is_reversal_scheduled="false")
    filters = {"reference_number": "BRX-1", "last_modified_time": "2026-06-01T00:00:00+0000", "status": "published"}
    assert len(books.ok("GET", "/journals", **filters)["journals"]) == 2
    books.ok("GET", "/journals", date_start="2026-06-01", total_greater_than="1", notes_contains="paper")
    books.ok("GET", f"/transactions/{made['journal_id']}/journals", entity_type="journal")
    books.ok("DELETE", place)


def test_bills_payments_and_credits_have_the_published_shape(books: Checked) -> None:
    lines = [{"account_id": books.account("600100"), "name": "Paper", "rate": 100.5, "quantity": 2}]
    bill = books.ok("POST", "/bills", books.bill(line_items=lines, custom_fields=[{"index": 1, "value": "k"}]))["bill"]
    place = f"/bills/{bill['bill_id']}"
    books.ok("PUT", place, {"notes": "x"})
    through = {"paid_through_account_id": books.account("101401"), "date": "2026-06-10", "vendor_id": bill["vendor_id"]}
    applied = [{"bill_id": bill["bill_id"], "amount_applied": 60.25}]
    payment = books.ok("POST", "/vendorpayments", {**through, "amount": 60.25, "bills": applied})["vendorpayment"]
    paying = f"/vendorpayments/{payment['payment_id']}"
    books.ok("GET", paying)
    books.ok("PUT", paying, {"amount": 60.25, "description": "Wire"})
    assert books.ok("GET", "/vendorpayments", bill_id=bill["bill_id"])["vendorpayments"]
    refund = {"account_id": books.account("600100"), "name": "Refund", "rate": 12.5, "quantity": 1}
    body = {"vendor_id": bill["vendor_id"], "date": "2026-06-10", "line_items": [refund]}
    credit = books.ok("POST", "/vendorcredits", body)["vendor_credit"]
    place_of_credit = f"/vendorcredits/{credit['vendor_credit_id']}"
    books.ok("POST", f"{place_of_credit}/bills", {"bills": [{"bill_id": bill["bill_id"], "amount_applied": 12.5}]})
    books.ok("GET", place_of_credit)
    books.ok("GET", f"{place_of_credit}/bills")
    assert books.ok("GET", "/vendorcredits", reference_number="", status="closed")["vendorcredits"]
    unused = books.ok("POST", "/vendorpayments", {**through, "amount": 9})["vendorpayment"]["payment_id"]
    back = {"date": "2026-06-11", "amount": 9, "to_account_id": books.account("101401")}
    refund_id = books.ok("POST", f"/vendorpayments/{unused}/refunds", back)["vendorpayment_refund"][0]
    books.ok("GET", f"/vendorpayments/{unused}/refunds/{refund_id['vendorpayment_refund_id']}")
    books.ok("GET", f"/vendorpayments/{unused}/refunds")
    books.ok("GET", f"/vendorpayments/{unused}")
    other = books.ok("POST", "/vendorcredits", body)["vendor_credit"]["vendor_credit_id"]
    back = {"date": "2026-06-11", "amount": 2, "account_id": books.account("101401")}
    books.ok("POST", f"/vendorcredits/{other}/refunds", back)
    books.ok("GET", f"/vendorcredits/{other}/refunds")
    assert books.ok("GET", "/vendorcredits/refunds")["vendor_credit_refunds"]
    shown = books.ok("GET", place)["bill"]
    assert shown["status"] == "partially_paid"
    books.ok("GET", f"{place}/payments")
    books.ok("GET", "/bills", bill_number="INV-1", vendor_id=bill["vendor_id"], status="partially_paid")
    books.ok("POST", f"{place}/attachment", files={"attachment": ("r.png", b"png")})
    books.ok("POST", f"{place}/comments", {"description": "Looked at"})
    other = books.ok("POST", "/bills", books.bill("INV-2"))["bill"]["bill_id"]
    books.ok("POST", f"/bills/{other}/status/void")
    books.ok("POST", f"/bills/{other}/status/open")
    books.ok("DELETE", f"/bills/{other}")


def test_expenses_have_the_published_shape(books: Checked) -> None:
    made = books.ok("POST", "/expenses", books.expense(tags=[books.tag("Cost centre", "Apollo")]))["expense"]
    place = f"/expenses/{made['expense_id']}"
    books.ok("GET", place)
    books.ok("PUT", place, books.expense(43, description="Toner"))
    books.ok("POST", f"{place}/receipt", files={"receipt": ("r.pdf", b"%PDF")})
    assert books.ok("GET", "/expenses", reference_number="BRX-exp", vendor_id=books.vendor())["expenses"]
    books.ok("DELETE", place)


def test_upserts_have_the_published_shape(books: Checked) -> None:
    headers = {"X-Unique-Identifier-Key": "cf_brex_id", "X-Unique-Identifier-Value": "exp_1", "X-Upsert": "true"}
    for _ in range(2):
        body = books.bill(custom_fields=[{"index": 1, "value": "exp_1"}])
        books.ok("PUT", "/bills", body, headers=headers)
        contact = {"contact_name": "New", "contact_type": "vendor", "custom_fields": [{"index": 1, "value": "exp_1"}]}
        books.ok("PUT", "/contacts", contact, headers=headers)
    assert len(books.org.bills) == 1


def test_contacts_accounts_and_projects_have_the_published_shape(books: Checked) -> None:
    person = {"first_name": "A", "email": "ar@staples.test", "is_primary_contact": True}
    body = {"contact_name": "Rackshop", "contact_type": "vendor", "contact_persons": [person]}
    contact = books.ok("POST", "/contacts", body)["contact"]
    place = f"/contacts/{contact['contact_id']}"
    books.ok("GET", place)
    books.ok("PUT", place, {"contact_name": "Rackshop SAS", "contact_type": "vendor"})
    books.ok("POST", f"{place}/inactive")
    books.ok("POST", f"{place}/active")
    assert books.ok("GET", "/contacts", contact_name_startswith="rack", contact_type="vendor")["contacts"]
    books.ok("DELETE", place)
    account = {"account_name": "Canteen", "account_type": "expense", "parent_account_id": books.account("600000")}
    made = books.ok("POST", "/chartofaccounts", account)["chart_of_account"]
    place = f"/chartofaccounts/{made['account_id']}"
    books.ok("PUT", place, {"account_name": "Canteens"})
    books.ok("GET", place)
    books.ok("POST", f"{place}/inactive")
    books.ok("GET", "/chartofaccounts", filter_by="AccountType.All", showbalance="true")
    books.call("POST", "/journals", books.journal())
    books.ok("GET", "/chartofaccounts/accounttransactions", account_id=books.account("600100"))
    project = books.ok("GET", "/projects", filter_by="Status.Active")["projects"][0]
    books.ok("GET", f"/projects/{project['project_id']}")


def test_reference_data_have_the_published_shape(books: Checked) -> None:
    euro = books.currency("EUR")
    tag = books.tag("Cost centre", "Apollo")["tag_id"]
    for path in (
        "/organizations",
        f"/organizations/{books.org_id}",
        "/users",
        "/users/me",
        "/locations",
        "/settings/currencies",
        f"/settings/currencies/{euro}",
        f"/settings/currencies/{euro}/exchangerates",
        "/settings/taxes",
        "/reportingtags",
        f"/reportingtags/{tag}/options/all",
        "/transactionlock",
    ):
        books.ok("GET", path)
    books.ok("GET", "/reportingtags/options", tag_id=tag)
    rate = {"effective_date": "2026-06-14", "rate": 1.2}
    books.ok("POST", f"/settings/currencies/{euro}/exchangerates", rate)
    lock = {"transaction_lock_status": "enabled", "transaction_lock_module": "purchase", "reason": "Closed"}
    books.ok("PUT", "/transactionlock", {**lock, "transaction_lock_date": "2026-01-31"})
    books.ok("GET", "/transactionlock")
    excepted = {"user_ids": [books.simulator.signed_in.ids[books.org_id]], "account_ids": [books.account("600100")]}
    books.ok("PUT", "/transactionlock", {**lock, **excepted, "transaction_lock_date": "2026-01-31"})
    days = {"is_enabled": True, "lock_module": "purchase", "start_date": "2026-01-05", "end_date": "2026-01-09"}
    books.ok("PUT", "/transactionlock/partialunlock", {**days, "reason": "Late bill"})
    assert books.ok("GET", "/transactionlocks")["transaction_locks"]
    books.do("add_location", name="Berlin", is_primary=True)
    assert books.ok("GET", "/locations")["locations"]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/journals", "journal_date"),
        ("/bills", "vendor_id"),
        ("/bills", "bill_number"),
        ("/expenses", "date"),
        ("/expenses", "amount"),
        ("/expenses", "account_id"),
        ("/expenses", "paid_through_account_id"),
        ("/contacts", "contact_name"),
        ("/vendorcredits", "vendor_id"),
        ("/vendorpayments", "amount"),
        ("/projects", "customer_id"),
        ("/projects", "billing_type"),
    ],
)
def test_what_the_files_require_the_simulator_requires(books: Checked, path: str, field: str) -> None:
    customer = next(one["contact_id"] for one in books.org.contacts if one["contact_type"] == "customer")
    vendor = {"vendor_id": books.vendor()}
    bodies = {
        "/journals": books.journal(),
        "/bills": books.bill(),
        "/expenses": books.expense(),
        "/contacts": {"contact_name": "A", "contact_type": "vendor"},
        "/vendorcredits": {**vendor, "line_items": [{"account_id": books.account("600100"), "rate": 1}]},
        "/vendorpayments": {**vendor, "amount": 1, "paid_through_account_id": books.account("101401")},
        "/projects": {"project_name": "A", "customer_id": customer, "billing_type": "fixed_cost_for_project"},
    }
    body = bodies[path]
    lacking = {name: value for name, value in body.items() if name != field}
    assert any(f"'{field}' is a required property" in one for one in request_complaints("POST", path, lacking))
    assert books.refused("POST", path, lacking)[0] == 400
    assert books.call("POST", path, body).status_code == 201


def test_every_served_operation_and_its_scope_is_published(books: Checked) -> None:
    checked = 0
    for name, route in routes(books):
        path = re.sub(r"<\w+>", "4600001000000000001", route.path)
        if path.startswith(WITHOUT_FILE) or name in UNPUBLISHED:
            continue
        operation = published_for(route.method, path)._operation(route.method, path)
        scopes = {scope for one in operation.get("security", []) for scope in one.get("Zoho_Auth", [])}
        assert f"ZohoBooks.{route.scope}" in scopes, (name, scopes)
        checked += 1
    assert checked > 85


def test_no_list_knows_a_filter_that_nobody_published(books: Checked) -> None:
    listings = {f"/{path}": one.listing for path, one in books.simulator.resources.items()}
    listings["/settings/currencies"] = currencies.LISTING
    listings["/settings/taxes"] = taxes.LISTING
    listings["/transactionlocks"] = locking.LISTING
    listings["/chartofaccounts/accounttransactions"] = chart_list.TRANSACTIONS
    for path, one in listings.items():
        names = {*one.texts, *one.exact, *one.dates, *one.numbers, *one.special}
        names |= {"search_text"} if one.search else set()
        names |= {"last_modified_time"} if one.modified_since else set()
        assert parameter_complaints("GET", path, dict.fromkeys(names, "x")) == []
        assert names or path in ("/settings/currencies", "/settings/taxes")


def test_a_request_is_checked_as_it_left(books: Checked) -> None:
    def sent(method: str, path: str, body: Any = None, **query: Any) -> list[str]:
        request = books.call(method, path, body, **query).request
        return sent_complaints(request)

    assert sent("POST", "/journals", books.journal()) == []
    assert sent("GET", "/journals", reference_number="x", page=1) == []
    assert sent("GET", "/organizations") == []
    assert sent("POST", "/settings/webhooks", {}) == []
    assert len(sent("POST", "/journals", {**books.journal(), "date": "x"})) == 1
    assert len(sent("GET", "/journals", reference="x")) == 1
    assert sent("PUT", "/journals", {}) == ["PUT /journals is published nowhere"]


def routes(books: Checked) -> list[tuple[str, Any]]:
    return [(f"{one.method} {one.path}", one) for one in books.simulator.routes]


# Documented by a live client or implied by the files, but not in them.
UNPUBLISHED = {
    "GET /journals/<record_id>/comments",
    "POST /expenses/<record_id>/comments",
    "POST /vendorcredits/<record_id>/comments",
}


def test_the_check_itself_notices_a_wrong_answer(books: Checked) -> None:
    good = books.ok("POST", "/journals", books.journal())
    wrong = {**good, "journal": {**good["journal"], "invented": 1, "total": "42.1"}}
    found = response_complaints("POST", "/journals", 201, wrong)
    assert any("'invented'" in one for one in found)
    assert any("$.journal.total" in one for one in found)
    line = {**good["journal"]["line_items"][0], "invented": 1}
    wrong = {**good, "journal": {**good["journal"], "line_items": [line]}}
    assert response_complaints("POST", "/journals", 201, wrong)
    assert request_complaints("POST", "/journals", {**books.journal(), "date": "2026-06-09"})
    assert parameter_complaints("GET", "/journals", {"reference": "x"}) == [
        "GET /journals: reference is not documented"
    ]
    assert parameter_complaints("GET", "/journals", {"reference_number_startswith": "x", "page": "1"}) == []
