"""What does one organisation of the simulated Zoho hold, and how are its rows kept and found?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from connectors.zoho_books.simulator.ledger import Ledger

Item = dict[str, Any]

CALLS_PER_DAY = {"FREE": 1000, "STANDARD": 2000, "PROFESSIONAL": 5000, "PREMIUM": 10_000}
CALLS_AT_ONCE = {"FREE": 5}
ZERO = Decimal(0)
ONE = Decimal(1)


class Table:
    """Rows by id in the order they were made; fields named `indexed` are found without a scan, whatever their case."""

    def __init__(self, *indexed: str) -> None:
        self._rows: dict[str, Item] = {}
        self._index: dict[str, dict[str, dict[str, None]]] = {name: defaultdict(dict) for name in indexed}
        self._keys: dict[str, dict[str, str]] = {}

    def put(self, row_id: str, row: Item) -> Item:
        self._forget(row_id)
        self._rows[row_id] = row
        self._keys[row_id] = {name: str(row.get(name) or "").casefold() for name in self._index}
        for name, value in self._keys[row_id].items():
            self._index[name][value][row_id] = None
        return row

    def get(self, row_id: Any) -> Item | None:
        return self._rows.get(row_id) if isinstance(row_id, str) else None

    def remove(self, row_id: str) -> None:
        self._forget(row_id)
        self._rows.pop(row_id, None)

    def is_indexed(self, name: str) -> bool:
        return name in self._index

    def having(self, name: str, value: str) -> list[Item]:
        """Rows whose indexed field has the value, in whatever case."""
        return [self._rows[one] for one in self._index[name].get(value.casefold(), ())]

    def _forget(self, row_id: str) -> None:
        for name, value in self._keys.pop(row_id, {}).items():
            self._index[name][value].pop(row_id, None)

    def __iter__(self) -> Iterator[Item]:
        return iter(list(self._rows.values()))

    def __len__(self) -> int:
        return len(self._rows)


@dataclass
class Organisation:
    """One organisation with its own ids, zone, currency and books. `edition` is the country's edition of Zoho Books."""

    id: str
    name: str
    location: str
    currency_code: str
    time_zone: str
    seed: int
    plan: str = "PROFESSIONAL"
    edition: str = "US"
    is_active: bool = True
    is_default: bool = False
    fiscal_year_start_month: str = "january"
    locations_enabled: bool = False
    created_on: str = "2024-01-15"
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        self.zone = ZoneInfo(self.time_zone)
        self.ledger = Ledger()
        self.accounts = Table("account_name", "account_code")
        self.contacts = Table("contact_name")
        self.currencies = Table("currency_code")
        self.taxes = Table()
        self.tags = Table()
        self.projects = Table()
        self.locations = Table()
        self.journals = Table("reference_number")
        self.bills = Table("bill_number", "reference_number", "vendor_id")
        self.vendor_credits = Table("reference_number", "vendor_credit_number", "vendor_id")
        self.payments = Table("reference_number", "vendor_id")
        self.refunds = Table("payer_id")
        self.expenses = Table("reference_number", "vendor_id")
        self.custom_fields = Table()
        self.documents = Table()
        self.comments = Table()
        self.locks = Table()
        self.webhooks = Table()
        self.workflows = Table()
        self.histories = Table()
        self.sequences: dict[str, int] = defaultdict(int)
        # (entity, custom field, folded value) -> the record that has it, for fields whose values may not repeat
        self.unique: dict[tuple[str, str, str], str] = {}
        self.unique_keys: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
        # What people did that only the control plane can ask for: a role that lacks something, by scope.
        self.denied: set[str] = set()
        self._random = Random(f"{self.seed} {self.id}")  # noqa: S311 - repeatable on purpose
        self._last_id = 0

    def new_id(self) -> str:
        """Nineteen digits, larger than a double holds exactly, rising with gaps."""
        self._last_id += self._random.randint(1, 9)
        return f"{4_600_000 + int(self.id[-4:]) % 1000:07d}{self._last_id:012d}"

    def next_number(self, name: str) -> int:
        self.sequences[name] += 1
        return self.sequences[name]

    def stamp(self, moment: datetime) -> str:
        """A time as Zoho writes it: the organisation's zone, the offset without a colon."""
        return moment.astimezone(self.zone).strftime("%Y-%m-%dT%H:%M:%S%z")

    def today(self, now: datetime) -> date:
        return now.astimezone(self.zone).date()

    @property
    def base(self) -> Item:
        return self.currency(self.currency_code)

    def currency(self, code: str) -> Item:
        return self.currencies.having("currency_code", code)[0]

    def rounded(self, amount: Decimal, currency: Item | None = None) -> Decimal:
        """Half up to the places of the currency (the base currency without one)."""
        places = (currency or self.base)["price_precision"]
        return amount.quantize(ONE.scaleb(-places), ROUND_HALF_UP)

    def rate(self, currency: Item, day: str) -> Decimal | None:
        """Base units per unit of the currency: of the day or the nearest earlier one; None if there is none."""
        if currency["is_base_currency"]:
            return ONE
        known = [one for one in currency["_rates"] if one["effective_date"] <= day]
        return max(known, key=lambda one: one["effective_date"])["rate"] if known else None

    def refunded(self, payer_id: str) -> Decimal:
        """What came back of a payment or on a credit, in its currency."""
        return sum((row["amount"] for row in self.refunds.having("payer_id", payer_id)), ZERO)

    def account(self, code: str) -> Item:
        """An account by its code; KeyError if there is none."""
        found = self.accounts.having("account_code", code)
        if not found:
            raise KeyError(code)
        return found[0]

    def account_of_type(self, account_type: str) -> Item:
        """The first account of a type, as the books need one for payables and for exchange differences."""
        return next(one for one in self.accounts if one["account_type"] == account_type)

    @property
    def exchange_account(self) -> Item:
        return next(one for one in self.accounts if one["account_name"] == "Exchange Gain or Loss")

    @property
    def adjustment_account(self) -> Item:
        return next(one for one in self.accounts if one["account_name"] == "Other Expenses")

    def tables(self) -> dict[str, Table]:
        return {name: value for name, value in vars(self).items() if isinstance(value, Table)}


@dataclass
class User:
    """A person at Zoho: one data centre, some organisations."""

    zuid: str
    name: str
    email: str
    location: str
    organisations: tuple[str, ...] = ()
    ids: dict[str, str] = field(default_factory=dict)  # organisation -> the user's id in it
