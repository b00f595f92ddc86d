"""Do journals come into the simulated books as Zoho keeps them?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connectors.zoho_books.simulator.inspection import books_of, stamped, stamps
from tests.connectors.zoho_books.simulated import EU, Books


@pytest.fixture
def books() -> Books:
    return Books()


def line(books: Books, code: str, side: str, amount: Any, **parts: Any) -> dict[str, Any]:
    return {"account_id": books.account(code), "debit_or_credit": side, "amount": amount, **parts}


def test_an_omitted_status_posts_at_once_and_a_draft_waits(books: Books) -> None:
    posted = books.ok("POST", "/journals", books.journal())["journal"]
    assert (posted["status"], posted["journal_type"], posted["entry_number"]) == ("published", "both", "1")
    assert books.balances() == {"600100": Decimal("42.1"), "201100": Decimal("-42.1")}
    draft = books.ok("POST", "/journals", books.journal(10, status="draft"))["journal"]
    assert (draft["status"], draft["entry_number"]) == ("draft", "2")
    assert books.balances()["600100"] == Decimal("42.1")
    assert books.call("POST", f"/journals/{draft['journal_id']}/status/publish").status_code == 201
    assert books.balances()["600100"] == Decimal("52.1")
    assert books.refused("POST", f"/journals/{draft['journal_id']}/status/publish") == (400, 990011)


def test_no_custom_fields_are_an_empty_text_and_some_are_a_list(books: Books) -> None:
    assert books.ok("POST", "/journals", books.journal())["journal"]["custom_fields"] == ""
    value = [{"customfield_id": books.field("journal"), "value": "exp_1"}]
    shown = books.ok("POST", "/journals", books.journal(custom_fields=value))["journal"]["custom_fields"]
    assert [(one["api_name"], one["value"]) for one in shown] == [("cf_brex_id", "exp_1")]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"journal_date": "09.06.2026"}, 4),
        ({"journal_date": ""}, 4),
        ({"status": "posted"}, 4),
        ({"line_items": []}, 4),
        ({"currency_id": "1"}, 4),
    ],
)
def test_a_journal_with_a_wrong_field_is_refused(books: Books, change: dict[str, Any], code: int) -> None:
    assert books.refused("POST", "/journals", books.journal(**change)) == (400, code)
    assert len(books.org.journals) == 0


@pytest.mark.parametrize(
    ("place", "change", "code"),
    [
        (0, {"amount": 42.11}, 990001),
        (0, {"amount": 0}, 4),
        (0, {"amount": -42.1}, 4),
        (0, {"debit_or_credit": "both"}, 4),
        (0, {"account_id": ""}, 990002),
        (0, {"account_id": "1"}, 990002),
        (0, {"project_id": "1"}, 4),
        (1, {"customer_id": "1"}, 4),
    ],
)
def test_a_journal_with_a_wrong_line_is_refused(books: Books, place: int, change: dict[str, Any], code: int) -> None:
    body = books.journal()
    body["line_items"][place].update(change)
    assert books.refused("POST", "/journals", body) == (400, code)
    assert books.balances() == {}


def test_an_inactive_account_is_refused_even_when_it_was_closed_a_moment_ago(books: Books) -> None:
    closed = line(books, "699800", "debit", 42.1)
    assert books.refused("POST", "/journals", books.journal(line_items=[closed, closed])) == (400, 990002)
    books.do("interrupt", do="set_account_active", method="POST", path="/journals", arguments={"code": "600100"})
    assert books.refused("POST", "/journals", books.journal()) == (400, 990002)


def test_a_line_on_a_control_account_needs_a_contact(books: Books) -> None:
    lines = [line(books, "600100", "debit", 5), line(books, "211000", "credit", 5)]
    assert books.refused("POST", "/journals", books.journal(line_items=lines)) == (400, 990003)
    lines[1]["customer_id"] = books.vendor()
    shown = books.ok("POST", "/journals", books.journal(line_items=lines))["journal"]
    assert shown["line_items"][1]["customer_name"] == "Northwind Machining"
    assert len(books.rows("/journals", vendor_id=books.vendor())) == 1
    lines[1]["customer_id"] = books.vendor("Old Mill Printing")
    assert books.refused("POST", "/journals", books.journal(line_items=lines)) == (400, 990003)


def test_lines_carry_tags_and_projects(books: Books) -> None:
    body = books.journal()
    tag = books.tag("Cost centre", "Sales DACH")
    project = next(iter(books.org.projects))["project_id"]
    body["line_items"][0].update(tags=[tag], project_id=project)
    shown = books.ok("POST", "/journals", body)["journal"]
    assert shown["line_items"][0]["tags"] == [tag]
    assert shown["line_items"][0]["project_name"] == "Line 4 retrofit"
    assert shown["line_items"][1]["tags"] == []
    assert len(books.rows("/journals", project_id=project)) == 1


@pytest.mark.parametrize("option", ["Legacy programme", "unknown", "other tag"])
def test_an_option_that_cannot_be_chosen_is_refused(books: Books, option: str) -> None:
    body, tag = books.journal(), books.tag("Cost centre", "Apollo")
    options = {
        "Legacy programme": books.tag("Cost centre", "Legacy programme")["tag_option_id"],
        "unknown": "1",
        "other tag": books.tag("Department", "Research")["tag_option_id"],
    }
    body["line_items"][0]["tags"] = [{**tag, "tag_option_id": options[option]}]
    assert books.refused("POST", "/journals", body) == (400, 990004)


def test_a_mandatory_tag_must_be_on_every_line(books: Books) -> None:
    books.do("set_tag", name="Department", is_mandatory=True)
    assert books.refused("POST", "/journals", books.journal()) == (400, 990004)
    body = books.journal()
    for one in body["line_items"]:
        one["tags"] = [books.tag("Department", "IT")]
    assert books.ok("POST", "/journals", body)


def test_a_tag_of_the_other_level_is_dropped_without_a_word(books: Books) -> None:
    body = books.journal(tags=[books.tag("Cost centre", "Apollo"), books.tag("Campaign", "Spring fair")])
    body["line_items"][0]["tags"] = [books.tag("Campaign", "Spring fair")]
    shown = books.ok("POST", "/journals", body)["journal"]
    assert [one["tag_name"] for one in shown["tags"]] == ["Campaign"]
    assert shown["line_items"][0]["tags"] == []


@pytest.mark.parametrize(("module", "code"), [("accountant", 990005), ("all", 990005), ("purchase", 0)])
def test_a_locked_day_refuses_journals_of_its_module(books: Books, module: str, code: int) -> None:
    books.do("lock", through="2026-06-09", module=module)
    answer = books.call("POST", "/journals", books.journal())
    assert answer.json()["code"] == code
    books.switches.lock_includes_its_date = False
    assert books.call("POST", "/journals", books.journal()).status_code == 201


def test_a_lock_also_refuses_changes_and_deletions(books: Books) -> None:
    made = books.ok("POST", "/journals", books.journal())["journal"]
    place = f"/journals/{made['journal_id']}"
    books.do("lock", through="2026-06-30", module="accountant")
    assert books.refused("PUT", place, {"notes": "x"}) == (400, 990005)
    assert books.refused("PUT", place, {"journal_date": "2026-07-01"}) == (400, 990005)
    assert books.refused("DELETE", place) == (400, 990005)
    books.do("lock", through="2026-06-30", module="accountant", status="disabled")
    assert books.ok("DELETE", place)["message"] == "The selected journal entry has been deleted."
    assert books.balances() == {}


def test_an_update_is_partial_and_lines_are_replaced_by_those_sent(books: Books) -> None:
    made = books.ok("POST", "/journals", books.journal(notes="Paper"))["journal"]
    place = f"/journals/{made['journal_id']}"
    books.clock.advance(seconds=5)
    changed = books.ok("PUT", place, {"journal_date": "2026-06-10", "notes": "More"})["journal"]
    assert changed["reference_number"] == "BRX-1"
    assert changed["line_items"] == made["line_items"]
    assert (changed["created_time"], changed["last_modified_time"]) == (
        "2026-06-15T12:00:00-0700",
        "2026-06-15T12:00:05-0700",
    )
    kept = {**line(books, "600100", "debit", 10), "line_id": made["line_items"][0]["line_id"]}
    lines = [kept, line(books, "101401", "credit", 10)]
    shown = books.ok("PUT", place, {"line_items": lines})["journal"]
    assert shown["line_items"][0]["line_id"] == kept["line_id"]
    assert shown["line_items"][1]["line_id"] != made["line_items"][1]["line_id"]
    assert books.balances() == {"600100": 10, "101401": -10}


def test_a_foreign_journal_is_booked_at_its_rate_and_still_balances(books: Books) -> None:
    lines = [line(books, "600100", "debit", amount) for amount in (0.1, 0.1, 0.1)]
    body = {"currency_id": books.currency("EUR"), "exchange_rate": 1.25}
    lines.append(line(books, "201110", "credit", 0.3))
    shown = books.ok("POST", "/journals", books.journal(line_items=lines, **body))["journal"]
    assert (shown["currency_code"], shown["total"], shown["bcy_total"]) == ("EUR", Decimal("0.3"), Decimal("0.38"))
    assert [one["bcy_amount"] for one in shown["line_items"]] == [Decimal("0.13")] * 3 + [Decimal("0.38")]
    assert books.balances() == {"600100": Decimal("0.39"), "201110": Decimal("-0.38"), "641000": Decimal("-0.01")}


def test_without_a_rate_that_of_the_day_counts_or_the_nearest_earlier_one(books: Books) -> None:
    for day, rate in (("2025-05-05", "1.2"), ("2026-06-09", "1.25")):
        body = books.journal(currency_id=books.currency("EUR"), journal_date=day)
        assert books.ok("POST", "/journals", body)["journal"]["exchange_rate"] == Decimal(rate)
    early = books.journal(currency_id=books.currency("EUR"), journal_date="2024-12-31")
    assert books.refused("POST", "/journals", early) == (400, 4)


def test_yen_have_no_cents(books: Books) -> None:
    lines = [line(books, "600100", "debit", 1000.5), line(books, "201120", "credit", 1001)]
    body = books.journal(line_items=lines, currency_id=books.currency("JPY"))
    shown = books.ok("POST", "/journals", body)["journal"]
    assert (shown["total"], shown["price_precision"]) == (1001, 0)
    assert shown["bcy_total"] == Decimal("6.61")


def test_the_reference_number_is_searched_but_never_unique(books: Books) -> None:
    for _ in range(2):
        books.ok("POST", "/journals", books.journal(reference="brex:exp_1"))
    books.ok("POST", "/journals", books.journal(reference="brex:exp_10"))
    assert len(books.rows("/journals", reference_number="brex:exp_1")) == 2
    assert len(books.rows("/journals", reference_number="BREX:EXP_1")) == 2
    assert len(books.rows("/journals", reference_number_startswith="brex:exp_1")) == 3
    assert len(books.rows("/journals", reference_number_contains="p_10")) == 1
    books.switches.exact_filter_case = "sensitive"
    assert len(books.rows("/journals", reference_number="BREX:EXP_1")) == 0
    assert stamps(books.org) == {"brex:exp_1": 2, "brex:exp_10": 1}


def test_a_reference_number_may_be_made_unique(books: Books) -> None:
    books.switches.unique_journal_references = True
    made = books.ok("POST", "/journals", books.journal())["journal"]
    assert books.refused("POST", "/journals", books.journal(reference="brx-1")) == (400, 990007)
    books.ok("PUT", f"/journals/{made['journal_id']}", {"notes": "x"})
    books.switches.unknown_codes_shift = 500
    assert books.refused("POST", "/journals", books.journal()) == (400, 990507)


def test_a_reference_number_may_be_limited(books: Books) -> None:
    books.switches.journal_reference_limit = 50
    assert books.refused("POST", "/journals", books.journal(reference="x" * 51)) == (400, 4)


def test_the_list_filters_by_day_amount_status_and_account(books: Books) -> None:
    books.ok("POST", "/journals", books.journal(10, reference="a", journal_date="2026-06-01"))
    books.ok("POST", "/journals", books.journal(20, reference="b", journal_date="2026-06-15", status="draft"))
    books.ok("POST", "/journals", books.journal(30, reference="c", journal_date="2026-05-20"))

    def found(**query: Any) -> list[str]:
        return [one["reference_number"] for one in books.rows("/journals", **query)]

    assert found() == ["b", "a", "c"]
    assert found(date="2026-06-01") == ["a"]
    assert found(date_start="2026-06-01", date_end="2026-06-15") == ["b", "a"]
    assert found(date_before="2026-06-01") == ["c"]
    assert found(date_after="2026-06-01") == ["b"]
    assert found(total_greater_equals="20", sort_column="total", sort_order="A") == ["b", "c"]
    assert found(status="draft") == ["b"]
    assert found(filter_by="JournalDate.Today") == ["b"]
    assert found(filter_by="JournalDate.ThisMonth") == ["b", "a"]
    assert found(account_id=books.account("600100"), sort_column="reference_number") == ["a", "b", "c"]
    assert found(account_id=books.account("612000")) == []
    assert found(search_text="B") == ["b"]


def test_a_reversal_is_a_journal_with_the_sides_swapped(books: Books) -> None:
    made = books.ok("POST", "/journals", books.journal())["journal"]
    query = {"reversal_date": "2026-06-12", "is_reversal_scheduled": "false"}
    back = books.ok("POST", f"/journals/{made['journal_id']}/reverse", **query)["journal"]
    assert (back["journal_date"], back["status"], back["entry_number"]) == ("2026-06-12", "published", "2")
    assert [one["debit_or_credit"] for one in back["line_items"]] == ["credit", "debit"]
    assert books.balances() == {}


def test_approvals_keep_a_journal_out_of_the_books(books: Books) -> None:
    books.switches.journal_approval = True
    made = books.ok("POST", "/journals", books.journal())["journal"]
    place = f"/journals/{made['journal_id']}"
    assert made["status"] == "draft"
    assert books.refused("POST", f"{place}/status/publish") == (400, 990011)
    books.ok("POST", f"{place}/submit")
    books.ok("POST", f"{place}/approve")
    assert books.balances() == {}
    books.ok("POST", f"{place}/status/publish")
    assert books.balances()["600100"] == Decimal("42.1")


def test_many_journals_are_moved_at_once(books: Books) -> None:
    books.switches.journal_approval = True
    ids = [books.ok("POST", "/journals", books.journal())["journal"]["journal_id"] for _ in range(11)]
    for step in ("submit", "approve"):
        books.ok("POST", f"/journals/{step}", journal_ids=",".join(ids))
    assert books.refused("POST", "/journals/status/publish", journal_ids=",".join(ids)) == (400, 2)
    books.ok("POST", "/journals/status/publish", journal_ids=",".join(ids[:10]))
    assert [one["status"] for one in books.rows("/journals", status="published")] == ["published"] * 10
    books.ok("DELETE", "/journals/bulkdelete", journal_ids=",".join(ids))
    assert (books.rows("/journals"), books.balances()) == ([], {})


def test_the_indian_edition_refuses_tax_on_lines_and_drops_states(books: Books) -> None:
    books.do("set_organisation", edition="IN")
    body = books.journal(source_of_supply="TN")
    assert "source_of_supply" not in books.ok("POST", "/journals", body)["journal"]
    body["line_items"][0]["tax_id"] = next(iter(books.org.taxes))["tax_id"]
    answer = books.call("POST", "/journals", body)
    assert (answer.status_code, answer.json()) == (400, {"code": 110942, "message": "Tax not supported."})


def test_elsewhere_tax_on_a_line_is_dropped(books: Books) -> None:
    body = books.journal()
    body["line_items"][0]["tax_id"] = next(iter(books.org.taxes))["tax_id"]
    assert books.ok("POST", "/journals", body)["journal"]["line_items"][0]["tax_id"] == ""


def test_an_organisation_with_locations_wants_one(books: Books) -> None:
    location = books.do("add_location", name="Berlin")
    assert books.refused("POST", "/journals", books.journal()) == (400, 4)
    assert books.ok("POST", "/journals", books.journal(location_id=location))["journal"]["location_id"] == location
    assert [one["location_name"] for one in books.ok("GET", "/locations")["locations"]] == ["Berlin"]


def test_files_hang_on_a_journal(books: Books) -> None:
    made = books.ok("POST", "/journals", books.journal())["journal"]
    place = f"/journals/{made['journal_id']}"
    pages = [("attachment", ("a.pdf", b"%PDF")), ("attachment", ("b.png", b"png"))]
    assert books.call("POST", f"{place}/attachment", files=pages).status_code == 201
    shown = books.ok("GET", place)["journal"]["documents"]
    assert [one["file_name"] for one in shown] == ["a.pdf", "b.png"]
    for name, content in (("a.exe", b"x"), ("a.pdf", b"x" * (10 * 1024 * 1024 + 1))):
        assert books.refused("POST", f"{place}/attachment", files={"attachment": (name, content)}) == (400, 990010)
    assert books.refused("POST", f"{place}/attachment") == (400, 4)


def test_the_ledger_lines_of_a_document_can_be_read(books: Books) -> None:
    made = books.ok("POST", "/journals", books.journal())["journal"]
    place = f"/transactions/{made['journal_id']}/journals"
    lines = books.ok("GET", place, entity_type="journal")["journal"]["line_items"]
    assert [(one["account_name"], one["debit_or_credit"], one["bcy_amount"]) for one in lines] == [
        ("Office Supplies", "debit", Decimal("42.1")),
        ("Credit Card", "credit", Decimal("42.1")),
    ]
    assert books.refused("GET", place) == (400, 2)


def test_what_carries_a_stamp_can_be_counted_behind_the_api(books: Books) -> None:
    books.ok("POST", "/journals", books.journal(reference="brex:exp_1"))
    assert [name for name, _ in stamped(books.org, "brex:exp_1")] == ["journals"]
    assert books_of(books.org, "brex:exp_1") == {
        books.account("600100"): Decimal("42.1"),
        books.account("201100"): Decimal("-42.1"),
    }
    books.ok("POST", "/journals", books.journal(reference="brex:exp_1", status="draft"))
    told = books.do("find_stamp", stamp="brex:exp_1")
    assert [(one["table"], one["status"]) for one in told["records"]] == [
        ("journals", "published"),
        ("journals", "draft"),
    ]
    assert told["books"][books.account("600100")] == Decimal("42.1")
    assert books.do("find_stamp", stamp="brex:exp_2") == {"records": [], "books": {}}


def test_organisations_keep_their_books_apart() -> None:
    books, other = Books(), Books(org=EU)
    other.ok("POST", "/journals", other.journal(7))
    assert other.balances() == {"600100": 7, "201100": -7}
    assert books.balances() == {}
    alien = books.journal()
    alien["line_items"][0]["account_id"] = other.account("600100")
    assert books.refused("POST", "/journals", alien) == (400, 990002)
