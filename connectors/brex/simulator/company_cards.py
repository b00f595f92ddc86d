"""What do the company's cards show: purchases, splits, refunds, disputes, rewards, fees, payments?"""

from __future__ import annotations

from datetime import date, timedelta

from connectors.brex.simulator.company_card_events import (
    add_card_payments,
    add_disputes,
    add_personal,
    add_refunds,
    add_rewards_and_fees,
)
from connectors.brex.simulator.company_catalogue import CHARITY, MERCHANTS
from connectors.brex.simulator.company_objects import Builder, amount, converted, money
from connectors.brex.simulator.company_purchase import Purchase, purchase
from connectors.brex.simulator.state import Item

FOREIGN = {
    "USD": (("PRET A MANGER LONDON", "5814", "GBR", "RESTAURANTS", "962000", 600, 3_900), "GBP"),
    "EUR": (("SBB ZURICH HB", "4111", "CHE", "PUBLIC_TRANSPORTATION", "962000", 1_800, 21_000), "CHF"),
    "JPY": (("NOTION LABS", "5734", "USA", "RECURRING_SOFTWARE_AND_SAAS", "600000", 1_000, 9_600), "USD"),
}
SHARES = (("USD", 0.60), ("EUR", 0.28), ("JPY", 0.12))
LATE_IN_LOCKED_MONTH = 12


def add_card_spend(build: Builder, purchases: int) -> None:
    """`purchases` ordinary ones over the period, the special ones beside them, then the card's payments."""
    made: list[Purchase] = []
    for currency, share in SHARES:
        for number in range(round(purchases * share)):
            person, day = build.person(currency), build.day()
            if number % 9 == 4:
                made.append(_foreign(build, person, currency, day))
            elif number % 17 == 8:
                made.append(_split(build, person, currency, day))
            else:
                made.append(purchase(build, person, currency, day, build.pick(MERCHANTS[currency]), number=number))
    for _ in range(LATE_IN_LOCKED_MONTH):
        currency = build.pick(("USD", "USD", "EUR"))
        day = build.day(build.start - timedelta(days=10), build.start - timedelta(days=4))
        made.append(purchase(build, build.person(currency), currency, day, build.pick(MERCHANTS[currency])))
    for _ in range(3):
        made.append(purchase(build, build.person("USD"), "USD", build.day(), CHARITY))
    _odd_records(build)
    add_refunds(build, [one for one in made if one.currency != "JPY" and one.day >= build.start][:60])
    add_disputes(build, [one for one in made if one.currency == "USD" and one.day >= build.start][-8:])
    add_rewards_and_fees(build)
    add_personal(build)
    add_card_payments(build)


def _foreign(build: Builder, person: Item, currency: str, day: date) -> Purchase:
    merchant, original_currency = FOREIGN[currency]
    original = build.minor(merchant[5], merchant[6], original_currency)
    minor = converted(original, original_currency, currency)
    return purchase(build, person, currency, day, merchant, minor=minor, original=money(original, original_currency))


def _split(build: Builder, person: Item, currency: str, day: date) -> Purchase:
    """A parent with status SPLIT and two children; the record carries a line for each, in Germany one more for tax."""
    merchant = build.pick(MERCHANTS[currency])
    minor = build.minor(merchant[5], merchant[6], currency)
    first = minor * 60 // 100
    centres = (("APO", first), ("ZEU", minor - first))

    def lines(total: int) -> list[Item]:
        found = []
        for centre, part in centres:
            tax = part - part * 100 // 119 if currency == "EUR" else 0
            found.append(build.line("DEBIT", part - tax, currency, merchant[4], centre, project="Line 4 retrofit"))
            if tax:
                found.append(build.line("DEBIT", tax, currency, "131000", memo="VAT 19 %"))
        return [*found, build.line("CREDIT", total, currency, "201100", offset=True)]

    made = purchase(build, person, currency, day, merchant, minor=minor, lines=lines, expense_more={"status": "SPLIT"})
    shared = {
        name: made.expense[name] for name in ("category", "purchased_at", "payment_posted_at", "approved_at", "memo")
    }
    children = [
        build.expense(
            "CARD", person, part, currency, day, gl=merchant[4], cost_centre=centre, merchant=made.expense["_merchant"],
            status="APPROVED", payment_status="CLEARED", _parent_id=made.expense["id"], **shared,
        )
        for centre, part in centres
    ]  # fmt: skip
    made.expense["_children"] = [one["id"] for one in children]
    return made


def _odd_records(build: Builder) -> None:
    """One of each oddity that a person must look at (module docstring of `company`)."""
    merchant = MERCHANTS["USD"][7]

    def unbalanced(total: int) -> list[Item]:
        credit = build.line("CREDIT", total - 150, "USD", "201100", offset=True)
        return [build.line("DEBIT", total, "USD", "600000", "APO"), credit]

    def without_remote_id(total: int) -> list[Item]:
        credit = build.line("CREDIT", total, "USD", "201100", offset=True)
        return [build.line("DEBIT", total, "USD", "600000", "APO", remote=False), credit]

    def zero(total: int) -> list[Item]:
        return [build.line("DEBIT", 0, "USD", "600000", "APO"), build.line("CREDIT", 0, "USD", "201100", offset=True)]

    for lines in (unbalanced, without_remote_id, zero):
        more = {"amount": amount(0, "USD")} if lines is zero else {}
        purchase(build, build.person("USD"), "USD", build.day(), merchant, lines=lines, record_more=more)
    made = purchase(build, build.person("USD"), "USD", build.start + timedelta(days=20), merchant)
    night = f"{made.day.isoformat()}T03:30:00Z"
    made.record.update(erp_posting_date=night, posted_at=night)
