"""How is one settled card purchase told by the three streams that show it?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from connectors.brex.simulator.company_catalogue import Merchant
from connectors.brex.simulator.company_objects import Builder, major
from connectors.brex.simulator.state import Item, stamp


class Purchase:
    """One settled card purchase as the three streams show it."""

    def __init__(self, day: date, currency: str, minor: int, expense: Item, transaction: Item, record: Item) -> None:
        self.day, self.currency, self.minor = day, currency, minor
        self.expense, self.transaction, self.record = expense, transaction, record


def purchase(
    build: Builder,
    person: Item,
    currency: str,
    day: date,
    merchant: Merchant,
    *,
    number: int = 0,
    minor: int = 0,
    original: Item | None = None,
    lines: Callable[[int], list[Item]] | None = None,
    expense_more: Item | None = None,
    record_more: Item | None = None,
) -> Purchase:
    """Expense, card transaction and accounting record of one purchase, settled one to three days later."""
    text, mcc, country, category, gl, low, high = merchant
    minor = minor or build.minor(low, high, currency)
    posted_on = day + timedelta(days=build.random.randint(1, 3))
    posted = build.moment(posted_on)
    centre = build.cost_centre(person)
    shown = {"raw_descriptor": text, "mcc": mcc, "country": country}
    memo = build.pick((None, "Team trip", "Customer visit", "Lab order", "Café with customer", "Monthly subscription"))
    receipts = (
        [{"id": build.simulator.files.add_receipt(f"{mcc}.pdf", f"{text} {posted_on}")}] if build.vary(0.7) else []
    )
    parts = {
        "gl": gl,
        "cost_centre": centre,
        "merchant": shown,
        "original": original,
        "category": category,
        "memo": memo,
        "status": "SETTLED" if build.vary(0.15) else "APPROVED",
        "payment_status": "CLEARED",
        "payment_posted_at": stamp(posted),
        "submitted_at": stamp(posted),
        "approved_at": build.changed(posted_on + timedelta(days=1)),
        "receipts": receipts,
        "_payment": _payment(build, person),
        **(expense_more or {}),
    }
    expense = build.expense("CARD", person, minor, currency, day, **parts)
    transaction = build.simulator.add_card(
        "PURCHASE",
        minor,
        currency,
        posted_on.isoformat(),
        text,
        initiated=day.isoformat(),
        card_id=person["_card_id"],
        merchant=shown,
        _expense_id=expense["id"],
        _user_id=person["id"],
    )
    if lines is None:
        project = "Warehouse pilot" if number % 13 == 6 else None
        cost = build.line("DEBIT", minor, currency, gl, centre, project=project, memo=memo)
        one_sided = number % 29 == 11
        coded = [cost] if one_sided else [cost, build.line("CREDIT", minor, currency, "201100", offset=True)]
    else:
        coded = lines(minor)
    foreign = (
        {"amount": major(original["amount"], original["currency"]), "currency": original["currency"]}
        if original
        else None
    )
    record = build.record(
        "CARD_EXPENSE_POST",
        "CARD",
        minor,
        currency,
        posted_on,
        coded,
        **{
            "posted": posted,
            "source_id": expense["id"],
            "original": foreign,
            "memo": memo,
            "receipts": [dict(one) for one in receipts],
            "user": build.user(person, encoded=number % 7 == 3),
            "review_status": _review_status(number),
            **(record_more or {}),
        },
    )
    if record["review_status"] == "EXPORTED":
        expense["exported_at"] = record["updated_at"]
    return Purchase(posted_on, currency, minor, expense, transaction, record)


def _review_status(number: int) -> str:
    return {10: "REVIEW", 15: "REVIEW", 20: "PREPARE", 25: "EXPORTED"}.get(number % 31, "READY_FOR_EXPORT")


def _payment(build: Builder, person: Item) -> Item:
    card = {"type": "CARD", "id": person["_card_id"]}
    return {"id": build.store.new_id("pay"), "paymentInstrument": card, "statusReason": "APPROVED"}
