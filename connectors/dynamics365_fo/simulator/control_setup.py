"""What can an administrator change of a running environment: numbers, periods, accounts, dimensions, rates, users?

The actions register themselves in `control.ACTIONS`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .access import User
from .control import action
from .dimensions import DELIMITERS
from .entra import Application
from .store import Row
from .values import NEVER, noon

if TYPE_CHECKING:
    from .simulator import DynamicsSimulator


@action
def set_number_sequence(
    simulator: DynamicsSimulator, code: str, company: str = "usmf", manual: bool = False, user_changes: bool = False
) -> dict[str, Any]:
    """How numbers are given: `code` is JournalBatchNumber, VendorAccounts or <journal name>_V."""
    sequence = simulator.sequences.get(company, code)
    sequence.is_manual, sequence.user_changes = manual, user_changes
    return {"code": code, "next": sequence.peek(), "manual": manual, "user_changes": user_changes}


@action
def set_period(
    simulator: DynamicsSimulator, day: str, status: str = "Closed", company: str = "usmf", **levels: str
) -> int:
    """Open, close or hold the period of a day; `Vend="None"` shuts one module. Answers how many were changed."""
    changed = 0
    for period in list(simulator.store.table("FiscalPeriods").rows.values()):
        if period["StartDate"][:10] <= day <= period["EndDate"][:10]:
            changed += _period(simulator, company, period, status, levels)
    return changed


@action
def close_through(simulator: DynamicsSimulator, day: str, company: str = "usmf") -> int:
    """Close every period that ends on or before a day and open every later one; answers how many are closed."""
    closed = 0
    for period in list(simulator.store.table("FiscalPeriods").rows.values()):
        is_closed = period["EndDate"][:10] <= day
        closed += is_closed
        _period(simulator, company, period, "Closed" if is_closed else "Open", {})
    return closed


def _period(simulator: DynamicsSimulator, company: str, period: Row, status: str, levels: dict[str, str]) -> int:
    key = (company, period["Calendar"], period["FiscalYear"], period["PeriodName"])
    row = simulator.store.find("LedgerFiscalPeriods", *key)
    if row is None:
        return 0
    changes = {"PeriodStatus": status, **{f"{name}AccessLevel": level for name, level in levels.items()}}
    simulator.store.update("LedgerFiscalPeriods", row, changes)
    return 1


@action
def suspend_account(simulator: DynamicsSimulator, account: str, suspended: bool = True, company: str = "") -> bool:
    """Suspend a main account, everywhere or in one company only."""
    state = "Yes" if suspended else "No"
    if not company:
        row = simulator.store.find("MainAccounts", "Shared", account)
        if row is None:
            raise KeyError(account)
        simulator.store.update("MainAccounts", row, {"IsSuspended": state})
        return suspended
    key = (account, "Shared", company)
    row = simulator.store.find("MainAccountLegalEntities", *key)
    if row is None:
        values = {"MainAccountId": account, "ChartOfAccounts": "Shared", "LegalEntityId": company.upper()}
        simulator.store.insert("MainAccountLegalEntities", {**values, "IsSuspended": state})
    else:
        simulator.store.update("MainAccountLegalEntities", row, {"IsSuspended": state})
    return suspended


@action
def set_dimension_format(
    simulator: DynamicsSimulator, ledger: list[str] | None = None, default: list[str] | None = None, delimiter: str = ""
) -> dict[str, Any]:
    """Another order of dimensions, or another delimiter by its enumeration's name; an empty list deactivates."""
    parameters = simulator.store.find("DimensionParameters", 0)
    assert parameters is not None  # noqa: S101 - there is always one
    before = DELIMITERS[parameters["DimensionSegmentDelimiter"]]
    name = delimiter or parameters["DimensionSegmentDelimiter"]
    simulator.store.update("DimensionParameters", parameters, {"DimensionSegmentDelimiter": name})
    wanted = {"LedgerFormat": ledger, "DefaultFormat": default}
    told: dict[str, Any] = {"delimiter": name}
    for row in list(simulator.store.table("DimensionIntegrationFormats").rows.values()):
        names = row["FinancialDimensionFormat"].split(before)
        chosen = wanted.get(row["DimensionFormatName"])
        changes = {"FinancialDimensionFormat": DELIMITERS[name].join(chosen or names)}
        if chosen is not None:
            changes["IsActive"] = "Yes" if chosen else "No"
        simulator.store.update("DimensionIntegrationFormats", row, changes)
        told[row["DimensionFormatName"]] = changes["FinancialDimensionFormat"]
    return told


@action
def set_rate(
    simulator: DynamicsSimulator, source: str, target: str, day: str, rate: str, factor: str = "Hundred"
) -> str:
    """Units of `target` for one factor of `source` from a day on."""
    row = simulator.store.find("ExchangeRates", "Default", source, target, noon(day))
    values = {"Rate": Decimal(rate), "ConversionFactor": factor}
    if row is not None:
        simulator.store.update("ExchangeRates", row, values)
        return rate
    key = {"RateTypeName": "Default", "FromCurrency": source, "ToCurrency": target, "StartDate": noon(day)}
    simulator.store.insert("ExchangeRates", {**key, **values, "EndDate": NEVER})
    return rate


@action
def add_user(
    simulator: DynamicsSimulator,
    user: str,
    company: str = "usmf",
    companies: list[str] | None = None,
    hidden: list[str] | None = None,
    read_only: list[str] | None = None,
) -> dict[str, str]:
    """A user with an application of his own; answers the application's credentials."""
    simulator.gate.users[user] = User(
        user, company, True, tuple(companies or ()), {*(hidden or ())}, {*(read_only or ())}
    )
    client = str(simulator.entra_id())
    secret = f"sim~{simulator.chance.getrandbits(160):040x}"
    simulator.entra.applications[client] = Application(client, secret)
    simulator.store.insert("SysAADClients", {"AADClientId": client, "Name": user, "UserId": user})
    return {"tenant": simulator.tenant, "client_id": client, "client_secret": secret}


@action
def set_user(simulator: DynamicsSimulator, user: str = "mlconnector", **facts: Any) -> str:
    """Change a user: `enabled`, `company`, `companies`, `hidden`, `read_only`."""
    found = simulator.gate.users[user]
    for name, value in facts.items():
        kept = {*value} if name in ("hidden", "read_only") else tuple(value) if name == "companies" else value
        if not hasattr(found, name):
            raise KeyError(name)
        setattr(found, name, kept)
    return user


@action
def set_application(simulator: DynamicsSimulator, client_id: str = "", **facts: Any) -> str:
    """Change an application: `secret`, `enabled`, `is_secret_expired`, `has_principal`; `registered` in F&O."""
    client = client_id or simulator.client_id
    registered = facts.pop("registered", None)
    application = simulator.entra.applications[client]
    for name, value in facts.items():
        if not hasattr(application, name):
            raise KeyError(name)
        setattr(application, name, value)
    row = simulator.store.find("SysAADClients", client)
    if registered is False and row is not None:
        simulator.store.delete("SysAADClients", row)
    if registered and row is None:
        values = {"AADClientId": client, "Name": "ml-connector", "UserId": "mlconnector"}
        simulator.store.insert("SysAADClients", values)
    return client
