"""How do vendor credits come into the simulated books, and how are they used?

https://www.zoho.com/books/api/v3/vendor-credits/. There is no upsert. The status of a new one is `open` (inferred).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from werkzeug.wrappers import Response

from connectors.zoho_books.simulator import settling
from connectors.zoho_books.simulator.attachments import documents_of
from connectors.zoho_books.simulator.call import ApiCall, Route, answer
from connectors.zoho_books.simulator.errors import Unknown, invalid, missing, refused
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
from connectors.zoho_books.simulator.purchase import cost_lines, line_shown, lines_read, totals
from connectors.zoho_books.simulator.resource import Resource
from connectors.zoho_books.simulator.store import ZERO, Item, Organisation, Table
from connectors.zoho_books.simulator.tagging import tags_read, tags_shown
from connectors.zoho_books.simulator.values import day, flag, items, number, text


class VendorCreditsApi(Resource):
    path, entity, key, id_field = "vendorcredits", "vendor_credit", "vendor_credit", "vendor_credit_id"
    scope, label = "debitnotes", "Vendor credit"
    created = "Vendor credit has been created."
    updated = "Vendor credit information has been updated."
    deleted = "The vendor credit has been deleted."

    @property
    def listing(self) -> Listing:
        return LISTING

    def table(self, org: Organisation) -> Table:
        return org.vendor_credits

    def routes(self) -> list[Route]:
        one, create = "/vendorcredits/<record_id>", "debitnotes.CREATE"
        return [
            *super().routes(),
            Route("POST", f"{one}/status/open", self.open, create),
            Route("POST", f"{one}/status/void", self.void, create),
            Route("POST", f"{one}/submit", self.submit, create),
            Route("POST", f"{one}/approve", self.approve, create),
            Route("GET", f"{one}/bills", self.bills, "debitnotes.READ"),
            Route("POST", f"{one}/bills", self.apply, create),
            Route("DELETE", f"{one}/bills/<application_id>", self.unapply, "debitnotes.DELETE"),
        ]

    def read(self, call: ApiCall, body: Item, known: Item | None) -> Item:
        org, old = call.org, known or {}
        if old.get("status") == "void":
            raise refused(Unknown.TRANSITION, "A void vendor credit cannot be changed.")
        vendor = vendor_meant(org, {"vendor_id": old.get("vendor_id"), **body})
        on = day(body, "date", old.get("date") or call.today.isoformat())
        default = org.currencies.get(old.get("currency_id") or vendor["currency_id"]) or org.base
        currency = currency_meant(org, body, default)
        same = currency["currency_id"] == old.get("currency_id")
        limit = call.simulator.switches.text_limit
        row: Item = {
            "vendor_id": vendor["contact_id"],
            "vendor_credit_number": self._number(call, body, old),
            "reference_number": text(body, "reference_number", old.get("reference_number", ""), limit=limit),
            "date": on,
            "currency_id": currency["currency_id"],
            "exchange_rate": rate_meant(call, body, currency, on, old.get("exchange_rate") if same else None),
            "is_inclusive_tax": flag(body, "is_inclusive_tax", old.get("is_inclusive_tax", False)),
            "adjustment": ZERO,
            "notes": text(body, "notes", old.get("notes", "")),
            "location_id": location_meant(call, {**old, **body}),
            "tags": tags_read(org, {"tags": body.get("tags", old.get("tags"))}, "transaction", "Purchases"),
            "status": old.get("status") or ("pending_approval" if call.simulator.switches.credit_approval else "open"),
        }
        row["line_items"] = lines_read(call, body, known, currency)
        row.update(totals(org, row, currency))
        check_open(call, "purchase", on, old.get("date", ""))
        used = self._spent(org, old) if old else ZERO
        if used and (row["total"] < used or not same or row["vendor_id"] != old["vendor_id"]):
            raise refused(Unknown.DEPENDENT, "More of the credit is applied to bills than it would come to.")
        return row

    def save(self, org: Organisation, row: Item) -> None:
        row["vendor_credit_number"] = row["vendor_credit_number"] or f"DN-{org.next_number('vendor_credit'):05d}"
        row["_is_posted"] = row["status"] in ("open", "closed")
        if row["_is_posted"]:
            payable = org.account_of_type("accounts_payable")["account_id"]
            owed = Posted(payable, org.rounded(row["total"] * row["exchange_rate"]), row["total"], row["vendor_id"])
            lines = [owed, *cost_lines(org, row, -1)]
            code, key = currency_facts(org, row)["currency_code"], row["vendor_credit_id"]
            found = balanced(org, lines)
            org.ledger.post(Entry("vendor_credit", key, row["date"], code, row["reference_number"], found))
        else:
            org.ledger.unpost("vendor_credit", row["vendor_credit_id"])
        settling.post_credit_uses(org, row)

    def check_delete(self, call: ApiCall, row: Item) -> None:
        check_open(call, "purchase", row["date"])
        if self._spent(call.org, row):
            raise refused(Unknown.DEPENDENT, "The vendor credit is applied to bills or refunded.")

    def drop(self, org: Organisation, row: Item) -> None:
        org.ledger.unpost("vendor_credit", row["vendor_credit_id"])

    def open(self, call: ApiCall, record_id: str) -> Response:
        self._move(call, record_id, ("draft", "void"), "open")
        return answer("The status of the vendor credit has been changed to open.", 201)

    def void(self, call: ApiCall, record_id: str) -> Response:
        self.check_delete(call, self.find(call.org, record_id))
        self._move(call, record_id, ("draft", "open"), "void")
        return answer("The vendor credit has been voided.", 201)

    def submit(self, call: ApiCall, record_id: str) -> Response:
        self._move(call, record_id, ("draft",), "pending_approval")
        return answer("The vendor credit has been submitted for approval successfully.")

    def approve(self, call: ApiCall, record_id: str) -> Response:
        self._move(call, record_id, ("pending_approval",), "open")
        return answer("You have approved the vendor credit.")

    def bills(self, call: ApiCall, record_id: str) -> Response:
        row = self.find(call.org, record_id)
        shown = self._uses_shown(call.org, row)
        return answer(bills_credited=[{key: one[key] for key in one if key != "amount"} for one in shown])

    def apply(self, call: ApiCall, record_id: str) -> Response:
        row, org = self.find(call.org, record_id), call.org
        if row["status"] != "open":
            raise refused(Unknown.TRANSITION, f"The vendor credit is {row['status']}.")
        free = row["balance"]
        wanted: list[tuple[Item, Decimal]] = []
        for one in items(call.body(), "bills", least=1):
            bill, amount = org.bills.get(text(one, "bill_id")), number(one, "amount_applied")
            settling.check_applicable(org, row, bill, amount, ZERO)
            free -= amount
            if bill is None or free < 0 or any(bill is other for other, _ in wanted):
                raise invalid("amount_applied")
            wanted.append((bill, amount))
        for bill, amount in wanted:
            settling.put_application(call, bill, org.new_id(), "vendor_credit", record_id, amount)
        settling.touch_payer(call, "vendor_credit", record_id)
        return answer("Credits have been applied to the bill(s).", 201, bills=self._uses_shown(org, row))

    def unapply(self, call: ApiCall, record_id: str, application_id: str) -> Response:
        row = self.find(call.org, record_id)
        for bill, known_id, _, _ in settling.uses_of(call.org, row["vendor_id"], record_id):
            if known_id == application_id:
                settling.release(call, bill, application_id)
                return answer("Credits applied to the bill have been deleted.")
        raise missing("Applied credit")

    def shown(self, org: Organisation, row: Item) -> Item:
        facts = currency_facts(org, row)
        kept = {name: value for name, value in row.items() if name not in ("adjustment", "tax_total")}
        return {
            **kept,
            **{name: facts[name] for name in ("currency_id", "currency_code", "price_precision")},
            "vendor_name": contact_name(org, row["vendor_id"]),
            "line_items": [line_shown(org, one, row["exchange_rate"]) for one in row["line_items"]],
            "total_credits_used": settling.payer_used(org, row["vendor_id"], row["vendor_credit_id"]),
            "total_refunded_amount": org.refunded(row["vendor_credit_id"]),
            "bills_credited": [
                {key: one[key] for key in one if key != "vendor_credit_id"} for one in self._uses_shown(org, row)
            ],
            "vendor_credit_refunds": [],
            "location_name": "",
            "tags": tags_shown(org, row["tags"]),
            "documents": documents_of(org, row["vendor_credit_id"]),
            "custom_fields": self.custom(org, row)["custom_fields"],
            **self.times(org, row),
        }

    def _number(self, call: ApiCall, body: Item, old: Item) -> str:
        """A number of one's own counts only where automatic numbering is told to stand back."""
        own = text(body, "vendor_credit_number", old.get("vendor_credit_number", ""))
        if not old and call.query("ignore_auto_number_generation") != "true":
            return ""
        twins = call.org.vendor_credits.having("vendor_credit_number", own)
        if not own or any(one["vendor_credit_id"] != old.get("vendor_credit_id") for one in twins):
            raise invalid("vendor_credit_number")
        return own

    def _move(self, call: ApiCall, record_id: str, before: tuple[str, ...], after: str) -> None:
        row = self.find(call.org, record_id)
        if row["status"] not in before:
            raise refused(Unknown.TRANSITION, f"A vendor credit that is {row['status']} cannot be {after}.")
        check_open(call, "purchase", row["date"])
        self.store(call, {**row, "status": after}, "edited")

    def _spent(self, org: Organisation, row: Item) -> Decimal:
        """What is applied to bills or was given back."""
        used = settling.payer_used(org, row["vendor_id"], row["vendor_credit_id"])
        return used + org.refunded(row["vendor_credit_id"])

    def _uses_shown(self, org: Organisation, row: Item) -> list[Item]:
        return [
            {
                "vendor_credit_id": row["vendor_credit_id"],
                "bill_id": bill["bill_id"],
                "vendor_credit_bill_id": application_id,
                "date": bill["date"],
                "bill_number": bill["bill_number"],
                "amount": amount,
            }
            for bill, application_id, _, amount in settling.uses_of(org, row["vendor_id"], row["vendor_credit_id"])
        ]


def _has_status(status: str) -> Callable[[ApiCall, Item], bool]:
    return lambda _, row: bool(row["status"] == status)


def _row(call: ApiCall, row: Item) -> Item:
    org = call.org
    names = ("vendor_credit_id", "vendor_credit_number", "status", "reference_number", "date", "total", "balance")
    return {
        **{name: row[name] for name in (*names, "vendor_id", "currency_id", "exchange_rate")},
        "vendor_name": contact_name(org, row["vendor_id"]),
        "currency_code": currency_facts(org, row)["currency_code"],
        "has_attachment": False,
        "tags": tags_shown(org, row["tags"]),
        "created_time": org.stamp(row["_created"]),
        "last_modified_time": org.stamp(row["_modified"]),
    }


LISTING = Listing(
    key="vendorcredits",
    report="Vendor Credits",
    row=_row,
    filters={
        "Status.All": lambda _, __: True,
        **{f"Status.{name.capitalize()}": _has_status(name) for name in ("open", "closed", "void", "draft")},
        "Status.Pending": lambda _, row: row["status"] == "pending_approval",
    },
    default_filter="Status.All",
    sorts=("vendor_name", "vendor_credit_number", "balance", "total", "date", "created_time", "last_modified_time"),
    default_sort="created_time",
    default_order="D",
    texts=("vendor_credit_number", "reference_number", "notes", "customer_name"),
    exact=("status",),
    dates=("date",),
    numbers=("total",),
    search=("vendor_credit_number", "reference_number"),
    modified_since=True,
    special={"customer_id": lambda _, row, wanted: row["vendor_id"] == wanted},
    computed={
        name: lambda call, row: contact_name(call.org, row["vendor_id"]) for name in ("vendor_name", "customer_name")
    },
)
