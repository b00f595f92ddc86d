"""How soon is a rate known that somebody corrected?"""

from __future__ import annotations

import time
from datetime import timedelta
from decimal import Decimal

import pytest

from connectors.zoho_books.simulator import ZohoBooksSimulator
from tests.connectors.zoho_books.world import ZohoWorld


@pytest.mark.parametrize(("days_ago", "seconds"), [(0, 300), (9, 300), (60, 3600)])
def test_a_corrected_rate_is_known_soon(
    world: ZohoWorld, simulator: ZohoBooksSimulator, monkeypatch: pytest.MonkeyPatch, days_ago: int, seconds: int
) -> None:
    ledger = world.open()
    wanted = ("EUR", (ledger.client.context.now() - timedelta(days=days_ago)).date())

    def told() -> Decimal | None:
        return ledger.facts(world.company, frozenset({wanted})).rates[wanted]

    now = time.monotonic()
    before = told()
    rate = {"currency": "EUR", "day": wanted[1].isoformat(), "rate": "1.10"}
    simulator.control("set_rate", rate)
    monkeypatch.setattr("connectors.zoho_books.kept.time.monotonic", lambda: now + seconds - 10)
    assert told() == before
    monkeypatch.setattr("connectors.zoho_books.kept.time.monotonic", lambda: now + seconds + 10)
    assert (before, told()) == (Decimal("1.25"), Decimal("1.10"))
