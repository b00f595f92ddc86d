"""How long is a vendor closed who says that it is, and not for how long?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.answers import ApiResponse, ErrorRule, ErrorTable
from connectors.errors import RateLimitedError
from connectors.redaction import Redactor

NOW = datetime(2026, 6, 9, 12, 0, tzinfo=UTC)
LONG = ErrorRule(
    429, "day", None, RateLimitedError, "Enough for today.", "", wait=lambda response, now: timedelta(hours=9)
)
SHORT = ErrorRule(429, None, None, RateLimitedError, "Slower.", "")


@pytest.mark.parametrize(
    ("code", "headers", "expected"),
    [
        ("day", {}, timedelta(hours=9)),
        ("day", {"Retry-After": "7"}, timedelta(seconds=7)),
        ("minute", {}, timedelta(seconds=30)),
        ("minute", {"Retry-After": "7"}, timedelta(seconds=7)),
    ],
)
def test_the_vendors_word_counts_before_the_rules_and_the_rules_before_the_usual(
    code: str, headers: dict[str, str], expected: timedelta
) -> None:
    table = ErrorTable("Vendor", (LONG, SHORT), Redactor(None))
    error = table.error(ApiResponse(429, headers, "", b""), code, "no", NOW)
    assert isinstance(error, RateLimitedError)
    assert error.retry_after == expected
