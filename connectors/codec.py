"""How is JSON read and written without a float in between? Numbers with a point are Decimals, digit for digit."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

LONGEST_PLAIN = 60  # digits; beyond it a number is written with an exponent, or 1e999999999 would fill the memory


def json_load(text: str | bytes) -> Any:
    """Parse JSON; integers are int, other numbers Decimal. Raises ValueError, also for NaN and Infinity."""
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("The JSON is nested too deeply.") from error


def json_text(value: Any, *, sort_keys: bool = False) -> str:
    """Compact JSON in which a Decimal is a number with its own digits. Raises TypeError for a float and the like."""
    parts: list[str] = []
    _write(value, parts.append, sort_keys)
    return "".join(parts)


def _write(value: Any, out: Callable[[str], None], sort_keys: bool) -> None:
    """The exact types first, as every record passes here several times; what inherits from them is told apart after."""
    kind = type(value)
    if kind is str:
        out(encode_basestring(value))
    elif kind is dict:
        _write_object(value, out, sort_keys)
    elif value is None:
        out("null")
    elif kind is Decimal:
        out(_number(value))
    elif kind is list or kind is tuple:
        _write_array(value, out, sort_keys)
    elif kind is bool:
        out("true" if value else "false")
    elif isinstance(value, int):
        out(int.__repr__(value))
    elif isinstance(value, str):
        out(encode_basestring(value))
    elif isinstance(value, Decimal):
        out(_number(value))
    elif isinstance(value, Mapping):
        _write_object(value, out, sort_keys)
    elif isinstance(value, list | tuple):
        _write_array(value, out, sort_keys)
    else:
        raise TypeError(f"{type(value).__name__} has no place in JSON here; amounts are Decimal.")


def _write_object(value: Mapping[Any, Any], out: Callable[[str], None], sort_keys: bool) -> None:
    before = "{"
    for key in sorted(value) if sort_keys else value:
        if not isinstance(key, str):
            raise TypeError(f"A JSON key must be a text, not {type(key).__name__}.")
        inner = value[key]
        if type(inner) is str:
            out(f"{before}{encode_basestring(key)}:{encode_basestring(inner)}")
        elif inner is None:
            out(f"{before}{encode_basestring(key)}:null")
        else:
            out(f"{before}{encode_basestring(key)}:")
            _write(inner, out, sort_keys)
        before = ","
    out("}" if value else "{}")


def _write_array(value: Sequence[Any], out: Callable[[str], None], sort_keys: bool) -> None:
    before = "["
    for inner in value:
        out(before)
        _write(inner, out, sort_keys)
        before = ","
    out("]" if value else "[]")


def _number(value: Decimal) -> str:
    if not value.is_finite():
        raise TypeError(f"{value} is not a JSON number.")
    text = str(value)
    if "E" not in text:
        return text
    _, digits, exponent = value.as_tuple()
    return text if len(digits) + abs(int(exponent)) > LONGEST_PLAIN else format(value, "f")


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is not JSON.")
