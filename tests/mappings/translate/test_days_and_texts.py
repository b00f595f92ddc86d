"""On which day and in what words does a document enter the books? Rules G6, G7, G10, G12 and the texts of section 8."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.contents import plain_number
from connectors.documents import JournalEntry
from connectors.records import Moment, RecordKind
from mappings.policies import (
    closed_through,
    day_of,
    fiscal_year_ends_on,
    line_text,
    open_day,
    signed_shares,
    tax_in_gross,
    without_numbers,
)
from mappings.translate import translate
from mappings.translate.context import Post
from tests.mappings.translate.cases_card import purchase
from tests.mappings.translate.world import a_setup, coded, day, facts, known, line, record, rules

DECEMBER = (12, 31)
LEAP = (2, 29)


@pytest.mark.parametrize(
    ("moment", "zone", "expected"),
    [
        (date(2026, 2, 1), "America/New_York", date(2026, 2, 1)),
        (datetime(2026, 2, 1, 3, 30, tzinfo=UTC), "America/New_York", date(2026, 1, 31)),
        (datetime(2026, 2, 1, 3, 30, tzinfo=UTC), "Europe/Paris", date(2026, 2, 1)),
        (datetime(2026, 2, 1, 0, 0, tzinfo=UTC), "America/New_York", date(2026, 2, 1)),
        (datetime(2026, 2, 1, 0, 0, 1, tzinfo=UTC), "America/New_York", date(2026, 1, 31)),
        (datetime(2026, 1, 31, 22, 0, tzinfo=UTC), "Asia/Tokyo", date(2026, 2, 1)),
        (datetime.fromisoformat("2026-02-01T02:00:00+02:00"), "America/New_York", date(2026, 2, 1)),
        (datetime.fromisoformat("2026-01-31T19:00:00-05:00"), "America/New_York", date(2026, 2, 1)),
    ],
)
def test_a_moment_is_a_day_of_the_company_unless_it_is_one_already(moment: Moment, zone: str, expected: date) -> None:
    assert day_of(moment, zone) == expected


@pytest.mark.parametrize(
    ("on", "closed", "year_end", "expected"),
    [
        (day("01-28"), None, DECEMBER, (day("01-28"), True)),
        (day("01-28"), day("01-27"), DECEMBER, (day("01-28"), True)),
        (day("01-28"), day("01-28"), DECEMBER, (day("01-29"), True)),
        (day("01-28"), day("01-31"), DECEMBER, (day("02-01"), True)),
        (day("12-30"), day("12-31"), DECEMBER, (date(2027, 1, 1), False)),
        (day("03-30"), day("03-31"), (3, 31), (day("04-01"), False)),
        (day("02-27"), day("02-28"), LEAP, (day("03-01"), False)),
        (day("04-02"), day("04-30"), (3, 31), (day("05-01"), True)),
    ],
)
def test_the_first_open_day_follows_the_last_closed_one(
    on: date, closed: date | None, year_end: tuple[int, int], expected: tuple[date, bool]
) -> None:
    assert open_day(on, closed, year_end) == expected


def test_a_year_that_ends_on_29_february_ends_on_the_28th_in_common_years() -> None:
    assert fiscal_year_ends_on(date(2026, 2, 1), LEAP) == date(2026, 2, 28)
    assert fiscal_year_ends_on(date(2027, 3, 1), LEAP) == date(2028, 2, 29)


def test_the_latest_of_the_locks_that_apply_counts() -> None:
    locks = {
        "journal_entry": day("01-31"),
        "journal_entry:taxed": day("02-28"),
        "vendor_bill": day("03-31"),
    }

    assert closed_through(locks, ["journal_entry"]) == day("01-31")
    assert closed_through(locks, ["journal_entry"], taxed=True) == day("02-28")
    assert closed_through(locks, ["vendor_bill", "payment"]) == day("03-31")
    assert closed_through(locks, ["payment"]) is None


def test_the_tax_lock_holds_only_taxed_documents() -> None:
    locked = known(facts=facts(closed={"journal_entry:taxed": day("02-28")}))
    taxed = purchase("48.40", lines=(line("40.00"), line("8.40", gl_account="131000")))

    assert isinstance(translate(purchase("48.40"), a_setup(), locked), Post)
    assert translate(taxed, a_setup(), locked).needs[0].code == "closed_period"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("reopened", "is_let_in"),
    [
        ({"journal_entry": [(day("02-01"), day("02-10"))]}, True),
        ({"journal_entry": [(day("01-01"), day("01-05")), (day("02-03"), day("02-03"))]}, True),
        ({"journal_entry": [(day("02-04"), day("02-10"))]}, False),
        ({"vendor_bill": [(day("02-01"), day("02-10"))]}, False),
        ({}, False),
    ],
)
def test_a_closed_day_that_was_opened_again_takes_its_documents(reopened: Any, is_let_in: bool) -> None:
    """Not where the tax lock, which was not opened, reaches that day too."""
    locked = replace(facts(closed={"journal_entry": day("02-28")}), reopened=reopened)
    decision = translate(purchase("48.40", "02-03"), a_setup(), known(facts=locked))
    assert isinstance(decision, Post) is is_let_in
    both = replace(locked, closed_through={**locked.closed_through, "journal_entry:taxed": day("02-28")})
    taxed = purchase("48.40", "02-03", lines=(line("40.00"), line("8.40", gl_account="131000")))
    assert translate(taxed, a_setup(), known(facts=both)).needs[0].code == "closed_period"  # type: ignore[union-attr]


def test_by_policy_the_day_of_the_purchase_is_the_posting_day() -> None:
    one = record(RecordKind.CARD_PURCHASE, posting_moment=day("02-03"), document_moment=day("01-30"))

    settled = translate(one, a_setup(), known())
    incurred = translate(one, a_setup({"posting_day": "incurred"}), known())

    assert isinstance(settled, Post)
    assert isinstance(incurred, Post)
    assert [one.drafts[0].document.posting_date for one in (settled, incurred)] == [day("02-03"), day("01-30")]  # type: ignore[union-attr]
    assert "G6" in incurred.rules


def test_a_moved_day_keeps_the_rate_of_the_day_it_would_have_had() -> None:
    rates: dict[tuple[str, date], str | None] = {("EUR", day("01-28")): "1.10", ("EUR", day("02-01")): "1.50"}
    locked = facts(closed={"journal_entry": day("01-31")}, rates=rates)

    decision = translate(
        purchase("100.00 EUR", "01-28"), a_setup({"closed_period": "next_open_day"}), known(facts=locked)
    )

    assert isinstance(decision, Post)
    entry = decision.drafts[0].document
    assert isinstance(entry, JournalEntry)
    assert entry.posting_date == day("02-01")
    assert {line.company_amount for line in entry.lines} == {Decimal("110.00")}
    assert {"G7", "G8"} <= set(entry.rules)


@pytest.mark.parametrize(
    ("gross", "percent", "currency", "tax"),
    [
        ("119.00", "19", "EUR", "19.00"),
        ("100.00", "20", "EUR", "16.67"),
        ("0.03", "19", "EUR", "0.00"),
        ("110", "10", "JPY", "10"),
        ("105", "10", "JPY", "10"),
    ],
)
def test_tax_is_cut_out_of_gross_half_up(gross: str, percent: str, currency: str, tax: str) -> None:
    assert tax_in_gross(Decimal(gross), Decimal(percent), currency) == Decimal(tax)


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        ("100.00", ["1", "1", "1"], ["33.34", "33.33", "33.33"]),
        ("100.00", ["110", "-10"], ["110.00", "-10.00"]),
        ("0.05", ["1", "1", "-1"], ["0.05", "0.05", "-0.05"]),
        ("-10.00", ["1", "2"], ["-3.33", "-6.67"]),
    ],
)
def test_shares_go_to_the_largest_remainder_and_keep_lines_against_the_direction(
    total: str, weights: list[str], parts: list[str]
) -> None:
    cut = signed_shares(Decimal(total), [Decimal(weight) for weight in weights], "USD")

    assert cut == [Decimal(part) for part in parts]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Card 4111 1111 1111 1111 at desk", "Card …1111 at desk"),
        ("to 4111-1111-1111-1234", "to …1234"),
        ("IBAN DE89 3704 0044 0532 0130 00 ok", "IBAN …3000 ok"),
        ("FR1420041010050500013M02606", "…2606"),
        ("account 000123456789", "account …6789"),
        ("Invoice 2026-000123", "Invoice 2026-000123"),
        ("2026-01-28", "2026-01-28"),
        ("order 12345678", "order 12345678"),
    ],
)
def test_no_full_card_or_bank_number_reaches_a_text(text: str, expected: str) -> None:
    assert without_numbers(text) == expected


def test_a_text_has_its_parts_in_order_and_is_cut_on_the_right() -> None:
    text = line_text(
        "RACKSHOP LYON",
        moved_from=day("01-28"),
        person="Ana Roux",
        document_date=day("01-27"),
        original="229.17 EUR",
        memo="Test rack",
    )

    assert text == "RACKSHOP LYON · (dated 2026-01-28) · Ana Roux · 2026-01-27 · 229.17 EUR · Test rack"
    assert line_text("RACKSHOP LYON", person="Ana Roux", limit=15) == "RACKSHOP LYON"


def test_personal_items_name_no_merchant_and_no_memo() -> None:
    one = purchase("45.00", personal_since=day("02-05"), merchant="CASINO ROYAL", memo="weekend")

    decision = translate(one, a_setup(), known())

    assert isinstance(decision, Post)
    entry = decision.drafts[0].document
    assert isinstance(entry, JournalEntry)
    owed = next(line for line in entry.lines if line.account.role == "EMREC")
    assert owed.text == "personal · Ana Roux · 2026-02-05"
    assert "CASINO" not in entry.text


def test_suppliers_numbers_are_compared_without_case_spaces_and_punctuation() -> None:
    assert plain_number("RS-2026/001") == plain_number(" rs 2026.001") == "rs2026001"


def test_the_reason_of_an_account_stands_on_its_line() -> None:
    decision = translate(purchase(coding=coded(category="SOFTWARE")), a_setup(resolver=rules()), known())

    assert isinstance(decision, Post)
    entry = decision.drafts[0].document
    assert isinstance(entry, JournalEntry)
    assert entry.lines[0].because == ("6150 because rule 1: category SOFTWARE",)
