"""What does the platform know of Odoo? Its row in the registry."""

from __future__ import annotations

from datetime import timedelta

from connectors.base import Connector, Limit
from connectors.odoo.auth import OdooCredentials, OdooSettings
from connectors.odoo.errors import API
from connectors.odoo.ledger import OdooLedger
from connectors.odoo.source import STREAMS, OdooSource, parse
from connectors.odoo.verify import credential_expiry

CONNECTOR = Connector(
    key="odoo",
    label="Odoo",
    credentials=OdooCredentials,
    settings=OdooSettings,
    docs_url=API,
    streams=STREAMS,
    open_source=OdooSource,
    open_ledger=OdooLedger,
    parse=parse,
    # Odoo's cloud tolerates about one call a second and none in parallel: https://www.odoo.com/acceptable-use
    limits=(Limit(calls=1, period=timedelta(seconds=1), parallel=1, only_hosts=("odoo.com",)),),
    credential_expiry=credential_expiry,
    simulator="connectors.odoo.simulator.OdooSimulator",
)
