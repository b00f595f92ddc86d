"""Does JSON keep every digit, and refuse what is no JSON?"""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.codec import json_load, json_text

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.decimals(allow_nan=False, allow_infinity=False, places=4)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON)
def test_what_is_written_is_read_again(value: Any) -> None:
    text = json_text(value)
    again = json_load(text)
    assert again == value
    assert json_text(again) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("0.10"), "0.10"),
        (Decimal("-0.00"), "-0.00"),
        (Decimal("1E+3"), "1000"),
        (Decimal("1E-7"), "0.0000001"),
        (Decimal("1E+400"), "1E+400"),
        (Decimal("1E+999999999"), "1E+999999999"),
        (Decimal("12345678901234567890.12"), "12345678901234567890.12"),
        (12345678901234567890123, "12345678901234567890123"),
        (True, "true"),
        ('a"\\\n\0é\ud800', '"a\\"\\\\\\n\\u0000é\ud800"'),
        ({"b": [1, None], "a": ()}, '{"b":[1,null],"a":[]}'),
    ],
)
def test_values_are_written_as_they_are(value: Any, text: str) -> None:
    assert json_text(value) == text


@pytest.mark.parametrize("value", [0.1, Decimal("NaN"), Decimal("Infinity"), {1: 2}, object(), b"x", {"a": {1.5}}])
def test_floats_and_strangers_are_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        json_text(value)


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "-Infinity", "", "{", "'a'", "[" * 100_000, "1" * 5000])
def test_what_is_no_json_raises_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        json_load(text)


def test_keys_are_sorted_on_demand() -> None:
    assert json_text({"b": 1, "a": {"d": 1, "c": 2}}, sort_keys=True) == '{"a":{"c":2,"d":1},"b":1}'
