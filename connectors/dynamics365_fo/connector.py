"""What does the platform know of Dynamics 365 Finance & Operations? Its row in the registry."""

from __future__ import annotations

from datetime import timedelta

from connectors.base import Connector, Limit
from connectors.dynamics365_fo.auth import DynamicsCredentials, DynamicsSettings, credential_expiry
from connectors.dynamics365_fo.errors import ODATA
from connectors.dynamics365_fo.ledger import DynamicsLedger

CONNECTOR = Connector(
    key="dynamics365_fo",
    label="Dynamics 365 F&O",
    credentials=DynamicsCredentials,
    settings=DynamicsSettings,
    docs_url=ODATA,
    open_ledger=DynamicsLedger,
    # No limit is told and no budget shown: a ceiling of our own, half of what older versions enforced (6,000 in 300 s).
    # https://learn.microsoft.com/en-us/dynamics365/fin-ops-core/dev-itpro/data-entities/service-protection-overview
    limits=(Limit(calls=10, period=timedelta(seconds=1), scope="address", parallel=4),),
    credential_expiry=credential_expiry,
    refresh_tokens_stay=True,
    says_company_only_lines=False,
    payment_journals_take_entries=False,
    has_vendors_by_company=True,
    takes_files_while_created=True,
    simulator="connectors.dynamics365_fo.simulator.DynamicsSimulator",
)
