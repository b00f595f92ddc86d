"""What can a test, a person or the machine do to the simulated environment behind the service's back?

Each action is reached as `simulator.control(name, {...})`, or as `POST /do/<name>` of the control plane.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .access import User
from .books import trial_balance as books_trial_balance
from .books import vendor_balances as books_vendor_balances
from .entra import Application
from .journals import KINDS, JournalKind, lines_of
from .store import Row, plain
from .values import NEVER, noon

if TYPE_CHECKING:
    from .simulator import DynamicsSimulator

Action = Callable[..., Any]
ACTIONS: dict[str, Action] = {}


def action(function: Action) -> Action:
    ACTIONS[function.__name__] = function
    return function


def _journal(simulator: DynamicsSimulator, company: str, number: str) -> tuple[JournalKind, Row]:
    for kind in KINDS:
        row = simulator.store.find(kind.headers, company, number)
        if row is not None:
            return kind, row
    raise KeyError(number)


@action
def set(simulator: DynamicsSimulator, **switches: Any) -> Any:
    """Change switches by name; answers all."""
    return simulator.switches.change(switches)


@action
def post_journals(
    simulator: DynamicsSimulator, company: str = "", names: list[str] | None = None, numbers: list[str] | None = None
) -> list[dict[str, Any]]:
    """Run the posting job over journals; tells what became of each."""
    return [one.as_json() for one in simulator.posting.run(company, names or (), numbers or ())]


@action
def post_invoices(
    simulator: DynamicsSimulator, company: str = "", references: list[str] | None = None
) -> list[dict[str, Any]]:
    """Post pending vendor invoices, as a person does."""
    return [one.as_json() for one in simulator.posting.run_invoices(company, references or ())]


@action
def workflow(simulator: DynamicsSimulator, number: str, state: str, company: str = "usmf") -> str:
    """Move a journal in workflow: `submitted` locks its lines, `approved` lets it be posted, `` frees it."""
    kind, header = _journal(simulator, company, number)
    with simulator.store.transaction("F&O"):
        simulator.store.update(kind.headers, header, {"_workflow": state})
    return state


@action
def delete_journal(simulator: DynamicsSimulator, number: str, company: str = "usmf") -> bool:
    """A person deletes an unposted journal with its lines."""
    kind, header = _journal(simulator, company, number)
    if header["IsPosted"] == "Yes":
        raise ValueError(f"Journal {number} is posted.")
    with simulator.store.transaction("F&O"):
        for line in lines_of(simulator.session(), kind, header):
            simulator.store.delete(kind.lines, line)
        simulator.store.delete(kind.headers, header)
    return True


@action
def edit(simulator: DynamicsSimulator, set: str, key: list[Any], changes: dict[str, Any]) -> Row:
    """A person changes a record of any set, without the service's checks. `key` in the order of the key fields."""
    row, session, logic = _found(simulator, set, key), simulator.session(), simulator.logic(set)
    with simulator.store.transaction("F&O"):
        after = {**row, **_decimals(changes)}
        for name in changes:
            if name.endswith("DisplayValue"):  # an account that is typed is understood anew
                after[name] = logic.accept(session, after, name, changes[name], session.infolog(logic.entity))
        simulator.store.update(set, row, after)
        logic.written(session, row)
    return plain(row)


@action
def create(simulator: DynamicsSimulator, set: str, values: dict[str, Any]) -> Row:
    """A person creates a record of any set, with the service's checks (a twin typed by hand, a new main account)."""
    with simulator.store.transaction("F&O"):
        return plain(simulator.logic(set).insert(simulator.session(), _decimals(values)))


@action
def remove(simulator: DynamicsSimulator, set: str, key: list[Any]) -> bool:
    """A person deletes a record of any set, without the service's checks."""
    row = _found(simulator, set, key)
    with simulator.store.transaction("F&O"):
        simulator.store.delete(set, row)
        simulator.logic(set).removed(simulator.session(), row)
    return True


def _found(simulator: DynamicsSimulator, name: str, key: list[Any]) -> Row:
    row = simulator.store.find(name, *key)
    if row is None:
        raise KeyError(f"{name}{key}")
    return row


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
    from .dimensions import DELIMITERS

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


@action
def expire_tokens(simulator: DynamicsSimulator) -> int:
    """Every token issued until now is refused from now on; answers how many there were."""
    simulator.tokens.expire_all(simulator.clock.now())
    return simulator.entra.issued


@action
def token_errors(simulator: DynamicsSimulator, codes: list[int]) -> list[int]:
    """The next token requests fail with these AADSTS codes."""
    simulator.entra.next_errors += codes
    return simulator.entra.next_errors


@action
def issue_token(simulator: DynamicsSimulator, audience: str = "", **claims: Any) -> str:
    """A token with claims of one's own (`tid`, `oid`, `aud`; null leaves one out)."""
    answer = simulator.entra.grant(simulator.client_id, audience or simulator.environment_url, **claims)
    return str(answer["access_token"])


@action
def trial_balance(simulator: DynamicsSimulator, company: str = "usmf") -> dict[str, Decimal]:
    """Main account to balance in accounting currency; the sum over all accounts is zero."""
    return books_trial_balance(simulator.store, company)


@action
def vendor_balances(simulator: DynamicsSimulator, company: str = "usmf") -> dict[str, Decimal]:
    return books_vendor_balances(simulator.store, company)


def _decimals(values: dict[str, Any]) -> dict[str, Any]:
    """Floats of a control message as the decimals they were written as."""
    return {name: Decimal(str(value)) if isinstance(value, float) else value for name, value in values.items()}
