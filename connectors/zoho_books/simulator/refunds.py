"""How does money come back on a vendor payment that settles nothing, or on a vendor credit?

The refund paths of https://www.zoho.com/books/api/v3/vendor-payments/ and
https://www.zoho.com/books/api/v3/vendor-credits/. The published file shows a new refund of a payment inside a list.
"""

from __future__ import annotations

from decimal import Decimal

from werkzeug.wrappers import Response

from connectors.zoho_books.simulator import settling
from connectors.zoho_books.simulator.call import ApiCall, Route, answer
from connectors.zoho_books.simulator.errors import invalid, missing
from connectors.zoho_books.simulator.ledger import Entry, Posted
from connectors.zoho_books.simulator.locking import check_open
from connectors.zoho_books.simulator.parties import account_meant, account_name, contact_name, currency_facts
from connectors.zoho_books.simulator.store import Item
from connectors.zoho_books.simulator.values import day, number, text

MONEY_TYPES = ("cash", "bank", "credit_card", "payment_clearing", "other_current_asset", "other_current_liability")


class RefundsApi:
    """`/vendorpayments/{id}/refunds`, `/vendorcredits/{id}/refunds` and `/vendorcredits/refunds`."""

    def routes(self) -> list[Route]:
        paid, credited = "/vendorpayments/<record_id>/refunds", "/vendorcredits/<record_id>/refunds"
        return [
            Route("GET", paid, self.of_payment, "vendorpayments.READ"),
            Route("POST", paid, self.refund_payment, "vendorpayments.CREATE"),
            Route("GET", "/vendorcredits/refunds", self.of_credits, "debitnotes.READ"),
            Route("GET", credited, self.of_credit, "debitnotes.READ"),
            Route("POST", credited, self.refund_credit, "debitnotes.CREATE"),
        ]

    def of_payment(self, call: ApiCall, record_id: str) -> Response:
        rows = call.org.refunds.having("payer_id", record_id)
        return answer(vendorpayment_refunds=[_shown(call, row) for row in rows], page_context=_page(len(rows)))

    def of_credit(self, call: ApiCall, record_id: str) -> Response:
        rows = call.org.refunds.having("payer_id", record_id)
        return answer(vendor_credit_refunds=[_shown(call, row) for row in rows], page_context=_page(len(rows)))

    def of_credits(self, call: ApiCall) -> Response:
        rows = [row for row in call.org.refunds if row["kind"] == "vendor_credit"]
        return answer(vendor_credit_refunds=[_shown(call, row) for row in rows], page_context=_page(len(rows)))

    def refund_payment(self, call: ApiCall, record_id: str) -> Response:
        row = self._made(call, "payment", record_id, "to_account_id")
        return answer("Vendor Payment Refunded successfully", 201, vendorpayment_refund=[_shown(call, row)])

    def refund_credit(self, call: ApiCall, record_id: str) -> Response:
        row = self._made(call, "vendor_credit", record_id, "account_id")
        return answer("The refund information has been saved.", 201, vendor_credit_refund=_shown(call, row))

    def _made(self, call: ApiCall, kind: str, payer_id: str, account_field: str) -> Item:
        org, body = call.org, call.body()
        payer = settling.payers(org, kind).get(payer_id)
        if payer is None:
            raise missing("Payment" if kind == "payment" else "Vendor credit")
        account = account_meant(org, body, account_field, "")
        if account["account_type"] not in MONEY_TYPES:
            raise invalid(account_field)
        on = day(body, "date", "")
        check_open(call, "purchase", on)
        amount = number(body, "amount")
        if amount <= 0 or amount > payer["balance"]:
            raise invalid("amount")
        row: Item = {
            "refund_id": org.new_id(),
            "kind": kind,
            "payer_id": payer_id,
            "date": on,
            "refund_mode": text(body, "refund_mode", "cash"),
            "reference_number": text(body, "reference_number"),
            "description": text(body, "description"),
            "amount": amount,
            "exchange_rate": number(body, "exchange_rate", payer["exchange_rate"]),
            "account_id": account["account_id"],
        }
        org.refunds.put(row["refund_id"], row)
        settling.touch_payer(call, kind, payer_id)
        _post(call, row, payer)
        return row


def _post(call: ApiCall, row: Item, payer: Item) -> None:
    """Money comes in at the refund's rate, the payable is owed again at the payer's, the rest is exchange."""
    org = call.org
    payable = org.account_of_type("accounts_payable")["account_id"]
    came = org.rounded(row["amount"] * row["exchange_rate"])
    owed = org.rounded(row["amount"] * payer["exchange_rate"])
    lines = [Posted(row["account_id"], came, row["amount"]), Posted(payable, -owed, -row["amount"], payer["vendor_id"])]
    if came != owed:
        lines.append(Posted(org.exchange_account["account_id"], owed - came, Decimal(0)))
    code = currency_facts(org, payer)["currency_code"]
    entry = Entry(f"{row['kind']}_refund", row["refund_id"], row["date"], code, row["reference_number"], tuple(lines))
    org.ledger.post(entry)


def _shown(call: ApiCall, row: Item) -> Item:
    org = call.org
    payer = settling.payers(org, row["kind"]).get(row["payer_id"]) or {}
    common = {
        **{name: row[name] for name in ("date", "refund_mode", "reference_number", "description", "amount")},
        "exchange_rate": row["exchange_rate"],
        "amount_bcy": org.rounded(row["amount"] * row["exchange_rate"]),
        "amount_fcy": row["amount"],
    }
    if row["kind"] == "payment":
        account = {"to_account_id": row["account_id"], "to_account_name": account_name(org, row["account_id"])}
        return {"vendorpayment_refund_id": row["refund_id"], "vendorpayment_id": row["payer_id"], **common, **account}
    return {
        "vendor_credit_refund_id": row["refund_id"],
        "vendor_credit_id": row["payer_id"],
        "vendor_credit_number": payer.get("vendor_credit_number", ""),
        "customer_name": contact_name(org, payer.get("vendor_id", "")),
        "account_id": row["account_id"],
        "account_name": account_name(org, row["account_id"]),
        **common,
    }


def _page(rows: int) -> Item:
    return {"page": 1, "per_page": max(rows, 200), "has_more_page": False}
