"""How is a simulator filled with many plain records for measurements?"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from connectors.brex.simulator.company_catalogue import COST_CENTRES, add_catalogue
from connectors.brex.simulator.company_objects import Builder
from connectors.brex.simulator.state import stamp

if TYPE_CHECKING:
    from connectors.brex.simulator.simulator import BrexSimulator

STREAMS = ("records", "expenses", "card_transactions")


def seed_records(simulator: BrexSimulator, count: int, streams: tuple[str, ...] = ("records",)) -> dict[str, int]:
    """`count` card purchases of one USD card, one second apart, as balanced READY_FOR_EXPORT records.

    `streams` says which of `STREAMS` show them; a record without its expense has a null `source_id`. No webhook is
    sent. The catalogue of the demo company is laid first where there is none yet. About 11,000 a second on one core.
    """
    from random import Random

    if unknown := set(streams) - set(STREAMS):
        raise KeyError(", ".join(sorted(unknown)))
    today = simulator.clock.now().date()
    build = Builder(simulator, Random(simulator.seed), today - timedelta(days=60), today)  # noqa: S311 - repeatable
    if not len(simulator.store.fields):
        add_catalogue(build)
    return _Bulk(simulator, count, today).run(streams)


class _Bulk:
    def __init__(self, simulator: BrexSimulator, count: int, today: date) -> None:
        self.simulator, self.store, self.count = simulator, simulator.store, count
        self.first = datetime.combine(today, datetime.min.time(), UTC) - timedelta(seconds=count + 3600)
        fields = {one["remote_id"]: one for one in self.store.fields}
        self.gl, self.cc = fields["gl_account"]["id"], fields["cost_center"]["id"]
        self.values = {
            (field, one["remote_id"]): one["id"] for field in (self.gl, self.cc) for one in self.store.values_of(field)
        }
        person = next(one for one in self.store.users if one.get("_currency") == "USD")
        self.person, self.card = person, person["_card_id"]
        self.user = {name: person[name] for name in ("id", "first_name", "last_name", "email", "status")}
        self.user["role"] = person["_role"]

    def run(self, streams: tuple[str, ...]) -> dict[str, int]:
        for number in range(self.count):
            moment = self.first + timedelta(seconds=number)
            minor = 100 + number % 50_000
            expense_id = self._expense(moment, minor) if "expenses" in streams else None
            if "card_transactions" in streams:
                self.simulator.add_card(
                    "PURCHASE", minor, "USD", moment.date().isoformat(), "BULK SUPPLY", card_id=self.card,
                    _expense_id=expense_id, _user_id=self.person["id"],
                )  # fmt: skip
            if "records" in streams:
                self._record(moment, minor, number, expense_id)
        return dict.fromkeys(streams, self.count)

    def _record(self, moment: datetime, minor: int, number: int, expense_id: str | None) -> None:
        at = stamp(moment)
        value = {"amount": Decimal(minor).scaleb(-2), "currency": "USD"}
        centre = COST_CENTRES[number % len(COST_CENTRES)][0]
        lines = [
            self._line("DEBIT", value, [self._coded(self.gl, "600000"), self._coded(self.cc, centre)]),
            {**self._line("CREDIT", value, [self._coded(self.gl, "201100")]), "_offset": True},
        ]
        self.store.records.put(
            {
                "id": self.store.new_id("accr"),
                "type": "CARD_EXPENSE_POST",
                "review_status": "READY_FOR_EXPORT",
                "source_type": "CARD",
                "source_id": expense_id,
                "amount": value,
                "original_amount": None,
                "erp_posting_date": f"{at[:10]}T00:00:00Z",
                "posted_at": at,
                "updated_at": at,
                "due_at": None,
                "invoice_number": None,
                "version": 1,
                "memo": f"Bulk {number}",
                "user": self.user,
                "vendor": None,
                "receipts": None,
                "line_items": lines,
            }
        )

    def _line(self, side: str, value: dict[str, object], coding: list[dict[str, str]]) -> dict[str, object]:
        return {
            "id": self.store.new_id("arli"),
            "type": side,
            "amount": value,
            "original_amount": None,
            "memo": None,
            "accounting_field_values": coding,
        }

    def _coded(self, field: str, code: str) -> dict[str, str]:
        remote = "gl_account" if field == self.gl else "cost_center"
        return {
            "brex_field_id": field,
            "remote_field_id": remote,
            "brex_field_value_id": self.values[(field, code)],
            "remote_field_value_id": code,
        }

    def _expense(self, moment: datetime, minor: int) -> str:
        from connectors.brex.simulator.company_objects import blank_expense

        at, value = stamp(moment), {"amount": minor, "currency": "USD"}
        entity = next(iter(self.store.legal_entities))
        expense = {
            **blank_expense(self.simulator),
            "expense_type": "CARD",
            "status": "APPROVED",
            "payment_status": "CLEARED",
            "user_id": self.person["id"],
            "category": "OFFICE_SUPPLIES",
            "original_amount": value,
            "billing_amount": value,
            "purchased_at": at,
            "approved_at": at,
            "payment_posted_at": at,
            "updated_at": at,
            "billing_entity_id": entity["id"],
            "spending_entity_id": entity["id"],
            "_merchant": {"raw_descriptor": "BULK SUPPLY", "mcc": "5111", "country": "USA"},
        }
        return str(self.store.expenses.put(expense)["id"])
