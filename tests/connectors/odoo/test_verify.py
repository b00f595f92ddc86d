"""Does the checklist of a connection name what is wrong, and is the end of a key foreseen?"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from connectors.base import Check, ConnectionContext
from connectors.odoo.auth import OdooCredentials
from connectors.odoo.connector import CONNECTOR
from connectors.odoo.ledger import OdooLedger
from connectors.odoo.simulator import OdooSimulator
from connectors.odoo.verify import credential_expiry
from connectors.registry import connector_get
from connectors.simulation import SimulatorTransport
from tests.connectors.odoo.scripted import CREDENTIALS, Scripted, json_answer

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def checks(simulator: OdooSimulator, **changes: Any) -> dict[str, list[Check]]:
    credentials = OdooCredentials.model_validate({**simulator.credentials(), **changes})
    context = ConnectionContext(
        address="http://127.0.0.1:9",
        credentials=credentials,
        transport=SimulatorTransport(simulator),
        allow_private_addresses=True,
        now=lambda: NOW,
    )
    found: dict[str, list[Check]] = {}
    for check in OdooLedger(context).verify():
        found.setdefault(check.name, []).append(check)
    return found


def test_a_wrong_key_is_named_and_nothing_else_is_tried() -> None:
    simulator = OdooSimulator()
    found = checks(simulator, api_key="0" * 40)
    assert [one.state for one in found["key"]] == ["failed"]
    assert "API key" in found["key"][0].message
    assert set(found) == {"server", "key"}


@pytest.mark.parametrize("name", ["expired", "scoped", "archived"])
def test_keys_that_odoo_no_longer_takes_are_refused(name: str) -> None:
    simulator = OdooSimulator()
    assert checks(simulator, api_key=simulator.api_keys[name])["key"][0].state == "failed"


def test_a_missing_database_is_named() -> None:
    simulator = OdooSimulator()
    found = checks(simulator, database="nowhere")
    assert found["key"][0].state == "failed"
    assert "database" in found["key"][0].message


def test_missing_rights_are_named_with_the_group_that_gives_them() -> None:
    simulator = OdooSimulator()
    found = checks(simulator, api_key=simulator.api_keys["nobody"])
    failed = [one for some in found.values() for one in some if one.state == "failed"]
    assert failed
    assert any("journal entries" in one.message or "may not read" in one.message for one in failed)


def test_locks_are_told_by_company() -> None:
    simulator = OdooSimulator()
    simulator.control("set_lock_dates", {"company": 2, "fiscalyear": "2026-06-30"})
    told = [one.message for one in checks(simulator)["lock dates"]]
    assert told[0].endswith("nothing is locked.")
    assert "journal entry through 2026-06-30" in told[1]


@pytest.mark.parametrize(
    ("ends_on", "state"), [("2026-11-19", "failed"), ("2026-12-01", "warning"), ("2027-03-01", "ok")]
)
def test_an_ending_key_is_warned_of(ends_on: str, state: str) -> None:
    found = checks(OdooSimulator(), key_expires_on=ends_on)["key age"][0]
    assert found.state == state
    assert ends_on in found.message


def key(number: int, expires: str | bool, scope: str | bool = False) -> dict[str, Any]:
    return {"id": number, "name": "k", "scope": scope, "expiration_date": expires, "create_date": "2026-09-01 00:00:00"}


@pytest.mark.parametrize(
    ("keys", "end"),
    [
        ([key(1, "2026-12-31 10:00:00")], date(2026, 12, 31)),
        ([key(1, "2026-12-31 10:00:00"), key(2, "2026-12-01 10:00:00")], date(2026, 12, 1)),
        ([key(1, "2026-12-31 10:00:00"), key(2, "2026-11-21 10:00:00", "odoo.plugin.outlook")], date(2026, 12, 31)),
        ([key(1, "2026-12-31 10:00:00"), key(2, "2026-10-01 10:00:00")], date(2026, 12, 31)),
        ([key(1, "2026-12-31 10:00:00"), key(2, False)], None),
        ([key(1, False)], None),
        ([], None),
    ],
)
def test_the_end_of_a_key_is_the_first_that_it_may_be(keys: list[dict[str, Any]], end: date | None) -> None:
    context = ConnectionContext(
        address="https://acme.example.com",
        credentials=OdooCredentials.model_validate(CREDENTIALS),
        transport=Scripted(json_answer({"version": "19.0"}), json_answer(keys)),
        now=lambda: NOW,
    )
    found = credential_expiry(context)
    assert (found.date() if found else None) == end


@pytest.mark.parametrize(
    ("address", "identity"),
    [
        ("https://acme.odoo.com", "finance"),
        ("https://erp.acme.example.com/", "finance@erp.acme.example.com"),
        ("http://127.0.0.1:8069", "finance@127.0.0.1"),
    ],
)
def test_the_identity_names_the_database_wherever_it_is(address: str, identity: str) -> None:
    context = ConnectionContext(
        address=address,
        credentials=OdooCredentials.model_validate(CREDENTIALS),
        transport=Scripted(),
        allow_private_addresses=True,
    )
    assert OdooLedger(context).identity() == identity


def test_the_descriptor_is_registered_and_slow_where_odoo_asks_for_it() -> None:
    assert connector_get("odoo") is CONNECTOR
    assert [(one.calls, one.period.total_seconds(), one.parallel, one.only_hosts) for one in CONNECTOR.limits] == [
        (1, 1.0, 1, ("odoo.com",))
    ]
