import pytest

from tests import legs_plugin


@pytest.mark.parametrize(
    ("leg", "variable", "value", "reason"),
    [
        ("live", "ODOO_URL", "", "ODOO_URL is not set"),
        ("live", "ODOO_URL", "http://127.0.0.1:8069", None),
        ("live", "ZOHO_URL", "", "ZOHO_URL is not set"),
        ("live", "ZOHO_URL", "https://www.zohoapis.com", None),
        ("live", "DYNAMICS_URL", "", "DYNAMICS_URL is not set"),
        ("live", "DYNAMICS_POSTED_WITHIN", "", "DYNAMICS_POSTED_WITHIN is not set"),
        ("published_schema", "MLC_PUBLISHED_SCHEMAS", "", "MLC_PUBLISHED_SCHEMAS does not name"),
        ("published_schema", "MLC_PUBLISHED_SCHEMAS", "/no/such/folder", "names no folder: /no/such/folder"),
        ("published_schema", "MLC_PUBLISHED_SCHEMAS", "/", None),
    ],
)
def test_a_leg_says_what_it_lacks(monkeypatch, leg, variable, value, reason):
    monkeypatch.setenv(variable, value)
    lacks = legs_plugin.missing(leg, variable) if leg == "live" else legs_plugin.missing(leg)
    assert lacks is None if reason is None else reason in lacks


def test_a_live_test_runs_where_the_system_that_it_names_stands(monkeypatch):
    monkeypatch.setenv("ODOO_URL", "http://127.0.0.1:8069")
    monkeypatch.delenv("DYNAMICS_URL", raising=False)
    assert legs_plugin.missing("live", "ODOO_URL") is None
    assert legs_plugin.missing("live", "DYNAMICS_URL") == "DYNAMICS_URL is not set"
