"""Do the simulated books stay in balance, and agree with the documents, whatever is done in whatever order?"""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

import pytest

from connectors.zoho_books.simulator.inspection import trial_balance
from tests.connectors.zoho_books.simulated import Books

STEPS = 100


class Bookkeeper:
    """Does something at random, in dollars and euros; what does not fit must be refused and change nothing."""

    def __init__(self, seed: int) -> None:
        self.books = Books()
        self.random = Random(seed)
        self.vendors = [self.books.vendor(), self.books.vendor("Bluefin Legal LLP")]
        self.number = 0
        self.done = self.refused = 0

    def step(self) -> None:
        before = trial_balance(self.books.org)
        often = (self.bill, self.payment)
        rest = (self.credit, self.use, self.release, self.back, self.move, self.delete, self.change)
        method, path, body = self.random.choice((*often, *often, *rest, self.journal, self.expense))()
        if not path:
            return
        answer = self.books.call(method, path, body)
        if answer.status_code < 300:
            self.done += 1
        else:
            self.refused += 1
            assert answer.status_code == 400, answer.text
            assert trial_balance(self.books.org) == before

    def money(self, most: int = 20_000) -> float:
        return self.random.randint(1, most) / 100

    def currency(self) -> dict[str, Any]:
        if self.random.random() < 0.5:
            return {"currency_id": self.books.currency("USD")}
        rate = self.random.choice((1.1, 1.2345, 1.3))
        return {"currency_id": self.books.currency("EUR"), "exchange_rate": rate}

    def lines(self) -> list[dict[str, Any]]:
        tax = self.random.choice(["", *[one["tax_id"] for one in self.books.org.taxes]])
        return [
            {
                "account_id": self.books.account(self.random.choice(("600100", "612000", "962100"))),
                "rate": self.money(),
                "quantity": self.random.choice((1, 3, 1.5)),
                "tax_id": tax,
            }
            for _ in range(self.random.randint(1, 4))
        ]

    def pick(self, table: Any) -> dict[str, Any]:
        rows = list(table)
        return self.random.choice(rows) if rows else {}

    def bill(self) -> tuple[str, str, Any]:
        self.number += 1
        body = {"vendor_id": self.random.choice(self.vendors), "bill_number": f"B{self.number}", "date": "2026-06-09"}
        inclusive = self.random.random() < 0.3
        return "POST", "/bills", {**body, "line_items": self.lines(), "is_inclusive_tax": inclusive, **self.currency()}

    def credit(self) -> tuple[str, str, Any]:
        body = {"vendor_id": self.random.choice(self.vendors), "date": "2026-06-10", "line_items": self.lines()}
        return "POST", "/vendorcredits", {**body, **self.currency()}

    def payment(self) -> tuple[str, str, Any]:
        bill = self.pick(self.books.org.bills)
        amount = self.money(60_000)
        body = {
            "vendor_id": bill.get("vendor_id") or self.vendors[0],
            "amount": amount,
            "date": "2026-06-11",
            "paid_through_account_id": self.books.account("101401"),
            "exchange_rate": self.random.choice((1.1, 1.25)),
        }
        if bill and self.random.random() < 0.8:
            part = float(min(Decimal(str(amount)), bill["balance"]))
            body["bills"] = [{"bill_id": bill["bill_id"], "amount_applied": part}]
        return "POST", "/vendorpayments", body

    def use(self) -> tuple[str, str, Any]:
        credit, bill = self.pick(self.books.org.vendor_credits), self.pick(self.books.org.bills)
        if not credit or not bill:
            return "", "", None
        amount = float(min(credit["balance"], bill["balance"]))
        applied = {"bills": [{"bill_id": bill["bill_id"], "amount_applied": amount}]}
        return "POST", f"/vendorcredits/{credit['vendor_credit_id']}/bills", applied

    def release(self) -> tuple[str, str, Any]:
        bill = self.pick(one for one in self.books.org.bills if one["_applied"])
        if not bill:
            return "", "", None
        return "DELETE", f"/bills/{bill['bill_id']}/payments/{next(iter(bill['_applied']))}", None

    def back(self) -> tuple[str, str, Any]:
        body = {"date": "2026-06-12", "amount": self.money(5_000), "exchange_rate": 1.4}
        bank = self.books.account("101401")
        if self.random.random() < 0.5 and len(self.books.org.payments):
            payment = self.pick(self.books.org.payments)["payment_id"]
            return "POST", f"/vendorpayments/{payment}/refunds", {**body, "to_account_id": bank}
        credit = self.pick(self.books.org.vendor_credits)
        if not credit:
            return "", "", None
        return "POST", f"/vendorcredits/{credit['vendor_credit_id']}/refunds", {**body, "account_id": bank}

    def move(self) -> tuple[str, str, Any]:
        bill = self.pick(self.books.org.bills)
        if not bill:
            return "", "", None
        return "POST", f"/bills/{bill['bill_id']}/status/{self.random.choice(('void', 'open'))}", None

    def delete(self) -> tuple[str, str, Any]:
        kinds = (("bills", "bill_id"), ("payments", "payment_id"), ("vendor_credits", "vendor_credit_id"))
        name, id_field = self.random.choice((*kinds, ("journals", "journal_id"), ("expenses", "expense_id")))
        row = self.pick(self.books.org.tables()[name])
        path = {"payments": "vendorpayments", "vendor_credits": "vendorcredits"}.get(name, name)
        return ("DELETE", f"/{path}/{row[id_field]}", None) if row else ("", "", None)

    def change(self) -> tuple[str, str, Any]:
        bill = self.pick(self.books.org.bills)
        if not bill:
            return "", "", None
        body = self.random.choice(({"line_items": self.lines()}, {"exchange_rate": 1.5}, {"notes": "x"}))
        return "PUT", f"/bills/{bill['bill_id']}", body

    def journal(self) -> tuple[str, str, Any]:
        return "POST", "/journals", self.books.journal(self.money(), **self.currency())

    def expense(self) -> tuple[str, str, Any]:
        tax = self.random.choice(["", *[one["tax_id"] for one in self.books.org.taxes]])
        inclusive = self.random.random() < 0.5
        body = self.books.expense(self.money(), tax_id=tax, is_inclusive_tax=inclusive, **self.currency())
        return "POST", "/expenses", body

    def check(self) -> None:
        """The books balance, and payables in each currency are what the documents leave open."""
        org = self.books.org
        assert sum(trial_balance(org).values()) == 0
        payable = self.books.account("211000")
        in_books: dict[str, Decimal] = {}
        for entry, line in org.ledger.lines():
            if line.account_id == payable:
                in_books[entry.currency_code] = in_books.get(entry.currency_code, Decimal(0)) + line.foreign
        on_paper: dict[str, Decimal] = {}
        for bill in org.bills:
            if bill["_is_posted"]:
                self._add(on_paper, bill, -bill["balance"])
            assert 0 <= bill["balance"] <= bill["total"]
            assert (bill["status"] == "paid") == (bill["_is_posted"] and bill["balance"] == 0)
        for row in (*org.payments, *org.vendor_credits):
            assert row["balance"] >= 0
            self._add(on_paper, row, row["balance"])
        assert {code: amount for code, amount in in_books.items() if amount} == {
            code: amount for code, amount in on_paper.items() if amount
        }

    def _add(self, sums: dict[str, Decimal], row: dict[str, Any], amount: Decimal) -> None:
        code = self.books.org.currencies.get(row["currency_id"])["currency_code"]
        sums[code] = sums.get(code, Decimal(0)) + amount


@pytest.mark.parametrize("seed", range(12))
def test_books_balance_and_agree_with_the_documents_after_anything(seed: int) -> None:
    keeper = Bookkeeper(seed)
    for _ in range(STEPS):
        keeper.step()
        keeper.check()
    assert keeper.done > STEPS / 3
    assert keeper.refused > 5


def test_settling_everything_leaves_nothing_payable_but_exchange_gains() -> None:
    books = Books()
    for number, rate in enumerate((1.1, 1.2345, 1.3)):
        euro = {"currency_id": books.currency("EUR"), "exchange_rate": rate}
        bill = books.ok("POST", "/bills", books.bill(f"B{number}", 33.33, **euro))["bill"]
        body = {"vendor_id": bill["vendor_id"], "amount": 33.33, "date": "2026-06-10", "exchange_rate": 1.25}
        applied = [{"bill_id": bill["bill_id"], "amount_applied": 33.33}]
        through = {"paid_through_account_id": books.account("101401"), "bills": applied}
        books.ok("POST", "/vendorpayments", {**body, **through})
    found = books.balances()
    assert "211000" not in found
    assert found["101401"] == -3 * Decimal("41.66")
    assert sum(found.values()) == 0
