"""Tests of whole flows, from a source's records to a ledger's books."""

import pytest

pytest.register_assert_rewrite("tests.flows.flow_cases")
