"""Does the simulated service answer whatever it is sent, with a refusal and never with a crash?"""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.dynamics365_fo.simulator.dimensions import split
from tests.connectors.dynamics365_fo.simulated import HOST, Environment, batch, changeset, operation

FO = Environment()
WORDS = st.sampled_from(
    [
        "MainAccountId",
        "IsSuspended",
        "ActiveTo",
        "MainAccountRecId",
        "eq",
        "ne",
        "gt",
        "and",
        "or",
        "not",
        "(",
        ")",
        ",",
        "'605110'",
        "'O''Brien'",
        "'*'",
        "12",
        "-3.5",
        "null",
        "true",
        "div",
        "0",
        "mod",
        "in",
        "has",
        "contains(",
        "Microsoft.Dynamics.DataEntities.NoYes'Yes'",
        "2026-03-31T12:00:00Z",
        "2026-13-45T99:00:00Z",
        "'",
        "X",
    ]
)
PIECES = st.lists(st.sampled_from([b"--b", b"--b--", b"", b"GET /data HTTP/1.1", b"Content-Type: application/http"]))


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, max_size=9).map(" ".join) | st.text(max_size=30))
def test_any_filter_is_answered(text: str) -> None:
    answer = FO.call("GET", f"/data/MainAccounts?$filter={quote(text)}&$top=3")
    assert answer.status_code in (200, 400), answer.text


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=25))
def test_any_key_is_answered(text: str) -> None:
    for name in ("MainAccounts", "Ledgers", "LedgerJournalLines", "ExchangeRates"):
        assert FO.call("GET", f"/data/{name}({quote(text)})").status_code in (200, 400, 404)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["dataAreaId", "JournalBatchNumber", "JournalName", "Description", "PostingLayer", "Foo", ""]),
        st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.lists(st.integers(), max_size=2),
        max_size=5,
    )
)
def test_any_body_is_answered(body: dict[str, object]) -> None:
    assert FO.post("LedgerJournalHeaders", body).status_code in (201, 400)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=80) | PIECES.map(b"\r\n".join))
def test_any_batch_is_answered(body: bytes) -> None:
    answer = FO.call("POST", "/data/$batch", body, Content_Type="multipart/mixed; boundary=b")
    assert answer.status_code in (200, 400)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.text(alphabet="ab-\\. ", max_size=6), min_size=1, max_size=4), st.sampled_from(["-", "--", "~", ".."])
)
def test_segments_that_are_escaped_and_joined_are_split_again(values: list[str], sign: str) -> None:
    """As long as no value ends in a piece of the delimiter or a backslash: for those no rule is known."""
    plain = [one for one in values if not one.endswith(("\\", sign[0])) and not one.startswith(sign[0])]
    plain = [one for one in plain if "\\" + sign not in one] or [""]
    text = sign.join(one.replace(sign, "\\" + sign) for one in plain)
    assert split(text, sign) == plain


@pytest.mark.parametrize("reference", ["a#b?c", "50%25", "x'y", "ü / ö", "(1)=2,3", "a+b"])
def test_a_key_may_hold_any_sign(reference: str) -> None:
    fo = Environment()
    body = {"dataAreaId": "usmf", "HeaderReference": reference, "InvoiceNumber": "1", "InvoiceAccount": "V000001"}
    made = fo.post("VendorInvoiceHeaders", body)
    assert made.status_code == 201, made.text
    literal = quote(reference.replace("'", "''"), safe="")
    path = f"/data/VendorInvoiceHeaders(dataAreaId='usmf',HeaderReference='{literal}')?cross-company=true"
    place = made.headers["Location"].removeprefix(HOST) + "?cross-company=true"
    for one in (path, place):
        assert fo.call("GET", one).json()["HeaderReference"] == reference
    inner = changeset(operation(1, "PATCH", path, {"InvoiceDescription": "by batch"}))
    assert "204 No Content" in fo.batch(batch(inner)).text
    assert fo.rows("VendorInvoiceHeaders", filter=f"HeaderReference eq '{reference.replace(chr(39), chr(39) * 2)}'")
