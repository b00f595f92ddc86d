"""Can anything that Brex might send break the parser, or change an amount on its way?"""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.brex.parse import parse
from connectors.brex.streams import ACCOUNTING_RECORDS, CARD_TRANSACTIONS, CASH_TRANSACTIONS
from connectors.errors import PayloadError
from connectors.money import Money, exponent
from connectors.records import RecordKind, SpendRecord, VendorRecord
from tests.connectors.brex.desk import PAYLOADS, captured

EVENTS = {path.stem: captured(path.stem) for path in sorted(PAYLOADS.glob("*.json"))}
CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KWD", "CLF"])
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30)
    | st.sampled_from(["2026-02-30", "2026-03-01T00:00:00Z", "0000-00-00", "CARD", "\x00", "v1", "1e5"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place inside a payload, its inner ones too."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, one in inner for found in places(one, (*path, key)))]


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_whatever_stands_in_whatever_place_is_a_record_or_a_payload_error(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(EVENTS)))
    payload = copy.deepcopy(EVENTS[name])
    theirs = [place for place in places(payload) if place[:1] == ("item",) or len(place) > 2]  # look-ups are ours
    place = data.draw(st.sampled_from(theirs))
    at: Any = payload
    for part in place[:-1]:
        at = at[part]
    at[place[-1]] = data.draw(JSON)
    try:
        record = parse(name.partition(".")[0], payload)
    except PayloadError:
        return
    assert isinstance(record, SpendRecord | VendorRecord)
    assert record.external_id


@settings(deadline=None)
@given(minor=st.integers(-(10**14), 10**14), currency=CURRENCIES)
def test_minor_and_major_units_of_the_same_money_are_the_same_money(minor: int, currency: str) -> None:
    card = copy.deepcopy(EVENTS["card_transactions.PURCHASE"])
    card["item"]["amount"] = {"amount": minor, "currency": currency}
    record = copy.deepcopy(EVENTS["accounting_records.CARD_EXPENSE_POST"])
    record["item"]["amount"] = {"amount": Decimal(minor).scaleb(-exponent(currency)), "currency": currency}
    from_feed, from_records = parse(CARD_TRANSACTIONS, card), parse(ACCOUNTING_RECORDS, record)
    assert isinstance(from_feed, SpendRecord)
    assert isinstance(from_records, SpendRecord)
    assert from_feed.amount == from_records.amount == Money.from_minor(minor, currency)


@settings(deadline=None)
@given(
    minor=st.integers(-(10**12), 10**12),
    kind=st.sampled_from(["PAYMENT", "FEE", "INTEREST", "CARD_COLLECTION", "BOOK_TRANSFER", "PAYBACK", "NEW_KIND"]),
)
def test_the_direction_of_cash_is_never_lost(minor: int, kind: str) -> None:
    payload = copy.deepcopy(EVENTS["cash_transactions.PAYMENT.in"])
    payload["item"].update(type=kind, amount={"amount": minor, "currency": "USD"})
    record = parse(CASH_TRANSACTIONS, payload)
    assert isinstance(record, SpendRecord)
    assert record.amount is not None
    means_in = {
        RecordKind.MONEY_IN,
        RecordKind.INTEREST,
        RecordKind.PAYBACK,
        RecordKind.CARD_PAYMENT_RETURN,
        RecordKind.UNKNOWN,
    }
    assert record.amount.minor * (1 if record.kind in means_in else -1) == minor
