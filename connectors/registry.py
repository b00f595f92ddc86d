"""Which vendors are there? One dict from key to the dotted path of the descriptor, imported on first use."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from connectors.base import Connector

CONNECTORS = {
    "brex": "connectors.brex.connector.CONNECTOR",
    "dynamics365_fo": "connectors.dynamics365_fo.connector.CONNECTOR",
    "odoo": "connectors.odoo.connector.CONNECTOR",
    "zoho_books": "connectors.zoho_books.connector.CONNECTOR",
}


@cache
def connector_get(key: str) -> Connector:
    """The descriptor of a vendor. Raises KeyError for an unknown key."""
    module, _, name = CONNECTORS[key].rpartition(".")
    descriptor = getattr(import_module(module), name)
    if not isinstance(descriptor, Connector):
        raise TypeError(f"{CONNECTORS[key]} is not a Connector.")
    return descriptor


def connector_choices() -> list[tuple[str, str]]:
    """Key and label of every vendor, for forms."""
    return [(key, connector_get(key).label) for key in CONNECTORS]
