"""What is different in this version of Odoo? Its protocol, and the names that fields had before."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FIRST_WITH_JSON2 = 19
FIRST_WITH_NUMBERS_TWICE = 18  # a supplier's number twice is no more refused: https://github.com/odoo/odoo/pull/161995

# Our name (that of version 19) -> the names to look for, newest first; what a model lacks altogether is not asked for.
EARLIER_NAMES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "account.payment": {"memo": ("memo", "ref")},
    "account.account": {"active": ("active", "deprecated"), "company_ids": ("company_ids", "company_id")},
    "account.move": {
        "origin_payment_id": ("origin_payment_id", "payment_id"),
        "invoice_currency_rate": ("invoice_currency_rate",),
    },
    "account.analytic.account": {"root_plan_id": ("root_plan_id", "plan_id")},
}
EARLIER_STATES = {"account.payment": {"posted": "in_process", "cancel": "canceled"}}


@dataclass(frozen=True, slots=True)
class Version:
    """`number` is the major version: 19 of "19.0" as well as of "saas~19.2"."""

    number: int
    text: str

    @property
    def has_json2(self) -> bool:
        return self.number >= FIRST_WITH_JSON2

    @property
    def takes_numbers_twice(self) -> bool:
        return self.number >= FIRST_WITH_NUMBERS_TWICE

    @classmethod
    def read(cls, value: Any) -> Version:
        """From what `/web/version` or `common.version()` tells. Raises ValueError if no number is in it."""
        text = str(value)
        found = re.search(r"\d+", text)
        if found is None:
            raise ValueError(f"{text[:80]!r} is no version.")
        return cls(int(found.group()), text)


@dataclass(frozen=True, slots=True)
class Names:
    """The field names of one model as this version has them."""

    model: str
    vendors: Mapping[str, str] = field(default_factory=dict)  # ours -> theirs
    missing: frozenset[str] = frozenset()

    @classmethod
    def of(cls, model: str, available: frozenset[str]) -> Names:
        wanted = EARLIER_NAMES.get(model, {})
        found = {name: next((one for one in names if one in available), "") for name, names in wanted.items()}
        return cls(
            model,
            {ours: theirs for ours, theirs in found.items() if theirs and theirs != ours},
            frozenset(ours for ours, theirs in found.items() if not theirs),
        )

    def sent(self, name: str) -> str:
        """A field, or the path of a column or condition that begins with one, as this version names it."""
        head, mark, rest = name.partition("/")
        return f"{self.vendors.get(head, head)}{mark}{rest}"

    def read(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row under our names."""
        ours = {theirs: mine for mine, theirs in self.vendors.items()}
        result = {ours.get(name, name): value for name, value in row.items()}
        if self.vendors.get("active") == "deprecated":
            result["active"] = not result["active"]
        if self.vendors.get("company_ids") == "company_id":
            result["company_ids"] = result["company_ids"][:1] if result["company_ids"] else []
        if self.vendors.get("root_plan_id") == "plan_id":
            result["plan_id"] = result["root_plan_id"]
        states = EARLIER_STATES.get(self.model, {})
        if result.get("state") in states:
            result["state"] = states[result["state"]]
        return result
