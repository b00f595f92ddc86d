"""What do the company's people claim back, and which of their expenses are not final?"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from connectors.brex.simulator.company_catalogue import CLAIMS, MERCHANTS
from connectors.brex.simulator.company_objects import Builder
from connectors.brex.simulator.company_purchase import purchase
from connectors.brex.simulator.state import Item, stamp

APPROVAL = "REIMBURSEMENT_EXPENSE_APPROVAL"
MOVEMENT = "REIMBURSEMENT_EXPENSE_MONEY_MOVEMENT"
CURRENCIES = ("USD", "USD", "EUR", "USD", "EUR", "USD", "USD", "JPY")


def add_reimbursements(build: Builder, claims: int) -> None:
    """`claims` paid ones: accrual, funding, payout; some still waiting, and one of each other kind of record."""
    for number in range(claims):
        currency = CURRENCIES[number % len(CURRENCIES)]
        day = build.day(build.start, build.last - timedelta(days=9))
        if number == 3:
            day = build.start - timedelta(days=9)
        _claim(build, currency, day, is_paid=number % 8 != 5)
    reversed_ = _claim(build, "USD", build.start + timedelta(days=21), is_paid=True)
    _after_payout(build, reversed_, f"{MOVEMENT}_PAYOUT_REVERSAL", "DEBIT", "CREDIT", 4)
    funded = _claim(build, "USD", build.start + timedelta(days=27), is_paid=True)
    back = _after_payout(build, funded, f"{MOVEMENT}_REFUND", "CREDIT", "DEBIT", 6, pair=("101404", "101401"))
    text = "Reimbursement funding returned"
    build.simulator.add_cash(
        build.store.cash_accounts[0]["id"], "FBO_TRANSFER", funded["_minor"], back.isoformat(), text
    )
    given_back = _claim(build, "USD", build.start + timedelta(days=33), is_paid=True)
    _after_payout(
        build, given_back, "REIMBURSEMENT_EXPENSE_REPAYMENT", "DEBIT", "CREDIT", 8, pair=("101404", given_back["_gl"])
    )
    _cash_basis(build)
    for status, payment in (("SUBMITTED", "NOT_STARTED"), ("SUBMITTED", "NOT_STARTED"), ("DRAFT", "NOT_STARTED")):
        _expense(build, "USD", build.day(build.last - timedelta(days=8)), status, payment)


def add_odd_expenses(build: Builder) -> None:
    """Card expenses that are not final, and types and states that a person must look at."""
    day = build.last
    for status, payment in (
        ("SUBMITTED", "PROCESSING"),
        ("SUBMITTED", "NOT_STARTED"),
        ("APPROVED", "PROCESSING"),
        ("DRAFT", "NOT_STARTED"),
        ("CANCELED", "CANCELED"),
        ("SUBMITTED", "DECLINED"),
        ("VOID", "CANCELED"),
    ):
        _pending(build, status, payment, day)
    person = build.person("USD")
    purchase(
        build,
        person,
        "USD",
        build.day(),
        MERCHANTS["USD"][5],
        expense_more={"status": "OUT_OF_POLICY"},
        record_more={"review_status": "PREPARE"},
    )
    for kind in ("CLAWBACK", "UNSET"):
        build.expense(
            kind,
            person,
            build.minor(2_000, 9_000, "USD"),
            "USD",
            build.day(),
            status="APPROVED",
            payment_status="CLEARED",
            memo=f"{kind.title()} by Brex",
        )


def _expense(build: Builder, currency: str, day: date, status: str, payment: str, **more: Any) -> Item:
    """A reimbursement claim; what a record of it needs lies under `_minor`, `_gl`, `_person`."""
    memo, category, gl, low, high = build.pick(CLAIMS)
    minor = build.minor(low, high, currency)
    person = build.person(currency)
    receipts = [{"id": build.simulator.files.add_receipt("claim.pdf", f"{memo} {day}")}]
    descriptor = {
        "raw_descriptor": memo.upper(),
        "mcc": "0000",
        "country": {"EUR": "DEU", "JPY": "JPN"}.get(currency, "USA"),
    }
    return build.expense(
        "REIMBURSEMENT",
        person,
        minor,
        currency,
        day,
        **{
            "gl": gl,
            "cost_centre": build.cost_centre(person),
            "merchant": descriptor,
            "category": category,
            "memo": memo,
            "status": status,
            "payment_status": payment,
            "submitted_at": stamp(build.moment(day + timedelta(days=1))),
            "receipts": receipts,
            "_minor": minor,
            "_gl": gl,
            "_person": person,
            "_currency": currency,
            **more,
        },
    )


def _claim(build: Builder, currency: str, day: date, *, is_paid: bool) -> Item:
    """An approved claim: accrued, and when paid also funded (in USD from the operating account) and paid out."""
    approved_on, paid_on = day + timedelta(days=2), day + timedelta(days=6)
    approved, paid = build.moment(approved_on), build.moment(paid_on)
    expense = _expense(
        build,
        currency,
        day,
        "APPROVED",
        "CLEARED" if is_paid else "AWAITING_PAYMENT",
        approved_at=stamp(approved),
        payment_posted_at=stamp(paid) if is_paid else None,
        updated_at=build.changed(paid_on if is_paid else approved_on),
    )
    expense["_paid_on"] = paid_on.isoformat()
    minor, person = expense["_minor"], expense["_person"]
    cost = build.line("DEBIT", minor, currency, expense["_gl"], build.cost_centre(person), memo=expense["memo"])
    _record(build, expense, APPROVAL, approved_on, [cost, build.line("CREDIT", minor, currency, "211000", offset=True)])
    if not is_paid:
        return expense
    pairs = ((f"{MOVEMENT}_PAYIN", "101404", "101401", 1), (f"{MOVEMENT}_PAYOUT", "211000", "101404", 0))
    for kind, debit, credit, earlier in pairs:
        lines = [
            build.line("DEBIT", minor, currency, debit),
            build.line("CREDIT", minor, currency, credit, offset=True),
        ]
        _record(build, expense, kind, paid_on - timedelta(days=earlier), lines)
    if currency == "USD":
        drawn = (paid_on - timedelta(days=1)).isoformat()
        text = f"Reimbursement funding {person['first_name']} {person['last_name']}"
        build.simulator.add_cash(build.store.cash_accounts[0]["id"], "FBO_TRANSFER", -minor, drawn, text)
    return expense


def _after_payout(
    build: Builder,
    expense: Item,
    kind: str,
    first: str,
    second: str,
    days: int,
    pair: tuple[str, str] = ("101404", "211000"),
) -> date:
    day: date = min(date.fromisoformat(expense["_paid_on"]) + timedelta(days=days), build.today - timedelta(days=2))
    minor, currency = expense["_minor"], expense["_currency"]
    _record(
        build,
        expense,
        kind,
        day,
        [build.line(first, minor, currency, pair[0]), build.line(second, minor, currency, pair[1])],
    )
    return day


def _cash_basis(build: Builder) -> None:
    """One claim booked when paid: the accounting setting was changed for a week."""
    expense = _expense(build, "USD", build.start + timedelta(days=12), "APPROVED", "CLEARED")
    day, minor = build.start + timedelta(days=18), expense["_minor"]
    expense.update(approved_at=stamp(build.moment(day)), payment_posted_at=stamp(build.moment(day)))
    cost = build.line("DEBIT", minor, "USD", expense["_gl"], build.cost_centre(expense["_person"]))
    lines = [cost, build.line("CREDIT", minor, "USD", "101404", offset=True)]
    _record(build, expense, "REIMBURSEMENT_EXPENSE_POST", day, lines)


def _record(build: Builder, expense: Item, kind: str, day: date, lines: list[Item]) -> None:
    receipts = [dict(one) for one in expense["receipts"]] if kind == APPROVAL else None
    build.record(
        kind,
        "REIMBURSEMENT",
        expense["_minor"],
        expense["_currency"],
        day,
        lines,
        source_id=expense["id"],
        user=build.user(expense["_person"], encoded=build.vary(0.2)),
        memo=expense["memo"],
        receipts=receipts,
    )


def _pending(build: Builder, status: str, payment: str, day: date) -> None:
    person = build.person("USD")
    text, mcc, country, category, gl, low, high = build.pick(MERCHANTS["USD"])
    build.expense(
        "CARD",
        person,
        build.minor(low, high, "USD"),
        "USD",
        day,
        gl=gl,
        merchant={"raw_descriptor": text, "mcc": mcc, "country": country},
        category=category,
        status=status,
        payment_status=payment,
    )
