"""How do journals come into the simulated books: checked, numbered, published, reversed?

https://www.zoho.com/books/api/v3/journals/. Observed live: an omitted status posts at once, an update is partial,
there is no upsert, no custom fields are shown as an empty text.
"""

from __future__ import annotations

from werkzeug.wrappers import Response

from connectors.zoho_books.simulator.attachments import documents_of
from connectors.zoho_books.simulator.call import ApiCall, Route, answer
from connectors.zoho_books.simulator.errors import Unknown, invalid, invalid_parameter, refused
from connectors.zoho_books.simulator.journal_lines import balanced_total, line_read, line_shown, sign_of
from connectors.zoho_books.simulator.journal_list import LISTING
from connectors.zoho_books.simulator.ledger import Entry, Posted
from connectors.zoho_books.simulator.listing import Listing
from connectors.zoho_books.simulator.locking import check_open
from connectors.zoho_books.simulator.parties import (
    currency_facts,
    currency_meant,
    location_meant,
    rate_meant,
)
from connectors.zoho_books.simulator.posting import balanced
from connectors.zoho_books.simulator.resource import Resource
from connectors.zoho_books.simulator.store import Item, Organisation, Table
from connectors.zoho_books.simulator.tagging import tags_read, tags_shown
from connectors.zoho_books.simulator.values import day, items, text


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
            Route("POST", "/journals/submit", self.submit_many, create),
            Route("POST", "/journals/approve", self.approve_many, create),
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
            "location_id": location_meant(call, {**old, **body}),
            "tags": tags_read(org, {"tags": body.get("tags", old.get("tags"))}, "transaction", "Journal"),
        }
        sent = items(body, "line_items", least=2) if "line_items" in body or known is None else old["line_items"]
        before = {one["line_id"]: one for one in old.get("line_items", ())}
        row["line_items"] = [line_read(call, one, order, currency, rate, before) for order, one in enumerate(sent, 1)]
        row["total"] = balanced_total(row["line_items"])
        row["bcy_total"] = org.rounded(row["total"] * rate)
        self._check_reference(call, row["reference_number"], known)
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
                one["bcy_amount"] * sign_of(one),
                one["amount"] * sign_of(one),
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
            balanced(org, lines),
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

    def submit_many(self, call: ApiCall) -> Response:
        return self._move_many(call, ("draft", "rejected"), "submitted")

    def approve_many(self, call: ApiCall) -> Response:
        return self._move_many(call, ("submitted",), "approved")

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
            "line_items": [line_shown(org, one) for one in row["line_items"]],
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

    def _check_reference(self, call: ApiCall, reference: str, known: Item | None) -> None:
        """References repeat as they like, unless the organisation could and did forbid it."""
        twins = call.org.journals.having("reference_number", reference)
        if reference and call.simulator.switches.unique_journal_references and any(one is not known for one in twins):
            raise refused(Unknown.NOT_UNIQUE, "A journal with this reference number exists already.")

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

    def _move_many(self, call: ApiCall, before: tuple[str, ...], after: str) -> Response:
        for row in self._many(call, 25):
            self._move(call, row["journal_id"], before, after)
        return answer()

    def _many(self, call: ApiCall, most: int) -> list[Item]:
        ids = [one for one in (call.query("journal_ids") or "").split(",") if one]
        if not ids or len(ids) > most:
            raise invalid_parameter("journal_ids")
        return [self.find(call.org, one) for one in ids]
