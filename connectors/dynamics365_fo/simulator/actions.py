"""Which actions does the service offer, and what do they answer?

Parameters as public code sends them: a JSON object whose names often begin with `_`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .call import Answer, Target
from .catalogue import NAMESPACE, EntitySet
from .dimensions import DEFAULT_FORMAT, LEDGER_FORMAT, MAIN_ACCOUNT, Combination, joined
from .errors import RefusedError, bad_request, envelope, no_route
from .logic import Session
from .store import Row

DIMENSION_SETS = ("DimensionSets", "DimensionCombinations")
Finder = Callable[[Session, EntitySet, Target], Row]


def run_action(session: Session, entity: EntitySet, target: Target, find: Finder) -> Answer:
    """Raises RefusedError: 404 for an action that does not exist, 400 where one fails."""
    call = session.call
    name = target.more.removeprefix(f"{NAMESPACE}.")
    action = ACTIONS.get((entity.name, name))
    if call.method != "POST" or name == target.more or action is None:
        raise no_route(call.full_url)
    if target.key is not None:
        find(session, entity, target)
    value = action(session, call.json() if call.body else {})
    return Answer(200, {"@odata.context": f"{call.base}/data/$metadata#Edm.String", "value": value})


def dimension_action(session: Session, target: Target) -> Answer:
    """The two sets whose actions build display values; the simulator lets nobody read them. Raises RefusedError."""
    call = session.call
    action = ACTIONS.get((target.set, target.more.removeprefix(f"{NAMESPACE}.")))
    if action is None or call.method != "POST" or not session.switches.dimension_actions:
        raise no_route(call.full_url)
    value = action(session, call.json())
    return Answer(200, {"@odata.context": f"{call.base}/data/$metadata#Edm.String", "value": value})


def _values(sent: dict[str, Any]) -> dict[str, str]:
    names, values = sent.get("_attributeNames"), sent.get("_attributeValues")
    if not isinstance(names, list) or not isinstance(values, list) or len(names) != len(values):
        raise bad_request("The parameters _attributeNames and _attributeValues must be lists of the same length.")
    return {str(name): str(value) for name, value in zip(names, values, strict=True)}


def _set_display_value(session: Session, sent: dict[str, Any]) -> str:
    return joined(session, DEFAULT_FORMAT, Combination("", _values(sent)))


def _combination_display_value(session: Session, sent: dict[str, Any]) -> str:
    values = _values(sent)
    return joined(session, LEDGER_FORMAT, Combination(values.pop(MAIN_ACCOUNT, ""), values))


def _vendor_form(session: Session, sent: dict[str, Any]) -> str:
    company, account = str(sent.get("_companyId", "")), str(sent.get("_vendAccount", ""))
    if session.store.find("VendorsV3", company, account) is None:
        message = (
            "Exception occurred while executing action GenerateVendorDetailFormURL on Entity VendorV2: "
            f"Vendor {account} does not exist."
        )
        status = session.switches.write_error_status
        raise RefusedError(status, envelope(message, "System.InvalidOperationException"))
    return f"{session.call.base}/?cmp={company.upper()}&mi=VendTableListPage&q={account}"


ACTIONS: dict[tuple[str, str], Callable[[Session, dict[str, Any]], str]] = {
    ("DimensionSets", "getSetDisplayValue"): _set_display_value,
    ("DimensionCombinations", "getCombinationDisplayValue"): _combination_display_value,
    ("VendorsV2", "GenerateVendorDetailFormURL"): _vendor_form,
}
