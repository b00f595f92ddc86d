"""Suites that every vendor's code must pass; each provider's tests subclass them."""

import pytest

# Failing assertions of these modules show their values only if they are rewritten, as those of test modules are.
pytest.register_assert_rewrite(
    *(f"tests.cases.{name}" for name in ("ledger_cases", "ledger_world", "source_cases", "webhook_cases", "auth_cases"))
)
