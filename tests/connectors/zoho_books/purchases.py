"""How do tests of the simulated Zoho make and look at bills, payments and credits?"""

from __future__ import annotations

from typing import Any

from tests.connectors.zoho_books.simulated import Books


def made_bill(books: Books, number: str = "INV-1", rate: float = 100, **parts: Any) -> dict[str, Any]:
    bill: dict[str, Any] = books.ok("POST", "/bills", books.bill(number, rate, **parts))["bill"]
    return bill


def paid(books: Books, amount: float, *bills: tuple[str, float], **parts: Any) -> dict[str, Any]:
    applied = [{"bill_id": bill, "amount_applied": part} for bill, part in bills]
    return {
        "vendor_id": books.vendor(),
        "amount": amount,
        "date": "2026-06-10",
        "paid_through_account_id": books.account("101401"),
        "bills": applied,
        **parts,
    }


def credit(books: Books, rate: float = 30, **parts: Any) -> dict[str, Any]:
    lines = [{"account_id": books.account("600100"), "name": "Refund", "rate": rate, "quantity": 1}]
    return {"vendor_id": books.vendor(), "date": "2026-06-10", "line_items": lines, **parts}


def status(books: Books, bill: dict[str, Any]) -> tuple[str, Any]:
    shown = books.ok("GET", f"/bills/{bill['bill_id']}")["bill"]
    return shown["status"], shown["balance"]
