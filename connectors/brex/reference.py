"""Which values can a customer's rules name on the Brex side?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from connectors.base import ReferenceItem
from connectors.brex.client import BrexClient, Json, Pages
from connectors.brex.errors import FeatureDeniedError
from connectors.errors import UnsupportedError

PRIMARY = "primary"
CATEGORIES = (
    "ADVERTISING_AND_MARKETING",
    "AIRLINE_EXPENSES",
    "BANK_AND_FINANCIAL_FEES",
    "BARS_AND_NIGHTLIFE",
    "BOOKS_AND_NEWSPAPERS",
    "CAR_RENTAL",
    "CHARITY",
    "CLOTHING",
    "CONFERENCES",
    "CONSULTANT_AND_CONTRACTOR",
    "CORPORATE_INSURANCE",
    "DIGITAL_GOODS",
    "ELECTRONICS",
    "EVENT_EXPENSES",
    "FACILITIES_EXPENSES",
    "FEES_AND_LICENSES_AND_TAXES",
    "FLOWERS",
    "FOOD_DELIVERY",
    "FURNITURE",
    "GAMBLING",
    "GAS_AND_FUEL",
    "GENERAL_MERCHANDISE",
    "GROCERY",
    "LAUNDRY",
    "LEGAL_SERVICES",
    "LODGING",
    "MEDICAL",
    "MEMBERSHIPS_AND_CLUBS",
    "OFFICE_SUPPLIES",
    "OTHER_BUSINESS_EXPENSES",
    "OTHER_TRAVEL_EXPENSES",
    "PARKING_EXPENSES",
    "POLITICAL_DONATIONS",
    "PRIVATE_AIR_TRAVEL",
    "PUBLIC_TRANSPORTATION",
    "RECURRING_SOFTWARE_AND_SAAS",
    "RENT",
    "RESTAURANTS",
    "RIDESHARE_AND_TAXI",
    "SERVERS",
    "SHIPPING",
    "SOFTWARE_NON_RECURRING",
    "TELEPHONY",
    "TOLL_AND_BRIDGE_FEES",
    "TRAINING_AND_EDUCATION",
    "TRAVEL_WIFI",
    "UTILITIES",
    "VEHICLE_EXPENSES",
)
"""No endpoint lists them: https://developer.brex.com/openapi/expenses_api, schema Category (July 2026)."""


def reference_items(client: BrexClient, kind: str) -> Iterator[ReferenceItem]:
    """All values of a kind; none where the token may not read them. Raises UnsupportedError for other kinds."""
    reader = READERS.get(kind)
    if reader is None:
        raise UnsupportedError(f"Brex has no reference data of the kind {kind}.")
    try:
        yield from reader(client)
    except FeatureDeniedError:
        return


def _rows(pages: Pages) -> Iterator[Json]:
    for page in pages:
        yield from page


def _employees(client: BrexClient) -> Iterator[ReferenceItem]:
    for user in _rows(client.users()):
        yield ReferenceItem(
            "employee",
            str(user["id"]),
            code=str(user.get("email") or ""),
            name=f"{user.get('first_name') or ''} {user.get('last_name') or ''}".strip(),
            is_active=user.get("status") in (None, "ACTIVE", "INVITED", "PENDING_ACTIVATION"),
            facts={
                name: str(user[name])
                for name in ("email", "department_id", "location_id", "manager_id")
                if user.get(name)
            },
        )


def _named(kind: str, read: Callable[[BrexClient], Pages]) -> Callable[[BrexClient], Iterator[ReferenceItem]]:
    def items(client: BrexClient) -> Iterator[ReferenceItem]:
        for row in _rows(read(client)):
            yield ReferenceItem(kind, str(row["id"]), name=str(row.get("name") or ""))

    return items


def _entities(client: BrexClient) -> Iterator[ReferenceItem]:
    for row in _rows(client.legal_entities()):  # camelCase, unlike its neighbours
        name = str(row.get("displayName") or row.get("display_name") or "")
        is_default = bool(row.get("isDefault", row.get("is_default")))
        yield ReferenceItem(
            "entity",
            str(row["id"]),
            name=name,
            is_active=row.get("status") in (None, "ACTIVE"),
            facts={"is_default": "true" if is_default else "false"},
        )


def _vendors(client: BrexClient) -> Iterator[ReferenceItem]:
    for row in _rows(client.vendors()):
        facts = {name: str(row[name]) for name in ("email", "phone") if row.get(name)}
        yield ReferenceItem("vendor", str(row["id"]), name=str(row.get("company_name") or ""), facts=facts)


def _fields(client: BrexClient) -> Iterator[ReferenceItem]:
    for row in _rows(client.fields()):
        yield ReferenceItem(
            "field",
            str(row["brex_id"]),
            code=str(row.get("remote_id") or ""),
            name=str(row.get("name") or ""),
            group=str(row.get("group") or ""),
            is_active=not row.get("is_disabled"),
        )


def _field_values(client: BrexClient) -> Iterator[ReferenceItem]:
    """Values are grouped by the field as records code it: its remote id, else its Brex id."""
    for field in _rows(client.fields()):
        group = str(field.get("remote_id") or field["brex_id"])
        for row in _rows(client.field_values(str(field["brex_id"]))):
            yield ReferenceItem(
                "field_value",
                str(row.get("remote_id") or row["brex_id"]),
                code=str(row.get("value_id") or ""),
                name=str(row.get("value") or ""),
                group=group,
                is_active=not row.get("is_disabled"),
                facts={"brex_id": str(row["brex_id"])},
            )


def card_account_of(accounts: Sequence[Json], currency: str) -> str:
    """The id of the only account, or of the only one in a currency; else `primary`."""
    fitting = [one for one in accounts if _currency(one) == currency] if len(accounts) > 1 else accounts
    return str(fitting[0].get("id")) if len(fitting) == 1 else PRIMARY


def _currency(account: Json) -> str:
    return str((account.get("current_balance") or {}).get("currency") or "USD")


def _source_accounts(client: BrexClient) -> Iterator[ReferenceItem]:
    """Card and cash accounts, and `primary` where charges cannot be told apart by account."""
    try:
        cards = client.card_accounts()
    except FeatureDeniedError:
        cards = []
    yield from (_account("card", row) for row in cards)
    if not cards or any(card_account_of(cards, _currency(row)) == PRIMARY for row in cards):
        yield ReferenceItem("source_account", PRIMARY, name="Brex card, account not told", group="card")
    try:
        yield from (_account("cash", row) for row in _rows(client.cash_accounts()))
    except FeatureDeniedError:
        return


def _account(group: str, row: Json) -> ReferenceItem:
    return ReferenceItem(
        "source_account",
        str(row["id"]),
        name=str(row.get("name") or f"Brex {group} {_currency(row)}"),
        group=group,
        is_active=row.get("status") in (None, "ACTIVE"),
        facts={"currency": _currency(row)},
    )


def _categories(client: BrexClient) -> Iterator[ReferenceItem]:
    for name in CATEGORIES:
        yield ReferenceItem("category", name, code=name, name=name.replace("_", " ").capitalize())


def _companies(client: BrexClient) -> Iterator[ReferenceItem]:
    company = client.company()
    yield ReferenceItem("company", str(company.get("id") or ""), name=str(company.get("legal_name") or ""))


READERS: Mapping[str, Callable[[BrexClient], Iterator[ReferenceItem]]] = {
    "employee": _employees,
    "department": _named("department", lambda client: client.departments()),
    "location": _named("location", lambda client: client.locations()),
    "entity": _entities,
    "vendor": _vendors,
    "field": _fields,
    "field_value": _field_values,
    "source_account": _source_accounts,
    "category": _categories,
    "company": _companies,
}
