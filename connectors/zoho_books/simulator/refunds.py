"""How does money come back from a vendor, against a payment or a credit that is not used up?

https://www.zoho.com/books/api/v3/vendor-payments/#refund-an-excess-vendor-payment and
https://www.zoho.com/books/api/v3/vendor-credits/#refund-a-vendor-credit. Nothing about them was recorded live: what a
refund does to the books (money in, payables up, the rest is exchange) is the plain meaning of the word.
"""

from __future__ import annotations

from dataclasses import dataclass

from werkzeug.wrappers import Response

from connectors.zoho_books.simulator import settling
from connectors.zoho_books.simulator.call import ApiCall, Route, answer
from connectors.zoho_books.simulator.errors import invalid, missing
from connectors.zoho_books.simulator.ledger import Entry, Posted
from connectors.zoho_books.simulator.listing import Listing, listed
from connectors.zoho_books.simulator.locking import check_open
from connectors.zoho_books.simulator.parties import (
    account_meant,
    account_name,
    contact_name,
    currency_facts,
    rate_meant,
)
from connectors.zoho_books.simulator.payments import MONEY_TYPES
from connectors.zoho_books.simulator.posting import balanced
from connectors.zoho_books.simulator.resource import reference_cut
from connectors.zoho_books.simulator.store import Item, Organisation, Table
from connectors.zoho_books.simulator.values import day, number, text


@dataclass(frozen=True, slots=True)
class Kind:
    """Refunds of payments and of credits differ in their names alone."""

    payer: str  # payment | vendor_credit
    path: str
    scope: str
    label: str
    key: str
    id_field: str
    payer_field: str
    account_field: str
    words: str


KINDS = (
    Kind(
        "payment",
        "vendorpayments",
        "vendorpayments",
        "Payment",
        "vendorpayment_refund",
        "vendorpayment_refund_id",
        "vendorpayment_id",
        "to_account_id",
        "Vendor Payment Refunded successfully",
    ),
    Kind(
        "vendor_credit",
        "vendorcredits",
        "debitnotes",
        "Vendor credit",
        "vendor_credit_refund",
        "vendor_credit_refund_id",
        "vendor_credit_id",
        "account_id",
        "The refund information for this vendor credit has been saved.",
    ),
)


class RefundsApi:
    """The refunds of one kind of payer."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind

    def routes(self) -> list[Route]:
        place, scope = f"/{self.kind.path}/<payer_id>/refunds", self.kind.scope
        routes = [
            Route("GET", place, self.read_all, f"{scope}.READ"),
            Route("POST", place, self.create, f"{scope}.CREATE"),
            Route("GET", f"{place}/<refund_id>", self.get, f"{scope}.READ"),
            Route("DELETE", f"{place}/<refund_id>", self.delete, f"{scope}.DELETE"),
        ]
        if self.kind.payer == "vendor_credit":
            routes.append(Route("GET", "/vendorcredits/refunds", self.everybodys, f"{scope}.READ"))
        return routes

    def create(self, call: ApiCall, payer_id: str) -> Response:
        payer, body, org = self._payer(call.org, payer_id), call.body(), call.org
        currency = org.currencies.get(payer["currency_id"]) or org.base
        account = account_meant(org, body, self.kind.account_field)
        if account["account_type"] not in MONEY_TYPES:
            raise invalid(self.kind.account_field)
        amount, on = org.rounded(number(body, "amount"), currency), day(body, "date")
        if amount <= 0 or amount > payer["balance"]:
            raise invalid("amount")
        check_open(call, "purchase", on)
        row: Item = {
            "refund_id": org.new_id(),
            "date": on,
            "refund_mode": text(body, "refund_mode", "cash"),
            "reference_number": text(body, "reference_number"),
            "description": text(body, "description"),
            "amount": amount,
            "exchange_rate": rate_meant(call, body, currency, on),
            "account_id": account["account_id"],
            "kind": self.kind.payer,
            "payer_id": payer_id,
            "_created": call.now,
            "_modified": call.now,
        }
        row.update(reference_cut(call, row))
        org.refunds.put(row["refund_id"], row)
        settling.touch_payer(call, self.kind.payer, payer_id)
        _post(org, row, payer)
        shown = self._shown(org, row)
        is_list = call.simulator.switches.refund_of_payment == "list" and self.kind.payer == "payment"
        return answer(self.kind.words, 201, parts={self.kind.key: [shown] if is_list else shown})

    def read_all(self, call: ApiCall, payer_id: str) -> Response:
        self._payer(call.org, payer_id)
        return self._listed(call, payer_id)

    def everybodys(self, call: ApiCall) -> Response:
        return self._listed(call, "")

    def get(self, call: ApiCall, payer_id: str, refund_id: str) -> Response:
        shown = self._shown(call.org, self._find(call.org, payer_id, refund_id))
        is_list = call.simulator.switches.refund_of_payment == "list" and self.kind.payer == "payment"
        return answer(parts={self.kind.key: [shown] if is_list else shown})

    def delete(self, call: ApiCall, payer_id: str, refund_id: str) -> Response:
        row = self._find(call.org, payer_id, refund_id)
        check_open(call, "purchase", row["date"])
        call.org.refunds.remove(refund_id)
        call.org.ledger.unpost(f"{self.kind.payer}_refund", refund_id)
        settling.touch_payer(call, self.kind.payer, payer_id)
        return answer("The refund has been deleted.")

    def _payer(self, org: Organisation, payer_id: str) -> Item:
        found = settling.payers(org, self.kind.payer).get(payer_id)
        if found is None:
            raise missing(self.kind.label)
        return found

    def _find(self, org: Organisation, payer_id: str, refund_id: str) -> Item:
        row = org.refunds.get(refund_id)
        if row is None or row["payer_id"] != payer_id:
            raise missing("Refund")
        return row

    def _shown(self, org: Organisation, row: Item) -> Item:
        names = ("date", "refund_mode", "reference_number", "amount", "exchange_rate", "description")
        account_field = self.kind.account_field
        return {
            self.kind.id_field: row["refund_id"],
            self.kind.payer_field: row["payer_id"],
            **{name: row[name] for name in names},
            account_field: row["account_id"],
            account_field.replace("_id", "_name"): account_name(org, row["account_id"]),
        }

    def _listed(self, call: ApiCall, payer_id: str) -> Response:
        own = Table()
        for row in call.org.refunds:
            if row["kind"] == self.kind.payer and payer_id in ("", row["payer_id"]):
                own.put(row["refund_id"], row)
        return listed(call, self._listing(), own)

    def _listing(self) -> Listing:
        return Listing(
            key=f"{self.kind.key}s",
            report="Refunds",
            row=self._row,
            filters={"Status.All": lambda _, __: True},
            default_filter="Status.All",
            sorts=("date", "amount"),
            default_sort="date",
            default_order="D",
        )

    def _row(self, call: ApiCall, row: Item) -> Item:
        org = call.org
        names = ("date", "refund_mode", "reference_number", "description")
        shown = {
            self.kind.id_field: row["refund_id"],
            **{name: row[name] for name in names},
            "amount_fcy": row["amount"],
            "amount_bcy": org.rounded(row["amount"] * row["exchange_rate"]),
        }
        if self.kind.payer == "payment":
            return shown
        payer = self._payer(org, row["payer_id"])
        return {
            **shown,
            "vendor_credit_id": payer["vendor_credit_id"],
            "vendor_credit_number": payer["vendor_credit_number"],
            "customer_name": contact_name(org, payer["vendor_id"]),
            "amount": row["amount"],
        }


def _post(org: Organisation, row: Item, payer: Item) -> None:
    """Money comes in at today's rate; what was owed to us leaves at the rate at which it stood in payables."""
    payable = org.account_of_type("accounts_payable")["account_id"]
    came = org.rounded(row["amount"] * row["exchange_rate"])
    stood = org.rounded(row["amount"] * payer["exchange_rate"])
    lines = [
        Posted(row["account_id"], came, row["amount"], description=row["description"]),
        Posted(payable, -stood, -row["amount"], payer["vendor_id"]),
    ]
    code = currency_facts(org, payer)["currency_code"]
    kind = f"{row['kind']}_refund"
    org.ledger.post(
        Entry(kind, row["refund_id"], row["date"], code, row["reference_number"], balanced(org, lines, "Exchange"))
    )
