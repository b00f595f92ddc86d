"""Which suppliers bill the company, and how are they paid: by transfer, by card, from an outside bank?"""

from __future__ import annotations

from datetime import date, timedelta

from connectors.brex.simulator.company_catalogue import UNKNOWN_VENDOR, UNMAPPED_GL, VENDORS
from connectors.brex.simulator.company_objects import Builder, major, midnight
from connectors.brex.simulator.state import Item, stamp

Vendor = tuple[str, str, str, str, str]
UNKNOWN: Vendor = (UNKNOWN_VENDOR, "US", "600000", "CONSULTANT_AND_CONTRACTOR", "ACH")


class Bill:
    """One approved bill with its expense and record."""

    def __init__(self, vendor: Vendor, currency: str, minor: int, due: date, expense: Item, record: Item) -> None:
        self.vendor, self.currency, self.minor, self.due = vendor, currency, minor, due
        self.expense, self.record = expense, record


def add_bills(build: Builder, bills: int) -> None:
    """`bills` of them; most are paid on the due day, four by card, some are still open, two of an unknown vendor."""
    made: list[Bill] = []
    for number in range(bills):
        vendor = VENDORS[number % len(VENDORS)] if number not in (7, 23) else UNKNOWN
        day = build.day(build.start, build.last - timedelta(days=12))
        if number == 5:
            day = build.start - timedelta(days=6)
        made.append(_bill(build, vendor, day, number))
    for number, bill in enumerate(made):
        if number % 6 == 4 or bill.vendor is UNKNOWN:
            continue
        if number % 9 == 2 and bill.currency == "USD":
            _pay_by_card(build, bill)
        elif bill.currency == "USD":
            _pay_by_transfer(build, bill)
        else:
            _pay_from_outside(build, bill)
    _credit(build)
    _undocumented(build)
    _returned_payment(build, [one for one in made if one.expense.get("_transfer")])


def _bill(build: Builder, vendor: Vendor, day: date, number: int) -> Bill:
    name, entity, gl, category, _ = vendor
    currency = "EUR" if entity == "EU" else "USD"
    minor = build.minor(38_000, 920_000, currency)
    person = build.pick([one for one in build.people if one["_entity"] == entity and one["_currency"] == currency])
    code = UNMAPPED_GL if number == 11 else gl
    due = day + timedelta(days=12)
    invoice = f"{''.join(word[0] for word in name.split())}-{day.year}-{1040 + number}"
    receipts = [{"id": build.simulator.files.add_receipt(f"{invoice}.pdf", f"Invoice {invoice} {name}")}]
    expense = build.expense(
        "BILLPAY",
        person,
        minor,
        currency,
        day,
        gl=code,
        cost_centre=build.cost_centre(person),
        merchant={"raw_descriptor": name.upper(), "mcc": "0000", "country": "DEU" if entity == "EU" else "USA"},
        category=category,
        memo=f"{name} {invoice}",
        status="APPROVED",
        payment_status="SCHEDULED",
        submitted_at=stamp(build.moment(day)),
        approved_at=stamp(build.moment(day + timedelta(days=1))),
        receipts=receipts,
        _person=person,
    )
    tax = minor - minor * 100 // 119 if entity == "EU" else 0
    centre = build.cost_centre(person)
    lines = [build.line("DEBIT", minor - tax, currency, code, centre, memo=name)]
    lines += [build.line("DEBIT", tax, currency, "131000", memo="VAT 19 %")] if tax else []
    record = build.record(
        "BILL_EXPENSE",
        "BILL",
        minor,
        currency,
        day + timedelta(days=1),
        [*lines, build.line("CREDIT", minor, currency, "211000", offset=True)],
        source_id=expense["id"],
        posted=build.moment(day),
        due_at=midnight(due),
        invoice_number=invoice,
        vendor=build.vendor(name),
        user=build.user(person),
        memo=expense["memo"],
        receipts=[dict(one) for one in receipts],
    )
    return Bill(vendor, currency, minor, due, expense, record)


def _settle(build: Builder, bill: Bill, kind: str, debit: str, credit: str) -> None:
    lines = [
        build.line("DEBIT", bill.minor, bill.currency, debit),
        build.line("CREDIT", bill.minor, bill.currency, credit, offset=True),
    ]
    build.record(
        kind,
        "BILL",
        bill.minor,
        bill.currency,
        bill.due,
        lines,
        source_id=bill.expense["id"],
        invoice_number=bill.record["invoice_number"],
        vendor=bill.record["vendor"],
        user=bill.record["user"],
        memo=f"Payment {bill.record['invoice_number']}",
    )
    posted = stamp(build.moment(bill.due))
    bill.expense.update(payment_status="CLEARED", payment_posted_at=posted, updated_at=build.changed(bill.due))
    build.store.expenses.put(bill.expense)


def _pay_by_transfer(build: Builder, bill: Bill) -> None:
    vendor, operating = build.vendors[bill.vendor[0]], build.store.cash_accounts[0]["id"]
    details = vendor["payment_accounts"][0]["details"]
    counterparty = {
        "type": "VENDOR",
        "id": vendor["id"],
        "payment_instrument_id": details["payment_instrument_id"],
        "routing_number": details.get("routing_number"),
        "account_number": details.get("account_number"),
    }
    transfer = build.simulator.transfers.add(
        bill.minor,
        operating,
        details["type"],
        counterparty,
        description=bill.expense["memo"],
        external_memo=bill.record["invoice_number"],
        display_name=bill.vendor[0],
        status="PROCESSED",
        creator=build.simulator.admin_id,
        created_on=(bill.due - timedelta(days=2)).isoformat(),
    )
    transfer["process_date"] = transfer["estimated_delivery_date"] = bill.due.isoformat()
    bill.expense["_transfer"] = transfer
    text = f"{bill.vendor[0]} {bill.record['invoice_number']}"
    build.simulator.add_cash(operating, "PAYMENT", -bill.minor, bill.due.isoformat(), text, transfer_id=transfer["id"])
    _settle(build, bill, "BILL_EXPENSE_PAYMENT", "211000", "101404")
    if details["type"] == "DOMESTIC_WIRE":
        fee = build.minor(1_500, 2_500, "USD")
        build.simulator.add_cash(operating, "TRANSACTION_FEES_COLLECTION", -fee, bill.due.isoformat(), "Wire fee")


def _pay_by_card(build: Builder, bill: Bill) -> None:
    """The purchase on the card is the payment of the bill: its expense is the bill's."""
    person = bill.expense["_person"]
    build.simulator.add_card(
        "PURCHASE",
        bill.minor,
        bill.currency,
        bill.due.isoformat(),
        bill.vendor[0].upper(),
        card_id=person["_card_id"],
        merchant=bill.expense["_merchant"],
        _expense_id=bill.expense["id"],
        _user_id=person["id"],
    )
    _settle(build, bill, "BILL_EXPENSE_CARD_PAYMENT", "211000", "201100")


def _pay_from_outside(build: Builder, bill: Bill) -> None:
    """The German company funds Brex from its own bank; no Brex cash account moves."""
    _settle(build, bill, "BILL_EXPENSE_PAYMENT", "211000", "101404")
    if build.vary(0.5):
        _settle(build, bill, "BILL_MONEY_MOVEMENT_PAYIN", "101404", "101401")


def _credit(build: Builder) -> None:
    """A supplier's credit: a bill whose total is negative; the lines stay positive and change sides."""
    vendor, day = VENDORS[1], build.start + timedelta(days=40)
    minor = build.minor(4_000, 19_000, "USD")
    lines = [
        build.line("CREDIT", minor, "USD", vendor[2], "APO", memo="Returned parts"),
        build.line("DEBIT", minor, "USD", "211000", offset=True),
    ]
    record = build.record(
        "BILL_EXPENSE",
        "BILL",
        minor,
        "USD",
        day,
        lines,
        invoice_number=f"NM-{day.year}-C17",
        vendor=build.vendor(vendor[0]),
        due_at=midnight(day),
        memo="Credit for returned parts",
    )
    record["amount"] = {"amount": -major(minor, "USD"), "currency": "USD"}


def _undocumented(build: Builder) -> None:
    """Two kinds that the enumeration lists and no page explains."""
    minor, day = build.minor(90_000, 300_000, "USD"), build.start + timedelta(days=30)
    for kind in ("INVOICE", "INVOICE_PAYMENT"):
        lines = [build.line("DEBIT", minor, "USD", "101401"), build.line("CREDIT", minor, "USD", "600000")]
        build.record(kind, "BILL", minor, "USD", day, lines, invoice_number="CR-1001", memo="Customer invoice")


def _returned_payment(build: Builder, paid: list[Bill]) -> None:
    """The receiving bank sends the last one back; the bill is open again."""
    if not paid:
        return
    bill = paid[-1]
    day = min(bill.due + timedelta(days=3), build.last + timedelta(days=3))
    text = f"RETURN {bill.vendor[0]} {bill.record['invoice_number']}"
    account = build.store.cash_accounts[0]["id"]
    build.simulator.add_cash(
        account,
        "PAYMENT",
        bill.minor,
        day.isoformat(),
        text,
        transfer_id=build.store.new_id("dptx"),
        _return_for=bill.expense["_transfer"]["id"],
    )
    bill.expense.update(payment_status="REFUNDED", updated_at=build.changed(day))
    build.store.expenses.put(bill.expense)
