"""What else moves on the company's two cash accounts: fees, interest, own transfers, people and banks outside Brex?"""

from __future__ import annotations

from datetime import timedelta

from connectors.brex.simulator.company_catalogue import COUNTERPARTIES
from connectors.brex.simulator.company_objects import Builder

# kinds that a person must look at, each once: kind (None: no type at all), minor amount (None: no amount), text
HELD = (
    ("ADJUSTMENT", -12_345, "Balance adjustment"),
    ("RECEIVABLES_OFFERS_ADVANCE", 2_500_000, "Receivables advance"),
    ("RECEIVABLES_OFFERS_REPAYMENT", -830_000, "Receivables repayment"),
    ("RECEIVABLES_OFFERS_COLLECTION", -21_700, "Receivables collection"),
    ("CRYPTO_BRIDGE", 410_000, "Bridge"),
    ("STABLECOIN", 515_000, "USDC deposit"),
    ("BREX_OPERATIONAL_TRANSFER", 7_700, "Operational transfer"),
    (None, -4_410, "Unclassified"),
    ("PAYMENT", None, "Amount to follow"),
    ("PAYMENT", -88_800, "ZENITH HOLDINGS 4471"),
)


def add_cash(build: Builder) -> None:
    """The calendar's own movements, dated inside the period."""
    operating, reserve = (one["id"] for one in build.store.cash_accounts)
    add = build.simulator.add_cash
    days = (build.last - build.start).days

    for month in range(days // 30 + 1):
        on = (build.start + timedelta(days=min(month * 30 + 2, days))).isoformat()
        add(operating, "FEE", -build.minor(1_500, 4_500, "USD"), on, "Account fee")
        add(operating, "TRANSACTION_FEES_COLLECTION", -build.minor(500, 1_400, "USD"), on, "ACH fees")
        add(operating, "INTEREST", build.minor(90_000, 160_000, "USD"), on, "Interest")
        add(reserve, "DIVIDEND", build.minor(120_000, 190_000, "USD"), on, "Money market dividend")
    add(operating, "FEE", build.minor(1_500, 4_500, "USD"), build.day().isoformat(), "Fee refund")
    add(operating, "REWARDS_REDEMPTION", build.minor(3_000, 9_000, "USD"), build.day().isoformat(), "Rewards to cash")

    for number in range(7):
        minor, day = build.minor(200_000, 3_000_000, "USD"), build.day()
        kind = "BOOK_TRANSFER" if number == 6 else "INTRA_CUSTOMER_ACCOUNT_BOOK_TRANSFER"
        first, second = (operating, reserve) if number % 3 else (reserve, operating)
        add(first, kind, -minor, day.isoformat(), "Transfer between own accounts")
        add(second, kind, minor, (day + timedelta(days=number % 2)).isoformat(), "Transfer between own accounts")

    for number in range(20):
        text, direction, _ = COUNTERPARTIES[number % len(COUNTERPARTIES)]
        minor, day = build.minor(60_000, 1_900_000, "USD"), build.day()
        initiated = (day - timedelta(days=1)).isoformat()
        add(operating, "PAYMENT", minor if direction == "in" else -minor, day.isoformat(), text, initiated=initiated)

    for held, fixed, text in HELD:
        add(operating, held, fixed, build.day().isoformat(), text)
