"""Are texts, days, accounts and batches written and read as Dynamics wants them?"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.documents import Account, Line, Role
from connectors.dynamics365_fo.client import Query
from connectors.dynamics365_fo.dimensions import DELIMITERS, Formats, formats_of
from connectors.dynamics365_fo.literals import day_of, equals, noon, one_of, spread
from connectors.dynamics365_fo.multipart import Changeset, Operation, decode, encode
from connectors.dynamics365_fo.pairing import paired
from connectors.dynamics365_fo.schema import FormatRow, MainAccountRow, ParametersRow
from connectors.dynamics365_fo.schema_documents import JournalRow
from connectors.errors import ConfigurationError, PayloadError, RejectedError, UnsupportedError
from connectors.records import Side

NAMES = ("MainAccount", "BusinessUnit", "Department", "CostCenter")


def test_quotes_are_doubled_and_a_wildcard_is_never_sent_by_chance() -> None:
    assert equals("Name", "O'Brien") == "Name eq 'O''Brien'"
    assert one_of("Name", ["a", "b"]) == "(Name eq 'a' or Name eq 'b')"
    with pytest.raises(RejectedError):
        equals("Name", "SQ *COFFEE")
    assert spread("Invoice", "rs1") == "Invoice eq '*r*s*1*'"
    with pytest.raises(ValueError, match="letters and digits"):
        spread("Invoice", "r*s")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-31T12:00:00Z", date(2026, 3, 31)),
        ("1900-01-01T12:00:00Z", None),
        ("1900-01-01T00:00:00Z", None),
        ("2154-12-31T23:59:59Z", None),
        ("", None),
    ],
)
def test_days_stand_at_noon_and_never_is_none(text: str, day: date | None) -> None:
    assert day_of(text) == day
    if day:
        assert noon(day) == text


def test_what_is_no_day_is_said() -> None:
    with pytest.raises(PayloadError):
        day_of("tomorrow")


def test_every_question_names_its_company_and_asks_across_companies() -> None:
    path = Query(JournalRow, "usmf", equals("IntegrationKey", "a&b #1"), top=5).path()
    assert path == (
        "data/LedgerJournalHeaders?cross-company=true&$filter=dataAreaId%20eq%20'usmf'%20and%20IntegrationKey%20eq%20"
        "'a%26b%20%231'&$select=JournalBatchNumber,JournalName,Description,IsPosted,IntegrationKey"
        "&$orderby=JournalBatchNumber&$top=5"
    )
    with pytest.raises(ValueError, match="by company"):
        Query(JournalRow).path()
    assert "dataAreaId" not in Query(MainAccountRow).path()


# --- dimensions


@given(
    delimiter=st.sampled_from(sorted(DELIMITERS.values())),
    values=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\\"), max_size=8), min_size=4, max_size=4),
)
def test_what_is_written_is_read_again(delimiter: str, values: list[str]) -> None:
    formats = Formats(delimiter, NAMES, NAMES[1:])
    if any(value.startswith(delimiter[0]) or value.endswith(delimiter[0]) for value in values) and len(delimiter) > 1:
        return  # a half of a doubled delimiter at an end cannot be told from a whole one, in Dynamics neither
    while values and not values[-1]:
        values.pop()
    text = formats.account(values[0] if values else "", dict(zip(NAMES[1:], values[1:], strict=False)))
    assert formats.segments(text) == tuple(values)


def test_missing_and_trailing_segments_are_blank() -> None:
    formats = Formats("-", NAMES, NAMES[1:])
    assert formats.account("605110", {"CostCenter": "CC7"}) == "605110---CC7"
    assert formats.segments("605140-001-02") == formats.segments("605140-001-02-") == ("605140", "001", "02")
    assert formats.dimensions({"BusinessUnit": "001"}) == "001--"
    assert formats.plain("US-101") == "US\\-101"


def test_what_the_format_cannot_carry_is_said() -> None:
    formats = Formats("-", NAMES, NAMES[1:])
    with pytest.raises(UnsupportedError, match="has no Project"):
        formats.account("605110", {"Project": "1"})
    with pytest.raises(UnsupportedError, match="backslash"):
        formats.plain("A\\B")


@pytest.mark.parametrize(
    ("rows", "delimiter", "words"),
    [
        ([], "Hyphen", "Ledger dimension format"),
        ([("DataEntityLedgerDimensionFormat", "MainAccount-A")], "Hyphen", "Default dimension format"),
        ([("DataEntityLedgerDimensionFormat", "A-B"), ("DataEntityDefaultDimensionFormat", "A")], "Hyphen", "no MainA"),
        ([("DataEntityLedgerDimensionFormat", "MainAccount")], "", "Dimension parameters"),
    ],
)
def test_a_missing_format_is_named_with_its_screen(rows: list[tuple[str, str]], delimiter: str, words: str) -> None:
    formats = [
        FormatRow(
            dimension_format_name="F", dimension_format_type=kind, financial_dimension_format=text, is_active="Yes"
        )
        for kind, text in rows
    ]
    with pytest.raises(ConfigurationError, match=words):
        formats_of(formats, [ParametersRow(dimension_segment_delimiter=delimiter)])


# --- pairs

AMOUNTS = st.lists(st.decimals(min_value="0.01", max_value="999.99", places=2), min_size=1, max_size=6)


@given(debits=AMOUNTS, credits=AMOUNTS)
def test_pairs_keep_every_sum(debits: list[Decimal], credits: list[Decimal]) -> None:
    difference = sum(debits) - sum(credits)
    (credits if difference > 0 else debits).append(abs(difference))
    lines = [
        Line(Account(Role.EXP, f"{side}{at}"), side, amount, amount)
        for side, some in ((Side.DEBIT, debits), (Side.CREDIT, credits))
        for at, amount in enumerate(some)
        if amount
    ]
    sums: dict[str, Decimal] = {}
    for pair in paired(lines):
        assert pair.amount > 0
        assert pair.line.side is pair.side is pair.offset.side.other
        for line in (pair.line, pair.offset):
            sums[line.account.id] = sums.get(line.account.id, Decimal(0)) + pair.amount
    assert sums == {line.account.id: line.amount for line in lines}


# --- batches


def answer(*parts: str, boundary: str = "b_1", ending: str = "\r\n") -> bytes:
    return ending.join(
        [piece for part in parts for piece in (f"--{boundary}", part)] + [f"--{boundary}--", ""]
    ).encode()


ONE = 'Content-Type: application/http\r\n\r\nHTTP/1.1 201 Created\r\nETag: x\r\n\r\n{"a": 1}'


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_parts_are_read_whichever_way_lines_end(ending: str) -> None:
    inner = ONE.replace("\r\n", ending)
    changeset = (
        f"Content-Type: multipart/mixed; boundary=c_1{ending}{ending}"
        + answer(inner, inner, boundary="c_1", ending=ending).decode()
    )
    refused = "Content-Type: application/http\r\n\r\nHTTP/1.1 429 Too Many Requests\r\nRetry-After: 17\r\n\r\n"
    found = decode("multipart/mixed; boundary=b_1", answer(inner, changeset, refused, ending=ending), writes=True)
    assert [[part.status for part in some] for some in found] == [[201], [201, 201], [429]]
    assert found[1][0].json() == {"a": 1}
    assert found[2][0].headers["retry-after"] == "17"


@pytest.mark.parametrize("cut", [10, 60, 95])
def test_an_answer_that_is_cut_off_tells_nothing(cut: int) -> None:
    whole = answer(ONE, ONE)
    with pytest.raises(PayloadError):
        decode("multipart/mixed; boundary=b_1", whole[: len(whole) * cut // 100], writes=True)
    with pytest.raises(PayloadError):
        decode("text/html", b"<html></html>", writes=True)


def test_lines_of_one_header_travel_in_their_order() -> None:
    operations = [Operation("POST", f"https://a/{number}", {"n": Decimal("1.50")}) for number in range(3)]
    content_type, body = encode([Operation("GET", "https://a/x"), Changeset(tuple(operations))])
    text = body.decode()
    assert content_type.partition("boundary=")[2] in text
    assert [text.index(f"https://a/{number} HTTP/1.1") for number in range(3)] == sorted(
        text.index(f"https://a/{number} HTTP/1.1") for number in range(3)
    )
    assert '{"n":1.50}' in text
    assert text.count("Content-ID") == 3
    assert "\n" not in text.replace("\r\n", "")
