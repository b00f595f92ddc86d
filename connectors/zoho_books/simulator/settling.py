"""How do payments and vendor credits settle bills, and what does that do to balances, statuses and exchange gains?

A bill keeps `_applied`: application id -> (kind, payer id, amount). A payer is a vendor payment or a vendor credit.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from connectors.zoho_books.simulator.call import ApiCall
from connectors.zoho_books.simulator.errors import Unknown, invalid, missing, refused
from connectors.zoho_books.simulator.ledger import Entry, Posted
from connectors.zoho_books.simulator.parties import account_name, currency_facts
from connectors.zoho_books.simulator.posting import balanced
from connectors.zoho_books.simulator.store import ZERO, Item, Organisation, Table

Wanted = tuple[str, str, Decimal]  # kind, payer id, amount
ID_FIELDS = {"payment": "payment_id", "vendor_credit": "vendor_credit_id"}


def applied(bill: Item) -> Decimal:
    return sum((amount for _, _, amount in bill["_applied"].values()), ZERO)


def settle(bill: Item, total: Decimal) -> None:
    """Balance and status of a bill after what is applied to it."""
    bill["balance"] = total - applied(bill)
    if bill["status"] in ("open", "partially_paid", "paid"):
        bill["status"] = "paid" if not bill["balance"] else "partially_paid" if bill["_applied"] else "open"


def payers(org: Organisation, kind: str) -> Table:
    return org.payments if kind == "payment" else org.vendor_credits


def payer_used(org: Organisation, vendor_id: str, payer_id: str) -> Decimal:
    """How much of a payment or credit is applied to bills of its vendor."""
    return sum((one[3] for one in uses_of(org, vendor_id, payer_id)), ZERO)


def uses_of(org: Organisation, vendor_id: str, payer_id: str) -> list[tuple[Item, str, str, Decimal]]:
    """Bill, application id, kind and amount of every use."""
    return [
        (bill, application_id, kind, amount)
        for bill in org.bills.having("vendor_id", vendor_id)
        for application_id, (kind, payer, amount) in bill["_applied"].items()
        if payer == payer_id
    ]


def check_applicable(org: Organisation, payer: Item, bill: Item | None, amount: Decimal, given_back: Decimal) -> None:
    """Raises what stands against applying; `given_back` is what this payer has on the bill already and takes away."""
    if bill is None or bill["vendor_id"] != payer["vendor_id"]:
        raise invalid("bill_id")
    if bill["currency_id"] != payer["currency_id"]:
        raise invalid("currency_id")
    if not bill["_is_posted"]:
        raise refused(Unknown.TRANSITION, f"The bill is {bill['status']}.")
    if amount <= 0 or amount > bill["balance"] + given_back:
        raise invalid("amount_applied")


def apply_to_bill(call: ApiCall, bill: Item, wanted: list[Wanted]) -> None:
    """Check everything first, then apply."""
    org, free = call.org, bill["balance"]
    for kind, payer_id, amount in wanted:
        payer = payers(org, kind).get(payer_id)
        if payer is None:
            raise missing("Payment" if kind == "payment" else "Vendor credit")
        check_applicable(org, payer, bill, amount, ZERO)
        free -= amount
        if amount > payer["balance"] or free < 0:
            raise invalid("amount_applied")
    for kind, payer_id, amount in wanted:
        put_application(call, bill, org.new_id(), kind, payer_id, amount)
        touch_payer(call, kind, payer_id)


def put_application(call: ApiCall, bill: Item, application_id: str, kind: str, payer_id: str, amount: Decimal) -> None:
    bill["_applied"] = {**bill["_applied"], application_id: (kind, payer_id, amount)}
    touch_bill(bill, call.now)


def release(call: ApiCall, bill: Item, application_id: str) -> None:
    """Take an application away: the bill is open again, the payer has it unused."""
    kind, payer_id, _ = bill["_applied"][application_id]
    bill["_applied"] = {key: value for key, value in bill["_applied"].items() if key != application_id}
    touch_bill(bill, call.now)
    touch_payer(call, kind, payer_id)


def touch_bill(bill: Item, now: datetime) -> None:
    settle(bill, bill["total"])
    bill["_modified"] = now


def touch_payer(call: ApiCall, kind: str, payer_id: str) -> None:
    """Balance, status and books of a payer after its uses changed."""
    payer = payers(call.org, kind).get(payer_id)
    if payer is not None:
        payer["_modified"] = call.now
        post_payer(call.org, kind, payer_id)


def post_payer(org: Organisation, kind: str, payer_id: str) -> None:
    payer = payers(org, kind).get(payer_id)
    if payer is not None:
        (post_payment if kind == "payment" else post_credit_uses)(org, payer)


def post_payment(org: Organisation, row: Item) -> None:
    """Payables are relieved at the rates of the bills, money leaves at that of the payment, the rest is exchange."""
    uses = uses_of(org, row["vendor_id"], row["payment_id"])
    unused = row["amount"] - sum((one[3] for one in uses), ZERO)
    row["balance"] = unused - org.refunded(row["payment_id"])
    payable = org.account_of_type("accounts_payable")["account_id"]
    lines = [
        Posted(payable, org.rounded(amount * bill["exchange_rate"]), amount, row["vendor_id"])
        for bill, _, _, amount in uses
    ]
    if unused:
        lines.append(Posted(payable, org.rounded(unused * row["exchange_rate"]), unused, row["vendor_id"]))
    paid = org.rounded(row["amount"] * row["exchange_rate"])
    lines.append(Posted(row["paid_through_account_id"], -paid, -row["amount"], description=row["description"]))
    code = currency_facts(org, row)["currency_code"]
    found = balanced(org, lines, "Exchange")
    org.ledger.post(Entry("vendor_payment", row["payment_id"], row["date"], code, row["reference_number"], found))


def post_credit_uses(org: Organisation, row: Item) -> None:
    """The credit itself is in the books already; its uses move payables only where the rates differ."""
    uses = uses_of(org, row["vendor_id"], row["vendor_credit_id"])
    row["balance"] = row["total"] - sum((one[3] for one in uses), ZERO) - org.refunded(row["vendor_credit_id"])
    if row["status"] in ("open", "closed"):
        row["status"] = "open" if row["balance"] else "closed"
    payable = org.account_of_type("accounts_payable")["account_id"]
    lines = []
    for bill, _, _, amount in uses:
        difference = org.rounded(amount * bill["exchange_rate"]) - org.rounded(amount * row["exchange_rate"])
        if difference:
            lines.append(Posted(payable, difference, ZERO, row["vendor_id"]))
    if not lines:
        org.ledger.unpost("vendor_credit_use", row["vendor_credit_id"])
        return
    code, key = currency_facts(org, row)["currency_code"], row["vendor_credit_id"]
    found = balanced(org, lines, "Exchange")
    org.ledger.post(Entry("vendor_credit_use", key, row["date"], code, row["reference_number"], found))


def applications_shown(org: Organisation, bill: Item) -> list[Item]:
    """Payments and vendor credits of a bill, as the bill lists them."""
    shown = []
    for application_id, (kind, payer_id, amount) in bill["_applied"].items():
        payer = payers(org, kind).get(payer_id)
        if payer is None:
            continue
        if kind == "payment":
            names = ("payment_id", "payment_mode", "payment_number", "description", "date", "reference_number")
            account_id = payer["paid_through_account_id"]
            shown.append(
                {
                    **{name: payer[name] for name in (*names, "exchange_rate")},
                    "bill_id": bill["bill_id"],
                    "bill_payment_id": application_id,
                    "amount": amount,
                    "paid_through_account_id": account_id,
                    "paid_through_account_name": account_name(org, account_id),
                    "is_single_bill_payment": amount == payer["amount"],
                }
            )
        else:
            kept = {name: payer[name] for name in ("vendor_credit_id", "vendor_credit_number", "date")}
            shown.append({**kept, "vendor_credit_bill_id": application_id, "amount": amount})
    return shown
