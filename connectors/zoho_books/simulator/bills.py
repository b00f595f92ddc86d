"""How do bills come into the simulated books: checked, open, paid, void?

https://www.zoho.com/books/api/v3/bills/. Observed live: open at once, unique by vendor and number (trimmed, in
whatever case), due on its date when no term says otherwise.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from werkzeug.wrappers import Response

from connectors.zoho_books.simulator import settling
from connectors.zoho_books.simulator.attachments import documents_of
from connectors.zoho_books.simulator.bill_list import LISTING, status_of
from connectors.zoho_books.simulator.call import ApiCall, Route, answer
from connectors.zoho_books.simulator.errors import Unknown, ZohoError, invalid, missing, refused
from connectors.zoho_books.simulator.ledger import Entry, Posted
from connectors.zoho_books.simulator.listing import Listing
from connectors.zoho_books.simulator.locking import check_open
from connectors.zoho_books.simulator.parties import (
    contact_name,
    currency_facts,
    currency_meant,
    location_meant,
    rate_meant,
    vendor_meant,
)
from connectors.zoho_books.simulator.posting import balanced
from connectors.zoho_books.simulator.purchase import cost_lines, line_shown, lines_read, taxes_shown, totals
from connectors.zoho_books.simulator.resource import Resource
from connectors.zoho_books.simulator.store import ZERO, Item, Organisation, Table
from connectors.zoho_books.simulator.tagging import tags_read, tags_shown
from connectors.zoho_books.simulator.values import day, flag, items, number, text


class BillsApi(Resource):
    path, entity, key, id_field = "bills", "bill", "bill", "bill_id"
    scope, label = "bills", "Bill"
    created = "The bill has been created."
    updated = "Bill information has been updated."
    deleted = "The bill has been deleted."
    upsertable = True

    @property
    def listing(self) -> Listing:
        return LISTING

    def table(self, org: Organisation) -> Table:
        return org.bills

    def routes(self) -> list[Route]:
        one, create = "/bills/<record_id>", "bills.CREATE"
        return [
            *super().routes(),
            Route("PUT", "/bill/<record_id>/customfields", self.set_custom_fields, "bills.UPDATE"),
            Route("POST", f"{one}/status/void", self.void, create),
            Route("POST", f"{one}/status/open", self.open, create),
            Route("POST", f"{one}/submit", self.submit, create),
            Route("POST", f"{one}/approve", self.approve, create),
            Route("GET", f"{one}/payments", self.payments, "bills.READ"),
            Route("DELETE", f"{one}/payments/<application_id>", self.unapply, "bills.DELETE"),
            Route("POST", f"{one}/credits", self.apply, create),
        ]

    def read(self, call: ApiCall, body: Item, known: Item | None) -> Item:
        org, old = call.org, known or {}
        if old.get("status") == "void":
            raise refused(Unknown.TRANSITION, "A void bill cannot be changed.")
        vendor = vendor_meant(org, {"vendor_id": old.get("vendor_id"), **body})
        bill_number = text(body, "bill_number", old.get("bill_number", ""), required=True)
        self._check_number(call, vendor, bill_number, known)
        on = day(body, "date", old.get("date") or call.today.isoformat())
        usual_terms = int(old["payment_terms"] if old else vendor["payment_terms"])
        terms = int(number(body, "payment_terms", Decimal(usual_terms)))
        default = org.currencies.get(old.get("currency_id") or vendor["currency_id"]) or org.base
        currency = currency_meant(org, body, default)
        same = currency["currency_id"] == old.get("currency_id")
        row: Item = {
            "vendor_id": vendor["contact_id"],
            "bill_number": bill_number,
            "reference_number": text(body, "reference_number", old.get("reference_number", "")),
            "date": on,
            "due_date": day(body, "due_date", _due(body, old, on, terms)),
            "payment_terms": terms,
            "payment_terms_label": text(body, "payment_terms_label", f"Net {terms}" if terms else "Due on Receipt"),
            "currency_id": currency["currency_id"],
            "exchange_rate": rate_meant(call, body, currency, on, old.get("exchange_rate") if same else None),
            "is_inclusive_tax": flag(body, "is_inclusive_tax", old.get("is_inclusive_tax", False)),
            "is_item_level_tax_calc": flag(body, "is_item_level_tax_calc", old.get("is_item_level_tax_calc", False)),
            "adjustment": org.rounded(number(body, "adjustment", old.get("adjustment", ZERO)), currency),
            "adjustment_description": text(body, "adjustment_description", old.get("adjustment_description", "")),
            "notes": text(body, "notes", old.get("notes", "")),
            "terms": text(body, "terms", old.get("terms", "")),
            "location_id": location_meant(call, {**old, **body}),
            "tags": tags_read(org, {"tags": body.get("tags", old.get("tags"))}, "transaction", "Purchases"),
            "status": old.get("status") or ("pending_approval" if call.simulator.switches.bill_approval else "open"),
            "_applied": dict(old.get("_applied", {})),
        }
        row["line_items"] = lines_read(call, body, known, currency)
        row.update(totals(org, row, currency))
        check_open(call, "purchase", on, old.get("date", ""))
        if settling.applied(row) and (row["total"] < settling.applied(row) or not same):
            raise refused(Unknown.DEPENDENT, "Payments are applied to more than the bill would come to.")
        return row

    def save(self, org: Organisation, row: Item) -> None:
        settling.settle(row, row["total"])
        for kind, payer_id in {(kind, payer_id) for kind, payer_id, _ in row["_applied"].values()}:
            settling.post_payer(org, kind, payer_id)  # a new rate of the bill changes the exchange gain
        row["_is_posted"] = row["status"] not in ("draft", "pending_approval", "void")
        if not row["_is_posted"]:
            org.ledger.unpost("bill", row["bill_id"])
            return
        payable = org.account_of_type("accounts_payable")["account_id"]
        owed = Posted(payable, -org.rounded(row["total"] * row["exchange_rate"]), -row["total"], row["vendor_id"])
        lines = [*cost_lines(org, row, 1), owed]
        code = currency_facts(org, row)["currency_code"]
        found = balanced(org, lines)
        org.ledger.post(Entry("bill", row["bill_id"], row["date"], code, row["reference_number"], found))

    def check_delete(self, call: ApiCall, row: Item) -> None:
        check_open(call, "purchase", row["date"])
        if settling.applied(row):
            raise refused(Unknown.DEPENDENT, "The bill cannot be deleted as payments are applied to it.")

    def drop(self, org: Organisation, row: Item) -> None:
        org.ledger.unpost("bill", row["bill_id"])

    def set_custom_fields(self, call: ApiCall, record_id: str) -> Response:
        """The body is an array here, and the path says `bill`."""
        sent = call.json()
        if not isinstance(sent, list):
            raise ZohoError(400, 1038, "JSON is not well formed")
        self.change(call, self.find(call.org, record_id), {"custom_fields": sent})
        return answer("Custom Fields Updated Successfully")

    def void(self, call: ApiCall, record_id: str) -> Response:
        row = self.find(call.org, record_id)
        if row["status"] == "void":
            raise refused(Unknown.TRANSITION, "The bill is void already.")
        self.check_delete(call, row)
        self.store(call, {**row, "status": "void"}, "edited")
        return answer("The bill has been marked as void.", 201)

    def open(self, call: ApiCall, record_id: str) -> Response:
        row = self.find(call.org, record_id)
        if row["status"] not in ("void", "draft"):
            raise refused(Unknown.TRANSITION, "The bill is open already.")
        check_open(call, "purchase", row["date"])
        self._check_number(call, {"contact_id": row["vendor_id"]}, row["bill_number"], row)
        self.store(call, {**row, "status": "open"}, "edited")
        return answer("The status of the bill has been changed to open.", 201)

    def submit(self, call: ApiCall, record_id: str) -> Response:
        row = self.find(call.org, record_id)
        if row["status"] != "draft":
            raise refused(Unknown.TRANSITION, "Only a draft can be submitted.")
        self.store(call, {**row, "status": "pending_approval"}, "edited")
        return answer("The bill has been submitted for approval successfully.")

    def approve(self, call: ApiCall, record_id: str) -> Response:
        row = self.find(call.org, record_id)
        if row["status"] != "pending_approval":
            raise refused(Unknown.TRANSITION, "The bill does not wait for approval.")
        check_open(call, "purchase", row["date"])
        self.store(call, {**row, "status": "open"}, "edited")
        return answer()

    def payments(self, call: ApiCall, record_id: str) -> Response:
        row = self.find(call.org, record_id)
        vendor = {"vendor_id": row["vendor_id"], "vendor_name": contact_name(call.org, row["vendor_id"])}
        left_out = ("payment_number", "paid_through_account_id", "paid_through_account_name")
        shown = [
            {
                **{name: value for name, value in one.items() if name not in left_out},
                **vendor,
                "paid_through": one["paid_through_account_name"],
            }
            for one in self._applications(call.org, row)
            if "payment_id" in one
        ]
        return answer(payments=shown)

    def unapply(self, call: ApiCall, record_id: str, application_id: str) -> Response:
        row = self.find(call.org, record_id)
        if application_id not in row["_applied"]:
            raise missing("Payment")
        kind, payer_id, _ = row["_applied"][application_id]
        payment = call.org.payments.get(payer_id) if kind == "payment" else None
        if payment is not None and call.simulator.switches.delete_of_bill_payment == "delete":
            call.simulator.resources["vendorpayments"].remove(call, payment)
        else:
            settling.release(call, row, application_id)
        return answer("The payment has been deleted.")

    def apply(self, call: ApiCall, record_id: str) -> Response:
        """Unused payments and vendor credits against this bill."""
        row, body = self.find(call.org, record_id), call.body()
        wanted = [
            *(
                ("payment", text(one, "payment_id"), number(one, "amount_applied"))
                for one in items(body, "bill_payments")
            ),
            *(
                ("vendor_credit", text(one, "vendor_credit_id"), number(one, "amount_applied"))
                for one in items(body, "apply_vendor_credits")
            ),
        ]
        if not wanted:
            raise invalid("bill_payments")
        settling.apply_to_bill(call, row, wanted)
        return answer("Credits have been applied to the bill(s).", 201)

    def shown(self, org: Organisation, row: Item) -> Item:
        applications = self._applications(org, row)
        return {
            **row,
            **currency_facts(org, row),
            "vendor_name": contact_name(org, row["vendor_id"]),
            "status": status_of(org, row),
            "line_items": [line_shown(org, one, row["exchange_rate"]) for one in row["line_items"]],
            "taxes": taxes_shown(org, row),
            "payment_made": sum((one["amount"] for one in applications if "payment_id" in one), ZERO),
            "vendor_credits_applied": sum((one["amount"] for one in applications if "payment_id" not in one), ZERO),
            "payments": [one for one in applications if "payment_id" in one],
            "vendor_credits": [one for one in applications if "payment_id" not in one],
            "purchaseorder_ids": [],
            "is_approval_required": row["status"] == "pending_approval",
            "account_id": org.account_of_type("accounts_payable")["account_id"],
            "account_name": org.account_of_type("accounts_payable")["account_name"],
            "location_name": "",
            "tags": tags_shown(org, row["tags"]),
            "documents": documents_of(org, row["bill_id"]),
            "attachment_name": next((one["file_name"] for one in documents_of(org, row["bill_id"])), ""),
            "created_by_id": row["_created_by"].ids[org.id],
            **self.custom(org, row),
            **self.times(org, row),
        }

    def _applications(self, org: Organisation, row: Item) -> list[dict[str, Any]]:
        return settling.applications_shown(org, row)

    def _check_number(self, call: ApiCall, vendor: Item, bill_number: str, known: Item | None) -> None:
        if call.simulator.switches.duplicate_bill_numbers:
            return
        wanted = bill_number.strip().casefold()
        for one in call.org.bills.having("vendor_id", vendor["contact_id"]):
            is_other = known is None or one["bill_id"] != known["bill_id"]
            if is_other and one["bill_number"].strip().casefold() == wanted:
                words = "A bill with this number has already been created for this vendor. Please check and try again."
                raise ZohoError(400, 13011, words)


def _due(body: Item, old: Item, on: str, terms: int) -> str:
    """The old due date of an untouched bill, else the date and the days of the term."""
    if old and not {"date", "payment_terms"} & set(body):
        return str(old["due_date"])
    return (date.fromisoformat(on) + timedelta(days=terms)).isoformat()
