"""How do vendor payments come into the simulated books, applied to bills or not?

https://www.zoho.com/books/api/v3/vendor-payments/. Observed live: the envelope is `vendorpayment` (the published file
shows the fields of a new one at the top level), the number is a text, the status `paid`.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from connectors.zoho_books.simulator import settling
from connectors.zoho_books.simulator.attachments import documents_of
from connectors.zoho_books.simulator.call import ApiCall
from connectors.zoho_books.simulator.errors import Unknown, invalid, refused
from connectors.zoho_books.simulator.listing import Listing
from connectors.zoho_books.simulator.locking import check_open
from connectors.zoho_books.simulator.parties import (
    account_meant,
    account_name,
    contact_name,
    currency_facts,
    location_meant,
    rate_meant,
    vendor_meant,
)
from connectors.zoho_books.simulator.resource import Resource
from connectors.zoho_books.simulator.store import ZERO, Item, Organisation, Table
from connectors.zoho_books.simulator.tagging import tags_read, tags_shown
from connectors.zoho_books.simulator.values import day, items, number, text

MONEY_TYPES = ("cash", "bank", "credit_card", "payment_clearing", "other_current_asset", "other_current_liability")


class PaymentsApi(Resource):
    path, entity, key, id_field = "vendorpayments", "vendorpayment", "vendorpayment", "payment_id"
    scope, label = "vendorpayments", "Payment"
    created = "The payment made to the vendor has been recorded."
    updated = "The details of the payment made to the vendor has been updated"
    deleted = "The payment has been deleted."
    upsertable = True

    @property
    def listing(self) -> Listing:
        return LISTING

    def table(self, org: Organisation) -> Table:
        return org.payments

    def read(self, call: ApiCall, body: Item, known: Item | None) -> Item:
        org, old = call.org, known or {}
        vendor = vendor_meant(org, {"vendor_id": old.get("vendor_id"), **body})
        if old and vendor["contact_id"] != old["vendor_id"]:
            raise invalid("vendor_id")
        through = account_meant(
            org,
            {"paid_through_account_id": old.get("paid_through_account_id"), **body},
            "paid_through_account_id",
            old.get("paid_through_account_id", ""),
        )
        if through["account_type"] not in MONEY_TYPES:
            raise invalid("paid_through_account_id")
        on = day(body, "date", old.get("date") or call.today.isoformat())
        uses = self._uses(call, body, known)
        currencies = {bill["currency_id"] for bill, _, _ in uses}
        if len(currencies) > 1:
            raise invalid("bills")
        currency = org.currencies.get(next(iter(currencies), old.get("currency_id") or vendor["currency_id"]))
        if currency is None:
            raise invalid("currency_id")
        row: Item = {
            "vendor_id": vendor["contact_id"],
            "payment_number": old.get("payment_number", ""),
            "payment_mode": text(body, "payment_mode", old.get("payment_mode", "Cash")),
            "reference_number": text(body, "reference_number", old.get("reference_number", "")),
            "description": text(body, "description", old.get("description", "")),
            "date": on,
            "amount": org.rounded(number(body, "amount", old.get("amount")), currency),
            "currency_id": currency["currency_id"],
            "exchange_rate": rate_meant(call, body, currency, on, old.get("exchange_rate")),
            "paid_through_account_id": through["account_id"],
            "location_id": location_meant(call, {**old, **body}),
            "tags": tags_read(org, {"tags": body.get("tags", old.get("tags"))}, "transaction", "Purchases"),
            "status": "paid",
            "_uses": [(bill["bill_id"], application_id, amount) for bill, application_id, amount in uses],
        }
        given_back = org.refunded(old.get("payment_id", ""))
        if row["amount"] <= 0 or sum((amount for _, _, amount in uses), given_back) > row["amount"]:
            raise invalid("amount")
        for bill, application_id, amount in uses:
            before = bill["_applied"].get(application_id)
            settling.check_applicable(org, row, bill, amount, before[2] if before else ZERO)
        check_open(call, "purchase", on, old.get("date", ""))
        return row

    def save(self, org: Organisation, row: Item) -> None:
        row["payment_number"] = row["payment_number"] or str(org.next_number("payment"))
        wanted = {application_id: (bill_id, amount) for bill_id, application_id, amount in row["_uses"]}
        for bill, application_id, _, _ in settling.uses_of(org, row["vendor_id"], row["payment_id"]):
            if application_id not in wanted:
                bill["_applied"] = {key: one for key, one in bill["_applied"].items() if key != application_id}
                settling.touch_bill(bill, row["_modified"])
        for application_id, (bill_id, amount) in wanted.items():
            found = org.bills.get(bill_id)
            if found is not None:
                application = ("payment", row["payment_id"], amount)
                found["_applied"] = {**found["_applied"], application_id: application}
                settling.touch_bill(found, row["_modified"])
        settling.post_payment(org, row)

    def check_delete(self, call: ApiCall, row: Item) -> None:
        check_open(call, "purchase", row["date"])
        if call.org.refunded(row["payment_id"]):
            raise refused(Unknown.DEPENDENT, "The payment cannot be deleted as it was refunded.")

    def drop(self, org: Organisation, row: Item) -> None:
        for bill, application_id, _, _ in settling.uses_of(org, row["vendor_id"], row["payment_id"]):
            bill["_applied"] = {key: one for key, one in bill["_applied"].items() if key != application_id}
            settling.touch_bill(bill, org.now())
        org.ledger.unpost("vendor_payment", row["payment_id"])

    def shown(self, org: Organisation, row: Item) -> Item:
        facts = currency_facts(org, row)
        through = org.accounts.get(row["paid_through_account_id"]) or {}
        uses = settling.uses_of(org, row["vendor_id"], row["payment_id"])
        return {
            **row,
            "currency_symbol": facts["currency_symbol"],
            "vendor_name": contact_name(org, row["vendor_id"]),
            "paid_through_account_name": through.get("account_name", ""),
            "paid_through_account_type": through.get("account_type", ""),
            "bills": [
                {
                    "bill_payment_id": application_id,
                    "bill_id": bill["bill_id"],
                    "amount_applied": amount,
                    "tax_amount_withheld": ZERO,
                    "balance": bill["balance"],
                    "bill_number": bill["bill_number"],
                    "date": bill["date"],
                    "due_date": bill["due_date"],
                    "price_precision": facts["price_precision"],
                    "total": bill["total"],
                }
                for bill, application_id, _, amount in uses
            ],
            "tags": tags_shown(org, row["tags"]),
            "location_name": "",
            "is_paid_via_print_check": False,
            "vendorpayment_refunds": [
                {
                    "vendorpayment_refund_id": one["refund_id"],
                    **{name: one[name] for name in ("date", "refund_mode", "reference_number", "description")},
                    "amount_fcy": one["amount"],
                    "amount_bcy": org.rounded(one["amount"] * one["exchange_rate"]),
                }
                for one in org.refunds.having("payer_id", row["payment_id"])
            ],
            "documents": documents_of(org, row["payment_id"]),
            **self.custom(org, row),
            **self.times(org, row),
        }

    def _uses(self, call: ApiCall, body: Item, known: Item | None) -> list[tuple[Item, str, Decimal]]:
        """The bills after the write: bill, application id, amount. Without `bills` in the body they stay."""
        is_silent = known is not None and call.simulator.switches.empty_bills_of_payment == "ignore"
        if "bills" not in body or (is_silent and not body["bills"]):
            if known is None:
                return []
            uses = settling.uses_of(call.org, known["vendor_id"], known["payment_id"])
            return [(bill, application_id, amount) for bill, application_id, _, amount in uses]
        found: list[tuple[Item, str, Decimal]] = []
        for one in items(body, "bills"):
            bill = call.org.bills.get(text(one, "bill_id"))
            if bill is None or any(bill is other for other, _, _ in found):
                raise invalid("bill_id")
            found.append((bill, self._application_id(call, bill, one, known), number(one, "amount_applied")))
        return found

    def _application_id(self, call: ApiCall, bill: Item, body: Item, known: Item | None) -> str:
        own = {
            key for key, (_, payer, _) in bill["_applied"].items() if known is not None and payer == known["payment_id"]
        }
        sent = text(body, "bill_payment_id")
        return sent if sent in own else next(iter(own), "") or call.org.new_id()


def _row(call: ApiCall, row: Item) -> Item:
    org = call.org
    uses = settling.uses_of(org, row["vendor_id"], row["payment_id"])
    names = ("payment_id", "vendor_id", "payment_mode", "payment_number", "description", "date", "reference_number")
    return {
        **{name: row[name] for name in (*names, "exchange_rate", "amount", "balance", "paid_through_account_id")},
        "vendor_name": contact_name(org, row["vendor_id"]),
        "bill_numbers": ", ".join(bill["bill_number"] for bill, _, _, _ in uses),
        "bcy_amount": org.rounded(row["amount"] * row["exchange_rate"]),
        "bcy_balance": org.rounded(row["balance"] * row["exchange_rate"]),
        "paid_through_account_name": account_name(org, row["paid_through_account_id"]),
        "is_paid_via_print_check": False,
        "has_attachment": False,
        "tags": tags_shown(org, row["tags"]),
        "created_time": org.stamp(row["_created"]),
        "last_modified_time": org.stamp(row["_modified"]),
    }


def _of_mode(mode: str) -> Callable[[ApiCall, Item], bool]:
    return lambda _, row: row["payment_mode"].replace(" ", "").casefold() == mode.casefold()


def _pays(call: ApiCall, row: Item, wanted: str) -> bool:
    bill = call.org.bills.get(wanted)
    return bill is not None and any(payer == row["payment_id"] for _, payer, _ in bill["_applied"].values())


LISTING = Listing(
    key="vendorpayments",
    report="Payments Made",
    row=_row,
    filters={
        "PaymentMode.All": lambda _, __: True,
        **{f"PaymentMode.{mode}": _of_mode(mode) for mode in ("Cash", "Check", "BankTransfer", "CreditCard", "Others")},
    },
    default_filter="PaymentMode.All",
    sorts=("vendor_name", "date", "reference_number", "amount", "balance"),
    default_sort="created_time",
    default_order="D",
    texts=("reference_number", "payment_number", "vendor_name", "description", "notes"),
    exact=("vendor_id", "payment_mode"),
    dates=("date",),
    numbers=("amount",),
    search=("reference_number", "description", "payment_number"),
    modified_since=True,
    special={"bill_id": _pays},
    computed={
        "vendor_name": lambda call, row: contact_name(call.org, row["vendor_id"]),
        "notes": lambda _, row: row["description"],
    },
)
