"""What may be chosen in Zoho? Accounts, reporting tags with their options, projects, taxes, vendors, currencies.

Zoho keeps no journals to choose: what others call so is offered from what decides the same here - one for entries, one
for bills, and each account that payments may go through."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from connectors.base import ReferenceItem
from connectors.errors import UnsupportedError
from connectors.zoho_books.desk import Desk
from connectors.zoho_books.kept import LISTS_FRESH
from connectors.zoho_books.preflight import PAID_THROUGH
from connectors.zoho_books.schema import ProjectRow, TaxRow
from connectors.zoho_books.zones import zone_named

ENTRIES, BILLS = "journals", "bills"
Items = Iterator[ReferenceItem]


def reference_items(desk: Desk, kind: str) -> Items:
    """The values of one kind; inactive ones too, marked so. Raises UnsupportedError for a kind that Zoho does not
    have, RateLimitedError when the day's last calls are kept for posting, and ConnectorErrors."""
    if kind not in READERS:
        raise UnsupportedError(f"Zoho Books has no list of {kind}.")
    desk.client.spare()
    yield from READERS[kind](desk)


def _companies(desk: Desk) -> Items:
    row = desk.books.organization(fresh=LISTS_FRESH)
    zone = zone_named(row.time_zone)
    facts = {"currency": row.currency_code, "time_zone": zone.key if zone else "", "plan": row.plan_name}
    yield ReferenceItem("company", row.organization_id, "", row.name, "", row.is_org_active, facts)


def _accounts(desk: Desk) -> Items:
    for row in desk.books.accounts().values():
        facts = {
            "type": row.account_type,
            "reconcile": "yes",  # nothing of an account is closed item by item, so any may hold open items
            "currency": row.currency_code,
            "parent": row.parent_account_id,
        }
        yield ReferenceItem(
            "account", row.account_id, row.account_code, row.account_name, row.account_type, row.is_active, facts
        )


def _journals(desk: Desk) -> Items:
    yield ReferenceItem("journal", ENTRIES, "JOURNALS", "Manual journals", "general", True, {"type": "general"})
    yield ReferenceItem("journal", BILLS, "BILLS", "Bills and vendor credits", "purchase", True, {"type": "purchase"})
    for row in desk.books.accounts().values():
        if row.account_type in PAID_THROUGH:
            facts = {"type": "bank", "default_account": row.account_id, "currency": row.currency_code}
            yield ReferenceItem(
                "journal", row.account_id, row.account_code, f"Paid through {row.account_name}", "bank", row.is_active,
                facts,
            )  # fmt: skip


def _tags(desk: Desk) -> Items:
    for row in desk.books.tags().values():
        facts = {"mandatory": "yes" if row.is_mandatory else "no"}
        is_active = row.is_active and not row.is_draft
        yield ReferenceItem("dimension_kind", row.tag_id, "", row.tag_name, "", is_active, facts)


def _options(desk: Desk) -> Items:
    for tag in desk.books.tags().values():
        for row in desk.books.options(tag.tag_id).values():
            is_active = row.is_active and tag.is_active and not tag.is_draft
            facts = {"parent": row.parent_id}
            yield ReferenceItem("cost_centre", row.option_id, "", row.option_name, tag.tag_id, is_active, facts)


def _projects(desk: Desk) -> Items:
    """A project belongs to a customer, so it is no cost centre that anything may be booked to."""
    for page in desk.client.pages(ProjectRow, desk.company, "/projects", "projects", filter_by="Status.All"):
        for row in page:
            facts = {"customer": row.customer_id, "customer_name": row.customer_name}
            is_active = row.status == "active"
            yield ReferenceItem("project", row.project_id, "", row.project_name, row.customer_id, is_active, facts)


def _taxes(desk: Desk) -> Items:
    for row in desk.client.rows(TaxRow, desk.company, "/settings/taxes", "taxes"):
        facts = {"amount": format(row.tax_percentage.normalize(), "f")}
        yield ReferenceItem("tax", row.tax_id, "", row.tax_name, row.tax_type, True, facts)


def _vendors(desk: Desk) -> Items:
    for row in desk.books.vendors():
        facts = {"email": row.email, "phone": row.phone, "currency": row.currency_code}
        yield ReferenceItem("vendor", row.contact_id, "", row.contact_name, "", row.status != "inactive", facts)


def _employees(desk: Desk) -> Items:
    """People are vendors here, too: who is owed something needs a contact."""
    for item in _vendors(desk):
        if item.facts.get("email"):
            yield ReferenceItem("employee", item.external_id, "", item.name, "", item.is_active, item.facts)


def _currencies(desk: Desk) -> Items:
    for row in desk.books.currencies().values():
        facts = {"decimals": str(row.price_precision)}
        yield ReferenceItem("currency", row.currency_id, row.currency_code, row.currency_name, "", True, facts)


READERS: dict[str, Callable[[Desk], Items]] = {
    "company": _companies,
    "account": _accounts,
    "journal": _journals,
    "dimension_kind": _tags,
    "cost_centre": _options,
    "project": _projects,
    "tax": _taxes,
    "vendor": _vendors,
    "employee": _employees,
    "currency": _currencies,
}
