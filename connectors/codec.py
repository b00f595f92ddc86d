"""How is JSON read and written without a float in between? Numbers with a point are Decimals, digit for digit."""

from __future__ import annotations

import json
from collections.abc import Mapping
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


def _write(value: Any, out: Any, sort_keys: bool) -> None:
    if isinstance(value, str):
        out(encode_basestring(value))
    elif value is None:
        out("null")
    elif isinstance(value, bool):
        out("true" if value else "false")
    elif isinstance(value, int):
        out(int.__repr__(value))
    elif isinstance(value, Decimal):
        out(_number(value))
    elif isinstance(value, Mapping):
        out("{")
        for at, key in enumerate(sorted(value) if sort_keys else value):
            if not isinstance(key, str):
                raise TypeError(f"A JSON key must be a text, not {type(key).__name__}.")
            out(f"{',' if at else ''}{encode_basestring(key)}:")
            _write(value[key], out, sort_keys)
        out("}")
    elif isinstance(value, list | tuple):
        out("[")
        for at, item in enumerate(value):
            if at:
                out(",")
            _write(item, out, sort_keys)
        out("]")
    else:
        raise TypeError(f"{type(value).__name__} has no place in JSON here; amounts are Decimal.")


def _number(value: Decimal) -> str:
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise TypeError(f"{value} is not a JSON number.")
    if len(digits) + abs(exponent) > LONGEST_PLAIN:
        return str(value)
    return format(value, "f")


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is not JSON.")
