"""How are vendors and customers kept in the simulated Zoho?

https://www.zoho.com/books/api/v3/contacts/. Two contacts may have one name unless the organisation's preference
forbids it; the list has no filter for changes and its `contact_type` has been seen to leak.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from werkzeug.wrappers import Response

from connectors.zoho_books.simulator.call import ApiCall, Route, answer
from connectors.zoho_books.simulator.errors import Unknown, ZohoError, invalid, refused
from connectors.zoho_books.simulator.listing import Listing
from connectors.zoho_books.simulator.parties import currency_facts, currency_meant
from connectors.zoho_books.simulator.resource import Resource
from connectors.zoho_books.simulator.store import ZERO, Item, Organisation, Table
from connectors.zoho_books.simulator.tagging import tags_read
from connectors.zoho_books.simulator.values import flag, items, number, text

ADDRESS = ("attention", "address", "street2", "city", "state", "state_code", "zip", "country", "phone", "fax")
PERSON = ("salutation", "first_name", "last_name", "email", "phone", "mobile", "designation", "department")


class ContactsApi(Resource):
    path, entity, key, id_field = "contacts", "contact", "contact", "contact_id"
    scope, label = "contacts", "Contact"
    created = "The contact has been added."
    updated = "Contact information has been saved."
    deleted = "The contact has been deleted."
    upsertable = True

    @property
    def listing(self) -> Listing:
        return LISTING

    def table(self, org: Organisation) -> Table:
        return org.contacts

    def routes(self) -> list[Route]:
        one, create = "/contacts/<record_id>", "contacts.CREATE"
        return [
            *super().routes(),
            Route("POST", f"{one}/active", self.activate, create),
            Route("POST", f"{one}/inactive", self.deactivate, create),
            Route("POST", f"{one}/track1099", self.track, create),
            Route("POST", f"{one}/untrack1099", self.untrack, create),
        ]

    def read(self, call: ApiCall, body: Item, known: Item | None) -> Item:
        old = known or {}
        name = text(body, "contact_name", old.get("contact_name", ""), required=True)
        kind = text(body, "contact_type", old.get("contact_type", "customer"))
        if kind not in ("vendor", "customer"):
            raise invalid("contact_type")
        self._check_name(call, name, kind, known)
        currency = currency_meant(call.org, body, call.org.currencies.get(old.get("currency_id", "")) or call.org.base)
        terms = int(number(body, "payment_terms", Decimal(old.get("payment_terms", 0))))
        return {
            "contact_name": name,
            "company_name": text(body, "company_name", old.get("company_name", ""), limit=200),
            "contact_type": kind,
            "contact_number": text(body, "contact_number", old.get("contact_number", "")),
            "website": text(body, "website", old.get("website", "")),
            "notes": text(body, "notes", old.get("notes", "")),
            "currency_id": currency["currency_id"],
            "payment_terms": terms,
            "payment_terms_label": text(
                body, "payment_terms_label", f"Net {terms}" if terms else old.get("payment_terms_label", "")
            ),
            "billing_address": _address(body, old),
            "contact_persons": self._persons(call, body, old),
            "tags": tags_read(call.org, {"tags": body.get("tags", old.get("tags"))}, "transaction", "vendors"),
            "track_1099": flag(body, "track_1099", old.get("track_1099", False)),
            "tax_id_type": text(body, "tax_id_type", old.get("tax_id_type", "")),
            "tax_id_value": text(body, "tax_id_value", old.get("tax_id_value", "")),
            "status": old.get("status", "active"),
        }

    def check_delete(self, call: ApiCall, row: Item) -> None:
        if is_used(call.org, row["contact_id"]):
            raise refused(Unknown.DEPENDENT, "The contact cannot be deleted as transactions name it.")

    def shown(self, org: Organisation, row: Item) -> Item:
        facts = currency_facts(org, row)
        kept = {name: row[name] for name in row if name not in ("tags", "tax_id_type", "tax_id_value", "track_1099")}
        return {
            **kept,
            **{name: facts[name] for name in ("currency_id", "currency_code", "currency_symbol")},
            "has_transaction": is_used(org, row["contact_id"]),
            "primary_contact_id": next(
                (one["contact_person_id"] for one in row["contact_persons"] if one["is_primary_contact"]), ""
            ),
            "shipping_address": dict.fromkeys(ADDRESS, ""),
            "outstanding_receivable_amount": ZERO,
            "unused_credits_receivable_amount": ZERO,
            "outstanding_payable_amount": owed_to(org, row["contact_id"]),
            **self.custom(org, row),
            **self.times(org, row),
        }

    def activate(self, call: ApiCall, record_id: str) -> Response:
        return self._set(call, record_id, "The contact has been marked as active.", status="active")

    def deactivate(self, call: ApiCall, record_id: str) -> Response:
        return self._set(call, record_id, "The contact has been marked as inactive.", status="inactive")

    def track(self, call: ApiCall, record_id: str) -> Response:
        return self._set(call, record_id, "1099 reporting is enabled.", track_1099=True)

    def untrack(self, call: ApiCall, record_id: str) -> Response:
        return self._set(call, record_id, "1099 reporting is disabled.", track_1099=False)

    def _set(self, call: ApiCall, record_id: str, message: str, **values: Any) -> Response:
        self.store(call, {**self.find(call.org, record_id), **values}, "edited")
        return answer(message)

    def _check_name(self, call: ApiCall, name: str, kind: str, known: Item | None) -> None:
        if call.simulator.switches.duplicate_contact_names:
            return
        twins = call.org.contacts.having("contact_name", name.strip())
        if any(one is not known for one in twins):
            raise ZohoError(400, 3062, f'The {kind} "{name}" already exists. Please specify a different name.')

    def _persons(self, call: ApiCall, body: Item, old: Item) -> list[Item]:
        if "contact_persons" not in body:
            return list(old.get("contact_persons", ()))
        persons: list[Item] = []
        for one in items(body, "contact_persons"):
            person: Item = {name: text(one, name) for name in PERSON}
            person["contact_person_id"] = text(one, "contact_person_id") or call.org.new_id()
            person["is_primary_contact"] = flag(one, "is_primary_contact", not persons)
            persons.append(person)
        return persons


def is_used(org: Organisation, contact_id: str) -> bool:
    """Whether a document or a ledger line names the contact."""
    documents = (org.bills, org.vendor_credits, org.payments, org.expenses)
    return org.ledger.uses(contact_id) or any(table.having("vendor_id", contact_id) for table in documents)


def owed_to(org: Organisation, contact_id: str) -> Decimal:
    """What is open on the bills of a vendor."""
    bills = [one for one in org.bills.having("vendor_id", contact_id) if one["_is_posted"]]
    return sum((one["balance"] for one in bills), ZERO)


def _address(body: Item, old: Item) -> Item:
    given = body.get("billing_address", old.get("billing_address")) or {}
    if not isinstance(given, dict):
        raise invalid("billing_address")
    return {name: text(given, name) for name in ADDRESS}


def _primary(row: Item, name: str) -> str:
    persons = row["contact_persons"]
    chosen = next((one for one in persons if one["is_primary_contact"]), persons[0] if persons else {})
    return str(chosen.get(name, ""))


def _of_primary(name: str) -> Callable[[ApiCall, Item], str]:
    return lambda _, row: _primary(row, name)


def _row(call: ApiCall, row: Item) -> Item:
    org = call.org
    names = ("contact_id", "contact_name", "company_name", "contact_type", "status", "payment_terms")
    return {
        **{name: row[name] for name in (*names, "payment_terms_label", "currency_id")},
        "currency_code": currency_facts(org, row)["currency_code"],
        "outstanding_receivable_amount": ZERO,
        "unused_credits_receivable_amount": ZERO,
        "outstanding_payable_amount": owed_to(org, row["contact_id"]),
        **{name: _primary(row, name) for name in ("first_name", "last_name", "email", "phone", "mobile")},
        "created_time": org.stamp(row["_created"]),
        "last_modified_time": org.stamp(row["_modified"]),
    }


def _is_of_type(call: ApiCall, row: Item, wanted: str) -> bool:
    return call.simulator.switches.contact_type_leaks or row["contact_type"] == wanted


LISTING = Listing(
    key="contacts",
    report="Contacts",
    row=_row,
    filters={
        "Status.All": lambda _, __: True,
        "Status.Active": lambda _, row: row["status"] == "active",
        "Status.Inactive": lambda _, row: row["status"] == "inactive",
        "Status.Duplicate": lambda call, row: len(call.org.contacts.having("contact_name", row["contact_name"])) > 1,
    },
    default_filter="Status.All",
    sorts=(
        "contact_name",
        "first_name",
        "last_name",
        "email",
        "outstanding_receivable_amount",
        "created_time",
        "last_modified_time",
    ),
    default_sort="contact_name",
    texts=("contact_name", "company_name", "first_name", "last_name", "email", "phone", "address"),
    search=("contact_name", "notes"),
    special={"contact_type": _is_of_type},
    computed={
        **{name: _of_primary(name) for name in ("first_name", "last_name", "email", "phone")},
        "address": lambda _, row: row["billing_address"]["address"],
    },
)
