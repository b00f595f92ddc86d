"""What may be chosen in Dynamics? Accounts, dimension values, journal names, vendors, taxes, currencies, companies."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from connectors.base import ReferenceItem
from connectors.dynamics365_fo.accounts import BANK, SEPARATOR, VENDOR
from connectors.dynamics365_fo.books import Books, decimals_of
from connectors.dynamics365_fo.client import DynamicsClient, Query
from connectors.dynamics365_fo.closing import BLOCKED, closed_account, closed_bank, closed_value
from connectors.dynamics365_fo.dimensions import MAIN_ACCOUNT
from connectors.dynamics365_fo.literals import equals
from connectors.dynamics365_fo.schema import (
    CompanyRow,
    CurrencyRow,
    DimensionRow,
    DimensionValueRow,
    LedgerRow,
    MainAccountCompanyRow,
    MainAccountRow,
    OlderVendorRow,
    TaxGroupRow,
    VendorRow,
)
from connectors.errors import ConfigurationError, UnsupportedError

Items = Iterator[ReferenceItem]
GROUPS = {
    "Daily": "general",
    "VendInvoice": "purchase",
    "VendInvoiceRegister": "purchase",
    "PurchaseLedger": "purchase",
    "Payment": "payment",
}
PERSON = "Person"


def reference_items(client: DynamicsClient, kind: str, company: str = "") -> Items:
    """The values of one kind; suspended ones too, marked inactive. Raises UnsupportedError for a kind that Dynamics
    does not have, or that is kept by company and asked for without one, and ConnectorErrors."""
    if kind not in READERS:
        raise UnsupportedError(f"Dynamics has no list of {kind}.")
    if kind not in ("company", "currency", "dimension_kind") and not company:
        raise UnsupportedError(f"Dynamics keeps its list of {kind} by company.")
    yield from READERS[kind](client, company)


def _accounts(client: DynamicsClient, company: str) -> Items:
    """Main accounts of the company's chart, the account that stands for vendors, and the chosen bank accounts."""
    facts = {"type": "Vend", "reconcile": "yes"}
    yield ReferenceItem("account", VENDOR, "Vendor", "Vendor, by posting profile", "Vend", True, facts)
    books = Books(client, company)
    yield from _banks(books)
    chart = equals("ChartOfAccounts", books.ledger.chart_of_accounts)
    here = {
        row.main_account_id: row
        for row in client.rows(
            Query(MainAccountCompanyRow, every=f"{chart} and {equals('LegalEntityId', company)}"),
        )
    }
    today = client.http.context.now().date()
    for page in client.pages(Query(MainAccountRow, every=chart)):
        for row in page:
            is_active = not closed_account(row, here.get(row.main_account_id), today)
            told = {"type": row.main_account_type}
            if row.default_currency and row.validate_currency == "Filled":
                told["currency"] = row.default_currency
            number = row.main_account_id
            yield ReferenceItem("account", number, number, row.name, row.main_account_type, is_active, told)


def _banks(books: Books) -> Items:
    """Bank accounts as Dynamics lists them, those alone that the settings name if they name some; where it does not
    list them, the settings' stand for themselves."""
    chosen = books.client.settings.banks
    try:
        rows = books.banks()
    except ConfigurationError:
        for bank in chosen:
            name = f"Bank account {bank}"
            yield ReferenceItem("account", f"{BANK}{bank}", bank, name, "Bank", True, {"type": "Bank"})
        return
    wanted = {bank.lower() for bank in chosen} or set(rows)
    today = books.client.http.context.now().date()
    for number, row in rows.items():
        if number in wanted:
            bank = row.bank_account_id
            facts = {"type": "Bank"} if row.takes("") else {"type": "Bank", "currency": row.currency_code}
            name = row.name or f"Bank account {bank}"
            yield ReferenceItem("account", f"{BANK}{bank}", bank, name, "Bank", not closed_bank(row, today), facts)


def _journals(client: DynamicsClient, company: str) -> Items:
    for row in Books(client, company).journals():
        facts = {"type": row.type, "currency": row.currency, "workflow": row.is_workflow_approval_active}
        group = GROUPS.get(row.type, row.type.lower())
        yield ReferenceItem("journal", row.name, row.name, row.description, group, True, facts)


def _dimension_values(client: DynamicsClient, company: str) -> Items:
    """Values of the dimensions that the active ledger format carries: others could not be posted."""
    today = client.http.context.now().date()
    for name in Books(client, company).formats.ledger:
        if name == MAIN_ACCOUNT:
            continue
        found: dict[str, DimensionValueRow] = {}
        for page in client.pages(Query(DimensionValueRow, every=equals("FinancialDimension", name))):
            for row in page:
                is_mine = row.legal_entity_id.lower() in ("", company)
                if is_mine and (row.legal_entity_id or row.dimension_value not in found):
                    found[row.dimension_value] = row
        for value, row in found.items():
            external_id = f"{name}{SEPARATOR}{value}"
            yield ReferenceItem("cost_centre", external_id, value, row.description, name, not closed_value(row, today))


def _dimensions(client: DynamicsClient, company: str) -> Items:
    for row in client.rows(Query(DimensionRow)):
        yield ReferenceItem("dimension_kind", row.dimension_name, row.dimension_name, row.dimension_name)


def _taxes(client: DynamicsClient, company: str) -> Items:
    for row in client.rows(Query(TaxGroupRow, company)):
        yield ReferenceItem("tax", row.tax_group_code, row.tax_group_code, row.description, "purchase")


def _vendors(client: DynamicsClient, company: str) -> Items:
    for row in _vendor_rows(client, company):
        yield _partner("vendor", row)


def _employees(client: DynamicsClient, company: str) -> Items:
    """People who are vendors: what a company owes an employee is booked to him as one."""
    for row in _vendor_rows(client, company):
        if row.vendor_party_type == PERSON:
            yield _partner("employee", row)


def _partner(kind: str, row: VendorRow) -> ReferenceItem:
    number = row.vendor_account_number
    facts = {
        "email": row.primary_email_address,
        "phone": row.primary_phone_number,
        "tax_id": row.tax1099_federal_tax_id or row.organization_number,
    }
    return ReferenceItem(kind, number, number, row.name, "", row.on_hold_status not in BLOCKED, facts)


def _vendor_rows(client: DynamicsClient, company: str) -> Iterator[VendorRow]:
    """Of the newest set that this environment has."""
    try:
        pages: Iterator[list[VendorRow]] = client.pages(Query(VendorRow, company))
        first = next(pages, [])
    except ConfigurationError:
        for older in client.pages(Query(OlderVendorRow, company)):
            yield from older
        return
    yield from first
    for page in pages:
        yield from page


def _currencies(client: DynamicsClient, company: str) -> Items:
    for row in client.rows(Query(CurrencyRow)):
        facts = {"decimals": str(decimals_of(row))}
        yield ReferenceItem("currency", row.currency_code, row.currency_code, row.name, facts=facts)


def _companies(client: DynamicsClient, company: str) -> Items:
    """Companies that the mapped user sees and that keep a ledger, in small letters as everywhere in the data."""
    ledgers = {row.legal_entity_id.lower(): row for row in client.rows(Query(LedgerRow))}
    for row in client.rows(Query(CompanyRow)):
        number = row.data_area.lower()
        if number in ledgers:
            facts = {"currency": ledgers[number].accounting_currency}
            yield ReferenceItem("company", number, row.data_area.upper(), row.name, facts=facts)


READERS: dict[str, Callable[[DynamicsClient, str], Items]] = {
    "account": _accounts,
    "journal": _journals,
    "cost_centre": _dimension_values,
    "dimension_kind": _dimensions,
    "tax": _taxes,
    "vendor": _vendors,
    "employee": _employees,
    "currency": _currencies,
    "company": _companies,
}
