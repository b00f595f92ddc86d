"""What may be chosen in Odoo? Accounts, journals, cost centres, taxes, partners, currencies, companies."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from connectors.base import KEPT_FOR, ReferenceItem
from connectors.errors import ConfigurationError, UnsupportedError
from connectors.odoo.client import OdooClient
from connectors.odoo.schema import (
    AccountRow,
    AnalyticRow,
    CompanyName,
    CurrencyRow,
    EmployeeRow,
    JournalRow,
    MethodLine,
    PartnerRow,
    PlanRow,
    TaxRow,
)

Items = Iterator[ReferenceItem]


def reference_items(client: OdooClient, kind: str, company: str = "") -> Items:
    """The values of one kind; archived ones too, marked inactive. Without a company: those of the user's default.

    An account has its code only under its own company, so accounts must be asked for company by company.
    Raises UnsupportedError for a kind that Odoo does not have, and ConnectorErrors."""
    if kind not in READERS:
        raise UnsupportedError(f"Odoo has no list of {kind}.")
    yield from READERS[kind](client, company)


def _accounts(client: OdooClient, company: str) -> Items:
    domain = [["company_ids", "in", [int(company)]]] if company else []
    codes = _currency_codes(client)
    of_company = [["company_id", "=", int(company)]] if company else []
    journals = client.rows(JournalRow, of_company, company=company, is_archived_too=True)
    suspense = {row.suspense_account_id for row in journals}
    for page in client.pages(AccountRow, domain, company=company, is_archived_too=True):
        for row in page:
            facts = {
                "type": row.account_type,
                "reconcile": "yes" if row.reconcile else "no",
                "currency": codes.get(row.currency_id or 0, ""),
            }
            if row.id in suspense:  # where Odoo keeps the other side of unmatched statement lines
                facts[KEPT_FOR] = "bank suspense"
            yield ReferenceItem("account", str(row.id), row.code, row.name, row.account_type, row.active, facts)


def _journals(client: OdooClient, company: str) -> Items:
    domain = [["company_id", "=", int(company)]] if company else []
    codes = _currency_codes(client)
    methods = client.rows(MethodLine, [["journal_id", "!=", False]], company=company)
    usual = outstanding_accounts(client, company)
    for row in client.rows(JournalRow, domain, company=company, is_archived_too=True):
        facts = {"type": row.type, "currency": codes.get(row.currency_id or 0, "")}
        facts["default_account"] = str(row.default_account_id or "")
        for direction in ("outbound", "inbound"):
            accounts = {
                one.payment_account_id or usual.get(direction)
                for one in methods
                if one.journal_id == row.id and one.payment_type == direction
            }
            facts[f"{direction}_accounts"] = ",".join(sorted(str(one) for one in accounts if one))
        yield ReferenceItem("journal", str(row.id), row.code, row.name, row.type, row.active, facts)


def _cost_centres(client: OdooClient, company: str) -> Items:
    domain = ["|", ["company_id", "=", False], ["company_id", "=", int(company)]] if company else []
    for page in client.pages(AnalyticRow, domain, company=company, is_archived_too=True):
        for row in page:
            group = str(row.root_plan_id or row.plan_id or "")
            yield ReferenceItem("cost_centre", str(row.id), row.code, row.name, group, row.active)


def _plans(client: OdooClient, company: str) -> Items:
    for row in client.rows(PlanRow, [["parent_id", "=", False]], company=company):
        yield ReferenceItem("dimension_kind", str(row.id), "", row.name)


def _taxes(client: OdooClient, company: str) -> Items:
    domain = [["company_id", "=", int(company)]] if company else []
    for row in client.rows(TaxRow, domain, company=company, is_archived_too=True):
        facts = {"amount": format(row.amount.normalize(), "f")}
        yield ReferenceItem("tax", str(row.id), "", row.name, row.type_tax_use, row.active, facts)


def _vendors(client: OdooClient, company: str) -> Items:
    domain = [["supplier_rank", ">", 0]]
    for page in client.pages(PartnerRow, domain, company=company, is_archived_too=True):
        for row in page:
            facts = {"email": row.email, "phone": row.phone, "tax_id": row.vat}
            facts["payable_account"] = str(row.property_account_payable_id or "")
            yield ReferenceItem("vendor", str(row.id), row.ref, row.name, "", row.active, facts)


def _employees(client: OdooClient, company: str) -> Items:
    """People by the partner that entries name: the employees' work contacts, and persons who are vendors."""
    known: set[int] = set()
    domain = [["company_id", "=", int(company)]] if company else []
    try:
        for page in client.pages(EmployeeRow, domain, company=company, is_archived_too=True):
            for one in page:
                if one.work_contact_id and one.work_contact_id not in known:
                    known.add(one.work_contact_id)
                    facts = {"email": one.work_email, "employee": str(one.id)}
                    yield ReferenceItem("employee", str(one.work_contact_id), "", one.name, "", one.active, facts)
    except ConfigurationError:
        pass  # the employees' module is not installed, or closed to the key's user
    persons = [["is_company", "=", False], ["parent_id", "=", False], ["supplier_rank", ">", 0]]
    for some in client.pages(PartnerRow, persons, company=company, is_archived_too=True):
        for row in some:
            if row.id not in known:
                yield ReferenceItem("employee", str(row.id), row.ref, row.name, "", row.active, {"email": row.email})


def _currencies(client: OdooClient, company: str) -> Items:
    for row in client.rows(CurrencyRow, [], company=company, is_archived_too=True):
        facts = {"decimals": str(row.decimal_places)}
        yield ReferenceItem("currency", str(row.id), row.name, row.name, "", row.active, facts)


def _companies(client: OdooClient, company: str) -> Items:
    for row in client.rows(CompanyName, []):
        yield ReferenceItem("company", str(row.id), "", row.name, "", True, {"currency": row.currency_id})


def outstanding_accounts(client: OdooClient, company: str) -> dict[str, int]:
    """The accounts that payments of a company go through where their method names none, by direction.

    Odoo takes the chart's, which are known by their external ids (observed on Odoo 19.0 Community; with Enterprise
    accounting such a payment makes no entry, which is refused before it is posted)."""
    domain = [["company_ids", "in", [int(company)]]] if company else []
    ids = [row.id for row in client.rows(AccountRow, [*domain, ["reconcile", "=", True]], company=company)]
    names = client.external_ids("account.account", ids, company=company)
    found = {name.rpartition("_account_journal_payment_")[2]: key for key, some in names.items() for name in some}
    ends = {"outbound": "credit_account_id", "inbound": "debit_account_id"}
    return {direction: found[end] for direction, end in ends.items() if end in found}


def _currency_codes(client: OdooClient) -> dict[int, str]:
    return {row.id: row.name for row in client.rows(CurrencyRow, [], is_archived_too=True)}


READERS: dict[str, Callable[[OdooClient, str], Items]] = {
    "account": _accounts,
    "journal": _journals,
    "cost_centre": _cost_centres,
    "dimension_kind": _plans,
    "tax": _taxes,
    "vendor": _vendors,
    "employee": _employees,
    "currency": _currencies,
    "company": _companies,
}
