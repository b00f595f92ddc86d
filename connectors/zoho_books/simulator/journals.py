"""How do journals come into the simulated books: checked, numbered, published, reversed?

https://www.zoho.com/books/api/v3/journals/. Observed live: an omitted status posts at once, an update is partial,
there is no upsert, no custom fields are shown as an empty text.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from werkzeug.wrappers import Response

from connectors.zoho_books.simulator.call import ApiCall, Route, answer
from connectors.zoho_books.simulator.errors import Unknown, ZohoError, invalid, invalid_parameter, refused
from connectors.zoho_books.simulator.journal_list import LISTING
from connectors.zoho_books.simulator.ledger import Entry, Posted
from connectors.zoho_books.simulator.listing import Listing
from connectors.zoho_books.simulator.locking import check_open
from connectors.zoho_books.simulator.parties import (
    CONTROL_TYPES,
    account_meant,
    account_name,
    contact_meant,
    contact_name,
    currency_facts,
    currency_meant,
    location_meant,
    project_meant,
    project_name,
    rate_meant,
)
from connectors.zoho_books.simulator.resource import Resource
from connectors.zoho_books.simulator.store import ZERO, Item, Organisation, Table
from connectors.zoho_books.simulator.tagging import tags_read, tags_shown
from connectors.zoho_books.simulator.values import day, items, number, text


class JournalsApi(Resource):
    path, entity, key, id_field = "journals", "journal", "journal", "journal_id"
    scope, label = "accountants", "Journal"
    created = "The journal entry has been created."
    updated = "The journal entry has been updated."
    deleted = "The selected journal entry has been deleted."

    @property
    def listing(self) -> Listing:
        return LISTING

    def table(self, org: Organisation) -> Table:
        return org.journals

    def routes(self) -> list[Route]:
        one, create = "/journals/<record_id>", "accountants.CREATE"
        return [
            *super().routes(),
            Route("POST", f"{one}/status/publish", self.publish, create),
            Route("POST", f"{one}/submit", self.submit, create),
            Route("POST", f"{one}/approve", self.approve, create),
            Route("POST", f"{one}/reject", self.reject, create),
            Route("POST", f"{one}/reverse", self.reverse, create),
            Route("POST", "/journals/status/publish", self.publish_many, create),
            Route("DELETE", "/journals/bulkdelete", self.delete_many, "accountants.DELETE"),
        ]

    def read(self, call: ApiCall, body: Item, known: Item | None) -> Item:
        org, old = call.org, known or {}
        on = day(body, "journal_date", old.get("journal_date", ""))
        currency = currency_meant(org, body, org.currencies.get(old.get("currency_id", "")) or org.base)
        same = currency["currency_id"] == old.get("currency_id")
        rate = rate_meant(call, body, currency, on, old.get("exchange_rate") if same else None)
        row = {
            "entry_number": old.get("entry_number", ""),
            "reference_number": text(
                body,
                "reference_number",
                old.get("reference_number", ""),
                limit=call.simulator.switches.journal_reference_limit,
            ),
            "notes": text(body, "notes", old.get("notes", "")),
            "journal_date": on,
            "journal_type": text(body, "journal_type", old.get("journal_type", "both")),
            "entity_type": "journal",
            "status": old.get("status") or self._first_status(call, body),
            "currency_id": currency["currency_id"],
            "exchange_rate": rate,
            "location_id": location_meant(org, {**old, **body}),
            "tags": tags_read(org, {"tags": body.get("tags", old.get("tags"))}, "transaction", "Journal"),
        }
        sent = items(body, "line_items", least=2) if "line_items" in body or known is None else old["line_items"]
        before = {one["line_id"]: one for one in old.get("line_items", ())}
        row["line_items"] = [self._line(call, one, order, currency, rate, before) for order, one in enumerate(sent, 1)]
        row["total"] = _balanced_total(row["line_items"])
        row["bcy_total"] = org.rounded(row["total"] * rate)
        check_open(call, "accountant", on, old.get("journal_date", ""))
        return row

    def save(self, org: Organisation, row: Item) -> None:
        row["entry_number"] = row["entry_number"] or str(org.next_number("journal"))
        if row["status"] != "published":
            org.ledger.unpost("journal", row["journal_id"])
            return
        lines = [
            Posted(
                one["account_id"],
                one["bcy_amount"] * _sign(one),
                one["amount"] * _sign(one),
                one["customer_id"],
                one["description"],
                tuple((tag["tag_id"], tag["tag_option_id"]) for tag in one["tags"]),
                one["project_id"],
            )
            for one in row["line_items"]
        ]
        code = currency_facts(org, row)["currency_code"]
        entry = Entry(
            "journal",
            row["journal_id"],
            row["journal_date"],
            code,
            row["reference_number"],
            (*lines, *rounding(org, lines)),
        )
        org.ledger.post(entry)

    def check_delete(self, call: ApiCall, row: Item) -> None:
        check_open(call, "accountant", row["journal_date"])

    def drop(self, org: Organisation, row: Item) -> None:
        org.ledger.unpost("journal", row["journal_id"])

    def publish(self, call: ApiCall, record_id: str) -> Response:
        self._publish(call, self.find(call.org, record_id))
        return answer("Journal has been published.", 201)

    def publish_many(self, call: ApiCall) -> Response:
        for row in self._many(call, 10):
            self._publish(call, row)
        return answer()

    def delete_many(self, call: ApiCall) -> Response:
        rows = self._many(call, 200)
        for row in rows:
            self.check_delete(call, row)
        for row in rows:
            self.remove(call, row)
        return answer(self.deleted)

    def submit(self, call: ApiCall, record_id: str) -> Response:
        return self._move(call, record_id, ("draft", "rejected"), "submitted")

    def approve(self, call: ApiCall, record_id: str) -> Response:
        return self._move(call, record_id, ("submitted",), "approved")

    def reject(self, call: ApiCall, record_id: str) -> Response:
        if len(call.query("reason") or "") > 500:
            raise invalid_parameter("reason")
        return self._move(call, record_id, ("submitted",), "rejected")

    def reverse(self, call: ApiCall, record_id: str) -> Response:
        """A new journal with the sides swapped; a scheduled one stays a draft until its day."""
        row = self.find(call.org, record_id)
        on = day({"reversal_date": call.query("reversal_date")}, "reversal_date")
        if row["status"] != "published":
            raise refused(Unknown.TRANSITION, "Only published journals can be reversed.")
        check_open(call, "accountant", on)
        swapped = {"debit": "credit", "credit": "debit"}
        made = {
            **row,
            "journal_id": call.org.new_id(),
            "entry_number": str(call.org.next_number("journal")),
            "journal_date": on,
            "notes": f"Reversal of journal entry {row['entry_number']}",
            "status": "draft" if call.query("is_reversal_scheduled") == "true" else "published",
            "line_items": [
                {**one, "line_id": call.org.new_id(), "debit_or_credit": swapped[one["debit_or_credit"]]}
                for one in row["line_items"]
            ],
            "_custom": {},
            "_created": call.now,
            "_created_by": call.user,
        }
        self.store(call, made, "created")
        return answer("The journal entry has been reversed.", journal=self.shown(call.org, made))

    def shown(self, org: Organisation, row: Item) -> Item:
        custom = self.custom(org, row)["custom_fields"]
        kept = {name: value for name, value in row.items() if name != "entity_type"}
        return {
            **kept,
            **currency_facts(org, row),
            "vat_treatment": "",
            "product_type": "",
            "include_in_vat_return": False,
            "is_bas_adjustment": False,
            "line_items": [_line_shown(org, one) for one in row["line_items"]],
            "location_name": "",
            "line_item_total": row["total"],
            "taxes": [],
            "tags": tags_shown(org, row["tags"]),
            "custom_fields": custom or "",  # an empty text and not an empty list, as live journals have it
            "documents": documents_of(org, row["journal_id"]),
            **self.times(org, row),
        }

    def _first_status(self, call: ApiCall, body: Item) -> str:
        status = text(body, "status", "published") or "published"
        if status not in ("draft", "published"):
            raise invalid("status")
        return "draft" if call.simulator.switches.journal_approval else status

    def _line(
        self, call: ApiCall, body: Item, order: int, currency: Item, rate: Decimal, before: dict[str, Item]
    ) -> Item:
        known = before.get(str(body.get("line_id", "")), {})
        account = account_meant(call.org, body, known_id=known.get("account_id", ""))
        if body.get("debit_or_credit") not in ("debit", "credit"):
            raise invalid("debit_or_credit")
        amount = call.org.rounded(number(body, "amount"), currency)
        if amount <= 0:
            raise invalid("amount")
        contact = contact_meant(call.org, body, "customer_id")
        if contact is None and account["account_type"] in CONTROL_TYPES:
            raise refused(Unknown.CONTACT, f"Select a contact for the account {account['account_name']}")
        tax_id = text(body, "tax_id")
        if tax_id and call.org.edition == "IN":
            raise ZohoError(400, 110942, "Tax not supported.")
        return {
            "line_id": known.get("line_id") or call.org.new_id(),
            "account_id": account["account_id"],
            "customer_id": contact["contact_id"] if contact else "",
            "description": text(body, "description"),
            "debit_or_credit": body["debit_or_credit"],
            "amount": amount,
            "bcy_amount": call.org.rounded(amount * rate),
            "tax_id": tax_id if call.simulator.switches.journal_tax == "keep" else "",
            "project_id": project_meant(call.org, body),
            "location_id": "",
            "item_order": order,
            "tags": tags_read(call.org, body, "line_item", "Journal"),
        }

    def _publish(self, call: ApiCall, row: Item) -> None:
        wanted = ("approved",) if call.simulator.switches.journal_approval else ("draft", "approved")
        if row["status"] not in wanted:
            raise refused(Unknown.TRANSITION, f"A journal that is {row['status']} cannot be published.")
        check_open(call, "accountant", row["journal_date"])
        self.store(call, {**row, "status": "published"}, "edited")

    def _move(self, call: ApiCall, record_id: str, before: tuple[str, ...], after: str) -> Response:
        row = self.find(call.org, record_id)
        if row["status"] not in before:
            raise refused(Unknown.TRANSITION, f"A journal that is {row['status']} cannot be {after}.")
        self.store(call, {**row, "status": after}, "edited")
        return answer()

    def _many(self, call: ApiCall, most: int) -> list[Item]:
        ids = [one for one in (call.query("journal_ids") or "").split(",") if one]
        if not ids or len(ids) > most:
            raise invalid_parameter("journal_ids")
        return [self.find(call.org, one) for one in ids]


def rounding(org: Organisation, lines: list[Posted]) -> list[Posted]:
    """What is missing in base currency after each line was rounded, as a line on exchange differences."""
    rest = sum((one.amount for one in lines), ZERO)
    return [Posted(org.exchange_account["account_id"], -rest, ZERO, description="Rounding")] if rest else []


def documents_of(org: Organisation, record_id: str) -> list[Item]:
    """Attachments of a record, as records list them."""
    names = ("document_id", "file_name", "file_type", "file_size")
    return [{name: one[name] for name in names} for one in org.documents if one["_record_id"] == record_id]


def _balanced_total(lines: list[Item]) -> Decimal:
    debit = sum((one["amount"] for one in lines if one["debit_or_credit"] == "debit"), ZERO)
    credit = sum((one["amount"] for one in lines if one["debit_or_credit"] == "credit"), ZERO)
    if debit != credit:
        raise refused(Unknown.UNBALANCED, "Debits and credits are not equal.")
    return debit


def _sign(line: Item) -> int:
    return 1 if line["debit_or_credit"] == "debit" else -1


def _line_shown(org: Organisation, line: Item) -> dict[str, Any]:
    return {
        **line,
        "account_name": account_name(org, line["account_id"]),
        "customer_name": contact_name(org, line["customer_id"]),
        "project_name": project_name(org, line["project_id"]),
        "location_name": "",
        "tax_name": "",
        "tax_type": "",
        "tax_percentage": "",
    }
