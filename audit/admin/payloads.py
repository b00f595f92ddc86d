"""How is a payload shown? Indented, digit for digit, with what is called like a secret masked."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from connectors.codec import json_text
from connectors.redaction import Redactor

LONGEST_SHOWN = 100_000


def payload_text(payload: Any) -> str:
    """Indented JSON as plain text; templates escape it. Cut after LONGEST_SHOWN characters, which it says."""
    text = Redactor(None).text(json_indented(payload), limit=LONGEST_SHOWN)
    return text if len(text) < LONGEST_SHOWN else f"{text}\n… cut after {LONGEST_SHOWN} characters"


def json_indented(value: Any, depth: int = 0) -> str:
    """JSON on several lines; a Decimal keeps its digits, as in the stored column."""
    inner, outer = "  " * (depth + 1), "  " * depth
    if isinstance(value, dict) and value:
        items = (f"{inner}{json.dumps(str(key))}: {json_indented(one, depth + 1)}" for key, one in value.items())
        return "{\n" + ",\n".join(items) + f"\n{outer}}}"
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(f"{inner}{json_indented(one, depth + 1)}" for one in value) + f"\n{outer}]"
    if isinstance(value, Decimal | str | int | dict | list) or value is None:
        return json_text(value)
    return json.dumps(str(value))
