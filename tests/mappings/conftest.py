"""What do tests of mappings stand on? Descriptors without clients, two tenants, Brex into Odoo."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from pydantic import BaseModel

from connectors import registry
from connectors.base import ConnectionContext, Connector, Ledger, StreamSpec
from connectors.brex.streams import STREAMS
from connectors.records import Family, RecordKind
from mappings.setup import setups_forget
from tests.mappings.make import House, house_make


class NoCredentials(BaseModel):
    """Nothing is opened here."""


def reference_stream(key: str) -> StreamSpec:
    return StreamSpec(key, key.title(), (Family.REFERENCE,), (), "scan", timedelta(0), is_reference=True)


def nothing_is_opened(context: ConnectionContext) -> Ledger:
    raise AssertionError("tests of mappings talk to nobody")


REPORTS = StreamSpec(
    "reports", "Reports", (Family.CARD_SPEND, Family.CLAIM_COST), (RecordKind.CARD_PURCHASE,), "changed", timedelta(0)
)
BREX = Connector("brex", "Brex", NoCredentials, "https://developer.brex.com", streams=STREAMS)
ODOO = Connector(
    "odoo", "Odoo", NoCredentials, "https://www.odoo.com", streams={"vendors": reference_stream("vendors")},
    open_ledger=nothing_is_opened,
)  # fmt: skip
CONCUR = Connector("sap_concur", "SAP Concur", NoCredentials, "https://concur.com", streams={"reports": REPORTS})


@pytest.fixture(autouse=True)
def descriptors_without_clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("BREX", "ODOO", "CONCUR"):
        key = {"CONCUR": "sap_concur"}.get(name, name.lower())
        monkeypatch.setitem(registry.CONNECTORS, key, f"{__name__}.{name}")
    registry.connector_get.cache_clear()
    setups_forget()
    yield
    registry.connector_get.cache_clear()


@pytest.fixture
def house(db: None) -> House:
    """Brex into company 1 of Odoo, with the chart, vendors and one cost rule."""
    return house_make("acme")


@pytest.fixture
def neighbour(db: None) -> House:
    """Another tenant with the same things."""
    return house_make("neighbour")
