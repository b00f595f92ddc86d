"""How do the tests of the Brex connector reach it: over a simulated account whose clock stands still?"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from connectors.base import ConnectionContext
from connectors.brex.auth import BrexCredentials, BrexSettings
from connectors.brex.client import BrexClient
from connectors.brex.simulator import BrexSimulator
from connectors.brex.source import BrexSource
from connectors.codec import json_load
from connectors.simulation import Clock, SimulatorTransport

HOST = "https://brex.simulated.test"
NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
PAYLOADS = Path(__file__).parent / "payloads"


def account(**parts: Any) -> BrexSimulator:
    """An empty account."""
    return BrexSimulator(seed=7, clock=Clock(NOW), **parts)


def company(records: int = 120, **parts: Any) -> BrexSimulator:
    """The believable company, small."""
    return BrexSimulator.demo(seed=7, records=records, today=date(2026, 3, 4), clock=Clock(NOW), **parts)


def context(simulator: BrexSimulator, **parts: Any) -> ConnectionContext:
    values: dict[str, Any] = {
        "address": HOST,
        "credentials": BrexCredentials(user_token=simulator.user_token),
        "settings": BrexSettings(
            integration_vendor="ML_CONNECTOR",
            integration_account_id=vendor_account_id(simulator),
        ),
        "transport": SimulatorTransport(simulator),
        "now": simulator.clock.now,
        **parts,
    }
    return ConnectionContext(**values)


def vendor_account_id(simulator: BrexSimulator) -> str:
    """The one that is active in the account, if there is one."""
    return next((str(one["vendor_account_id"]) for one in simulator.store.integrations), "books")


def oauth_credentials(simulator: BrexSimulator) -> BrexCredentials:
    return BrexCredentials(
        client_id=simulator.client_id,
        client_secret=simulator.client_secret,
        refresh_token=simulator.refresh_token,
    )


def source(simulator: BrexSimulator, **parts: Any) -> BrexSource:
    return BrexSource(context(simulator, **parts))


def client(simulator: BrexSimulator, **parts: Any) -> BrexClient:
    return BrexClient(context(simulator, **parts))


def captured(name: str) -> dict[str, Any]:
    """A stored payload by the name of its event."""
    value = json_load((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))
    assert isinstance(value, dict)
    return value


def add_record(simulator: BrexSimulator, minor: int = 4840, **parts: Any) -> str:
    """A balanced card record that is ready for export; its id."""
    value = {"amount": minor / 100, "currency": "USD"}
    lines = [{"type": "DEBIT", "amount": value}, {"type": "CREDIT", "amount": value, "_offset": True}]
    record = {"amount": value, "line_items": lines, "review_status": "READY_FOR_EXPORT", **parts}
    return str(simulator.control("add_record", {"record": record})["id"])


def paths(simulator: BrexSimulator) -> list[tuple[str, str]]:
    return [(call.method, call.path) for call in simulator.calls]
