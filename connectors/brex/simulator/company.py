"""What is the believable company of the demo, and how many records of each kind does it hold?

Cascade Robotics: an American parent (USD, with a card in JPY for its Tokyo staff) and a German subsidiary (EUR).
`seed_company(simulator, records=1000)` fills an empty simulator with three months up to `today`:

==================  ====  ==========================================================================================
kind                some  of which
==================  ====  ==========================================================================================
accounting records   398  card purchases 173 (USD 109, EUR 46, JPY 18), refunds 12, card payments 14 and one returned,
                          rewards 3, repayments 3; claims 43: accruals 43, fundings 38, payouts 38, four of other kinds;
                          bills 34 and a credit, payments 25, by card 2, funding 5; INVOICE and INVOICE_PAYMENT;
                          READY_FOR_EXPORT 380, REVIEW 11, PREPARE 5, EXPORTED 2
card transactions    211  PURCHASE 175, REFUND 12, CHARGEBACK 4, REWARDS_CREDIT 3, COLLECTION 15, BNPL_FEE 2
cash transactions    117  on two accounts in USD: PAYMENT 41, FBO_TRANSFER 24, CARD_COLLECTION 11, own moves 14, fees 9,
                          interest and dividends 6, PAYBACK 3, rewards 1, eight of kinds that are always held
expenses             277  CARD 194 (7 split parents with 14 children, 7 not final), REIMBURSEMENT 47, BILLPAY 34,
                          CLAWBACK 1, UNSET 1
==================  ====  ==========================================================================================

The numbers of purchases, reimbursements and bills scale with `records`; what recurs by calendar does not.
`company_plan(simulator)` counts what was really made.

Linked as Brex links them: a record's `source_id` is its expense (for card payments and rewards the card transaction's
`card_transaction_operation_reference_id`); a card transaction names its expense when asked to; a bill payment of the
cash account names its transfer; card collections, fundings and own transfers are twins by amount and day, and no
other amount of that currency is the same. Legal entity: the expense's `billing_entity_id`; where a record has no
expense the currency tells (EUR is the German company's, USD and JPY the American one's). EUR and JPY card balances are
collected from a bank outside Brex, so they have no cash transaction.

Honestly odd, all found by `ODD`: a GL value the ledger does not have (UNMAPPED_GL, three purchases and one bill), a
category nobody maps (UNMAPPED_CATEGORY, its three expenses), a vendor that is in no vendor list (UNKNOWN_VENDOR, two
bills), twelve purchases, one claim and one bill dated in the month before the period (`locked_until`, which the demo
locks in the ledger), one record that does not balance, one with a zero amount, one whose GL value has no remote id,
one with a field Brex alone knows, one-sided records as in the vendor's own example, one instant that another time
zone dates to the day before.
"""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING

from connectors.brex.simulator.company_bills import add_bills
from connectors.brex.simulator.company_cards import add_card_spend
from connectors.brex.simulator.company_cash import add_cash
from connectors.brex.simulator.company_catalogue import (
    CARD_CURRENCIES,
    CASH_ACCOUNTS,
    CATEGORIES,
    CATEGORY_ACCOUNTS,
    COST_CENTRE_FIELD_REMOTE_ID,
    COST_CENTRES,
    COUNTERPARTIES,
    DEPARTMENTS,
    EMPLOYEES,
    GL_ACCOUNTS,
    GL_FIELD_REMOTE_ID,
    LEGAL_ENTITIES,
    LOCATIONS,
    MERCHANTS,
    UNKNOWN_VENDOR,
    UNMAPPED_CATEGORY,
    UNMAPPED_GL,
    VENDORS,
    add_catalogue,
)
from connectors.brex.simulator.company_objects import Builder
from connectors.brex.simulator.company_people import add_odd_expenses, add_reimbursements
from connectors.brex.simulator.state import Item

if TYPE_CHECKING:
    from connectors.brex.simulator.simulator import BrexSimulator

__all__ = [
    "CARD_CURRENCIES",
    "CASH_ACCOUNTS",
    "CATEGORIES",
    "CATEGORY_ACCOUNTS",
    "COST_CENTRES",
    "COST_CENTRE_FIELD_REMOTE_ID",
    "COUNTERPARTIES",
    "DEPARTMENTS",
    "EMPLOYEES",
    "GL_ACCOUNTS",
    "GL_FIELD_REMOTE_ID",
    "LEGAL_ENTITIES",
    "LOCATIONS",
    "MERCHANTS",
    "ODD",
    "UNKNOWN_VENDOR",
    "UNMAPPED_CATEGORY",
    "UNMAPPED_GL",
    "VENDORS",
    "company_plan",
    "first_day",
    "locked_until",
    "seed_company",
]

ODD = {"gl": UNMAPPED_GL, "category": UNMAPPED_CATEGORY, "vendor": UNKNOWN_VENDOR}


def first_day(today: date, months: int = 3) -> date:
    """The first day of the period: the calendar month of `today` and the ones before it."""
    first = today.replace(day=1)
    for _ in range(months - 1):
        first = (first - timedelta(days=1)).replace(day=1)
    return first


def locked_until(today: date, months: int = 3) -> date:
    """The last day of the month before the period: the demo locks the ledger up to and including it."""
    return first_day(today, months) - timedelta(days=1)


def seed_company(
    simulator: BrexSimulator, *, records: int = 1000, months: int = 3, today: date | None = None, seed: int = 2026
) -> dict[str, dict[str, int]]:
    """Fill an empty simulator; the same seed and day give the same company. Returns `company_plan`."""
    today = today or simulator.clock.now().date()
    builder = Builder(simulator, Random(seed), first_day(today, months), today)  # noqa: S311 - repeatable on purpose
    share = records / 1000
    add_catalogue(builder)
    add_card_spend(builder, purchases=round(150 * share))
    add_reimbursements(builder, claims=round(40 * share))
    add_bills(builder, bills=round(34 * share))
    add_cash(builder)
    add_odd_expenses(builder)
    return company_plan(simulator)


def company_plan(simulator: BrexSimulator) -> dict[str, dict[str, int]]:
    """How many of each kind there are, by stream; expenses by type and by status."""
    store = simulator.store
    cash = [one for account in store.cash_accounts for one in store.cash_of(account["id"])]
    return {
        "accounting_records": _count(store.records, "type"),
        "review_status": _count(store.records, "review_status"),
        "card_transactions": _count(store.card_transactions, "type"),
        "cash_transactions": _count(cash, "type"),
        "expenses": _count(store.expenses, "expense_type"),
        "expense_status": _count(store.expenses, "status"),
    }


def _count(items: object, name: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    listed: list[Item] = list(items)  # type: ignore[call-overload]
    for one in listed:
        counts[str(one[name])] = counts.get(str(one[name]), 0) + 1
    return dict(sorted(counts.items()))
