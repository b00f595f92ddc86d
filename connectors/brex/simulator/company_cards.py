"""What do the company's cards show: purchases, splits, refunds, disputes, rewards, fees, payments?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from connectors.brex.simulator.company_catalogue import CHARITY, MERCHANTS, Merchant
from connectors.brex.simulator.company_objects import Builder, amount, converted, major, midnight, money
from connectors.brex.simulator.state import Item, stamp

FOREIGN = {
    "USD": (("PRET A MANGER LONDON", "5814", "GBR", "RESTAURANTS", "962000", 600, 3_900), "GBP"),
    "EUR": (("SBB ZURICH HB", "4111", "CHE", "PUBLIC_TRANSPORTATION", "962000", 1_800, 21_000), "CHF"),
    "JPY": (("NOTION LABS", "5734", "USA", "RECURRING_SOFTWARE_AND_SAAS", "600000", 1_000, 9_600), "USD"),
}
SHARES = (("USD", 0.60), ("EUR", 0.28), ("JPY", 0.12))
LATE_IN_LOCKED_MONTH = 12


class Purchase:
    """One settled card purchase as the three streams show it."""

    def __init__(self, day: date, currency: str, minor: int, expense: Item, transaction: Item, record: Item) -> None:
        self.day, self.currency, self.minor = day, currency, minor
        self.expense, self.transaction, self.record = expense, transaction, record


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
    _refunds(build, [one for one in made if one.currency != "JPY" and one.day >= build.start][:60])
    _disputes(build, [one for one in made if one.currency == "USD" and one.day >= build.start][-8:])
    _rewards_and_fees(build)
    _personal(build)
    _card_payments(build)


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


def _refunds(build: Builder, purchases: list[Purchase]) -> None:
    """Twelve: whole and partial, one above its purchase, one at another rate."""
    sign = build.simulator.switches.refund_sign
    chosen = [
        one for one in purchases if one.record["line_items"][-1].get("_offset") and len(one.record["line_items"]) == 2
    ]
    for number, one in enumerate(chosen[::2][:12]):
        minor = one.minor if number % 3 else build.minor(one.minor // 3, one.minor // 2, one.currency)
        if number == 5:
            minor = build.minor(one.minor + 1_000, one.minor + 3_000, one.currency)
        day = min(one.day + timedelta(days=build.random.randint(4, 12)), build.last)
        transaction = build.simulator.add_card(
            "REFUND",
            sign * minor,
            one.currency,
            day.isoformat(),
            one.transaction["description"],
            card_id=one.transaction["card_id"],
            merchant=one.transaction["merchant"],
            _expense_id=one.expense["id"],
            _user_id=one.transaction["_user_id"],
        )
        coding = one.record["line_items"][0]["accounting_field_values"]
        credit = {**build.line("CREDIT", minor, one.currency), "accounting_field_values": coding}
        build.record(
            "CARD_EXPENSE_REFUND",
            "CARD",
            minor,
            one.currency,
            day,
            [build.line("DEBIT", minor, one.currency, "201100", offset=True), credit],
            source_id=one.expense["id"],
            user=one.record["user"],
            memo=f"Refund {transaction['description']}",
        )


def _disputes(build: Builder, purchases: list[Purchase]) -> None:
    """Three credits of disputed purchases, the first of them taken back later; only the feed shows them."""
    sign = build.simulator.switches.refund_sign
    for number, one in enumerate(purchases[:3]):
        credited = min(one.day + timedelta(days=9), build.last)
        moves = [(sign * one.minor, credited)]
        if number == 0:
            moves.append((-sign * one.minor, min(credited + timedelta(days=12), build.last)))
        for minor, day in moves:
            build.simulator.add_card(
                "CHARGEBACK", minor, one.currency, day.isoformat(), one.transaction["description"],
                card_id=one.transaction["card_id"], merchant=one.transaction["merchant"],
                _expense_id=one.expense["id"], _user_id=one.transaction["_user_id"],
            )  # fmt: skip


def _rewards_and_fees(build: Builder) -> None:
    for number in range(3):
        minor, day = build.minor(1_500, 9_000, "USD"), build.start + timedelta(days=10 + 25 * number)
        day = min(day, build.last)
        credit = build.simulator.add_card(
            "REWARDS_CREDIT", -minor, "USD", day.isoformat(), "Brex rewards statement credit"
        )
        build.record(
            "REWARD_REDEMPTION",
            "CARD",
            minor,
            "USD",
            day,
            [build.line("DEBIT", minor, "USD", "201100")],
            source_id=credit["card_transaction_operation_reference_id"],
            memo="Rewards redeemed as statement credit",
        )
    for number in range(2):
        day = min(build.start + timedelta(days=15 + 30 * number), build.last)
        build.simulator.add_card(
            "BNPL_FEE", build.minor(900, 2_400, "USD"), "USD", day.isoformat(), "Flexible payment fee"
        )


def _personal(build: Builder) -> None:
    """Three personal purchases: two known before posting, one found later; each is paid back, by record and in cash."""
    operating = build.store.cash_accounts[0]
    for number in range(3):
        person, day = build.person("USD"), build.day(build.start, build.last - timedelta(days=15))
        made = purchase(build, person, "USD", day, MERCHANTS["USD"][4])
        asked = made.day + timedelta(days=1 if number < 2 else 9)
        who = {name: person[name] for name in ("id", "first_name", "last_name", "department_id", "location_id")}
        made.expense["repayment"] = {
            "repayment_initiated_by": who,
            "repayment_initiation_date": stamp(build.moment(asked)),
        }
        paid = asked + timedelta(days=4)
        build.record(
            "CARD_EXPENSE_REPAYMENT",
            "CARD",
            made.minor,
            "USD",
            paid,
            [
                build.line("DEBIT", made.minor, "USD", "101404", offset=True),
                build.line("CREDIT", made.minor, "USD", "962000", build.cost_centre(person)),
            ],
            source_id=made.expense["id"],
            user=build.user(person),
            memo="Repayment of a personal purchase",
        )
        text = f"Repayment {person['first_name']} {person['last_name']}"
        build.simulator.add_cash(operating["id"], "PAYBACK", made.minor, paid.isoformat(), text)


def _card_payments(build: Builder) -> None:
    """The balance of USD is collected weekly from the operating account, EUR and JPY monthly from an outside bank."""
    operating = build.store.cash_accounts[0]
    for currency, step in (("USD", 7), ("EUR", 30), ("JPY", 30)):
        day, number = build.start + timedelta(days=step), 0
        while day <= build.last:
            owed = sum(
                one["amount"]["amount"]
                for one in build.store.card_transactions.scan(high=(day - timedelta(days=1)).isoformat())
                if one["amount"]["currency"] == currency
            )
            if owed > 0:
                _pay(build, operating["id"] if currency == "USD" else None, currency, owed, day)
            if currency == "USD" and number == 4 and owed > 0:
                _pay(build, operating["id"], currency, -owed, day + timedelta(days=2))
            day, number = day + timedelta(days=step), number + 1


def _pay(build: Builder, cash_account: str | None, currency: str, minor: int, day: date) -> None:
    """A collection (`minor` above zero) or its return, in the card feed, the records and, for USD, the cash feed."""
    back = minor < 0
    card = build.simulator.add_card(
        "COLLECTION", -minor, currency, day.isoformat(), "Card payment returned" if back else "Card payment"
    )
    if cash_account:
        drawn = day - timedelta(days=0 if back else 1)
        build.simulator.add_cash(cash_account, "CARD_COLLECTION", -minor, drawn.isoformat(), "Brex card collection")
    sides = ("CREDIT", "DEBIT") if back else ("DEBIT", "CREDIT")
    source = "101401" if cash_account else "101404"
    total = abs(minor)
    build.record(
        "CARD_PAYMENT_REFUND" if back else "CARD_PAYMENT",
        "CARD",
        total,
        currency,
        day,
        [build.line(sides[0], total, currency, "201100"), build.line(sides[1], total, currency, source, offset=True)],
        source_id=card["card_transaction_operation_reference_id"],
        erp_posting_date=midnight(day),
        memo=f"Card {'payment returned' if back else 'payment'} {currency}",
    )
