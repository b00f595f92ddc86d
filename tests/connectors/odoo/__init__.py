"""Tests of the Odoo connector and of its simulator."""

import pytest

pytest.register_assert_rewrite("tests.connectors.odoo.odoo_cases", "tests.connectors.odoo.world")
