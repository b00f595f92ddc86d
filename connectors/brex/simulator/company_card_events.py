"""What follows a card purchase: refund, dispute, reward, repayment, and the payment of the card?"""

from __future__ import annotations

from datetime import date, timedelta

from connectors.brex.simulator.company_catalogue import MERCHANTS
from connectors.brex.simulator.company_objects import Builder, midnight
from connectors.brex.simulator.company_purchase import Purchase, purchase
from connectors.brex.simulator.state import stamp


def add_refunds(build: Builder, purchases: list[Purchase]) -> None:
    """Twelve: whole and partial, one above its purchase, one at another rate."""
    sign = build.simulator.switches.refund_sign
    chosen = [
        one for one in purchases if one.record["line_items"][-1].get("_offset") and len(one.record["line_items"]) == 2
    ]
    chosen.sort(key=lambda one: one.record["original_amount"] is None)  # the foreign ones first
    for number, one in enumerate(chosen[::2][:12]):
        original = None
        minor = one.minor if number % 3 else build.minor(one.minor // 3, one.minor // 2, one.currency)
        if number == 5:
            minor = build.minor(one.minor + 1_000, one.minor + 3_000, one.currency)
        elif original := one.record["original_amount"]:
            minor = one.minor * 977 // 1000  # the network's rate has moved
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
            original=original,
            user=one.record["user"],
            memo=f"Refund {transaction['description']}",
        )


def add_disputes(build: Builder, purchases: list[Purchase]) -> None:
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


def add_rewards_and_fees(build: Builder) -> None:
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


def add_personal(build: Builder) -> None:
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


def add_card_payments(build: Builder) -> None:
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
