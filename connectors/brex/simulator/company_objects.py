"""How is one object of the believable company built: an expense, a record, its lines, its user?"""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Any

from connectors.brex.simulator.state import Item, stamp

if TYPE_CHECKING:
    from connectors.brex.simulator.simulator import BrexSimulator

EXPONENT = {"USD": 2, "EUR": 2, "JPY": 0, "GBP": 2, "CHF": 2, "CAD": 2, "SEK": 2}
# Units of the settled currency for one unit of the original one, as a card network would have charged.
RATES = {
    ("GBP", "USD"): Decimal("1.2710"),
    ("EUR", "USD"): Decimal("1.0840"),
    ("CAD", "USD"): Decimal("0.7320"),
    ("JPY", "USD"): Decimal("0.00668"),
    ("GBP", "EUR"): Decimal("1.1730"),
    ("CHF", "EUR"): Decimal("1.0480"),
    ("SEK", "EUR"): Decimal("0.0881"),
    ("USD", "EUR"): Decimal("0.9230"),
    ("USD", "JPY"): Decimal("149.70"),
}


def major(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-EXPONENT[currency])


def money(minor: int, currency: str) -> Item:
    """Money of every API but Accounting: minor units."""
    return {"amount": minor, "currency": currency}


def amount(minor: int, currency: str) -> Item:
    """Amount of the Accounting API: decimal major units."""
    return {"amount": major(minor, currency), "currency": currency}


def converted(minor: int, original: str, settled: str) -> int:
    """Minor units of `settled` that the network charged for `minor` units of `original`."""
    value = major(minor, original) * RATES[(original, settled)]
    return int(value.scaleb(EXPONENT[settled]).to_integral_value())


def midnight(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"


def blank_expense(simulator: BrexSimulator) -> Item:
    """Every property of an expense, empty; id, `updated_at` and `dashboard_url` are filled."""
    expense_id = simulator.store.new_id("expense")
    names = (
        "memo", "location_id", "address", "department_id", "payment_posted_at", "category", "merchant_id", "budget_id",
        "expense_type", "original_amount", "billing_amount", "budget_amount", "purchased_amount",
        "usd_equivalent_amount", "purchased_at", "status", "payment_status", "user_id", "trip_id", "booking_id",
        "spending_entity_id", "billing_entity_id", "exported_at", "integration_spending_entity_id",
        "integration_billing_entity_id", "review", "repayment", "approved_at", "submitted_at", "completion_date",
    )  # fmt: skip
    return {
        "id": expense_id,
        **dict.fromkeys(names),
        "updated_at": simulator.stamp(),
        "receipts": [],
        "dashboard_url": f"https://dashboard.brex.com/expenses/{expense_id}",
    }


class Builder:
    """The company's catalogue and a seeded hand; amounts are unique per currency, so that twins are never ambiguous."""

    def __init__(self, simulator: BrexSimulator, random: Random, start: date, today: date) -> None:
        self.simulator = simulator
        self.store = simulator.store
        self.random = random
        self.start = start
        self.today = today
        self.last = today - timedelta(days=6)
        self.people: list[Item] = []
        self.departments: dict[str, Item] = {}
        self.locations: dict[str, Item] = {}
        self.entities: dict[str, Item] = {}
        self.vendors: dict[str, Item] = {}
        self.values: dict[tuple[str, str], Item] = {}
        self.fields: dict[str, Item] = {}
        self._used: set[tuple[str, int]] = set()

    def day(self, first: date | None = None, last: date | None = None) -> date:
        first, last = first or self.start, last or self.last
        return first + timedelta(days=self.random.randint(0, max((last - first).days, 0)))

    def moment(self, day: date, first_hour: int = 8, last_hour: int = 19) -> datetime:
        hour = self.random.randint(first_hour, last_hour)
        clock = time(hour, self.random.randint(0, 59), self.random.randint(0, 59), self.random.randint(0, 999_999), UTC)
        return datetime.combine(day, clock)

    def changed(self, day: date) -> str:
        """An `updated_at` some time on that day, but before today."""
        return stamp(self.moment(min(day, self.today - timedelta(days=1)), 6, 22))

    def minor(self, low: int, high: int, currency: str) -> int:
        """An amount nobody else has in this currency."""
        value = self.random.randint(low, high)
        while (currency, value) in self._used:
            value += 1
        self._used.add((currency, value))
        return value

    def pick(self, options: Any) -> Any:
        return options[self.random.randrange(len(options))]

    def vary(self, chance: float) -> bool:
        return self.random.random() < chance

    def person(self, currency: str) -> Item:
        return self.random.choice([one for one in self.people if one["_currency"] == currency])

    def cost_centre(self, person: Item) -> str:
        return str(person["_cost_centre"])

    def coded(self, field: str, value: str, remote: bool = True) -> Item:
        found, known = self.values[(field, value)], self.fields[field]
        return {
            "brex_field_id": known["id"],
            "remote_field_id": known["remote_id"] if remote else None,
            "brex_field_value_id": found["id"],
            "remote_field_value_id": found["remote_id"] if remote else None,
        }

    def line(
        self,
        side: str,
        minor: int,
        currency: str,
        gl: str | None = None,
        cost_centre: str | None = None,
        *,
        project: str | None = None,
        memo: str | None = None,
        original: Item | None = None,
        offset: bool = False,
        remote: bool = True,
    ) -> Item:
        values = [self.coded("gl", gl, remote)] if gl else []
        values += [self.coded("cc", cost_centre, remote)] if cost_centre else []
        values += [self.coded("project", project)] if project else []
        line = {
            "id": self.store.new_id("arli"),
            "type": side,
            "amount": amount(minor, currency),
            "original_amount": original,
            "memo": memo,
            "accounting_field_values": values,
        }
        return {**line, "_offset": True} if offset else line

    def record(
        self, kind: str, source_type: str, minor: int, currency: str, day: date, lines: list[Item], **more: Any
    ) -> Item:
        """A record dated `day`, READY_FOR_EXPORT unless said otherwise, reviewed a day or two later."""
        posted = more.pop("posted", None) or self.moment(day)
        record = {
            "id": self.store.new_id("accr"),
            "type": kind,
            "review_status": more.pop("review_status", "READY_FOR_EXPORT"),
            "source_type": source_type,
            "source_id": more.pop("source_id", None),
            "amount": amount(minor, currency),
            "original_amount": more.pop("original", None),
            "erp_posting_date": more.pop("erp_posting_date", midnight(day)),
            "posted_at": stamp(posted),
            "updated_at": self.changed(day + timedelta(days=self.random.randint(1, 2))),
            "due_at": more.pop("due_at", None),
            "invoice_number": more.pop("invoice_number", None),
            "version": self.random.randint(2, 4),
            "memo": more.pop("memo", None),
            "user": more.pop("user", None),
            "vendor": more.pop("vendor", None),
            "receipts": more.pop("receipts", None),
            "line_items": lines,
            **more,
        }
        return self.store.records.put(record)

    def user(self, person: Item, encoded: bool = False) -> Item:
        """The person as a record shows him; `encoded` gives the id as base64 of `User:cuuser_…`, as the schema says."""
        user_id = person["id"]
        manager = self.store.users.get(person["manager_id"] or "")
        shown = {
            "id": base64.b64encode(f"User:{user_id}".encode()).decode() if encoded else user_id,
            "first_name": person["first_name"],
            "last_name": person["last_name"],
            "email": person["email"],
            "role": person["_role"],
            "status": person["status"],
            "department_id": person["department_id"],
            "department_name": person["_department"],
            "location_id": person["location_id"],
            "location_name": person["_location"],
        }
        if manager:
            shown |= {"manager_first_name": manager["first_name"], "manager_last_name": manager["last_name"]}
        return shown

    def vendor(self, name: str) -> Item:
        """The vendor as a record shows him, whether or not the vendor list still holds him."""
        found = self.vendors[name]
        return {
            "id": found["id"],
            "name": name,
            "contact_name": None,
            "email": found["email"],
            "website": None,
            "phone": None,
        }

    def expense(self, kind: str, person: Item, minor: int, currency: str, day: date, **more: Any) -> Item:
        """An expense of `person` on `day`, settled amount in minor units; objects to expand lie ready."""
        entity = self.entities[person["_entity"]]
        original = more.pop("original", None) or money(minor, currency)
        gl, centre = more.pop("gl", None), more.pop("cost_centre", None)
        custom = [self._custom("gl", gl)] if gl else []
        custom += [self._custom("cc", centre)] if centre else []
        merchant = more.pop("merchant", None)
        usd = minor if currency == "USD" else converted(minor, currency, "USD")
        expense = {
            **blank_expense(self.simulator),
            "expense_type": kind,
            "user_id": person["id"],
            "department_id": person["department_id"],
            "location_id": person["location_id"],
            "original_amount": original,
            "purchased_amount": original,
            "billing_amount": money(minor, currency),
            "budget_amount": money(minor, currency),
            "usd_equivalent_amount": money(usd, "USD"),
            "purchased_at": stamp(self.moment(day)),
            "spending_entity_id": entity["id"],
            "billing_entity_id": entity["id"],
            "merchant_id": f"merchant_{sum(merchant['raw_descriptor'].encode())}" if merchant else None,
            "_merchant": merchant,
            "_user": {name: person[name] for name in ("id", "first_name", "last_name", "department_id", "location_id")},
            "_department": {"id": person["department_id"], "name": person["_department"]},
            "_location": {"id": person["location_id"], "name": person["_location"]},
            "_spending_entity": {
                "id": entity["id"],
                "display_name": entity["displayName"],
                "billing_address": entity["billingAddress"],
                "created_at": entity["createdAt"],
                "status": entity["status"],
                "is_default": entity["isDefault"],
            },
            "_custom_fields": custom,
            "updated_at": self.changed(day + timedelta(days=3)),
            **more,
        }
        return self.store.expenses.put(expense)

    def _custom(self, field: str, value: str) -> Item:
        found = self.values[(field, value)]
        data = {"option_id": found["id"], "option_label": found["value"]}
        wrapped = {"value_type": "SINGLE_VALUE", "data_type": "OPTION_STRING", "data": data}
        return {"key": self.fields[field]["id"], "value": wrapped}
