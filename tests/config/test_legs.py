import pytest

from tests import legs_plugin


@pytest.mark.parametrize(
    ("leg", "variable", "value", "reason"),
    [
        ("live", "ODOO_URL", "", "ODOO_URL is not set"),
        ("live", "ODOO_URL", "http://127.0.0.1:8069", None),
        ("live", "DYNAMICS_URL", "", "DYNAMICS_URL is not set"),
        ("live", "DYNAMICS_URL", "https://contoso.sandbox.operations.dynamics.com", None),
        ("published_schema", "MLC_PUBLISHED_SCHEMAS", "", "MLC_PUBLISHED_SCHEMAS does not name"),
        ("published_schema", "MLC_PUBLISHED_SCHEMAS", "/no/such/folder", "names no folder: /no/such/folder"),
        ("published_schema", "MLC_PUBLISHED_SCHEMAS", "/", None),
    ],
)
def test_a_leg_says_what_it_lacks(monkeypatch, leg, variable, value, reason):
    monkeypatch.setenv(variable, value)
    lacks = legs_plugin.missing(leg, variable) if leg == "live" else legs_plugin.missing(leg)
    assert lacks is None if reason is None else reason in lacks
